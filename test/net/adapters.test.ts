/** Readers and writers over Web streams and streams of Node, and as such: what arrives, what holds back whom, and how ends and errors travel. */
import assert from 'node:assert/strict';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CompressionStream, ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { gunzipSync } from 'node:zlib';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { BarePeer, bytes, event, HOST, hostTurn, onSockets, text, until } from './kit.ts';

const { co, scenario } = await onSockets(import.meta.url);
const { StreamReader, StreamWriter, streams } = asyncio;

/** Let everything that can go on without us do so. */
const settle = co(function* () {
  for (let i = 0; i < 20; i++) yield* hostTurn();
});

/** A connection to a bare peer, as a reader and a writer, and the far end. */
const connected = co(function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [reader, writer] = yield* asyncio.openConnection(HOST, port, { limit: 1000 });
  const far = yield* peer.accepted();
  return { peer, reader, writer, far };
});

/** A Web stream that gives kilobytes without end, and says how many it gave and how it was cancelled. */
function endless() {
  const seen = { pulled: 0, reason: undefined as unknown, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.pulled++;
        controller.enqueue(Buffer.alloc(1000, 'x'));
      },
      cancel(reason) {
        seen.cancelled = true;
        seen.reason = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

// ---- from Web streams ------------------------------------------------------------------------------------------------------------

scenario('a Web stream is read line by line, whatever its pieces are', function* () {
  const source = ReadableStream.from(
    ['on', 'e\ntw', 'o\nthr', '', 'ee'].map(bytes),
  ) as ReadableStream<Uint8Array>;
  const reader = StreamReader.fromWeb(source);
  const lines: string[] = [];
  yield* asyncio.asyncFor(reader, function* (line: Uint8Array) {
    lines.push(text(line));
  });
  assert.deepEqual(lines, ['one\n', 'two\n', 'three']);
  assert.ok(reader.atEof());
});

scenario('the body of a response is read', function* () {
  const response = new Response('hello\nworld\n');
  const reader = StreamReader.fromWeb(response.body!);
  assert.equal(text(yield* reader.readline()), 'hello\n');
  assert.equal(text(yield* reader.read()), 'world\n');
});

scenario('no more of a Web stream is read than the reader may hold', function* () {
  const { stream, seen } = endless();
  const stop = new AbortController();
  const reader = StreamReader.fromWeb(stream, { limit: 5000, signal: stop.signal });
  yield* settle();
  // More than twice the limit pauses it; one more was asked for by then.
  assert.ok(seen.pulled >= 10 && seen.pulled <= 13, String(seen.pulled));
  const { pulled } = seen;
  yield* reader.readexactly(6000);
  yield* settle();
  assert.ok(seen.pulled > pulled && seen.pulled <= pulled + 8, String(seen.pulled));
  const reason = new Error('enough');
  stop.abort(reason);
  assert.equal(yield* thrownBy(reader.read()), reason);
  yield* settle();
  assert.deepEqual([seen.cancelled, seen.reason], [true, reason]);
});

scenario('a signal that has aborted already, and one that aborts after the end', function* () {
  const { stream, seen } = endless();
  const reader = StreamReader.fromWeb(stream, { signal: AbortSignal.abort('no') });
  const error = (yield* thrownBy(reader.read(1))) as Error;
  assert.ok(error instanceof asyncio.ConnectionAbortedError && error.cause === 'no', String(error));
  yield* settle();
  assert.ok(seen.cancelled);
  const stop = new AbortController();
  const whole = StreamReader.fromWeb(new Response('all').body!, { signal: stop.signal });
  assert.equal(text(yield* whole.read()), 'all');
  yield* settle();
  stop.abort();
  assert.equal(text(yield* whole.read()), '');
});

scenario('an error of a Web stream is what reading throws, and is reported nowhere else', function* () {
  const boom = new Error('boom');
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes('some')),
    pull: (controller) => controller.error(boom),
  });
  const reader = StreamReader.fromWeb(source);
  assert.equal(yield* thrownBy(reader.read()), boom);
  assert.equal(reader.exception(), boom);
});

scenario('what is no stream, and what is no signal, are refused before anything is locked', function* () {
  const refused = (make: () => unknown, message: RegExp) =>
    assert.throws(make, (error) => error instanceof TypeError && message.test(error.message));
  for (const bad of [undefined, null, {}, 'text', new Readable()] as never[]) {
    refused(
      () => StreamReader.fromWeb(bad),
      /^StreamReader\.fromWeb\(\) needs a ReadableStream of the Web, not /,
    );
    refused(
      () => StreamWriter.fromWeb(bad),
      /^StreamWriter\.fromWeb\(\) needs a WritableStream of the Web, not /,
    );
  }
  for (const bad of [undefined, null, 5] as never[]) {
    refused(
      () => streams.fromWeb(bad),
      /^streams\.fromWeb\(\) needs \{ readable, writable \}, such as .*, not /,
    );
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  refused(() => streams.fromWeb({} as never), /^streams\.fromWeb\(\{ readable \}\) needs a .*not undefined$/);
  refused(
    () => streams.fromWeb({ readable } as never),
    /^streams\.fromWeb\(\{ writable \}\) needs a .*not undefined$/,
  );
  const duplex = new PassThrough();
  for (const signal of [{}, null, 'no', new AbortController()] as never[]) {
    const options = { signal };
    const message = /fromWeb\(\): signal must be an AbortSignal, such as .*, not /;
    refused(() => streams.fromWeb({ readable, writable }, options), message);
    refused(() => StreamReader.fromWeb(readable, options), message);
    refused(() => StreamWriter.fromWeb(writable, options), message);
    const ofNode = /fromNode\(\): signal must be an AbortSignal, such as .*, not /;
    refused(() => streams.fromNode(duplex, options), ofNode);
    refused(() => StreamReader.fromNode(duplex, options), ofNode);
    refused(() => StreamWriter.fromNode(duplex, options), ofNode);
  }
  refused(
    () => StreamReader.fromWeb(readable, null as never),
    /options must be an object, such as \{ signal \}, not null/,
  );
  assert.deepEqual([readable.locked, writable.locked, duplex.destroyed], [false, false, false]);
  const [reader, writer] = streams.fromWeb({ readable, writable });
  writer.write(bytes('still'));
  assert.equal(text(yield* reader.readexactly(5)), 'still');
  writer.close();
  yield* writer.waitClosed();
});

scenario('what is no bytes, and a stream that is locked, are refused', function* () {
  const words = ReadableStream.from(['word']) as unknown as ReadableStream<Uint8Array>;
  const error = (yield* thrownBy(StreamReader.fromWeb(words).read())) as Error;
  assert.match(String(error), /^TypeError: .*needs a Uint8Array.*not "word".*encode it/);
  const { stream } = endless();
  stream.getReader();
  assert.throws(() => StreamReader.fromWeb(stream), /locked/i);
  const pair = new TransformStream<Uint8Array, Uint8Array>();
  pair.writable.getWriter();
  assert.throws(() => streams.fromWeb(pair), /locked/i);
  assert.ok(!pair.readable.locked);
  assert.throws(
    () => StreamReader.fromNode({} as never),
    /^TypeError: StreamReader.fromNode\(\) needs a Readable/,
  );
  assert.throws(
    () => StreamWriter.fromNode(5 as never),
    /^TypeError: StreamWriter.fromNode\(\) needs a Writable/,
  );
  assert.throws(() => streams.fromNode({} as never), /^TypeError: streams.fromNode\(\) needs a Duplex/);
});

scenario('a pair of Web streams is a reader and a writer; each direction ends by itself', function* () {
  const [reader, writer] = streams.fromWeb(new CompressionStream('gzip'));
  writer.write(bytes('hello '));
  writer.writelines([bytes('wide '), bytes('world')]);
  yield* writer.drain();
  assert.ok(writer.canWriteEof());
  writer.writeEof();
  assert.equal(String(gunzipSync(yield* reader.read())), 'hello wide world');
  writer.close();
  yield* writer.waitClosed();
});

/** A Web stream to write to, which takes a piece when it is told to. */
function gate() {
  const seen = { got: '', closed: false, aborted: undefined as unknown };
  const waiting: (() => void)[] = [];
  const stream = new WritableStream<Uint8Array>({
    write(chunk) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      seen.got += text(chunk);
      return promise;
    },
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      return promise.then(() => {
        seen.closed = true;
      });
    },
    abort(reason) {
      seen.aborted = reason ?? null;
    },
  });
  return { stream, seen, open: () => waiting.shift()?.() };
}

scenario('a slow Web stream holds back its writer, and is waited for at the end', function* ({ loop }) {
  const { stream, seen, open } = gate();
  const writer = StreamWriter.fromWeb(stream);
  writer.transport.setWriteBufferLimits({ high: 2 });
  writer.write(bytes('abc'));
  writer.write(bytes('def'));
  const drained = loop.createTask(writer.drain());
  yield* settle();
  assert.ok(!drained.done());
  assert.equal(seen.got, 'abc');
  assert.equal(writer.transport.getWriteBufferSize(), 6);
  open();
  yield* settle();
  assert.equal(seen.got, 'abcdef');
  assert.ok(!drained.done());
  open();
  yield* drained;
  writer.close();
  const closed = loop.createTask(writer.waitClosed());
  yield* settle();
  assert.ok(!closed.done());
  open();
  yield* closed;
  assert.deepEqual([seen.closed, seen.aborted], [true, undefined]);
});

scenario(
  'aborting a writer aborts its Web stream; an error of that is thrown by drain and waitClosed',
  function* () {
    const { stream, seen } = gate();
    const writer = StreamWriter.fromWeb(stream);
    writer.write(bytes('abc'));
    writer.transport.abort();
    yield* writer.waitClosed();
    const boom = new Error('boom');
    const broken = StreamWriter.fromWeb(new WritableStream({ write: () => Promise.reject(boom) }));
    broken.write(bytes('abc'));
    assert.equal(yield* thrownBy(broken.waitClosed()), boom);
    assert.ok((yield* thrownBy(broken.drain())) instanceof asyncio.ConnectionResetError);
    const unclosable = StreamWriter.fromWeb(new WritableStream({ close: () => Promise.reject(boom) }));
    unclosable.write(bytes('abc'));
    unclosable.close();
    assert.equal(yield* thrownBy(unclosable.waitClosed()), boom);
    assert.equal(seen.closed, false);
  },
);

scenario(
  'closing the writer of a pair cancels what was not read; an error of one way breaks both',
  function* () {
    const { stream: readable, seen } = endless();
    const { stream: writable, seen: written, open } = gate();
    const [, writer] = streams.fromWeb({ readable, writable });
    yield* settle();
    writer.close();
    yield* settle();
    open();
    yield* writer.waitClosed();
    yield* settle();
    assert.deepEqual([seen.cancelled, written.closed], [true, true]);
    const boom = new Error('boom');
    const failing = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(boom) });
    const other = gate();
    const [reader, second] = streams.fromWeb({ readable: failing, writable: other.stream });
    assert.equal(yield* thrownBy(reader.read()), boom);
    assert.equal(yield* thrownBy(second.waitClosed()), boom);
    yield* settle();
    assert.equal(other.seen.aborted, boom);
  },
);

// ---- from streams of Node --------------------------------------------------------------------------------------------------------

scenario('files of Node are read and written, and closed when all is written', function* () {
  const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
  const path = join(directory, 'file');
  const writer = StreamWriter.fromNode(createWriteStream(path));
  const data = Buffer.alloc(300_000, 'line of a file\n');
  writer.write(data);
  yield* writer.drain();
  writer.close();
  yield* writer.waitClosed();
  assert.ok(readFileSync(path).equals(data));
  const reader = StreamReader.fromNode(createReadStream(path), { limit: 1000 });
  let count = 0;
  yield* asyncio.asyncFor(reader, function* (line: Uint8Array) {
    assert.equal(text(line), 'line of a file\n');
    count++;
  });
  assert.equal(count, 20_000);
  const missing = StreamReader.fromNode(createReadStream(join(directory, 'missing')));
  assert.ok((yield* thrownBy(missing.read())) instanceof asyncio.FileNotFoundError);
  const nowhere = StreamWriter.fromNode(createWriteStream(join(directory, 'no', 'file')));
  assert.ok((yield* thrownBy(nowhere.waitClosed())) instanceof asyncio.FileNotFoundError);
  rmSync(directory, { recursive: true });
});

scenario(
  'no more of a stream of Node is read than the reader may hold, and its end and error travel',
  function* () {
    let given = 0;
    const source = new Readable({
      highWaterMark: 1000,
      read() {
        given += 1000;
        this.push(Buffer.alloc(1000, 'x'));
      },
    });
    const reader = StreamReader.fromNode(source, { limit: 5000 });
    yield* settle();
    assert.ok(given >= 10_000 && given <= 14_000, String(given));
    yield* reader.readexactly(8000);
    const boom = new Error('boom');
    source.destroy(boom);
    assert.equal(yield* thrownBy(reader.read()), boom);
    const gone = new PassThrough();
    const early = StreamReader.fromNode(gone);
    gone.destroy();
    assert.ok((yield* thrownBy(early.read())) instanceof asyncio.ConnectionAbortedError);
    // What has ended or was destroyed before it was given.
    const over = Readable.from([]);
    over.resume();
    yield* event(over, 'end');
    assert.equal(text(yield* StreamReader.fromNode(over).read()), '');
    assert.ok(
      (yield* thrownBy(StreamReader.fromNode(gone).read())) instanceof asyncio.ConnectionAbortedError,
    );
    const stop = new AbortController();
    const endlessly = new PassThrough();
    const stopped = StreamReader.fromNode(endlessly, { signal: stop.signal });
    stop.abort(boom);
    assert.equal(yield* thrownBy(stopped.read()), boom);
    assert.ok(endlessly.destroyed);
    const words = StreamReader.fromNode(Readable.from(['word']));
    assert.match(String(yield* thrownBy(words.read())), /^TypeError: .*needs a Uint8Array.*not "word"/);
  },
);

scenario('a duplex of Node is a reader and a writer; each direction ends by itself', function* () {
  const [reader, writer] = streams.fromNode(new PassThrough());
  writer.writelines([bytes('hello '), bytes('world')]);
  assert.equal(text(yield* reader.readexactly(11)), 'hello world');
  writer.writeEof();
  assert.equal(text(yield* reader.read()), '');
  writer.close();
  yield* writer.waitClosed();
});

scenario(
  'a slow stream of Node holds back its writer; aborting destroys it, and what it throws travels',
  function* ({ loop }) {
    const callbacks: ((error?: Error) => void)[] = [];
    const target = new Writable({
      write: (_chunk, _encoding, callback) => callbacks.push(callback),
    });
    const writer = StreamWriter.fromNode(target);
    writer.transport.setWriteBufferLimits({ high: 2 });
    writer.write(bytes('abc'));
    writer.write(bytes('def'));
    const drained = loop.createTask(writer.drain());
    yield* settle();
    assert.ok(!drained.done());
    assert.equal(target.writableLength, 3);
    const boom = new Error('boom');
    callbacks[0]?.(boom);
    assert.equal(yield* thrownBy(drained), boom);
    assert.equal(yield* thrownBy(writer.waitClosed()), boom);
    const other = new PassThrough();
    const [, aborted] = streams.fromNode(other);
    aborted.transport.abort();
    yield* aborted.waitClosed();
    assert.ok(other.destroyed);
  },
);

// ---- to Web streams --------------------------------------------------------------------------------------------------------------

scenario(
  'a connection as Web streams: there and back, each direction ends by itself, then it is closed',
  function* () {
    const { peer, reader, writer, far } = yield* connected();
    const { readable, writable } = streams.toWeb(reader, writer);
    far.pipe(far);
    const sent = new Response('hello'.repeat(50_000)).body!.pipeTo(writable);
    const got = new Response(readable as never).text();
    assert.equal(yield* asyncio.wrapFuture(got), 'hello'.repeat(50_000));
    yield* asyncio.wrapFuture(sent);
    yield* writer.waitClosed();
    peer.close();
  },
);

scenario('a reader as a Web stream also fills buffers that are given to it', function* () {
  const { peer, reader, writer, far } = yield* connected();
  far.end('hello world');
  const byob = reader.toWeb().getReader({ mode: 'byob' });
  const first = yield* asyncio.wrapFuture(byob.read(new Uint8Array(5)));
  assert.equal(text(first.value!), 'hello');
  const second = yield* asyncio.wrapFuture(byob.read(new Uint8Array(100)));
  assert.equal(text(second.value!), ' world');
  const third = yield* asyncio.wrapFuture(byob.read(new Uint8Array(100)));
  assert.equal(third.done, true);
  writer.close();
  far.destroy();
  peer.close();
});

scenario('cancelling a reader as a Web stream closes the connection', function* () {
  const { peer, reader, writer, far } = yield* connected();
  far.write('hello');
  const stream = reader.toWeb().getReader();
  assert.equal(text((yield* asyncio.wrapFuture(stream.read())).value!), 'hello');
  // One read is under way.
  const waiting = stream.read();
  yield* settle();
  yield* asyncio.wrapFuture(stream.cancel());
  assert.equal((yield* asyncio.wrapFuture(waiting)).done, true);
  assert.ok(writer.isClosing());
  yield* writer.waitClosed();
  yield* event(far.resume(), 'end');
  far.destroy();
  peer.close();
});

scenario('an error of the connection is the error of its Web streams', function* () {
  const { peer, reader, writer, far } = yield* connected();
  const { readable, writable } = streams.toWeb(reader, writer);
  const read = readable.getReader().read();
  const written = writable.getWriter().closed;
  yield* settle();
  far.resetAndDestroy();
  assert.ok((yield* thrownBy(asyncio.wrapFuture(read))) instanceof asyncio.ConnectionResetError);
  assert.ok((yield* thrownBy(asyncio.wrapFuture(written))) instanceof asyncio.ConnectionResetError);
  peer.close();
});

scenario('a peer that does not read holds back who writes to the Web stream', function* () {
  const { peer, writer, far } = yield* connected();
  const { stream, seen } = endless();
  writer.transport.setWriteBufferLimits({ high: 10_000 });
  const piped = stream.pipeTo(writer.toWeb());
  let before = -1;
  while (before !== seen.pulled) {
    before = seen.pulled;
    yield* settle();
  }
  assert.ok(writer.transport.getWriteBufferSize() <= 12_000);
  far.resetAndDestroy();
  const error = yield* thrownBy(asyncio.wrapFuture(piped));
  assert.ok(error instanceof asyncio.ConnectionError, String(error));
  assert.deepEqual([seen.cancelled, seen.reason], [true, error]);
  peer.close();
});

scenario('aborting a writer as a Web stream aborts the connection, whatever is under way', function* () {
  const { peer, writer, far } = yield* connected();
  const stream = writer.toWeb().getWriter();
  const written = stream.write(Buffer.alloc(20_000_000));
  written.catch(() => {});
  stream.closed.catch(() => {});
  yield* settle();
  yield* asyncio.wrapFuture(stream.abort(new Error('enough')));
  assert.ok((yield* thrownBy(asyncio.wrapFuture(written))) instanceof asyncio.ConnectionAbortedError);
  yield* writer.waitClosed();
  far.destroy();
  peer.close();
});

scenario('closing a writer as a Web stream ends its direction alone, when all has gone', function* () {
  const { peer, reader, writer, far } = yield* connected();
  const stream = writer.toWeb().getWriter();
  const big = Buffer.alloc(20_000_000, 'x');
  const written = stream.write(big);
  const closed = stream.close();
  let count = 0;
  far.on('data', (data) => {
    count += data.length;
  });
  far.on('end', () => far.end('bye')).resume();
  yield* asyncio.wrapFuture(written);
  yield* asyncio.wrapFuture(closed);
  assert.equal(text(yield* reader.read()), 'bye');
  assert.equal(count, big.length);
  assert.ok(!writer.isClosing());
  writer.close();
  yield* writer.waitClosed();
  peer.close();
});

scenario('only bytes may be written to a writer as a Web stream', function* () {
  const { peer, writer, far } = yield* connected();
  const stream = writer.toWeb().getWriter();
  const error = yield* thrownBy(asyncio.wrapFuture(stream.write('word' as never)));
  assert.match(String(error), /^TypeError: WritableStream.write\(\) needs a Uint8Array/);
  stream.closed.catch(() => {});
  writer.close();
  yield* writer.waitClosed();
  far.destroy();
  peer.close();
});

// ---- to streams of Node ----------------------------------------------------------------------------------------------------------

scenario('a connection as a duplex of Node goes through a pipeline, and is closed at the end', function* () {
  const { peer, reader, writer, far } = yield* connected();
  far.pipe(far);
  let got = '';
  const collect = new Writable({
    write(chunk, _encoding, callback) {
      got += text(chunk as Uint8Array);
      callback();
    },
  });
  const source = Readable.from([Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')]);
  yield* asyncio.wrapFuture(pipeline(source, streams.toNode(reader, writer), collect));
  assert.equal(got, 'a'.repeat(200_000) + 'b'.repeat(200_000));
  yield* writer.waitClosed();
  peer.close();
});

scenario('a reader and a writer as streams of Node', function* () {
  const { peer, reader, writer, far } = yield* connected();
  const target = writer.toNode();
  far.pipe(far);
  target.end('hello');
  yield* event(target, 'finish');
  const chunks = yield* asyncio.wrapFuture(reader.toNode().toArray() as Promise<Buffer[]>);
  assert.equal(text(Buffer.concat(chunks)), 'hello');
  assert.ok(!writer.isClosing());
  writer.close();
  yield* writer.waitClosed();
  peer.close();
});

scenario('destroying a reader as a stream of Node closes the connection, a writer aborts it', function* () {
  for (const way of ['reader', 'writer', 'both'] as const) {
    const { peer, reader, writer, far } = yield* connected();
    const stream =
      way === 'reader'
        ? reader.toNode()
        : way === 'writer'
          ? writer.toNode()
          : streams.toNode(reader, writer);
    if (stream instanceof Readable) stream.resume();
    yield* settle();
    stream.destroy();
    yield* writer.waitClosed();
    assert.ok(writer.isClosing());
    far.destroy();
    peer.close();
  }
});

scenario('an error of the connection destroys its streams of Node', function* () {
  const { peer, reader, writer, far } = yield* connected();
  const stream = streams.toNode(reader, writer);
  assert.ok(stream instanceof Duplex);
  stream.resume();
  yield* settle();
  const failed = event<Error>(stream, 'error');
  far.resetAndDestroy();
  assert.ok((yield* failed) instanceof asyncio.ConnectionResetError);
  peer.close();
});

scenario('Readable.from takes a reader as it is, line by line', function* () {
  const { peer, reader, writer, far } = yield* connected();
  far.end('one\ntwo\n');
  const lines = yield* asyncio.wrapFuture(Readable.from(reader).toArray() as Promise<Uint8Array[]>);
  assert.deepEqual(lines.map(text), ['one\n', 'two\n']);
  writer.close();
  yield* writer.waitClosed();
  far.destroy();
  peer.close();
});

scenario('the output of a program goes through a Web stream, and its input comes from one', function* () {
  const { PIPE } = asyncio.subprocess;
  const proc = yield* asyncio.createSubprocessExec('cat', { stdin: PIPE, stdout: PIPE });
  const sent = new Response('through cat').body!.pipeTo(proc.stdin!.toWeb());
  const got = new Response(proc.stdout!.toWeb() as never).text();
  assert.equal(yield* asyncio.wrapFuture(got), 'through cat');
  yield* asyncio.wrapFuture(sent);
  assert.equal(yield* proc.wait(), 0);
});

scenario(
  'a reader of a Web stream that is let go of is collected, and the stream cancelled',
  function* ({ warnings }) {
    const { stream, seen } = endless();
    const make = () => void StreamReader.fromWeb(stream);
    make();
    yield* settle();
    yield* until(() => {
      (globalThis as { gc?: () => void }).gc?.();
      return seen.cancelled;
    });
    const [warning] = warnings();
    assert.match(String(warning), /^ResourceWarning: unclosed <StreamReader transport=<AdaptedTransport/);
  },
);

scenario('TLS is refused over a stream of somebody else, which stays as it is', function* ({ loop }) {
  const web = new TransformStream<Uint8Array, Uint8Array>();
  for (const [reader, writer] of [streams.fromNode(new PassThrough()), streams.fromWeb(web)]) {
    const context = asyncio.ssl.createDefaultContext();
    const error = (yield* thrownBy(
      writer.startTls(context, { serverHostname: 'localhost', sslHandshakeTimeout: 0.001 }),
    )) as Error;
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /^transport <AdaptedTransport.* is not supported by startTls\(\)$/);
    yield* asyncio.sleep(0.01);
    writer.write(bytes('still there'));
    assert.equal(text(yield* reader.readexactly(11)), 'still there');
    writer.close();
    yield* writer.waitClosed();
  }
  const alone = StreamWriter.fromNode(new PassThrough());
  const protocol = alone.transport.getProtocol() as asyncio.Protocol;
  const context = asyncio.ssl.createDefaultContext();
  assert.ok((yield* thrownBy(loop.startTls(alone.transport, protocol, context))) instanceof TypeError);
  alone.close();
  yield* alone.waitClosed();
});
