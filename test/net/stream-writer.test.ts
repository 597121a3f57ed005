/** What writers do otherwise than in Python: see docs/from-python.md. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

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
