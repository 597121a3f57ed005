"""shield: the waiter may be cancelled, what it waits for may not."""

import asyncio

from kit import at, cleaning, fail_after, forever, outcome, program, show, spin, state, ticker, value_after


@program('shield passes the result and the failure on')
async def _():
    print(await asyncio.shield(value_after(1, 'value')), at())
    print(await outcome(asyncio.shield(fail_after(1, 'boom'))), at())


@program('shield of what is done')
async def _():
    task = asyncio.create_task(value_after(0, 'value'))
    await spin(3)
    ticking = asyncio.create_task(ticker(2))
    print(asyncio.shield(task) is task, await asyncio.shield(task))
    await ticking


@program('cancel in the middle of shield: the inner task runs on')
async def _():
    inner = asyncio.create_task(value_after(2, 'inner'))

    async def work():
        try:
            return await asyncio.shield(inner)
        except asyncio.CancelledError as error:
            print(show(error), at(), state(inner), inner.cancelling())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('the waiter only')
    print(await outcome(task))
    print(await inner, at())


@program('a cancelled inner task cancels what shields it')
async def _():
    inner = asyncio.create_task(forever('inner'))
    outer = asyncio.shield(inner)
    await asyncio.sleep(1)
    inner.cancel('inside')
    print(await outcome(outer), outer.cancelled(), asyncio.current_task().cancelling())


@program('shield is done one iteration after the task in it')
async def _():
    async def waits():
        await asyncio.shield(spin(1))
        print('shield ends')

    await asyncio.gather(waits(), ticker(6))


@program('cancel of the shield and the end of the inner task in one iteration')
async def _():
    inner = asyncio.create_task(value_after(0, 'inner'))

    async def work():
        return await asyncio.shield(inner)

    task = asyncio.create_task(work())
    inner.add_done_callback(lambda _: print('cancel', task.cancel()))
    print(await outcome(task), state(inner))


@program('shield shared by two waiters')
async def _():
    inner = asyncio.create_task(value_after(2, 'inner'))

    async def work(name):
        print(name, await outcome(asyncio.shield(inner)), at())

    first, second = asyncio.create_task(work('first')), asyncio.create_task(work('second'))
    await asyncio.sleep(1)
    first.cancel()
    await asyncio.gather(first, second)
    print(state(inner))


@program('shield around the clean-up of a cancelled task')
async def _():
    async def clean():
        print('cleaning', at())
        await asyncio.sleep(2)
        print('clean', at())

    async def work():
        try:
            await asyncio.sleep(10)
        finally:
            cleaner = asyncio.create_task(clean())
            try:
                await asyncio.shield(cleaner)
            except asyncio.CancelledError:
                print('cancelled again', at())
                await cleaner
                raise

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task), at())


@program('shield of gather: cancelling the shield leaves the children running')
async def _():
    gathered = asyncio.gather(value_after(2, 'a'), value_after(3, 'b'))
    outer = asyncio.shield(gathered)
    await asyncio.sleep(1)
    outer.cancel()
    print(await outcome(outer), state(gathered))
    print(await gathered, at())


@program('shield in gather, the gather cancelled')
async def _():
    inner = asyncio.create_task(value_after(2, 'inner'))
    gathered = asyncio.gather(asyncio.shield(inner), cleaning('other', 0))
    await asyncio.sleep(1)
    gathered.cancel()
    print(await outcome(gathered), state(inner), at())
    print(await inner, at())
