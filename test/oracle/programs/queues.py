"""Queues: who gets what, getters and putters that are cancelled as they are woken, joining and shutting down."""

import asyncio

from kit import at, outcome, program, show, spin, state, ticker


@program('a queue gives in the order of putting, to getters in the order of coming')
async def _():
    queue = asyncio.Queue()

    async def getter(name):
        for _ in range(2):
            print(name, 'got', await queue.get())

    tasks = [asyncio.create_task(getter(name)) for name in 'ab']
    await asyncio.sleep(0)
    for number in range(4):
        await queue.put(number)
        print('put', number)
    await asyncio.gather(*tasks)
    print(queue.qsize(), queue.empty())


@program('a full queue makes putters wait, in order')
async def _():
    queue = asyncio.Queue(1)

    async def putter(name):
        await queue.put(name)
        print(name, 'was put', queue.full())

    tasks = [asyncio.create_task(putter(name)) for name in 'abc']
    await asyncio.sleep(1)
    for _ in range(3):
        print('got', await queue.get())
        await spin(2)
    await asyncio.gather(*tasks)


@program('producer and consumer step by step')
async def _():
    queue = asyncio.Queue(2)

    async def producer():
        for number in range(5):
            await queue.put(number)
            print('put', number, queue.qsize())
        await queue.put(None)

    async def consumer():
        while True:
            item = await queue.get()
            if item is None:
                break
            print('got', item, queue.qsize())

    await asyncio.gather(producer(), consumer(), ticker(3))


@program('without waiting: empty and full')
async def _():
    queue = asyncio.Queue(1)
    for action in (
        lambda: queue.get_nowait(),
        lambda: queue.put_nowait('one'),
        lambda: queue.put_nowait('two'),
        lambda: queue.get_nowait(),
    ):
        try:
            print(action())
        except (asyncio.QueueEmpty, asyncio.QueueFull) as error:
            print(show(error))
    print(queue.maxsize, queue.empty(), queue.full())


@program('cancel in the middle of queue.get')
async def _():
    queue = asyncio.Queue()
    tasks = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    queue.put_nowait('first')
    queue.put_nowait('second')
    await asyncio.wait(tasks)
    print([state(task) for task in tasks], queue.qsize())


@program('a getter cancelled as it is woken: the item goes to the next')
async def _():
    queue = asyncio.Queue()

    async def getter(name):
        print(name, 'got', await queue.get())

    tasks = [asyncio.create_task(getter(name)) for name in 'ab']
    await asyncio.sleep(0)
    queue.put_nowait('item')
    print(tasks[0].cancel())
    await ticker(3)
    print([state(task) for task in tasks], queue.qsize())


@program('the only getter cancelled as it is woken: the item stays')
async def _():
    queue = asyncio.Queue()
    task = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait('item')
    task.cancel()
    print(await outcome(task), queue.qsize())
    print(await queue.get())


@program('a putter cancelled as it is woken: the room goes to the next')
async def _():
    queue = asyncio.Queue(1)
    queue.put_nowait('first')

    async def putter(name):
        await queue.put(name)
        print(name, 'was put')

    tasks = [asyncio.create_task(putter(name)) for name in 'ab']
    await asyncio.sleep(0)
    print(queue.get_nowait())
    tasks[0].cancel()
    await ticker(3)
    print([state(task) for task in tasks], queue.qsize(), queue.get_nowait())


@program('cancel in the middle of queue.put: nothing was put')
async def _():
    queue = asyncio.Queue(1)
    await queue.put('first')
    task = asyncio.create_task(queue.put('second'))
    await asyncio.sleep(0)
    task.cancel('no more')
    print(await outcome(task), queue.qsize(), await queue.get(), queue.empty())


@program('an item put between the wake-up and the run of a getter')
async def _():
    queue = asyncio.Queue()

    async def getter():
        print('getter got', await queue.get())

    task = asyncio.create_task(getter())
    await asyncio.sleep(0)
    queue.put_nowait('first')
    print('taken away', queue.get_nowait())
    await ticker(2)
    print(state(task))
    queue.put_nowait('second')
    await task


@program('get with a timeout loses nothing')
async def _():
    queue = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.call_later(1.5, queue.put_nowait, 'late')
    for _ in range(3):
        print(await outcome(asyncio.wait_for(queue.get(), 1)), at())
    print(queue.qsize())


@program('join waits until all is done')
async def _():
    queue = asyncio.Queue()

    async def worker(name):
        while True:
            item = await queue.get()
            await asyncio.sleep(item)
            print(name, 'did', item, at())
            queue.task_done()

    for item in (3, 1.5, 1, 2):
        queue.put_nowait(item)
    workers = [asyncio.create_task(worker(name)) for name in 'ab']
    await queue.join()
    print('joined', at())
    for worker_task in workers:
        worker_task.cancel()
    print([show(result) for result in await asyncio.gather(*workers, return_exceptions=True)])


@program('join of an empty queue, and task_done too often')
async def _():
    queue = asyncio.Queue()
    ticking = asyncio.create_task(ticker(1))
    await queue.join()
    print('joined')
    queue.put_nowait(1)
    queue.get_nowait()
    queue.task_done()
    try:
        queue.task_done()
    except ValueError as error:
        print(show(error))
    await ticking


@program('several tasks join')
async def _():
    queue = asyncio.Queue()
    queue.put_nowait('item')

    async def joiner(name):
        await queue.join()
        print(name, 'joined', at())

    tasks = [asyncio.create_task(joiner(name)) for name in 'ab']
    await asyncio.sleep(1)
    queue.put_nowait('another')
    queue.task_done()
    await asyncio.sleep(1)
    queue.task_done()
    await asyncio.gather(*tasks)


@program('a priority queue gives the least first')
async def _():
    queue = asyncio.PriorityQueue()
    for number in (5, 1, 4, 1, 3):
        queue.put_nowait(number)
    print([queue.get_nowait() for _ in range(queue.qsize())])
    task = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(9)
    queue.put_nowait(2)
    print(await task, await queue.get())


@program('a lifo queue gives the last first')
async def _():
    queue = asyncio.LifoQueue(3)
    for number in (1, 2, 3):
        queue.put_nowait(number)
    print(queue.full(), queue.get_nowait(), queue.get_nowait())
    await queue.put(4)
    print(await queue.get(), await queue.get(), queue.empty())


@program('a queue of no or negative size never is full')
async def _():
    for size in (0, -1):
        queue = asyncio.Queue(size)
        for number in range(100):
            queue.put_nowait(number)
        print(queue.full(), queue.qsize(), queue.maxsize)


@program('a storm of getters and putters loses nothing')
async def _():
    queue = asyncio.Queue(3)
    got = []

    async def putter(number):
        await queue.put(number)

    async def getter():
        got.append(await queue.get())

    putters = [asyncio.create_task(putter(number)) for number in range(30)]
    getters = [asyncio.create_task(getter()) for _ in range(30)]
    await asyncio.sleep(0)
    for number in range(0, 30, 4):
        putters[number].cancel()
        getters[(number * 7) % 30].cancel()
    await asyncio.sleep(1)
    kept = sum(not task.cancelled() for task in putters)
    ordered = all(before < after for before, after in zip(got, got[1:]))
    print(kept, len(got), queue.qsize(), ordered)
    for task in getters:
        task.cancel()
    await asyncio.wait([*putters, *getters])


@program('a queue that is shut down gives what it has, then refuses', since=(3, 13))
async def _():
    queue = asyncio.Queue()
    queue.put_nowait(1)
    queue.put_nowait(2)
    queue.shutdown()
    print(await outcome(queue.put(3)))
    try:
        queue.put_nowait(3)
    except asyncio.QueueShutDown as error:
        print(show(error))
    print(await queue.get(), queue.get_nowait())
    print(await outcome(queue.get()))
    try:
        queue.get_nowait()
    except asyncio.QueueShutDown as error:
        print(show(error))


@program('shutdown wakes getters and putters', since=(3, 13))
async def _():
    empty, full = asyncio.Queue(), asyncio.Queue(1)
    full.put_nowait('in')

    async def report(name, awaitable):
        print(name, await outcome(awaitable), at())

    tasks = [
        asyncio.create_task(report('getter one', empty.get())),
        asyncio.create_task(report('putter', full.put('more'))),
        asyncio.create_task(report('getter two', empty.get())),
    ]
    await asyncio.sleep(1)
    empty.shutdown()
    full.shutdown()
    await asyncio.gather(*tasks)
    print(full.qsize(), full.get_nowait())


@program('shutdown and join: orderly and immediate', since=(3, 13))
async def _():
    for immediate in (False, True):
        queue = asyncio.Queue()
        queue.put_nowait(1)
        queue.put_nowait(2)

        async def joiner():
            await queue.join()
            print('joined', at())

        task = asyncio.create_task(joiner())
        await asyncio.sleep(0)
        queue.shutdown(immediate)
        queue.shutdown(immediate)
        await spin(3)
        print(immediate, state(task), queue.qsize())
        while not queue.empty():
            queue.get_nowait()
            queue.task_done()
        await task
