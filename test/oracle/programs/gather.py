"""gather: results in order, the first failure, and cancellation from either side."""

import asyncio

from kit import (
    at,
    cleaning,
    fail_after,
    forever,
    outcome,
    program,
    show,
    spin,
    state,
    stubborn,
    ticker,
    value_after,
)


def each(results):
    """The results of gather with return_exceptions, fit to print."""
    return ', '.join(show(result) if isinstance(result, BaseException) else str(result) for result in results)


@program('gather gives results in the order of its arguments')
async def _():
    print(await asyncio.gather(value_after(3, 'c'), value_after(1, 'a'), value_after(2, 'b')), at())


@program('gather of nothing')
async def _():
    ticking = asyncio.create_task(ticker(2))
    print(await asyncio.gather())
    await ticking


@program('gather starts its coroutines in order, in the next iteration')
async def _():
    async def work(name):
        print(name, 'starts')
        await asyncio.sleep(0)
        print(name, 'ends')

    gathered = asyncio.gather(work('a'), work('b'))
    print('gathered', state(gathered))
    await ticker(4)
    print(state(gathered))


@program('gather is done one iteration after its last child')
async def _():
    async def work(steps):
        await spin(steps)
        print('child ends')

    async def waits():
        await asyncio.gather(work(1), work(2))
        print('gather ends')

    await asyncio.gather(waits(), ticker(8))


@program('gather raises the first failure at once, and the others run on')
async def _():
    last = asyncio.create_task(value_after(3, 'last'))
    try:
        await asyncio.gather(value_after(1, 'first'), fail_after(2, 'second'), last)
    except ValueError as error:
        print(show(error), at(), state(last))
    print(await last, at())


@program('gather keeps quiet about the failures after the first')
async def _():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: print('reported', context['message']))
    print(await outcome(asyncio.gather(fail_after(2, 'late'), fail_after(1, 'early'))), at())
    await asyncio.sleep(3)
    print('end')


@program('gather with return_exceptions waits for all')
async def _():
    results = await asyncio.gather(
        value_after(1, 'first'), fail_after(2, 'second'), value_after(3, 'third'), return_exceptions=True
    )
    print(each(results), at())


@program('gather with return_exceptions and a cancelled child')
async def _():
    task = asyncio.create_task(forever('child'))
    gathered = asyncio.gather(value_after(2, 'other'), task, return_exceptions=True)
    await asyncio.sleep(1)
    task.cancel('the child only')
    print(each(await gathered), at(), state(gathered) == 'cancelled')


@program('cancel in the middle of gather reaches every child')
async def _():
    async def work():
        await asyncio.gather(forever('a'), forever('b'), cleaning('c', 0))

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    print(task.cancel('all of you'))
    print(await outcome(task), at())


@program('cancel in the middle of gather waits for children that clean up')
async def _():
    gathered = asyncio.gather(cleaning('slow', 2), cleaning('fast', 1), value_after(5, 'never'))
    await asyncio.sleep(1)
    print(gathered.cancel())
    print(await outcome(gathered), at())


@program('cancel of the future of gather, children that have ended stay')
async def _():
    first = asyncio.create_task(value_after(1, 'first'))
    second = asyncio.create_task(forever('second'))
    gathered = asyncio.gather(first, second)
    await asyncio.sleep(2)
    print(gathered.cancel('stop'), state(gathered))
    print(await outcome(gathered), gathered.cancelled(), state(first), state(second))
    print(gathered.cancel())


@program('a child that ignores the cancellation of gather')
async def _():
    gathered = asyncio.gather(stubborn('child', 1, 'kept'), forever('other'))
    await asyncio.sleep(0)
    gathered.cancel()
    print(await outcome(gathered), gathered.cancelled(), at())


@program('all children ignore the cancellation of gather: it is cancelled all the same')
async def _():
    gathered = asyncio.gather(stubborn('a', 1, 'a'), stubborn('b', 2, 'b'))
    await asyncio.sleep(0)
    gathered.cancel()
    print(await outcome(gathered), gathered.cancelled(), at())


@program('cancel of gather with return_exceptions raises when the children have ended')
async def _():
    gathered = asyncio.gather(forever('a'), stubborn('b', 1, 'kept'), return_exceptions=True)
    await asyncio.sleep(0)
    gathered.cancel()
    print(await outcome(gathered), gathered.cancelled(), at())


@program('a cancelled child cancels the waiter of gather, not its brothers')
async def _():
    child = asyncio.create_task(forever('child'))
    brother = asyncio.create_task(value_after(2, 'brother'))
    gathered = asyncio.gather(child, brother)
    await asyncio.sleep(1)
    child.cancel('the child')
    print(await outcome(gathered), asyncio.current_task().cancelling(), at())
    print(state(gathered), state(brother))
    print(await brother, at())


@program('gather of one thing given twice')
async def _():
    calls = []

    async def work():
        calls.append('called')
        await asyncio.sleep(1)
        return len(calls)

    coroutine, task = work(), asyncio.create_task(work())
    print(await asyncio.gather(coroutine, task, coroutine, task), len(calls))


@program('gather of futures, tasks and coroutines')
async def _():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    done = loop.create_future()
    done.set_result('done before')
    loop.call_later(2, future.set_result, 'future')
    task = asyncio.create_task(value_after(1, 'task'))
    print(await asyncio.gather(future, task, value_after(3, 'coroutine'), done), at())


@program('gather of what is done already is done at once', since=(3, 12))
async def _():
    task = asyncio.create_task(value_after(0, 'task'))
    await spin(3)
    ticking = asyncio.create_task(ticker(4))
    print(await asyncio.gather(task, task))
    await ticking


@program('gather in gather')
async def _():
    print(
        await asyncio.gather(
            asyncio.gather(value_after(1, 1), value_after(2, 2)),
            asyncio.gather(value_after(3, 3), value_after(0, 4)),
            value_after(0, 5),
        ),
        at(),
    )
    inner = asyncio.gather(forever('inner a'), forever('inner b'))
    outer = asyncio.gather(inner, forever('outer'))
    await asyncio.sleep(0)
    outer.cancel('the whole tree')
    print(await outcome(outer), state(inner))


@program('gather that failed, and is cancelled afterwards')
async def _():
    other = asyncio.create_task(value_after(3, 'other'))
    gathered = asyncio.gather(fail_after(1, 'boom'), other)
    print(await outcome(gathered), at())
    print(gathered.cancel(), state(other))
    print(await outcome(other), at())


@program('cancel comes in the iteration in which the last child ended')
async def _():
    async def work(children):
        try:
            return await asyncio.gather(*children)
        except asyncio.CancelledError:
            print('cancelled', [state(child) for child in children])
            raise

    children = [asyncio.create_task(value_after(0, number)) for number in (1, 2)]
    task = asyncio.create_task(work(children))
    children[1].add_done_callback(lambda _: print('cancel', task.cancel()))
    print(await outcome(task))


@program('failure and cancellation of children in one iteration: the first in order counts')
async def _():
    async def bad(message):
        await asyncio.sleep(0)
        raise ValueError(message)

    first, second = asyncio.create_task(bad('one')), asyncio.create_task(forever('two'))
    gathered = asyncio.gather(second, first)
    await asyncio.sleep(0)
    second.cancel()
    print(await outcome(gathered), state(first), state(second))


@program('factorials gathered')
async def _():
    async def factorial(name, number):
        result = 1
        for factor in range(2, number + 1):
            print(f'Task {name}: factorial({number}), i={factor}')
            await asyncio.sleep(1)
            result *= factor
        print(f'Task {name}: factorial({number}) = {result}')
        return result

    print(await asyncio.gather(factorial('A', 2), factorial('B', 3), factorial('C', 4)), at())
