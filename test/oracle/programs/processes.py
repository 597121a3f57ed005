"""Subprocesses, pipes and signals: real ones."""

import asyncio
import os
import signal

from kit import kind, live, outcome, text

PIPE = asyncio.subprocess.PIPE
DEVNULL = asyncio.subprocess.DEVNULL
STDOUT = asyncio.subprocess.STDOUT

SHELL = '/bin/sh'


@live('communicate writes all, and reads all')
async def _():
    proc = await asyncio.create_subprocess_exec('cat', stdin=PIPE, stdout=PIPE)
    print(proc.returncode)
    stdout, stderr = await proc.communicate(b'hello')
    print(text(stdout), stderr, proc.returncode)
    print(await proc.wait())


@live('communicate without input, and the error output')
async def _():
    proc = await asyncio.create_subprocess_exec(SHELL, '-c', 'echo out; echo err >&2; exit 3', stdout=PIPE, stderr=PIPE)
    stdout, stderr = await proc.communicate()
    print(text(stdout), text(stderr), proc.returncode)


@live('a shell, and both outputs as one')
async def _():
    proc = await asyncio.create_subprocess_shell('echo one; echo two >&2', stdout=PIPE, stderr=STDOUT)
    stdout, stderr = await proc.communicate()
    print(text(stdout), stderr, proc.returncode)


@live('the streams of a process')
async def _():
    proc = await asyncio.create_subprocess_exec('cat', stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    print(proc.stderr, proc.pid > 0)
    for line in (b'one\n', b'two\n'):
        proc.stdin.write(line)
        await proc.stdin.drain()
        print(text(await proc.stdout.readline()))
    proc.stdin.close()
    await proc.stdin.wait_closed()
    print(text(await proc.stdout.read()), proc.stdout.at_eof())
    print(await proc.wait(), proc.returncode)


@live('how processes end')
async def _():
    for command in ('exit 0', 'exit 7', 'kill -TERM $$', 'kill -KILL $$'):
        proc = await asyncio.create_subprocess_shell(command)
        print(await proc.wait(), await proc.wait(), proc.returncode)


@live('the signals of a process')
async def _():
    for method, arguments in (('terminate', ()), ('kill', ()), ('send_signal', (signal.SIGHUP,))):
        proc = await asyncio.create_subprocess_exec('sleep', '100')
        getattr(proc, method)(*arguments)
        print(await proc.wait())
        try:
            getattr(proc, method)(*arguments)
            print('no error')
        except ProcessLookupError as error:
            print(kind(error))


@live('a wait that is cancelled, and one that runs out of time')
async def _():
    proc = await asyncio.create_subprocess_exec('sleep', '100')
    task = asyncio.create_task(proc.wait())
    await asyncio.sleep(0.01)
    task.cancel()
    print(await outcome(task), task.cancelled(), proc.returncode)
    print(await outcome(asyncio.wait_for(proc.wait(), 0.01)), proc.returncode)
    proc.kill()
    print(await asyncio.gather(proc.wait(), proc.wait()))


@live('a communicate that is cancelled leaves the process alone')
async def _():
    proc = await asyncio.create_subprocess_exec('cat', stdin=PIPE, stdout=PIPE)
    proc.stdin.write(b'early')
    print(text(await proc.stdout.read(5)))
    reading = asyncio.create_task(proc.stdout.read())
    await asyncio.sleep(0.01)
    reading.cancel()
    print(await outcome(reading), proc.returncode)
    stdout, _ = await proc.communicate(b'late')
    print(text(stdout), proc.returncode)


@live('a child that does not want its input')
async def _():
    proc = await asyncio.create_subprocess_exec('true', stdin=PIPE, stdout=PIPE)
    stdout, _ = await proc.communicate(b'x' * 1000000)
    print(text(stdout), proc.returncode)


@live('programs that cannot be run')
async def _():
    for program in ('/no/such/program', '/'):
        try:
            await asyncio.create_subprocess_exec(program)
        except OSError as error:
            print(kind(error))
    try:
        await asyncio.create_subprocess_exec('true', text=True)
    except ValueError as error:
        print(kind(error))
    try:
        await asyncio.create_subprocess_exec('true', cwd='/no/such/folder')
    except OSError as error:
        print(kind(error))


@live('folder and environment of a process')
async def _():
    proc = await asyncio.create_subprocess_shell('echo $GREETING; pwd', stdout=PIPE, cwd='/', env={'GREETING': 'hello'})
    stdout, _ = await proc.communicate()
    print(text(stdout))


@live('a making that is cancelled before it begins')
async def _():
    task = asyncio.create_task(asyncio.create_subprocess_exec('sleep', '100'))
    task.cancel()
    print(await outcome(task), task.cancelled())


@live('many processes at once')
async def _():
    async def run(number):
        proc = await asyncio.create_subprocess_shell(f'echo {number}; exit {number}', stdout=PIPE)
        stdout, _ = await proc.communicate()
        return f'{text(stdout)} {proc.returncode}'

    print(' '.join(await asyncio.gather(*[run(number) for number in range(5)])))


class Telling(asyncio.SubprocessProtocol):
    """Keeps what it is told: which comes first of what the system tells is left to chance."""

    def __init__(self):
        self.told = []
        self.output = b''
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        print('connection_made', transport.get_returncode())

    def pipe_data_received(self, fd, data):
        self.output += data

    def pipe_connection_lost(self, fd, exc):
        self.told.append(f'pipe_connection_lost {fd} {exc}')

    def process_exited(self):
        self.told.append('process_exited')

    def connection_lost(self, exc):
        self.told.sort()
        print(self.told, text(self.output))
        print('connection_lost', exc)
        self.ended.set_result(None)


@live('the calls of the protocol of a process')
async def _():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(Telling, 'cat')
    print(transport.get_pid() > 0, transport.get_protocol() is protocol)
    stdin = transport.get_pipe_transport(0)
    print(stdin.is_closing(), transport.get_pipe_transport(1) is None, transport.get_pipe_transport(3))
    stdin.write(b'through the cat')
    stdin.close()
    await protocol.ended
    print(transport.get_returncode())
    transport.close()
    print(transport.is_closing())


@live('the transport of a process that is closed')
async def _():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_shell(Telling, 'cat; sleep 100', stdin=PIPE, stderr=None)
    transport.close()
    await protocol.ended
    print(transport.get_returncode())
    try:
        transport.terminate()
    except ProcessLookupError as error:
        print(kind(error))


class Pipe(asyncio.Protocol):
    """Prints what it is told of a pipe."""

    def __init__(self, name):
        self.name = name
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        print(self.name, 'connection_made')

    def data_received(self, data):
        print(self.name, 'data_received', text(data))

    def eof_received(self):
        print(self.name, 'eof_received')

    def connection_lost(self, exc):
        print(self.name, 'connection_lost', exc)
        self.lost.set_result(None)


@live('both ends of a pipe')
async def _():
    loop = asyncio.get_running_loop()
    read_end, write_end = os.pipe()
    reading, reader = await loop.connect_read_pipe(lambda: Pipe('reader'), os.fdopen(read_end, 'rb', 0))
    writing, writer = await loop.connect_write_pipe(lambda: Pipe('writer'), os.fdopen(write_end, 'wb', 0))
    print(reading.is_reading(), writing.can_write_eof())
    writing.write(b'through the pipe')
    await asyncio.sleep(0.01)
    writing.write_eof()
    await asyncio.gather(reader.lost, writer.lost)
    print(reading.is_closing(), writing.is_closing())


@live('a pipe that is no pipe')
async def _():
    loop = asyncio.get_running_loop()
    with open('/etc/passwd', 'rb') as file:
        try:
            await loop.connect_read_pipe(asyncio.Protocol, file)
        except ValueError as error:
            print(kind(error))


@live('signals of this process')
async def _():
    loop = asyncio.get_running_loop()
    came = asyncio.Queue()
    loop.add_signal_handler(signal.SIGHUP, came.put_nowait, 'the first')
    os.kill(os.getpid(), signal.SIGHUP)
    print(await came.get())
    loop.add_signal_handler(signal.SIGHUP, came.put_nowait, 'the second')
    os.kill(os.getpid(), signal.SIGHUP)
    print(await came.get())
    print(loop.remove_signal_handler(signal.SIGHUP), loop.remove_signal_handler(signal.SIGHUP))
    for number in (0, 1000):
        try:
            loop.add_signal_handler(number, print)
        except ValueError as error:
            print(kind(error))
    try:
        loop.add_signal_handler(signal.SIGKILL, print)
    except RuntimeError as error:
        print(kind(error))
