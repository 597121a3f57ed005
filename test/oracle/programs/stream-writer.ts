/**
 * Stream writers: drain and waitClosed over a transport that is told what to do.
 *
 * The twin of stream-writer.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, bytes, co, print, program, show, text, type Waited } from '../kit.ts';
import { outcome } from './common.ts';

/** A transport that prints what it is asked. */
class Sink extends asyncio.Transport {
  #closing = false;

  override write(data: Uint8Array): void {
    print('write', text(data));
  }

  override writelines(chunks: Iterable<Uint8Array>): void {
    print('writelines', [...chunks].length);
  }

  override writeEof(): void {
    print('write_eof');
  }

  override canWriteEof(): boolean {
    return true;
  }

  override close(): void {
    this.#closing = true;
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  override getExtraInfo(name: string, fallback: unknown = null): never {
    return (name === 'peername' ? 'a sink' : fallback) as never;
  }
}

/** A writer, its protocol, its reader. */
function opened(): [asyncio.StreamWriter, asyncio.StreamReaderProtocol, asyncio.StreamReader] {
  const loop = asyncio.getRunningLoop();
  const reader = new asyncio.StreamReader();
  const protocol = new asyncio.StreamReaderProtocol(reader);
  const sink = new Sink();
  protocol.connectionMade(sink);
  return [new asyncio.StreamWriter(sink, protocol, reader, loop), protocol, reader];
}

/** Prints how it ended, and when. */
const tell = co(function* (name: string, awaitable: Waited) {
  try {
    yield* awaitable;
    print(name, 'done', at());
  } catch (error) {
    if (error instanceof asyncio.CancelledError) {
      print(name, 'cancelled', at());
      throw error;
    }
    print(name, show(error), at());
  }
});

program('what a writer hands on', function* () {
  const [writer] = opened();
  writer.write(bytes('one\n'));
  writer.writelines([bytes('two'), bytes('three')]);
  print(writer.canWriteEof());
  writer.writeEof();
  print(writer.getExtraInfo('peername'), writer.getExtraInfo('nothing', 'by default'));
  print(writer.isClosing());
  writer.close();
  print(writer.isClosing());
});

program('drain waits while the transport is full, and no longer', function* () {
  const [writer, protocol] = opened();
  const loop = asyncio.getRunningLoop();
  yield* tell('at once', writer.drain());
  protocol.pauseWriting();
  loop.callLater(1, () => protocol.resumeWriting());
  yield* asyncio.gather(...[...'abc'].map((name) => tell(name, writer.drain())));
  yield* tell('after', writer.drain());
});

program('a drain that is cancelled leaves the others waiting', function* () {
  const [writer, protocol] = opened();
  protocol.pauseWriting();
  const tasks = [...'ab'].map((name) => asyncio.createTask(tell(name, writer.drain())));
  yield* asyncio.sleep(1);
  tasks[0]?.cancel();
  yield* asyncio.sleep(1);
  protocol.resumeWriting();
  print((yield* asyncio.gather(...tasks, { returnExceptions: true })).length > 0);
  print(tasks[0]?.cancelled(), tasks[1]?.cancelled());
});

program('a drain with a limit of time', function* () {
  const [writer, protocol] = opened();
  protocol.pauseWriting();
  print(yield* outcome(asyncio.waitFor(writer.drain(), 2)), at());
  protocol.resumeWriting();
  yield* tell('drain', writer.drain());
});

program('a connection that is lost ends the drains that wait', function* () {
  for (const error of [null, new asyncio.OSError('broken')]) {
    const [writer, protocol] = opened();
    protocol.pauseWriting();
    asyncio.getRunningLoop().callLater(1, () => protocol.connectionLost(error));
    yield* asyncio.gather(tell('a', writer.drain()), tell('b', writer.drain()));
    yield* tell('later', writer.drain());
    yield* tell('closed', writer.waitClosed());
  }
});

program('drain raises what the reader was told', function* () {
  const [writer, , reader] = opened();
  reader.setException(new asyncio.ValueError('no more'));
  yield* tell('drain', writer.drain());
});

program('drain of a writer that is closing gives way once', function* () {
  const [writer] = opened();
  asyncio.getRunningLoop().callSoon(print, 'another callback');
  yield* writer.drain();
  print('drained');
  writer.close();
  yield* writer.drain();
  print('drained again');
});

program('several wait for the closing', function* () {
  const [writer, protocol] = opened();
  writer.close();
  const tasks = [...'ab'].map((name) => asyncio.createTask(tell(name, writer.waitClosed())));
  yield* asyncio.sleep(1);
  protocol.connectionLost(null);
  yield* asyncio.wait(tasks);
  yield* tell('again', writer.waitClosed());
});

program('a wait for the closing that is cancelled', function* () {
  const [writer] = opened();
  writer.close();
  const task = asyncio.createTask(tell('a', writer.waitClosed()));
  yield* asyncio.sleep(1);
  task.cancel('enough');
  print(yield* outcome(task), task.cancelled());
});

program('the closing of a connection that broke fails for all who wait', function* () {
  const [writer, protocol, reader] = opened();
  asyncio
    .getRunningLoop()
    .callLater(1, () => protocol.connectionLost(new asyncio.ConnectionResetError('reset')));
  yield* asyncio.gather(tell('a', writer.waitClosed()), tell('b', writer.waitClosed()));
  yield* tell('again', writer.waitClosed());
  yield* tell('read', reader.read());
});

program('the reader of a connection that ends', function* () {
  const [, protocol, reader] = opened();
  protocol.dataReceived(bytes('last words'));
  print(protocol.eofReceived());
  protocol.connectionLost(null);
  print(text(yield* reader.read()), reader.atEof());
});
