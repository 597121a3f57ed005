/** Small things that no other test noticed when they were broken on purpose (see conformance/mutants). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop, runVirtual } from '../../src/testing/index.ts';

test('a task that was cancelled twice before it began, and uncancelled once, is still told', async () => {
  await runVirtual(function* () {
    let begun = false;
    const task = asyncio.createTask(function* () {
      begun = true;
      yield* asyncio.sleep(1);
    });
    task.cancel();
    task.cancel();
    assert.equal(task.uncancel(), 1);
    yield* asyncio.wait([task]);
    assert.equal(task.cancelled(), true);
    assert.equal(begun, false);
  });
});

test('a task is not the current task of another loop', async () => {
  const other = asyncio.newEventLoop();
  await runVirtual(function* () {
    assert.notEqual(asyncio.currentTask(), null);
    assert.equal(asyncio.currentTask(other), null);
  });
  other.close();
});

test('waiting for what is done already, without time, takes no iteration of the loop', async () => {
  await runVirtual(function* () {
    const loop = asyncio.getRunningLoop();
    const done = loop.createFuture<number>();
    done.setResult(1);
    let iterated = false;
    loop.callSoon(() => {
      iterated = true;
    });
    assert.equal(yield* asyncio.waitFor(done, 0), 1);
    assert.equal(iterated, false);
  });
});

test('an interrupt in a task of a group comes out of the group as itself', async () => {
  const loop = newVirtualLoop();
  const main = loop.createTask(function* () {
    yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
      group.createTask(function* () {
        yield* asyncio.sleep(0);
        throw new asyncio.KeyboardInterrupt();
      });
      yield* asyncio.sleep(10);
    });
  });
  // The interrupt ends the run at once; who runs the loop again sees what becomes of the group.
  await assert.rejects(() => loop.runUntilComplete(main), asyncio.KeyboardInterrupt);
  await assert.rejects(() => loop.runUntilComplete(main), asyncio.KeyboardInterrupt);
  assert.ok(main.exception() instanceof asyncio.KeyboardInterrupt);
  loop.close();
});

test('a shield that is cancelled as its future is done stays cancelled', async () => {
  await runVirtual(function* () {
    const inner = asyncio.getRunningLoop().createFuture<number>();
    const outer = asyncio.shield(inner);
    inner.setResult(1);
    outer.cancel();
    yield* asyncio.sleep(0);
    yield* asyncio.sleep(0);
    assert.equal(outer.cancelled(), true);
  });
});

test('waiting for the first exception goes on while tasks end well', async () => {
  await runVirtual(function* () {
    function* work(seconds: number, error?: Error): asyncio.Coroutine<void> {
      yield* asyncio.sleep(seconds);
      if (error !== undefined) throw error;
    }
    const tasks = [work(1), work(2, new Error('second')), work(3)].map((coro) => asyncio.createTask(coro));
    const [done, pending] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_EXCEPTION });
    assert.deepEqual([done.size, pending.size], [2, 1]);
    assert.equal(asyncio.getRunningLoop().time(), 2);
    yield* asyncio.gather(...tasks, { returnExceptions: true });
  });
});

test('a sleep that is closed takes its timer along', async () => {
  await runVirtual(function* () {
    const loop = asyncio.getRunningLoop();
    const sleeping = asyncio.sleep(5);
    sleeping.next();
    const { timers } = loop.statistics();
    sleeping.close();
    assert.deepEqual([timers, loop.statistics().timers], [1, 0]);
  });
});
