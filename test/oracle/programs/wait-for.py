"""wait_for: the limit, the result that comes at the last moment, and whom a cancellation reaches."""

import asyncio

from kit import (
    at,
    cleaning,
    fail_after,
    forever,
    outcome,
    program,
    show,
    spin,
    state,
    stubborn,
    ticker,
    value_after,
)


@program('wait_for in time and too late')
async def _():
    print(await asyncio.wait_for(value_after(1, 'in time'), 2), at())
    print(await outcome(asyncio.wait_for(value_after(5, 'late'), 2)), at())
    print(await outcome(asyncio.wait_for(fail_after(1, 'boom'), 2)), at())


@program('wait_for without a limit')
async def _():
    ticking = asyncio.create_task(ticker(2))
    print(await asyncio.wait_for(value_after(100, 'value'), None), at())
    await ticking


@program('wait_for cancels what takes too long')
async def _():
    task = asyncio.create_task(forever('task'))
    print(await outcome(asyncio.wait_for(task, 1)), state(task), at(), task.cancelling())


@program('wait_for waits until what it cancelled is clean')
async def _():
    task = asyncio.create_task(cleaning('task', 2))
    print(await outcome(asyncio.wait_for(task, 1)), state(task), at())


@program('wait_for of what ignores its cancellation gives the result')
async def _():
    task = asyncio.create_task(stubborn('task', 2, 'kept'))
    print(await outcome(asyncio.wait_for(task, 1)), at())


@program('wait_for of what fails when it is cancelled')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('instead')

    print(await outcome(asyncio.wait_for(work(), 1)), at())


@program('wait_for of no time')
async def _():
    async def work():
        print('never')

    loop = asyncio.get_running_loop()
    done, pending = loop.create_future(), loop.create_future()
    done.set_result('done before')
    for limit in (0, -1):
        print(await outcome(asyncio.wait_for(done, limit)))
        print(await outcome(asyncio.wait_for(pending, limit)), state(pending))
        print(await outcome(asyncio.wait_for(asyncio.create_task(work()), limit)))
        pending = loop.create_future()


@program('wait_for of a coroutine and no time at all')
async def _():
    async def work():
        print('runs up to its first wait')
        await asyncio.sleep(0)
        print('never')

    print(await outcome(asyncio.wait_for(work(), 0)), at())


@program('cancel in the middle of wait_for')
async def _():
    inner = asyncio.create_task(cleaning('inner', 1))

    async def work():
        try:
            await asyncio.wait_for(inner, 10)
        except BaseException as error:
            print('work', show(error), at(), state(inner))
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('from outside')
    print(await outcome(task), at())


@program('what wait_for waits for is cancelled by someone else')
async def _():
    inner = asyncio.create_task(forever('inner'))
    asyncio.get_running_loop().call_later(1, inner.cancel)
    print(await outcome(asyncio.wait_for(inner, 10)), asyncio.current_task().cancelling(), at())


@program('what wait_for waits for is cancelled already')
async def _():
    future = asyncio.get_running_loop().create_future()
    future.cancel('before')
    print(await outcome(asyncio.wait_for(future, 1)), at())
    print(await outcome(asyncio.wait_for(future, None)))


@program('the result and a cancellation from outside in one iteration', since=(3, 12))
async def _():
    future = asyncio.get_running_loop().create_future()

    async def work():
        return await asyncio.wait_for(future, 1)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    future.set_result('value')
    print(task.cancel())
    print(await outcome(task), state(future))


@program('wait_for runs its coroutine in the task of its caller', since=(3, 12))
async def _():
    async def work():
        return asyncio.current_task().get_name()

    asyncio.current_task().set_name('main')
    print(await asyncio.wait_for(work(), 5))
    ticking = asyncio.create_task(ticker(2))
    print(await asyncio.wait_for(work(), 5))
    await ticking


@program('wait_for of a task that is done takes no iteration', since=(3, 12))
async def _():
    task = asyncio.create_task(value_after(0, 'value'))
    await spin(3)
    ticking = asyncio.create_task(ticker(1))
    print(await asyncio.wait_for(task, 5))
    await ticking


@program('wait_for in wait_for')
async def _():
    print(await outcome(asyncio.wait_for(asyncio.wait_for(value_after(5, 'x'), 3), 1)), at())
    print(await outcome(asyncio.wait_for(asyncio.wait_for(value_after(5, 'x'), 1), 3)), at())


@program('wait_for of a shield lets the work go on')
async def _():
    inner = asyncio.create_task(value_after(2, 'inner'))
    print(await outcome(asyncio.wait_for(asyncio.shield(inner), 1)), state(inner), at())
    print(await inner, at())


@program('wait_for in a loop: what ends first is what counts')
async def _():
    for delay, limit in ((1, 2), (2, 1), (0.5, 0.75), (0.75, 0.5), (0, 1)):
        print(await outcome(asyncio.wait_for(value_after(delay, int(delay * 100)), limit)), at())


@program('the result and the limit have the same deadline, the limit was set first', since=(3, 12))
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def work():
        return await asyncio.wait_for(future, 1)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    loop.call_at(1, lambda: print('the result comes', state(future)))
    print(await outcome(task), at(), state(future))


@program('the result and the limit have the same deadline, the result was set first', since=(3, 12))
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_at(1, future.set_result, 'just in time')
    print(await outcome(asyncio.wait_for(future, 1)), at(), state(future))
