"""Conditions and barriers: notify with cancelled waiters, predicates, breaking and resetting."""

import asyncio

from kit import at, outcome, program, show, spin, state


@program('notify wakes in order, as many as asked for')
async def _():
    condition = asyncio.Condition()

    async def work(name):
        async with condition:
            await condition.wait()
            print(name, 'woken', condition.locked())

    tasks = [asyncio.create_task(work(name)) for name in 'abcde']
    await asyncio.sleep(0)
    for count in (1, 2):
        async with condition:
            condition.notify(count)
            print('notified', count)
        await spin(4)
    async with condition:
        condition.notify_all()
        print('notified all')
    await asyncio.gather(*tasks)


@program('a waiter wakes only when the lock is free')
async def _():
    condition = asyncio.Condition()

    async def work():
        async with condition:
            print(await condition.wait(), at())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with condition:
        condition.notify()
        await asyncio.sleep(1)
        print('leaving the lock')
    await task


@program('a condition without its lock refuses')
async def _():
    condition = asyncio.Condition()
    for refused in (lambda: condition.notify(), lambda: condition.notify_all(), lambda: condition.release()):
        try:
            refused()
        except RuntimeError as error:
            print(show(error))
    print(await outcome(condition.wait()))


@program('wait_for a predicate')
async def _():
    condition = asyncio.Condition()
    stock = []

    async def consumer():
        async with condition:
            value = await condition.wait_for(lambda: len(stock) >= 3 and 'enough')
            print(value, len(stock), at())

    task = asyncio.create_task(consumer())
    for number in range(4):
        await asyncio.sleep(1)
        async with condition:
            stock.append(number)
            condition.notify()
    await task


@program('notify when the first waiter has been cancelled', since=(3, 13))
async def _():
    condition = asyncio.Condition()

    async def work(name):
        async with condition:
            await condition.wait()
            print(name, 'woken')

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    tasks[0].cancel()
    async with condition:
        condition.notify()
    await spin(5)
    print([state(task) for task in tasks])
    async with condition:
        condition.notify_all()
    await asyncio.wait(tasks)


@program('a waiter cancelled after notify, before it has run, passes the notification on', since=(3, 13))
async def _():
    condition = asyncio.Condition()

    async def work(name):
        async with condition:
            try:
                await condition.wait()
                print(name, 'woken')
            except asyncio.CancelledError:
                print(name, 'cancelled', condition.locked())
                raise

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    async with condition:
        condition.notify()
    tasks[0].cancel()
    await spin(6)
    print([state(task) for task in tasks])
    async with condition:
        condition.notify_all()
    await asyncio.wait(tasks)


@program('a cancelled waiter takes the lock again before it leaves')
async def _():
    condition = asyncio.Condition()

    async def work():
        async with condition:
            try:
                await condition.wait()
            finally:
                print('left the wait', condition.locked(), at())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with condition:
        task.cancel('early')
        await asyncio.sleep(1)
        print('the lock is still ours', at())
    print(await outcome(task))


@program('a waiter cancelled twice, the second time while it waits for the lock')
async def _():
    condition = asyncio.Condition()

    async def work():
        async with condition:
            try:
                await condition.wait()
            finally:
                print('left the wait', condition.locked(), at())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    async with condition:
        task.cancel('one')
        await asyncio.sleep(1)
        task.cancel('two')
        await asyncio.sleep(1)
    try:
        await task
    except asyncio.CancelledError:
        print('cancelled', task.cancelling(), condition.locked())


@program('two conditions on one lock')
async def _():
    lock = asyncio.Lock()
    not_empty, not_full = asyncio.Condition(lock), asyncio.Condition(lock)
    items = []

    async def producer():
        for number in range(4):
            async with not_full:
                await not_full.wait_for(lambda: len(items) < 1)
                items.append(number)
                print('put', number)
                not_empty.notify()

    async def consumer():
        for _ in range(4):
            async with not_empty:
                await not_empty.wait_for(lambda: len(items) > 0)
                print('got', items.pop())
                not_full.notify()

    await asyncio.gather(consumer(), producer())
    print(lock.locked())


@program('condition.wait with a timeout')
async def _():
    condition = asyncio.Condition()
    async with condition:
        try:
            async with asyncio.timeout(1):
                await condition.wait()
        except TimeoutError:
            print('timed out', condition.locked(), at())
    print(condition.locked())


@program('a barrier lets its parties through together')
async def _():
    barrier = asyncio.Barrier(3)

    async def work(name, delay):
        await asyncio.sleep(delay)
        print(name, 'comes', barrier.n_waiting, at())
        index = await barrier.wait()
        print(name, 'passes as', index, at())

    await asyncio.gather(work('a', 1), work('b', 2), work('c', 3))
    print(barrier.n_waiting, barrier.broken, barrier.parties)


@program('a barrier is used again and again')
async def _():
    barrier = asyncio.Barrier(2)
    log = []

    async def work():
        for turn in range(3):
            await barrier.wait()
            log.append(f'{turn}')

    await asyncio.gather(work(), work())
    print(' '.join(log))


@program('a barrier as a context manager gives the index')
async def _():
    barrier = asyncio.Barrier(2)

    async def work(name):
        async with barrier as index:
            print(name, index)

    await asyncio.gather(work('a'), work('b'))


@program('an aborted barrier breaks for all')
async def _():
    barrier = asyncio.Barrier(3)

    async def work(name):
        print(name, (await outcome(barrier.wait())).split(':')[0], barrier.broken)

    tasks = [asyncio.create_task(work(name)) for name in 'ab']
    await asyncio.sleep(1)
    await barrier.abort()
    await asyncio.wait(tasks)
    print(barrier.broken, barrier.n_waiting)
    await work('late')
    await barrier.reset()
    print(barrier.broken)


@program('a barrier that is reset breaks for those who wait, and works again')
async def _():
    barrier = asyncio.Barrier(2)

    async def work(name):
        print(name, (await outcome(barrier.wait())).split(':')[0])

    first = asyncio.create_task(work('first'))
    await asyncio.sleep(1)
    await barrier.reset()
    await first
    print(barrier.broken, barrier.n_waiting)
    await asyncio.gather(work('a'), work('b'))


@program('a cancelled waiter leaves the barrier whole')
async def _():
    barrier = asyncio.Barrier(2)

    async def work(name):
        print(name, 'passes as', await barrier.wait())

    first = asyncio.create_task(work('first'))
    await asyncio.sleep(0)
    print(barrier.n_waiting)
    first.cancel()
    await asyncio.wait([first])
    print(state(first), barrier.n_waiting, barrier.broken)
    await asyncio.gather(work('second'), work('third'))


@program('a waiter that is cancelled while the barrier drains')
async def _():
    barrier = asyncio.Barrier(3)

    async def work(name):
        try:
            print(name, 'passes as', await barrier.wait())
        except asyncio.CancelledError:
            print(name, 'cancelled')
            raise

    tasks = [asyncio.create_task(work(name)) for name in 'ab']
    await asyncio.sleep(0)
    last = asyncio.create_task(work('c'))
    last.add_done_callback(lambda _: tasks[0].cancel())
    await asyncio.wait([*tasks, last])
    await spin(2)
    print([state(task) for task in tasks], barrier.n_waiting, barrier.broken)
    await asyncio.gather(*(work(name) for name in 'xyz'))


@program('a barrier of no parties is refused')
async def _():
    try:
        asyncio.Barrier(0)
    except ValueError as error:
        print(type(error).__name__)
    print(await asyncio.Barrier(1).wait())
