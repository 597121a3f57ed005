/** `openConnection` and `startServer` over real sockets: what a program does with a reader and a writer, and how servers' callbacks are run. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { BarePeer, bytes, event, HOST, hostTurn, onSockets, portOf, text, until } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

/** Echo lines until the end. */
const echo = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  yield* asyncio.asyncFor(reader, function* (line: Uint8Array) {
    writer.write(line);
    yield* writer.drain();
  });
  writer.close();
  yield* writer.waitClosed();
});

const close = co(function* (server: asyncio.Server) {
  server.close();
  yield* server.waitClosed();
});

scenario('lines go there and back, and each side can end its way first', function* () {
  const server = yield* asyncio.startServer(echo, HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  assert.deepEqual(writer.getExtraInfo('peername'), [HOST, portOf(server)]);
  assert.equal(writer.getExtraInfo('nothing', 'else'), 'else');
  writer.write(bytes('one\ntwo\n'));
  assert.equal(text(yield* reader.readline()), 'one\n');
  writer.writelines([bytes('three'), bytes('\n'), bytes('four')]);
  assert.equal(writer.canWriteEof(), true);
  writer.writeEof();
  assert.equal(text(yield* reader.read()), 'two\nthree\nfour');
  assert.equal(reader.atEof(), true);
  assert.equal(writer.isClosing(), false);
  writer.close();
  assert.equal(writer.isClosing(), true);
  yield* writer.waitClosed();
  yield* close(server);
});

scenario('a callback that is a plain function is called with both', function* ({ loop }) {
  const pair = loop.createFuture<[asyncio.StreamReader, asyncio.StreamWriter]>();
  const server = yield* asyncio.startServer((...both) => pair.setResult(both), HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  const [theirReader, theirWriter] = yield* pair;
  theirWriter.write(bytes('hello'));
  assert.equal(text(yield* reader.readexactly(5)), 'hello');
  writer.close();
  assert.equal((yield* theirReader.read()).length, 0);
  theirWriter.close();
  yield* theirWriter.waitClosed();
  yield* writer.waitClosed();
  yield* close(server);
});

scenario(
  'a callback that is a coroutine function runs as a task with its own context and name',
  function* () {
    const names: (string | undefined)[] = [];
    const server = yield* asyncio.startServer(
      function* greet(_reader, writer) {
        yield* asyncio.sleep(0);
        names.push(asyncio.currentTask()?.getName(), String(asyncio.currentTask()?.getCoro()));
        writer.write(bytes('hi'));
        writer.close();
      },
      HOST,
      0,
    );
    const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
    assert.equal(text(yield* reader.read()), 'hi');
    assert.match(names[0] ?? '', /^Task-\d+$/);
    assert.match(names[1] ?? '', /greet/);
    writer.close();
    yield* writer.waitClosed();
    yield* close(server);
  },
);

scenario('a callback that only returns a coroutine or a promise is waited for too', function* ({ reports }) {
  const fail = (reader: asyncio.StreamReader) =>
    reader.read().then(() => {
      throw new Error('by promise');
    });
  for (const callback of [echo, fail]) {
    const server = yield* asyncio.startServer((reader, writer) => callback(reader, writer), HOST, 0);
    const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
    writer.write(bytes('x\n'));
    writer.writeEof();
    assert.equal(text(yield* reader.read()), callback === echo ? 'x\n' : '');
    writer.close();
    yield* writer.waitClosed();
    yield* close(server);
  }
  assert.deepEqual(
    reports().map(({ message, exception }) => `${message}: ${exception}`),
    ['Unhandled exception in client_connected_cb: Error: by promise'],
  );
});

scenario('a callback that fails is reported, and its connection closed', function* ({ reports }) {
  const error = new Error('from the callback');
  const server = yield* asyncio.startServer(
    function* (reader) {
      yield* reader.readline();
      throw error;
    },
    HOST,
    0,
  );
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  writer.write(bytes('go\n'));
  assert.equal((yield* reader.read()).length, 0);
  const [report] = reports();
  assert.equal(report?.message, 'Unhandled exception in client_connected_cb');
  assert.equal(report?.exception, error);
  assert.ok(report?.['transport'] instanceof asyncio.Transport);
  writer.close();
  yield* writer.waitClosed();
  yield* close(server);
});

scenario('a plain callback that fails is reported, and its connection closed', function* ({ reports }) {
  const error = new Error('from the callback');
  const server = yield* asyncio.startServer(
    () => {
      throw error;
    },
    HOST,
    0,
  );
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  assert.equal((yield* reader.read()).length, 0);
  const [report] = reports();
  assert.equal(report?.message, 'Unhandled exception in client_connected_cb');
  assert.equal(report?.exception, error);
  writer.close();
  yield* writer.waitClosed();
  yield* close(server);
});

scenario('a callback whose task is cancelled has its connection closed, without a report', function* () {
  const tasks: (asyncio.Task<unknown> | null)[] = [];
  const server = yield* asyncio.startServer(
    function* (reader) {
      tasks.push(asyncio.currentTask());
      yield* reader.read();
    },
    HOST,
    0,
  );
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  yield* until(() => tasks.length === 1);
  tasks[0]?.cancel();
  assert.equal((yield* reader.read()).length, 0);
  writer.close();
  yield* writer.waitClosed();
  yield* close(server);
});

scenario('the limit is given to the readers of both sides', function* () {
  const errors: unknown[] = [];
  const server = yield* asyncio.startServer(
    function* (reader, writer) {
      errors.push(yield* thrownBy(reader.readuntil(bytes('#'))));
      writer.write(bytes('123456789#'));
      writer.close();
    },
    HOST,
    0,
    { limit: 4 },
  );
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server), { limit: 5 });
  writer.write(bytes('12345#'));
  errors.push(yield* thrownBy(reader.readuntil(bytes('#'))));
  assert.ok(errors.every((error) => error instanceof asyncio.LimitOverrunError));
  writer.close();
  yield* writer.waitClosed();
  yield* close(server);
});

scenario('drain waits while the other side takes nothing, and no longer', function* ({ loop }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [, writer] = yield* asyncio.openConnection(HOST, port);
  const socket = yield* peer.accepted();
  writer.write(Buffer.alloc(16 * 1024 * 1024));
  const drained = loop.createTask(writer.drain());
  const other = loop.createTask(writer.drain());
  yield* hostTurn();
  assert.deepEqual([drained.done(), other.done()], [false, false]);
  assert.ok(writer.transport.getWriteBufferSize() > 64 * 1024);
  other.cancel();
  assert.ok((yield* thrownBy(other)) instanceof asyncio.CancelledError);
  socket.resume();
  yield* drained;
  assert.ok(writer.transport.getWriteBufferSize() <= 16 * 1024);
  yield* writer.drain();
  writer.close();
  yield* writer.waitClosed();
  socket.destroy();
  peer.close();
});

scenario('drain fails where the connection is lost, at the latest after closing', function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [reader, writer] = yield* asyncio.openConnection(HOST, port);
  const socket = yield* peer.accepted();
  socket.resetAndDestroy();
  const error = yield* thrownBy(reader.read());
  assert.ok(error instanceof asyncio.ConnectionResetError);
  assert.equal(error.message, '[Errno 104] Connection reset by peer');
  assert.equal(reader.exception(), error);
  assert.equal(yield* thrownBy(writer.drain()), error);
  assert.equal(yield* thrownBy(writer.waitClosed()), error);
  const [, second] = yield* asyncio.openConnection(HOST, port);
  second.close();
  const lost = yield* thrownBy(second.drain());
  assert.ok(lost instanceof asyncio.ConnectionResetError);
  assert.equal(lost.message, 'Connection lost');
  peer.close();
});

scenario('a loop of write and drain comes to see that the connection is gone', function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [, writer] = yield* asyncio.openConnection(HOST, port);
  const socket = yield* peer.accepted();
  socket.destroy();
  const forever = co(function* () {
    for (;;) {
      writer.write(bytes('more'));
      yield* writer.drain();
      yield* asyncio.sleep(0);
    }
  });
  const error = yield* thrownBy(asyncio.createTask(forever()));
  assert.ok(error instanceof asyncio.ConnectionError, String(error));
  writer.close();
  peer.close();
});

scenario(
  'waiting for the end can be given up, and the next one who waits is told all the same',
  function* ({ loop }) {
    const peer = new BarePeer();
    const port = yield* asyncio.wrapFuture(peer.listen());
    const [, writer] = yield* asyncio.openConnection(HOST, port);
    const waiting = loop.createTask(writer.waitClosed());
    yield* asyncio.sleep(0);
    waiting.cancel();
    assert.ok((yield* thrownBy(waiting)) instanceof asyncio.CancelledError);
    writer.close();
    yield* writer.waitClosed();
    peer.close();
  },
);

scenario('a writer is closed by the end of a block', function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [reader, writer] = yield* asyncio.openConnection(HOST, port);
  yield* asyncio.asyncWith(writer, function* (same) {
    same.write(bytes('bye'));
  });
  assert.equal(writer.isClosing(), true);
  assert.equal(reader.atEof(), true);
  assert.match(
    String(writer),
    /^<StreamWriter transport=<StreamTransport closed .*> reader=<StreamReader eof .*>>$/,
  );
  peer.close();
});

scenario('what makes no sense is refused', function* () {
  const noFunction = yield* thrownBy(asyncio.startServer('callback' as never, HOST, 0));
  assert.ok(noFunction instanceof TypeError);
  assert.match(
    noFunction.message,
    /startServer\(\) needs a function of a reader and a writer, not "callback"/,
  );
  const noLimit = yield* thrownBy(asyncio.openConnection(HOST, 1, { limit: 0 }));
  assert.ok(noLimit instanceof asyncio.ValueError);
  const nowhere = yield* thrownBy(asyncio.openConnection());
  assert.ok(nowhere instanceof asyncio.ValueError);
});

/** Collect until there is a warning. */
const collected = co(function* (warnings: () => Error[]) {
  assert.ok(globalThis.gc !== undefined, 'run with --expose-gc');
  for (let i = 0; i < 500; i++) {
    globalThis.gc();
    yield* hostTurn();
    const [warning] = warnings();
    if (warning !== undefined) return String(warning);
  }
  return 'no warning';
});

scenario('a stream that nobody holds is closed when it is collected, and reported', function* ({ warnings }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const forget = co(function* () {
    const [, writer] = yield* asyncio.openConnection(HOST, port);
    writer.write(bytes('x'));
  });
  yield* asyncio.createTask(forget());
  const socket = yield* peer.accepted();
  const ended = event(socket, 'end');
  socket.resume();
  assert.match(
    yield* collected(warnings),
    /^ResourceWarning: unclosed <StreamWriter transport=<StreamTransport/,
  );
  yield* ended;
  socket.destroy();
  peer.close();
});

scenario('a stream of which a task only reads stays open', function* ({ loop, warnings }) {
  assert.ok(globalThis.gc !== undefined, 'run with --expose-gc');
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const readAll = co(function* () {
    const [reader] = yield* asyncio.openConnection(HOST, port);
    return text(yield* reader.read());
  });
  const task = loop.createTask(readAll());
  const socket = yield* peer.accepted();
  for (let i = 0; i < 20; i++) {
    globalThis.gc();
    yield* hostTurn();
  }
  socket.resume().end('still here');
  assert.equal(yield* task, 'still here');
  assert.match(yield* collected(warnings), /^ResourceWarning: unclosed <StreamWriter/);
  yield* until(() => socket.destroyed);
  peer.close();
});
