"""Task groups: failing and cancelled children, a failing body, and when a group takes children."""

import asyncio

from kit import at, cleaning, ending, fail_after, forever, program, show, state, stubborn, ticker, value_after


@program('a task group waits for its children')
async def _():
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(value_after(2, 'slow'), name='the slow one')
        fast = group.create_task(value_after(1, 'fast'))
        print('body ends', at(), slow.get_name())
    print(state(slow), state(fast), at())


@program('an empty task group')
async def _():
    ticking = asyncio.create_task(ticker(2))
    async with asyncio.TaskGroup():
        print('body')
    print('left')
    await ticking


@program('children of a group start in order, in the next iteration')
async def _():
    async def work(name):
        print(name, 'starts')
        await asyncio.sleep(0)
        print(name, 'ends')

    async with asyncio.TaskGroup() as group:
        for name in 'abc':
            group.create_task(work(name))
        print('body ends')
    print('left')


@program('a failing child cancels its brothers and the body')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(forever('brother'))
            group.create_task(fail_after(1, 'boom'))
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError as error:
                print('body', show(error), at(), asyncio.current_task().cancelling())
                raise

    await ending(body)
    print(asyncio.current_task().cancelling())


@program('a child fails after the body has ended')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(cleaning('brother', 1))
            group.create_task(fail_after(2, 'boom'))
            print('body ends')

    await ending(body)


@program('the message of an exception group tells how many there are')
async def _():
    for count in (1, 2):
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    group.create_task(fail_after(0, f'boom {number}'))
        except BaseException as error:
            print(show(error), [str(member) for member in error.exceptions])


@program('two children fail in one iteration')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_after(0, 'one'))
            group.create_task(fail_after(0, 'two'))
            group.create_task(forever('brother'))

    await ending(body)


@program('a brother fails while it is being cancelled')
async def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(1)
            raise KeyError

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_after(1, 'first'))
            group.create_task(bad_loser())

    try:
        await body()
    except ExceptionGroup as error:
        print([type(member).__name__ for member in error.exceptions], at())


@program('the body fails: children are cancelled, and the failure is in the group')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(forever('child'))
            await asyncio.sleep(1)
            raise ValueError('body')

    await ending(body)


@program('the body fails before its children have started')
async def _():
    async def never():
        print('never')

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(never())
            raise ValueError('body')

    await ending(body)


@program('the body and a child fail')
async def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('child')

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(bad_loser())
            await asyncio.sleep(1)
            raise ValueError('body')

    try:
        await body()
    except ExceptionGroup as error:
        print([show(member) for member in error.exceptions])


@program('a cancelled child does not fail the group')
async def _():
    async with asyncio.TaskGroup() as group:
        child = group.create_task(forever('child'))
        other = group.create_task(value_after(2, 'other'))
        await asyncio.sleep(1)
        child.cancel()
    print(state(child), state(other), at())


@program('the body awaits a child that is cancelled')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            child = group.create_task(forever('child'))
            group.create_task(forever('other'))
            await asyncio.sleep(1)
            child.cancel('the child')
            print('waiting for the child')
            await child

    await ending(body)
    print(asyncio.current_task().cancelling())


@program('the body awaits a child that fails')
async def _():
    async def body():
        async with asyncio.TaskGroup() as group:
            child = group.create_task(fail_after(1, 'boom'))
            try:
                await child
            except BaseException as error:
                print('body', show(error))
                raise

    await ending(body)
    print(asyncio.current_task().cancelling())


@program('a child that ignores the cancellation of the group')
async def _():
    children = []

    async def body():
        async with asyncio.TaskGroup() as group:
            children.append(group.create_task(stubborn('child', 1, 'kept')))
            group.create_task(fail_after(1, 'boom'))

    await ending(body)
    print([state(child) for child in children])


@program('a child makes children')
async def _():
    group = asyncio.TaskGroup()

    async def child(depth):
        print('depth', depth)
        if depth < 2:
            group.create_task(child(depth + 1))
            group.create_task(child(depth + 1))
        await asyncio.sleep(1)

    async with group:
        group.create_task(child(0))
    print('left', at())


@program('a group that is leaving takes no more children, nor one that has not begun')
async def _():
    async def late(group):
        try:
            await asyncio.sleep(10)
        finally:
            coroutine = value_after(0, 'no')
            try:
                group.create_task(coroutine)
            except RuntimeError as error:
                print('is shutting down' in str(error))
                coroutine.close()

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(late(group))
            group.create_task(fail_after(0, 'boom'))

    await ending(body)
    group = asyncio.TaskGroup()
    for reason in ('has not been entered', 'is finished'):
        coroutine = value_after(0, 'no')
        try:
            group.create_task(coroutine)
        except RuntimeError as error:
            print(reason in str(error))
            coroutine.close()
        if reason == 'has not been entered':
            async with group:
                pass


@program('a KeyboardInterrupt of a child is raised bare')
async def _():
    async def interrupted():
        await asyncio.sleep(1)
        raise KeyboardInterrupt('child')

    async with asyncio.TaskGroup() as group:
        group.create_task(forever('brother'))
        group.create_task(interrupted())
