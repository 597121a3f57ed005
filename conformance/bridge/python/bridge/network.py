"""Connections and servers of a loop: transports of asyncio-ts for protocols written in Python."""
import socket
from asyncio import transports
from bridge.js import J
from pyodide.ffi import JsProxy, to_js
from . import values as v
from .streams import bytes_of
from .values import Wrapper, box, fj, null, options, wraps


class Address:
    """A socket, as far as asyncio-ts shows one."""
    def __init__(self, js):
        self._js = js

    def getsockname(self):
        return tuple(fj(J.inv(self._js, 'getsockname')))

    def getpeername(self):
        return tuple(fj(J.inv(self._js, 'getpeername')))

    def fileno(self):
        return fj(J.inv(self._js, 'fileno'))


@wraps('transport')
class Transport(Wrapper, transports.Transport):
    def write(self, data):
        self._i('write', bytes_of(data))

    def writelines(self, data):
        self._i('writelines', J.arr(*[bytes_of(one) for one in data]))

    def write_eof(self):
        self._i('writeEof')

    def can_write_eof(self):
        return self._i('canWriteEof')

    def close(self):
        self._i('close')

    def abort(self):
        self._i('abort')

    def is_closing(self):
        return self._i('isClosing')

    def pause_reading(self):
        self._i('pauseReading')

    def resume_reading(self):
        self._i('resumeReading')

    def is_reading(self):
        return self._i('isReading')

    def get_protocol(self):
        return self._i('getProtocol')

    def set_protocol(self, protocol):
        self._i('setProtocol', protocol_of(protocol))

    def get_write_buffer_size(self):
        return self._i('getWriteBufferSize')

    def get_write_buffer_limits(self):
        return tuple(self._i('getWriteBufferLimits'))

    def set_write_buffer_limits(self, high=None, low=None):
        self._i('setWriteBufferLimits', options(high=high, low=low))

    def get_extra_info(self, name, default=None):
        value = self._i('getExtraInfo', name)
        if value is None:
            return default
        if name == 'socket':
            return Address(value)
        return tuple(value) if isinstance(value, list) else value

    def __repr__(self):
        return self._i('toString')


class Methods:
    """Calls a Python protocol by method name; a buffer that it gives is filled from ours."""
    def __init__(self, protocol):
        self.protocol = protocol
        self.buffer = None

    def __call__(self, method, *args):
        if method == 'get_buffer':
            self.buffer = self.protocol.get_buffer(args[0])
            return len(self.buffer)
        if method == 'buffer_updated':
            data = args[0]
            self.buffer[:len(data)] = data
            self.buffer = None
            return self.protocol.buffer_updated(len(data))
        return getattr(self.protocol, method)(*args)


def protocol_of(protocol):
    if isinstance(protocol, Wrapper):
        return protocol._js
    return J.mkProtocol(v.ref(Methods(protocol)), v.ref(protocol), hasattr(protocol, 'get_buffer'))


_families = {socket.AF_UNSPEC: 0, socket.AF_INET: 4, socket.AF_INET6: 6}


def given(kw):
    if 'family' in kw:
        kw['family'] = _families.get(kw['family'], kw['family'])
    return options(**{v.camel(name): J.arr(*value) if isinstance(value, tuple) else value for name, value in kw.items()})


class Network:
    """What a loop adds."""
    async def create_connection(self, factory, host=None, port=None, **kw):
        made = []

        def protocol():
            made.append(factory())
            return Made(protocol_of(made[0]))
        pair = await v.wait_call(self._js, 'createConnection', J.mkOnce(v.ref(protocol)), null(host), null(port), given(kw))
        return pair[0], made[0]

    async def create_server(self, factory, host=None, port=None, **kw):
        return await v.wait_call(self._js, 'createServer', J.mkOnce(v.ref(lambda: Made(protocol_of(factory())))), null(host), null(port), given(kw))


class Made(Wrapper):
    """Hands a JavaScript object through a call."""
    def __init__(self, js):
        object.__setattr__(self, '_js', js)
