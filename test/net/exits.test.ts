/** The end of a program that has connections: by a request to leave it, with transports still open, or between two runs of one loop. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { warningsOf } from '../warnings.ts';
import { bytes, Echo, HOST, noneOpen, openHandles, portOf, Recorder } from './kit.ts';

suite('a program with connections ends', () => {
  for (const Exit of [asyncio.SystemExit, asyncio.KeyboardInterrupt]) {
    test(`by a ${Exit.name} in a protocol, and leaves nothing open`, async () => {
      const exit = new Exit();
      const main = function* (): asyncio.Coroutine<void> {
        const loop = asyncio.getRunningLoop();
        const protocol = new Recorder(loop);
        protocol.dataReceived = () => {
          throw exit;
        };
        const server = yield* loop.createServer(() => protocol, HOST, 0);
        const [, writer] = yield* asyncio.openConnection(HOST, portOf(server));
        writer.write(bytes('x'));
        yield* server.serveForever();
      };
      await warningsOf(() => assert.rejects(asyncio.run(main), (error) => error === exit));
      await noneOpen();
    });
  }

  test('and what it left open is closed and reported', async () => {
    const warnings = await warningsOf(async () => {
      await asyncio.run(async () => {
        const loop = asyncio.getRunningLoop();
        const server = await loop.createServer(() => new Echo(loop), HOST, 0);
        await loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
      });
      await noneOpen();
    });
    const texts = warnings.map(String).filter((text) => text.startsWith('ResourceWarning'));
    assert.ok(texts.length >= 1);
    for (const text of texts) assert.match(text, /unclosed transport <StreamTransport/);
  });

  test('and a transport of a closed loop is closed', async () => {
    let transport: asyncio.Transport | undefined;
    await warningsOf(() =>
      asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
        [transport] = yield* loop.createConnection(() => new asyncio.Protocol(), HOST, portOf(server));
      }),
    );
    assert.equal(transport?.isClosing(), true);
    assert.equal(transport?.getProtocol(), null);
    for (let i = 0; i < 3; i++) transport?.write(bytes('x'));
    transport?.close();
    transport?.abort();
    await noneOpen();
  });
});

suite('between two runs of a loop', () => {
  test('connections stay, and what comes meanwhile is told in the next run', async () => {
    const loop = asyncio.newEventLoop();
    const protocol = new Recorder(loop);
    const server = await loop.runUntilComplete(loop.createServer(() => protocol, HOST, 0));
    const [transport] = await loop.runUntilComplete(
      loop.createConnection(() => new Recorder(loop), HOST, portOf(server)),
    );
    await loop.runUntilComplete(protocol.made);
    transport.write(bytes('meanwhile'));
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(protocol.events, ['made']);
    transport.close();
    server.close();
    await loop.runUntilComplete(server.waitClosed());
    assert.deepEqual(protocol.events, ['made', 'data meanwhile', 'eof', 'lost null']);
    loop.close();
    await noneOpen();
    assert.deepEqual(openHandles(), []);
  });
});
