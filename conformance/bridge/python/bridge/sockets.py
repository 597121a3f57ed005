"""Sockets: WebAssembly has none, so those that tests make are asyncio-ts's own, where the loop's reactor has them."""
import os, socket
from bridge.js import J
from pyodide.ffi import to_js
from . import values as v
from .network import address_of, family_of, _families
from .streams import bytes_of
from .values import Wrapper, box, fj, wraps


def address(value):
    """An address for JavaScript: host and port, or a path."""
    if isinstance(value, tuple):
        return J.arr(*map(box, value))
    return bytes_of(value) if isinstance(value, bytes) else box(os.fspath(value) if hasattr(value, '__fspath__') else value)


@wraps('socket')
class Socket(Wrapper):
    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        family = socket.AF_INET if family == -1 else family
        self._bind(v.ck(J.mk('Socket', _families[family], 1 if type == -1 else int(type), max(proto, 0), v.null(fileno))))

    family = property(lambda self: family_of(J.get(self._js, 'family')))
    type = property(lambda self: socket.SocketKind(J.get(self._js, 'type')))
    proto = property(lambda self: J.get(self._js, 'proto'))

    def bind(self, where):
        self._i('bind', address(where))

    def listen(self, backlog=128):
        self._i('listen', backlog)

    def accept(self):
        connection, where = self._i('accept')
        return connection, address_of(where)

    def connect(self, where):
        self._i('connect', address(where))

    def getsockname(self):
        return address_of(self._i('getsockname'))

    def getpeername(self):
        return address_of(self._i('getpeername'))

    def recv(self, size, flags=0):
        return self._i('recv', size, flags)

    def recvfrom(self, size, flags=0):
        data, where = self._i('recvfrom', size, flags)
        return data, address_of(where)

    def send(self, data, flags=0):
        return self._i('send', bytes_of(data), flags)

    def sendall(self, data, flags=0):
        self._i('sendall', bytes_of(data), flags)

    def sendto(self, data, where):
        return self._i('sendto', bytes_of(data), address(where))

    def setblocking(self, blocking):
        self._i('setblocking', bool(blocking))

    def getblocking(self):
        return self._i('getblocking')

    def settimeout(self, seconds):
        if seconds not in (None, 0):
            raise NotImplementedError('sockets with a timeout')
        self.setblocking(seconds is None)

    def gettimeout(self):
        return self._i('gettimeout')

    def setsockopt(self, level, name, value):
        self._i('setsockopt', level, name, int(value))

    def getsockopt(self, level, name):
        return self._i('getsockopt', level, name)

    def shutdown(self, how):
        self._i('shutdown', how)

    def fileno(self):
        return self._i('fileno')

    def detach(self):
        return self._i('detach')

    def close(self):
        self._i('close')

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()

    def __repr__(self):
        return self._i('toString')


def pair(family=None, type=socket.SOCK_STREAM, proto=0):
    return tuple(fj(v.ck(J.fn('socketpair'))))


def install():
    socket.socket = socket.SocketType = Socket
    socket.socketpair = pair
    for name, value in (('SOL_SOCKET', 1), ('SO_REUSEADDR', 2), ('SO_SNDBUF', 7), ('SO_RCVBUF', 8)):      # of Linux
        setattr(socket, name, value)


class SocketMethods:
    """What a loop does with them."""
    async def _sock(self, method, *args):
        return await v.wait_call(self._js, method, *args)

    async def _into(self, method, buffer, sock, size):
        array = to_js(bytes(len(buffer)))
        result = await self._sock(method, box(sock), array, *size)
        count = result[0] if isinstance(result, list) else result
        buffer[:count] = array.to_bytes()[:count]
        return (count, address_of(result[1])) if isinstance(result, list) else count

    async def sock_recv(self, sock, size):
        return await self._sock('sockRecv', box(sock), size)

    async def sock_recv_into(self, sock, buffer):
        return await self._into('sockRecvInto', buffer, sock, ())

    async def sock_recvfrom(self, sock, size):
        data, where = await self._sock('sockRecvfrom', box(sock), size)
        return data, address_of(where)

    async def sock_recvfrom_into(self, sock, buffer, nbytes=0):
        return await self._into('sockRecvfromInto', buffer, sock, (nbytes,) if nbytes else ())

    async def sock_sendall(self, sock, data):
        return await self._sock('sockSendall', box(sock), bytes_of(data))

    async def sock_sendto(self, sock, data, where):
        return await self._sock('sockSendto', box(sock), bytes_of(data), address(where))

    async def sock_connect(self, sock, where):
        return await self._sock('sockConnect', box(sock), address(where))

    async def sock_accept(self, sock):
        connection, where = await self._sock('sockAccept', box(sock))
        return connection, address_of(where)

    async def connect_accepted_socket(self, factory, sock, **kw):
        from .network import given
        return await self._serve('connectAcceptedSocket', factory, box(sock), given(kw))
