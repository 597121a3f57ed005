/** `sendfile` over real connections: what arrives, how far it got, and that the protocol has its transport back as it was. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { BarePeer, event, HOST, type NetScene, onSockets, Recorder, until } from './kit.ts';

const kit = await onSockets(import.meta.url);
const { co } = kit;

/** More than the system takes while nobody reads. */
const SIZE = 16_000_000;
const content = Buffer.allocUnsafe(SIZE);
for (let i = 0; i < SIZE; i++) content[i] = (i * 7 + (i >> 8)) & 0xff;

interface Given extends NetScene {
  readonly path: string;
  readonly protocol: Recorder;
  readonly transport: asyncio.StreamTransport;
  /** The other end, which reads nothing until it is told to. */
  readonly far: net.Socket;
}

/** A scenario with a connection, and a file of 16 MB. */
function scenario(name: string, body: (given: Given) => asyncio.Coroutine<unknown>): void {
  const run = co(function* (scene: NetScene) {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
    const path = join(directory, 'file');
    writeFileSync(path, content);
    const peer = new BarePeer();
    try {
      const port = yield* asyncio.wrapFuture(peer.listen());
      const { loop } = scene;
      const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port);
      const far = yield* peer.accepted();
      yield* body({ ...scene, path, protocol, transport, far });
      transport.abort();
      yield* protocol.lost;
      far.destroy();
    } finally {
      peer.close();
      rmSync(directory, { recursive: true });
    }
  });
  kit.scenario(name, run);
}

/** Everything that comes until the end. */
function collect(far: net.Socket): asyncio.Future<Buffer> {
  const chunks: Buffer[] = [];
  far.on('data', (data) => chunks.push(data)).resume();
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  far.once('end', () => resolve(Buffer.concat(chunks)));
  return asyncio.wrapFuture(promise);
}

scenario('a whole file arrives, by its handle, between what is written before and after', function* (given) {
  const { loop, transport, far, path } = given;
  const got = collect(far);
  const file = yield* asyncio.wrapFuture(open(path));
  transport.write(Buffer.from('head '));
  assert.equal(yield* loop.sendfile(transport, file), SIZE);
  yield* asyncio.wrapFuture(file.close());
  transport.write(Buffer.from(' tail'));
  transport.writeEof();
  const all = yield* got;
  assert.ok(all.equals(Buffer.concat([Buffer.from('head '), content, Buffer.from(' tail')])));
});

scenario('a part of a file arrives, by its descriptor, and it is told how far that was', function* (given) {
  const { loop, transport, far, path } = given;
  const got = collect(far);
  const file = { fd: openSync(path, 'r'), position: 0 };
  assert.equal(yield* loop.sendfile(transport, file, { offset: 100_001, count: 200_003 }), 200_003);
  assert.equal(file.position, 300_004);
  // Shorter than was asked for: up to its end.
  assert.equal(yield* loop.sendfile(transport, file, { offset: SIZE - 10, count: 100 }), 10);
  assert.equal(yield* loop.sendfile(transport, { fd: file.fd }, { offset: SIZE + 5 }), 0);
  assert.equal(file.position, SIZE);
  transport.writeEof();
  const expected = [content.subarray(100_001, 300_004), content.subarray(SIZE - 10)];
  assert.ok((yield* got).equals(Buffer.concat(expected)));
  closeSync(file.fd);
});

scenario('a reader that does not read holds it up: little is in memory', function* (given) {
  const { loop, transport, protocol, far, path } = given;
  const file = { fd: openSync(path, 'r'), position: 0 };
  transport.setWriteBufferLimits({ high: 1000 });
  // More than the system takes, so that something waits here.
  const before = Buffer.alloc(SIZE);
  transport.write(before);
  assert.deepEqual(protocol.events, ['made', 'pause']);
  const sending = loop.createTask(loop.sendfile(transport, file));
  const waiting = transport.getWriteBufferSize();
  for (let i = 0; i < 50; i++) yield* asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve)));
  assert.ok(!sending.done());
  assert.equal(transport.getWriteBufferSize(), waiting);
  const got = collect(far);
  assert.equal(yield* sending, SIZE);
  assert.deepEqual(protocol.events, ['made', 'pause', 'resume']);
  transport.writeEof();
  assert.ok((yield* got).equals(Buffer.concat([before, content])));
  closeSync(file.fd);
});

scenario('meanwhile nothing is read, and afterwards it goes on as before', function* (given) {
  const { loop, transport, protocol, far, path } = given;
  const file = { fd: openSync(path, 'r') };
  for (const paused of [false, true]) {
    protocol.events.length = 0;
    if (paused) transport.pauseReading();
    const sending = loop.createTask(loop.sendfile(transport, file));
    yield* asyncio.sleep(0);
    assert.equal(transport.isReading(), false);
    assert.notEqual(transport.getProtocol(), protocol);
    far.write('news');
    far.on('data', () => {}).resume();
    assert.equal(yield* sending, SIZE);
    assert.equal(transport.getProtocol(), protocol);
    assert.equal(transport.isReading(), !paused);
    if (paused) transport.resumeReading();
    yield* until(() => protocol.events.includes('data news'));
  }
  closeSync(file.fd);
});

scenario(
  'cancelled, it says how far it got, and the protocol is back and knows of the pause',
  function* (given) {
    const { loop, transport, protocol, path } = given;
    const file = { fd: openSync(path, 'r'), position: 0 };
    transport.setWriteBufferLimits({ high: 1000 });
    const sending = loop.createTask(loop.sendfile(transport, file));
    yield* until(() => transport._isWritingPaused);
    sending.cancel();
    assert.ok((yield* thrownBy(sending)) instanceof asyncio.CancelledError);
    assert.ok(file.position > 0 && file.position < SIZE, String(file.position));
    assert.equal(transport.getProtocol(), protocol);
    assert.deepEqual(protocol.events, ['made', 'pause']);
    closeSync(file.fd);
  },
);

scenario(
  'a connection that is lost meanwhile is its error, and the error of the protocol',
  function* (given) {
    const { loop, transport, protocol, far, path } = given;
    const file = { fd: openSync(path, 'r'), position: 0 };
    const sending = loop.createTask(loop.sendfile(transport, file));
    yield* until(() => transport._isWritingPaused);
    far.resetAndDestroy();
    const error = yield* thrownBy(sending);
    assert.ok(error instanceof asyncio.ConnectionError, String(error));
    // Which of the two is told first depends on what it was doing: reading the file, or waiting to write.
    assert.ok((yield* protocol.lost) instanceof asyncio.ConnectionError);
    assert.ok(file.position > 0 && file.position < SIZE);
    closeSync(file.fd);
  },
);

scenario('a transport that is closed meanwhile ends it', function* (given) {
  const { loop, transport, protocol, far, path } = given;
  const file = { fd: openSync(path, 'r') };
  const sending = loop.createTask(loop.sendfile(transport, file));
  yield* until(() => transport._isWritingPaused);
  transport.close();
  far.on('data', () => {}).resume();
  const error = yield* thrownBy(sending);
  assert.ok(error instanceof asyncio.ConnectionError && /[Cc]onnection (is )?closed/.test(error.message));
  assert.equal(yield* protocol.lost, null);
  const late = yield* thrownBy(loop.sendfile(transport, file));
  assert.ok(late instanceof asyncio.RuntimeError && late.message === 'Transport is closing');
  closeSync(file.fd);
});

scenario(
  'a file that is closed, before or meanwhile, is an error, and the connection stays',
  function* (given) {
    const { loop, transport, protocol, far, path } = given;
    const file = yield* asyncio.wrapFuture(open(path));
    const sending = loop.createTask(loop.sendfile(transport, file));
    yield* until(() => transport._isWritingPaused);
    yield* asyncio.wrapFuture(file.close());
    far.on('data', () => {}).resume();
    // Python's for files of its own; of a descriptor it is the system's.
    const closed = /^I\/O operation on closed file: sendfile\(\) needs a FileHandle/;
    for (const error of [yield* thrownBy(sending), yield* thrownBy(loop.sendfile(transport, file))]) {
      assert.ok(error instanceof asyncio.ValueError, String(error));
      assert.match(error.message, closed);
    }
    const error = yield* thrownBy(loop.sendfile(transport, { fd: file.fd }));
    assert.ok(error instanceof asyncio.OSError, String(error));
    assert.deepEqual([error.code, error.errno], ['EBADF', 9]);
    assert.equal(transport.getProtocol(), protocol);
    assert.ok(!transport.isClosing());
  },
);

scenario('what cannot be is refused, and says why', function* ({ loop, transport, path, far }) {
  const fd = openSync(path, 'r');
  const refused = co(function* (name: string, message: RegExp, awaitable: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(awaitable)) as Error;
    assert.equal(error.name, name, String(error));
    assert.match(error.message, message);
  });
  const file = { fd };
  yield* refused(
    'SendfileNotAvailableError',
    /no sendfile/,
    loop.sendfile(transport, file, { fallback: false }),
  );
  const count = /^count must be a positive integer \(got /;
  yield* refused('ValueError', count, loop.sendfile(transport, file, { count: 0 }));
  yield* refused('ValueError', count, loop.sendfile(transport, file, { count: 1.5 }));
  yield* refused('TypeError', count, loop.sendfile(transport, file, { count: '1' as never }));
  const offset = /^offset must be a non-negative integer \(got /;
  yield* refused('ValueError', offset, loop.sendfile(transport, file, { offset: -1 }));
  yield* refused('TypeError', offset, loop.sendfile(transport, file, { offset: null as never }));
  yield* refused(
    'OverflowError',
    /^offset must be at most/,
    loop.sendfile(transport, file, { offset: 1e20 }),
  );
  yield* refused('TypeError', /^sendfile\(\): transport must be/, loop.sendfile(null as never, file));
  yield* refused('TypeError', /options are an object/, loop.sendfile(transport, file, null as never));
  yield* refused('TypeError', /file must be a FileHandle/, loop.sendfile(transport, path as never));
  yield* refused(
    'TypeError',
    /unexpected option 'size'/,
    loop.sendfile(transport, file, { size: 1 } as never),
  );
  yield* refused('OSError', /Bad file descriptor/, loop.sendfile(transport, { fd: 54_321 }));
  for (const none of [-1, 2 ** 31]) {
    yield* refused('OSError', /^\[Errno 9\] Bad file descriptor: /, loop.sendfile(transport, { fd: none }));
  }
  const [udp] = yield* loop.createDatagramEndpoint(() => new asyncio.DatagramProtocol(), { family: 4 });
  yield* refused(
    'RuntimeError',
    /^sendfile is not supported for transport <UdpTransport/,
    loop.sendfile(udp as never, file),
  );
  udp.close();
  assert.ok(!transport.isClosing());
  closeSync(fd);
  far.destroy();
  yield* event(far, 'close');
});

scenario('two files at once over one connection are refused, and the first arrives', function* (given) {
  const { loop, transport, protocol, far, path } = given;
  const file = { fd: openSync(path, 'r') };
  const sending = loop.createTask(loop.sendfile(transport, file));
  yield* until(() => transport._isWritingPaused);
  const error = yield* thrownBy(loop.sendfile(transport, file, { count: 1 }));
  assert.ok(error instanceof asyncio.RuntimeError, String(error));
  assert.match(error.message, /^sendfile\(\): another file is being sent over <StreamTransport /);
  const got = collect(far);
  assert.equal(yield* sending, SIZE);
  assert.equal(transport.getProtocol(), protocol);
  assert.equal(transport.isReading(), true);
  assert.equal(yield* loop.sendfile(transport, file, { count: 1 }), 1);
  transport.writeEof();
  assert.ok((yield* got).equals(Buffer.concat([content, content.subarray(0, 1)])));
  closeSync(file.fd);
});
