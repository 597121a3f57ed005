/**
 * `DistributedExecutor` and `asyncio worker` over a real Redis: results, errors, attempts, time limits, progress, cancelling, and what is left when
 * workers and Redis are killed in the middle.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { skipWithout } from '../../../scripts/programs.ts';
import {
  DistributedExecutor,
  DistributedWorker,
  registerErrors,
} from '../../../src/executors/distributed/index.ts';
import * as futures from '../../../src/executors/index.ts';
import * as asyncio from '../../../src/index.ts';
import { runProgram } from '../../child.ts';
import * as jobs from './jobs.ts';
import { RedisServer } from './redis.ts';
import { ask, looks, WorkerProcess, written } from './workers.ts';

const folder = mkdtempSync(join(tmpdir(), 'distributed-'));
let redis: RedisServer;
let queues = 0;

/** An executor and workers of a queue of their own, for the time of `body`. */
async function withWorkers(
  count: number,
  body: (executor: DistributedExecutor, workers: WorkerProcess[], queue: string) => Promise<unknown>,
  ...flags: string[]
): Promise<void> {
  const queue = `q${queues++}`;
  const workers = await Promise.all(
    Array.from({ length: count }, () =>
      new WorkerProcess(redis, queue, '--concurrency', '2', ...flags).ready(),
    ),
  );
  const executor = new DistributedExecutor({ queue, connection: redis.url });
  try {
    await body(executor, workers, queue);
  } finally {
    executor.shutdown({ wait: false, cancelFutures: true });
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
  }
}

const here = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
/** The beginning of a program. */
const imports = `import { DistributedExecutor, DistributedWorker } from ${here('../../../src/executors/distributed/index.ts')};
  import { slowly, square } from ${here('./jobs.ts')};`;

suite('jobs that run elsewhere', { skip: skipWithout('redis-server'), concurrency: false }, () => {
  before(async () => {
    redis = await RedisServer.start();
  });
  after(async () => {
    await redis.close();
    rmSync(folder, { recursive: true });
  });

  test('give their results, in each of the ways to wait', () =>
    withWorkers(1, async (executor) => {
      const blocked = executor.submit(jobs.power, 323n, 1235n);
      assert.equal(blocked.result(60), 323n ** 1235n);
      assert.equal(await executor.submit(jobs.square, 12), 144);
      const value = new Map<string, unknown>([
        ['when', new Date(0)],
        ['bytes', new Uint8Array([1, 2])],
      ]);
      assert.deepEqual(await executor.submit(jobs.echo, value, undefined, null), [value, undefined, null]);
      const loop = await asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        const first = yield* loop.runInExecutor(executor, jobs.square, 3);
        const [a, b] = yield* asyncio.gather(
          executor.submit(jobs.square, 4),
          executor.submit(jobs.slowly, 0.01, 'slow'),
        );
        return [first, a, b];
      });
      assert.deepEqual(loop, [9, 16, 'slow']);
      assert.deepEqual([...executor.map(jobs.square, [1, 2, 3, 4, 5], { chunksize: 2 })], [1, 4, 9, 16, 25]);
      assert.notEqual(await executor.submit(jobs.pid), process.pid);
    }));

  test('give what they threw, after as many attempts as were asked for', () =>
    withWorkers(1, async (executor) => {
      registerErrors(jobs.OutOfStock);
      const error = executor.submit(jobs.fail, 'soap').exception(60);
      assert.ok(error instanceof jobs.OutOfStock);
      assert.deepEqual(
        [error.message, error.item, String(error.cause)],
        ['soap is out of stock', 'soap', 'RangeError: shelf 7'],
      );
      assert.match(String(error.stack), /jobs\.ts/);

      const file = join(folder, 'attempts');
      assert.equal(
        await executor.withOptions({ attempts: 5, backoff: 0.01 }).submit(jobs.failUntil, file, 3),
        3,
      );
      rmSync(file);
      await assert.rejects(
        async () => executor.withOptions({ attempts: 2 }).submit(jobs.failUntil, file, 9),
        /attempt 2 failed/,
      );

      await assert.rejects(async () => [...executor.map(jobs.failUntil, [file], [9])], /attempt 3 failed/);
      const dead = await executor.submit(jobs.crash).catch((thrown: unknown) => thrown);
      assert.ok(dead instanceof futures.BrokenProcessPool);
      assert.match(dead.message, /exit code 7/);
      assert.equal(await executor.submit(jobs.square, 5), 25);
    }));

  test('are stopped when they take too long', () =>
    withWorkers(1, async (executor) => {
      const late = executor.withOptions({ timeout: 0.1 }).submit(jobs.slowly, 3600, 'never');
      const error = late.exception(60);
      assert.ok(error instanceof asyncio.TimeoutError);
      assert.match(error.message, /longer than 0.1 seconds/);
      assert.equal(await executor.submit(jobs.square, 6), 36);
    }));

  test('tell how far they are', () =>
    withWorkers(1, async (executor) => {
      const seen: unknown[] = [];
      const future = executor.submit(jobs.counting, 3);
      future.addProgressCallback((value) => seen.push(value));
      assert.equal(await future, 'counted');
      assert.deepEqual(seen.at(-1), { done: 3, of: 3 });
    }));

  test('are taken out of the queue, or stopped where they run, when they are cancelled', () =>
    withWorkers(
      1,
      async (executor) => {
        const file = join(folder, 'watched');
        const began = () => existsSync(file) && readFileSync(file, 'utf8').includes('begun');
        await asyncio.run(async () => {
          const loop = asyncio.getRunningLoop();
          const running = loop.runInExecutor(executor, jobs.watched, file);
          const waiting = executor.submit(jobs.square, 1);
          while (!began()) await asyncio.sleep(0.01);
          assert.equal(waiting.cancel(), true);
          running.cancel();
          await assert.rejects(async () => running, asyncio.CancelledError);
          while (!readFileSync(file, 'utf8').includes('stopped')) await asyncio.sleep(0.01);
          assert.equal(await executor.submit(jobs.square, 7), 49);
        });
      },
      '--concurrency',
      '1',
    ));

  test('run elsewhere when their worker is killed', () =>
    withWorkers(2, async (executor, workers) => {
      const all = Array.from({ length: 8 }, (_, i) => executor.submit(jobs.slowly, 0.3, `${i}`));
      while (!all.some((future) => future.running())) await wait(5);
      await workers[0]!.end('SIGKILL');
      assert.deepEqual(await Promise.all(all), ['0', '1', '2', '3', '4', '5', '6', '7']);
    }));

  test('outlive a Redis that is killed and started again', () =>
    withWorkers(2, async (executor) => {
      const all = Array.from({ length: 200 }, (_, i) => executor.submit(jobs.square, i));
      while (!all.some((future) => future.done())) await wait(1);
      await redis.stop('SIGKILL');
      const more = Array.from({ length: 50 }, (_, i) => executor.submit(jobs.square, i));
      await redis.start();
      assert.deepEqual(
        await Promise.all(all),
        Array.from({ length: 200 }, (_, i) => i * i),
      );
      assert.deepEqual(
        await Promise.all(more),
        Array.from({ length: 50 }, (_, i) => i * i),
      );
    }));

  test('are all done when workers are killed at random', { timeout: 240_000 }, () =>
    withWorkers(2, async (executor, workers, queue) => {
      const count = 10_000;
      const all = Array.from({ length: count }, (_, i) => executor.submit(jobs.square, i));
      const done = Promise.all(all);
      let over = false;
      const killing = (async () => {
        for (let kill = 0; kill < 4 && !over; kill++) {
          const target = Math.floor(((kill + 1) * count) / 6);
          while (!over && all.filter((future) => future.done()).length < target) await wait(20);
          workers.push(new WorkerProcess(redis, queue, '--concurrency', '2'));
          await workers[kill]!.end('SIGKILL');
        }
      })();
      const results = await done;
      over = true;
      await killing;
      assert.equal(results.length, count);
      assert.ok(results.every((result, i) => result === i * i));
    }),
  );

  test('that run when their worker is told to end are done first', () =>
    withWorkers(1, async (executor, [worker]) => {
      const running = executor.submit(jobs.slowly, 0.3, 'done first');
      while (!running.running()) await wait(5);
      assert.equal(await worker!.end('SIGTERM'), 0);
      assert.equal(await running, 'done first');
      assert.match(worker!.stderr, /has ended/);
    }));

  test('run elsewhere when they take longer than the grace of a worker that ends', () =>
    withWorkers(
      1,
      async (executor, workers, queue) => {
        const running = executor.submit(jobs.slowly, 1.5, 'elsewhere');
        while (!running.running()) await wait(5);
        workers.push(await new WorkerProcess(redis, queue).ready());
        assert.equal(await workers[0]!.end('SIGTERM'), 0);
        assert.equal(await running, 'elsewhere');
      },
      '--grace',
      '0.1',
    ));

  test('that the worker does not have say which it has', () =>
    withWorkers(1, async (executor) => {
      const stranger = futures.job('file:///elsewhere.js', 'stranger', () => 1);
      await assert.rejects(
        async () => executor.submit(stranger),
        /LookupError: the worker has no job 'stranger'.*counting, crash, echo/s,
      );
    }));

  test('are waited for by shutdown, and refused after it', () =>
    withWorkers(1, async (executor) => {
      const future = executor.submit(jobs.slowly, 0.05, 'waited for');
      executor.shutdown();
      assert.equal(future.done(), true);
      assert.equal(future.result(), 'waited for');
      assert.throws(
        () => executor.submit(jobs.square, 1),
        /RuntimeError: cannot schedule new futures after shutdown/,
      );
    }));

  test('let their executor be closed in each of the ways', () =>
    withWorkers(1, async (_executor, _workers, queue) => {
      const made = () => new DistributedExecutor({ queue, connection: redis.url });
      const results = await asyncio.run(function* () {
        const first = yield* asyncio.asyncWith(made(), (executor) => executor.submit(jobs.square, 2));
        const executor = made();
        const second = yield* executor.submit(jobs.square, 3);
        executor.shutdown({ wait: false });
        yield* executor.waitClosed();
        return [first, second];
      });
      assert.deepEqual(results, [4, 9]);
      const more = await asyncio.run(async () => {
        await using executor = made();
        await using _unused = made();
        const squares: number[] = [];
        for await (const square of executor.map(jobs.square, [4, 5])) squares.push(square);
        return squares;
      });
      assert.deepEqual(more, [16, 25]);
      // Nothing but the executor keeps this process alive.
      const { status, stdout, stderr } = await runProgram(
        `${imports}
        { await using executor = new DistributedExecutor({ queue: '${queue}', connection: '${redis.url}' });
          console.log(await executor.submit(square, 9)); }
        console.log('closed');`,
      );
      assert.deepEqual([status, stdout.trim(), stderr], [0, '81\nclosed', '']);
    }));

  test('are ended by a stop that a shutdown follows', () =>
    withWorkers(1, async (_executor, _workers, queue) => {
      const file = join(folder, 'stopped');
      const executor = new DistributedExecutor({ queue, connection: redis.url });
      const running = executor.submit(jobs.watched, file);
      await written(file, 'begun');
      assert.equal(running.stop(), true);
      executor.shutdown({ wait: false });
      await written(file, 'stopped');
    }));

  test('that a shutdown cancels leave nothing in Redis', async () => {
    for (const first of [false, true]) {
      const queue = `q${queues++}`;
      const executor = new DistributedExecutor({ queue, connection: redis.url });
      // Once it is known that all of this has arrived, and once while it is on its way.
      if (first)
        while ((await ask(redis, (redis) => redis.exists(`asyncio:${queue}:meta`))) === 0) await wait(5);
      for (let i = 0; i < 600; i++) executor.submit(jobs.square, i);
      executor.shutdown({ cancelFutures: true });
      const left = await ask(redis, (redis) => redis.keys(`asyncio:${queue}:*`));
      assert.deepEqual(
        left.filter((key) => key.includes('cancel') || key.includes('wait')),
        [],
      );
    }
  });

  test('are not asked for without an end when a connection was lost', () =>
    withWorkers(1, async (executor) => {
      const slow = executor.submit(jobs.slowly, 1, 'slow');
      while (!slow.running()) await wait(5);
      await ask(redis, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'));
      const before = await looks(redis);
      assert.equal(await slow, 'slow');
      const count = (await looks(redis)) - before;
      assert.ok(count < 100, `it looked ${count} times`);
    }));

  test('are stopped also when the worker could not be told at once', () =>
    withWorkers(1, async (executor) => {
      const file = join(folder, 'untold');
      const running = executor.submit(jobs.watched, file);
      await written(file, 'begun');
      await ask(redis, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
      running.stop();
      await written(file, 'stopped');
    }));

  test('may take longer than the timers of the host, and keep the class of their errors however short they are kept', () =>
    withWorkers(1, async (executor, _workers, queue) => {
      registerErrors(jobs.OutOfStock);
      const long = executor.withOptions({ timeout: 30 * 86_400 });
      assert.equal(await long.submit(jobs.slowly, 0.05, 'in time'), 'in time');
      const endless = executor.withOptions({ timeout: Infinity });
      assert.equal(await endless.submit(jobs.slowly, 0.05, 'in time'), 'in time');
      await using brief = new DistributedExecutor({ queue, connection: redis.url, keep: 0 });
      for (let i = 0; i < 3; i++)
        assert.ok((await brief.submit(jobs.fail, 'soap').catch((error) => error)) instanceof jobs.OutOfStock);
    }));

  test('that are refused by Redis break the executor, whether the thread blocks or not', async () => {
    await ask(redis, (redis) =>
      redis.acl('SETUSER', 'reader', 'on', '>secret', '-@all', '+@connection', '+info'),
    );
    for (const who of ['reader:wrong', 'reader:secret']) {
      const connection = redis.url.replace('//', `//${who}@`);
      const executor = new DistributedExecutor({ queue: 'q', connection });
      const error = executor.submit(jobs.square, 1).exception(20);
      assert.ok(error instanceof futures.BrokenExecutor);
      assert.match(error.message, /^Redis at 127\.0\.0\.1:\d+ refused: (WRONGPASS|NOPERM)/);
      executor.shutdown();
      await using other = new DistributedExecutor({ queue: 'q', connection });
      await assert.rejects(async () => other.submit(jobs.square, 1), /BrokenExecutor: Redis at .* refused/);
    }
    await ask(redis, (redis) => redis.acl('DELUSER', 'reader'));
  });

  test('of an executor that was forgotten are done, and it is told', () =>
    withWorkers(1, async (_executor, _workers, queue) => {
      const { status, stdout, stderr } = await runProgram(
        `${imports}
        import { setFlagsFromString } from 'node:v8';
        import { runInNewContext } from 'node:vm';
        setFlagsFromString('--expose-gc');
        const gc = runInNewContext('gc');
        function forget() {
          const executor = new DistributedExecutor({ queue: '${queue}', connection: '${redis.url}' });
          executor.withOptions({ attempts: 2 }).submit(square, 9).addDoneCallback((future) => console.log(future.result()));
        }
        forget();
        let warned = false;
        process.once('warning', () => { warned = true; });
        while (!warned) { await new Promise((resolve) => setTimeout(resolve, 5)); gc(); }`,
      );
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^81$/m);
      assert.match(stderr, /ResourceWarning: unclosed executor <DistributedExecutor>/);
    }));

  test('are left to others by a worker that is cancelled twice, which then holds nothing', async () => {
    const queue = `q${queues++}`;
    const { status, stdout, stderr } = await runProgram(
      `${imports}
      const executor = new DistributedExecutor({ queue: '${queue}', connection: '${redis.url}' });
      const worker = new DistributedWorker({
        queue: '${queue}', module: ${here('./jobs.ts')}, connection: '${redis.url}', concurrency: 1, grace: 3600,
      });
      await asyncio.run(async () => {
        const task = asyncio.createTask(worker.run());
        const job = executor.submit(slowly, 3600, 'never');
        while (!job.running()) await asyncio.sleep(0.01);
        task.cancel();
        await asyncio.sleep(0);
        task.cancel();
        await task.catch((error) => console.log(error.name));
        job.stop();
      });
      executor.shutdown();
      console.log('ended');`,
    );
    assert.deepEqual([status, stdout.trim(), stderr], [0, 'CancelledError\nended', '']);
  });

  test('are no reason to stay for a worker that has none and no Redis', async () => {
    const worker = new WorkerProcess(redis, 'q', '--connection', 'redis://127.0.0.1:1', '--grace', '3600');
    while (!worker.stderr.includes('trying again')) await once(worker.child.stderr, 'data');
    assert.equal(await worker.end('SIGTERM'), 0);
    assert.match(worker.stderr, /has ended/);
  });

  test('keep the process alive until they are done, and no longer', () =>
    withWorkers(1, async (_executor, _workers, queue) => {
      const { status, stdout, stderr } = await runProgram(
        `${imports}
        const executor = new DistributedExecutor({ queue: '${queue}', connection: '${redis.url}' });
        executor.submit(square, 9).addDoneCallback((future) => console.log(future.result()));`,
      );
      assert.deepEqual([status, stdout.trim(), stderr], [0, '81', '']);
    }));
});

suite('a wrong use', () => {
  test('is explained', () => {
    assert.throws(
      () => new DistributedExecutor({ queue: 'a:b' }),
      /ValueError: queue must be a name without ':'/,
    );
    assert.throws(() => new DistributedExecutor({ queue: 'q', tries: 1 } as never), /has no option tries/);
    assert.throws(
      () => new DistributedExecutor({ queue: 'q', attempts: 0 }),
      /attempts must be a whole number/,
    );
    assert.throws(
      () => new DistributedExecutor({ queue: 'q', connection: new Map() as never }),
      /connection must be a URL or plain options/,
    );
    assert.throws(
      () => new DistributedExecutor({ queue: 'q', connection: { retryStrategy: () => 1 } }),
      /TypeError: connection\.retryStrategy must be data, .* not <function retryStrategy>/,
    );
    assert.throws(
      () => new DistributedExecutor({ queue: 'q', connection: 'http://127.0.0.1' }),
      /ValueError: connection must be a URL such as redis:/,
    );
    for (const option of ['keep', 'delay', 'backoff'])
      assert.throws(
        () => new DistributedExecutor({ queue: 'q', [option]: Infinity }),
        new RegExp(`ValueError: ${option} must be a number of seconds, 0 or more and finite, not Infinity`),
      );
    const executor = new DistributedExecutor({ queue: 'q', connection: 'redis://127.0.0.1:1' });
    assert.throws(
      () => executor.withOptions({ queue: 'other' } as never),
      /TypeError: withOptions\(\) has no option queue; it has attempts, backoff, timeout, priority, delay/,
    );
    assert.throws(
      () => executor.submit((n: number) => n, 1),
      /cannot be given to workers elsewhere: declare it/,
    );
    assert.throws(() => executor.submit(jobs.echo, () => 1), /argument 1 of 'echo' cannot travel/);
    executor.shutdown({ wait: false });
  });

  test('of a worker is explained', () => {
    const module = import.meta.url;
    const cases: readonly (readonly [options: unknown, message: RegExp])[] = [
      [undefined, /DistributedWorker\(\) needs options, .* not undefined/],
      [{ queue: 'a:b', module }, /queue must be a name without ':', not "a:b"/],
      [{ queue: 'q', module: 'jobs.ts' }, /module must be the URL of a module/],
      [{ queue: 'q', module, pool: 'thread' }, /pool must be 'processes' or 'threads', not "thread"/],
      [{ queue: 'q', module, wat: 1 }, /DistributedWorker\(\) has no option wat; it has queue, module/],
      [{ queue: 'q', module, lockDuration: -1 }, /lockDuration must be a number of seconds/],
      [{ queue: 'q', module, lockDuration: 0 }, /lockDuration must be above 0/],
      [{ queue: 'q', module, grace: 'a' }, /grace must be a number of seconds, 0 or more, not "a"/],
      [{ queue: 'q', module, concurrency: 0 }, /concurrency must be a whole number, 1 or more, not 0/],
      [{ queue: 'q', module, connection: 5 }, /connection must be a URL or plain options .* not 5/],
    ];
    for (const [options, message] of cases)
      assert.throws(() => new DistributedWorker(options as never), message);
  });

  test('of a port that is none breaks the executor, also where the thread blocks', () => {
    using executor = new DistributedExecutor({ queue: 'q', connection: { port: 1e9 } });
    const error = executor.submit(jobs.square, 1).exception(20);
    assert.ok(error instanceof futures.BrokenExecutor, String(error));
  });

  test('of a Redis that is not there breaks the executor after a while', async () => {
    const executor = new DistributedExecutor({
      queue: 'q',
      connection: 'redis://127.0.0.1:1',
      connectTimeout: 0.1,
    });
    const future = executor.submit(jobs.square, 1);
    await assert.rejects(
      async () => future,
      /BrokenExecutor: no connection to Redis at 127.0.0.1:1: .*ECONNREFUSED/,
    );
    assert.throws(() => executor.submit(jobs.square, 1), { name: 'BrokenExecutor' });
    executor.shutdown();
  });
});
