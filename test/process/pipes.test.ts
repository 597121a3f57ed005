/** `connectReadPipe` and `connectWritePipe`: true pipes, what cannot be one, and how each end ends. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import net from 'node:net';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bytes, descriptors, hostTurn, path, pipe, text, until, withProcesses } from './kit.ts';

const { scenario } = await withProcesses(import.meta.url);

class Recorder extends asyncio.Protocol {
  readonly events: string[] = [];
  readonly lost: asyncio.Future<Error | null>;

  constructor(loop: asyncio.EventLoop) {
    super();
    this.lost = loop.createFuture<Error | null>();
  }

  override connectionMade(): void {
    this.events.push('made');
  }

  override dataReceived(data: Uint8Array): void {
    this.events.push(`data ${text(data)}`);
  }

  override eofReceived(): unknown {
    this.events.push('eof');
    return true;
  }

  override pauseWriting(): void {
    this.events.push('pause');
  }

  override resumeWriting(): void {
    this.events.push('resume');
  }

  override connectionLost(exc: Error | null): void {
    this.events.push(`lost ${exc === null ? 'null' : exc.name}`);
    this.lost.setResult(exc);
  }
}

scenario('bytes go through a pipe, and its end is told', function* ({ loop }) {
  const before = descriptors();
  const [source, target] = pipe();
  const [reading, receiver] = yield* loop.connectReadPipe(() => new Recorder(loop), source);
  const [writing, sender] = yield* loop.connectWritePipe(() => new Recorder(loop), target);
  assert.deepEqual([reading.getExtraInfo('pipe'), writing.getExtraInfo('pipe')], [source, target]);
  assert.deepEqual([writing.canWriteEof(), reading.getProtocol()], [true, receiver]);
  writing.write(bytes('one'));
  yield* until(() => receiver.events.length === 2);
  writing.writelines([bytes('two'), bytes('three')]);
  writing.writeEof();
  assert.deepEqual([writing.isClosing(), reading.isClosing()], [true, false]);
  writing.write(bytes('dropped'));
  assert.equal(yield* sender.lost, null);
  assert.equal(yield* receiver.lost, null);
  assert.deepEqual(sender.events, ['made', 'lost null']);
  assert.equal(
    receiver.events.slice(0, -2).join(' ').replace(' data three', 'three'),
    'made data one data twothree',
  );
  assert.deepEqual(receiver.events.slice(-2), ['eof', 'lost null']);
  assert.equal(descriptors(), before);
});

scenario('the reading end cannot be written to', function* ({ loop }) {
  const [source, target] = pipe();
  const [reading, receiver] = yield* loop.connectReadPipe(() => new Recorder(loop), source);
  assert.equal(reading.canWriteEof(), false);
  assert.throws(() => reading.write(bytes('x')), asyncio.NotImplementedError);
  assert.throws(() => reading.writelines([bytes('x')]), asyncio.NotImplementedError);
  assert.throws(() => reading.writeEof(), asyncio.NotImplementedError);
  reading.close();
  assert.equal(yield* receiver.lost, null);
  assert.deepEqual(receiver.events, ['made', 'lost null']);
  closeSync(target);
});

scenario('a reading end that is paused holds the pipe back', function* ({ loop }) {
  const [source, target] = pipe();
  const [reading, receiver] = yield* loop.connectReadPipe(() => new Recorder(loop), source);
  reading.pauseReading();
  writeSync(target, 'data');
  for (let i = 0; i < 50; i++) yield* hostTurn();
  assert.deepEqual(receiver.events, ['made']);
  reading.resumeReading();
  closeSync(target);
  yield* receiver.lost;
  assert.deepEqual(receiver.events, ['made', 'data data', 'eof', 'lost null']);
});

scenario(
  'a writing end keeps what the pipe does not take, and asks its protocol to pause',
  function* ({ loop }) {
    const [source, target] = pipe();
    const [writing, sender] = yield* loop.connectWritePipe(() => new Recorder(loop), target);
    const size = 4 * 1024 * 1024;
    writing.write(Buffer.alloc(size, 'x'));
    writing.close();
    assert.deepEqual(sender.events, ['made', 'pause']);
    assert.ok(writing.getWriteBufferSize() > 0);
    const buffer = Buffer.alloc(size);
    let count = 0;
    while (count < size) {
      try {
        count += readSync(source, buffer);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'EAGAIN');
        yield* hostTurn();
      }
    }
    assert.equal(yield* sender.lost, null);
    assert.deepEqual(sender.events, ['made', 'pause', 'resume', 'lost null']);
    closeSync(source);
  },
);

scenario('a pipe that nobody reads any more breaks under its writer', function* ({ loop }) {
  const [source, target] = pipe();
  const [writing, sender] = yield* loop.connectWritePipe(() => new Recorder(loop), target);
  closeSync(source);
  writing.write(bytes('x'));
  const error = yield* sender.lost;
  assert.ok(error instanceof asyncio.BrokenPipeError, String(error));
  assert.deepEqual([error.code, error.errno, error.syscall], ['EPIPE', 32, 'write']);
  writing.write(bytes('y'));
});

scenario('abort() drops what waits', function* ({ loop }) {
  const [source, target] = pipe();
  const [writing, sender] = yield* loop.connectWritePipe(() => new Recorder(loop), target);
  writing.write(Buffer.alloc(4 * 1024 * 1024));
  writing.abort();
  assert.equal(yield* sender.lost, null);
  assert.equal(writing.getWriteBufferSize(), 0);
  closeSync(source);
});

scenario('streams can be put on top of pipes', function* ({ loop }) {
  const [source, target] = pipe();
  const reader = new asyncio.StreamReader({ loop });
  yield* loop.connectReadPipe(() => new asyncio.StreamReaderProtocol(reader, null, loop), source);
  const [writing] = yield* loop.connectWritePipe(() => new asyncio.BaseProtocol(), target);
  writing.write(bytes('one\ntwo'));
  assert.equal(text(yield* reader.readline()), 'one\n');
  writing.close();
  assert.equal(text(yield* reader.read()), 'two');
});

scenario('sockets of Node are taken too', function* ({ loop }) {
  const name = path('socket');
  const server = net.createServer();
  const { promise, resolve } = Promise.withResolvers<net.Socket>();
  server.once('connection', resolve);
  server.listen(name);
  const client = net.connect(name);
  const accepted = yield* asyncio.wrapFuture(promise);
  const [, receiver] = yield* loop.connectReadPipe(() => new Recorder(loop), accepted);
  const [writing, sender] = yield* loop.connectWritePipe(() => new Recorder(loop), client);
  writing.write(bytes('data'));
  writing.close();
  yield* asyncio.gather(sender.lost, receiver.lost);
  assert.deepEqual(receiver.events, ['made', 'data data', 'eof', 'lost null']);
  server.close();
});

scenario('what is no pipe is refused', function* ({ loop }) {
  const factory = () => new Recorder(loop);
  const file = openSync(path('file'), 'w+');
  const device = openSync('/dev/null', 'r+');
  const reading = yield* thrownBy(loop.connectReadPipe(factory, file));
  assert.equal(String(reading), 'ValueError: Pipe transport is for pipes/sockets only.');
  const writing = yield* thrownBy(loop.connectWritePipe(factory, file));
  assert.equal(
    String(writing),
    'ValueError: Pipe transport is only for pipes, sockets and character devices',
  );
  for (const connect of [loop.connectReadPipe, loop.connectWritePipe]) {
    const open = (end: unknown) => connect.call(loop, factory, end as number);
    assert.ok((yield* thrownBy(open(device))) instanceof asyncio.NotImplementedError);
    const closed = yield* thrownBy(open(9999));
    assert.ok(closed instanceof asyncio.OSError && closed.message === '[Errno 9] Bad file descriptor');
    for (const nothing of [null, 'pipe', {}])
      assert.ok((yield* thrownBy(open(nothing))) instanceof TypeError);
  }
  closeSync(file);
  closeSync(device);
});
