"""wait and as_completed: what is done when, and what a timeout or a cancellation leaves running."""

import asyncio

from kit import at, fail_after, outcome, program, show, spin, state, ticker, value_after


def named(delay, *, fail=False):
    """A task that ends after a delay and bears it as its name."""
    work = fail_after(delay, f'failed after {delay}') if fail else value_after(delay, delay)
    return asyncio.create_task(work, name=f'{delay}')


def names(tasks):
    return ' '.join(sorted(task.get_name() for task in tasks)) or 'none'


async def drop(tasks):
    """Cancels what is left, so that each program ends with nothing running."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@program('wait for all')
async def _():
    done, pending = await asyncio.wait([named(2), named(1), named(3, fail=True)])
    print(names(done), '|', names(pending), at())
    print(' / '.join(sorted(state(task) for task in done)))


@program('wait for the first')
async def _():
    done, pending = await asyncio.wait([named(2), named(1), named(3)], return_when=asyncio.FIRST_COMPLETED)
    print(names(done), '|', names(pending), at())
    await drop(pending)


@program('wait for the first: two that end in one iteration are both done')
async def _():
    tasks = [named(0), named(-1), named(5)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print(names(done), '|', names(pending), at())
    await drop(pending)


@program('wait for the first exception')
async def _():
    tasks = [named(1), named(2, fail=True), named(3)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    print(names(done), '|', names(pending), at())
    await drop(tasks)


@program('wait for the first exception: a cancelled task is none')
async def _():
    tasks = [named(1), named(2), named(3)]
    asyncio.get_running_loop().call_later(0.5, tasks[0].cancel)
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    print(names(done), '|', names(pending), at())


@program('wait with a timeout leaves the rest running')
async def _():
    tasks = [named(1), named(2), named(3)]
    done, pending = await asyncio.wait(tasks, timeout=1.5)
    print(names(done), '|', names(pending), at())
    print(await asyncio.gather(*tasks), at())


@program('wait with no time at all')
async def _():
    done_already = asyncio.get_running_loop().create_future()
    done_already.set_result('here')
    task = named(1)
    ticking = asyncio.create_task(ticker(4))
    done, pending = await asyncio.wait([done_already, task], timeout=0)
    print(len(done), len(pending), at())
    await ticking
    await drop([task])


@program('wait for what is done already takes two iterations')
async def _():
    task = named(0)
    await spin(3)
    ticking = asyncio.create_task(ticker(5))
    done, pending = await asyncio.wait([task])
    print(names(done), '|', names(pending))
    later = named(1)
    done, pending = await asyncio.wait([task, later], return_when=asyncio.FIRST_COMPLETED)
    print(names(done), '|', names(pending))
    await ticking
    await drop([later])


@program('wait resumes one iteration after the last callback')
async def _():
    async def waits():
        await asyncio.wait([asyncio.create_task(spin(2)), asyncio.create_task(spin(1))])
        print('wait ends')

    await asyncio.gather(waits(), ticker(7))


@program('cancel in the middle of wait leaves the tasks alone')
async def _():
    tasks = [named(2), named(3)]

    async def work():
        try:
            await asyncio.wait(tasks)
        finally:
            print('wait left at', at(), names(tasks))

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('the waiter only')
    print(await outcome(task), [state(each) for each in tasks])
    print(await asyncio.gather(*tasks), at())


@program('cancel comes in the iteration in which wait is done')
async def _():
    async def work(inner):
        try:
            await asyncio.wait([inner])
            print('never')
        except asyncio.CancelledError:
            print('cancelled, the task has', state(inner))
            raise

    inner = named(0)
    task = asyncio.create_task(work(inner))
    inner.add_done_callback(lambda _: task.cancel())
    print(await outcome(task))


@program('wait refuses nothing, coroutines and unknown conditions')
async def _():
    task = named(1)
    coroutine = value_after(1, 1)
    for refused in (
        lambda: asyncio.wait([]),
        lambda: asyncio.wait([coroutine]),
        lambda: asyncio.wait([task], return_when='SOON'),
        lambda: asyncio.wait(task),
    ):
        print((await outcome(refused())).split(':')[0])
    coroutine.close()
    await drop([task])


@program('wait takes a generator, and one task twice', since=(3, 12))
async def _():
    task = named(1)
    done, pending = await asyncio.wait(each for each in (task, task, named(2)))
    print(names(done), '|', names(pending), at())


@program('as_completed gives them as they end')
async def _():
    for coroutine in asyncio.as_completed([value_after(3, 'c'), value_after(1, 'a'), value_after(2, 'b')]):
        print(await coroutine, at())


@program('as_completed gives failures where they happen')
async def _():
    for coroutine in asyncio.as_completed([value_after(2, 'b'), fail_after(1, 'a'), value_after(3, 'c')]):
        print(await outcome(coroutine), at())


@program('as_completed of what ends in iterations that follow each other')
async def _():
    async def work(name, steps):
        await spin(steps)
        return name

    works = [work('two', 2), work('one', 1), work('none', 0), work('three', 3)]
    order = []
    for coroutine in asyncio.as_completed(works):
        order.append(await coroutine)
    print(order)


@program('as_completed with a timeout')
async def _():
    tasks = [named(1), named(3), named(4)]
    for coroutine in asyncio.as_completed(tasks, timeout=2):
        print(await outcome(coroutine), at())
    print([state(task) for task in tasks])
    await drop(tasks)


@program('as_completed left in the middle lets the others run')
async def _():
    tasks = [named(2), named(1), named(3)]
    for coroutine in asyncio.as_completed(tasks):
        print(await coroutine, at())
        break
    print(await asyncio.gather(*tasks), at())


@program('as_completed of nothing, and of one thing twice')
async def _():
    task = named(1)
    for tasks in ([], [task, task]):
        results = []
        for coroutine in asyncio.as_completed(tasks):
            results.append(await coroutine)
        print(results)


@program('as_completed awaited from several tasks')
async def _():
    async def take(name, coroutine):
        print(name, 'got', await coroutine, at())

    coroutines = asyncio.as_completed([value_after(2, 'second'), value_after(1, 'first')])
    await asyncio.gather(*(take(name, coroutine) for name, coroutine in zip('ab', coroutines)))


@program('cancel in the middle of as_completed')
async def _():
    tasks = [named(1), named(3)]

    async def work():
        for coroutine in asyncio.as_completed(tasks):
            print(await coroutine, at())

    task = asyncio.create_task(work())
    await asyncio.sleep(2)
    task.cancel()
    print(await outcome(task), [state(each) for each in tasks])
    print(await tasks[1], at())


@program('as_completed as an asynchronous iterator gives the tasks themselves', since=(3, 13))
async def _():
    tasks = [named(2), named(1), named(3, fail=True)]
    async for task in asyncio.as_completed(tasks):
        print(task.get_name(), tasks.index(task), state(task), at())
    print('with a timeout')
    tasks = [named(1), named(5)]
    try:
        async for task in asyncio.as_completed(tasks, timeout=2):
            print(state(task))
    except TimeoutError as error:
        print(show(error), at())
    await drop(tasks)
