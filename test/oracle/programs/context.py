"""Context variables: what a task copies, what a callback sees, and what a token undoes."""

import asyncio
import contextvars

from kit import outcome, program


level = contextvars.ContextVar('level', default=0)


@program('a task sees the values of its creation, and keeps its own')
async def _():
    async def work(name):
        print(name, 'starts with', level.get())
        level.set(level.get() + 10)
        await asyncio.sleep(0)
        print(name, 'has', level.get())

    level.set(1)
    first = asyncio.create_task(work('first'))
    level.set(2)
    second = asyncio.create_task(work('second'))
    level.set(3)
    await asyncio.gather(first, second)
    print('main has', level.get())


@program('an awaited coroutine shares the context of its caller')
async def _():
    async def work():
        level.set(level.get() + 1)
        await asyncio.sleep(0)
        level.set(level.get() + 1)

    level.set(5)
    await work()
    print('after await', level.get())
    await asyncio.create_task(work())
    print('after a task', level.get())
    await asyncio.gather(work(), work())
    print('after gather', level.get())
    await asyncio.wait_for(asyncio.create_task(work()), 5)
    print('after wait_for', level.get())


@program('callbacks run in the context of their scheduling')
async def _():
    loop = asyncio.get_running_loop()

    def callback(name):
        print(name, level.get())
        level.set(level.get() + 100)

    level.set(1)
    loop.call_soon(callback, 'soon')
    loop.call_later(1, callback, 'later')
    level.set(2)
    loop.call_soon(callback, 'soon again')
    await asyncio.sleep(2)
    print('main', level.get())


@program('done callbacks run in the context of their adding')
async def _():
    future = asyncio.get_running_loop().create_future()

    def callback(_):
        print('callback sees', level.get())

    level.set(1)
    future.add_done_callback(callback)
    level.set(2)
    future.add_done_callback(callback)
    other = contextvars.copy_context()
    other.run(level.set, 42)
    future.add_done_callback(callback, context=other)
    level.set(3)
    future.set_result(None)
    await asyncio.sleep(0)
    print('main', level.get())


@program('a token takes the value back')
async def _():
    token = level.set(1)
    inner = level.set(2)
    print(level.get(), inner.old_value)
    level.reset(inner)
    print(level.get())
    level.reset(token)
    print(level.get(), token.old_value is contextvars.Token.MISSING)
    for used in (token, inner):
        try:
            level.reset(used)
        except RuntimeError as error:
            print(type(error).__name__, 'has already been used once' in str(error))


@program('a token of another context, or of another variable, is refused')
async def _():
    other = contextvars.ContextVar('other')
    token = level.set(1)

    async def work():
        level.reset(token)

    print((await outcome(asyncio.create_task(work()))).split(':')[0])
    try:
        other.reset(token)
    except ValueError as error:
        print(type(error).__name__)
    try:
        other.get()
    except LookupError as error:
        print(type(error).__name__, other.get('a default'))


@program('run in a copy of the context')
async def _():
    level.set(1)
    copy = contextvars.copy_context()

    def change(value):
        before = level.get()
        level.set(value)
        return before

    print(copy.run(change, 7), copy.run(level.get), level.get())
    print(copy[level], level in copy, len(copy) >= 1)
    try:
        copy.run(lambda: copy.run(print, 'never'))
    except RuntimeError as error:
        print(type(error).__name__, 'is already entered' in str(error))


@program('a task in a context that is given')
async def _():
    async def work():
        level.set(level.get() + 1)
        await asyncio.sleep(0)
        level.set(level.get() + 1)

    level.set(1)
    context = contextvars.copy_context()
    await asyncio.create_task(work(), context=context)
    await asyncio.create_task(work(), context=context)
    print(context[level], level.get())
    async with asyncio.TaskGroup() as group:
        group.create_task(work(), context=context)
    print(context.run(level.get), level.get())


@program('a timeout and an exception leave the context as it is')
async def _():
    level.set(1)
    try:
        async with asyncio.timeout(1):
            level.set(2)
            await asyncio.sleep(5)
    except TimeoutError:
        print(level.get())

    async def bad():
        level.set(9)
        raise ValueError('boom')

    print(await outcome(bad()), level.get())
