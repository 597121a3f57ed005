/** Raw sockets, watched descriptors and the loop's `sock...` methods, on the epoll reactor; elsewhere they say what is missing. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bytes, HOST, isRaw, onSockets, text, until } from './kit.ts';

const { scenario: play, co } = await onSockets(import.meta.url);
const { Socket, socket, socketpair } = asyncio;

const probe = asyncio.newEventLoop();
const hasRaw = isRaw(probe);
probe.close();

/** Where there are no raw sockets, there is nothing to be played but what is said of that. */
function scenario(name: string, body: Parameters<typeof play>[1], onRaw = true): void {
  if (onRaw === hasRaw) play(name, body);
}

function nonBlocking<S extends readonly asyncio.Socket[]>(...sockets: S): S {
  for (const one of sockets) one.setblocking(false);
  return sockets;
}

function pair(): [asyncio.Socket, asyncio.Socket] {
  return nonBlocking(...socketpair()) as [asyncio.Socket, asyncio.Socket];
}

function listening(): asyncio.Socket {
  const [server] = nonBlocking(new Socket());
  server.bind([HOST, 0]);
  server.listen();
  return server;
}

scenario('a server and a client of raw sockets, with nothing else', function* ({ loop }) {
  using server = listening();
  const serve = co(function* () {
    const [connection, address] = yield* loop.sockAccept(server);
    assert.equal(connection.getblocking(), false);
    for (;;) {
      const data = yield* loop.sockRecv(connection, 1000);
      if (data.length === 0) break;
      yield* loop.sockSendall(connection, data);
    }
    connection.close();
    return address;
  });
  const serving = loop.createTask(serve());
  const [client] = nonBlocking(new Socket());
  yield* loop.sockConnect(client, server.getsockname());
  yield* loop.sockSendall(client, bytes('hello'));
  assert.equal(text(yield* loop.sockRecv(client, 100)), 'hello');
  const own = client.getsockname();
  assert.deepEqual(client.getpeername(), server.getsockname());
  client.shutdown(socket.SHUT_WR);
  assert.equal((yield* loop.sockRecv(client, 100)).length, 0);
  assert.deepEqual(yield* serving, own);
  client.close();
  assert.equal(client.fileno(), -1);
  client.close();
});

scenario('names are looked up, and a port where nobody listens refuses', function* ({ loop }) {
  using server = listening();
  const [, port] = server.getsockname() as asyncio.SocketAddress;
  using client = nonBlocking(new Socket())[0];
  yield* loop.sockConnect(client, ['localhost', port]);
  server.close();
  using other = nonBlocking(new Socket())[0];
  const error = yield* thrownBy(loop.sockConnect(other, [HOST, port]));
  assert.ok(error instanceof asyncio.ConnectionRefusedError);
  assert.match(error.message, /connect call failed \('127\.0\.0\.1', \d+\)/i);
});

scenario("much data goes through whole, with a slow reader, into arrays of one's own", function* ({ loop }) {
  const [a, b] = pair();
  const data = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
  const sending = loop.createTask(loop.sockSendall(a, data));
  const got = Buffer.alloc(data.length);
  for (let at = 0; at < got.length; ) {
    const count = yield* loop.sockRecvInto(b, got.subarray(at, at + 100_000));
    assert.ok(count > 0);
    at += count;
  }
  yield* sending;
  assert.ok(got.equals(data));
  a.close();
  b.close();
});

scenario('who waits after one that was cancelled is not disturbed by its end', function* ({ loop }) {
  const [a, b] = pair();
  const first = loop.createTask(loop.sockRecv(b, 100));
  yield* asyncio.sleep(0);
  first.cancel();
  // It begins to wait before the first has come to its end.
  const begun = loop.createTask(loop.sockSendall(a, bytes('hello')));
  assert.equal(text(yield* loop.sockRecv(b, 100)), 'hello');
  yield* asyncio.wait([first, begun]);
  assert.ok(first.cancelled());
  a.close();
  b.close();
});

scenario('datagrams, with where they came from', function* ({ loop }) {
  const [a, b] = nonBlocking(
    new Socket(socket.AF_INET, socket.SOCK_DGRAM),
    new Socket(socket.AF_INET, socket.SOCK_DGRAM),
  );
  a.bind([HOST, 0]);
  b.bind([HOST, 0]);
  const receiving = loop.createTask(loop.sockRecvfrom(b, 100));
  yield* asyncio.sleep(0);
  assert.equal(yield* loop.sockSendto(a, bytes('one'), b.getsockname()), 3);
  const [data, from] = yield* receiving;
  assert.deepEqual([text(data), from], ['one', a.getsockname()]);
  yield* loop.sockSendto(a, bytes('two'), b.getsockname());
  const into = Buffer.alloc(10);
  assert.deepEqual(yield* loop.sockRecvfromInto(b, into), [3, a.getsockname()]);
  assert.equal(text(into.subarray(0, 3)), 'two');
  a.close();
  b.close();
});

scenario(
  'a file is sent whole, in part, from a handle, and where the system cannot by itself',
  function* ({ loop }) {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-'));
    const path = join(directory, 'file');
    const content = Buffer.alloc(500_000, '0123456789');
    writeFileSync(path, content);
    const send = co(function* (
      file: asyncio.SendableFile,
      ...where: [offset?: number, count?: number | null]
    ) {
      const [a, b] = pair();
      const sending = loop.createTask(loop.sockSendfile(a, file, ...where));
      const received: Uint8Array[] = [];
      const receive = co(function* () {
        for (;;) {
          const data = yield* loop.sockRecv(b, 65_536);
          if (data.length === 0) return Buffer.concat(received);
          received.push(data);
        }
      });
      const receiving = loop.createTask(receive());
      const sent = yield* sending;
      a.close();
      const all = yield* receiving;
      b.close();
      assert.equal(all.length, sent);
      return all;
    });
    const handle = yield* asyncio.wrapFuture(open(path));
    assert.ok((yield* send(handle)).equals(content));
    assert.ok((yield* send(handle.fd, 123_456)).equals(content.subarray(123_456)));
    assert.ok((yield* send(handle.fd, 10, 20)).equals(content.subarray(10, 30)));
    assert.equal((yield* send(handle.fd, 600_000)).length, 0);
    yield* asyncio.wrapFuture(handle.close());
    const version = yield* asyncio.wrapFuture(open('/proc/version'));
    assert.ok((yield* send(version)).equals(readFileSync('/proc/version')));
    yield* asyncio.wrapFuture(version.close());
    const [a, b] = pair();
    const folder = openSync(directory, 'r');
    const error = yield* thrownBy(loop.sockSendfile(a, folder));
    closeSync(folder);
    assert.ok(error instanceof asyncio.OSError);
    a.close();
    b.close();
    rmSync(directory, { recursive: true });
  },
);

scenario(
  'readers and writers are called as long as there is something, and are told of an end',
  function* ({ loop }) {
    const [a, b] = pair();
    const heard: string[] = [];
    const read = (name: string) => {
      const data = b.recv(2);
      heard.push(`${name} ${text(data)}`);
      if (data.length === 0) loop.removeReader(b);
    };
    loop.addReader(b, read, 'old');
    loop.addReader(b.fileno(), read, 'new');
    a.send(bytes('abc'));
    yield* until(() => heard.length === 2);
    a.close();
    yield* until(() => heard.length === 3);
    assert.deepEqual(heard, ['new ab', 'new c', 'new ']);
    assert.equal(loop.removeReader(b), false);

    let writable = 0;
    loop.addWriter(b, () => writable++);
    yield* until(() => writable >= 2);
    assert.equal(loop.removeWriter(b), true);
    assert.equal(loop.removeWriter(b), false);
    const before = writable;
    yield* asyncio.sleep(0.01);
    assert.equal(writable, before);
    b.close();
  },
);

scenario('a reader that fails is reported, and is called again', function* ({ loop, reports }) {
  const [a, b] = pair();
  let calls = 0;
  loop.addReader(b, () => {
    calls++;
    if (calls === 1) throw new Error('no reading today');
    b.recv(10);
    loop.removeReader(b);
  });
  a.send(bytes('x'));
  yield* until(() => calls === 2);
  assert.match(String(reports().map(({ exception }) => exception)), /no reading today/);
  a.close();
  b.close();
});

scenario(
  'what waits can be cancelled at any moment, times out, and leaves the socket usable',
  function* ({ loop }) {
    const [a, b] = pair();
    for (let steps = 0; steps < 5; steps++) {
      const waiting = loop.createTask(loop.sockRecv(b, 10));
      for (let i = 0; i < steps; i++) yield* asyncio.sleep(0);
      waiting.cancel();
      assert.ok((yield* thrownBy(waiting)) instanceof asyncio.CancelledError);
    }
    const late = yield* thrownBy(asyncio.waitFor(loop.sockRecv(b, 10), 0.001));
    assert.ok(late instanceof asyncio.TimeoutError);
    assert.equal(loop.removeReader(b), false, 'it is still watched');
    yield* loop.sockSendall(a, bytes('still here'));
    assert.equal(text(yield* loop.sockRecv(b, 100)), 'still here');
    using server = listening();
    const accepting = loop.createTask(loop.sockAccept(server));
    yield* asyncio.sleep(0);
    accepting.cancel();
    yield* asyncio.wait([accepting]);
    a.close();
    assert.equal((yield* loop.sockRecv(b, 10)).length, 0);
    b.close();
  },
);

scenario(
  "a peer that resets, and a socket that is closed, are errors of Python's class",
  function* ({ loop }) {
    using server = listening();
    const [client] = nonBlocking(new Socket());
    yield* loop.sockConnect(client, server.getsockname());
    const [connection] = yield* loop.sockAccept(server);
    const receiving = loop.createTask(loop.sockRecv(client, 10));
    yield* asyncio.sleep(0);
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
    connection.close();
    assert.ok((yield* thrownBy(receiving)) instanceof asyncio.ConnectionResetError);
    client.close();
    const closed = yield* thrownBy(loop.sockRecv(client, 10));
    assert.ok(closed instanceof asyncio.OSError);
    assert.equal(closed.code, 'EBADF');
    const [a, b] = pair();
    b.close();
    assert.ok((yield* thrownBy(loop.sockSendall(a, bytes('x')))) instanceof asyncio.BrokenPipeError);
    a.close();
  },
);

scenario('sockets that block, descriptors of transports, and nonsense are refused', function* ({ loop }) {
  const [a, b] = socketpair();
  assert.deepEqual([a.getblocking(), a.gettimeout()], [true, null]);
  const refused = co(function* (name: string, message: RegExp, awaitable: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(awaitable)) as Error;
    assert.equal(error.name, name);
    assert.match(error.message, message);
  });
  yield* refused('ValueError', /must be non-blocking: call setblocking\(false\)/, loop.sockRecv(a, 1));
  nonBlocking(a, b);
  yield* refused('TypeError', /sockRecv\(\) needs a Socket, not 5/, loop.sockRecv(5 as never, 1));
  yield* refused('ValueError', /negative buffersize/, loop.sockRecv(a, -1));
  yield* refused('TypeError', /sockSendall\(\) needs a Uint8Array/, loop.sockSendall(a, 'x' as never));
  yield* refused('TypeError', /needs a descriptor or a FileHandle/, loop.sockSendfile(a, 'x' as never));
  assert.throws(() => loop.addReader('x' as never, () => {}), {
    name: 'ValueError',
    message: /Invalid file object/,
  });
  assert.throws(() => loop.addReader(-1, () => {}), {
    name: 'ValueError',
    message: /Invalid file descriptor: -1/,
  });
  assert.throws(() => loop.addReader(a, 5 as never), { name: 'TypeError' });
  const file = openSync(import.meta.filename, 'r');
  assert.throws(() => loop.addReader(file, () => {}), { name: 'PermissionError' });
  closeSync(file);
  assert.throws(() => a.recv(1), { name: 'BlockingIOError' });
  assert.throws(() => new Socket(77 as never), { name: 'ValueError' });
  assert.throws(() => a.recvInto(new Uint8Array(1), 2), { name: 'ValueError' });
  using other = new Socket();
  assert.throws(() => other.bind(['localhost', 0]), {
    name: 'OSError',
    message: /no address of this family/,
  });
  a.close();
  b.close();

  const server = yield* loop.createServer(() => new asyncio.Protocol(), HOST, 0);
  const fd = server.sockets[0]!.fileno();
  assert.throws(() => loop.addReader(fd, () => {}), {
    name: 'RuntimeError',
    message: /is used by a transport/,
  });
  server.close();
  yield* server.waitClosed();
});

scenario(
  'elsewhere they say what is missing',
  function* ({ loop }) {
    const missing = {
      name: 'NotImplementedError',
      message: /the libuv reactor cannot watch descriptors; the epoll reactor can/,
    };
    assert.throws(() => loop.addReader(0, () => {}), missing);
    assert.throws(() => loop.removeWriter(0), missing);
    const error = (yield* thrownBy(loop.sockRecv(null as never, 1))) as Error;
    assert.equal(error.name, missing.name);
    assert.match(error.message, missing.message);
    assert.throws(() => asyncio.runSync((function* () {})(), { loopFactory: asyncio.newEventLoop }), {
      name: 'RuntimeError',
    });
  },
  false,
);
