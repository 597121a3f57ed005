"""Locks, events and semaphores: who is next, and what a waiter that is cancelled at the moment of its wake passes on."""

import asyncio

from kit import at, outcome, program, show, state, ticker


@program('a lock is handed over in the order of asking')
async def _():
    lock = asyncio.Lock()

    async def work(name, delay):
        print(name, 'asks')
        async with lock:
            print(name, 'holds', at())
            await asyncio.sleep(delay)
        print(name, 'left', at())

    await asyncio.gather(work('a', 3), work('b', 1), work('c', 2))
    print(lock.locked())


@program('a free lock is taken without giving way')
async def _():
    lock = asyncio.Lock()
    ticking = asyncio.create_task(ticker(2))
    print(await lock.acquire(), lock.locked())
    lock.release()
    print(lock.locked())
    await ticking


@program('a lock that is released is not taken past those who wait')
async def _():
    lock = asyncio.Lock()

    async def work(name):
        for turn in range(2):
            async with lock:
                print(name, turn)

    async def greedy():
        for turn in range(3):
            await lock.acquire()
            print('greedy', turn)
            await asyncio.sleep(0)
            lock.release()

    await asyncio.gather(greedy(), work('a'), work('b'))


@program('a lock not held cannot be released')
async def _():
    lock = asyncio.Lock()
    try:
        lock.release()
    except RuntimeError as error:
        print(show(error))
    async with lock:
        print(lock.locked())
    print(lock.locked())


@program('a waiter of a lock that is cancelled leaves the queue')
async def _():
    lock = asyncio.Lock()
    await lock.acquire()

    async def work(name):
        async with lock:
            print(name, 'holds')

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    lock.release()
    await asyncio.wait(tasks)
    print([state(task) for task in tasks], lock.locked())


@program('a waiter cancelled as it is woken passes the lock on')
async def _():
    lock = asyncio.Lock()
    await lock.acquire()

    async def work(name):
        async with lock:
            print(name, 'holds')
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    lock.release()
    print(tasks[0].cancel(), lock.locked())
    await ticker(4)
    print([state(task) for task in tasks], lock.locked())


@program('all waiters of a lock cancelled as the first is woken')
async def _():
    lock = asyncio.Lock()
    await lock.acquire()
    tasks = [asyncio.create_task(lock.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    lock.release()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    print(lock.locked(), [state(task) for task in tasks])
    print(await lock.acquire())
    lock.release()


@program('a lock is released when its holder is cancelled')
async def _():
    lock = asyncio.Lock()

    async def holder():
        async with lock:
            await asyncio.sleep(10)

    task = asyncio.create_task(holder())
    waiter = asyncio.create_task(lock.acquire())
    await asyncio.sleep(1)
    task.cancel()
    print(await waiter, at(), lock.locked(), state(task))


@program('asking for a lock in the iteration of its hand-over')
async def _():
    lock = asyncio.Lock()
    await lock.acquire()

    async def work(name):
        print(name, 'asks', lock.locked())
        async with lock:
            print(name, 'holds')

    first = asyncio.create_task(work('waiter'))
    await asyncio.sleep(0)
    lock.release()
    print('released', lock.locked())
    await work('releaser')
    await first


@program('an event wakes all its waiters, in order')
async def _():
    event = asyncio.Event()

    async def work(name):
        print(name, await event.wait(), event.is_set())

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(1)
    event.set()
    event.set()
    print('set')
    await asyncio.gather(*tasks)
    ticking = asyncio.create_task(ticker(1))
    print(await event.wait())
    await ticking


@program('an event cleared at once still wakes who waited')
async def _():
    event = asyncio.Event()

    async def work(name):
        await event.wait()
        print(name, 'woken', event.is_set())

    early = asyncio.create_task(work('early'))
    await asyncio.sleep(0)
    event.set()
    event.clear()
    late = asyncio.create_task(work('late'))
    await ticker(3)
    print(state(early), state(late))
    event.set()
    await late


@program('a waiter of an event cancelled before and after set')
async def _():
    event = asyncio.Event()

    async def work(name):
        await event.wait()
        print(name, 'woken')

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    tasks[0].cancel()
    event.set()
    tasks[1].cancel()
    await asyncio.wait(tasks)
    print([state(task) for task in tasks])


@program('a semaphore lets so many in, in order')
async def _():
    semaphore = asyncio.Semaphore(2)

    async def work(name, delay):
        async with semaphore:
            print(name, 'in', at(), semaphore.locked())
            await asyncio.sleep(delay)
        print(name, 'out', at())

    await asyncio.gather(work('a', 3), work('b', 1), work('c', 1.5), work('d', 1))
    print(semaphore.locked())


@program('a semaphore can be released beyond its value, a bounded one cannot')
async def _():
    semaphore = asyncio.Semaphore(0)
    print(semaphore.locked())
    semaphore.release()
    semaphore.release()
    print(await semaphore.acquire(), semaphore.locked(), await semaphore.acquire(), semaphore.locked())
    bounded = asyncio.BoundedSemaphore(1)
    await bounded.acquire()
    bounded.release()
    try:
        bounded.release()
    except ValueError as error:
        print(show(error))
    try:
        asyncio.Semaphore(-1)
    except ValueError as error:
        print(show(error))


@program('a waiter of a semaphore cancelled as it is woken')
async def _():
    semaphore = asyncio.Semaphore(1)
    await semaphore.acquire()

    async def work(name):
        async with semaphore:
            print(name, 'in')
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(name)) for name in 'abc']
    await asyncio.sleep(0)
    semaphore.release()
    tasks[0].cancel()
    await ticker(5)
    print([state(task) for task in tasks], semaphore.locked())


@program('two releases, two waiters woken, the first is cancelled')
async def _():
    semaphore = asyncio.Semaphore(0)

    async def work(name):
        await semaphore.acquire()
        print(name, 'in')

    tasks = [asyncio.create_task(work(name)) for name in 'abcd']
    await asyncio.sleep(0)
    semaphore.release()
    semaphore.release()
    tasks[0].cancel()
    await ticker(3)
    print([state(task) for task in tasks], semaphore.locked())
    tasks[3].cancel()
    await asyncio.wait(tasks)


@program('a semaphore is not taken past those who wait')
async def _():
    semaphore = asyncio.Semaphore(1)
    await semaphore.acquire()

    async def work(name):
        await semaphore.acquire()
        print(name, 'in')
        await asyncio.sleep(1)
        semaphore.release()

    first = asyncio.create_task(work('first'))
    await asyncio.sleep(0)
    semaphore.release()
    print('locked', semaphore.locked())
    second = asyncio.create_task(work('second'))
    await work('releaser')
    await asyncio.gather(first, second)
    print(at())


@program('a cancelled waiter in the middle of the queue of a semaphore')
async def _():
    semaphore = asyncio.Semaphore(1)
    order = []

    async def work(name):
        async with semaphore:
            order.append(name)
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(work(name)) for name in 'abcdef']
    await asyncio.sleep(0.5)
    for number in (2, 4):
        tasks[number].cancel()
    await asyncio.wait(tasks)
    print(order, at())


@program('a semaphore under a storm of cancellations keeps its count')
async def _():
    semaphore = asyncio.Semaphore(3)
    inside, most = 0, 0

    async def work(number):
        nonlocal inside, most
        async with semaphore:
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(0.5 + number % 4)
            finally:
                inside -= 1

    tasks = [asyncio.create_task(work(number)) for number in range(40)]
    loop = asyncio.get_running_loop()
    for number in range(0, 40, 3):
        loop.call_later(0.123 + number * 0.2171, tasks[number].cancel)
    await asyncio.wait(tasks)
    print(inside, most, sum(task.cancelled() for task in tasks), at())
    for _ in range(3):
        await semaphore.acquire()
    print(semaphore.locked())


@program('a guard lets go at the end of its block')
async def _():
    lock, semaphore = asyncio.Lock(), asyncio.Semaphore(2)

    async def work(name):
        async with lock:
            print(name, 'holds the lock', lock.locked())
            await asyncio.sleep(1)
            async with semaphore:
                print(name, 'in', semaphore.locked(), at())
        print(name, 'left', lock.locked())

    await asyncio.gather(work('a'), work('b'))
    print(lock.locked(), semaphore.locked())


@program('a guard lets go when its holder is cancelled or fails')
async def _():
    condition = asyncio.Condition()

    async def work(message):
        async with condition:
            await asyncio.sleep(1)
            raise ValueError(message)

    first = asyncio.create_task(work('never'))
    second = asyncio.create_task(work('second'))
    await asyncio.sleep(0.5)
    first.cancel('stop')
    print(await outcome(first), condition.locked())
    print(await outcome(second), condition.locked(), at())
