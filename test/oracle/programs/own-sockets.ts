/**
 * Sockets of one's own: the loop's methods that work on them, and transports over them.
 *
 * The twin of own-sockets.py.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../../src/index.ts';
import { bytes, co, kind, live as liveAnywhere, type Main, only, print, text } from '../kit.ts';
import { outcome } from './common.ts';

const { Socket, socket, socketpair } = asyncio;
const HOST = '127.0.0.1';

function live(name: string, body: Main): void {
  liveAnywhere(name, body, { needsRawSockets: true });
}

function made(type: number = socket.SOCK_STREAM): asyncio.Socket {
  const sock = new Socket(socket.AF_INET, type);
  sock.setblocking(false);
  return sock;
}

function listening(): asyncio.Socket {
  const server = made();
  server.bind([HOST, 0]);
  server.listen();
  return server;
}

function bound(): asyncio.Socket {
  const sock = made(socket.SOCK_DGRAM);
  sock.bind([HOST, 0]);
  return sock;
}

function pair(): [asyncio.Socket, asyncio.Socket] {
  const ends = socketpair();
  for (const end of ends) end.setblocking(false);
  return ends;
}

function close(...socks: readonly asyncio.Socket[]): void {
  for (const sock of socks) sock.close();
}

const same = (one: unknown, other: unknown): boolean => String(one) === String(other);

live('a server and a client of bare sockets', function* () {
  const loop = asyncio.getRunningLoop();
  const server = listening();
  const serve = co(function* () {
    const [connection, address] = yield* loop.sockAccept(server);
    for (;;) {
      const data = yield* loop.sockRecv(connection, 1000);
      if (data.length === 0) break;
      yield* loop.sockSendall(connection, Buffer.concat([bytes('> '), data]));
    }
    connection.close();
    return address;
  });
  const serving = asyncio.createTask(serve());
  const client = made();
  print(yield* loop.sockConnect(client, server.getsockname()));
  for (const line of ['one', 'two']) {
    print(yield* loop.sockSendall(client, bytes(line)));
    print(text(yield* loop.sockRecv(client, 100)));
  }
  print(same(client.getpeername(), server.getsockname()));
  client.shutdown(socket.SHUT_WR);
  print(text(yield* loop.sockRecv(client, 100)));
  print(same(yield* serving, client.getsockname()));
  close(client, server);
});

live('a bare socket connects where nobody listens', function* () {
  const loop = asyncio.getRunningLoop();
  const server = listening();
  const address = server.getsockname();
  server.close();
  const client = made();
  try {
    yield* loop.sockConnect(client, address);
  } catch (error) {
    only(error, asyncio.OSError);
    print(kind(error));
  }
  client.close();
});

live("bytes are received into an array of one's own", function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  yield* loop.sockSendall(a, bytes('hello'));
  const into = Buffer.alloc(8, '.');
  print(yield* loop.sockRecvInto(b, into));
  print(text(into));
  yield* loop.sockSendall(a, bytes('0123456789'));
  print(yield* loop.sockRecvInto(b, into));
  print(text(into));
  print(text(yield* loop.sockRecv(b, 100)));
  a.close();
  print(yield* loop.sockRecvInto(b, into));
  b.close();
});

live('much data goes through bare sockets whole', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  const sending = asyncio.createTask(loop.sockSendall(a, bytes('abcdefg'.repeat(300_000))));
  let total = 0;
  yield* asyncio.sleep(0);
  print(sending.done());
  while (total < 2_100_000) total += (yield* loop.sockRecv(b, 65536)).length;
  print(total, yield* sending);
  close(a, b);
});

live('datagrams of bare sockets', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = [bound(), bound()];
  const receiving = asyncio.createTask(loop.sockRecvfrom(b, 100));
  yield* asyncio.sleep(0);
  print(receiving.done());
  print(yield* loop.sockSendto(a, bytes('one'), b.getsockname()));
  const [data, from] = yield* receiving;
  print(text(data), same(from, a.getsockname()));
  print(yield* loop.sockSendto(b, bytes('three'), from as asyncio.Address));
  const into = Buffer.alloc(8, '.');
  const [count, sender] = yield* loop.sockRecvfromInto(a, into);
  print(count, text(into), same(sender, b.getsockname()));
  yield* loop.sockSendto(a, bytes('too much for it'), b.getsockname());
  print(text((yield* loop.sockRecvfrom(b, 8))[0]));
  close(a, b);
});

/** A file that is open, and removed afterwards. */
const withFile = co(function* (content: string, body: (fd: number) => asyncio.Coroutine<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-'));
  const path = join(folder, 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  try {
    yield* body(fd);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

live('a file is sent over a bare socket', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  yield* withFile(
    '0123456789',
    co(function* (file: number) {
      print(yield* loop.sockSendfile(a, file));
      print(text(yield* loop.sockRecv(b, 100)));
      print(yield* loop.sockSendfile(a, file, 3));
      print(text(yield* loop.sockRecv(b, 100)));
      print(yield* loop.sockSendfile(a, file, 3, 4));
      print(text(yield* loop.sockRecv(b, 100)));
      print(yield* loop.sockSendfile(a, file, 8, 100));
      print(text(yield* loop.sockRecv(b, 100)));
    }),
  );
  close(a, b);
});

live('waiting for a bare socket is cancelled, or takes too long', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  for (const begin of [() => loop.sockRecv(b, 100), () => loop.sockRecvInto(b, Buffer.alloc(8))]) {
    const task = asyncio.createTask(begin() as asyncio.CoroutineObject<unknown>);
    yield* asyncio.sleep(0);
    task.cancel();
    print(yield* outcome(task), task.cancelled());
    print(kindOf(yield* outcome(asyncio.waitFor(begin() as asyncio.CoroutineObject<unknown>, 0.01))));
  }
  const server = listening();
  print(kindOf(yield* outcome(asyncio.waitFor(loop.sockAccept(server), 0.01))));
  const datagrams = bound();
  print(kindOf(yield* outcome(asyncio.waitFor(loop.sockRecvfrom(datagrams, 8), 0.01))));
  yield* loop.sockSendall(a, bytes('still here'));
  print(text(yield* loop.sockRecv(b, 100)));
  close(a, b, server, datagrams);
});

function kindOf(line: string): string {
  return line.split(':')[0] as string;
}

live('who waits after one that was cancelled', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  const first = asyncio.createTask(loop.sockRecv(b, 100));
  yield* asyncio.sleep(0);
  first.cancel();
  const sending = asyncio.createTask(loop.sockSendall(a, bytes('hello')));
  print(text(yield* loop.sockRecv(b, 100)));
  yield* sending;
  print(first.cancelled());
  close(a, b);
});

live('two ends of a bare socket, each waits in its direction', function* () {
  const loop = asyncio.getRunningLoop();
  const [a, b] = pair();
  const ask = co(function* (number: number) {
    yield* loop.sockSendall(a, bytes(String(number)));
    return text(yield* loop.sockRecv(a, 100));
  });
  const answer = co(function* () {
    const data = yield* loop.sockRecv(b, 100);
    yield* loop.sockSendall(b, Buffer.concat([data, data]));
  });
  for (const number of [12, 34]) print(...(yield* asyncio.gather(ask(number), answer())));
  close(a, b);
});

/** Prints what it is told, and answers. */
class Telling extends asyncio.Protocol {
  transport: asyncio.Transport | null = null;
  readonly lost: asyncio.Future<void> = new asyncio.Future();

  override connectionMade(transport: asyncio.Transport): void {
    this.transport = transport;
    print('connection_made');
  }

  override dataReceived(data: Uint8Array): void {
    print('data_received', text(data));
    this.transport?.write(Buffer.concat([bytes('got '), data]));
  }

  override eofReceived(): void {
    print('eof_received');
  }

  override connectionLost(exc: Error | null): void {
    print('connection_lost', exc);
    this.lost.setResult(undefined);
  }
}

live('a protocol over a connection that was accepted by hand', function* () {
  const loop = asyncio.getRunningLoop();
  const server = listening();
  const client = made();
  const accepting = asyncio.createTask(loop.sockAccept(server));
  yield* loop.sockConnect(client, server.getsockname());
  const [connection] = yield* accepting;
  const [transport, protocol] = yield* loop.connectAcceptedSocket(() => new Telling(), connection);
  print(protocol.transport === transport);
  yield* loop.sockSendall(client, bytes('hello'));
  print(text(yield* loop.sockRecv(client, 100)));
  client.shutdown(socket.SHUT_WR);
  yield* protocol.lost;
  print(text(yield* loop.sockRecv(client, 100)));
  close(client, server);
});

live('streams over sockets that were made by hand', function* () {
  const shout = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    writer.write(bytes(String(yield* reader.read()).toUpperCase()));
    writer.close();
  });
  const bare = listening();
  const address = bare.getsockname();
  const server = yield* asyncio.startServer(shout, null, null, { sock: bare });
  print(same(server.sockets[0]?.getsockname(), address));
  const loop = asyncio.getRunningLoop();
  const client = made();
  yield* loop.sockConnect(client, address);
  const [reader, writer] = yield* asyncio.openConnection(null, null, { sock: client });
  writer.write(bytes('hello'));
  writer.writeEof();
  print(text(yield* reader.read()));
  writer.close();
  yield* writer.waitClosed();
  server.close();
  yield* server.waitClosed();
});
