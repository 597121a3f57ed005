"""Connections that are secured on the way, and files that are sent over connections."""

import asyncio
import os
import ssl
import tempfile

from kit import kind, live, text

HOST = '127.0.0.1'


def port_of(server):
    return server.sockets[0].getsockname()[1]


def server_context():
    """The certificates are made by harness.ts, for both sides."""
    folder = os.environ['ORACLE_CERTIFICATES']
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f'{folder}/cert.pem', f'{folder}/key.pem')
    return context


def client_context():
    return ssl.create_default_context(cafile=os.environ['ORACLE_CERTIFICATES'] + '/ca.pem')


class Waiting(asyncio.Protocol):
    """Keeps what comes."""

    def __init__(self):
        self.received = b''
        self.made = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.made.set_result(transport)

    def data_received(self, data):
        self.received += data

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def connected():
    """A plain connection, both ends of it, and its server."""
    loop = asyncio.get_running_loop()
    accepted = Waiting()
    server = await loop.create_server(lambda: accepted, HOST, 0)
    transport, protocol = await loop.create_connection(Waiting, HOST, port_of(server))
    far = await accepted.made
    return server, transport, protocol, far, accepted


@live('both ends of a connection are secured on the way')
async def _():
    loop = asyncio.get_running_loop()
    server, transport, protocol, far, accepted = await connected()
    securing = asyncio.create_task(loop.start_tls(far, accepted, server_context(), server_side=True))
    await asyncio.sleep(0)
    near = await loop.start_tls(transport, protocol, client_context(), server_hostname='localhost')
    there = await securing
    print(near is transport, near.get_protocol() is protocol, near.is_closing())
    print(near.get_extra_info('peername')[1] == port_of(server), near.get_extra_info('ssl_object') is not None)
    near.write(b'a secret')
    near.close()
    print(await accepted.lost, text(accepted.received), there.is_closing())
    print(await protocol.lost)
    server.close()


@live('a certificate that nobody vouches for')
async def _():
    loop = asyncio.get_running_loop()
    server, transport, protocol, far, accepted = await connected()
    securing = asyncio.create_task(loop.start_tls(far, accepted, server_context(), server_side=True))
    await asyncio.sleep(0)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        await loop.start_tls(transport, protocol, stranger, server_hostname='localhost')
    except ssl.SSLError as error:
        print(kind(error), error.verify_code)
    try:
        await securing
    except OSError as error:
        print(isinstance(error, OSError))
    server.close()


@live('streams that are secured on the way')
async def _():
    async def serve(reader, writer):
        writer.write(b'ready\n')
        print(text(await reader.readline()))
        writer.write(b'go ahead\n')
        await writer.start_tls(server_context())
        print(text(await reader.readline()))
        writer.write(b'thanks\n')
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    reader, writer = await asyncio.open_connection(HOST, port_of(server))
    print(text(await reader.readline()))
    writer.write(b'STARTTLS\n')
    print(text(await reader.readline()))
    await writer.start_tls(client_context(), server_hostname='localhost')
    print(writer.get_extra_info('cipher') is not None)
    writer.write(b'a secret\n')
    print(text(await reader.read()))
    writer.close()
    await writer.wait_closed()
    server.close()


@live('a file is sent over a connection')
async def _():
    loop = asyncio.get_running_loop()
    server, transport, protocol, far, accepted = await connected()
    with tempfile.TemporaryFile() as file:
        file.write(b'0123456789' * 50_000)
        file.flush()
        transport.write(b'before ')
        print(await loop.sendfile(transport, file))
        transport.write(b' between ')
        print(await loop.sendfile(transport, file, 499_995))
        print(await loop.sendfile(transport, file, 3, 4))
        print(await loop.sendfile(transport, file, 500_000))
        print(transport.get_protocol() is protocol)
        transport.write(b' after')
        transport.close()
        await accepted.lost
        print(len(accepted.received), text(accepted.received[:12]), text(accepted.received[-24:]))
        try:
            await loop.sendfile(transport, file)
        except RuntimeError as error:
            print(error)
    server.close()


@live('a connection is lost while a file is sent')
async def _():
    loop = asyncio.get_running_loop()
    server, transport, protocol, far, accepted = await connected()
    far.pause_reading()
    with tempfile.TemporaryFile() as file:
        file.truncate(64 * 1024 * 1024)
        sending = asyncio.create_task(loop.sendfile(transport, file))
        await asyncio.sleep(0.01)
        print(sending.done())
        far.abort()
        try:
            await sending
        except OSError as error:
            print(isinstance(error, ConnectionError))
    transport.abort()
    print(await accepted.lost)
    server.close()
