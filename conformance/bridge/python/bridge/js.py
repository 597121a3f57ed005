"""The functions of bridge.ts.

Pyodide takes any result of a call that has a `then` for a promise and calls it; awaitables of asyncio-ts must not be awaited like that, so those
come through an attribute, which Pyodide leaves alone.
"""
import _jsasyncio


class Module:
    pass


J = Module()


def _adapt(f, held, slot):
    def call(*args):
        result = f(*args)
        return slot.value if result.__class__ is str and result == held else result
    return call


for _name in dir(_jsasyncio):
    if _name.startswith('_'):
        continue
    _value = getattr(_jsasyncio, _name)
    setattr(J, _name, _adapt(_value, _jsasyncio.HELD, _jsasyncio.slot) if callable(_value) and _name not in ('coroutineFunction', 'pythonOrder') else _value)
