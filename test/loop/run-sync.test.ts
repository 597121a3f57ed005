/** `runSync` blocks until its program has ended, with sockets, timers and all, and cleans up like `run`. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { obstacleToEpoll } from '../../src/loop/choose-reactor.ts';
import { LibuvReactor } from '../../src/reactors/libuv/reactor.ts';
import { runProgram } from '../child.ts';

if (process.env['ASYNCIO_REACTOR'] === 'libuv') {
  test('is refused where libuv was asked for', () => {
    assert.throws(() => asyncio.runSync((function* () {})()), { name: 'NotImplementedError' });
  });
} else
  suite('runSync', { skip: obstacleToEpoll() ?? false }, () => {
    test('gives what the program returns, and throws what it throws, on this stack', () => {
      let after = false;
      queueMicrotask(() => {
        after = true;
      });
      function* main(): asyncio.Coroutine<number> {
        yield* asyncio.sleep(0.001);
        return 42;
      }
      assert.equal(asyncio.runSync(main()), 42);
      assert.equal(after, false, 'something of the host ran');
      function* failing(): asyncio.Coroutine<void> {
        yield* asyncio.sleep(0);
        throw new asyncio.ValueError('no');
      }
      assert.throws(() => asyncio.runSync(failing()), { name: 'ValueError', message: 'no' });
      assert.throws(() => asyncio.getRunningLoop(), { name: 'RuntimeError' });
    });

    test('servers, clients, streams, tasks and time limits work', () => {
      const serve: asyncio.ClientConnected = function* (reader, writer) {
        for (;;) {
          const line = yield* reader.readline();
          if (line.length === 0) break;
          writer.write(line);
          yield* writer.drain();
        }
        writer.close();
        yield* writer.waitClosed();
      };
      function* client(port: number, name: string): asyncio.Coroutine<string> {
        const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
        writer.write(Buffer.from(`${name}\n`));
        const answer = Buffer.from(yield* reader.readline()).toString();
        writer.close();
        yield* writer.waitClosed();
        return answer.trim();
      }
      function* main(): asyncio.Coroutine<string[]> {
        const server = yield* asyncio.startServer(serve, '127.0.0.1', 0);
        const port = server.sockets[0]!.getsockname()[1];
        const names = Array.from({ length: 20 }, (_, i) => `client ${i}`);
        const answers = yield* asyncio.gather(...names.map((name) => client(port, name)));
        assert.deepEqual(answers, names);
        const never = asyncio.getRunningLoop().createFuture<void>();
        yield* asyncio.asyncWith(asyncio.timeout(0.002), function* () {
          yield* never;
        });
        server.close();
        return answers;
      }
      assert.throws(() => asyncio.runSync(main()), { name: 'TimeoutError' });
    });

    test('what is left is cancelled, and told of its end', () => {
      const events: string[] = [];
      function* left(): asyncio.Coroutine<void> {
        try {
          yield* asyncio.sleep(1000);
        } finally {
          yield* asyncio.sleep(0);
          events.push('cleaned up');
        }
      }
      function* main(): asyncio.Coroutine<void> {
        asyncio.createTask(left());
        yield* asyncio.sleep(0);
        events.push('main ends');
      }
      asyncio.runSync(main());
      assert.deepEqual(events, ['main ends', 'cleaned up']);
    });

    test('waiting for what can never come is a deadlock, also for a promise', () => {
      function* never(): asyncio.Coroutine<void> {
        yield* asyncio.getRunningLoop().createFuture<void>();
      }
      assert.throws(() => asyncio.runSync(never()), { name: 'DeadlockError' });
      function* promised(): asyncio.Coroutine<void> {
        yield* asyncio.wrapFuture(Promise.resolve());
      }
      assert.throws(() => asyncio.runSync(promised()), { name: 'DeadlockError' });
    });

    test('names, async functions, other loops and other reactors are refused', async () => {
      function* named(): asyncio.Coroutine<void> {
        yield* asyncio.openConnection('localhost', 1);
      }
      assert.throws(() => asyncio.runSync(named()), {
        name: 'NotImplementedError',
        message: /cannot be looked up/,
      });
      assert.throws(() => asyncio.runSync((async () => {}) as never), {
        name: 'TypeError',
        message: /async function/,
      });
      const loopFactory = () => new asyncio.EventLoop({ reactor: new LibuvReactor() });
      assert.throws(() => asyncio.runSync((function* () {})(), { loopFactory }), {
        name: 'NotImplementedError',
        message: /libuv reactor cannot block; the epoll reactor can/,
      });
      await asyncio.run(function* () {
        assert.throws(() => asyncio.runSync((function* () {})()), { name: 'RuntimeError' });
      });
    });

    test('one after the other, with descriptors given back', () => {
      for (let i = 0; i < 50; i++) {
        function* main(): asyncio.Coroutine<number> {
          yield* asyncio.sleep(0);
          return i;
        }
        assert.equal(asyncio.runSync(main()), i);
      }
    });

    test('a signal ends a program that blocks', async () => {
      const code = `
      function* main() { console.log('blocks'); setTimeout(() => {}, 0); process.kill(process.pid, 'SIGINT'); yield* asyncio.sleep(1000); }
      asyncio.runSync(main());`;
      assert.equal((await runProgram(code)).status, 'SIGINT');
    });
  });
