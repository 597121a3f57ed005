"""The life of a task: when it starts, when it is woken, who is current, and what it leaves behind."""

import asyncio

from kit import (
    at,
    fail_after,
    outcome,
    program,
    run,
    script,
    show,
    spin,
    state,
    ticker,
    value_after,
    virtual_loop,
)


@program('the first step of a task is the next iteration')
async def _():
    async def work(name):
        print(name, 'starts')
        await asyncio.sleep(0)
        print(name, 'ends')

    loop = asyncio.get_running_loop()
    loop.call_soon(print, 'callback before')
    first = asyncio.create_task(work('first'))
    loop.call_soon(print, 'callback between')
    second = asyncio.create_task(work('second'))
    loop.call_soon(print, 'callback after')
    print('created')
    await first
    print('first awaited')
    await second


@program('sleep(0) is one iteration, fair to all')
async def _():
    async def work(name, steps):
        for step in range(steps):
            print(name, step)
            await asyncio.sleep(0)
        return name

    tasks = [asyncio.create_task(work(name, steps)) for name, steps in (('a', 3), ('b', 1), ('c', 2))]
    print(await asyncio.gather(*tasks))


@program('an awaited coroutine runs in the iteration of its caller')
async def _():
    async def inner(number):
        if number:
            print('depth', number)
            return await inner(number - 1) + 1
        return 0

    ticking = asyncio.create_task(ticker(2))
    print('depth reached', await inner(4))
    await ticking


@program('a coroutine that is not awaited does not run')
async def _():
    async def work():
        print('runs')
        return 'done'

    coroutine = work()
    await asyncio.sleep(1)
    print('created a second ago')
    print(await coroutine)


@program('outer, phase one, phase two')
async def _():
    async def phase_one():
        print('in phase one')
        await asyncio.sleep(0.5)
        return 'one'

    async def phase_two(argument):
        print('in phase two', at())
        await asyncio.sleep(0.25)
        return f'two after {argument}'

    print('waiting for phase one')
    one = await phase_one()
    print('waiting for phase two')
    print(one, '-', await phase_two(one), at())


@program('a task that awaits a task resumes one iteration after it ended')
async def _():
    async def inner():
        print('inner starts')
        await asyncio.sleep(0)
        print('inner ends')
        return 'value'

    async def outer():
        print('outer starts')
        value = await asyncio.create_task(inner())
        print('outer has', value)

    await asyncio.gather(ticker(5), outer())


@program('awaiting a finished task takes no iteration')
async def _():
    task = asyncio.create_task(value_after(0, 'value'))
    await spin(3)
    ticking = asyncio.create_task(ticker(1))
    print(await task, await task)
    await ticking


@program('callbacks and waiters of a task are served in the order they came')
async def _():
    async def wait_for_it(name, task):
        print(name, await task)

    task = asyncio.create_task(value_after(1, 'value'))
    first = asyncio.create_task(wait_for_it('first waiter', task))
    await asyncio.sleep(0)
    task.add_done_callback(lambda _: print('callback'))
    second = asyncio.create_task(wait_for_it('second waiter', task))
    await spin(2)
    task.add_done_callback(lambda _: print('last callback'))
    await asyncio.gather(first, second)


@program('a task wakes at its place among callbacks')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def work():
        print('waits')
        await future
        print('woken')

    task = asyncio.create_task(work())
    await asyncio.sleep(0)

    def settle():
        loop.call_soon(print, 'callback before the wake-up')
        future.set_result(None)
        loop.call_soon(print, 'callback after the wake-up')

    loop.call_soon(settle)
    await ticker(3)
    await task


@program('a failing task hands the same exception to each that awaits it')
async def _():
    error = ValueError('boom')

    async def bad():
        await asyncio.sleep(0)
        raise error

    task = asyncio.create_task(bad())
    seen = []
    for _ in range(2):
        try:
            await task
        except ValueError as failure:
            seen.append(failure is error)
    print(seen, task.exception() is error, task.done(), task.cancelled(), state(task))


@program('a task cannot be settled from outside')
async def _():
    task = asyncio.create_task(value_after(0, 'value'))
    for settle in (lambda: task.set_result(1), lambda: task.set_exception(ValueError('no'))):
        try:
            settle()
        except RuntimeError as error:
            print(type(error).__name__, str(error).startswith('Task does not support'))
    print(await task)


@program('a pending task has no result yet')
async def _():
    task = asyncio.create_task(value_after(1, 'value'))
    for ask in (task.result, task.exception):
        try:
            ask()
        except asyncio.InvalidStateError as error:
            print(type(error).__name__)
    print(await task, task.result(), task.exception() is None)


@program('names of tasks')
async def _():
    named = asyncio.create_task(value_after(0, 1), name='worker')
    print(named.get_name())
    named.set_name('renamed')
    print(named.get_name())
    named.set_name(17)
    print(named.get_name() == '17')
    first, second = asyncio.create_task(value_after(0, 2)), asyncio.create_task(value_after(0, 3))
    one, two = first.get_name(), second.get_name()
    print(one.startswith('Task-'), int(two[5:]) - int(one[5:]))
    await asyncio.gather(named, first, second)


@program('current_task in tasks, coroutines and callbacks')
async def _():
    loop = asyncio.get_running_loop()

    async def name_of_current():
        return asyncio.current_task().get_name()

    async def work():
        print('in a task', await name_of_current())
        await asyncio.sleep(0)
        print('after a wait', await name_of_current())

    asyncio.current_task().set_name('main')
    print(await name_of_current())
    task = asyncio.create_task(work(), name='worker')
    loop.call_soon(lambda: print('in a callback', asyncio.current_task() is None))
    task.add_done_callback(lambda _: print('in a done callback', asyncio.current_task() is None))
    await task
    await asyncio.sleep(0)
    print(await name_of_current())


@program('all_tasks holds those that are not done')
async def _():
    def names():
        return ' '.join(sorted(task.get_name() for task in asyncio.all_tasks()))

    asyncio.current_task().set_name('main')
    print(names())
    tasks = [asyncio.create_task(value_after(delay, delay), name=f'after {delay}') for delay in (1, 2, 3)]
    print(names())
    await tasks[1]
    print(names())
    tasks[2].cancel()
    print(names())
    await asyncio.wait(tasks)
    print(names())


@program('a task that awaits itself fails')
async def _():
    async def work():
        await asyncio.current_task()

    try:
        await asyncio.create_task(work())
    except RuntimeError as error:
        print(type(error).__name__, 'Task cannot await on itself' in str(error))


@script('a future of another loop is refused')
def _():
    other = virtual_loop()
    future = other.create_future()

    async def main():
        try:
            await future
        except RuntimeError as error:
            print('attached to a different loop' in str(error))

    run(main())
    future.cancel()
    other.close()


@program('a result of sleep, and sleeps in order')
async def _():
    async def sleeper(delay):
        value = await asyncio.sleep(delay, f'slept {delay}')
        print(value, at())

    await asyncio.gather(*(sleeper(delay) for delay in (3, 1, 2, 0, -1)))


@program('a coroutine that fails before its first wait')
async def _():
    async def bad():
        print('starts')
        raise ValueError('at once')

    task = asyncio.create_task(bad())
    print('created')
    await asyncio.sleep(0)
    print(task.done())
    print(await outcome(task))


@program('the exception of a task that nobody awaited is reported')
async def _():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: print('reported', context['message'], show(context['exception']))
    )
    task = asyncio.create_task(fail_after(0, 'lost'))
    await spin(3)
    print('end', task.done())
    del task


@program('a done callback of a task that asks for the exception')
async def _():
    task = asyncio.create_task(fail_after(1, 'boom'))
    task.add_done_callback(lambda done: print('callback', show(done.exception()), at()))
    await asyncio.sleep(2)
    print('end')


@program('tasks made by tasks, breadth first')
async def _():
    async def grow(name):
        print(name)
        if len(name) < 3:
            children = [asyncio.create_task(grow(name + side)) for side in 'lr']
            for child in children:
                await child
        print('end of', name)

    await grow('x')


@script('SystemExit and KeyboardInterrupt of a task leave the loop at once')
def _():
    for leaving in (KeyboardInterrupt, SystemExit):

        async def bad():
            await asyncio.sleep(0)
            raise leaving('out')

        async def main():
            task = asyncio.create_task(bad())
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                print('main cancelled', at(), type(task.exception()).__name__)
                raise

        try:
            run(main())
        except BaseException as error:
            print('left with', show(error))
