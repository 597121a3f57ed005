"""Task groups in groups and timeouts, and those whose parent is cancelled."""

import asyncio

from kit import at, cleaning, ending, fail_after, forever, leaves, outcome, program, show, state, value_after


@program('the parent is cancelled while the body runs')
async def _():
    async def parent():
        async with asyncio.TaskGroup() as group:
            group.create_task(forever('child'))
            try:
                await asyncio.sleep(10)
            finally:
                print('body left')

    task = asyncio.create_task(parent())
    await asyncio.sleep(1)
    task.cancel('from outside')
    print(await outcome(task), task.cancelling(), at())


@program('the parent is cancelled while it waits for its children')
async def _():
    async def parent():
        async with asyncio.TaskGroup() as group:
            group.create_task(cleaning('child', 1))
            group.create_task(value_after(10, 'never'))

    task = asyncio.create_task(parent())
    await asyncio.sleep(1)
    task.cancel('from outside')
    print(await outcome(task), at())


@program('the parent is cancelled and a child fails while it cleans up')
async def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('child')

    async def parent():
        async with asyncio.TaskGroup() as group:
            group.create_task(bad_loser())
            await asyncio.sleep(10)

    task = asyncio.create_task(parent())
    await asyncio.sleep(1)
    task.cancel('from outside')
    try:
        await task
    except BaseException as error:
        print(leaves(error), task.cancelling())


@program('nested groups: the inner one fails')
async def _():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(forever('outer child'))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(forever('inner child'))
                inner.create_task(fail_after(1, 'boom'))
            print('never')

    await ending(body)


@program('nested groups: the outer one fails')
async def _():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(fail_after(1, 'boom'))
            try:
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(forever('inner child'))
            except BaseException as error:
                print('inner', leaves(error))
                raise

    await ending(body)
    print(asyncio.current_task().cancelling())


@program('nested groups: the failure of the inner one is handled')
async def _():
    async with asyncio.TaskGroup() as outer:
        child = outer.create_task(value_after(3, 'outer child'))
        try:
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fail_after(1, 'boom'))
                await asyncio.sleep(10)
        except ExceptionGroup as error:
            print('handled', leaves(error), asyncio.current_task().cancelling())
        await asyncio.sleep(1)
        print('going on', at())
    print(state(child), at())


@program('nested groups: both fail in one iteration', since=(3, 13))
async def _():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(fail_after(0, 'outer'))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fail_after(0, 'inner'))
                await asyncio.sleep(10)

    await ending(body)
    print(asyncio.current_task().cancelling())


@program('a timeout around a group')
async def _():
    try:
        async with asyncio.timeout(1):
            async with asyncio.TaskGroup() as group:
                group.create_task(cleaning('child', 1))
                group.create_task(value_after(10, 'never'))
    except TimeoutError as error:
        print(show(error), at())


@program('a timeout around a group whose child fails in the clean-up')
async def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('child')

    try:
        async with asyncio.timeout(1):
            async with asyncio.TaskGroup() as group:
                group.create_task(bad_loser())
    except BaseException as error:
        print(leaves(error), asyncio.current_task().cancelling())


@program('a group in a timeout in a group')
async def _():
    async with asyncio.TaskGroup() as outer:
        child = outer.create_task(value_after(3, 'outer child'))
        try:
            async with asyncio.timeout(1):
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(forever('inner child'))
        except TimeoutError:
            print('timed out', at())
    print(state(child), at())


@program('a group in a task that was cancelled before: it can be left', since=(3, 13))
async def _():
    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print('swallowed')
        async with asyncio.TaskGroup() as group:
            child = group.create_task(value_after(1, 'child'))
        print(state(child))
        return 'went on'

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome(task), at())


@program('the parent is cancelled in the iteration in which a child fails', since=(3, 13))
async def _():
    async def parent():
        async with asyncio.TaskGroup() as group:
            child = group.create_task(fail_after(0, 'boom'))
            child.add_done_callback(lambda _: parent_task.cancel('from outside'))

    async def after():
        try:
            await parent()
        except BaseException as error:
            print(leaves(error), asyncio.current_task().cancelling())
            print(await outcome(asyncio.sleep(1)))
            raise

    parent_task = asyncio.create_task(after())
    try:
        await parent_task
    except BaseException as error:
        print(leaves(error), at())
