"""Futures, tasks, and what waits for several of them."""
import sys
from types import GenericAlias
from bridge.js import J
from pyodide.ffi import jsnull
from . import events, values as v
from .values import Wrapper, box, fj, function, null, options, wraps


@wraps('future')
class Future(Wrapper):
    __class_getitem__ = classmethod(GenericAlias)
    _patchable = {'add_done_callback': 'addDoneCallback', 'remove_done_callback': 'removeDoneCallback', 'cancel': 'cancel',
                  'result': 'result', 'exception': 'exception', 'get_loop': 'getLoop'}
    _asyncio_future_blocking = False
    _loop = property(lambda self: fj(J.get(self._js, '_loop')))
    _state = property(lambda self: J.stateOf(self._js))
    _exception = property(lambda self: fj(J.exceptionOf(self._js)))
    _source_traceback = property(lambda self: events.traceback_of(self._js))
    _callbacks = property(lambda self: [tuple(fj(pair)) for pair in v.items(J.callbacksOf(self._js))])
    _asyncio_awaited_by = property(lambda self: set(fj(J.awaitedBy(self._js))) or None)

    @property
    def _cancel_message(self):
        return self._i('_cancelMessage')

    @_cancel_message.setter
    def _cancel_message(self, message):
        J.set(self._js, '_value', box(message))

    def __init__(self, *, loop=None):
        self._bind(v.ck(J.mk('Future', options(loop=None if loop is None else box(loop)))))

    def _from_js(self, name, method, args):
        if name == 'add_done_callback':
            callback, *rest = args
            return method(callback, **({'context': rest[0]['context']} if rest and rest[0] else {}))
        return method(*args)

    def get_loop(self):
        return self._i('getLoop')

    def cancel(self, msg=None):
        return self._i('cancel', box(msg))

    def cancelled(self):
        return self._i('cancelled')

    def done(self):
        return self._i('done')

    def result(self):
        return self._i('result')

    def exception(self):
        return self._i('exception')

    def set_result(self, result):
        self._i('setResult', box(result))

    def set_exception(self, exception):
        if isinstance(exception, type):
            exception = exception()
        if isinstance(exception, StopIteration):
            new = RuntimeError('StopIteration interacts badly with generators and cannot be raised into a Future')
            new.__cause__ = new.__context__ = exception
            exception = new
        self._i('setException', v.error_of(exception) if isinstance(exception, BaseException) else box(exception))

    def add_done_callback(self, callback, *, context=None):
        self._i('addDoneCallback', function(callback), options(context=events.context_of(context)))

    def remove_done_callback(self, callback):
        return self._i('removeDoneCallback', function(callback))

    def _make_cancelled_error(self):
        return self._i('_makeCancelledError')

    def __await__(self):
        return (yield from v.wait_js(self._js))

    __iter__ = __await__

    def __repr__(self):
        return object.__repr__(self) if self._js is None else self._i('toString')


def isfuture(obj):
    return hasattr(obj.__class__, '_asyncio_future_blocking') and obj._asyncio_future_blocking is not None


def _set_result_unless_cancelled(future, result):
    if not future.cancelled():
        future.set_result(result)


def future_add_to_awaited_by(future, waiter):
    v.ck(J.fn('futureAddToAwaitedBy', box(future), box(waiter)))


def future_discard_from_awaited_by(future, waiter):
    v.ck(J.fn('futureDiscardFromAwaitedBy', box(future), box(waiter)))


def wrap_future(future, *, loop=None):
    if isfuture(future):
        return future
    raise NotImplementedError('concurrent.futures')


@wraps('task')
class Task(Future):
    _fields = {'_must_cancel': '_mustCancel', '_fut_waiter': '_waiter', '_coro': '_coro', '_num_cancels_requested': '_cancelRequests'}
    _log_destroy_pending = True

    def __init__(self, c, *, loop=None, name=None, context=None, eager_start=False):
        given = options(loop=None if loop is None else box(loop), name=None if name is None else str(name),
                        context=events.context_of(context), eagerStart=bool(eager_start))
        v._building[id(c)] = self
        try:
            js = v.ck(J.mk('Task', v.awaitable(c), given))
        finally:
            del v._building[id(c)]
        if self._js is None:
            self._bind(js)

    def _bind(self, js):
        super()._bind(js)
        _pending.add(self)
        if len(_pending) > 1000:
            for task in [task for task in _pending if task.done()]:
                _pending.discard(task)

    def get_coro(self):
        return self._i('getCoro')

    def get_context(self):
        return self._i('getContext')

    def get_name(self):
        return self._i('getName')

    def set_name(self, name):
        self._i('setName', str(name))

    def cancelling(self):
        return self._i('cancelling')

    def uncancel(self):
        return self._i('uncancel')

    def set_result(self, result):
        self._i('setResult', box(result))

    def set_exception(self, exception):
        self._i('setException', v.error_of(exception) if isinstance(exception, BaseException) else box(exception))

    def get_stack(self, *, limit=None):
        return self._i('getStack', options(limit=limit))

    def print_stack(self, *, limit=None, file=None):
        file = sys.stderr if file is None else file
        self._i('printStack', options(limit=limit, file=J.opts('write', J.mkOnce(v.ref(file.write)))))

_pending = set()


def current_task(loop=None):
    return fj(v.ck(J.fn('currentTask', null(loop))))


def all_tasks(loop=None):
    return fj(v.ck(J.fn('allTasks', null(loop))))


def ensure_future(x, *, loop=None):
    if isfuture(x) and not isinstance(x, Wrapper):
        return x
    return fj(v.outside(J.fn('ensureFuture', v.awaitable(x), options(loop=None if loop is None else box(loop)))))


def create_task(c, **kw):
    return fj(J.fn('createTask', v.awaitable(c), events.task_options(**kw)))


def create_eager_task_factory(constructor):
    def build(c, given):
        return constructor(c, **{name: value for name, value in given.items() if value is not None})
    made = v.ck(J.eagerFactory(J.mkOnce(v.ref(build)) if callable(constructor) else box(constructor)))

    def factory(loop, c, *, eager_start=None, **kw):
        return fj(J.callFn(made, box(loop), v.awaitable(c), events.task_options(eager_start=eager_start, **kw)))
    return factory


def eager_task_factory(loop, c, *, eager_start=None, **kw):
    return fj(J.fn('eagerTaskFactory', box(loop), v.awaitable(c), events.task_options(eager_start=eager_start, **kw)))


async def sleep(delay, result=None):
    return await v.wait_js(J.fn('sleep', box(delay), box(result)))


def gather(*awaitables, return_exceptions=False):
    known = {}
    js = []
    for x in awaitables:
        try:
            key = x if hash(x) is not None else None
        except TypeError:
            key = id(x)
        if key not in known:
            known[key] = v.awaitable(x)
        js.append(known[key])
    return fj(v.outside(J.fn('gather', *js, J.opts('returnExceptions', bool(return_exceptions)))))


def shield(x):
    return fj(v.outside(J.fn('shield', v.awaitable(x))))


def several(fs):
    if isfuture(fs) or not hasattr(fs, '__iter__'):
        return v.awaitable(fs)
    return J.arr(*[v.awaitable(f) for f in fs])


async def wait(fs, *, timeout=None, return_when='ALL_COMPLETED'):
    if not isfuture(fs) and hasattr(fs, '__iter__'):
        fs = set(fs)
    done, pending = await v.wait_js(J.fn('wait', several(fs), options(timeout=timeout, returnWhen=box(return_when))))
    return done, pending


async def wait_for(x, timeout):
    return await v.wait_js(J.fn('waitFor', v.awaitable(x), null(timeout)))


class as_completed:
    """Both of the iterators that asyncio-ts makes, as CPython's one object is both."""
    def __init__(self, fs, *, timeout=None):
        self._completions = v.ck(v.outside(J.fn('asCompleted', several(fs), options(timeout=timeout))))
        self._iterator = v.ck(J.iterOf(self._completions))

    def __iter__(self):
        return self

    def __next__(self):
        step = J.step(self._iterator, 0, None)
        if J.get(step, 'done'):
            raise StopIteration
        return self._result(J.get(step, 'value'))

    async def _result(self, js):
        return await v.wait_js(js)

    def __aiter__(self):
        return self

    async def __anext__(self):
        step = await v.wait_call(self._completions, 'next')
        if step['done']:
            raise StopAsyncIteration
        return step['value']
