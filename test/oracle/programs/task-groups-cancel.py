"""TaskGroup.cancel: a group that is ended from inside or outside, and is left without an error."""

import asyncio

from kit import at, cleaning, ending, fail_after, forever, leaves, outcome, program, state, stubborn, value_after


@program('a body that cancels its group', since=(3, 15))
async def _():
    async with asyncio.TaskGroup() as group:
        child = group.create_task(forever('child'))
        await asyncio.sleep(1)
        group.cancel()
        print('still in the body', asyncio.current_task().cancelling())
        await asyncio.sleep(1)
        print('never')
    print('left', state(child), at(), asyncio.current_task().cancelling())


@program('a body that cancels its group and does not wait any more', since=(3, 15))
async def _():
    async with asyncio.TaskGroup() as group:
        child = group.create_task(cleaning('child', 1))
        await asyncio.sleep(1)
        group.cancel()
        print('the body ends')
    print('left', state(child), at(), asyncio.current_task().cancelling())
    await asyncio.sleep(1)
    print('and goes on', at())


@program('a child that cancels its group', since=(3, 15))
async def _():
    group = asyncio.TaskGroup()

    async def child():
        await asyncio.sleep(1)
        group.cancel()
        print('the child goes on to its next wait')
        await asyncio.sleep(1)
        print('never')

    async with group:
        group.create_task(forever('brother'))
        group.create_task(child())
    print('left', at())


@program('a group that was cancelled before it was entered', since=(3, 15))
async def _():
    group = asyncio.TaskGroup()
    group.cancel()
    async with group:
        print('the body starts')
        await asyncio.sleep(1)
        print('never')
    print('left', at(), asyncio.current_task().cancelling())


@program('a group that is cancelled twice, and after its end', since=(3, 15))
async def _():
    async with asyncio.TaskGroup() as group:
        child = group.create_task(stubborn('child', 1, 'kept'))
        asyncio.get_running_loop().call_later(1, group.cancel)
        asyncio.get_running_loop().call_later(1.5, group.cancel)
    group.cancel()
    await asyncio.sleep(0)
    print('left', state(child), at(), asyncio.current_task().cancelling())


@program('a child that fails while its group is cancelled', since=(3, 15))
async def _():
    async def bad_loser():
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError('in the clean-up')

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(bad_loser())
            await asyncio.sleep(0)
            group.cancel()

    await ending(body)


@program('a group cancelled in the iteration in which its parent is', since=(3, 15))
async def _():
    async def parent(group):
        async with group:
            await asyncio.sleep(10)
        print('left', asyncio.current_task().cancelling())
        await asyncio.sleep(1)
        print('never')

    for order in ('group first', 'parent first'):
        group = asyncio.TaskGroup()
        task = asyncio.create_task(parent(group))
        await asyncio.sleep(0)
        if order == 'group first':
            group.cancel()
            task.cancel('from outside')
        else:
            task.cancel('from outside')
            group.cancel()
        print(order, await outcome(task), task.cancelling())


@program('cancelling an inner group leaves the outer one alone', since=(3, 15))
async def _():
    async with asyncio.TaskGroup() as outer:
        child = outer.create_task(value_after(3, 'outer child'))
        async with asyncio.TaskGroup() as inner:
            inner.create_task(forever('inner child'))
            await asyncio.sleep(1)
            inner.cancel()
        print('inner left', at())
    print(state(child), at())


@program('a group that failed, and is cancelled while it ends', since=(3, 15))
async def _():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_after(1, 'boom'))
            group.create_task(cleaning('child', 2))
            asyncio.get_running_loop().call_later(2, group.cancel)
    except ExceptionGroup as error:
        print(leaves(error), at())
