/** asyncio-ts: the built package, imported by its name as users do. With `--async` the streams are read and written by async functions. */
import * as asyncio from 'asyncio-ts';
import { HOST } from '../rows.ts';
import {
  fail,
  inAsyncFunctions,
  MESSAGE,
  READ_SIZE,
  type Ready,
  type Start,
  serve,
  type Transfer,
  WRITE_COUNT,
} from '../server.ts';

class Echo extends asyncio.Protocol {
  #transport: asyncio.Transport | null = null;

  override connectionMade(transport: asyncio.Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Uint8Array): void {
    this.#transport?.write(data);
  }
}

/** Receives into one buffer as long as what it sends is taken at once. */
class BufferedEcho extends asyncio.BufferedProtocol {
  #transport: asyncio.Transport | null = null;
  #buffer = Buffer.allocUnsafeSlow(READ_SIZE);

  override connectionMade(transport: asyncio.Transport): void {
    this.#transport = transport;
  }

  override getBuffer(): Uint8Array {
    return this.#buffer;
  }

  override bufferUpdated(count: number): void {
    const transport = this.#transport!;
    transport.write(this.#buffer.subarray(0, count));
    if (transport.getWriteBufferSize() > 0) this.#buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  }
}

class DatagramEcho extends asyncio.DatagramProtocol {
  #transport: asyncio.DatagramTransport | null = null;

  override connectionMade(transport: asyncio.DatagramTransport): void {
    this.#transport = transport;
  }

  override datagramReceived(data: Uint8Array, from: asyncio.SocketAddress): void {
    this.#transport?.sendto(data, from);
  }
}

function* echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
  for (;;) {
    const data = yield* reader.read(READ_SIZE);
    if (data.length === 0) break;
    writer.write(data);
    yield* writer.drain();
  }
  writer.close();
}

async function echoAsync(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): Promise<void> {
  for (;;) {
    const data = await reader.read(READ_SIZE);
    if (data.length === 0) break;
    writer.write(data);
    await writer.drain();
  }
  writer.close();
}

function* sendAll(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
  for (let i = 0; i < WRITE_COUNT; i++) {
    writer.write(MESSAGE);
    yield* writer.drain();
  }
  writer.close();
  yield* writer.waitClosed();
}

function* receiveAll(port: number): asyncio.Coroutine<number> {
  const [reader, writer] = yield* asyncio.openConnection(HOST, port);
  let bytes = 0;
  for (;;) {
    const data = yield* reader.read(MESSAGE.length);
    if (data.length === 0) break;
    bytes += data.length;
  }
  writer.close();
  yield* writer.waitClosed();
  return bytes;
}

type Serving = (loop: asyncio.EventLoop, ready: Ready, place: string) => asyncio.Coroutine<unknown>;

/** A server that runs for as long as the process does. */
function forever(serving: Serving): Start {
  return (ready, place) => {
    const main = function* (): asyncio.Coroutine<void> {
      yield* serving(asyncio.getRunningLoop(), ready, place);
      yield* new asyncio.Future<void>();
    };
    asyncio.run(main()).catch(fail);
  };
}

function portOf(server: asyncio.Server): number | undefined {
  return server.sockets[0]?.getsockname()[1];
}

/** What is used of `asyncio.ssl`. */
interface Ssl {
  readonly PROTOCOL_TLS_SERVER: number;
  readonly SSLContext: new (protocol: number) => { loadCertChain(cert: string, key: string): void };
}

/** Absent where the library has no TLS: then the row says so. */
const { ssl } = asyncio as { readonly ssl?: Ssl };
const tls: Start | undefined =
  ssl === undefined
    ? undefined
    : forever(function* (loop, ready, place) {
        const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
        context.loadCertChain(`${place}/cert.pem`, `${place}/key.pem`);
        const options = { ssl: context } as object;
        ready(portOf(yield* loop.createServer(() => new Echo(), HOST, 0, options)));
      });

/** Protocols are the same in both styles. */
const protocols: Readonly<Record<string, Start>> = {
  protocol: forever(function* (loop, ready) {
    ready(portOf(yield* loop.createServer(() => new Echo(), HOST, 0)));
  }),
  buffered: forever(function* (loop, ready) {
    ready(portOf(yield* loop.createServer(() => new BufferedEcho(), HOST, 0)));
  }),
  ...(tls === undefined ? {} : { tls }),
  unix: forever(function* (loop, ready, place) {
    yield* loop.createUnixServer(() => new Echo(), place);
    ready();
  }),
  udp: forever(function* (loop, ready) {
    const [transport] = yield* loop.createDatagramEndpoint(() => new DatagramEcho(), {
      localAddr: [HOST, 0],
    });
    ready(transport.getExtraInfo('sockname')?.[1]);
  }),
  writes() {
    const { promise, resolve } = Promise.withResolvers<Transfer>();
    const main = function* (): asyncio.Coroutine<void> {
      const port = portOf(yield* asyncio.startServer(sendAll, HOST, 0)) as number;
      const loop = asyncio.getRunningLoop();
      resolve(() => asTask(loop, () => receiveAll(port)));
      yield* new asyncio.Future<void>();
    };
    asyncio.run(main()).catch(fail);
    return promise;
  },
};

/** A task made from outside of the loop. */
function asTask<T>(loop: asyncio.EventLoop, coroutine: () => asyncio.Coroutine<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    loop.callSoonThreadsafe(() => loop.createTask(coroutine()).then(resolve, reject));
  });
}

serve({
  streams: forever(function* (_loop, ready) {
    ready(portOf(yield* asyncio.startServer(inAsyncFunctions ? echoAsync : echo, HOST, 0)));
  }),
  ...(inAsyncFunctions ? {} : protocols),
});
