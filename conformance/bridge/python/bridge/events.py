"""Loops, handles and runners."""
import sys, types, weakref
from bridge.js import J
from pyodide.ffi import create_proxy, jsnull, run_sync
from . import values as v
from .network import Network
from .processes import Processes
from .sockets import SocketMethods
from .values import Wrapper, box, fj, function, null, options, wraps

NODE = False        # the mode on Node's own loop


class AbstractServer:
    pass


class AbstractEventLoop:
    pass


def context_of(context):
    return None if context is None else box(context)


@wraps('handle')
class Handle(Wrapper):
    def __init__(self, callback, args, loop, context=None):
        self._bind(v.ck(J.mkHandle(function(callback), J.arr(*[box(arg) for arg in args]), box(loop), null(context))))

    def cancel(self):
        self._i('cancel')

    def cancelled(self):
        return self._i('cancelled')

    def get_context(self):
        return self._i('getContext')

    def _run(self):
        self._i('_run')

    _callback = property(lambda self: fj(J.get(self._js, '_callback')))
    _args = property(lambda self: None if self.cancelled() else tuple(fj(J.get(self._js, '_args'))))
    _cancelled = property(cancelled)
    _loop = property(lambda self: fj(J.get(self._js, '_loop')))
    _source_traceback = property(lambda self: traceback_of(self._js))

    def __repr__(self):
        return self._i('toString')


@wraps('timer')
class TimerHandle(Handle):
    def __init__(self, when, callback, args, loop, context=None):
        self._bind(v.ck(J.mkTimer(when, function(callback), J.arr(*[box(arg) for arg in args]), box(loop), null(context))))

    def when(self):
        return self._i('when')

    _when = property(when)
    _scheduled = property(lambda self: J.get(self._js, '_scheduled'))


def traceback_of(js):
    text = J.sourceTraceback(js)
    return None if text is None or text is jsnull else v.frames_of(text)


# ---- which loop; asyncio-ts has no policies, so those are Python here

class Policy:
    def get_event_loop(self):
        return fj(J.chosenLoop()) or fj(v.ck(J.fn('getEventLoop')))

    def set_event_loop(self, loop):
        v.ck(J.fn('setEventLoop', null(loop)))

    def new_event_loop(self):
        return SelectorEventLoop()


_policy = None

def _set_event_loop_policy(policy):
    global _policy
    _policy = policy


def _get_event_loop_policy():
    global _policy
    if _policy is None:
        _policy = Policy()
    return _policy


def get_running_loop():
    return fj(v.ck(J.fn('getRunningLoop')))


def _get_running_loop():
    return fj(J.runningLoop())


def _set_running_loop(loop):
    J.setRunningLoop(null(loop))


def get_event_loop():
    running = _get_running_loop()
    if running is None and type(_get_event_loop_policy()) is not Policy:
        return _policy.get_event_loop()
    return fj(v.ck(J.fn('getEventLoop')))


def set_event_loop(loop):
    _get_event_loop_policy().set_event_loop(loop)


def new_event_loop():
    return _get_event_loop_policy().new_event_loop()


@wraps('loop')
class BaseEventLoop(Network, SocketMethods, Processes, Wrapper, AbstractEventLoop):
    _patchable = {
        'call_soon': '_soon', 'call_later': 'callLater', 'call_exception_handler': 'callExceptionHandler', 'default_exception_handler': 'defaultExceptionHandler',
        'time': 'time', 'create_task': 'createTask', 'create_future': 'createFuture', 'shutdown_asyncgens': 'shutdownAsyncgens',
        'shutdown_default_executor': 'shutdownDefaultExecutor',
    }
    _fields = {'slow_callback_duration': 'slowCallbackDuration'}
    _selector = None
    _default_executor = None

    def __init__(self):
        js = J.loopOf()
        J.prepare(js)
        self._bind(js)

    def _from_js(self, name, method, args):
        if name == 'call_soon':
            callback, given, context = args
            return method(callback, *given, **({} if context is None else {'context': context}))
        if name == 'create_task':
            c, *rest = args
            return method(c, **(rest[0] if rest and rest[0] else {}))
        return method(*args)

    def call_soon(self, callback, *args, context=None):
        return self._schedule('callSoon', '_soon', (), callback, args, context)

    def call_soon_threadsafe(self, callback, *args, context=None):
        return self._schedule('callSoonThreadsafe', '_soon', (), callback, args, context)

    def call_later(self, delay, callback, *args, context=None):
        if context is not None:
            return self._schedule('', '_timer', (self.time() + delay,), callback, args, context)
        return self._schedule('callLater', '', (delay,), callback, args, context)

    def call_at(self, when, callback, *args, context=None):
        return self._schedule('callAt', '_timer', (when,), callback, args, context)

    def _schedule(self, method, inner, first, callback, args, context):
        args = [box(arg) for arg in args]
        first = [box(arg) for arg in first]
        if context is None:
            return self._i(method, *first, function(callback), *args)
        return self._i(inner, *first, function(callback), J.arr(*args), box(context))

    _ready = property(lambda self: fj(J.readyOf(self._js)))
    _scheduled = property(lambda self: fj(J.timersOf(self._js)))

    def time(self):
        return self._i('time')

    def get_debug(self):
        return self._i('getDebug')

    def set_debug(self, enabled):
        self._i('setDebug', bool(enabled))

    def is_running(self):
        return self._i('isRunning')

    def is_closed(self):
        return self._i('isClosed')

    def _check_closed(self):
        self._i('_checkClosed')

    def create_future(self):
        return self._i('createFuture')

    def create_task(self, c, **kw):
        try:
            return self._i('createTask', v.awaitable(c), task_options(**kw))
        except BaseException:
            if isinstance(c, types.CoroutineType) and self.is_closed():
                c.close()
            raise

    def set_task_factory(self, factory):
        if callable(factory):
            def called(loop, c, given):
                return factory(loop, c, **given)
            object.__setattr__(self, '_factory', (factory, J.mkOnce(v.ref(called))))
            self._i('setTaskFactory', self._factory[1])
        else:
            self._i('setTaskFactory', null(factory))
            object.__setattr__(self, '_factory', None)

    def get_task_factory(self):
        known = self._i('getTaskFactory')
        return None if known is None else self._factory[0]

    def set_exception_handler(self, handler):
        self._i('setExceptionHandler', null(None) if handler is None else function(handler))

    def get_exception_handler(self):
        return self._i('getExceptionHandler')

    def call_exception_handler(self, context):
        self._i('callExceptionHandler', report_of(context))

    def default_exception_handler(self, context):
        v.ck(J.printReport(self._js, report_of(context)))

    def _on_node(self):
        return NODE

    def run_forever(self):
        with asyncgens(self):
            if self._on_node():
                return v.block_on(J.inv(self._js, 'runForever'))
            return fj(J.inv(self._js, 'runForeverSync'))

    def run_until_complete(self, future):
        future = v.awaitable(future)
        with asyncgens(self):
            if self._on_node():
                return v.block_on(J.inv(self._js, 'runUntilComplete', future))
            return fj(J.inv(self._js, 'runUntilCompleteSync', future))

    def _run_once(self):
        self.stop()
        self.run_forever()

    def stop(self):
        self._i('stop')

    def close(self):
        self._i('close')

    async def shutdown_asyncgens(self):
        return await v.wait_js(J.invProto(self._js, 'shutdownAsyncgens'))

    async def shutdown_default_executor(self, timeout=None):
        return await v.wait_js(J.invProto(self._js, 'shutdownDefaultExecutor', options(timeout=timeout)))

    def run_in_executor(self, *_args):
        raise NotImplementedError('no executor')

    def __repr__(self):
        return f'<{type(self).__name__} running={self.is_running()} closed={self.is_closed()} debug={self.get_debug()}>'


class SelectorEventLoop(BaseEventLoop):
    """Made with whatever selector: asyncio-ts has its own."""

    def __init__(self, _selector=None):
        super().__init__()


def report_of(context):
    pairs = []
    for key, value in context.items():
        pairs += [key, v.error_of(value) if isinstance(value, BaseException) else box(value)]
    return J.opts(*pairs)


def task_options(name=None, context=None, eager_start=None, **kw):
    if kw:
        raise TypeError(f'unexpected keyword arguments {list(kw)}')
    return options(name=None if name is None else str(name), context=context_of(context), eagerStart=eager_start)


class asyncgens:
    """Tell the loop of Python's async generators, as `asyncFor` tells it of JavaScript's."""
    def __init__(self, loop):
        self.loop = loop

    def __enter__(self):
        self.old = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self.first, finalizer=self.last)

    def __exit__(self, *_exc):
        sys.set_asyncgen_hooks(*self.old)

    def first(self, agen):
        self.loop._i('_asyncgenStarted', J.opts('return', J.mkOnce(v.ref(agen.aclose)), 'py', v.ref(agen)))

    def last(self, agen):
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.create_task, agen.aclose())


class TestLoop(BaseEventLoop):
    """In place of test_asyncio.utils.TestLoop: the clock is moved by the test's generator."""
    _of_the_bridge = True

    def __init__(self, gen=None):
        self._check_on_close = gen is not None
        if gen is None:
            def gen():
                yield
        self._gen = gen()
        next(self._gen)
        self._advance = create_proxy(self._move)
        js = J.loopOf(self._advance)
        J.prepare(js)
        self._bind(js)
        self.readers, self.writers = {}, {}

    def _on_node(self):
        return False

    def _move(self, deadlines):
        moved = 0
        for when in v.items(deadlines):
            try:
                moved += self._gen.send(when) or 0
            except StopIteration:
                pass
        return moved

    def advance_time(self, seconds):
        self._i('advanceTime', seconds or 0)

    def close(self):
        super().close()
        if self._check_on_close:
            try:
                self._gen.send(0)
            except StopIteration:
                pass
            else:
                raise AssertionError('Time generator is not finished')


# ---- runners

class Runner(Wrapper):
    def __init__(self, *, debug=None, loop_factory=None):
        factory = loop_factory
        if factory is None and type(_get_event_loop_policy()) is not Policy:
            factory = policy_loop
        elif factory is None:
            factory = default_loop
        self._asyncgens = None
        self._bind(J.mk('Runner', options(debug=debug, loopFactory=J.mkOnce(v.ref(factory)))))

    def get_loop(self):
        return self._i('getLoop')

    def run(self, c, *, context=None):
        try:
            with asyncgens(LoopOf(self)):
                return v.block_on(J.inv(self._js, 'run', v.awaitable(c), options(context=context_of(context))))
        finally:
            v.free()

    def close(self):
        with asyncgens(LoopOf(self)):
            v.block_on(J.inv(self._js, 'close'))

    def __enter__(self):
        self.get_loop()
        return self

    def __exit__(self, *_exc):
        self.close()


class LoopOf:
    """The running loop, for the hooks of a runner."""
    def __init__(self, runner):
        self.runner = runner

    def __getattr__(self, name):
        return getattr(get_running_loop(), name)


def policy_loop():
    loop = _get_event_loop_policy().new_event_loop()
    _get_event_loop_policy().set_event_loop(loop)
    return loop


def default_loop():
    loop = SelectorEventLoop()
    set_event_loop(loop)
    return loop


def run(main, *, debug=None, loop_factory=None):
    factory = loop_factory
    if factory is None:
        factory = default_loop if type(_get_event_loop_policy()) is Policy else policy_loop
    try:
        with asyncgens(LoopOf(None)):
            return v.block_on(J.fn('run', v.awaitable(main), options(debug=debug, loopFactory=J.mkOnce(v.ref(factory)))))
    finally:
        v.free()
