"""Values, exceptions and calls, both ways. See bridge.ts for the two rules that hold here."""
import enum, errno, inspect, os, re, socket, sys, types, warnings, weakref
from bridge.js import J
from pyodide.ffi import JsProxy, create_proxy, jsnull, run_sync

_inv, _get, _set, _step, _kind, _id, _info, _len, _at = (
    J.inv, J.get, J.set, J.step, J.kind, J.jsId, J.info, J.len, J.at)


class JSBug(Exception):
    """A JavaScript error that no Python program could have caused."""


# ---- Python objects inside JavaScript

_objects = {}

def ref(value):
    h = id(value)
    _objects[h] = value
    return J.mkRef(h)

def free():
    text = J.takeFreed()
    for h in text.split():
        _objects.pop(int(h), None)


class Wrapper:
    """Base of what stands for a JavaScript object. `_js` is that object."""
    _js = None
    # Methods that asyncio-ts itself calls, so that overriding or patching them in Python must reach it.
    _patchable = ()
    # Attributes of CPython, by the names of ours: simple fields.
    _fields = {}

    def _bind(self, js):
        object.__setattr__(self, '_js', js)
        _live[_id(js)] = self
        for base in type(self).__mro__:
            if base.__dict__.get('_of_the_bridge'):
                break
            _pinned.append(self)
            for name in base.__dict__:
                if name in self._patchable:
                    J.override(js, self._patchable[name], ref(Overridden(self, name)))

    def _i(self, method, *args):
        if self._js is None:
            raise RuntimeError(f'{type(self).__name__} object is not initialized.')
        return fj((J.invProto if self._patchable else _inv)(self._js, method, *args))

    def __getattr__(self, name):
        field = type(self)._fields.get(name)
        if field is None or self._js is None:
            raise AttributeError(f'{type(self).__name__!r} object has no attribute {name!r}')
        return fj(_get(self._js, field))

    def __setattr__(self, name, value):
        if self._js is not None and name in type(self)._fields:
            _set(self._js, type(self)._fields[name], box(value))
            return
        object.__setattr__(self, name, value)
        if self._js is not None and name in self._patchable:
            J.override(self._js, self._patchable[name], ref(Patched(self, name, value)))

    def __delattr__(self, name):
        object.__delattr__(self, name)
        if name in self._patchable:
            J.unoverride(self._js, self._patchable[name])


class Overridden:
    """A method of a Python subclass, as asyncio-ts calls it."""
    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def __call__(self, *args):
        return self.owner._from_js(self.name, getattr(self.owner, self.name), args)


class Patched(Overridden):
    """The same for what was assigned to an instance."""
    def __init__(self, owner, name, value):
        super().__init__(owner, name)
        self.value = value

    def __call__(self, *args):
        return self.owner._from_js(self.name, self.value, args)


_live = weakref.WeakValueDictionary()       # JavaScript identity -> wrapper
_pinned = []                                # wrappers whose Python part must live as long as anything
_classes = {}                               # kind -> wrapper class
_building = {}                              # id of a coroutine -> its task, while the constructor runs it eagerly


def wraps(kind):
    def register(cls):
        _classes[kind] = cls
        cls._of_the_bridge = True
        return cls
    return register


class JsFunction:
    """A function of asyncio-ts, seen from Python."""
    def __init__(self, js):
        self._js = js

    def __call__(self, *args):
        return fj(J.callFn(self._js, *[box(arg) for arg in args]))

    def __eq__(self, other):
        return isinstance(other, JsFunction) and _id(other._js) == _id(self._js)

    def __hash__(self):
        return _id(self._js)


def box(value):
    """A Python value for JavaScript: simple ones as they are, wrapped objects themselves, others as a Ref."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str or (kind is int and -2**53 < value < 2**53) or isinstance(value, JsProxy):
        return value
    if kind is float:
        return value
    if isinstance(value, enum.IntEnum):
        return int(value)
    if isinstance(value, (Wrapper, JsFunction)) and value._js is not None:
        return value._js
    return ref(value)


def items(js):
    return [_at(js, i) for i in range(_len(js))]


def fj(value):
    """A JavaScript value for Python."""
    if not isinstance(value, JsProxy):
        return None if value is jsnull else value
    n = _info(value)
    if n > 0:
        return _objects[n]
    known = _live.get(-n)
    if known is not None:
        return known
    kind = _kind(value)
    if kind == 'thrown':
        throw(_get(value, 'err'))
    if kind == 'array':
        return [fj(item) for item in items(value)]
    if kind == 'set':
        return {fj(item) for item in items(J.arrOf(value))}
    if kind == 'bytes':
        return value.to_bytes()
    if kind == 'error':
        return exception_of(value)
    if kind == 'dict':
        flat = items(J.entries(value))
        return {snake(flat[i]): frames_of(flat[i + 1]) if flat[i] == 'sourceTraceback' else fj(flat[i + 1]) for i in range(0, len(flat), 2)}
    if kind == 'fn':
        return JsFunction(value)
    cls = _classes.get(kind)
    if cls is None:
        return value
    if kind == 'task':
        building = _building.get(id(fj(_get(value, '_coro'))))
        if building is not None:
            building._bind(value)
            return building
    wrapper = cls.__new__(cls)
    wrapper._bind(value)
    return wrapper


def frames_of(text):
    """A stack of creation, as CPython lists it: outermost first."""
    frames = []
    for line in reversed(text.splitlines()):
        name, _, place = line.strip().removeprefix('at ').rpartition(' (')
        file, line, _column = place.rstrip(')').rsplit(':', 2)
        frames.append((file, int(line), name))
    return frames


def snake(name):
    return re.sub('(?<=[a-z])[A-Z]', lambda m: '_' + m.group().lower(), name)


def camel(name):
    return re.sub('_[a-z]', lambda m: m.group()[1].upper(), name)


def options(**kw):
    flat = []
    for key, value in kw.items():
        if value is not None:
            flat += [key, value]
    return J.opts(*flat)


def null(value):
    return jsnull if value is None else box(value)


# ---- awaitables and callables for JavaScript

_coros = weakref.WeakKeyDictionary()

def coro(c):
    try:
        known = _coros.get(c)
        if known is None:
            known = _coros[c] = J.mkCoro(ref(c))
        return known
    except TypeError:
        return J.mkCoro(ref(c))


def awaitable(x):
    from asyncio import coroutines
    if isinstance(x, JsProxy):
        return x
    if isinstance(x, Wrapper):
        return x._js
    if coroutines.iscoroutine(x):
        return coro(x)
    if inspect.isawaitable(x):
        return J.mkAwaitable(ref(x))
    return box(x)


def function(f):
    """A callable; anything else as it is, for asyncio-ts to refuse."""
    if isinstance(f, JsFunction):
        return f._js
    if not callable(f):
        return awaitable(f)
    if inspect.iscoroutinefunction(f):
        return J.coroutineFunction
    try:
        h = hash(f) & 0x7FFFFFFF
    except TypeError:
        h = id(f) & 0x7FFFFFFF
    return J.mkFn(ref(f), h)


# ---- exceptions

_to_python = {}
_to_js = []

def exceptions(*classes):
    for cls in classes:
        _to_python[cls.__name__] = cls

exceptions(RuntimeError, ValueError, TypeError, KeyError, LookupError, TimeoutError, KeyboardInterrupt, SystemExit, EOFError, OSError,
           NotImplementedError, OverflowError, ConnectionError, ConnectionResetError, ConnectionRefusedError, ConnectionAbortedError,
           BrokenPipeError, FileNotFoundError, FileExistsError, PermissionError, ProcessLookupError, NotADirectoryError, IsADirectoryError,
           BlockingIOError, ChildProcessError, InterruptedError, socket.gaierror)

# Texts of asyncio-ts that say more, or say it in the words of JavaScript, with CPython's for them.
_texts = [
    (r'\bnull\b', 'None'),
    (r'^no running event loop: make futures.*', 'There is no current event loop'),
    (r'^Task does not support set(Result|Exception)\(\):.*', lambda m: f'Task does not support set_{m.group(1).lower()} operation'),
    (r'^yield\* was not used with (.*): it came back.*', r"await wasn't used with future"),
    (r'\b([a-z]+(?:[A-Z][a-z]+)+)(?=\(| is only meaningful)', lambda m: snake(m.group(1))),
]

def exception_of(js):
    name, args, cause, stack, py, members, code = items(J.errInfo(js))
    if py is not jsnull:
        return fj(py)
    args = fj(args)
    cls = _to_python.get(name)
    if name in ('ExceptionGroup', 'BaseExceptionGroup'):
        exc = BaseExceptionGroup(args[0], [exception_of(member) for member in items(members)])
    elif name == 'DeadlockError':
        exc = RuntimeError(*args)
    elif cls is None or (cls is TypeError and re.search('Cannot read|is not a function|is not iterable|private', args[0])):
        exc = JSBug(stack)
    else:
        if args and isinstance(args[0], str):
            for pattern, text in _texts:
                args[0] = re.sub(pattern, text, args[0])
        exc = cls(*args)
        if isinstance(exc, OSError) and isinstance(code, str):
            exc.errno, exc.strerror = getattr(errno, code, getattr(socket, code, None)), args[0]
    J.bindErr(js, ref(exc), id(exc))
    if cause is not jsnull and isinstance(cause, JsProxy):
        exc.__cause__ = exc.__context__ = exception_of(cause)
    J.shareCause(js)
    return exc


def outside(js):
    """The result of a function that CPython lets take the loop from the policy: where there is none it says so in other words."""
    if isinstance(js, JsProxy) and _kind(js) == 'thrown':
        exc = exception_of(_get(js, 'err'))
        if str(exc).startswith('no running event loop'):
            exc.args = ("There is no current event loop in thread 'MainThread'.",)
    return js


def throw(js):
    exc = exception_of(js)
    try:
        raise exc
    finally:
        del exc, js


def error_of(exc):
    """A Python exception for JavaScript."""
    if exc is None:
        return None
    if isinstance(exc, BaseExceptionGroup):
        cls = 'ExceptionGroup' if isinstance(exc, ExceptionGroup) else 'BaseExceptionGroup'
        args = [exc.message, J.arr(*[error_of(member) for member in exc.exceptions])]
    else:
        cls = next((name for py, name in _to_js if isinstance(exc, py)), '')
        args = [box(arg) for arg in exc.args] if cls else [str(exc)]
    return J.errFor(id(exc), ref(exc), cls, isinstance(exc, Exception), J.arr(*args))


# ---- what JavaScript calls

def _h_step(c, kind, value):
    c = fj(c)
    try:
        if kind == 0:
            result = c.send(fj(value))
        elif kind == 1:
            result = c.throw(exception_of(value))
        else:
            c.close()
            return J.res(True, None)
    except StopIteration as stop:
        return J.res(True, box(stop.value))
    except BaseException as exc:
        return J.thrown(error_of(exc))
    return J.res(False, suspension(result))


def suspension(value):
    return value._js if isinstance(value, Wrapper) else box(value)


def _h_call(f, args):
    try:
        return value_or_coro(fj(f)(*[fj(arg) for arg in items(args)]))
    except BaseException as exc:
        return J.thrown(error_of(exc))


def value_or_coro(value):
    return coro(value) if isinstance(value, types.CoroutineType) else box(value)


def _h_await_iter(x):
    try:
        x = fj(x)
        it = x.__await__()
        return J.mkCoro(ref(it if hasattr(it, 'send') else Sendable(it)))
    except BaseException as exc:
        return J.thrown(error_of(exc))


class Sendable:
    """A plain iterator, as a generator."""
    def __init__(self, it):
        self.it = it

    def send(self, _value):
        return next(self.it)

    def throw(self, exc):
        raise exc

    def close(self):
        pass


def _h_compare(a, b):
    try:
        a, b = fj(a), fj(b)
        return -1 if a < b else 1 if b < a else 0
    except BaseException as exc:
        return J.thrown(error_of(exc))


def _h_equal(a, b):
    try:
        return bool(fj(a) == fj(b))
    except BaseException:
        return False


def _h_cause(exc):
    exc = fj(exc)
    cause = exc.__cause__ if exc.__cause__ is not None else exc.__context__
    return jsnull if cause is None else error_of(cause)


def _h_set_cause(exc, cause):
    exc = fj(exc)
    cause = exception_of(cause)
    if exc.__cause__ is not None:
        exc.__cause__ = cause
    exc.__context__ = cause


def _h_name(value):
    value = fj(value)
    return getattr(value, '__name__', None) or type(value).__name__


def _h_stack():
    frame = sys._getframe()
    lines = []
    while frame is not None:
        if '/bridge/' not in frame.f_code.co_filename and '/shim/' not in frame.f_code.co_filename:
            lines.append(f'    at {frame.f_code.co_name} ({frame.f_code.co_filename}:{frame.f_lineno}:1)')
        frame = frame.f_back
    return '\n'.join(lines)


def _h_log(text, error):
    import asyncio
    exc = None if error is None or error is jsnull else exception_of(error)
    logger = asyncio.base_events.logger
    if exc is None:
        logger.error(text, exc_info=False)
    elif text.startswith('Exception in default exception handler'):
        # Said by CPython while it handles the error, and not about one that it was given.
        try:
            raise exc
        except BaseException:
            logger.error(text, exc_info=True)
    else:
        logger.error(text, exc_info=(type(exc), exc, exc.__traceback__))


def _h_warn(message, category):
    import asyncio, builtins
    if message.startswith('Executing'):
        asyncio.base_events.logger.warning(message.splitlines()[0])
    else:
        warnings.warn(message, getattr(builtins, category, RuntimeWarning), stacklevel=2)


def truthy(x):
    return bool(fj(x))


def start():
    half = dict(step=_h_step, call=_h_call, awaitIter=_h_await_iter, compare=_h_compare, equal=_h_equal, truthy=truthy,
                repr=lambda x: repr(fj(x)), name=_h_name, stack=_h_stack, log=_h_log, warn=_h_warn, cause=_h_cause, setCause=_h_set_cause)
    J.init(J.opts(*[part for name, f in half.items() for part in (name, create_proxy(f))]))


# ---- awaiting JavaScript from Python

@types.coroutine
def wait_js(it):
    """Drive an awaitable of asyncio-ts as a Python generator."""
    it = J.iterOf(it) if not (isinstance(it, JsProxy) and _kind(it) == 'thrown') else it
    if _kind(it) == 'thrown':
        throw(_get(it, 'err'))
    kind, value = 0, None
    while True:
        result = _step(it, kind, value)
        if _kind(result) == 'thrown':
            throw(_get(result, 'err'))
        if _get(result, 'done'):
            return fj(_get(result, 'value'))
        try:
            value = box((yield fj(_get(result, 'value'))))
            kind = 0
        except GeneratorExit:
            _step(it, 2, None)
            raise
        except BaseException as exc:
            kind, value = 1, error_of(exc)


def wait_call(js, method, *args):
    return wait_js(_inv(js, method, *args))


def block_on(promise):
    """Wait for a promise, or take what a call threw instead of making one."""
    if _kind(promise) == 'thrown':
        throw(_get(promise, 'err'))
    result = run_sync(J.settled(promise))
    return fj(result) if _kind(result) == 'thrown' else fj(_at(result, 0))


def ck(result):
    """What a constructor gave, or its exception."""
    if isinstance(result, JsProxy) and _kind(result) == 'thrown':
        throw(_get(result, 'err'))
    return result
