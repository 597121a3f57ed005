"""Sockets of one's own: the loop's methods that work on them, and transports over them."""

import asyncio
import socket
import tempfile

from kit import kind, live, outcome, text

HOST = '127.0.0.1'


def made(type=socket.SOCK_STREAM):
    sock = socket.socket(socket.AF_INET, type)
    sock.setblocking(False)
    return sock


def listening():
    server = made()
    server.bind((HOST, 0))
    server.listen()
    return server


def bound():
    sock = made(socket.SOCK_DGRAM)
    sock.bind((HOST, 0))
    return sock


def pair():
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    return ends


def close(*socks):
    for sock in socks:
        sock.close()


@live('a server and a client of bare sockets')
async def _():
    loop = asyncio.get_running_loop()
    server = listening()

    async def serve():
        connection, address = await loop.sock_accept(server)
        while data := await loop.sock_recv(connection, 1000):
            await loop.sock_sendall(connection, b'> ' + data)
        connection.close()
        return address

    serving = asyncio.create_task(serve())
    client = made()
    print(await loop.sock_connect(client, server.getsockname()))
    for line in (b'one', b'two'):
        print(await loop.sock_sendall(client, line))
        print(text(await loop.sock_recv(client, 100)))
    print(client.getpeername() == server.getsockname())
    client.shutdown(socket.SHUT_WR)
    print(text(await loop.sock_recv(client, 100)))
    print(await serving == client.getsockname())
    close(client, server)


@live('a bare socket connects where nobody listens')
async def _():
    loop = asyncio.get_running_loop()
    server = listening()
    address = server.getsockname()
    server.close()
    client = made()
    try:
        await loop.sock_connect(client, address)
    except OSError as error:
        print(kind(error))
    client.close()


@live("bytes are received into an array of one's own")
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()
    await loop.sock_sendall(a, b'hello')
    into = bytearray(b'.' * 8)
    print(await loop.sock_recv_into(b, into))
    print(text(into))
    await loop.sock_sendall(a, b'0123456789')
    print(await loop.sock_recv_into(b, into))
    print(text(into))
    print(text(await loop.sock_recv(b, 100)))
    a.close()
    print(await loop.sock_recv_into(b, into))
    b.close()


@live('much data goes through bare sockets whole')
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()
    sending = asyncio.create_task(loop.sock_sendall(a, b'abcdefg' * 300_000))
    total = 0
    await asyncio.sleep(0)
    print(sending.done())
    while total < 2_100_000:
        total += len(await loop.sock_recv(b, 65536))
    print(total, await sending)
    close(a, b)


@live('datagrams of bare sockets')
async def _():
    loop = asyncio.get_running_loop()
    a, b = bound(), bound()
    receiving = asyncio.create_task(loop.sock_recvfrom(b, 100))
    await asyncio.sleep(0)
    print(receiving.done())
    print(await loop.sock_sendto(a, b'one', b.getsockname()))
    data, sender = await receiving
    print(text(data), sender == a.getsockname())
    print(await loop.sock_sendto(b, b'three', sender))
    into = bytearray(b'.' * 8)
    count, sender = await loop.sock_recvfrom_into(a, into)
    print(count, text(into), sender == b.getsockname())
    await loop.sock_sendto(a, b'too much for it', b.getsockname())
    print(text((await loop.sock_recvfrom(b, 8))[0]))
    close(a, b)


@live('a file is sent over a bare socket')
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()
    with tempfile.TemporaryFile() as file:
        file.write(b'0123456789')
        file.flush()
        print(await loop.sock_sendfile(a, file))
        print(text(await loop.sock_recv(b, 100)))
        print(await loop.sock_sendfile(a, file, 3))
        print(text(await loop.sock_recv(b, 100)))
        print(await loop.sock_sendfile(a, file, 3, 4))
        print(text(await loop.sock_recv(b, 100)))
        print(await loop.sock_sendfile(a, file, 8, 100))
        print(text(await loop.sock_recv(b, 100)))
    close(a, b)


@live('waiting for a bare socket is cancelled, or takes too long')
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()
    for begin in (lambda: loop.sock_recv(b, 100), lambda: loop.sock_recv_into(b, bytearray(8))):
        task = asyncio.create_task(begin())
        await asyncio.sleep(0)
        task.cancel()
        print(await outcome(task), task.cancelled())
        print(kind_of(await outcome(asyncio.wait_for(begin(), 0.01))))
    server = listening()
    print(kind_of(await outcome(asyncio.wait_for(loop.sock_accept(server), 0.01))))
    datagrams = bound()
    print(kind_of(await outcome(asyncio.wait_for(loop.sock_recvfrom(datagrams, 8), 0.01))))
    await loop.sock_sendall(a, b'still here')
    print(text(await loop.sock_recv(b, 100)))
    close(a, b, server, datagrams)


def kind_of(line):
    return line.split(':')[0]


@live('who waits after one that was cancelled')
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()
    first = asyncio.create_task(loop.sock_recv(b, 100))
    await asyncio.sleep(0)
    first.cancel()
    sending = asyncio.create_task(loop.sock_sendall(a, b'hello'))
    print(text(await loop.sock_recv(b, 100)))
    await sending
    print(first.cancelled())
    close(a, b)


@live('two ends of a bare socket, each waits in its direction')
async def _():
    loop = asyncio.get_running_loop()
    a, b = pair()

    async def ask(number):
        await loop.sock_sendall(a, str(number).encode())
        return text(await loop.sock_recv(a, 100))

    async def answer():
        return await loop.sock_sendall(b, (await loop.sock_recv(b, 100)) * 2)

    for number in (12, 34):
        print(*await asyncio.gather(ask(number), answer()))
    close(a, b)


class Telling(asyncio.Protocol):
    """Prints what it is told, and answers."""

    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        print('connection_made')

    def data_received(self, data):
        print('data_received', text(data))
        self.transport.write(b'got ' + data)

    def eof_received(self):
        print('eof_received')

    def connection_lost(self, exc):
        print('connection_lost', exc)
        self.lost.set_result(None)


@live('a protocol over a connection that was accepted by hand')
async def _():
    loop = asyncio.get_running_loop()
    server = listening()
    client = made()
    accepting = asyncio.create_task(loop.sock_accept(server))
    await loop.sock_connect(client, server.getsockname())
    connection, _ = await accepting
    transport, protocol = await loop.connect_accepted_socket(Telling, connection)
    print(protocol.transport is transport)
    await loop.sock_sendall(client, b'hello')
    print(text(await loop.sock_recv(client, 100)))
    client.shutdown(socket.SHUT_WR)
    await protocol.lost
    print(text(await loop.sock_recv(client, 100)))
    close(client, server)


@live('streams over sockets that were made by hand')
async def _():
    async def shout(reader, writer):
        writer.write((await reader.read()).upper())
        writer.close()

    bare = listening()
    address = bare.getsockname()
    server = await asyncio.start_server(shout, sock=bare)
    print(server.sockets[0].getsockname() == address)
    loop = asyncio.get_running_loop()
    client = made()
    await loop.sock_connect(client, address)
    reader, writer = await asyncio.open_connection(sock=client)
    writer.write(b'hello')
    writer.write_eof()
    print(text(await reader.read()))
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
