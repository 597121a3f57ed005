/**
 * Every call of the network that waits, cancelled at every step: before it runs, after each iteration of the loop and each turn of the host's, until it
 * is done before it could be cancelled. Each time it ends with the cancellation, and no descriptor is left.
 */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { BarePeer, bytes, HOST, hostTurn, onSockets, openHandles, portOf } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

/** How many steps are iterations of the loop alone; each further one is a turn of the host's. */
const ITERATIONS = 8;
/** How many steps a call takes that never ends by itself. */
const ENDLESS = 14;
const MOST = 500;
const MIB = 1024 * 1024;

/** A call to be cancelled, with what it needs and how that is put away. */
interface Call {
  start(): asyncio.Awaitable<unknown>;
  /** Put away what came of it, if it was done. */
  discard?(result: never): unknown;
  /** Put away what it needs, when it has ended. */
  end?(): unknown;
}

/** The sockets of this process, and where there is no such list Node's own count of them. */
function sockets(): number {
  try {
    const isSocket = (fd: string): boolean => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
      } catch {
        return false;
      }
    };
    return readdirSync('/proc/self/fd').filter(isSocket).length;
  } catch {
    return openHandles().length;
  }
}

const gone = co(function* (baseline: number) {
  for (let i = 0; sockets() > baseline; i++) {
    assert.ok(i < MOST, `${sockets() - baseline} sockets are left`);
    yield* hostTurn();
  }
});

/** @param endless it never ends by itself. */
function cancelled(
  name: string,
  prepare: (loop: asyncio.EventLoop) => asyncio.Coroutine<Call>,
  endless = false,
): void {
  const prepared = co(prepare as (loop: asyncio.EventLoop) => asyncio.Coroutine<Call>);
  scenario(`${name}, cancelled at every step, leaves nothing`, function* ({ loop }) {
    const baseline = sockets();
    for (let step = 0, done = false; endless ? step < ENDLESS : !done; step++) {
      assert.ok(step < MOST, 'it never ended');
      const { start, discard, end } = yield* prepared(loop);
      const task = asyncio.createTask(start() as asyncio.CoroutineObject<unknown>);
      for (let i = 0; i < step && !task.done(); i++) {
        if (i < ITERATIONS) yield* asyncio.sleep(0);
        else yield* hostTurn();
      }
      done = task.done();
      if (done) {
        assert.equal(task.cancel(), false);
        discard?.(task.result() as never);
      } else {
        assert.equal(task.cancel(`at step ${step}`), true);
        const error = yield* thrownBy(task);
        assert.ok(error instanceof asyncio.CancelledError, `step ${step}: ${String(error)}`);
        assert.equal(error.message, `at step ${step}`);
      }
      end?.();
      yield* gone(baseline);
    }
  });
}

const closeStream = ([, writer]: [asyncio.StreamReader, asyncio.StreamWriter]) => writer.close();
const closeFirst = ([transport]: [asyncio.BaseTransport, unknown]) => transport.close();
const closeServer = (server: asyncio.Server<asyncio.Address>) => server.close();

let paths = 0;
const freshPath = () => join(tmpdir(), `asyncio-cancel-${process.pid}-${paths++}`);

// ---- opening ----------------------------------------------------------------------------------------------------------------------

const peerOf = co(function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  return { peer, port, end: () => peer.close() };
});

cancelled('openConnection()', function* () {
  const { port, end } = yield* peerOf();
  return { start: () => asyncio.openConnection(HOST, port), discard: closeStream, end };
});

cancelled('createConnection() to a name, from an address, with happy eyeballs', function* (loop) {
  const { port, end } = yield* peerOf();
  const options = { localAddr: [HOST, 0], happyEyeballsDelay: 0.001, family: 4 } as const;
  const make = () => new asyncio.Protocol();
  return { start: () => loop.createConnection(make, 'localhost', port, options), discard: closeFirst, end };
});

cancelled('startServer()', function* () {
  return { start: () => asyncio.startServer(() => {}, 'localhost', 0), discard: closeServer };
});

cancelled('createServer() that does not start serving, and startServing()', function* (loop) {
  const begin = co(function* () {
    const server = yield* loop.createServer(() => new asyncio.Protocol(), HOST, 0, { startServing: false });
    try {
      yield* server.startServing();
    } catch (error) {
      server.close();
      throw error;
    }
    return server;
  });
  return { start: () => begin() as never, discard: closeServer };
});

if (process.platform !== 'win32') {
  cancelled('openUnixConnection()', function* () {
    const path = freshPath();
    const server = yield* asyncio.startUnixServer((_reader, writer) => writer.close(), path);
    return { start: () => asyncio.openUnixConnection(path), discard: closeStream, end: () => server.close() };
  });

  cancelled('startUnixServer()', function* () {
    const path = freshPath();
    return { start: () => asyncio.startUnixServer(() => {}, path), discard: closeServer };
  });
}

cancelled('createDatagramEndpoint()', function* (loop) {
  const options = { localAddr: [HOST, 0], remoteAddr: ['localhost', 9], family: 4 } as const;
  const make = () => new asyncio.DatagramProtocol();
  return { start: () => loop.createDatagramEndpoint(make, options), discard: closeFirst };
});

cancelled('getaddrinfo()', function* (loop) {
  return { start: () => loop.getaddrinfo('localhost', 'http') };
});

cancelled('getnameinfo()', function* (loop) {
  return { start: () => loop.getnameinfo([HOST, 80]) };
});

// ---- reading and writing ------------------------------------------------------------------------------------------------------------

/** Both ends of a connection: the server's, and ours. */
const pair = co(function* () {
  const accepted = new asyncio.Future<[asyncio.StreamReader, asyncio.StreamWriter]>();
  const server = yield* asyncio.startServer((...streams) => accepted.setResult(streams), HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  const [, other] = yield* accepted;
  const end = () => {
    writer.transport.abort();
    other.transport.abort();
    server.close();
  };
  return { server, reader, writer, other, end };
});

const READINGS: Readonly<Record<string, (reader: asyncio.StreamReader) => asyncio.Awaitable<unknown>>> = {
  'read()': (reader) => reader.read(),
  'read(n)': (reader) => reader.read(10),
  'readline()': (reader) => reader.readline(),
  'readexactly()': (reader) => reader.readexactly(10),
  'readuntil()': (reader) => reader.readuntil([bytes('\r\n'), bytes('\n')]),
  'the next line': (reader) => reader[Symbol.asyncIterator]().next() as never,
};

for (const [name, read] of Object.entries(READINGS)) {
  cancelled(
    name,
    function* () {
      const { reader, other, end } = yield* pair();
      if (name !== 'read(n)') other.write(bytes('half'));
      return { start: () => read(reader), end };
    },
    true,
  );
}

cancelled(
  'drain()',
  function* () {
    const { writer, other, end } = yield* pair();
    other.transport.write(bytes('x'));
    for (let i = 0; i < 2; i++) writer.write(Buffer.alloc(16 * MIB));
    return { start: () => writer.drain(), end };
  },
  true,
);

cancelled('waitClosed() of a stream', function* () {
  const { writer, end } = yield* pair();
  writer.close();
  return { start: () => writer.waitClosed(), end };
});

cancelled('the end of a block with a stream', function* () {
  const { writer, end } = yield* pair();
  return { start: () => asyncio.asyncWith(writer, function* () {}), end };
});

// ---- serving ------------------------------------------------------------------------------------------------------------------------

cancelled(
  'serveForever() with a connection',
  function* () {
    const { server, end } = yield* pair();
    return { start: () => server.serveForever(), end };
  },
  true,
);

cancelled(
  'waitClosed() of a server with a connection',
  function* () {
    const { server, end } = yield* pair();
    server.close();
    return { start: () => server.waitClosed(), end };
  },
  true,
);

cancelled(
  'the end of a block with a server that has a connection',
  function* () {
    const { server, end } = yield* pair();
    return { start: () => asyncio.asyncWith(server, function* () {}), end };
  },
  true,
);
