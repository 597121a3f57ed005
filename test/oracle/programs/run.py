"""run and Runner: what is closed, cancelled and raised when the main task ends."""

import asyncio
import contextvars

from kit import at, cleaning, forever, program, run, script, show, state, stubborn, value_after, virtual_loop


@script('run gives the result of main, and closes its loop')
def _():
    loops = []

    async def main():
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(1)
        return at()

    print(run(main()), loops[0].is_closed(), loops[0].is_running())
    print(run(main()), loops[0] is loops[1])


@script('run raises what main raises')
def _():
    async def bad():
        await asyncio.sleep(1)
        raise ValueError('boom')

    async def cancelled():
        raise asyncio.CancelledError('by hand')

    async def leaving():
        raise SystemExit('leaving')

    for main in (bad, cancelled, leaving):
        try:
            run(main())
        except BaseException as error:
            print(show(error))


@script('run cancels the tasks that are left, and waits for them')
def _():
    async def main():
        asyncio.create_task(cleaning('cleaner', 1))
        await asyncio.sleep(0)
        asyncio.create_task(value_after(1, 'never started'))
        print('main ends', at())
        return 'result'

    print(run(main()))


@script('run cancels what is left when main fails, too')
def _():
    async def main():
        asyncio.create_task(forever('other'))
        await asyncio.sleep(1)
        raise ValueError('boom')

    try:
        run(main())
    except ValueError as error:
        print(show(error))


@script('run reports a task that fails while it is being cancelled')
def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('in the clean-up')

    async def main():
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: print(context['message'], show(context['exception']), sorted(context))
        )
        asyncio.create_task(bad_loser())
        asyncio.create_task(stubborn('stubborn', 1, 'kept'))
        await asyncio.sleep(1)

    run(main())
    print('end')


@script('a task made while the others are being cancelled is left alone')
def _():
    async def starter():
        try:
            await asyncio.sleep(10)
        finally:
            asyncio.create_task(forever('late'))
            print('started another')

    async def main():
        asyncio.create_task(starter())
        await asyncio.sleep(1)

    run(main())
    print('end')


@script('main is cancelled from inside')
def _():
    async def main():
        asyncio.get_running_loop().call_later(1, asyncio.current_task().cancel, 'enough')
        try:
            await asyncio.sleep(10)
        finally:
            print('main left', at())

    try:
        run(main())
    except asyncio.CancelledError as error:
        print(show(error))


@program('run in a running loop is refused')
async def _():
    coroutine = value_after(0, 1)
    try:
        asyncio.run(coroutine)
    except RuntimeError as error:
        print(show(error))
    finally:
        coroutine.close()


@script('without a running loop')
def _():
    for refused in (asyncio.get_running_loop, asyncio.current_task, asyncio.all_tasks):
        try:
            refused()
        except RuntimeError as error:
            print(show(error))


@script('a runner runs several times on one loop')
def _():
    async def main(number):
        await asyncio.sleep(1)
        return number, round(asyncio.get_running_loop().time())

    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        for number in (1, 2):
            result, time = runner.run(main(number))
            print(result, time)
        loop = runner.get_loop()
        print(loop.is_closed())
    print(loop.is_closed())
    coroutine = main(3)
    try:
        runner.run(coroutine)
    except RuntimeError as error:
        print(show(error))
    finally:
        coroutine.close()


@script('tasks live on between the runs of a runner, until it closes')
def _():
    async def main(delay):
        await asyncio.sleep(delay)
        print('main ends', at())

    tasks = []

    async def start():
        tasks.append(asyncio.create_task(ticking()))
        await asyncio.sleep(1.5)

    async def ticking():
        try:
            while True:
                await asyncio.sleep(1)
                print('second', at())
        finally:
            print('ticking left', at())

    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        runner.run(start())
        print('between', [state(task) for task in tasks])
        runner.run(main(2))
        print('closing')
    print([state(task) for task in tasks])


@script('a runner has a context of its own, for all its runs')
def _():
    level = contextvars.ContextVar('level', default=0)

    async def main():
        level.set(level.get() + 1)
        return level.get()

    level.set(10)
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        print(runner.run(main()), runner.run(main()), level.get())
        other = contextvars.copy_context()
        print(runner.run(main(), context=other), other[level], level.get())
    level.set(0)
