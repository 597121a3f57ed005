"""Timeouts in timeouts, and timeouts beside a cancellation from outside."""

import asyncio

from kit import at, cleaning, forever, outcome, program, show, state, ticker, value_after


@program('nested timeouts: the inner one expires first')
async def _():
    async with asyncio.timeout(5) as outer:
        try:
            async with asyncio.timeout(1) as inner:
                await asyncio.sleep(10)
        except TimeoutError:
            print('inner', inner.expired(), outer.expired(), at())
        await asyncio.sleep(1)
    print('outer', outer.expired(), at())


@program('nested timeouts: the outer one expires first')
async def _():
    try:
        async with asyncio.timeout(1) as outer:
            try:
                async with asyncio.timeout(5) as inner:
                    await asyncio.sleep(10)
            except BaseException as error:
                print('between', show(error), inner.expired(), outer.expired(), at())
                raise
    except TimeoutError as error:
        print('outside', show(error), inner.expired(), outer.expired())
    print(asyncio.current_task().cancelling())


@program('nested timeouts that expire in the same iteration, the outer one set for earlier')
async def _():
    try:
        async with asyncio.timeout(-2) as outer:
            try:
                async with asyncio.timeout(-1) as inner:
                    await asyncio.sleep(10)
            except BaseException as error:
                print('between', show(error), inner.expired(), asyncio.current_task().cancelling())
                raise
    except BaseException as error:
        print('outside', show(error))
    print(inner.expired(), outer.expired(), asyncio.current_task().cancelling())


@program('nested timeouts that expire in the same iteration, the inner one set for earlier')
async def _():
    try:
        async with asyncio.timeout(-1) as outer:
            try:
                async with asyncio.timeout(-2) as inner:
                    await asyncio.sleep(10)
            except BaseException as error:
                print('between', show(error), inner.expired(), asyncio.current_task().cancelling())
                raise
    except BaseException as error:
        print('outside', show(error))
    print(inner.expired(), outer.expired(), asyncio.current_task().cancelling())


@program('nested timeouts with the same deadline')
async def _():
    try:
        async with asyncio.timeout(1) as outer:
            try:
                async with asyncio.timeout_at(1) as inner:
                    await asyncio.sleep(10)
            except BaseException as error:
                print('between', show(error), inner.expired(), asyncio.current_task().cancelling())
                raise
    except BaseException as error:
        print('outside', show(error))
    print(inner.expired(), outer.expired(), asyncio.current_task().cancelling(), at())


@program('the outer timeout expires while the inner one is being handled')
async def _():
    try:
        async with asyncio.timeout(2) as outer:
            try:
                async with asyncio.timeout(1) as inner:
                    await asyncio.sleep(10)
            except TimeoutError:
                print('inner', at())
                await asyncio.sleep(10)
    except TimeoutError:
        print('outer', inner.expired(), outer.expired(), at())


@program('a timeout does not hide a cancellation from outside')
async def _():
    async def work():
        try:
            async with asyncio.timeout(5) as limit:
                await asyncio.sleep(10)
        except BaseException as error:
            print(show(error), limit.expired(), at())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('from outside')
    print(await outcome(task), task.cancelling())


@program('cancelled from outside just before the timeout expires')
async def _():
    async def work():
        try:
            async with asyncio.timeout_at(-1) as limit:
                await asyncio.sleep(10)
        except BaseException as error:
            print(show(error), limit.expired(), asyncio.current_task().cancelling())
            raise

    task = asyncio.create_task(work())
    asyncio.get_running_loop().call_later(-5, task.cancel, 'from outside')
    print(await outcome(task), at())


@program('cancelled from outside in the iteration in which the timeout expires')
async def _():
    loop = asyncio.get_running_loop()

    async def work():
        try:
            async with asyncio.timeout_at(-1) as limit:
                await asyncio.sleep(10)
        except BaseException as error:
            print(show(error), limit.expired(), asyncio.current_task().cancelling())
            raise

    for when in (-2, -0.5):
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        loop.call_at(when, task.cancel, f'from outside at {when}')
        print(await outcome(task), task.cancelling())


@program('cancelled from outside after the timeout has expired, during the clean-up')
async def _():
    async def work():
        try:
            async with asyncio.timeout(1) as limit:
                await cleaning('body', 5)
        except BaseException as error:
            print(show(error), limit.expired(), at())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(2)
    task.cancel('from outside')
    print(await outcome(task), task.cancelling())


@program('a timeout in a task that was cancelled before and went on')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            pass
        try:
            async with asyncio.timeout(1):
                await asyncio.sleep(10)
        except BaseException as error:
            print(show(error), asyncio.current_task().cancelling(), at())
        return 'went on'

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task))


@program('timeouts in several tasks at once')
async def _():
    async def work(name, limit, delay):
        try:
            async with asyncio.timeout(limit):
                await asyncio.sleep(delay)
                print(name, 'in time', at())
        except TimeoutError:
            print(name, 'too late', at())

    await asyncio.gather(work('a', 1, 2), work('b', 4, 3), work('c', 5, 6), ticker(2))


@program('timeout around gather and wait')
async def _():
    try:
        async with asyncio.timeout(1):
            await asyncio.gather(forever('a'), cleaning('b', 1))
    except TimeoutError:
        print('gather timed out', at())
    await asyncio.sleep(2)
    task = asyncio.create_task(value_after(2, 'value'))
    try:
        async with asyncio.timeout(1):
            await asyncio.wait([task])
    except TimeoutError:
        print('wait timed out', state(task), at())
    print(await task, at())
