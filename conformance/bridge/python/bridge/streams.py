"""Streams: the reader and writer of asyncio-ts, over transports that tests write in Python or over sockets of Node."""
import inspect
from bridge.js import J
from pyodide.ffi import JsProxy, to_js
from . import values as v
from .values import Wrapper, box, fj, function, null, options, wraps


def bytes_of(data):
    """Bytes for JavaScript; anything else as it is, to be refused."""
    return to_js(bytes(data)) if isinstance(data, (bytes, bytearray, memoryview)) else box(data)


class JsTransport(Wrapper):
    pass


def transport_of(transport):
    """A transport for asyncio-ts: its own, or one of Python's under its names."""
    return transport._js if isinstance(transport, Wrapper) else J.mkTransport(v.ref(Called(transport)), v.ref(transport))


class Called:
    """Calls a Python object by method name."""
    def __init__(self, target):
        self.target = target

    def __call__(self, method, *args):
        return getattr(self.target, method)(*args)


@wraps('reader')
class StreamReader(Wrapper):
    def __init__(self, limit=2**16, loop=None):
        self._bind(v.ck(v.outside(J.mk('StreamReader', options(limit=limit, loop=None if loop is None else box(loop))))))

    _buffer = property(lambda self: bytearray(fj(J.buffered(self._js))))
    _waiter = property(lambda self: fj(J.get(self._js, '_stream_reader__waiter')),
                       lambda self, waiter: J.set(self._js, '_stream_reader__waiter', null(waiter)))
    _transport = property(lambda self: fj(J.get(self._js, '_stream_reader__transport')),
                          lambda self, transport: J.set(self._js, '_stream_reader__transport', transport_of(transport)))
    _loop = property(lambda self: fj(J.get(self._js, '_stream_reader__loop')))
    _paused = property(lambda self: J.get(self._js, '_stream_reader__paused'))
    _eof = property(lambda self: J.get(self._js, '_stream_reader__eof'))

    def feed_data(self, data):
        self._i('feedData', bytes_of(data))

    def feed_eof(self):
        self._i('feedEof')

    def set_exception(self, exc):
        self._i('setException', v.error_of(exc() if isinstance(exc, type) else exc))

    def exception(self):
        return self._i('exception')

    def set_transport(self, transport):
        self._i('setTransport', transport_of(transport))

    def at_eof(self):
        return self._i('atEof')

    async def read(self, n=-1):
        return await v.wait_call(self._js, 'read', n)

    async def readline(self):
        return await v.wait_call(self._js, 'readline')

    async def readexactly(self, n):
        return await v.wait_call(self._js, 'readexactly', n)

    async def readuntil(self, separator=b'\n'):
        given = J.arr(*[bytes_of(one) for one in separator]) if isinstance(separator, tuple) else bytes_of(separator)
        return await v.wait_call(self._js, 'readuntil', given)

    def __aiter__(self):
        return self

    async def __anext__(self):
        step = await v.wait_call(J.invSymbol(self._js), 'next')
        if step['done']:
            raise StopAsyncIteration
        return step['value']

    def __repr__(self):
        return self._i('toString')


@wraps('writer')
class StreamWriter(Wrapper):
    def __init__(self, transport, protocol, reader, loop):
        self._bind(v.ck(J.mk('StreamWriter', transport_of(transport), box(protocol), null(reader), box(loop))))
        object.__setattr__(self, '_of_python', transport)

    @property
    def transport(self):
        return self.__dict__.get('_of_python') or fj(J.get(self._js, 'transport'))

    _transport = transport
    _protocol = property(lambda self: fj(J.get(self._js, '_stream_writer__protocol')))

    def write(self, data):
        self._i('write', bytes_of(data))

    def writelines(self, data):
        self._i('writelines', J.arr(*[bytes_of(one) for one in data]))

    def write_eof(self):
        self._i('writeEof')

    def can_write_eof(self):
        return self._i('canWriteEof')

    def close(self):
        self._i('close')

    def is_closing(self):
        return self._i('isClosing')

    async def wait_closed(self):
        await v.wait_call(self._js, 'waitClosed')

    async def drain(self):
        await v.wait_call(self._js, 'drain')

    def get_extra_info(self, name, default=None):
        value = self._i('getExtraInfo', name)
        return default if value is None else tuple(value) if isinstance(value, list) else value

    def __repr__(self):
        return self._i('toString')


@wraps('readerprotocol')
class StreamReaderProtocol(Wrapper):
    def __init__(self, stream_reader, client_connected_cb=None, loop=None):
        connected = null(None) if client_connected_cb is None else J.mkOnce(v.ref(client_connected_cb))
        self._bind(v.ck(v.outside(J.mk('StreamReaderProtocol', box(stream_reader), connected, None if loop is None else box(loop)))))

    _loop = property(lambda self: fj(J.get(self._js, '_loop')))

    def connection_made(self, transport):
        self._i('connectionMade', transport_of(transport))

    def connection_lost(self, exc):
        self._i('connectionLost', null(None) if exc is None else v.error_of(exc))

    def data_received(self, data):
        self._i('dataReceived', bytes_of(data))

    def eof_received(self):
        return self._i('eofReceived')

    def pause_writing(self):
        self._i('pauseWriting')

    def resume_writing(self):
        self._i('resumeWriting')


@wraps('server')
class Server(Wrapper):
    def close(self):
        self._i('close')

    def close_clients(self):
        self._i('closeClients')

    def abort_clients(self):
        self._i('abortClients')

    def is_serving(self):
        return self._i('isServing')

    async def wait_closed(self):
        await v.wait_call(self._js, 'waitClosed')

    async def start_serving(self):
        await v.wait_call(self._js, 'startServing')

    async def serve_forever(self):
        await v.wait_call(self._js, 'serveForever')

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_exc):
        self.close()
        await self.wait_closed()

    @property
    def sockets(self):
        from .network import Address
        return tuple(Address(socket) for socket in v.items(J.get(self._js, 'sockets')))

    def get_loop(self):
        return self._i('getLoop')


class FlowControlMixin(Wrapper):
    def __init__(self, loop=None):
        self._bind(J.mkFlowControl(box(loop)))

    def pause_writing(self):
        self._i('pauseWriting')

    def resume_writing(self):
        self._i('resumeWriting')

    async def _drain_helper(self):
        await v.wait_call(self._js, '_drained')


async def open_connection(host=None, port=None, *, limit=2**16, **kw):
    from .network import given
    reader, writer = await v.wait_js(J.fn('openConnection', null(host), null(port), given(dict(limit=limit, **kw))))
    return reader, writer


async def start_server(client_connected_cb, host=None, port=None, *, limit=2**16, **kw):
    from .network import given
    return await v.wait_js(J.fn('startServer', J.mkOnce(v.ref(client_connected_cb)), null(host), null(port), given(dict(limit=limit, **kw))))


async def open_unix_connection(path=None, *, limit=2**16, **kw):
    from .network import given, path_of
    reader, writer = await v.wait_js(J.fn('openUnixConnection', path_of(path), given(dict(limit=limit, **kw))))
    return reader, writer


async def start_unix_server(client_connected_cb, path=None, *, limit=2**16, **kw):
    from .network import given, path_of
    return await v.wait_js(J.fn('startUnixServer', J.mkOnce(v.ref(client_connected_cb)), path_of(path), given(dict(limit=limit, **kw))))
