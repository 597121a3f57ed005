/**
 * `DistributedWorker`: takes jobs out of a queue and runs them in a pool of its own.
 *
 * The process that speaks with Redis runs no job itself, so that it can always say that it lives: a job whose worker is silent for too long is given to
 * another. A job that is cancelled or takes too long is ended with its pool's worker. Source: BullMQ's documentation, "Workers", "Stalled Jobs".
 */
import { availableParallelism } from 'node:os';
import type { Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Coroutine } from '../../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../../core/coroutine.ts';
import { wrapFuture } from '../../core/ensure-future.ts';
import { LookupError, TimeoutError, ValueError } from '../../core/errors.ts';
import { Future as LoopFuture } from '../../core/future.ts';
import { describe } from '../../core/repr.ts';
import { running } from '../../core/running.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { waitFor } from '../../structured/wait-for.ts';
import type { Executor } from '../executor.ts';
import type { Future } from '../future.ts';
import { describeJob, isDeclared, type JobDescription } from '../job.ts';
import type { ChunkResult } from '../messages.ts';
import { type ErrorClass, encodeThrown, registerErrors } from '../outcome.ts';
import { ProcessPoolExecutor } from '../process-pool.ts';
import { ThreadPoolExecutor } from '../thread-pool.ts';
import { bull, connect, nameOf } from './engine.ts';
import { checkConnection, checkCount, checkKeys, checkPrefix, checkQueue, checkSeconds } from './options.ts';
import { after } from './timer.ts';
import {
  type ChunkData,
  type Connection,
  cancelChannel,
  cancelKey,
  fromText,
  type JobData,
  type QueuePlace,
  toText,
} from './wire.ts';

/** How a worker is made. */
export interface WorkerOptions {
  readonly queue: string;
  /** The address of the module that exports the jobs, each declared by `job()`; such as `import.meta.url`. */
  readonly module: string;
  /** How many jobs run at once; as many as there are processors by default. */
  readonly concurrency?: number | undefined;
  /** Where Redis is: a URL, or what ioredis takes. By default `redis://127.0.0.1:6379`. */
  readonly connection?: Connection | undefined;
  readonly prefix?: string | undefined;
  /** Where the jobs run: in child processes, which is the default, or in threads. */
  readonly pool?: 'processes' | 'threads' | undefined;
  /** After how many seconds of silence a worker is taken for dead; 10 by default. */
  readonly lockDuration?: number | undefined;
  /** How long jobs that run may take when the worker is told to end, in seconds; 30 by default. Those that are not done by then run again elsewhere. */
  readonly grace?: number | undefined;
}

type AnyFunction = (...args: never[]) => unknown;
/** A pool, seen from inside of its room. */
type Startable = {
  _start(description: JobDescription, args: readonly unknown[], chunk: boolean): Future<unknown>;
};

const OPTIONS = [
  'queue',
  'module',
  'concurrency',
  'connection',
  'prefix',
  'pool',
  'lockDuration',
  'grace',
] as const;
/** The longest `lockDuration`, in seconds: it is looked for with timers of the host. */
const LONGEST_LOCK = 2_000_000;
/** How often a job may lose its worker before it is taken for the cause. */
const MOST_DEATHS = 25;

export class DistributedWorker {
  readonly #options: WorkerOptions;
  readonly #place: QueuePlace;
  readonly #running = new Map<string, Future<unknown>>();
  #jobs: ReadonlyMap<string, AnyFunction> = new Map();
  /** Are the jobs that run left to other workers? */
  #abandons = false;

  constructor(options: WorkerOptions) {
    checkKeys(options, OPTIONS, 'DistributedWorker()');
    const { queue, module, connection = 'redis://127.0.0.1:6379', prefix = 'asyncio', pool } = options;
    checkQueue(queue);
    if (!URL.canParse(module))
      throw new ValueError(`module must be the URL of a module, not ${describe(module)}`);
    checkCount(options.concurrency, 'concurrency');
    checkConnection(connection, false);
    checkPrefix(prefix);
    if (pool !== undefined && pool !== 'processes' && pool !== 'threads')
      throw new ValueError(`pool must be 'processes' or 'threads', not ${describe(pool)}`);
    const { lockDuration } = options;
    checkSeconds(lockDuration, 'lockDuration', false);
    if (lockDuration !== undefined && !(lockDuration > 0 && lockDuration <= LONGEST_LOCK))
      throw new ValueError(
        `lockDuration must be above 0 and up to ${LONGEST_LOCK} seconds, not ${describe(lockDuration)}`,
      );
    checkSeconds(options.grace, 'grace', true);
    this.#options = options;
    this.#place = { queue, connection, prefix };
  }

  /**
   * Take jobs and run them until this is cancelled; then take no more, let those that run end, and return.
   * @param ready called with the names of the jobs when the first one can be taken.
   */
  run(ready?: (jobs: readonly string[]) => void): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#run as never, this, [ready]);
  }

  *#run(ready: ((jobs: readonly string[]) => void) | undefined): Coroutine<void> {
    const {
      module,
      pool: kind = 'processes',
      concurrency = availableParallelism(),
      lockDuration = 10,
      grace = 30,
    } = this.#options;
    this.#jobs = yield* wrapFuture(jobsOf(module));
    const { Worker: BullWorker } = bull();
    const pool: Executor = new (kind === 'threads' ? ThreadPoolExecutor : ProcessPoolExecutor)({
      maxWorkers: concurrency,
    });
    const redis = connect(this.#place.connection);
    const cancels = connect(this.#place.connection);
    const taking = connect(this.#place.connection);
    const connections = [redis, cancels, taking];
    const outage = tellOutages(this.#place, connections);
    const worker = new BullWorker<JobData, string>(
      this.#place.queue,
      (job) => this.#process(job, pool as never, redis),
      {
        connection: taking as never,
        prefix: this.#place.prefix,
        concurrency,
        lockDuration: lockDuration * 1000,
        stalledInterval: lockDuration * 500,
        maxStalledCount: MOST_DEATHS,
      },
    );
    worker.on('error', outage);
    cancels.on('message', (_channel, id) => this.#running.get(id)?.stop());
    let ends = false;
    const listen = async (): Promise<void> => {
      try {
        await cancels.subscribe(cancelChannel(this.#place));
        // What was announced while nobody listened is remembered.
        await Promise.all([...this.#running.keys()].map((id) => this.#checkCancelled(id, redis)));
      } catch (error) {
        if (!ends) throw error;
      }
    };
    const begin = async (): Promise<void> => {
      try {
        await Promise.all([listen(), worker.waitUntilReady()]);
        cancels.on('ready', () => void listen().catch(outage));
      } catch (error) {
        if (!ends) throw error;
      }
    };
    try {
      yield* wrapFuture(begin());
      ready?.([...this.#jobs.keys()].sort());
      yield* new LoopFuture<never>({ loop: running.loop as Scheduler });
    } finally {
      ends = true;
      yield* this.#end(worker, pool, grace, connections);
    }
  }

  /** Those who run may end in time; the others are cut off, and run again elsewhere when their lock has run out. */
  *#end(worker: Worker, pool: Executor, grace: number, connections: readonly Redis[]): Coroutine<void> {
    let whole = false;
    try {
      // Without Redis and without a job there is nothing to wait for.
      const idle = this.#running.size === 0 && connections.every(({ status }) => status !== 'ready');
      yield* waitFor(wrapFuture(worker.close(idle)), grace);
      whole = true;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    } finally {
      for (const connection of connections) connection.disconnect();
      if (whole) pool.shutdown({ wait: false });
      else {
        this.#abandons = true;
        (pool as ProcessPoolExecutor).killWorkers();
        worker.close(true).catch(() => {});
      }
    }
    yield* pool.waitClosed();
  }

  async #checkCancelled(id: string, redis: Redis): Promise<void> {
    if ((await redis.exists(cancelKey(this.#place, id))) === 1) this.#running.get(id)?.stop();
  }

  async #process(job: Job<JobData, string>, pool: Startable, redis: Redis): Promise<string> {
    const { name, args, chunk, timeout } = job.data;
    const id = job.id as string;
    const fn = this.#jobs.get(name);
    if (fn === undefined) {
      const known = [...this.#jobs.keys()].sort().join(', ');
      return this.#fail(
        job,
        new LookupError(`the worker has no job '${name}': ${this.#options.module} exports ${known}`),
        true,
      );
    }
    if ((await redis.exists(cancelKey(this.#place, id))) === 1) throw cancelled();
    const future = pool._start(describeJob(fn), fromText(args) as unknown[], chunk);
    future.addProgressCallback((value) => void job.updateProgress({ value: toText(value) }).catch(() => {}));
    this.#running.set(id, future);
    // It may have been announced before this one was known to run.
    void this.#checkCancelled(id, redis).catch(() => {});
    let late = false;
    const stopTimer = after(timeout ?? Infinity, () => {
      late = true;
      future.stop();
    });
    try {
      const outcome = await outcomeOf(future);
      // There is no connection by now, so that this is told to nobody: when its lock has run out it is given to another.
      if (this.#abandons) throw new Error('left to another worker');
      if (outcome === 'cancelled') {
        if (!late) throw cancelled();
        return await this.#fail(job, new TimeoutError(`the job took longer than ${timeout} seconds`), false);
      }
      if ('thrown' in outcome) return await this.#fail(job, outcome.thrown, false);
      return toText(chunk ? chunkData(outcome.value as ChunkResult | unknown[]) : outcome.value);
    } finally {
      stopTimer();
      this.#running.delete(id);
    }
  }

  /** An attempt failed: what it threw is kept where it was the last one. */
  async #fail(job: Job<JobData, string>, thrown: unknown, final: boolean): Promise<never> {
    const { UnrecoverableError } = bull();
    const last = final || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    if (last) await job.updateData({ ...job.data, thrown: toText(encodeThrown(thrown, toText)) });
    const message = String(thrown);
    throw final ? new UnrecoverableError(message) : new Error(message);
  }
}

function cancelled(): Error {
  const { UnrecoverableError } = bull();
  return new UnrecoverableError('cancelled');
}

/** A chunk of which nothing failed is but its values. */
function chunkData(result: ChunkResult | readonly unknown[]): ChunkData {
  if (!('failure' in result)) return { values: result, thrown: null };
  const { values, failure } = result;
  return { values, thrown: failure === null ? null : encodeThrown(failure.error, toText) };
}

type Outcome = 'cancelled' | { readonly value: unknown } | { readonly thrown: unknown };

function outcomeOf(future: Future<unknown>): Promise<Outcome> {
  return new Promise((resolve) => {
    future.addDoneCallback(() =>
      future._copyTo({
        result: (value) => resolve({ value }),
        exception: (thrown) => resolve({ thrown }),
        cancelled: () => resolve('cancelled'),
      }),
    );
  });
}

/** What a module exports and has declared by `job()`. Its classes of errors become known, so that they come from the pool as what they are. */
async function jobsOf(module: string): Promise<ReadonlyMap<string, AnyFunction>> {
  const exported = (await import(module)) as Readonly<Record<string, unknown>>;
  const jobs = new Map<string, AnyFunction>();
  for (const [name, found] of Object.entries(exported)) {
    if (isDeclared(found)) jobs.set(name, found);
    else if (typeof found === 'function' && found.prototype instanceof Error)
      registerErrors(found as ErrorClass);
  }
  if (jobs.size > 0) return jobs;
  throw new ValueError(
    `${module} has no jobs: export what workers are to run, export const name = job(import.meta.url, 'name', function)`,
  );
}

/** Tell once that the connection is lost, and once that it is back. */
function tellOutages(place: QueuePlace, connections: readonly Redis[]): (error: Error) => void {
  let out = false;
  const erred = (error: Error): void => {
    if (out) return;
    out = true;
    const why = error.message === '' ? String((error as { code?: unknown }).code) : error.message;
    console.error(`asyncio: no connection to Redis at ${nameOf(place)} (${why}); trying again`);
  };
  for (const connection of connections) {
    connection.on('error', erred);
    connection.on('ready', () => {
      if (out) console.error(`asyncio: connected to Redis at ${nameOf(place)} again`);
      out = false;
    });
  }
  return erred;
}
