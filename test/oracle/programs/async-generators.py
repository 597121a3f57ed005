"""Asynchronous generators: waits between the items, leaving early, errors and cancellation on either side."""

import asyncio
import contextlib

from kit import at, outcome, program, show, ticker


async def counting(name, count, delay):
    """Gives 0, 1, ... with a wait before each, and says when it is left."""
    try:
        for number in range(count):
            await asyncio.sleep(delay)
            yield number
    finally:
        print(name, 'closed', at())


@program('async for over an asynchronous generator')
async def _():
    async for number in counting('generator', 3, 1):
        print(number, at())
    print('left', at())


@program('items that are at hand are taken without giving way')
async def _():
    async def at_hand():
        for number in range(3):
            yield number

    ticking = asyncio.create_task(ticker(2))
    async for number in at_hand():
        print(number)
    print('left')
    await ticking


@program('two loops over two generators take turns')
async def _():
    async def work(name, delay):
        async for number in counting(name, 3, delay):
            print(name, number, at())

    await asyncio.gather(work('slow', 2), work('fast', 1.25))


@program('leaving a loop early with aclosing closes the generator')
async def _():
    async with contextlib.aclosing(counting('generator', 5, 1)) as numbers:
        async for number in numbers:
            print(number, at())
            if number == 1:
                break
    print('left', at())


@program('an error in the loop, with aclosing')
async def _():
    try:
        async with contextlib.aclosing(counting('generator', 5, 1)) as numbers:
            async for number in numbers:
                raise ValueError(f'at {number}')
    except ValueError as error:
        print(show(error), at())


@program('an error in the generator')
async def _():
    async def broken():
        yield 'first'
        await asyncio.sleep(1)
        raise ValueError('broken')

    try:
        async for item in broken():
            print(item)
    except ValueError as error:
        print(show(error), at())


@program('cancel while the generator waits')
async def _():
    async def work():
        async for number in counting('generator', 5, 1):
            print(number, at())

    task = asyncio.create_task(work())
    await asyncio.sleep(2.5)
    task.cancel('stop')
    print(await outcome(task), at())


@program('cancel while the body of the loop waits, with aclosing')
async def _():
    async def work():
        async with contextlib.aclosing(counting('generator', 5, 1)) as numbers:
            async for number in numbers:
                print(number, at())
                await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(2)
    task.cancel('stop')
    print(await outcome(task), at())


@program('a timeout around a loop over a generator')
async def _():
    try:
        async with asyncio.timeout(2.5):
            async for number in counting('generator', 5, 1):
                print(number, at())
    except TimeoutError as error:
        print(show(error), at())


@program('a generator that waits while it is closed')
async def _():
    async def slow_to_close():
        try:
            yield 'first'
            yield 'second'
        finally:
            await asyncio.sleep(2)
            print('closed', at())

    async with contextlib.aclosing(slow_to_close()) as items:
        async for item in items:
            print(item)
            break
    print('left', at())


@program('a loop over a generator whose event loop is shut down by hand')
async def _():
    loop = asyncio.get_running_loop()

    async def looping():
        async for number in counting('generator', 5, 1):
            print(number, at())
            await asyncio.sleep(10)
        print('looped', at())

    task = asyncio.create_task(looping())
    await asyncio.sleep(2)
    print(await loop.shutdown_asyncgens())
    print(await loop.shutdown_asyncgens())
    print(await loop.shutdown_default_executor(), at())
    await task
