"""Futures: settling once, callbacks in order, what waits for them, and what is lost if no one asks."""

import asyncio

from kit import at, forever, outcome, program, show, spin, state, ticker


def attempt(action):
    """Says how a call that may fail ended."""
    try:
        return action()
    except BaseException as error:
        return type(error).__name__


@program('a pending future refuses to tell')
async def _():
    future = asyncio.get_running_loop().create_future()
    for ask in (future.result, future.exception):
        try:
            ask()
        except asyncio.InvalidStateError as error:
            print(type(error).__name__)
    print(future.done(), future.cancelled(), state(future))
    future.cancel()


@program('a future is settled once')
async def _():
    loop = asyncio.get_running_loop()
    settle = {
        'result': lambda future: future.set_result('first'),
        'exception': lambda future: future.set_exception(ValueError('first')),
        'cancel': lambda future: future.cancel(),
    }
    for name, first in settle.items():
        future = loop.create_future()
        first(future)
        print(name, future.done(), future.cancelled())
        print(attempt(lambda: future.set_result('second')))
        print(attempt(lambda: future.set_exception(ValueError('second'))))
        print(future.cancel(), state(future))


@program('callbacks of a future run in the next iteration, in order')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    for name in ('a', 'b', 'c'):
        future.add_done_callback(lambda done, name=name: print('callback', name, state(done)))
    loop.call_soon(print, 'scheduled before the result')
    future.set_result(42)
    loop.call_soon(print, 'scheduled after the result')
    print('set')
    await asyncio.sleep(0)
    print('end')


@program('a callback added to a done future is not called at once')
async def _():
    future = asyncio.get_running_loop().create_future()
    future.set_result(1)
    future.add_done_callback(lambda _: print('callback'))
    print('added')
    await asyncio.sleep(0)
    print('end')


@program('a callback added by a callback runs one iteration later')
async def _():
    future = asyncio.get_running_loop().create_future()

    def first(done):
        print('first')
        done.add_done_callback(lambda _: print('third'))

    future.add_done_callback(first)
    future.add_done_callback(lambda _: print('second'))
    future.set_result(None)
    await ticker(3)


@program('a callback added twice runs twice, and both are removed at once')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def callback(_):
        print('called')

    future.add_done_callback(callback)
    future.add_done_callback(callback)
    future.set_result(None)
    await asyncio.sleep(0)
    other = loop.create_future()
    other.add_done_callback(callback)
    other.add_done_callback(lambda _: print('kept'))
    other.add_done_callback(callback)
    print(other.remove_done_callback(callback), other.remove_done_callback(callback))
    other.set_result(None)
    await asyncio.sleep(0)
    print('end')


@program('a callback that is removed after the future is done still runs')
async def _():
    future = asyncio.get_running_loop().create_future()

    def callback(_):
        print('called')

    future.add_done_callback(callback)
    future.set_result(None)
    print(future.remove_done_callback(callback))
    await asyncio.sleep(0)
    print('end')


@program('a failing callback of a future is reported, and the others run')
async def _():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: print('reported', show(context['exception'])))
    future = loop.create_future()

    def bad(_):
        raise ValueError('boom')

    future.add_done_callback(bad)
    future.add_done_callback(lambda _: print('second'))
    future.set_result('fine')
    print(await outcome(future))
    await asyncio.sleep(0)
    print('end')


@program('awaiting a done future takes no iteration')
async def _():
    loop = asyncio.get_running_loop()
    ticking = asyncio.create_task(ticker(2))
    for number in range(3):
        future = loop.create_future()
        future.set_result(number)
        print('got', await future)
    failed = loop.create_future()
    failed.set_exception(ValueError('boom'))
    print(await outcome(failed))
    await ticking


@program('tasks that await one future wake in the order they came')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def waiter(name):
        print(name, await future)

    tasks = [asyncio.create_task(waiter(name)) for name in 'abcd']
    await asyncio.sleep(0)
    future.add_done_callback(lambda _: print('callback'))
    loop.call_soon(print, 'before')
    future.set_result('woken')
    loop.call_soon(print, 'after')
    await asyncio.gather(*tasks)


@program('an exception reaches each waiter as the same object')
async def _():
    future = asyncio.get_running_loop().create_future()
    error = ValueError('boom')
    caught = []

    async def waiter():
        try:
            await future
        except ValueError as failure:
            caught.append(failure is error)

    tasks = [asyncio.create_task(waiter()) for _ in range(3)]
    await asyncio.sleep(0)
    future.set_exception(error)
    await asyncio.wait(tasks)
    print(caught, future.exception() is error)
    try:
        future.result()
    except ValueError as failure:
        print(failure is error)


@program('set_exception takes a class too')
async def _():
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError)
    print(show(future.exception()), await outcome(future))


@program('cancelling a future wakes its waiters, and keeps the message')
async def _():
    future = asyncio.get_running_loop().create_future()

    async def waiter(name):
        try:
            await future
        except asyncio.CancelledError as error:
            print(name, show(error))
        return name

    tasks = [asyncio.create_task(waiter(name)) for name in 'ab']
    await asyncio.sleep(0)
    print(future.cancel('enough'), future.cancel('again'))
    print(await asyncio.gather(*tasks))
    print(attempt(future.result), attempt(future.exception))


@program('asking a cancelled future')
async def _():
    future = asyncio.get_running_loop().create_future()
    future.cancel('why')
    for ask in (future.result, future.exception):
        try:
            ask()
        except asyncio.CancelledError as error:
            print(show(error))
    print(future.done(), future.cancelled())


@program('a chain of futures takes one iteration a link')
async def _():
    loop = asyncio.get_running_loop()
    chain = [loop.create_future() for _ in range(4)]
    for here, there in zip(chain, chain[1:]):
        here.add_done_callback(lambda done, there=there: there.set_result(done.result() + 1))
    ticking = asyncio.create_task(ticker(6))
    await asyncio.sleep(0)
    chain[0].set_result(0)
    print('the end of the chain', await chain[-1])
    await ticking


@program('one waiter cancelled takes the shared future with it')
async def _():
    future = asyncio.get_running_loop().create_future()

    async def waiter(name):
        print(name, await outcome(future))

    first, second = asyncio.create_task(waiter('first')), asyncio.create_task(waiter('second'))
    await asyncio.sleep(0)
    print(first.cancel('me only'))
    await asyncio.wait([first, second])
    print(state(future), state(first), state(second))


@program('a future settled between cancel and wake-up')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def waiter():
        return await future

    task = asyncio.create_task(waiter())
    await asyncio.sleep(0)
    task.cancel()
    print(state(future), attempt(lambda: future.set_result('too late')))
    print(await outcome(task))


@program('an exception that no one asked for is reported')
async def _():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: print('reported', context['message'], show(context['exception']))
    )
    asked = loop.create_future()
    asked.set_exception(ValueError('asked for'))
    asked.exception()
    future = loop.create_future()
    future.set_exception(ValueError('lost'))
    print('end')
    del asked, future


@program('a future knows its loop, and ensure_future leaves it alone')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    print(future.get_loop() is loop, asyncio.ensure_future(future) is future, asyncio.isfuture(future))
    print(asyncio.isfuture(1), asyncio.isfuture(None), asyncio.isfuture(loop))
    task = asyncio.ensure_future(forever('task'))
    print(asyncio.isfuture(task), asyncio.ensure_future(task) is task)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print(attempt(lambda: asyncio.ensure_future(5)))


@program('a timer and a callback race to settle a future')
async def _():
    loop = asyncio.get_running_loop()

    def settle(future, value):
        if future.done():
            print('too late:', value)
        else:
            future.set_result(value)

    for first, second in ((1, 2), (2, 1)):
        future = loop.create_future()
        loop.call_later(first, settle, future, f'after {first}')
        loop.call_later(second, settle, future, f'after {second}')
        print(await future, at())
    await asyncio.sleep(3)
    await spin(1)
