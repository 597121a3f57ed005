/**
 * Methods that a subclass may replace, and through which the library then goes itself, as CPython does: `Future.addDoneCallback` by whatever waits
 * for the future, `callLater` by `sleep`. Source: CPython's behaviour, 3.14.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { co, scenario } = await inBothStyles(import.meta.url);

/** Counts who asks to be told. */
class Counting<T> extends asyncio.Future<T> {
  asked = 0;
  takenBack = 0;

  override addDoneCallback(
    callback: (future: asyncio.Future<T>) => unknown,
    options?: { readonly context?: asyncio.Context },
  ): void {
    this.asked++;
    super.addDoneCallback(callback, options);
  }

  override removeDoneCallback(callback: (future: asyncio.Future<T>) => unknown): number {
    const found = super.removeDoneCallback(callback);
    this.takenBack += found;
    return found;
  }
}

scenario('a task that waits for a future asks through its addDoneCallback', function* ({ loop }) {
  const future = new Counting<string>();
  loop.callSoon(() => future.setResult('spam'));
  assert.equal(yield* future, 'spam');
  assert.equal(future.asked, 1);
});

scenario('a task that fails, is cancelled, or waits again is told as well', function* ({ loop }) {
  const failing = new Counting<never>();
  loop.callSoon(() => failing.setException(new asyncio.ValueError('no')));
  assert.ok((yield* thrownBy(failing)) instanceof asyncio.ValueError);
  const cancelled = new Counting<never>();
  loop.callSoon(() => cancelled.cancel('enough'));
  assert.equal(((yield* thrownBy(cancelled)) as Error).message, 'enough');
  const task = asyncio.createTask(
    co(function* () {
      yield* new Counting<never>();
    })(),
  );
  yield* asyncio.sleep(0);
  task.cancel();
  yield* asyncio.wait([task]);
  assert.equal(task.cancelled(), true);
});

scenario(
  'gather, wait, shield and waitFor ask in that way too, and take back what they asked',
  function* ({ loop }) {
    const future = new Counting<number>();
    const [done, pending] = yield* asyncio.wait([future], { timeout: 1 });
    assert.deepEqual([done.size, pending.size], [0, 1]);
    assert.deepEqual([future.asked, future.takenBack], [1, 1]);
    const gathered = asyncio.gather(future);
    const shielded = asyncio.shield(future);
    assert.equal(future.asked, 3);
    assert.ok((yield* thrownBy(asyncio.waitFor(asyncio.shield(future), 1))) instanceof asyncio.TimeoutError);
    loop.callSoon(() => future.setResult(1));
    assert.deepEqual(yield* gathered, [1]);
    assert.equal(yield* shielded, 1);
  },
);

scenario('the call graph shows who waits through an addDoneCallback', function* () {
  const future = new Counting<number>();
  const task = asyncio.createTask(
    co(function* () {
      return yield* future;
    })(),
    { name: 'waiting' },
  );
  yield* asyncio.sleep(0);
  assert.match(asyncio.formatCallGraph(future), /Task\(name='waiting'\)/);
  future.setResult(1);
  assert.equal(yield* task, 1);
});

scenario('sleep goes through a callLater that was replaced, and cancels its handle', function* ({ loop }) {
  const delays: number[] = [];
  const handles: asyncio.TimerHandle[] = [];
  const original = loop.callLater.bind(loop);
  loop.callLater = (delay, callback, ...args) => {
    delays.push(delay);
    const handle = original(delay, callback, ...args);
    handles.push(handle);
    return handle;
  };
  const start = loop.time();
  assert.equal(yield* asyncio.sleep(2, 'yeah'), 'yeah');
  assert.equal(loop.time() - start, 2);
  const sleeper = asyncio.createTask(
    co(function* () {
      yield* asyncio.sleep(10);
    })(),
  );
  yield* asyncio.sleep(0);
  assert.deepEqual(delays, [2, 10]);
  assert.equal(handles[1]?.cancelled(), false);
  sleeper.cancel();
  yield* asyncio.wait([sleeper]);
  assert.equal(sleeper.cancelled(), true);
  assert.equal(handles[1]?.cancelled(), true);
});
