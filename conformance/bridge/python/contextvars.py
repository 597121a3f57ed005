"""Python's contextvars, over the context variables of asyncio-ts."""
import collections.abc
from types import GenericAlias
from bridge.js import J
from bridge import values as v

__all__ = ('Context', 'ContextVar', 'Token', 'copy_context')


@v.wraps('token')
class Token(v.Wrapper):
    __class_getitem__ = classmethod(GenericAlias)

    @property
    def var(self):
        return v.fj(J.get(self._js, 'var'))

    @property
    def old_value(self):
        value = J.get(self._js, 'oldValue')
        return Token.MISSING if v._kind(value) == 'symbol' else v.fj(value)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.var.reset(self)

Token.MISSING = type('MISSING', (), {'__repr__': lambda self: '<Token.MISSING>'})()


@v.wraps('contextvar')
class ContextVar(v.Wrapper):
    __class_getitem__ = classmethod(GenericAlias)

    def __init__(self, name, **default):
        options = () if not default else (J.defaultOption(v.box(default['default'])),)
        self._bind(v.ck(J.mk('ContextVar', name, *options)))
        v._pinned.append(self)

    name = property(lambda self: J.get(self._js, 'name'))

    def get(self, *fallback):
        return self._i('get', *[v.box(value) for value in fallback])

    def set(self, value):
        return self._i('set', v.box(value))

    def reset(self, token):
        self._i('reset', v.box(token))

    def __repr__(self):
        return f'<ContextVar name={self.name!r}>'


@v.wraps('context')
class Context(v.Wrapper, collections.abc.Mapping):
    def __init__(self):
        self._bind(J.mk('Context'))

    def run(self, f, *args, **kw):
        return v.fj(J.inv(self._js, 'run', J.mkOnce(v.ref(lambda: f(*args, **kw)))))

    def copy(self):
        return self._i('copy')

    def get(self, var, default=None):
        return self._i('get', v.box(var), v.box(default))

    def __getitem__(self, var):
        if not self._i('has', v.box(var)):
            raise KeyError(var)
        return self._i('at', v.box(var))

    def __contains__(self, var):
        return self._i('has', v.box(var))

    def __len__(self):
        return J.get(self._js, 'size')

    def __iter__(self):
        return iter([v.fj(key) for key in v.items(J.arrOf(J.inv(self._js, 'keys')))])

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def copy_context():
    return v.fj(J.fn('copyContext'))
