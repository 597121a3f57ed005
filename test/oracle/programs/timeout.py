"""timeout, timeout_at: what expires, who sees it, and how it mixes with other cancellations."""

import asyncio

from kit import at, program, show, spin, stubborn, value_after


@program('timeout that expires')
async def _():
    try:
        async with asyncio.timeout(1) as limit:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError as error:
                print('inside', show(error), at(), asyncio.current_task().cancelling())
                raise
    except TimeoutError as error:
        print('outside', show(error), type(error.__cause__).__name__, at())
    print(limit.expired(), asyncio.current_task().cancelling())


@program('timeout that does not expire')
async def _():
    async with asyncio.timeout(2) as limit:
        print(await value_after(1, 'in time'), int(limit.when()))
    print(limit.expired(), at())
    await asyncio.sleep(5)
    print('nothing comes later', at())


@program('timeout of None never expires')
async def _():
    async with asyncio.timeout(None) as limit:
        print(limit.when() is None)
        await asyncio.sleep(1000)
    print(limit.expired(), at())


@program('timeout of zero and of the past: the first wait is interrupted')
async def _():
    for delay in (0, -1):
        try:
            async with asyncio.timeout(delay):
                print('body runs')
                await asyncio.sleep(0)
                print('sleep(0) passes')
                await asyncio.sleep(0)
                print('twice')
                await asyncio.sleep(1)
        except TimeoutError as error:
            print(show(error), at())


@program('timeout_at in the past')
async def _():
    await asyncio.sleep(5)
    for when in (3, 5):
        try:
            async with asyncio.timeout_at(when) as limit:
                await asyncio.sleep(10)
        except TimeoutError:
            print('expired', limit.expired(), at())
    async with asyncio.timeout_at(7) as limit:
        await asyncio.sleep(1)
    print(limit.expired(), at())


@program('a body without waits cannot time out')
async def _():
    async with asyncio.timeout(0) as limit:
        print('body')
    print(limit.expired())
    await spin(3)
    print('end')


@program('reschedule to later, earlier and never')
async def _():
    async with asyncio.timeout(1) as limit:
        limit.reschedule(3)
        await asyncio.sleep(2)
        print('still here', at(), int(limit.when()))
        limit.reschedule(None)
        await asyncio.sleep(10)
        print('and here', at(), limit.when() is None)
    try:
        async with asyncio.timeout(100) as limit:
            limit.reschedule(asyncio.get_running_loop().time() + 1)
            await asyncio.sleep(10)
    except TimeoutError:
        print('expired', at(), int(limit.when()))


@program('reschedule outside its time fails')
async def _():
    limit = asyncio.timeout(1)
    print(int(limit.when()), limit.expired())
    attempts = []

    def attempt():
        try:
            limit.reschedule(5)
        except RuntimeError as error:
            attempts.append(str(error))

    attempt()
    try:
        async with limit:
            await asyncio.sleep(10)
    except TimeoutError:
        attempt()
    print(' | '.join(attempts))
    try:
        async with limit:
            pass
    except RuntimeError as error:
        print(show(error))


@program('reschedule from another task')
async def _():
    async with asyncio.timeout(10) as limit:
        asyncio.get_running_loop().call_later(1, limit.reschedule, 2)
        try:
            await asyncio.sleep(20)
        finally:
            print('cancelled', at())


@program('the body ignores the expiry')
async def _():
    async with asyncio.timeout(1) as limit:
        print(await stubborn('body', 1, 'finished anyway'), at())
    print(limit.expired(), asyncio.current_task().cancelling())


@program('the body answers the expiry with another exception')
async def _():
    try:
        async with asyncio.timeout(1) as limit:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise ValueError('instead') from None
    except BaseException as error:
        print(show(error), limit.expired(), asyncio.current_task().cancelling())


@program('the body fails before the expiry')
async def _():
    try:
        async with asyncio.timeout(1) as limit:
            raise KeyError
    except KeyError as error:
        print(type(error).__name__, limit.expired())
    await asyncio.sleep(5)
    print('end', at())


@program('the body raises a TimeoutError of its own')
async def _():
    try:
        async with asyncio.timeout(5) as limit:
            raise TimeoutError('of my own')
    except TimeoutError as error:
        print(show(error), limit.expired())


@program('the body raises CancelledError by itself')
async def _():
    try:
        async with asyncio.timeout(5) as limit:
            raise asyncio.CancelledError('by hand')
    except BaseException as error:
        print(show(error), limit.expired(), asyncio.current_task().cancelling())
