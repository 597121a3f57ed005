"""Locks, queues, timeouts and task groups."""
import re
from types import GenericAlias
from bridge.js import J
from pyodide.ffi import jsnull
from . import events, values as v
from .values import Wrapper, box, fj, function, null, wraps


def statistic(name):
    return property(lambda self: self._i('statistics')[name])


def waiting(file, name='waiters'):
    return property(lambda self: fj(J.waitersOf(self._js, file, name)))


class Locked(Wrapper):
    """With its state written as CPython writes it."""
    def __repr__(self):
        name, state = re.fullmatch(r'<(\w+) (.*)>', self._i('toString')).groups()
        return f'<{type(self).__module__}.{type(self).__qualname__} object at {id(self):#x} [{state.replace(" ", ", ")}]>'


class Held(Locked):
    async def acquire(self):
        return await v.wait_call(self._js, 'acquire')

    def release(self):
        self._i('release')

    def locked(self):
        return self._i('locked')

    async def __aenter__(self):
        await v.wait_call(self._js, 'aenter')

    async def __aexit__(self, *exc):
        await v.wait_call(self._js, 'aexit')


@wraps('lock')
class Lock(Held):
    _waiters = waiting('lock')

    def __init__(self):
        self._bind(J.mk('Lock'))


class Event(Locked):
    def __init__(self):
        self._bind(J.mk('Event'))

    def is_set(self):
        return self._i('isSet')

    def set(self):
        self._i('set')

    def clear(self):
        self._i('clear')

    async def wait(self):
        return await v.wait_call(self._js, 'wait')

    _waiters = waiting('event')


class Condition(Held):
    _waiters = waiting('condition')

    def __init__(self, lock=None):
        if lock is None:
            lock = Lock()
        self._lock = lock
        self._bind(J.mk('Condition', box(lock)))

    async def wait(self):
        return await v.wait_call(self._js, 'wait')

    async def wait_for(self, predicate):
        return await v.wait_call(self._js, 'waitFor', J.predicate(function(predicate)))

    def notify(self, n=1):
        self._i('notify', n)

    def notify_all(self):
        self._i('notifyAll')


class Semaphore(Held):
    _fields = {'_value': '_value'}
    _waiters = waiting('semaphore')

    def __init__(self, value=1):
        self._bind(v.ck(J.mk(self._class(), value)))

    def _class(self):
        return 'Semaphore'


class BoundedSemaphore(Semaphore):
    def __init__(self, value=1):
        super().__init__(value)

    def _class(self):
        return 'BoundedSemaphore'


class Barrier(Locked):
    def __init__(self, parties):
        self._bind(v.ck(J.mk('Barrier', parties)))

    async def __aenter__(self):
        return await v.wait_call(self._js, 'aenter')

    async def __aexit__(self, *exc):
        await v.wait_call(self._js, 'aexit')

    async def wait(self):
        return await v.wait_call(self._js, 'wait')

    async def reset(self):
        await v.wait_call(self._js, 'reset')

    async def abort(self):
        await v.wait_call(self._js, 'abort')

    _count = property(lambda self: J.field(self._js, 'barrier', 'count'))
    parties = property(lambda self: J.get(self._js, 'parties'))
    n_waiting = property(lambda self: J.get(self._js, 'nWaiting'))
    broken = property(lambda self: J.get(self._js, 'broken'))


@wraps('queue')
class Queue(Wrapper):
    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, maxsize=0):
        self._bind(v.ck(J.mk('Queue', maxsize)))

    maxsize = property(lambda self: J.get(self._js, 'maxsize'))
    _getters = waiting('queue', 'getters')
    _putters = waiting('queue', 'putters')
    _unfinished_tasks = statistic('unfinished')

    def qsize(self):
        return self._i('qsize')

    def empty(self):
        return self._i('empty')

    def full(self):
        return self._i('full')

    async def put(self, item):
        return await v.wait_call(self._js, 'put', box(item))

    async def get(self):
        return await v.wait_call(self._js, 'get')

    async def join(self):
        return await v.wait_call(self._js, 'join')

    def put_nowait(self, item):
        self._i('putNowait', box(item))

    def get_nowait(self):
        return self._i('getNowait')

    def task_done(self):
        self._i('taskDone')

    def shutdown(self, immediate=False):
        self._i('shutdown', bool(immediate))

    def _format(self):
        return re.fullmatch(r'<\w+ (.*)>', self._i('toString')).group(1)

    def __repr__(self):
        return f'<{type(self).__name__} at {id(self):#x} {self._format()}>'

    def __str__(self):
        return f'<{type(self).__name__} {self._format()}>'


class PriorityQueue(Queue):
    def __init__(self, maxsize=0):
        self._bind(v.ck(J.mk('PriorityQueue', maxsize, J.pythonOrder)))


class LifoQueue(Queue):
    def __init__(self, maxsize=0):
        self._bind(v.ck(J.mk('LifoQueue', maxsize)))


class Managed(Wrapper):
    async def __aenter__(self):
        await v.wait_call(self._js, 'aenter')
        return self

    async def __aexit__(self, _type, exc, _tb):
        return await v.wait_call(self._js, 'aexit', v.error_of(exc))


@wraps('timeout')
class Timeout(Managed):
    def __init__(self, when):
        self._bind(v.ck(J.mk('Timeout', null(when))))

    def when(self):
        return self._i('when')

    def reschedule(self, when):
        self._i('reschedule', null(when))

    def expired(self):
        return self._i('expired')

    def __repr__(self):
        return self._i('toString')


def timeout(delay):
    return fj(v.ck(J.fn('timeout', null(delay))))


def timeout_at(when):
    return fj(v.ck(J.fn('timeoutAt', null(when))))


@wraps('taskgroup')
class TaskGroup(Managed):
    _tasks = property(lambda self: fj(J.tasksOf(self._js)))

    def __init__(self):
        self._bind(J.mk('TaskGroup'))

    def create_task(self, c, **kw):
        try:
            return self._i('createTask', v.awaitable(c), events.task_options(**kw))
        except BaseException:
            c.close()
            raise

    def __repr__(self):
        return self._i('toString')
