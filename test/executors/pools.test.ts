/** Pools of threads and of processes: workers, map, initializers, shutdown, and workers that die. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { suite, test } from 'node:test';
import {
  BrokenExecutor,
  BrokenThreadPool,
  type Future,
  ThreadPoolExecutor,
  TimeoutError,
} from '../../src/executors/index.ts';
import { RuntimeError, ValueError } from '../../src/index.ts';
import { runProgram } from '../child.ts';
import { collect, warningsOf } from '../warnings.ts';
import * as jobs from './jobs.ts';
import { INTERPRETERS, KINDS, spin, THREADS, thrown, told } from './kit.ts';

const futures = JSON.stringify(new URL('../../src/executors/index.ts', import.meta.url).href);
const workerId = () => `${process.pid} ${process.getBuiltinModule('node:worker_threads').threadId}`;
/** Ends when all `count` jobs run at the same time. */
const meet = (flag: Int32Array, count: number) => {
  Atomics.add(flag, 0, 1);
  Atomics.notify(flag, 0);
  for (let here = Atomics.load(flag, 0); here < count; here = Atomics.load(flag, 0))
    Atomics.wait(flag, 0, here);
  return here();
  function here() {
    return process.getBuiltinModule('node:worker_threads').threadId;
  }
};

for (const kind of KINDS) {
  suite(`a pool of ${kind.name}`, () => {
    test('starts workers when there is work, and no more than it may', async () => {
      await using pool = kind.open({ maxWorkers: 2 });
      assert.deepEqual(pool.statistics(), { workers: 0, busy: 0, queued: 0 });
      const first = await pool.submit(workerId);
      assert.equal(await pool.submit(workerId), first, 'one that is idle is used again');
      assert.deepEqual(pool.statistics(), { workers: 1, busy: 0, queued: 0 });
      const all = await Promise.all(Array.from({ length: 20 }, () => pool.submit(workerId)));
      assert.ok(new Set(all).size <= 2);
      assert.equal(pool.statistics().workers, 2);
    });

    test('runs jobs in the order in which they were submitted', () => {
      using pool = kind.open({ maxWorkers: 1 });
      const started = Array.from({ length: 50 }, () => pool.submit(jobs.countUp));
      assert.deepEqual(
        started.map((future) => future.result()),
        Array.from({ length: 50 }, (_, i) => i + 1),
      );
    });

    test('says what runs, and cancels what does not run yet', async () => {
      await using pool = kind.open({ maxWorkers: 1 });
      const running = pool.submit(jobs.countUntilStopped);
      const queued = pool.submit(jobs.countUp);
      await told(running);
      assert.deepEqual([running.running(), queued.running()], [true, false]);
      assert.deepEqual([running.cancel(), queued.cancel()], [false, true]);
      assert.equal(pool.statistics().queued, 0);
      assert.equal(running.stop(), true);
      assert.equal(await pool.submit(jobs.countUp), 1, 'what was cancelled never ran');
    });

    test('blocks for results, with a limit', () => {
      using pool = kind.open({ maxWorkers: 1 });
      const future = pool.submit(spin);
      assert.ok(thrown(() => future.result(0.05)) instanceof TimeoutError);
      assert.equal(future.done(), false);
      future.stop();
    });

    test('tells how far a job is', async () => {
      await using pool = kind.open({ maxWorkers: 1 });
      const future = pool.submit(async function (this: { progress(value: unknown): void }) {
        for (const part of [1, 2, 3]) this.progress({ part });
      });
      const parts: unknown[] = [];
      future.addProgressCallback((value) => parts.push(value));
      await future;
      assert.deepEqual(parts, [{ part: 1 }, { part: 2 }, { part: 3 }]);
    });

    test('runs an initializer in each worker', () => {
      using pool = kind.open({ maxWorkers: 1, initializer: jobs.setCount, initargs: [100] });
      assert.equal(pool.submit(jobs.countUp).result(), 101);
    });

    test('is broken where its initializer fails', () => {
      using pool = kind.open({ maxWorkers: 2, initializer: jobs.failSetUp });
      const all = [1, 2, 3].map(() => pool.submit(jobs.countUp));
      for (const future of all) {
        const error = thrown(() => future.result());
        assert.ok(error instanceof kind.Broken && error instanceof BrokenExecutor);
        assert.match(
          error.message,
          /^A (thread|process) initializer failed, the \1 pool is not usable anymore$/,
        );
        assert.ok(error.cause instanceof ValueError && error.cause.message === 'no database');
      }
      assert.ok(thrown(() => pool.submit(jobs.countUp)) instanceof kind.Broken);
    });

    test('is broken where its workers end before they can take a job', () => {
      using pool = kind.open({ maxWorkers: 1, initializer: () => process.exit(5) });
      const error = thrown(() => pool.submit(jobs.countUp).result());
      assert.ok(error instanceof kind.Broken);
      assert.match(error.message, /exit code 5 before it could take a job/);
    });

    test('replaces its workers after so many jobs', () => {
      using pool = kind.open({ maxWorkers: 1, maxTasksPerChild: 2 });
      const ids = Array.from({ length: 6 }, () => pool.submit(workerId)).map((future) => future.result());
      assert.equal(new Set(ids).size, 3);
      assert.deepEqual([ids[0], ids[2], ids[4]], [ids[1], ids[3], ids[5]]);
    });

    test('loses a worker with its own job alone', async () => {
      await using pool = kind.open({ maxWorkers: 2 });
      const [dying, living] = [pool.submit(() => process.exit(3)), pool.submit(jobs.countUntilStopped)];
      await told(living);
      const error = await dying.then(
        () => assert.fail(),
        (error: unknown) => error as Error,
      );
      assert.ok(error instanceof kind.Broken);
      assert.match(
        error.message,
        /^worker (thread|process) \d+, which ran 'anonymous', ended with exit code 3$/,
      );
      assert.equal(living.running(), true);
      assert.equal(await pool.submit(jobs.timesTen, 1), 10, 'and has another one instead');
      living.stop();
    });

    test('sees that a worker has died also while the thread blocks', () => {
      using pool = kind.open({ maxWorkers: 1 });
      assert.match(
        thrown(() => pool.submit(() => process.exit(3)).result()).message,
        /ended with exit code 3$/,
      );
      assert.equal(pool.submit(jobs.timesTen, 1).result(), 10);
    });

    test('ends when its jobs are done, and takes no more', () => {
      const pool = kind.open({ maxWorkers: 1 });
      const all = [1, 2, 3].map((n) => pool.submit(jobs.timesTen, n));
      pool.shutdown();
      assert.deepEqual(
        all.map((future) => future.done() && future.result()),
        [10, 20, 30],
      );
      assert.equal(pool.statistics().workers, 0);
      pool.shutdown();
      const error = thrown(() => pool.submit(jobs.timesTen, 1));
      assert.ok(error instanceof RuntimeError);
      assert.equal(error.message, 'cannot schedule new futures after shutdown');
      assert.throws(() => pool.map(jobs.timesTen, [1]), RuntimeError);
    });

    test('cancels what has not begun where the shutdown says so, and need not be waited for', async () => {
      const pool = kind.open({ maxWorkers: 1 });
      const running = pool.submit(jobs.countUntilStopped);
      const queued = pool.submit(jobs.timesTen, 2);
      await told(running);
      pool.shutdown({ wait: false, cancelFutures: true });
      assert.deepEqual([running.running(), queued.cancelled()], [true, true]);
      running.stop();
      await pool[Symbol.asyncDispose]();
      assert.equal(pool.statistics().workers, 0);
    });

    for (const end of ['terminateWorkers', 'killWorkers'] as const) {
      test(`ends at once by ${end}`, async () => {
        const pool = kind.open({ maxWorkers: 1 });
        const running = pool.submit(spin);
        const queued = pool.submit(jobs.countUp);
        await told(running);
        pool[end]();
        assert.match(thrown(() => running.result()).message, /which ran 'spin', was (terminated|killed)$/);
        assert.ok(thrown(() => running.result()) instanceof kind.Broken);
        assert.equal(queued.cancelled(), true);
        assert.throws(() => pool.submit(jobs.countUp), /after shutdown/);
        await pool[Symbol.asyncDispose]();
      });
    }

    test('checks its options', () => {
      for (const options of [{ maxWorkers: 0 }, { maxWorkers: -1 }, { maxTasksPerChild: 0 }, { grace: -1 }])
        assert.ok(thrown(() => kind.open(options)) instanceof ValueError, JSON.stringify(options));
      assert.equal(thrown(() => kind.open({ maxWorkers: 0 })).message, 'max_workers must be greater than 0');
      assert.throws(() => kind.open({ maxWorkers: 1.5 }), TypeError);
      assert.throws(() => kind.open({ initializer: 3 as never }), /initializer must be a callable/);
    });

    test('does not keep the process alive with idle workers, only with jobs', async () => {
      const name = kind === THREADS ? 'ThreadPoolExecutor' : 'ProcessPoolExecutor';
      const { status, stdout, stderr } = await runProgram(`
        import { ${name} } from ${futures};
        const pool = new ${name}({ maxWorkers: 1 });
        pool.submit(() => 1).addDoneCallback(() => console.log('done'));
        process.on('exit', () => console.log('exit'));
        globalThis.pool = pool;
      `);
      assert.deepEqual([status, stdout, stderr], [0, 'done\nexit\n', '']);
    });

    test('leaves nothing open', async () => {
      const descriptors = () => readdirSync('/proc/self/fd').length;
      const cycle = async () => {
        await using pool = kind.open({ maxWorkers: 2 });
        await Promise.all([pool.submit(jobs.timesTen, 1), pool.submit(jobs.timesTen, 2)]);
        pool.submit(spin).stop();
      };
      await cycle();
      await collect();
      const before = descriptors();
      for (let i = 0; i < 3; i++) await cycle();
      await collect();
      assert.ok(descriptors() <= before, `${descriptors()} descriptors, ${before} before`);
    });

    test('that was forgotten is reported when it is collected, and ends', async () => {
      let left: Future<number> | null = null;
      const warnings = await warningsOf(async () => {
        await (async () => {
          left = kind.open({ maxWorkers: 1 }).submit(jobs.timesTen, 2);
          await left;
        })();
        await collect();
      });
      assert.equal(warnings.length, 1);
      assert.equal(warnings[0]?.name, 'ResourceWarning');
      assert.match(
        String(warnings[0]?.message),
        /^unclosed executor <(Thread|Process)PoolExecutor>: end it with/,
      );
    });
  });

  suite(`map over ${kind.name}`, () => {
    test('gives the results in order, whatever the chunks', () => {
      using pool = kind.open({ maxWorkers: 2 });
      for (const chunksize of [1, 2, 3, 100])
        assert.deepEqual([...pool.map(jobs.timesTen, [1, 2, 3, 4, 5], { chunksize })], [10, 20, 30, 40, 50]);
      assert.deepEqual(
        [...pool.map((a: number, b: string) => b.repeat(a), [1, 2, 3], new Set(['a', 'b']))],
        ['a', 'bb'],
      );
      assert.deepEqual([...pool.map(jobs.timesTen, [])], []);
    });

    test('throws what a call threw in its place, and cancels the rest', () => {
      using pool = kind.open({ maxWorkers: 1 });
      const check = (n: number) => {
        if (n === 3) throw new RangeError('three');
        return n;
      };
      for (const chunksize of [1, 2, 10]) {
        const results = pool.map(check, [1, 2, 3, 4, 5], { chunksize });
        assert.deepEqual([results.next().value, results.next().value], [1, 2]);
        assert.ok(thrown(() => results.next()) instanceof RangeError);
        assert.equal(results.next().done, true);
      }
    });

    test('reads its iterables only as far as the buffer goes', () => {
      using pool = kind.open({ maxWorkers: 2 });
      let taken = 0;
      let closed = false;
      function* endless() {
        try {
          for (;;) yield taken++;
        } finally {
          closed = true;
        }
      }
      const results = pool.map(jobs.timesTen, endless(), { buffersize: 3 });
      assert.equal(taken, 3);
      assert.deepEqual([results.next().value, taken], [0, 4]);
      assert.deepEqual([results.next().value, taken], [10, 5]);
      results.return();
      assert.equal(closed, true);
    });

    test('is over when its time is', async () => {
      using pool = kind.open({ maxWorkers: 1 });
      const results = pool.map(spin as (n: number) => number, [1], { timeout: 0.05 });
      assert.ok(thrown(() => results.next()) instanceof TimeoutError);
      await assert.rejects(async () => {
        for await (const _ of pool.map(jobs.countUntilStopped as (n: number) => number, [1], {
          timeout: 0.05,
        }));
      }, TimeoutError);
      pool.killWorkers();
    });

    test('can be iterated without blocking, and stops what runs when it is left', async () => {
      await using pool = kind.open({ maxWorkers: 1 });
      const got: number[] = [];
      for await (const value of pool.map(jobs.timesTen, [1, 2, 3], { chunksize: 2 })) got.push(value);
      assert.deepEqual(got, [10, 20, 30]);
      const stuck = (n: number) => {
        for (; n > 1; );
        return n;
      };
      for await (const value of pool.map(stuck, [1, 2])) {
        assert.equal(value, 1);
        break;
      }
      assert.equal(await pool.submit(jobs.timesTen, 1), 10);
    });

    test('checks its options', () => {
      using pool = kind.open({ maxWorkers: 1 });
      const map = (options: object) => thrown(() => pool.map(jobs.timesTen, [1], options));
      assert.equal(map({ chunksize: 0 }).message, 'chunksize must be >= 1.');
      assert.ok(map({ buffersize: 0 }) instanceof ValueError);
      assert.ok(map({ buffersize: 1.5 }) instanceof TypeError);
      assert.throws(() => pool.map(jobs.timesTen, 3 as never, {}), /map\(\) needs iterables, not 3/);
    });
  });
}

suite('threads', () => {
  test('run at the same time', () => {
    using pool = THREADS.open({ maxWorkers: 3 });
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const ids = [1, 2, 3].map(() => pool.submit(meet, flag, 3)).map((future) => future.result());
    assert.equal(new Set(ids).size, 3);
  });

  test('that need more memory than they may break their job, and say so', async () => {
    const limits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };
    const hoard = () => {
      const all: unknown[] = [];
      for (;;) all.push(new Array(10_000).fill(1.5));
    };
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, resourceLimits: limits });
    await assert.rejects(pool.submit(hoard).then(), {
      name: 'BrokenThreadPool',
      message: /which ran 'hoard', ran out of memory$/,
    });
    assert.match(
      thrown(() => pool.submit(hoard).result()).message,
      /ended without a word, as one does that runs out of memory/,
    );
    assert.equal(pool.submit(jobs.timesTen, 1).result(), 10);
  });

  test('that fail outside of the job break it with that failure', async () => {
    await using pool = THREADS.open({ maxWorkers: 1 });
    const error = await pool
      .submit(async () => {
        setTimeout(() => {
          throw new RangeError('stray');
        });
        await new Promise(() => {});
      })
      .then(
        () => assert.fail(),
        (error: unknown) => error as Error,
      );
    assert.ok(error instanceof BrokenThreadPool);
    assert.match(error.message, /failed outside of the job: RangeError: stray/);
    assert.ok(error.cause instanceof RangeError);
  });

  test('let their event loop turn between jobs', () => {
    using pool = THREADS.open({ maxWorkers: 1 });
    pool
      .submit(() => {
        setTimeout(() => Object.assign(globalThis, { turned: true }), 0);
      })
      .result();
    let turned = false;
    while (!turned) turned = pool.submit(() => 'turned' in globalThis).result();
  });

  test('have names of their own', () => {
    using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'mine' });
    const name = pool.submit(
      () =>
        (process.getBuiltinModule('node:worker_threads') as { threadName?: string }).threadName ?? 'mine_0',
    );
    assert.equal(name.result(), 'mine_0');
  });

  test('are what Python calls interpreters', () => {
    using pool = INTERPRETERS.open({ maxWorkers: 1 });
    assert.ok(pool instanceof ThreadPoolExecutor);
    const error = thrown(() => pool.submit(() => process.exit(1)).result());
    assert.ok(error instanceof INTERPRETERS.Broken && error instanceof BrokenThreadPool);
    assert.equal(error.name, 'BrokenInterpreterPool');
  });

  test('can have pools of their own, and block for them', () => {
    using pool = THREADS.open({ maxWorkers: 1 });
    const url = JSON.parse(futures) as string;
    const nested = pool.submit(async (url: string) => {
      const { ThreadPoolExecutor } = (await import(url)) as {
        ThreadPoolExecutor: new () => ThreadPoolExecutor;
      };
      using inner = new ThreadPoolExecutor();
      return inner.submit((n: number) => n + 1, 1).result();
    }, url);
    assert.equal(nested.result(), 2);
  });
});

suite('processes', () => {
  test('killed by a signal break their job with its name', async () => {
    await using pool = KINDS[1]!.open({ maxWorkers: 1 });
    const error = await pool
      .submit(() => {
        process.kill(process.pid, 'SIGKILL');
        for (;;);
      })
      .then(
        () => assert.fail(),
        (error: unknown) => error as Error,
      );
    assert.match(error.message, /^worker process \d+, which ran 'anonymous', was ended by SIGKILL$/);
  });

  test('end with the process that has the pool, also one that is killed', async () => {
    const { stdout } = await runProgram(`
      import { ProcessPoolExecutor } from ${futures};
      const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
      console.log(pool.submit(() => process.pid).result());
      process.kill(process.pid, 'SIGKILL');
    `);
    const pid = Number(stdout);
    assert.ok(pid > 1);
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('that compute are ended on the way out', async () => {
    const { stdout } = await runProgram(`
      import { ProcessPoolExecutor } from ${futures};
      const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
      console.log(pool.submit(() => process.pid).result());
      const spinning = pool.submit(function () { this.progress(1); for (;;); });
      spinning.addProgressCallback(() => process.exit(0));
    `);
    while (isRunning(Number(stdout))) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
