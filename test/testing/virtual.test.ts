/**
 * The tools for deterministic tests: a clock that jumps to the next deadline and nowhere else, runs that take no real time, and tests whose bodies are
 * coroutines.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import {
  newVirtualLoop,
  runVirtual,
  runVirtualSync,
  VirtualClock,
  VirtualReactor,
} from '../../src/testing/index.ts';
import { check } from '../both-styles.ts';

const now = () => asyncio.getRunningLoop().time();

suite('the virtual clock', () => {
  test('starts where it is told, and is moved by hand', () => {
    const clock = new VirtualClock(100);
    assert.equal(clock.now(), 100);
    clock.advance(5);
    clock.advance(0);
    assert.equal(clock.now(), 105);
    assert.equal(new VirtualClock().now(), 0);
    for (const wrong of [-1, Number.NaN]) {
      assert.throws(() => clock.advance(wrong), {
        name: 'ValueError',
        message: /^a clock goes forward only, not by/,
      });
    }
    assert.equal(clock.now(), 105);
  });

  test('jumps from deadline to deadline, once for each', async () => {
    const clock = new VirtualClock(10);
    const times = await runVirtual(
      function* () {
        const seen = [now()];
        for (const seconds of [3600, 0.5, 1e-3]) {
          yield* asyncio.sleep(seconds);
          seen.push(now());
        }
        return seen;
      },
      { clock },
    );
    assert.deepEqual(times, [10, 3610, 3610.5, 3610.501]);
    assert.equal(clock.jumps, 3);
    assert.equal(clock.now(), 3610.501);
  });

  test('stands still while anything is ready', async () => {
    await runVirtual(function* () {
      asyncio.getRunningLoop().callLater(1, () => assert.fail('too early'));
      for (let i = 0; i < 1000; i++) yield* asyncio.sleep(0);
      assert.equal(now(), 0);
    });
  });

  test('can be moved by hand while the loop runs', async () => {
    const clock = new VirtualClock();
    const fired = await runVirtual(
      function* () {
        const times: number[] = [];
        const loop = asyncio.getRunningLoop();
        for (const when of [1, 2, 3]) loop.callAt(when, () => times.push(loop.time()));
        clock.advance(2.5);
        yield* asyncio.sleep(0);
        yield* asyncio.sleep(0);
        assert.deepEqual(times, [2.5, 2.5]);
        yield* asyncio.sleep(1);
        return times;
      },
      { clock },
    );
    assert.deepEqual(fired, [2.5, 2.5, 3]);
  });

  for (const [far, span] of [
    [1e9, 60],
    [1e12, 1],
    [0, 1e9],
    [2 ** 52, 8],
  ] as const) {
    // A child of its own would hide a hang from nobody: this one would hang the process.
    test(`works at ${far} seconds, over ${span}`, { timeout: 5000 }, async () => {
      const clock = new VirtualClock(far);
      await runVirtual(
        function* () {
          yield* asyncio.sleep(span);
          yield* asyncio.waitFor(asyncio.sleep(span), span * 4);
        },
        { clock },
      );
      assert.equal(clock.now(), far + 2 * span);
    });
  }

  test('lets timers fire in the order of their deadlines, at their times, whatever they are', () =>
    check(fc.array(fc.double({ min: -5, max: 1e6, noNaN: true }), { maxLength: 40 }), async (delays) => {
      const fired: [number, number][] = [];
      await runVirtual(function* () {
        const loop = asyncio.getRunningLoop();
        for (const delay of delays) loop.callLater(delay, () => fired.push([delay, loop.time()]));
        yield* asyncio.sleep(1e6 + 1);
      });
      assert.equal(fired.length, delays.length);
      const sorted = fired.map(([delay]) => delay).toSorted((a, b) => a - b);
      assert.deepEqual(
        fired.map(([delay]) => delay),
        sorted,
      );
      for (const [delay, time] of fired)
        assert.ok(Math.abs(time - Math.max(0, delay)) < 1e-6, `${delay} at ${time}`);
    }));
});

suite('runVirtual', () => {
  test('gives the result, and throws the error', async () => {
    assert.equal(await runVirtual(async () => 1), 1);
    assert.equal(await runVirtual(asyncio.sleep(5, 'slept')), 'slept');
    const fail = function* (): asyncio.Coroutine<void> {
      throw new asyncio.ValueError('failed');
    };
    await assert.rejects(runVirtual(fail), { name: 'ValueError' });
  });

  test('lets promises of the host settle before the clock jumps', async () => {
    await runVirtual(async () => {
      const loop = asyncio.getRunningLoop();
      let timer = 0;
      loop.callLater(3600, () => timer++);
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve, 'host'))), 'host');
      assert.deepEqual([loop.time(), timer], [0, 0]);
    });
  });

  test('ends what main has left, and closes the loop', async () => {
    const heard: string[] = [];
    const loop = await runVirtual(function* () {
      asyncio.createTask(function* () {
        try {
          yield* asyncio.sleep(3600);
        } finally {
          heard.push('ended');
        }
      });
      yield* asyncio.sleep(1);
      return asyncio.getRunningLoop();
    });
    assert.deepEqual([heard, loop.isClosed()], [['ended'], true]);
  });

  test('turns debug mode on where it is asked to', async () => {
    assert.equal(await runVirtual(async () => asyncio.getRunningLoop().getDebug(), { debug: true }), true);
  });

  test('goes the same way each time', () => {
    const program = function* (): asyncio.Coroutine<string[]> {
      const order: string[] = [];
      const lock = new asyncio.Lock();
      yield* asyncio.gather(
        ...[3, 1, 2, 1].map(function* (seconds, index): asyncio.Coroutine<void> {
          yield* asyncio.sleep(seconds);
          yield* asyncio.asyncWith(lock, function* () {
            yield* asyncio.sleep(1);
            order.push(`${index} at ${now()}`);
          });
        }),
      );
      return order;
    };
    const first = runVirtualSync(program);
    assert.deepEqual(first, ['1 at 2', '3 at 3', '2 at 4', '0 at 5']);
    for (let i = 0; i < 10; i++) assert.deepEqual(runVirtualSync(program), first);
  });
});

suite('runVirtualSync', () => {
  test('gives the result on the stack of the caller', () => {
    assert.equal(
      runVirtualSync(function* () {
        yield* asyncio.sleep(3600);
        return now();
      }),
      3600,
    );
    assert.throws(() => asyncio.getRunningLoop(), { name: 'RuntimeError' });
  });

  test('throws the error of main', () => {
    const fail = function* (): asyncio.Coroutine<void> {
      yield* asyncio.sleep(1);
      throw new asyncio.ValueError('failed');
    };
    assert.throws(() => runVirtualSync(fail), { name: 'ValueError', message: 'failed' });
  });

  test('ends what main has left, as runVirtual does', () => {
    const heard: string[] = [];
    const main = function* (): asyncio.Coroutine<string> {
      asyncio.createTask(function* () {
        try {
          yield* asyncio.sleep(3600);
        } finally {
          yield* asyncio.sleep(1);
          heard.push(`ended at ${now()}`);
        }
      });
      yield* asyncio.sleep(1);
      return 'result';
    };
    assert.equal(runVirtualSync(main), 'result');
    assert.deepEqual(heard, ['ended at 2']);
  });

  for (const [what, main] of Object.entries({
    'an async function': async () => {
      await asyncio.sleep(1);
    },
    'a promise': function* (): asyncio.Coroutine<void> {
      yield* asyncio.wrapFuture(Promise.resolve());
    },
  })) {
    test(`refuses ${what}, which cannot go on meanwhile`, (t) => {
      t.mock.method(console, 'error', () => {});
      assert.throws(() => runVirtualSync(main), {
        name: 'RuntimeError',
        message:
          /^async functions and promises cannot run while the loop blocks: use generator coroutines, or run\(\)$/,
      });
    });
  }

  test('refuses to run in a running loop', async () => {
    await runVirtual(async () => {
      assert.throws(() => runVirtualSync(asyncio.sleep(1)), {
        name: 'RuntimeError',
        message: /another loop is running/,
      });
    });
  });
});

suite('a virtual loop', () => {
  test('can be made by hand, on a clock that is shared', async () => {
    const clock = new VirtualClock();
    const loops = [newVirtualLoop({ clock }), new asyncio.EventLoop({ reactor: new VirtualReactor(clock) })];
    for (const loop of loops) await loop.runUntilComplete(asyncio.sleep(10));
    assert.equal(clock.now(), 20);
    for (const loop of loops) loop.close();
  });

  test('wakes for what the host does while it waits', async () => {
    const loop = newVirtualLoop();
    const future = loop.createFuture<string>();
    const run = loop.runUntilComplete(
      asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve, 1)), { loop }),
    );
    setImmediate(() => loop.callSoonThreadsafe(() => future.setResult('set from outside')));
    await run;
    assert.equal(await loop.runUntilComplete(future), 'set from outside');
    loop.close();
  });
});
