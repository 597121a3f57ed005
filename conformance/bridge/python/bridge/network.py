"""Connections and servers of a loop: transports of asyncio-ts for protocols written in Python."""
import os, socket
from asyncio import transports
from bridge.js import J
from pyodide.ffi import JsProxy, to_js
from . import values as v
from .streams import bytes_of
from .values import Wrapper, box, fj, null, options, wraps


class Address:
    """A socket, as far as asyncio-ts shows one."""
    def __init__(self, js):
        self._js = js

    family = property(lambda self: family_of(J.get(self._js, 'family')))

    def getsockname(self):
        return address_of(fj(J.inv(self._js, 'getsockname')))

    def getpeername(self):
        return address_of(fj(J.inv(self._js, 'getpeername')))

    def fileno(self):
        return fj(J.inv(self._js, 'fileno'))

    def setsockopt(self, level, name, value):
        fj(J.inv(self._js, 'setsockopt', level, name, int(value)))

    def getsockopt(self, level, name):
        return fj(J.inv(self._js, 'getsockopt', level, name))


def address_of(value):
    """Host and port, or a path."""
    return tuple(value) if isinstance(value, list) else value


@wraps('transport')
class Transport(Wrapper, transports.Transport):
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

    def abort(self):
        self._i('abort')

    def is_closing(self):
        return self._i('isClosing')

    def pause_reading(self):
        self._i('pauseReading')

    def resume_reading(self):
        self._i('resumeReading')

    def is_reading(self):
        return self._i('isReading')

    def get_protocol(self):
        return self._i('getProtocol')

    def set_protocol(self, protocol):
        self._i('setProtocol', protocol_of(protocol))

    def get_write_buffer_size(self):
        return self._i('getWriteBufferSize')

    def get_write_buffer_limits(self):
        return tuple(self._i('getWriteBufferLimits'))

    def set_write_buffer_limits(self, high=None, low=None):
        self._i('setWriteBufferLimits', options(high=high, low=low))

    def get_extra_info(self, name, default=None):
        value = self._i('getExtraInfo', name)
        if value is None:
            return default
        if name in ('socket', 'pipe') and isinstance(value, JsProxy):
            return Address(value)
        return address_of(value)

    def __repr__(self):
        return self._i('toString')


@wraps('datagrams')
class DatagramTransport(Transport, transports.DatagramTransport):
    def sendto(self, data, addr=None):
        self._i('sendto', bytes_of(data), J.arr(*addr) if isinstance(addr, tuple) else null(addr))


class Methods:
    """Calls a Python protocol by method name; a buffer that it gives is filled from ours."""
    def __init__(self, protocol):
        self.protocol = protocol
        self.buffer = None

    def __call__(self, method, *args):
        if method == 'get_buffer':
            self.buffer = self.protocol.get_buffer(args[0])
            return len(self.buffer)
        if method == 'buffer_updated':
            data = args[0]
            self.buffer[:len(data)] = data
            self.buffer = None
            return self.protocol.buffer_updated(len(data))
        if method == 'datagram_received':
            return self.protocol.datagram_received(args[0], address_of(args[1]))
        return getattr(self.protocol, method)(*args)


def protocol_of(protocol):
    if isinstance(protocol, Wrapper):
        return protocol._js
    return J.mkProtocol(v.ref(Methods(protocol)), v.ref(protocol), hasattr(protocol, 'get_buffer'))


_families = {socket.AF_UNSPEC: 0, socket.AF_INET: 4, socket.AF_INET6: 6, socket.AF_UNIX: 1}


def family_of(number):
    return next(family for family, ours in _families.items() if ours == number)


def given(kw):
    if 'family' in kw:
        kw['family'] = _families.get(kw['family'], kw['family'])
    return options(**{v.camel(name): J.arr(*map(box, value)) if isinstance(value, tuple) else box(value) for name, value in kw.items()})


def path_of(path):
    return bytes_of(path) if isinstance(path, bytes) else null(path if path is None else os.fspath(path))


class Network:
    """What a loop adds."""
    async def _serve(self, method, factory, *args):
        made = []

        def protocol():
            made.append(factory())
            return Made(protocol_of(made[0]))
        pair = await v.wait_call(self._js, method, J.mkOnce(v.ref(protocol)), *args)
        return pair[0], made[0]

    async def create_connection(self, factory, host=None, port=None, **kw):
        return await self._serve('createConnection', factory, null(host), null(port), given(kw))

    async def create_server(self, factory, host=None, port=None, **kw):
        return await v.wait_call(self._js, 'createServer', J.mkOnce(v.ref(lambda: Made(protocol_of(factory())))), null(host), null(port), given(kw))

    async def create_unix_connection(self, factory, path=None, **kw):
        return await self._serve('createUnixConnection', factory, path_of(path), given(kw))

    async def create_unix_server(self, factory, path=None, **kw):
        return await v.wait_call(self._js, 'createUnixServer', J.mkOnce(v.ref(lambda: Made(protocol_of(factory())))), path_of(path), given(kw))

    async def create_datagram_endpoint(self, factory, local_addr=None, remote_addr=None, **kw):
        return await self._serve('createDatagramEndpoint', factory, given(dict(local_addr=local_addr, remote_addr=remote_addr, **kw)))

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):
        found = await v.wait_call(self._js, 'getaddrinfo', null(host), null(port), given(dict(family=family, type=type, proto=proto, flags=flags)))
        return [(family_of(family), socket.SocketKind(type), proto, name, tuple(address)) for family, type, proto, name, address in found]

    async def getnameinfo(self, sockaddr, flags=0):
        return tuple(await v.wait_call(self._js, 'getnameinfo', J.arr(*sockaddr) if isinstance(sockaddr, tuple) else box(sockaddr), box(flags)))


class Made(Wrapper):
    """Hands a JavaScript object through a call."""
    def __init__(self, js):
        object.__setattr__(self, '_js', js)
