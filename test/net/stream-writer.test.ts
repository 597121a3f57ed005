/** What writers do otherwise than in Python: see docs/from-python.md. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario } = await inBothStyles(import.meta.url);

/** A transport that goes on for ever. */
class Endless extends asyncio.Transport {
  override isClosing(): boolean {
    return true;
  }

  override close(): void {}
}

scenario('a waitClosed that is cancelled leaves the others waiting', function* ({ loop }) {
  const reader = new asyncio.StreamReader();
  const protocol = new asyncio.StreamReaderProtocol(reader);
  const transport = new Endless();
  protocol.connectionMade(transport);
  const writer = new asyncio.StreamWriter(transport, protocol, reader, loop);
  const cancelled = asyncio.createTask(writer.waitClosed());
  const waiting = asyncio.createTask(writer.waitClosed());
  yield* asyncio.sleep(1);
  cancelled.cancel();
  yield* asyncio.wait([cancelled]);
  assert.deepEqual([cancelled.cancelled(), waiting.done()], [true, false]);
  protocol.connectionLost(null);
  yield* waiting;
  yield* writer.waitClosed();
});

/** A writer whose transport has asked its protocol to pause. */
function paused(loop: asyncio.EventLoop): [asyncio.StreamWriter, asyncio.StreamReaderProtocol] {
  const reader = new asyncio.StreamReader();
  const protocol = new asyncio.StreamReaderProtocol(reader);
  const transport = new Open();
  protocol.connectionMade(transport);
  protocol.pauseWriting();
  return [new asyncio.StreamWriter(transport, protocol, reader, loop), protocol];
}

/** A transport that stays open. */
class Open extends Endless {
  override isClosing(): boolean {
    return false;
  }
}

scenario('a drain that is cancelled when writing goes on leaves the others to it', function* ({ loop }) {
  const [writer, protocol] = paused(loop);
  const cancelled = asyncio.createTask(writer.drain());
  const waiting = asyncio.createTask(writer.drain());
  yield* asyncio.sleep(1);
  assert.deepEqual([cancelled.done(), waiting.done()], [false, false]);
  cancelled.cancel();
  protocol.resumeWriting();
  yield* asyncio.wait([cancelled, waiting]);
  assert.deepEqual([cancelled.cancelled(), waiting.exception()], [true, null]);
});

scenario(
  'drains that wait fail with what the connection is lost with, those after it by themselves',
  function* ({ loop }) {
    const [writer, protocol] = paused(loop);
    const waiting = [asyncio.createTask(writer.drain()), asyncio.createTask(writer.drain())];
    yield* asyncio.sleep(1);
    const error = new asyncio.BrokenPipeError('no more');
    protocol.connectionLost(error);
    yield* asyncio.wait(waiting);
    for (const task of waiting) assert.equal(task.exception(), error);
    assert.equal(yield* thrownBy(writer.drain()), error);
    assert.equal(yield* thrownBy(writer.waitClosed()), error);
  },
);
