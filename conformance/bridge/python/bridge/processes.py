"""Subprocesses, pipes and signals of a loop."""
import os
from asyncio import transports
from bridge.js import J
from . import values as v
from .streams import bytes_of
from .values import Wrapper, box, fj, function, null, wraps


@wraps('subprocess')
class SubprocessTransport(Wrapper, transports.SubprocessTransport):
    def get_pid(self):
        return self._i('getPid')

    def get_returncode(self):
        return self._i('getReturncode')

    def get_pipe_transport(self, fd):
        return self._i('getPipeTransport', fd)

    def send_signal(self, signal):
        self._i('sendSignal', box(signal))

    def terminate(self):
        self._i('terminate')

    def kill(self):
        self._i('kill')

    def close(self):
        self._i('close')

    def is_closing(self):
        return self._i('isClosing')

    def get_protocol(self):
        return self._i('getProtocol')

    def set_protocol(self, protocol):
        from .network import protocol_of
        self._i('setProtocol', protocol_of(protocol))

    def get_extra_info(self, name, default=None):
        value = self._i('getExtraInfo', name)
        return default if value is None else value

    async def _wait(self):
        return await v.wait_call(self._js, '_wait')

    _returncode = property(get_returncode)
    _pid = property(get_pid)

    def __repr__(self):
        return self._i('toString')


@wraps('process')
class Process(Wrapper):
    pid = property(lambda self: J.get(self._js, 'pid'))
    returncode = property(lambda self: fj(J.get(self._js, 'returncode')))
    stdin = property(lambda self: fj(J.get(self._js, 'stdin')))
    stdout = property(lambda self: fj(J.get(self._js, 'stdout')))
    stderr = property(lambda self: fj(J.get(self._js, 'stderr')))
    _transport = property(lambda self: fj(J.get(self._js, '_process__transport')))

    async def wait(self):
        return await v.wait_call(self._js, 'wait')

    async def communicate(self, input=None):
        return tuple(await v.wait_call(self._js, 'communicate', null(None) if input is None else bytes_of(input)))

    def send_signal(self, signal):
        self._i('sendSignal', box(signal))

    def terminate(self):
        self._i('terminate')

    def kill(self):
        self._i('kill')

    def __repr__(self):
        return self._i('toString')


def argument(value):
    return os.fsdecode(value) if isinstance(value, (bytes, os.PathLike)) else box(value)


def given(kw):
    # A child gets no descriptor that it was not given, whatever `close_fds` says: those of this side are not inheritable. The others are of Windows.
    for name, value in (('close_fds', (True, False)), ('creationflags', (0,)), ('startupinfo', (None,))):
        if kw.get(name, value) in value:
            kw.pop(name, None)
    flat = []
    for name, value in kw.items():
        if name == 'env' and isinstance(value, dict):
            value = J.opts(*[part for pair in value.items() for part in pair])
        elif name == 'pass_fds':
            value = J.arr(*value)
        else:
            value = null(value.fileno() if hasattr(value, 'fileno') else value)
        flat += [v.camel(name), value]
    return J.opts(*flat)


def descriptor(pipe):
    return pipe.fileno() if hasattr(pipe, 'fileno') else pipe


async def create_subprocess_exec(program, *args, **kw):
    return await v.wait_js(J.fn('createSubprocessExec', argument(program), *map(argument, args), given(kw)))


async def create_subprocess_shell(cmd, **kw):
    return await v.wait_js(J.fn('createSubprocessShell', argument(cmd), given(kw)))


class Processes:
    """What a loop adds."""
    async def subprocess_exec(self, factory, program, *args, **kw):
        return await self._serve('subprocessExec', factory, argument(program), *map(argument, args), given(kw))

    async def subprocess_shell(self, factory, cmd, **kw):
        return await self._serve('subprocessShell', factory, argument(cmd), given(kw))

    async def connect_read_pipe(self, factory, pipe):
        return await self._serve('connectReadPipe', factory, box(descriptor(pipe)))

    async def connect_write_pipe(self, factory, pipe):
        return await self._serve('connectWritePipe', factory, box(descriptor(pipe)))

    def add_signal_handler(self, signal, callback, *args):
        self._i('addSignalHandler', box(signal), function(callback), *[box(arg) for arg in args])

    def remove_signal_handler(self, signal):
        return self._i('removeSignalHandler', box(signal))
