/**
 * Connections and servers: streams and protocols over real sockets of this machine.
 *
 * The twin of connections.py.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../../src/index.ts';
import { bytes, co, kind, live, only, print, range, show, text } from '../kit.ts';
import { outcome } from './common.ts';

const HOST = '127.0.0.1';

/** Answers line by line. */
const echo = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  for (let line = yield* reader.readline(); line.length > 0; line = yield* reader.readline()) {
    writer.write(Buffer.concat([bytes('> '), line]));
    yield* writer.drain();
  }
  writer.close();
  yield* writer.waitClosed();
});

function portOf(server: asyncio.Server): number {
  return (server.sockets[0] as asyncio.TransportSocket).getsockname()[1];
}

/** A server, and a client connected to it. */
const serving = co(function* (callback: asyncio.ClientConnected) {
  const server = yield* asyncio.startServer(callback, HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  return [server, reader, writer] as const;
});

const ended = co(function* (
  server: { close(): void; waitClosed(): asyncio.CoroutineObject<void> },
  writer: asyncio.StreamWriter,
) {
  writer.close();
  yield* writer.waitClosed();
  server.close();
  yield* server.waitClosed();
});

live('a client and a server', function* () {
  const [server, reader, writer] = yield* serving(echo);
  const port = portOf(server);
  print(server.isServing(), server.sockets.length);
  for (const line of ['one\n', 'two\n']) {
    writer.write(bytes(line));
    yield* writer.drain();
    print(text(yield* reader.readline()));
  }
  const peer = writer.getExtraInfo('peername') as asyncio.SocketAddress;
  print(peer[0], peer[1] === port);
  print(writer.isClosing(), writer.canWriteEof());
  yield* ended(server, writer);
  print(writer.isClosing(), server.isServing(), server.sockets.length);
  print(text(yield* reader.read()), reader.atEof());
});

live('a connection that is closed in one direction', function* () {
  const answer = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    writer.write(Buffer.concat([bytes('got '), yield* reader.read()]));
    writer.close();
  });
  const [server, reader, writer] = yield* serving(answer);
  writer.write(bytes('a question'));
  writer.writeEof();
  print(text(yield* reader.read()));
  yield* ended(server, writer);
});

live('a megabyte, and back pressure', function* () {
  const count = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    let total = 0;
    for (let data = yield* reader.read(65536); data.length > 0; data = yield* reader.read(65536))
      total += data.length;
    writer.write(bytes(String(total)));
    writer.close();
  });
  const [server, reader, writer] = yield* serving(count);
  for (const _ of range(16)) {
    writer.write(bytes('x'.repeat(65536)));
    yield* writer.drain();
  }
  writer.writeEof();
  print(text(yield* reader.read()));
  yield* ended(server, writer);
});

live('nobody listens', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0);
  const port = portOf(server);
  server.close();
  yield* server.waitClosed();
  try {
    yield* asyncio.openConnection(HOST, port);
  } catch (error) {
    only(error, asyncio.OSError);
    print(kind(error));
  }
  try {
    yield* asyncio.getRunningLoop().createConnection(() => new asyncio.Protocol(), HOST, port);
  } catch (error) {
    only(error, asyncio.OSError);
    print(kind(error));
  }
});

live('a reading that runs out of time leaves the connection usable', function* () {
  const [server, reader, writer] = yield* serving(echo);
  print(yield* outcome(asyncio.waitFor(reader.readline(), 0.01)));
  writer.write(bytes('still here\n'));
  print(text(yield* reader.readline()));
  yield* ended(server, writer);
});

live('a connection that is aborted', function* () {
  const rude = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    yield* reader.readline();
    (writer.transport as asyncio.StreamTransport).abort();
  });
  const [server, reader, writer] = yield* serving(rude);
  writer.write(bytes('hello\n'));
  print(text(yield* reader.read()));
  writer.close();
  yield* writer.waitClosed();
  server.close();
});

live('a connecting that is cancelled', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0);
  const before = asyncio.createTask(asyncio.openConnection(HOST, portOf(server)));
  before.cancel();
  print(yield* outcome(before), before.cancelled());
  const during = asyncio.createTask(asyncio.openConnection(HOST, portOf(server)));
  yield* asyncio.sleep(0);
  during.cancel();
  print(yield* outcome(during), during.cancelled());
  server.close();
});

live('serve_forever, until it is cancelled', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0, { startServing: false });
  print(server.isServing());
  const task = asyncio.createTask(server.serveForever());
  yield* asyncio.sleep(0);
  yield* asyncio.sleep(0);
  print(server.isServing());
  try {
    yield* server.serveForever();
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(kind(error));
  }
  task.cancel();
  print(yield* outcome(task), task.cancelled());
  print(server.isServing(), server.sockets.length);
  print(kindOfFailure(yield* outcome(server.serveForever())));
});

function kindOfFailure(line: string): string {
  return line.split(':')[0] as string;
}

live('start_serving, and again', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0, { startServing: false });
  print(yield* server.startServing());
  print(server.isServing());
  print(yield* server.startServing());
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  writer.write(bytes('hi\n'));
  print(text(yield* reader.readline()));
  yield* ended(server, writer);
});

live('a server waits for its connections', function* () {
  const [server, reader, writer] = yield* serving(echo);
  writer.write(bytes('one\n'));
  print(text(yield* reader.readline()));
  server.close();
  const waiting = asyncio.createTask(server.waitClosed());
  yield* asyncio.sleep(0.01);
  print(waiting.done());
  server.closeClients();
  print(yield* waiting);
  print(text(yield* reader.read()));
  writer.close();
});

live('a block of a server', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0);
  yield* asyncio.asyncWith(server, function* () {
    const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
    writer.write(bytes('inside\n'));
    print(text(yield* reader.readline()));
    writer.close();
    yield* writer.waitClosed();
  });
  print(server.isServing());
});

live('a server whose callback fails', function* () {
  const reports = new asyncio.Queue<asyncio.ExceptionContext>();
  asyncio.getRunningLoop().setExceptionHandler((_loop, context) => reports.putNowait(context));
  const failing = co(function* () {
    throw new asyncio.ValueError('bad luck');
  });
  const [server, reader, writer] = yield* serving(failing);
  const report = yield* reports.get();
  print(report.message, show(report.exception));
  print(text(yield* reader.read()));
  yield* ended(server, writer);
});

/** Prints what it is told. */
class Telling extends asyncio.Protocol {
  transport: asyncio.BaseTransport | null = null;
  readonly lost: asyncio.Future<void> = new asyncio.Future();
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  override connectionMade(transport: asyncio.BaseTransport): void {
    this.transport = transport;
    print(this.#name, 'connection_made');
  }

  override dataReceived(data: Uint8Array): void {
    print(this.#name, 'data_received', text(data));
  }

  override eofReceived(): void {
    print(this.#name, 'eof_received');
  }

  override connectionLost(exc: Error | null): void {
    print(this.#name, 'connection_lost', exc);
    this.lost.setResult(undefined);
  }
}

/** Answers in capitals, and ends with the other side. */
class Quiet extends asyncio.Protocol {
  #transport: asyncio.StreamTransport | null = null;

  override connectionMade(transport: asyncio.StreamTransport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Uint8Array): void {
    this.#transport?.write(bytes(Buffer.from(data).toString('latin1').toUpperCase()));
    this.#transport?.writeEof();
  }
}

live('the calls of a protocol', function* () {
  const loop = asyncio.getRunningLoop();
  const server = yield* loop.createServer(() => new Quiet(), HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(
    () => new Telling('client'),
    HOST,
    portOf(server),
  );
  print(protocol.transport === transport, (transport.getProtocol() as unknown) === protocol);
  transport.write(bytes('hello'));
  yield* protocol.lost;
  print(transport.isClosing());
  server.close();
});

live('a protocol that closes its connection', function* () {
  const loop = asyncio.getRunningLoop();
  const server = yield* loop.createServer(() => new Quiet(), HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(
    () => new Telling('client'),
    HOST,
    portOf(server),
  );
  transport.close();
  print('closing', transport.isClosing());
  transport.write(bytes('lost'));
  yield* protocol.lost;
  transport.abort();
  server.close();
});

/** A folder that is removed afterwards. */
const inFolder = co(function* (body: (folder: string) => asyncio.Coroutine<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-'));
  try {
    yield* body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

live('streams over a Unix socket', function* () {
  yield* inFolder(
    co(function* (folder: string) {
      const path = join(folder, 'socket');
      const server = yield* asyncio.startUnixServer(echo, path);
      const [reader, writer] = yield* asyncio.openUnixConnection(path);
      writer.write(bytes('hello\n'));
      print(text(yield* reader.readline()));
      writer.writeEof();
      print(text(yield* reader.read()));
      print(server.sockets[0]?.getsockname() === path, (writer.getExtraInfo('peername') as unknown) === path);
      yield* ended(server, writer);
      print(existsSync(path));
      try {
        yield* asyncio.openUnixConnection(path);
      } catch (error) {
        only(error, asyncio.OSError);
        print(kind(error));
      }
    }),
  );
});

live('protocols over a Unix socket', function* () {
  const loop = asyncio.getRunningLoop();
  yield* inFolder(
    co(function* (folder: string) {
      const path = join(folder, 'socket');
      const server = yield* loop.createUnixServer(() => new Quiet(), path);
      const [transport, protocol] = yield* loop.createUnixConnection(() => new Telling('client'), path);
      transport.write(bytes('hello'));
      yield* protocol.lost;
      server.close();
    }),
  );
});

/** Keeps what comes. */
class Datagrams extends asyncio.DatagramProtocol {
  readonly received: asyncio.Queue<[Uint8Array, asyncio.SocketAddress]> = new asyncio.Queue();
  readonly lost: asyncio.Future<Error | null> = new asyncio.Future();

  override datagramReceived(data: Uint8Array, addr: asyncio.SocketAddress): void {
    this.received.putNowait([data, addr]);
  }

  override connectionLost(exc: Error | null): void {
    this.lost.setResult(exc);
  }
}

const datagrams = (): Datagrams => new Datagrams();
const same = (one: unknown, other: unknown): boolean => String(one) === String(other);

live('datagrams', function* () {
  const loop = asyncio.getRunningLoop();
  const [ours, there] = yield* loop.createDatagramEndpoint(datagrams, { localAddr: [HOST, 0] });
  const address = ours.getExtraInfo('sockname') as asyncio.SocketAddress;
  const [client, here] = yield* loop.createDatagramEndpoint(datagrams, {
    remoteAddr: [address[0], address[1]],
  });
  for (const message of ['one', 'two', 'three']) {
    client.sendto(bytes(message));
    const [data, sender] = yield* there.received.get();
    print(text(data), same(sender, client.getExtraInfo('sockname')));
    ours.sendto(Buffer.concat([bytes('got '), data]), sender);
    const [answer, answerer] = yield* here.received.get();
    print(text(answer), same(answerer, address));
  }
  print(same(client.getExtraInfo('peername'), address));
  for (const [transport, protocol] of [
    [client, here],
    [ours, there],
  ] as const) {
    transport.close();
    print(transport.isClosing(), yield* protocol.lost);
  }
});

live('endpoints that cannot be made', function* () {
  const loop = asyncio.getRunningLoop();
  try {
    yield* loop.createDatagramEndpoint(datagrams);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(kind(error));
  }
  const [first] = yield* loop.createDatagramEndpoint(datagrams, { localAddr: [HOST, 0] });
  const [host, port] = first.getExtraInfo('sockname') as asyncio.SocketAddress;
  try {
    yield* loop.createDatagramEndpoint(datagrams, { localAddr: [host, port] });
  } catch (error) {
    only(error, asyncio.OSError);
    print(kind(error));
  }
  first.abort();
});

live('addresses and names', function* () {
  const loop = asyncio.getRunningLoop();
  const { socket } = asyncio;
  let found = yield* loop.getaddrinfo(HOST, 80, { type: socket.SOCK_STREAM });
  print(found.map((info) => [info[4][0], info[4][1], info[2] === socket.IPPROTO_TCP]));
  found = yield* loop.getaddrinfo(null, 'http', {
    type: socket.SOCK_STREAM,
    family: socket.AF_INET,
    flags: socket.AI_PASSIVE,
  });
  print(found.map((info) => [...info[4]]));
  print(yield* loop.getnameinfo([HOST, 80], socket.NI_NUMERICHOST | socket.NI_NUMERICSERV));
  try {
    yield* loop.getaddrinfo('localhost', 80, { flags: socket.AI_NUMERICHOST });
  } catch (error) {
    only(error, asyncio.gaierror);
    print(kind(error), error.errno === socket.EAI_NONAME);
  }
  const task = asyncio.createTask(loop.getaddrinfo('localhost', 80));
  yield* asyncio.sleep(0);
  task.cancel();
  print(yield* outcome(task), task.cancelled());
});
