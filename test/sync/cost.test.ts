/**
 * Handing over costs the same however many wait: with 100,000 in the line, each step may look at a handful of waiters only. What is counted is how
 * often anything asks a waiter for its state; no clock is involved.
 */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { Waiter, WaiterQueue } from '../../src/sync/waiters.ts';
import { runVirtual } from '../../src/testing/index.ts';

const COUNT = 100_000;
/** Looks at waiters for each one that comes, is cancelled, is woken and leaves. */
const LOOKS_EACH = 20;

/** Counts the questions to waiters until the end of the test. */
function countLooks(t: TestContext): () => number {
  let looks = 0;
  const ask = { done: Waiter.prototype.done, cancelled: Waiter.prototype.cancelled } as const;
  for (const name of ['done', 'cancelled'] as const) {
    Waiter.prototype[name] = function (this: Waiter<unknown>) {
      looks++;
      return ask[name].call(this);
    };
  }
  const { pending } = WaiterQueue.prototype;
  WaiterQueue.prototype.pending = function (this: WaiterQueue<unknown>) {
    looks++;
    return pending.call(this);
  } as typeof pending;
  t.after(() => {
    for (const name of ['done', 'cancelled'] as const) Reflect.deleteProperty(Waiter.prototype, name);
    WaiterQueue.prototype.pending = pending;
  });
  return () => looks;
}

function cancelSome(tasks: readonly asyncio.Task<unknown>[]): void {
  for (let i = 0; i < tasks.length; i += 2) tasks[i]?.cancel();
}

suite('with 100,000 that wait', () => {
  test('a lock is handed on in a few steps', async (t) => {
    const looks = countLooks(t);
    await runVirtual(function* () {
      const lock = new asyncio.Lock();
      let got = 0;
      const take = function* (): asyncio.Coroutine<void> {
        yield* lock.acquire();
        got++;
        lock.release();
      };
      yield* lock.acquire();
      const tasks = Array.from({ length: COUNT }, () => asyncio.createTask(take()));
      yield* asyncio.sleep(0);
      assert.equal(lock.statistics().waiting, COUNT);
      cancelSome(tasks);
      lock.release();
      yield* asyncio.wait(tasks);
      assert.equal(got, COUNT / 2);
    });
    assert.ok(looks() < LOOKS_EACH * COUNT, `${looks()} looks`);
  });

  test('a semaphore is handed on in a few steps', async (t) => {
    const looks = countLooks(t);
    await runVirtual(function* () {
      const semaphore = new asyncio.Semaphore(0);
      const tasks = Array.from({ length: COUNT }, () => asyncio.createTask(semaphore.acquire()));
      yield* asyncio.sleep(0);
      cancelSome(tasks);
      for (let i = 0; i < COUNT; i++) semaphore.release();
      yield* asyncio.wait(tasks);
      assert.equal(semaphore.statistics().value, COUNT / 2);
    });
    assert.ok(looks() < LOOKS_EACH * COUNT, `${looks()} looks`);
  });

  test('a queue hands its items over in a few steps', async (t) => {
    const looks = countLooks(t);
    await runVirtual(function* () {
      const queue = new asyncio.Queue<number>();
      const tasks = Array.from({ length: COUNT }, () => asyncio.createTask(queue.get()));
      yield* asyncio.sleep(0);
      cancelSome(tasks);
      for (let i = 0; i < COUNT; i++) queue.putNowait(i);
      yield* asyncio.wait(tasks);
      assert.equal(queue.qsize(), COUNT / 2);
    });
    assert.ok(looks() < LOOKS_EACH * COUNT, `${looks()} looks`);
  });

  test('a condition notifies one by one in a few steps', async (t) => {
    const looks = countLooks(t);
    await runVirtual(function* () {
      const condition = new asyncio.Condition();
      let woken = 0;
      const wait = function* (): asyncio.Coroutine<void> {
        using _held = yield* condition.guard();
        yield* condition.wait();
        woken++;
      };
      const tasks = Array.from({ length: COUNT }, () => asyncio.createTask(wait()));
      yield* asyncio.sleep(1);
      const held = yield* condition.guard();
      for (let i = 0; i < COUNT; i++) condition.notify();
      held.release();
      yield* asyncio.wait(tasks);
      assert.equal(woken, COUNT);
    });
    assert.ok(looks() < LOOKS_EACH * COUNT, `${looks()} looks`);
  });
});
