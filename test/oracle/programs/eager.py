"""Eager tasks: started where they are made, finished without ever being scheduled if they do not wait."""

import asyncio
import contextvars

from kit import at, fail_after, outcome, program, show, spin, state, ticker, value_after


level = contextvars.ContextVar('eager level', default=0)


def eager():
    """From here on, the loop's tasks are eager."""
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)


@program('an eager task runs to its first wait at once', since=(3, 12))
async def _():
    eager()

    async def work(name):
        print(name, 'starts')
        await asyncio.sleep(0)
        print(name, 'ends')
        return name

    first = asyncio.create_task(work('first'))
    print('created', state(first))
    second = asyncio.create_task(work('second'))
    print(await second, await first)


@program('an eager task that does not wait is done at once', since=(3, 12))
async def _():
    eager()

    async def work():
        return 'value'

    task = asyncio.create_task(work())
    print(task.done(), state(task))
    task.add_done_callback(lambda _: print('callback'))
    print(await task)
    await ticker(2)


@program('an eager task that fails at once', since=(3, 12))
async def _():
    eager()

    async def bad():
        raise ValueError('boom')

    task = asyncio.create_task(bad())
    print('created', task.done())
    print(await outcome(task))


@program('the current task while an eager one runs', since=(3, 14))
async def _():
    eager()
    asyncio.current_task().set_name('main')

    async def inner():
        print('inner', asyncio.current_task().get_name())
        await asyncio.sleep(0)
        print('inner later', asyncio.current_task().get_name())

    async def outer():
        task = asyncio.create_task(inner(), name='inner')
        print('outer', asyncio.current_task().get_name())
        await task

    task = asyncio.create_task(outer(), name='outer')
    print('main', asyncio.current_task().get_name())
    await task


@program('all_tasks and an eager task', since=(3, 14))
async def _():
    eager()
    asyncio.current_task().set_name('main')

    async def work():
        print(sorted(task.get_name() for task in asyncio.all_tasks()))

    asyncio.create_task(work(), name='at once')
    task = asyncio.create_task(value_after(1, 1), name='waiting')
    print(sorted(each.get_name() for each in asyncio.all_tasks()))
    await task


@program('cancel of an eager task in its first wait', since=(3, 12))
async def _():
    eager()

    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            print('work', show(error))
            raise

    task = asyncio.create_task(work())
    print(task.cancel('early'))
    print(await outcome(task))


@program('an eager task has a context of its own', since=(3, 12))
async def _():
    eager()

    async def work():
        level.set(level.get() + 1)
        print('work', level.get())
        await asyncio.sleep(0)
        print('work', level.get())

    level.set(1)
    task = asyncio.create_task(work())
    print('main', level.get())
    await task
    print('main', level.get())


@program('gather and groups of eager tasks', since=(3, 12))
async def _():
    eager()

    async def at_once(number):
        print('at once', number)
        return number

    print(await asyncio.gather(at_once(1), at_once(2), value_after(1, 3)), at())
    async with asyncio.TaskGroup() as group:
        first = group.create_task(at_once(4))
        second = group.create_task(value_after(1, 5))
        print(state(first), state(second))
    print(state(first), state(second), at())


@program('an eager child of a group fails at once', since=(3, 13))
async def _():
    eager()

    async def bad():
        raise ValueError('boom')

    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(bad())
            print('created', task.done())
            await asyncio.sleep(10)
            print('never')
    except ExceptionGroup as error:
        print(show(error), at())


@program('eager tasks make eager tasks, depth first', since=(3, 12))
async def _():
    eager()

    async def grow(name):
        print(name)
        if len(name) < 3:
            children = [asyncio.create_task(grow(name + side)) for side in 'lr']
            for child in children:
                await child
        print('end of', name)

    await asyncio.create_task(grow('x'))


@program('a task made with eager_start, and one without', since=(3, 14))
async def _():
    async def work(name):
        print(name, 'starts')
        await asyncio.sleep(0)
        print(name, 'ends')

    first = asyncio.create_task(work('eager'), eager_start=True)
    print('created one')
    second = asyncio.create_task(work('lazy'), eager_start=False)
    print('created two')
    await asyncio.gather(first, second)
    eager()
    third = asyncio.create_task(work('lazy in spite of the factory'), eager_start=False)
    print('created three')
    await third


@program('timeouts in an eager task', since=(3, 12))
async def _():
    eager()

    async def work():
        async with asyncio.timeout(1):
            await asyncio.sleep(5)

    task = asyncio.create_task(work())
    print(await outcome(task), at())
    print(await outcome(asyncio.create_task(fail_after(0, 'boom'))))
    await spin(2)
