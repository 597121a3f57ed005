"""Connections and servers: streams and protocols over real sockets of this machine."""

import asyncio
import os
import socket
import tempfile

from kit import kind, live, outcome, show, text

HOST = '127.0.0.1'


async def echo(reader, writer):
    """Answers line by line."""
    while line := await reader.readline():
        writer.write(b'> ' + line)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def port_of(server):
    return server.sockets[0].getsockname()[1]


async def serving(callback):
    """A server, and a client connected to it."""
    server = await asyncio.start_server(callback, HOST, 0)
    reader, writer = await asyncio.open_connection(HOST, port_of(server))
    return server, reader, writer


async def ended(server, writer):
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


@live('a client and a server')
async def _():
    server, reader, writer = await serving(echo)
    print(server.is_serving(), len(server.sockets))
    for line in (b'one\n', b'two\n'):
        writer.write(line)
        await writer.drain()
        print(text(await reader.readline()))
    print(writer.get_extra_info('peername')[0], writer.get_extra_info('peername')[1] == port_of(server))
    print(writer.is_closing(), writer.can_write_eof())
    await ended(server, writer)
    print(writer.is_closing(), server.is_serving(), len(server.sockets))
    print(text(await reader.read()), reader.at_eof())


@live('a connection that is closed in one direction')
async def _():
    async def answer(reader, writer):
        writer.write(b'got ' + await reader.read())
        writer.close()

    server, reader, writer = await serving(answer)
    writer.write(b'a question')
    writer.write_eof()
    print(text(await reader.read()))
    await ended(server, writer)


@live('a megabyte, and back pressure')
async def _():
    async def count(reader, writer):
        total = 0
        while data := await reader.read(65536):
            total += len(data)
        writer.write(str(total).encode())
        writer.close()

    server, reader, writer = await serving(count)
    for _ in range(16):
        writer.write(b'x' * 65536)
        await writer.drain()
    writer.write_eof()
    print(text(await reader.read()))
    await ended(server, writer)


@live('nobody listens')
async def _():
    server = await asyncio.start_server(echo, HOST, 0)
    port = port_of(server)
    server.close()
    await server.wait_closed()
    try:
        await asyncio.open_connection(HOST, port)
    except OSError as error:
        print(kind(error))
    try:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, HOST, port)
    except OSError as error:
        print(kind(error))


@live('a reading that runs out of time leaves the connection usable')
async def _():
    server, reader, writer = await serving(echo)
    print(await outcome(asyncio.wait_for(reader.readline(), 0.01)))
    writer.write(b'still here\n')
    print(text(await reader.readline()))
    await ended(server, writer)


@live('a connection that is aborted')
async def _():
    async def rude(reader, writer):
        await reader.readline()
        writer.transport.abort()

    server, reader, writer = await serving(rude)
    writer.write(b'hello\n')
    print(text(await reader.read()))
    writer.close()
    await writer.wait_closed()
    server.close()


@live('a connecting that is cancelled')
async def _():
    server = await asyncio.start_server(echo, HOST, 0)
    before = asyncio.create_task(asyncio.open_connection(HOST, port_of(server)))
    before.cancel()
    print(await outcome(before), before.cancelled())
    during = asyncio.create_task(asyncio.open_connection(HOST, port_of(server)))
    await asyncio.sleep(0)
    during.cancel()
    print(await outcome(during), during.cancelled())
    server.close()


@live('serve_forever, until it is cancelled')
async def _():
    server = await asyncio.start_server(echo, HOST, 0, start_serving=False)
    print(server.is_serving())
    task = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(server.is_serving())
    try:
        await server.serve_forever()
    except RuntimeError as error:
        print(kind(error))
    task.cancel()
    print(await outcome(task), task.cancelled())
    print(server.is_serving(), len(server.sockets))
    print(kind_of_failure(await outcome(server.serve_forever())))


def kind_of_failure(line):
    return line.split(':')[0]


@live('start_serving, and again')
async def _():
    server = await asyncio.start_server(echo, HOST, 0, start_serving=False)
    print(await server.start_serving())
    print(server.is_serving())
    print(await server.start_serving())
    reader, writer = await asyncio.open_connection(HOST, port_of(server))
    writer.write(b'hi\n')
    print(text(await reader.readline()))
    await ended(server, writer)


@live('a server waits for its connections', since=(3, 13))
async def _():
    server, reader, writer = await serving(echo)
    writer.write(b'one\n')
    print(text(await reader.readline()))
    server.close()
    waiting = asyncio.create_task(server.wait_closed())
    await asyncio.sleep(0.01)
    print(waiting.done())
    server.close_clients()
    print(await waiting)
    print(text(await reader.read()))
    writer.close()


@live('a block of a server')
async def _():
    async with await asyncio.start_server(echo, HOST, 0) as server:
        reader, writer = await asyncio.open_connection(HOST, port_of(server))
        writer.write(b'inside\n')
        print(text(await reader.readline()))
        writer.close()
        await writer.wait_closed()
    print(server.is_serving())


@live('a server whose callback fails')
async def _():
    reports = asyncio.Queue()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reports.put_nowait(context))

    async def failing(reader, writer):
        raise ValueError('bad luck')

    server, reader, writer = await serving(failing)
    report = await reports.get()
    print(report['message'], show(report['exception']))
    print(text(await reader.read()))
    await ended(server, writer)


class Telling(asyncio.Protocol):
    """Prints what it is told."""

    def __init__(self, name):
        self.name = name
        self.transport = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        print(self.name, 'connection_made')

    def data_received(self, data):
        print(self.name, 'data_received', text(data))
        if self.name == 'server':
            self.transport.write(data.upper())

    def eof_received(self):
        print(self.name, 'eof_received')

    def connection_lost(self, exc):
        print(self.name, 'connection_lost', exc)
        self.lost.set_result(None)


class Quiet(asyncio.Protocol):
    """Answers in capitals, and ends with the other side."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data.upper())
        self.transport.write_eof()


@live('the calls of a protocol')
async def _():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Quiet, HOST, 0)
    transport, protocol = await loop.create_connection(lambda: Telling('client'), HOST, port_of(server))
    print(protocol.transport is transport, transport.get_protocol() is protocol)
    transport.write(b'hello')
    await protocol.lost
    print(transport.is_closing())
    server.close()


@live('a protocol that closes its connection')
async def _():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Quiet, HOST, 0)
    transport, protocol = await loop.create_connection(lambda: Telling('client'), HOST, port_of(server))
    transport.close()
    print('closing', transport.is_closing())
    transport.write(b'lost')
    await protocol.lost
    transport.abort()
    server.close()


@live('streams over a Unix socket', since=(3, 13))
async def _():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'socket')
        server = await asyncio.start_unix_server(echo, path)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'hello\n')
        print(text(await reader.readline()))
        writer.write_eof()
        print(text(await reader.read()))
        print(server.sockets[0].getsockname() == path, writer.get_extra_info('peername') == path)
        await ended(server, writer)
        print(os.path.exists(path))
        try:
            await asyncio.open_unix_connection(path)
        except OSError as error:
            print(kind(error))


@live('protocols over a Unix socket')
async def _():
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'socket')
        server = await loop.create_unix_server(Quiet, path)
        transport, protocol = await loop.create_unix_connection(lambda: Telling('client'), path)
        transport.write(b'hello')
        await protocol.lost
        server.close()


class Datagrams(asyncio.DatagramProtocol):
    """Keeps what comes."""

    def __init__(self):
        self.received = asyncio.Queue()
        self.lost = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        self.received.put_nowait((data, addr))

    def connection_lost(self, exc):
        self.lost.set_result(exc)


@live('datagrams')
async def _():
    loop = asyncio.get_running_loop()
    ours, there = await loop.create_datagram_endpoint(Datagrams, local_addr=(HOST, 0))
    address = ours.get_extra_info('sockname')
    client, here = await loop.create_datagram_endpoint(Datagrams, remote_addr=address[:2])
    for message in (b'one', b'two', b'three'):
        client.sendto(message)
        data, sender = await there.received.get()
        print(text(data), sender == client.get_extra_info('sockname'))
        ours.sendto(b'got ' + data, sender)
        data, sender = await here.received.get()
        print(text(data), sender == address)
    print(client.get_extra_info('peername') == address)
    for transport, protocol in ((client, here), (ours, there)):
        transport.close()
        print(transport.is_closing(), await protocol.lost)


@live('endpoints that cannot be made')
async def _():
    loop = asyncio.get_running_loop()
    try:
        await loop.create_datagram_endpoint(Datagrams)
    except ValueError as error:
        print(kind(error))
    first, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=(HOST, 0))
    try:
        await loop.create_datagram_endpoint(Datagrams, local_addr=first.get_extra_info('sockname'))
    except OSError as error:
        print(kind(error))
    first.abort()


@live('addresses and names')
async def _():
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(HOST, 80, type=socket.SOCK_STREAM)
    print([[info[4][0], info[4][1], info[2] == socket.IPPROTO_TCP] for info in found])
    found = await loop.getaddrinfo(None, 'http', type=socket.SOCK_STREAM, family=socket.AF_INET, flags=socket.AI_PASSIVE)
    print([list(info[4]) for info in found])
    print(list(await loop.getnameinfo((HOST, 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)))
    try:
        await loop.getaddrinfo('localhost', 80, flags=socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        print(kind(error), error.errno == socket.EAI_NONAME)
    task = asyncio.create_task(loop.getaddrinfo('localhost', 80))
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome(task), task.cancelled())
