/**
 * A program that waits for what can never happen is told so, with who waits for whom, instead of ending in silence.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop, runVirtual, runVirtualSync } from '../../src/testing/index.ts';
import { runProgram } from '../child.ts';

async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof asyncio.DeadlockError, String(error));
    return error.message;
  }
  return assert.fail('nothing was thrown');
}

suite('on a virtual clock a deadlock is found at once', () => {
  test('when a task waits for an event that nobody sets', async () => {
    const message = await messageOf(() =>
      runVirtual(function* () {
        yield* new asyncio.Event().wait();
      }),
    );
    assert.match(message, /^deadlock: the program waits, and no timer, connection, job or other handle/);
    assert.match(message, /\n {2}Task-\d+ waits for Waiter/);
  });

  test('on the stack of the caller as well', async (t) => {
    t.mock.method(console, 'error', () => {});
    await messageOf(() =>
      runVirtualSync(function* () {
        yield* new asyncio.Event().wait();
      }),
    );
  });

  test('and each task is shown with what it waits for', async () => {
    const message = await messageOf(() =>
      runVirtual(function* () {
        const lock = new asyncio.Lock();
        yield* lock.acquire();
        const queue = new asyncio.Queue<number>();
        const getter = asyncio.createTask(queue.get(), { name: 'getter' });
        asyncio.createTask(lock.acquire(), { name: 'locker' });
        const both = function* both(): asyncio.Coroutine<void> {
          yield* asyncio.gather(getter, asyncio.sleep(5));
        };
        yield* asyncio.createTask(asyncio.coroutine(both)(), { name: 'gatherer' });
      }),
    );
    assert.match(message, /\n {2}getter waits for Waiter/);
    assert.match(message, /\n {2}locker waits for Waiter/);
    assert.match(message, /\n {2}gatherer waits for GatheringFuture\n {6}at both/);
    assert.match(message, /\n {2}Task-\d+ waits for gatherer/);
  });

  test('with file and line in debug mode', async () => {
    const message = await messageOf(() =>
      runVirtual(
        function* stuck() {
          yield* new asyncio.Event().wait();
        },
        { debug: true },
      ),
    );
    assert.match(message, /at stuck \(.*deadlock\.test\.ts:\d+:\d+\)/);
  });

  test('only after all timers have fired', async () => {
    let time = 0;
    await messageOf(() =>
      runVirtual(function* () {
        const loop = asyncio.getRunningLoop();
        loop.callLater(1000, () => {
          time = loop.time();
        });
        yield* loop.createFuture();
      }),
    );
    assert.equal(time, 1000);
  });

  test('and the loop is closed in order', async () => {
    const loop = newVirtualLoop();
    const heard: string[] = [];
    await messageOf(() =>
      asyncio.run(
        function* () {
          try {
            yield* loop.createFuture();
          } finally {
            yield* asyncio.sleep(1);
            heard.push('cleaned up');
          }
        },
        { loopFactory: () => loop },
      ),
    );
    assert.deepEqual(heard, ['cleaned up']);
    assert.equal(loop.isClosed(), true);
  });

  test('in runForever with nothing to wait for', async () => {
    const loop = newVirtualLoop();
    await assert.rejects(loop.runForever(), {
      name: 'RuntimeError',
      message: 'the loop waits, and nothing could ever wake it: stop() it from a callback',
    });
    loop.close();
  });
});

suite('a program of its own process', () => {
  test('that can never go on fails with the graph of who waits', async () => {
    const { status, stderr } = await runProgram(`
      const event = new asyncio.Event();
      const stuck = asyncio.coroutine(function* stuck() { yield* event.wait(); });
      await asyncio.run(function* () {
        yield* asyncio.sleep(0.001);
        yield* asyncio.createTask(stuck(), { name: 'poor fellow' });
      });
    `);
    assert.equal(status, 1);
    assert.match(stderr, /DeadlockError: deadlock: the program waits/);
    assert.match(stderr, /poor fellow waits for Waiter\n {6}at stuck/);
  });

  test('whose async function waits for a promise that nobody settles fails too', async () => {
    const { status, stderr } = await runProgram(`
      await asyncio.run(async () => { await new Promise(() => {}); });
    `);
    assert.equal(status, 1);
    assert.match(stderr, /DeadlockError: deadlock: .*\n {2}Task-1 waits for a promise of its async function/);
  });

  test('whose tasks wait for one another in a circle fails, and they are cancelled', async () => {
    const { status, stdout, stderr } = await runProgram(`
      const tasks = [];
      const wait = function* (i) {
        try { yield* tasks[(i + 1) % 3]; } catch (error) { console.log(i, error.name); throw error; }
      };
      await asyncio.run(function* () {
        for (const i of [0, 1, 2]) tasks.push(asyncio.createTask(wait(i), { name: 'task ' + i }));
        yield* asyncio.wait(tasks);
      });
    `);
    assert.equal(status, 1);
    assert.match(stderr, /DeadlockError: deadlock: /);
    assert.match(stderr, /task 0 waits for task 1\n {2}task 1 waits for task 2\n {2}task 2 waits for task 0/);
    assert.deepEqual(
      stdout.trim().split('\n').toSorted(),
      [0, 1, 2].map((i) => `${i} CancelledError`),
    );
  });

  test('that waits for a handle of the host is left alone', async () => {
    const { status, stdout } = await runProgram(`
      const value = await asyncio.run(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return await asyncio.wrapFuture(new Promise((resolve) => setTimeout(resolve, 5, 'woken')));
      });
      console.log(value);
    `);
    assert.deepEqual([status, stdout], [0, 'woken\n']);
  });

  test('that catches the error goes on', async () => {
    const { status, stdout } = await runProgram(`
      for (let i = 0; i < 2; i++) {
        await asyncio.run(function* () { yield* new asyncio.Event().wait(); }).catch((error) => console.log(error.name));
      }
      console.log('went on');
    `);
    assert.deepEqual([status, stdout], [0, 'DeadlockError\nDeadlockError\nwent on\n']);
  });
});
