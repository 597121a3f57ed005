"""Functions that run in executors: the loop's own, and one that is given."""

import asyncio
import concurrent.futures

from kit import live, outcome


def total(count, step):
    """Takes a while, without waiting."""
    result = 0
    for number in range(count):
        result += number * step
    return result


def shout(words, sign):
    return [word.upper() + sign for word in words]


def refuse(reason):
    raise ValueError(reason)


def nothing():
    return None


@live('to_thread')
async def _():
    print(await asyncio.to_thread(total, 1000, 2))
    print(await asyncio.to_thread(shout, ['one', 'two'], '!'))
    print(await asyncio.to_thread(nothing))
    print(await outcome(asyncio.to_thread(refuse, 'no')))


@live('the loop goes on while a function runs in a thread')
async def _():
    task = asyncio.create_task(asyncio.to_thread(total, 10000, 1))
    await asyncio.sleep(0)
    print(task.done())
    print(await task)


@live("run_in_executor, in the loop's own")
async def _():
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, total, 10, 3)
    print(asyncio.isfuture(future), future.done())
    print(await future)
    print(await outcome(loop.run_in_executor(None, refuse, 'not here')))
    print(*await asyncio.gather(*[loop.run_in_executor(None, total, count, 1) for count in (10, 20, 30)]))


@live('run_in_executor, in a pool that is given')
async def _():
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        print(await loop.run_in_executor(pool, shout, ['three'], '?'))
        print(await outcome(loop.run_in_executor(pool, refuse, 'never')))
    print(await outcome(run_late(loop, pool)))


async def run_late(loop, pool):
    try:
        await loop.run_in_executor(pool, total, 1, 1)
    except RuntimeError:
        print('RuntimeError')


@live('a task that waits for a thread is cancelled, and others are served')
async def _():
    task = asyncio.create_task(asyncio.to_thread(total, 1000, 1))
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome(task), task.cancelled())
    before = asyncio.create_task(asyncio.to_thread(total, 1000, 1))
    before.cancel()
    print(await outcome(before), before.cancelled())
    print(await asyncio.to_thread(total, 10, 1))


@live('the default executor is shut down')
async def _():
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, total, 10, 1))
    print(await loop.shutdown_default_executor())
    try:
        await loop.run_in_executor(None, total, 10, 1)
    except RuntimeError as error:
        print(error)
    try:
        await asyncio.to_thread(total, 10, 1)
    except RuntimeError as error:
        print(error)
