"""Stream writers: drain and wait_closed over a transport that is told what to do."""

import asyncio

from kit import at, outcome, program, show, text


class Sink(asyncio.Transport):
    """A transport that prints what it is asked."""

    def __init__(self):
        super().__init__()
        self.closing = False

    def write(self, data):
        print('write', text(data))

    def writelines(self, chunks):
        print('writelines', len(list(chunks)))

    def write_eof(self):
        print('write_eof')

    def can_write_eof(self):
        return True

    def close(self):
        self.closing = True

    def is_closing(self):
        return self.closing

    def get_extra_info(self, name, default=None):
        return {'peername': 'a sink'}.get(name, default)


def opened():
    """A writer, its protocol, its reader."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    sink = Sink()
    protocol.connection_made(sink)
    return asyncio.StreamWriter(sink, protocol, reader, loop), protocol, reader


async def tell(name, awaitable):
    """Prints how it ended, and when."""
    try:
        await awaitable
        print(name, 'done', at())
    except asyncio.CancelledError:
        print(name, 'cancelled', at())
        raise
    except Exception as error:
        print(name, show(error), at())


@program('what a writer hands on')
async def _():
    writer, _, _ = opened()
    writer.write(b'one\n')
    writer.writelines([b'two', b'three'])
    print(writer.can_write_eof())
    writer.write_eof()
    print(writer.get_extra_info('peername'), writer.get_extra_info('nothing', 'by default'))
    print(writer.is_closing())
    writer.close()
    print(writer.is_closing())


@program('drain waits while the transport is full, and no longer')
async def _():
    writer, protocol, _ = opened()
    loop = asyncio.get_running_loop()
    await tell('at once', writer.drain())
    protocol.pause_writing()
    loop.call_later(1, protocol.resume_writing)
    await asyncio.gather(*[tell(name, writer.drain()) for name in 'abc'])
    await tell('after', writer.drain())


@program('a drain that is cancelled leaves the others waiting')
async def _():
    writer, protocol, _ = opened()
    protocol.pause_writing()
    tasks = [asyncio.create_task(tell(name, writer.drain())) for name in 'ab']
    await asyncio.sleep(1)
    tasks[0].cancel()
    await asyncio.sleep(1)
    protocol.resume_writing()
    print(await asyncio.gather(*tasks, return_exceptions=True) != [])
    print(tasks[0].cancelled(), tasks[1].cancelled())


@program('a drain with a limit of time')
async def _():
    writer, protocol, _ = opened()
    protocol.pause_writing()
    print(await outcome(asyncio.wait_for(writer.drain(), 2)), at())
    protocol.resume_writing()
    await tell('drain', writer.drain())


@program('a connection that is lost ends the drains that wait')
async def _():
    for error in (None, OSError('broken')):
        writer, protocol, _ = opened()
        protocol.pause_writing()
        asyncio.get_running_loop().call_later(1, protocol.connection_lost, error)
        await asyncio.gather(tell('a', writer.drain()), tell('b', writer.drain()))
        await tell('later', writer.drain())
        await tell('closed', writer.wait_closed())


@program('drain raises what the reader was told')
async def _():
    writer, _, reader = opened()
    reader.set_exception(ValueError('no more'))
    await tell('drain', writer.drain())


@program('drain of a writer that is closing gives way once')
async def _():
    writer, _, _ = opened()
    asyncio.get_running_loop().call_soon(print, 'another callback')
    await writer.drain()
    print('drained')
    writer.close()
    await writer.drain()
    print('drained again')


@program('several wait for the closing')
async def _():
    writer, protocol, _ = opened()
    writer.close()
    tasks = [asyncio.create_task(tell(name, writer.wait_closed())) for name in 'ab']
    await asyncio.sleep(1)
    protocol.connection_lost(None)
    await asyncio.wait(tasks)
    await tell('again', writer.wait_closed())


@program('a wait for the closing that is cancelled')
async def _():
    writer, _, _ = opened()
    writer.close()
    task = asyncio.create_task(tell('a', writer.wait_closed()))
    await asyncio.sleep(1)
    task.cancel('enough')
    print(await outcome(task), task.cancelled())


@program('the closing of a connection that broke fails for all who wait')
async def _():
    writer, protocol, reader = opened()
    asyncio.get_running_loop().call_later(1, protocol.connection_lost, ConnectionResetError('reset'))
    await asyncio.gather(tell('a', writer.wait_closed()), tell('b', writer.wait_closed()))
    await tell('again', writer.wait_closed())
    await tell('read', reader.read())


@program('the reader of a connection that ends')
async def _():
    _, protocol, reader = opened()
    protocol.data_received(b'last words')
    print(protocol.eof_received())
    protocol.connection_lost(None)
    print(text(await reader.read()), reader.at_eof())
