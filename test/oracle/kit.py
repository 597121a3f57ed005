"""What the Python programs of the oracle share: registration, and the few words they print with.

The same names, in camelCase, are in kit.ts and programs/common.ts, so that a program and its twin read alike.
"""

import asyncio

programs = {}


class Program:
    """One registered program: a coroutine function (run on a fresh virtual loop) or, as a script, a plain function."""

    def __init__(self, body, since, is_script, is_live=False):
        self.body = body
        self.since = since
        self.is_script = is_script
        self.is_live = is_live


def _register(name, since, is_script, is_live=False):
    def add(body):
        if name in programs:
            raise ValueError(f'two programs are called {name!r}')
        programs[name] = Program(body, since, is_script, is_live)
        return body

    return add


def program(name, *, since=(3, 11)):
    """Registers a coroutine function that becomes the main task of a virtual loop.

    `since` is the first Python whose output the twin must match; older ones are not asked.
    """
    return _register(name, since, False)


def script(name, *, since=(3, 11)):
    """Registers a plain function that makes and closes its own loops."""
    return _register(name, since, True)


def live(name, *, since=(3, 11)):
    """Registers a coroutine function that becomes the main task of a real loop, with real sockets and processes."""
    return _register(name, since, False, True)


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set: the program could never go on."""


class _JumpingSelector:
    """A selector that never sleeps: waiting moves its loop's clock instead."""

    def __init__(self, loop):
        self._loop = loop

    def select(self, timeout):
        if timeout is None:
            raise Deadlock('nothing is ready and no timer is set')
        if timeout > 0:
            self._loop.jump()
        return []


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """An event loop without I/O whose clock starts at 0 and stands still while anything is ready."""

    def __init__(self):
        super().__init__()
        self._now = 0.0
        self._clock_resolution = 1e-9
        self._selector = _JumpingSelector(self)

    def time(self):
        return self._now

    def jump(self):
        self._now = max(self._now, self._scheduled[0].when())

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass


def virtual_loop():
    """A fresh virtual loop, as a loop factory."""
    return VirtualLoop()


def run(main):
    """asyncio.run on a virtual loop."""
    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        return runner.run(main)


def text(data):
    """Bytes as they are written here: text, with its ends of lines made visible."""
    return repr(data.decode('latin1'))


def kind(error):
    """The name of the class of an error."""
    return type(error).__name__


def show(error):
    """`Class: message`, or the class alone where there is no message."""
    return f'{type(error).__name__}: {error}' if str(error) else type(error).__name__


def state(future):
    """One line on where a future or task stands. Retrieves its exception."""
    if not future.done():
        return 'pending'
    if future.cancelled():
        return 'cancelled'
    if future.exception() is not None:
        return show(future.exception())
    return f'result {future.result()}'


def leaves(error):
    """An exception group as one line, its members in the order of their texts."""
    if isinstance(error, BaseExceptionGroup):
        inside = ', '.join(sorted(leaves(member) for member in error.exceptions))
        return f'{type(error).__name__}[{inside}]'
    return show(error)


def at():
    """The loop's time, with two decimals."""
    return f'{asyncio.get_running_loop().time():.2f}'


async def outcome(awaitable):
    """Awaits, and tells how it ended, whatever it was."""
    try:
        return f'result {await awaitable}'
    except BaseException as error:
        return show(error)


async def ending(body):
    """Runs a coroutine function that ends with a group, and prints how it ended."""
    try:
        print('result', await body())
    except BaseException as error:
        print(leaves(error), at())


async def ticker(count):
    """Prints one line an iteration: programs run it beside others to make iterations visible."""
    for number in range(count):
        print('tick', number)
        await asyncio.sleep(0)


async def spin(count):
    """Lets that many iterations pass."""
    for _ in range(count):
        await asyncio.sleep(0)


async def value_after(delay, value):
    await asyncio.sleep(delay)
    return value


async def fail_after(delay, message):
    await asyncio.sleep(delay)
    raise ValueError(message)


async def forever(name):
    """Sleeps until it is cancelled, and says so."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        print(name, 'cancelled')
        raise


async def stubborn(name, delay, value):
    """Answers a cancellation by a last sleep, and returns as if nothing had been."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        print(name, 'ignores the cancellation')
        await asyncio.sleep(delay)
    return value


async def cleaning(name, delay):
    """Takes its time to clean up when it is cancelled."""
    try:
        await asyncio.sleep(3600)
    finally:
        print(name, 'cleans up')
        await asyncio.sleep(delay)
        print(name, 'is clean')
