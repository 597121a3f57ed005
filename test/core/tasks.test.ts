/**
 * Tasks past what the oracle has: names and texts, the signal, uncancel, and how they are kept alive and let go.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { collect } from '../warnings.ts';

const { scenario, co } = await inBothStyles(import.meta.url);

const forever = co(function* () {
  yield* asyncio.getRunningLoop().createFuture();
});

scenario('a task has a name of its own, or a number', function* () {
  const named = asyncio.createTask(forever(), { name: 'named' });
  const plain = asyncio.createTask(forever());
  const next = asyncio.createTask(forever());
  assert.equal(named.getName(), 'named');
  const number = Number(/^Task-(\d+)$/.exec(plain.getName())?.[1]);
  assert.equal(next.getName(), `Task-${number + 1}`);
  plain.setName('renamed');
  assert.equal(plain.getName(), 'renamed');
  plain.setName(7 as never);
  assert.equal(plain.getName(), '7');
  for (const task of [named, plain, next]) task.cancel();
  yield* asyncio.wait([named, plain, next]);
});

scenario('a task shows its state, its coroutine, what it waits for and how it ended', function* () {
  const wait = asyncio.coroutine(function* wait(future: asyncio.Future<number>) {
    return yield* future;
  });
  const future = asyncio.getRunningLoop().createFuture<number>();
  const task = asyncio.createTask(wait(future), { name: 'job' });
  assert.equal(String(task), "<Task pending name='job' coro=wait>");
  yield* asyncio.sleep(0);
  assert.equal(String(task), "<Task pending name='job' coro=wait waitFor=<Future pending>>");
  future.setResult(5);
  yield* task;
  assert.equal(String(task), "<Task finished name='job' coro=wait result=5>");
  const fail = asyncio.coroutine(function* fail() {
    throw new asyncio.ValueError('no');
  });
  const failed = asyncio.createTask(fail(), { name: 'f' });
  yield* thrownBy(failed);
  assert.equal(String(failed), '<Task finished name=\'f\' coro=fail exception=ValueError("no")>');
  const cancelled = asyncio.createTask(asyncio.sleep(5), { name: 'c' });
  yield* asyncio.sleep(0);
  cancelled.cancel();
  assert.match(String(cancelled), /^<Task cancelling name='c' coro=sleep/);
  yield* asyncio.wait([cancelled]);
  assert.equal(String(cancelled), "<Task cancelled name='c' coro=sleep>");
});

scenario('the coroutine of a task can be had', function* () {
  const coro = asyncio.sleep(0);
  const task = asyncio.createTask(coro);
  assert.equal(task.getCoro(), coro);
  yield* task;
});

scenario('the signal of a task aborts when it is cancelled, and a new one comes with uncancel', function* () {
  const signals: AbortSignal[] = [];
  const work = co(function* () {
    const me = asyncio.currentTask() as asyncio.Task<unknown>;
    signals.push(me.signal);
    assert.equal(me.signal, signals[0], 'the same one each time');
    try {
      yield* asyncio.sleep(60);
    } catch {
      assert.equal(me.signal.aborted, true);
      assert.equal(me.uncancel(), 0);
    }
    signals.push(me.signal);
    yield* asyncio.sleep(1);
  });
  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  assert.equal(signals[0]?.aborted, false);
  task.cancel();
  assert.equal(signals[0]?.aborted, true);
  assert.ok(signals[0]?.reason instanceof asyncio.CancelledError);
  yield* task;
  assert.equal(signals[1]?.aborted, false);
  assert.notEqual(signals[0], signals[1]);
});

scenario('a signal that is asked for after the cancellation is aborted already', function* () {
  const task = asyncio.createTask(forever());
  task.cancel();
  assert.equal(task.signal.aborted, true);
  yield* asyncio.wait([task]);
});

scenario('uncancel counts down, not below zero', function* () {
  const me = asyncio.currentTask() as asyncio.Task<unknown>;
  for (let i = 0; i < 3; i++) me.cancel();
  assert.equal(me.cancelling(), 3);
  assert.deepEqual([me.uncancel(), me.uncancel(), me.uncancel(), me.uncancel()], [2, 1, 0, 0]);
  yield* asyncio.sleep(0);
});

scenario('a chain of a hundred thousand waits is cancelled without using up the stack', function* () {
  let task: asyncio.Task<void> = asyncio.createTask(forever());
  const link = asyncio.coroutine(function* (inner: asyncio.Task<void>) {
    yield* inner;
  });
  const chain = [task];
  for (let i = 0; i < 100_000; i++) {
    task = asyncio.createTask(link(task));
    chain.push(task);
  }
  yield* asyncio.sleep(0);
  task.cancel();
  yield* asyncio.wait(chain);
  assert.ok(chain.every((each) => each.cancelled()));
});

scenario('a task that waits for what only it knows is kept alive', function* () {
  const heard: string[] = [];
  let wake: (() => void) | undefined;
  const start = () => {
    asyncio.createTask(
      co(function* () {
        const future = asyncio.getRunningLoop().createFuture<void>();
        wake = () => future.setResult();
        yield* future;
        heard.push('woken');
      })(),
    );
  };
  start();
  yield* asyncio.sleep(0);
  yield* asyncio.wrapFuture(collect());
  assert.equal(asyncio.allTasks().size, 2);
  wake?.();
  yield* asyncio.sleep(1);
  assert.deepEqual(heard, ['woken']);
});

scenario('a task that is over is let go', function* () {
  const make = co(function* () {
    const task = asyncio.createTask(asyncio.sleep(1, new Array(10)));
    yield* task;
    return new WeakRef(task);
  });
  const refs = yield* asyncio.gather(make(), make());
  yield* asyncio.sleep(1);
  yield* asyncio.wrapFuture(collect());
  assert.deepEqual(
    refs.map((ref) => ref.deref()),
    [undefined, undefined],
  );
});

scenario('allTasks gives those that are not done, of the loop that is meant', function* ({ loop }) {
  const me = asyncio.currentTask();
  const tasks = [asyncio.createTask(forever()), asyncio.createTask(asyncio.sleep(1))];
  assert.deepEqual(asyncio.allTasks(), new Set([me, ...tasks]));
  yield* asyncio.sleep(2);
  assert.deepEqual(asyncio.allTasks(loop), new Set([me, tasks[0]]));
  tasks[0]?.cancel();
  yield* asyncio.sleep(0);
  yield* asyncio.sleep(0);
  assert.deepEqual(asyncio.allTasks(), new Set([me]));
});

scenario('kinds of things are told apart', function* ({ loop }) {
  const future = loop.createFuture();
  const task = asyncio.createTask(asyncio.sleep(0));
  const made = asyncio.coroutine(async () => {});
  const object = made();
  assert.deepEqual([future, task, Promise.resolve(), object].map(asyncio.isFuture), [
    true,
    true,
    false,
    false,
  ]);
  assert.deepEqual([object, asyncio.sleep(1), future, Promise.resolve(), 5].map(asyncio.isCoroutine), [
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual([made, async () => {}, () => {}, asyncio.sleep, 5].map(asyncio.isCoroutineFunction), [
    true,
    true,
    false,
    false,
    false,
  ]);
  object.close();
  yield* task;
});
