/** Jobs seen from a loop, in both styles: they run, fail, are cancelled, and never leave the loop waiting for nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Future, ThreadPoolExecutor } from '../../src/executors/index.ts';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { runProgram } from '../child.ts';
import * as jobs from './jobs.ts';
import { KINDS, spin, thrown, told } from './kit.ts';

const { co, scenario, style } = await inBothStyles(import.meta.url);
const threadId = () => process.getBuiltinModule('node:worker_threads').threadId + process.pid * 1000;
const futures = JSON.stringify(new URL('../../src/executors/index.ts', import.meta.url).href);

scenario('toThread and runInExecutor give what the function gives', function* ({ loop }) {
  assert.equal(yield* asyncio.toThread(jobs.timesTen, 2), 20);
  assert.equal(
    yield* asyncio.toThread(readFileSync, import.meta.filename, 'utf8'),
    readFileSync(import.meta.filename, 'utf8'),
  );
  assert.equal(yield* loop.runInExecutor(null, (a: number, b: number) => a + b, 1, 2), 3);
  assert.ok((yield* thrownBy(asyncio.toThread(jobs.pay, 1))) instanceof asyncio.RuntimeError);
  assert.throws(
    () =>
      loop.runInExecutor(
        null,
        (a: unknown) => a,
        () => 1,
      ),
    /argument 1 of 'anonymous' cannot travel/,
  );
  assert.throws(() => loop.runInExecutor(3 as never, jobs.countUp), /needs an executor or null, not 3/);
});

scenario('toThread does nothing until it is awaited', function* () {
  const coro = asyncio.toThread(jobs.countUp);
  assert.equal(coro.name, 'toThread');
  coro.close();
  assert.equal(yield* asyncio.toThread(jobs.countUp), 1);
});

scenario('the clock of a virtual loop stands still while a job runs', function* ({ loop }) {
  const start = loop.time();
  const later = loop.callLater(1, () => assert.fail('the clock moved'));
  yield* asyncio.toThread(jobs.countUp);
  later.cancel();
  assert.equal(loop.time(), start);
});

scenario('asyncify makes a coroutine function', function* () {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const slowly = asyncio.asyncify(jobs.timesTen, { executor: pool });
  const [a, b] = yield* asyncio.gather(slowly(1), slowly(2));
  assert.deepEqual([a, b, slowly.name], [10, 20, 'timesTen']);
  assert.equal(yield* asyncio.asyncify(jobs.timesTen)(3), 30);
  assert.throws(() => asyncio.asyncify(3 as never), TypeError);
  pool.shutdown({ wait: false });
  yield* pool.waitClosed();
});

for (const kind of KINDS) {
  const label = `of ${kind.name}`;

  scenario(`futures ${label} can be awaited, gathered and grouped`, function* () {
    const pool = kind.open({ maxWorkers: 2 });
    assert.equal(yield* pool.submit(jobs.timesTen, 1), 10);
    assert.deepEqual(
      yield* asyncio.gather(pool.submit(jobs.timesTen, 1), pool.submit(jobs.timesTen, 2)),
      [10, 20],
    );
    const results: number[] = [];
    yield* asyncio.asyncFor(
      pool.map(jobs.timesTen, [1, 2, 3], { chunksize: 2 }),
      co(function* (n: number) {
        results.push(n);
      }),
    );
    assert.deepEqual(results, [10, 20, 30]);
    yield* asyncio.asyncWith(
      pool,
      co(function* () {}),
    );
    assert.equal(pool.statistics().workers, 0);
  });

  scenario(`a job ${label} that listens ends by itself when its task is cancelled`, function* () {
    const pool = kind.open({ maxWorkers: 1 });
    const id = yield* pool.submit(threadId);
    const future = pool.submit(jobs.countUntilStopped);
    const task = asyncio.createTask(
      co(function* () {
        return yield* future;
      })(),
    );
    yield* asyncio.wrapFuture(told(future));
    task.cancel();
    assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    assert.equal(future.cancelled(), true);
    assert.equal(yield* pool.submit(threadId), id, 'the worker is still there');
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`an async job ${label} hears of it through its signal`, function* () {
    const pool = kind.open({ maxWorkers: 1, grace: Number.POSITIVE_INFINITY });
    const id = yield* pool.submit(threadId);
    const future = pool.submit(jobs.waitForAbort);
    const followed = asyncio.wrapFuture(future);
    yield* asyncio.wrapFuture(told(future));
    followed.cancel();
    yield* thrownBy(followed);
    assert.equal(yield* pool.submit(threadId), id, 'it ended by itself');
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`a chunk ${label} goes no further when it is stopped`, function* () {
    const pool = kind.open({ maxWorkers: 1, grace: Number.POSITIVE_INFINITY });
    const id = yield* pool.submit(threadId);
    yield* pool.submit(jobs.timesTen, 1); // loads the module
    const results = pool.map(jobs.countUntilStoppedOf, [1, 2, 3], { chunksize: 3, timeout: 0.2 });
    const steps = results[Symbol.asyncIterator]();
    const late = yield* thrownBy(asyncio.wrapFuture(steps.next()));
    assert.ok(late instanceof asyncio.TimeoutError);
    assert.equal(yield* pool.submit(threadId), id);
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`a job ${label} that does not listen is ended with its worker, and others go on`, function* () {
    const pool = kind.open({ maxWorkers: 2 });
    const other = pool.submit(jobs.countUntilStopped);
    yield* asyncio.wrapFuture(told(other));
    const stuck = pool.submit(spin);
    const followed = asyncio.wrapFuture(stuck);
    const id = yield* asyncio.wrapFuture(told(stuck));
    assert.equal(id, 'spinning');
    assert.equal(followed.cancel('enough'), true);
    const error = yield* thrownBy(followed);
    assert.ok(error instanceof asyncio.CancelledError && error.message === 'enough');
    assert.equal(yield* pool.submit(jobs.timesTen, 1), 10, 'there is another worker');
    assert.equal(other.running(), true);
    other.stop();
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`a job ${label} that listens and goes on is ended when the time of grace is over`, function* () {
    const pool = kind.open({ maxWorkers: 1, grace: 0.02 });
    const id = yield* pool.submit(threadId);
    const stubborn = pool.submit(function (this: { progress(value: unknown): void; signal: AbortSignal }) {
      this.signal.aborted;
      this.progress('on');
      for (;;);
    });
    yield* asyncio.wrapFuture(told(stubborn));
    assert.equal(stubborn.stop(), true);
    assert.notEqual(yield* pool.submit(threadId), id);
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`a job ${label} that has not begun is only taken out of the queue`, function* () {
    const pool = kind.open({ maxWorkers: 1 });
    const first = pool.submit(jobs.countUntilStopped);
    yield* asyncio.wrapFuture(told(first));
    const queued = asyncio.wrapFuture(pool.submit(jobs.countUp));
    queued.cancel();
    assert.ok((yield* thrownBy(queued)) instanceof asyncio.CancelledError);
    assert.equal(first.running(), true);
    first.stop();
    assert.equal(yield* pool.submit(jobs.countUp), 1);
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });

  scenario(`a worker ${label} that dies fails the task that waits for its job`, function* () {
    const pool = kind.open({ maxWorkers: 1 });
    const error = yield* thrownBy(asyncio.wrapFuture(pool.submit(() => process.exit(7))));
    assert.ok(error instanceof kind.Broken);
    assert.match(error.message, /exit code 7/);
    assert.equal(yield* pool.submit(jobs.timesTen, 1), 10);
    pool.shutdown({ wait: false });
    yield* pool.waitClosed();
  });
}

scenario('a coroutine that is a job runs its finally blocks when it is cancelled', function* () {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const id = yield* pool.submit(threadId);
  const future = pool.submit(jobs.sleepy, flag);
  yield* asyncio.wrapFuture(told(future));
  const task = asyncio.createTask(
    co(function* () {
      yield* future;
    })(),
  );
  yield* asyncio.sleep(0);
  task.cancel();
  yield* thrownBy(task);
  assert.equal(yield* pool.submit(threadId), id);
  assert.equal(Atomics.load(flag, 0), 1);
  pool.shutdown({ wait: false });
  yield* pool.waitClosed();
});

scenario('a shield keeps the job', function* () {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(jobs.countUntilStopped);
  yield* asyncio.wrapFuture(told(future));
  const inner = asyncio.wrapFuture(future);
  const outer = asyncio.shield(inner);
  outer.cancel();
  yield* thrownBy(outer);
  assert.equal(future.running(), true);
  inner.cancel();
  pool.shutdown({ wait: false });
  yield* pool.waitClosed();
});

scenario('wrapFuture follows a future to its result, its exception and its cancellation', function* () {
  const [good, bad, gone] = [new Future<number>(), new Future<number>(), new Future<number>()];
  const all = [good, bad, gone].map((future) => asyncio.wrapFuture(future));
  good.setResult(1);
  bad.setException(new asyncio.ValueError('v'));
  gone.cancel();
  assert.equal(yield* all[0]!, 1);
  assert.ok((yield* thrownBy(all[1]!)) instanceof asyncio.ValueError);
  assert.ok((yield* thrownBy(all[2]!)) instanceof asyncio.CancelledError);
  assert.equal(asyncio.wrapFuture(all[0]!), all[0]);
  const later = asyncio.wrapFuture(new Future<number>());
  later.cancel();
  assert.ok((yield* thrownBy(later)) instanceof asyncio.CancelledError);
});

scenario('what a job needs of the context it gets as arguments', function* () {
  const variable = new asyncio.ContextVar('variable', { default: 'none' });
  variable.set('here');
  assert.equal(yield* asyncio.toThread((value: string) => value, variable.get()), 'here');
  assert.equal(variable.get(), 'here');
});

scenario(
  'another executor can be the default one, and after its shutdown there is none',
  function* ({ loop }) {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'chosen' });
    loop.setDefaultExecutor(pool);
    assert.equal(yield* asyncio.toThread(jobs.timesTen, 1), 10);
    assert.equal(pool.statistics().workers, 1);
    yield* loop.shutdownDefaultExecutor();
    assert.equal(pool.statistics().workers, 0);
    assert.throws(() => loop.runInExecutor(null, jobs.countUp), /Executor shutdown has been called/);
    assert.throws(() => loop.setDefaultExecutor(3 as never), TypeError);
  },
);

scenario('runCoroutineThreadsafe gives a future of executors for a coroutine', function* ({ loop }) {
  const good = asyncio.runCoroutineThreadsafe(asyncio.sleep(1, 'x'), loop);
  assert.ok(good instanceof Future && !good.running());
  assert.equal(yield* good, 'x');
  const bad = asyncio.runCoroutineThreadsafe(
    co(function* (): asyncio.Coroutine<number> {
      throw new asyncio.ValueError('v');
    })(),
    loop,
  );
  assert.ok((yield* thrownBy(asyncio.wrapFuture(bad))) instanceof asyncio.ValueError);
  assert.throws(
    () => asyncio.runCoroutineThreadsafe(Promise.resolve() as never, loop),
    /A coroutine object is required/,
  );
});

scenario(
  'cancelling the future of runCoroutineThreadsafe cancels the coroutine, and the other way round',
  function* ({ loop }) {
    const ended: string[] = [];
    const sleeper = co(function* (name: string) {
      try {
        yield* asyncio.sleep(3600);
      } finally {
        ended.push(name);
      }
    });
    const outer = asyncio.runCoroutineThreadsafe(sleeper('outer'), loop);
    yield* asyncio.sleep(1);
    assert.equal(outer.cancel(), true);
    yield* asyncio.sleep(1);
    assert.deepEqual(ended, ['outer']);
    let task: asyncio.Task<unknown> | null = null;
    const inner = asyncio.runCoroutineThreadsafe(
      co(function* () {
        task = asyncio.currentTask();
        yield* sleeper('inner');
      })(),
      loop,
    );
    yield* asyncio.sleep(1);
    (task as asyncio.Task<unknown> | null)?.cancel();
    assert.ok((yield* thrownBy(asyncio.wrapFuture(inner))) instanceof asyncio.CancelledError);
    assert.deepEqual(ended, ['outer', 'inner']);
  },
);

scenario('blocking the loop for a coroutine of its own is refused as a deadlock', function* ({ loop }) {
  const future = asyncio.runCoroutineThreadsafe(asyncio.sleep(1), loop);
  assert.ok(thrown(() => future.result()) instanceof asyncio.DeadlockError);
  assert.ok(thrown(() => future.result(0.001)) instanceof asyncio.TimeoutError);
  yield* future;
});

if (style === 'generator') {
  test('run shuts the default executor down, and a program that waits for a job is not deadlocked', async () => {
    const { status, stdout, stderr } = await runProgram(`
      await asyncio.run(function* () {
        const slow = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
        console.log(yield* asyncio.toThread(slow, 50));
      });
      console.log('closed');
    `);
    assert.deepEqual([status, stdout, stderr], [0, 'timed-out\nclosed\n', '']);
  });

  test('a timeout of a job takes no longer than it says, and the program ends', async () => {
    const { status, stdout, stderr } = await runProgram(`
      import { ProcessPoolExecutor } from ${futures};
      await asyncio.run(async () => {
        await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
        await pool.submit(() => 1);
        for (const job of [asyncio.toThread(() => { for (;;); }), pool.submit(() => { for (;;); })]) {
          await asyncio.waitFor(job, 0.05).catch((error) => console.log(String(error)));
        }
      });
    `);
    assert.deepEqual([status, stdout, stderr], [0, 'TimeoutError\nTimeoutError\n', '']);
  });

  test('a loop that is closed while a job runs says nothing of it', async () => {
    const { status, stdout, stderr } = await runProgram(`
      const loop = asyncio.newEventLoop();
      await loop.runUntilComplete(async () => {
        loop.runInExecutor(null, () => new Promise((resolve) => setTimeout(resolve, 20)));
      });
      loop.close();
      console.log('closed');
    `);
    assert.deepEqual([status, stdout, stderr], [0, 'closed\n', '']);
  });

  test('outside of a loop nothing of it works', () => {
    assert.throws(() => [...(new Future() as unknown as Iterable<unknown>)], /no running event loop/);
    const loop = asyncio.newEventLoop();
    loop.close();
    assert.throws(() => loop.runInExecutor(null, jobs.countUp), /Event loop is closed/);
  });
}
