"""Cancellation at every point of a task's life: what is raised where, in which iteration, and what is left."""

import asyncio

from kit import at, cleaning, forever, outcome, program, show, spin, state, stubborn, ticker


@program('cancel before the first step: the body never runs')
async def _():
    async def work():
        print('never')

    task = asyncio.create_task(work())
    print(task.cancel(), task.cancelled(), task.done())
    await asyncio.sleep(0)
    print(task.cancelled(), task.done())
    print(await outcome(task))


@program('cancel in the middle of sleep')
async def _():
    async def work():
        try:
            print('sleeps')
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print('cancelled at', at())
            raise
        finally:
            print('finally')

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    print(task.cancel(), task.done())
    await ticker(2)
    print(state(task), at())


@program('cancel in the middle of sleep(0)')
async def _():
    async def work():
        for step in range(5):
            print('step', step)
            await asyncio.sleep(0)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print(task.cancel())
    await ticker(2)
    print(state(task))


@program('cancel in the middle of awaiting a future')
async def _():
    future = asyncio.get_running_loop().create_future()

    async def work():
        try:
            await future
        except asyncio.CancelledError as error:
            print('work', show(error))
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel('stop')
    print(state(future), state(task))
    await ticker(2)
    print(state(task))


@program('cancel in the middle of awaiting a task, three deep')
async def _():
    async def link(name, awaitable):
        try:
            print(name, 'waits')
            await awaitable
        except asyncio.CancelledError as error:
            print(name, show(error))
            raise
        finally:
            print(name, 'finally')

    inner = asyncio.create_task(link('inner', asyncio.sleep(10)))
    middle = asyncio.create_task(link('middle', inner))
    outer = asyncio.create_task(link('outer', middle))
    await spin(2)
    print(outer.cancel('from the top'))
    print(inner.cancelling(), middle.cancelling(), outer.cancelling())
    await ticker(4)
    print(state(inner), state(middle), state(outer))


@program('cancel the inner task: the outer one is cancelled by it, without having been asked')
async def _():
    async def outer(inner):
        try:
            await inner
        except asyncio.CancelledError as error:
            print('outer', show(error), asyncio.current_task().cancelling())
            raise

    inner = asyncio.create_task(forever('inner'))
    task = asyncio.create_task(outer(inner))
    await spin(2)
    inner.cancel('inner only')
    await asyncio.wait([task])
    print(state(inner), state(task), task.cancelling())


@program('a message of cancel arrives, and none is none')
async def _():
    for message in ((), ('text',), (None,), (17,)):
        task = asyncio.create_task(forever('task'))
        await asyncio.sleep(0)
        task.cancel(*message)
        try:
            await task
        except asyncio.CancelledError as error:
            print(len(error.args), show(error))


@program('of two messages the last one counts before the task has run')
async def _():
    async def work():
        await asyncio.sleep(10)

    task = asyncio.create_task(work())
    task.cancel('first')
    task.cancel('second')
    print(task.cancelling())
    print(await outcome(task), task.cancelling())


@program('cancel twice while waiting: one CancelledError, two requests')
async def _():
    async def work():
        for _ in range(3):
            try:
                await asyncio.sleep(10)
                print('slept')
                return 'value'
            except asyncio.CancelledError as error:
                print(show(error), asyncio.current_task().cancelling(), at())
        return 'never'

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    print(task.cancel('one'), task.cancel('two'))
    print(await outcome(task), at(), task.cancelling())


@program('cancel, and again at the next sleep')
async def _():
    async def work():
        for round in range(3):
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError as error:
                print('round', round, show(error), at())
        return 'survived'

    task = asyncio.create_task(work())
    for message in ('one', 'two', 'three'):
        await asyncio.sleep(1)
        task.cancel(message)
    print(await outcome(task), task.cancelled(), task.cancelling())
    print(task.cancel())


@program('a swallowed cancellation leaves a result')
async def _():
    task = asyncio.create_task(stubborn('task', 1, 'kept'))
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task), at())
    print(task.cancelled(), task.cancelling())


@program('a cancellation answered by another exception')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            raise ValueError('instead') from error

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome(task), task.cancelled())
    print(type(task.exception().__cause__).__name__)


@program('a cancelled task that returns from its finally')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        finally:
            return 'from finally'

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome(task), state(task))


@program('cancel during the clean-up interrupts the clean-up')
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        finally:
            try:
                print('cleaning from', at())
                await asyncio.sleep(10)
                print('never clean')
            finally:
                print('interrupted at', at())

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('first')
    await asyncio.sleep(1)
    task.cancel('second')
    print(await outcome(task), at())


@program('a cancelled task is awaited until it is clean')
async def _():
    task = asyncio.create_task(cleaning('task', 2))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    print(task.done(), at())
    print(await outcome(task), at())


@program('a cancelled task calls its callbacks in the iteration after')
async def _():
    task = asyncio.create_task(forever('task'))
    task.add_done_callback(lambda done: print('callback', state(done)))
    await asyncio.sleep(0)
    task.cancel()
    await ticker(4)


@program('many tasks cancelled at once end in the order they wait')
async def _():
    tasks = [asyncio.create_task(forever(name)) for name in 'abcd']
    await asyncio.sleep(0)
    for task in reversed(tasks):
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    print([show(result) for result in results])


@program('cancel of a task in a coroutine chain unwinds from the inside')
async def _():
    async def level(depth):
        try:
            if depth == 0:
                await asyncio.sleep(10)
            else:
                await level(depth - 1)
        except asyncio.CancelledError:
            print('level', depth, 'cancelled')
            raise
        finally:
            await asyncio.sleep(0)
            print('level', depth, 'left')

    task = asyncio.create_task(level(2))
    await spin(2)
    task.cancel()
    await ticker(5)
    print(state(task))


@program('a coroutine may raise CancelledError by itself')
async def _():
    async def work():
        await asyncio.sleep(0)
        raise asyncio.CancelledError('of my own')

    task = asyncio.create_task(work())
    print(await outcome(task), task.cancelled(), task.cancelling())
