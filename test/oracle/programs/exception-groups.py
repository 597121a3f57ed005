"""Exception groups: what split, subgroup and derive keep."""

import asyncio

from kit import program, show


def tree(error, depth=0):
    """Prints a group with its members, indented."""
    print('  ' * depth + show(error))
    for member in getattr(error, 'exceptions', ()):
        tree(member, depth + 1)


def sample():
    return ExceptionGroup(
        'top',
        [
            ValueError('one'),
            ExceptionGroup('middle', [TimeoutError('two'), ExceptionGroup('low', [ValueError('three')])]),
            RuntimeError('four'),
        ],
    )


@program('an exception group tells its message and how many it holds')
async def _():
    tree(sample())
    error = sample()
    print(error.message, len(error.exceptions), isinstance(error, BaseExceptionGroup))
    print(show(ExceptionGroup('single', [ValueError('x')])))


@program('split parts a group in two, both with its shape')
async def _():
    for part in sample().split(ValueError):
        tree(part)


@program('split that finds all or nothing')
async def _():
    error = sample()
    match, rest = error.split(Exception)
    print(match is error, rest is None)
    match, rest = error.split(LookupError)
    print(match is None, rest is error)
    match, rest = error.split(ExceptionGroup)
    print(match is error, rest is None)


@program('split and subgroup by a function')
async def _():
    error = sample()
    tree(error.subgroup(lambda member: 't' in str(member) and not isinstance(member, ExceptionGroup)))
    print(error.subgroup(lambda member: False) is None)
    match, rest = error.split(lambda member: str(member) == 'four')
    tree(match)
    tree(rest)


@program('subgroup by several classes')
async def _():
    tree(sample().subgroup((TimeoutError, RuntimeError)))


@program('derive makes a group of the same kind')
async def _():
    derived = sample().derive([ValueError('other')])
    tree(derived)

    class Special(ExceptionGroup):
        def __init__(self, message, errors):
            super().__init__(message, errors)

        def derive(self, errors):
            return Special(self.message, errors)

    special = Special('special', [ValueError('one'), KeyError()])
    match, rest = special.split(ValueError)
    print(type(match).__name__, type(rest).__name__, len(rest.exceptions))


@program('a group with a CancelledError in it is a BaseExceptionGroup')
async def _():
    error = BaseExceptionGroup('base', [asyncio.CancelledError(), ValueError('one')])
    print(type(error).__name__, isinstance(error, ExceptionGroup))
    try:
        ExceptionGroup('no', [asyncio.CancelledError()])
    except TypeError as failure:
        print(show(failure).startswith('TypeError: Cannot nest BaseExceptions in an ExceptionGroup'))
    match, rest = error.split(asyncio.CancelledError)
    print(type(match).__name__, type(rest).__name__)


@program('a group needs members')
async def _():
    try:
        ExceptionGroup('no', [])
    except ValueError as failure:
        print(type(failure).__name__)


@program('a group raised by a task group, split by who catches it')
async def _():
    async def bad(kind):
        await asyncio.sleep(0)
        raise kind

    try:
        async with asyncio.TaskGroup() as group:
            for kind in (ValueError, RuntimeError, OSError):
                group.create_task(bad(kind))
    except* ValueError as error:
        print('first', show(error), len(error.exceptions))
    except* (RuntimeError, OSError) as error:
        print('second', show(error), len(error.exceptions))
