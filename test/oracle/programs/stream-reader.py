"""Stream readers: what each way of reading gives, waits for and refuses, fed by hand."""

import asyncio

from kit import at, outcome, program, show, text


def feeding(reader, *chunks, eof=True):
    """Feeds a chunk a second, and then the end."""
    loop = asyncio.get_running_loop()
    for number, chunk in enumerate(chunks):
        loop.call_later(number + 1, reader.feed_data, chunk.encode())
    if eof:
        loop.call_later(len(chunks) + 1, reader.feed_eof)


async def tell(awaitable):
    """Prints what was read, or how it failed, and when."""
    try:
        print(text(await awaitable), at())
    except asyncio.IncompleteReadError as error:
        print(show(error), text(error.partial), error.expected, at())
    except asyncio.LimitOverrunError as error:
        print(show(error), error.consumed, at())
    except Exception as error:
        print(show(error), at())


@program('read gives what there is, and waits for at least one byte')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'hello world', '!')
    await tell(reader.read(5))
    await tell(reader.read(0))
    await tell(reader.read(100))
    await tell(reader.read(100))
    print(reader.at_eof())
    await tell(reader.read(100))
    print(reader.at_eof())
    await tell(reader.read(1))


@program('read without a count reads up to the end')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'one ', 'two ', 'three')
    await tell(reader.read())
    await tell(reader.read())
    await tell(reader.read(-1))


@program('readline gives lines, and the rest without its end')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'first\nsec', 'ond\n\nrest')
    for _ in range(5):
        await tell(reader.readline())


@program('readline drops a line that is longer than the limit')
async def _():
    reader = asyncio.StreamReader(limit=4)
    feeding(reader, 'toolong\nok\n', 'much', 'too', 'long\nok\n')
    for _ in range(5):
        await tell(reader.readline())


@program('readexactly waits for all, and tells what there was')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'abc', 'def', 'gh')
    await tell(reader.readexactly(4))
    await tell(reader.readexactly(0))
    await tell(reader.readexactly(-1))
    await tell(reader.readexactly(2))
    await tell(reader.readexactly(5))
    await tell(reader.readexactly(1))


@program('readexactly may be more than the limit')
async def _():
    reader = asyncio.StreamReader(limit=2)
    feeding(reader, 'abcdefgh', 'ijkl')
    await tell(reader.readexactly(10))
    await tell(reader.readexactly(3))


@program('readuntil finds a separator across chunks')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'a-', '-b-', '-c', 'd\ne')
    await tell(reader.readuntil(b'--'))
    await tell(reader.readuntil(b'--'))
    await tell(reader.readuntil())
    await tell(reader.readuntil(b'--'))
    await tell(reader.readuntil(b''))
    await tell(reader.readuntil(b'x'))


@program('readuntil tells of too long a chunk, and loses nothing')
async def _():
    reader = asyncio.StreamReader(limit=4)
    feeding(reader, 'toolong;', 'also too long', ';')
    await tell(reader.readuntil(b';'))
    await tell(reader.read(8))
    await tell(reader.readuntil(b';'))
    await tell(reader.read(5))
    await tell(reader.readuntil(b';;'))
    await tell(reader.read())


@program('readuntil takes the separator that ends first, of several', since=(3, 13))
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'a\r', '\nb\nc;', 'd\r', 'rest')
    for _ in range(4):
        await tell(reader.readuntil((b'\r\n', b'\n', b';')))
    await tell(reader.readuntil((b'\r', b'\r\n')))
    await tell(reader.readuntil((b'es', b's')))
    await tell(reader.readuntil(()))
    await tell(reader.readuntil((b'', b'x')))


@program('several separators and the limit', since=(3, 13))
async def _():
    reader = asyncio.StreamReader(limit=3)
    feeding(reader, 'abcd|', 'efghijk')
    await tell(reader.readuntil((b'|', b'||')))
    await tell(reader.readexactly(5))
    await tell(reader.readuntil((b'|', b'||||')))


@program('an exception ends the reading that waits, and all that come')
async def _():
    reader = asyncio.StreamReader()
    asyncio.get_running_loop().call_later(1, reader.set_exception, ConnectionResetError('gone'))
    print(reader.exception())
    await tell(reader.read(1))
    reader.feed_data(b'late')
    await tell(reader.read(1))
    await tell(reader.readline())
    await tell(reader.readexactly(1))
    await tell(reader.readuntil(b'x'))
    await tell(reader.read())
    print(show(reader.exception()))


@program('a reading that is cancelled loses nothing')
async def _():
    for method, argument in (('read', 3), ('readexactly', 3), ('readline', None), ('readuntil', b';'), ('read', -1)):
        reader = asyncio.StreamReader()
        reader.feed_data(b'a') if method != 'read' else None
        arguments = () if argument is None else (argument,)
        task = asyncio.create_task(getattr(reader, method)(*arguments))
        await asyncio.sleep(1)
        task.cancel()
        print(method, await outcome(task))
        reader.feed_data(b'bc;\n')
        reader.feed_eof()
        await tell(reader.read())


@program('a reading that is cancelled as the data comes loses nothing')
async def _():
    reader = asyncio.StreamReader()
    task = asyncio.create_task(reader.read(3))
    await asyncio.sleep(1)
    reader.feed_data(b'abcdef')
    task.cancel()
    print(await outcome(task))
    await tell(reader.read(100))


@program('a limit of time on a reading')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'ab', 'cd', eof=False)
    print(await outcome(asyncio.wait_for(reader.readexactly(4), 1.5)), at())
    await tell(asyncio.wait_for(reader.readexactly(4), 1.5))
    try:
        async with asyncio.timeout(3):
            await reader.readline()
    except TimeoutError as error:
        print(show(error), at())


@program('only one may wait')
async def _():
    reader = asyncio.StreamReader()
    first = asyncio.create_task(reader.read(1))
    await asyncio.sleep(0)
    for second in (reader.read(1), reader.readline(), reader.readexactly(1), reader.readuntil(b'x')):
        try:
            await second
        except RuntimeError as error:
            print(str(error).split(':')[0])
    reader.feed_data(b'x')
    await tell(first)


@program('the end wakes who waits')
async def _():
    for method in ('read', 'readline', 'readexactly', 'readuntil'):
        reader = asyncio.StreamReader()
        asyncio.get_running_loop().call_later(1, reader.feed_eof)
        await tell(reader.readexactly(2) if method == 'readexactly' else getattr(reader, method)())
        print(reader.at_eof())


class Source:
    """A transport that says when it is held."""

    def pause_reading(self):
        print('paused', at())

    def resume_reading(self):
        print('resumed', at())


@program('the transport is held while more than twice the limit waits')
async def _():
    reader = asyncio.StreamReader(limit=4)
    reader.set_transport(Source())
    reader.feed_data(b'12345678')
    print('fed 8')
    reader.feed_data(b'9')
    reader.feed_data(b'0')
    await tell(reader.read(5))
    await tell(reader.read(1))
    reader.feed_data(b'abcdef')
    await tell(reader.readexactly(10))
    reader.feed_data(b'0123456789')
    asyncio.get_running_loop().call_later(1, reader.feed_data, b'\n')
    await tell(reader.readexactly(11))


@program('the lines of a reader, one by one')
async def _():
    reader = asyncio.StreamReader()
    feeding(reader, 'one\ntw', 'o\n', 'three')
    async for line in reader:
        print(text(line), at())
    print('end', at())
