"""Timers: in which order they fire, when the clock moves, and what a cancelled one does."""

import asyncio

from kit import at, program, ticker


@program('timers fire in the order of their deadlines, not of their making')
async def _():
    loop = asyncio.get_running_loop()
    for delay in (3, 1, 2, 0.5, 2.5):
        loop.call_later(delay, lambda d: print('timer', int(d * 10), 'at', at()), delay)
    loop.call_at(loop.time() + 1.5, lambda: print('call_at', at()))
    await asyncio.sleep(4)
    print('end', at())


@program('a timer of no delay runs after the callbacks that are already ready')
async def _():
    loop = asyncio.get_running_loop()
    loop.call_later(0, print, 'call_later 0')
    loop.call_soon(print, 'call_soon')
    loop.call_at(loop.time() - 5, print, 'call_at in the past')
    await ticker(3)


@program('a negative delay is due at once, and before shorter ones')
async def _():
    loop = asyncio.get_running_loop()
    loop.call_later(-1, print, 'one second ago')
    loop.call_later(-2, print, 'two seconds ago')
    loop.call_later(0.001, print, 'soon')
    await ticker(2)
    await asyncio.sleep(1)
    print('slept', at())


@program('time stands still while something is ready')
async def _():
    loop = asyncio.get_running_loop()
    loop.call_later(1, lambda: print('timer', at()))
    for _ in range(50):
        await asyncio.sleep(0)
    print('after fifty iterations', at())
    await asyncio.sleep(1.5)
    print('then', at())


@program('a timer made in a timer callback, for now, runs in the next iteration')
async def _():
    loop = asyncio.get_running_loop()

    def first():
        print('first', at())
        loop.call_later(0, print, 'nested timer')
        loop.call_soon(print, 'nested callback')

    loop.call_later(1, first)
    loop.call_later(1.5, print, 'later')
    await asyncio.sleep(1.0000005)
    print('sleeper')
    await ticker(3)


@program('timer handles know when they are due and can be cancelled')
async def _():
    loop = asyncio.get_running_loop()
    first = loop.call_later(2, print, 'never')
    second = loop.call_later(3, print, 'second')
    print(int(first.when()), int(second.when()), first.cancelled())
    first.cancel()
    print(first.cancelled(), second.cancelled())
    await asyncio.sleep(4)
    second.cancel()
    print('cancelling one that has run does no harm', second.cancelled())


@program('a timer cancelled in the iteration it is due does not run')
async def _():
    loop = asyncio.get_running_loop()
    handles = []

    def first():
        print('first')
        handles[0].cancel()

    loop.call_later(-2, first)
    handles.append(loop.call_later(-1, print, 'never'))
    await asyncio.sleep(2)
    print('end', at())


@program('many timers, most of them cancelled')
async def _():
    loop = asyncio.get_running_loop()
    handles = [loop.call_later(1 + (i * 7919 % 1000) / 1000, print, 'timer', i) for i in range(1000)]
    for number, handle in enumerate(handles):
        if number % 100 != 0:
            handle.cancel()
    await asyncio.sleep(3)
    print('end')
