"""Cancellation against completion: both in one iteration, in both orders; and taking a cancellation back."""

import asyncio

from kit import at, fail_after, forever, outcome, program, show, spin, state, stubborn, value_after


@program('a task that cancels itself is cancelled at its next wait')
async def _():
    async def work():
        print(asyncio.current_task().cancel('myself'))
        print('still running')
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            print(show(error))
            await asyncio.sleep(1)
        return 'went on'

    print(await outcome(asyncio.create_task(work())), at())


@program('a task that cancels itself and ends at once is cancelled')
async def _():
    async def returns():
        asyncio.current_task().cancel('while returning')
        return 'lost'

    async def fails():
        asyncio.current_task().cancel('while failing')
        raise ValueError('kept')

    for work in (returns, fails):
        task = asyncio.create_task(work())
        await asyncio.wait([task])
        print(task.cancelled(), await outcome(task))


@program('a task that cancels itself does not wait on a done future')
async def _():
    async def work(future):
        asyncio.current_task().cancel()
        print('got', await future)
        await asyncio.sleep(0)
        print('never')

    future = asyncio.get_running_loop().create_future()
    future.set_result('at hand')
    print(await outcome(asyncio.create_task(work(future))))


@program('cancel comes just after the awaited future was settled')
async def _():
    future = asyncio.get_running_loop().create_future()

    async def work():
        try:
            print('got', await future)
        except asyncio.CancelledError:
            print('cancelled although the future has', state(future))
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    future.set_result('value')
    print(task.cancel('too late for the future'))
    print(await outcome(task), task.cancelled())


@program('cancel comes just before the awaited future is settled')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def work():
        return await future

    def settle():
        print('settle finds', state(future))

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    loop.call_soon(task.cancel)
    loop.call_soon(settle)
    print(await outcome(task))


@program('cancel and a due timer in one iteration: the timer is first')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def work():
        try:
            return await future
        except asyncio.CancelledError:
            print('cancelled, the future has', state(future))
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    loop.call_later(-2, future.set_result, 'in time')
    loop.call_later(-1, task.cancel)
    print(await outcome(task))


@program('cancel and a due timer in one iteration: the cancel is first')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def work():
        try:
            return await future
        except asyncio.CancelledError:
            print('cancelled', at())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    loop.call_later(-2, task.cancel)
    loop.call_later(-1, lambda: print('the timer finds', state(future)))
    print(await outcome(task))


@program('the awaited task ended, and the waiter is cancelled before it wakes')
async def _():
    async def waiter(inner):
        try:
            print('got', await inner)
        except asyncio.CancelledError:
            print('cancelled, the inner task has', state(inner))
            raise

    inner = asyncio.create_task(value_after(0, 'value'))
    task = asyncio.create_task(waiter(inner))
    inner.add_done_callback(lambda _: print('cancel accepted', task.cancel()))
    print(await outcome(task), state(inner))


@program('the awaited task failed, and the waiter is cancelled before it wakes')
async def _():
    inner = asyncio.create_task(fail_after(0, 'boom'))
    inner.add_done_callback(lambda _: task.cancel())

    async def waiter():
        try:
            await inner
        except BaseException as error:
            print('waiter', show(error))
            raise

    task = asyncio.create_task(waiter())
    print(await outcome(task), state(inner))


@program('cancel a finished task')
async def _():
    good = asyncio.create_task(value_after(0, 'value'))
    bad = asyncio.create_task(fail_after(0, 'boom'))
    await spin(3)
    print(good.cancel(), bad.cancel(), good.cancelling(), bad.cancelling())
    print(state(good), state(bad))


@program('cancel from a done callback')
async def _():
    second = asyncio.create_task(forever('second'))
    first = asyncio.create_task(value_after(1, 'first'))
    first.add_done_callback(lambda _: second.cancel('the first is done'))
    print(await outcome(first), state(second))
    print(await outcome(second), at())


@program('awaiting a task that is already cancelled')
async def _():
    task = asyncio.create_task(forever('task'))
    await asyncio.sleep(0)
    task.cancel('long ago')
    await asyncio.wait([task])
    print(await outcome(task))
    print(await outcome(task), asyncio.current_task().cancelling())


@program('uncancel counts down')
async def _():
    task = asyncio.create_task(forever('task'))
    await asyncio.sleep(0)
    print(task.cancelling(), task.uncancel())
    task.cancel()
    task.cancel()
    print(task.cancelling(), task.uncancel(), task.cancelling(), task.uncancel(), task.uncancel())
    print(await outcome(task))


@program('a task that catches, uncancels and goes on')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print('cancelling', asyncio.current_task().cancelling())
            print('left', asyncio.current_task().uncancel())
        await asyncio.sleep(1)
        return 'went on'

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task), task.cancelling(), at())


@program('uncancel before the task has run takes the cancellation back', since=(3, 13))
async def _():
    async def work():
        await asyncio.sleep(1)
        return 'ran'

    task = asyncio.create_task(work())
    task.cancel('first')
    print(task.uncancel(), task.cancelling())
    print(await outcome(task), at())
    again = asyncio.create_task(work())
    again.cancel('one')
    again.cancel('two')
    print(again.uncancel())
    print(await outcome(again), again.cancelling())


@program('a stubborn inner task: the outer one does not see the cancellation')
async def _():
    async def outer(inner):
        print('outer got', await inner)
        await asyncio.sleep(1)
        return 'outer done'

    inner = asyncio.create_task(stubborn('inner', 1, 'anyway'))
    task = asyncio.create_task(outer(inner))
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task), at(), task.cancelling(), inner.cancelling())


@program('a sleep ends in the iteration of its cancellation, the sleep was set first')
async def _():
    async def work():
        try:
            await asyncio.sleep(1)
            print('slept')
        except asyncio.CancelledError as error:
            print(show(error), at())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(1, task.cancel, 'at the same time')
    print(await outcome(task))


@program('a sleep ends in the iteration of its cancellation, the cancellation was set first')
async def _():
    async def work():
        try:
            await asyncio.sleep(1)
            print('slept')
        except asyncio.CancelledError as error:
            print(show(error), at())
            raise

    task = asyncio.create_task(work())
    asyncio.get_running_loop().call_at(1, task.cancel, 'at the same time')
    print(await outcome(task))
