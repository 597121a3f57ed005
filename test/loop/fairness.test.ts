/**
 * A program that is never idle leaves the host its chance: timers, sockets and signals of Node get through, and the loop goes on.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';

suite('a loop that always has something to do', () => {
  test('does not starve the host: generators', async () => {
    let stop = false;
    let steps = 0;
    function* spin(): asyncio.Coroutine<void> {
      for (; !stop; steps++) yield* asyncio.sleep(0);
    }
    await asyncio.run(function* () {
      setTimeout(() => {
        stop = true;
      }, 5);
      yield* asyncio.gather(spin(), spin());
    });
    assert.ok(steps > 0);
  });

  test('does not starve the host: async functions, whose every step leaves the stack', async () => {
    let stop = false;
    let steps = 0;
    async function spin(): Promise<void> {
      for (; !stop; steps++) await asyncio.sleep(0);
    }
    await asyncio.run(async () => {
      setTimeout(() => {
        stop = true;
      }, 5);
      await asyncio.gather(spin, () => spin());
    });
    assert.ok(steps > 0);
  });

  test('does not starve its own connections', async () => {
    await asyncio.run(function* () {
      const server = yield* asyncio.startServer(
        function* (reader, writer) {
          writer.write(yield* reader.readline());
          writer.close();
        },
        '127.0.0.1',
        0,
      );
      const spinning = asyncio.createTask(function* () {
        for (;;) yield* asyncio.sleep(0);
      });
      const [socket] = server.sockets;
      assert.ok(socket);
      const [, port] = socket.getsockname() as [string, number];
      const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
      writer.write(Buffer.from('hello\n'));
      assert.equal(String(yield* reader.readline()), 'hello\n');
      spinning.cancel();
      writer.close();
      server.close();
      yield* server.waitClosed();
    });
  });
});
