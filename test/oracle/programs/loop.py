"""The loop itself: running, stopping, closing, and what leaves it."""

import asyncio

from kit import script, show, virtual_loop


@script('stop lets the iteration finish and keeps the rest for the next run')
def _():
    loop = virtual_loop()

    def first():
        print('first')
        loop.stop()
        loop.call_soon(print, 'added after stop')

    loop.call_soon(first)
    loop.call_soon(print, 'second')
    loop.run_forever()
    print('stopped', loop.is_running())
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()


@script('stop before running runs one iteration')
def _():
    loop = virtual_loop()
    loop.call_soon(print, 'one')
    loop.call_soon(loop.call_soon, print, 'two')
    loop.stop()
    loop.run_forever()
    print('between')
    loop.stop()
    loop.run_forever()
    loop.close()
    print('closed', loop.is_closed())


@script('stop with a timer pending: the clock does not move')
def _():
    loop = virtual_loop()
    loop.call_later(5, print, 'timer')
    loop.call_soon(loop.stop)
    loop.run_forever()
    print(loop.time() < 1)
    loop.call_later(6, loop.stop)
    loop.run_forever()
    print(loop.time() >= 6)
    loop.close()


@script('run_until_complete of a loop that is stopped fails')
def _():
    loop = virtual_loop()
    future = loop.create_future()
    loop.call_soon(loop.stop)
    try:
        loop.run_until_complete(future)
    except RuntimeError as error:
        print(show(error))
    loop.call_soon(future.set_result, 'late')
    print(loop.run_until_complete(future))
    print(loop.run_until_complete(future), 'again')
    loop.close()


@script('run_until_complete raises what the task raised, and the loop runs on')
def _():
    loop = virtual_loop()

    async def bad():
        await asyncio.sleep(1)
        raise ValueError('boom')

    async def good():
        await asyncio.sleep(1)
        return 'good'

    try:
        loop.run_until_complete(bad())
    except ValueError as error:
        print(show(error))
    print(loop.run_until_complete(good()))
    print(round(loop.time()))
    loop.close()


@script('a running loop refuses to run again or to close')
def _():
    loop = virtual_loop()

    async def main():
        for refused in (loop.close, loop.run_forever):
            try:
                refused()
            except RuntimeError as error:
                print(str(error)[:33])
            print(loop.is_closed())

    loop.run_until_complete(main())
    loop.close()
    loop.close()
    print(loop.is_running(), loop.is_closed())


@script('a closed loop refuses work')
def _():
    loop = virtual_loop()
    loop.close()
    for refused in (
        lambda: loop.call_soon(print, 'no'),
        lambda: loop.call_later(1, print, 'no'),
        lambda: loop.call_at(1, print, 'no'),
        lambda: loop.call_soon_threadsafe(print, 'no'),
        lambda: loop.run_forever(),
    ):
        try:
            refused()
        except RuntimeError as error:
            print(show(error))


@script('KeyboardInterrupt and SystemExit in a callback leave run_forever')
def _():
    loop = virtual_loop()

    def interrupt():
        raise KeyboardInterrupt('by hand')

    def leave():
        raise SystemExit(3)

    for bad in (interrupt, leave):
        loop.call_soon(bad)
        loop.call_soon(print, 'the one after', bad is leave)
        try:
            loop.run_forever()
        except BaseException as error:
            print(show(error))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
