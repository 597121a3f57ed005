"""Callbacks: what runs in which iteration, and what a failing one reports."""

import asyncio

from kit import at, outcome, program, show, spin, state, ticker


@program('callbacks run in the order they were scheduled, with their arguments')
async def _():
    loop = asyncio.get_running_loop()
    for name in ('a', 'b', 'c'):
        loop.call_soon(print, 'callback', name, 1)
    print('scheduled')
    await asyncio.sleep(0)
    print('after one iteration')


@program('callbacks added during a callback run in the next iteration')
async def _():
    loop = asyncio.get_running_loop()

    def step(name, number):
        print(name, number)
        if number < 3:
            loop.call_soon(step, name, number + 1)

    loop.call_soon(step, 'first', 0)
    loop.call_soon(step, 'second', 0)
    await ticker(5)


@program('one callback that adds two: both wait for the iteration after')
async def _():
    loop = asyncio.get_running_loop()

    def fork(name):
        print('fork', name)
        if len(name) < 2:
            loop.call_soon(fork, name + 'l')
            loop.call_soon(fork, name + 'r')

    loop.call_soon(fork, '')
    await ticker(4)


@program('a failing callback is reported and those after it run')
async def _():
    loop = asyncio.get_running_loop()

    def report(reporting_loop, context):
        print(reporting_loop is loop, sorted(context), show(context['exception']))
        print(context['message'].startswith('Exception in callback'))

    def bad():
        raise ValueError('boom')

    loop.set_exception_handler(report)
    loop.call_soon(bad)
    loop.call_soon(print, 'the next one')
    await asyncio.sleep(0)
    loop.call_later(1, bad)
    await asyncio.sleep(2)
    print('at', at())


@program('an exception handler that fails does not stop the loop')
async def _():
    loop = asyncio.get_running_loop()

    def report(_loop, context):
        print('handler', show(context['exception']))
        raise RuntimeError('the handler is broken')

    def bad(number):
        raise ValueError(f'boom {number}')

    loop.set_exception_handler(report)
    loop.call_soon(bad, 1)
    loop.call_soon(bad, 2)
    loop.call_soon(print, 'still running')
    await spin(2)
    print('done')


@program('the exception handler can be read, replaced and called by hand')
async def _():
    loop = asyncio.get_running_loop()

    def report(_loop, context):
        print('reported', sorted(context), context['message'])

    print(loop.get_exception_handler() is None)
    loop.set_exception_handler(report)
    print(loop.get_exception_handler() is report)
    loop.call_exception_handler({'message': 'by hand', 'extra': 1})
    loop.set_exception_handler(None)
    print(loop.get_exception_handler() is None)
    try:
        loop.set_exception_handler('no function')
    except TypeError as error:
        print(type(error).__name__)


@program('a handle cancelled by the callback before it does not run')
async def _():
    loop = asyncio.get_running_loop()
    handles = []

    def first():
        print('first')
        handles[0].cancel()
        handles[0].cancel()
        print(handles[0].cancelled())

    loop.call_soon(first)
    handles.append(loop.call_soon(print, 'never'))
    loop.call_soon(print, 'third')
    print(handles[0].cancelled())
    await asyncio.sleep(0)
    print('end')


@program('callbacks scheduled thread-safely keep their place in the queue')
async def _():
    loop = asyncio.get_running_loop()
    loop.call_soon(print, 'a')
    loop.call_soon_threadsafe(print, 'b')
    loop.call_soon(print, 'c')
    await asyncio.sleep(0)
    print('end')


@program('a CancelledError raised by a callback is reported like any other')
async def _():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: print('reported', show(context['exception'])))

    def cancelled():
        raise asyncio.CancelledError('from a callback')

    loop.call_soon(cancelled)
    loop.call_soon(print, 'the next one')
    await spin(2)
    print('end')


@program('a task factory makes the tasks of the loop')
async def _():
    loop = asyncio.get_running_loop()
    made = []

    def factory(factory_loop, coro, **options):
        made.append(factory_loop is loop)
        return asyncio.Task(coro, loop=factory_loop, **options)

    async def work(value):
        await asyncio.sleep(0)
        return value

    print(loop.get_task_factory() is None)
    loop.set_task_factory(factory)
    print(loop.get_task_factory() is factory)
    tasks = [asyncio.create_task(work(1)), loop.create_task(work(2))]
    print(await asyncio.gather(*tasks), len(made), made[0], made[1])
    loop.set_task_factory(None)
    print(await outcome(asyncio.create_task(work(3))), len(made))
    print(state(tasks[0]))
