"""Asynchronous context managers: the order of entering and leaving, and what becomes of an error on its way out."""

import asyncio
import contextlib

from kit import at, outcome, program, show


class Managed:
    """A context manager that says what happens to it."""

    def __init__(self, name, *, swallow=False, enter_fails=False, exit_fails=False):
        self.name = name
        self.swallow = swallow
        self.enter_fails = enter_fails
        self.exit_fails = exit_fails

    async def __aenter__(self):
        await asyncio.sleep(0)
        if self.enter_fails:
            raise ValueError(f'{self.name} does not open')
        print('enter', self.name)
        return self.name

    async def __aexit__(self, kind, error, traceback):
        await asyncio.sleep(0)
        print('exit', self.name, None if error is None else show(error))
        if self.exit_fails:
            raise RuntimeError(f'{self.name} does not close')
        return self.swallow


@program('async with enters and leaves, with and without an error')
async def _():
    async with Managed('plain') as value:
        print('body of', value)
    try:
        async with Managed('failing'):
            raise ValueError('body')
    except ValueError as error:
        print('outside', show(error))
    async with Managed('swallowing', swallow=True):
        raise ValueError('body')
    print('went on')


@program('async with that does not open, and one that does not close')
async def _():
    try:
        async with Managed('first', enter_fails=True):
            print('never')
    except ValueError as error:
        print(show(error))
    try:
        async with Managed('second', exit_fails=True):
            raise ValueError('body')
    except RuntimeError as error:
        print(show(error))


@program('cancel in the body of async with')
async def _():
    async def work():
        async with Managed('outer'), Managed('inner'):
            print('body')
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('stop')
    print(await outcome(task), at())


@program('cancel while async with is entered')
async def _():
    class Slow:
        async def __aenter__(self):
            await asyncio.sleep(2)
            return 'never'

        async def __aexit__(self, kind, error, traceback):
            print('never')

    async def work():
        async with Managed('outer'), Slow():
            print('never')

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel()
    print(await outcome(task), at())


@program('an exit stack leaves in reverse')
async def _():
    async def later(*arguments):
        await asyncio.sleep(0)
        print('async callback', *arguments)

    async with contextlib.AsyncExitStack() as stack:
        print('got', await stack.enter_async_context(Managed('a')))
        stack.callback(print, 'callback', 1)
        stack.push_async_callback(later, 2, 'x')
        await stack.enter_async_context(Managed('b'))
        print('body')
    print('left')


@program('an exit stack: who swallows an error hides it from those outside')
async def _():
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(Managed('outer'))
        await stack.enter_async_context(Managed('swallower', swallow=True))
        await stack.enter_async_context(Managed('inner'))
        raise ValueError('body')
    print('went on')


@program('an exit stack: an error in leaving takes the place of the first')
async def _():
    try:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(Managed('outer'))
            await stack.enter_async_context(Managed('broken', exit_fails=True))
            await stack.enter_async_context(Managed('inner'))
            raise ValueError('body')
    except RuntimeError as error:
        print('outside', show(error))


@program('an exit stack that fails half way leaves what it has entered')
async def _():
    try:
        async with contextlib.AsyncExitStack() as stack:
            for name in ('a', 'b', 'c'):
                await stack.enter_async_context(Managed(name, enter_fails=name == 'c'))
    except ValueError as error:
        print('outside', show(error))


@program('pop_all moves what an exit stack holds, aclose leaves it')
async def _():
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(Managed('a'))
        stack.callback(print, 'callback')
        kept = stack.pop_all()
        print('popped')
    print('the first stack left nothing')
    await kept.aclose()
    await kept.aclose()
    print('closed')


@program('cancel in an exit stack reaches each manager')
async def _():
    async def work():
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(Managed('a'))
            await stack.enter_async_context(Managed('b'))
            await asyncio.sleep(10)

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel('stop')
    print(await outcome(task), at())
