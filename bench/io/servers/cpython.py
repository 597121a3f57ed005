"""CPython's asyncio, or uvloop with --uvloop: the same servers as the other files of this folder, by the rules of ../server.ts."""
import asyncio
import json
import resource
import ssl
import sys
import time

HOST = "127.0.0.1"
WRITE_SIZE = 10 * 2**20
WRITE_COUNT = 10
READ_SIZE = 2**18
MESSAGE = b"x" * WRITE_SIZE


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class BufferedEcho(asyncio.BufferedProtocol):
    """Receives into one buffer as long as what it sends is taken at once."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = bytearray(READ_SIZE)

    def get_buffer(self, hint):
        return self.buffer

    def buffer_updated(self, count):
        self.transport.write(memoryview(self.buffer)[:count])
        if self.transport.get_write_buffer_size() > 0:
            self.buffer = bytearray(READ_SIZE)


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def echo_streams(reader, writer):
    while data := await reader.read(READ_SIZE):
        writer.write(data)
        await writer.drain()
    writer.close()


async def send_writes(_reader, writer):
    for _ in range(WRITE_COUNT):
        writer.write(MESSAGE)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def receive_writes(port):
    start, used = time.perf_counter(), cpu()
    reader, writer = await asyncio.open_connection(HOST, port)
    count = 0
    while data := await reader.read(WRITE_SIZE):
        count += len(data)
    writer.close()
    await writer.wait_closed()
    tell({"bytes": count, "seconds": time.perf_counter() - start, "cpu": cpu() - used})


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * 1e6)


def tell(answer):
    print(json.dumps(answer), flush=True)


def port_of(server):
    return server.sockets[0].getsockname()[1]


async def main(kind, path):
    loop = asyncio.get_running_loop()
    port = None
    if kind == "protocol":
        port = port_of(await loop.create_server(Echo, HOST, 0))
    elif kind == "buffered":
        port = port_of(await loop.create_server(BufferedEcho, HOST, 0))
    elif kind == "streams":
        port = port_of(await asyncio.start_server(echo_streams, HOST, 0))
    elif kind == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{path}/cert.pem", f"{path}/key.pem")
        port = port_of(await loop.create_server(Echo, HOST, 0, ssl=context))
    elif kind == "unix":
        await loop.create_unix_server(Echo, path)
    elif kind == "udp":
        transport, _ = await loop.create_datagram_endpoint(DatagramEcho, local_addr=(HOST, 0))
        port = transport.get_extra_info("sockname")[1]
    elif kind == "writes":
        port = port_of(await asyncio.start_server(send_writes, HOST, 0))
    else:
        sys.exit(f"has no scenario {kind}")
    tell({"port": port})

    ended = loop.create_future()

    def asked():
        line = sys.stdin.readline()
        if line.strip() == "cpu":
            tell({"cpu": cpu()})
        elif line.strip() == "run":
            running.append(loop.create_task(receive_writes(port)))
        elif not line:
            loop.remove_reader(sys.stdin)
            ended.set_result(None)

    running = []
    loop.add_reader(sys.stdin, asked)
    await ended


arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
if "--uvloop" in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main(arguments[0], arguments[1] if len(arguments) > 1 else ""))
