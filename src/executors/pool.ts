/**
 * A pool of workers: the queue of jobs, who runs what, and how it all ends.
 *
 * - A worker is started when a job finds none idle, up to the limit; it runs one job at a time, so that ending one harms no other.
 * - A worker that dies breaks its own job alone, and is replaced when there is work. One that dies before it could take a job, or whose initializer
 *   fails, breaks the pool: its successors would fare no better.
 * - Stopping a running job tells it so (its `AbortSignal`). One that does not listen, or has not ended after the time of grace, is ended with its worker.
 * - The process is kept alive by jobs, not by workers.
 *
 * A job is queued, then running on a worker, then done; its future follows. A worker is starting, idle, busy, or leaving. All of this changes here.
 * Source: Python docs, "concurrent.futures".
 */
import { RuntimeError } from '../core/errors.ts';
import { Deque } from '../sync/deque.ts';
import { addSource, blockUntil, removeSource, type Source } from './bell.ts';
import { JOB_NUMBERS } from './brief.ts';
import type { BrokenExecutor } from './errors.ts';
import { Future, type Runner } from './future.ts';
import type { JobDescription } from './job.ts';
import type { Carrier } from './link.ts';
import {
  BROKEN,
  CHUNK,
  type ChunkResult,
  DONE,
  FAILED,
  type FromWorker,
  JOB,
  LEARN,
  LISTENS,
  PARTIAL,
  PROGRESS,
  READY,
  SETUP,
} from './messages.ts';
import { decodeThrown } from './outcome.ts';
import { PoolWorker } from './pool-worker.ts';
import { unwrapAll } from './transfer.ts';
import { refusedArguments } from './travel.ts';

/** What every pool can be told. */
export interface PoolSettings {
  readonly maxWorkers: number;
  readonly maxTasksPerChild: number | null;
  /** How long a job that listens to its signal may take to end, in seconds. */
  readonly grace: number;
  readonly initializer: { readonly fn: JobDescription; readonly args: readonly unknown[] } | null;
  readonly Broken: new (message?: string, options?: ErrorOptions) => BrokenExecutor;
}

let jobs = 0;
let functions = 0;
/** The number of each function. */
const numbers = new WeakMap<JobDescription, number>();

/** A job of a pool, until it is done. */
export class PoolJob implements Runner {
  readonly _isElsewhere = true;
  readonly number: number;
  readonly fn: number;
  readonly description: JobDescription;
  readonly future: Future<unknown>;
  /** What is sent; let go of once it is. */
  packed: unknown = null;
  worker: PoolWorker | null = null;
  readonly #pool: Pool;

  constructor(pool: Pool, description: JobDescription) {
    this.#pool = pool;
    this.number = jobs = (jobs + 1) % JOB_NUMBERS;
    this.description = description;
    this.fn = numberOf(description);
    this.future = new Future<unknown>(this);
  }

  /** @internal */
  _dropped(): void {
    this.#pool._dropped(this);
  }

  /** @internal */
  _stop(): void {
    this.#pool._stop(this);
  }
}

function numberOf(description: JobDescription): number {
  let number = numbers.get(description);
  if (number === undefined) {
    number = functions++;
    numbers.set(description, number);
  }
  return number;
}

export class Pool implements Source {
  readonly #carrier: Carrier;
  readonly #settings: PoolSettings;
  readonly #queue = new Deque<PoolJob>();
  /** Jobs in the queue that were not cancelled. */
  #queued = 0;
  readonly #workers = new Set<PoolWorker>();
  readonly #idle: PoolWorker[] = [];
  /** Workers that take no more jobs, and have not ended yet. */
  readonly #leaving = new Set<PoolWorker>();
  #starting = 0;
  #started = 0;
  #broken: { readonly reason: string; readonly cause: unknown } | null = null;
  #isShutDown = false;
  #waiters: (() => void)[] = [];

  constructor(carrier: Carrier, settings: PoolSettings) {
    this.#carrier = carrier;
    this.#settings = settings;
    addSource(this);
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  /** How many workers there are, how many of them run a job, and how many jobs wait. */
  statistics(): { readonly workers: number; readonly busy: number; readonly queued: number } {
    const busy = [...this.#workers].filter((worker) => worker.job !== null).length;
    return Object.freeze({ workers: this.#workers.size, busy, queued: this.#queued });
  }

  // ---- jobs ---------------------------------------------------------------------------------------------------------------------

  /**
   * Run the function with `args`; or with each of them, where `chunk` says so, for a `ChunkResult`.
   * @throws {RuntimeError} after shutdown; {BrokenExecutor} where the pool is broken; {TypeError} where an argument cannot travel.
   */
  submit(description: JobDescription, args: readonly unknown[], chunk: boolean): Future<unknown> {
    if (this.#broken !== null) throw this.#brokenError();
    if (this.#isShutDown) throw new RuntimeError('cannot schedule new futures after shutdown');
    const job = new PoolJob(this, description);
    const { values, list } = chunk ? unwrapChunk(args as readonly (readonly unknown[])[]) : unwrapAll(args);
    const worker = this.#queued === 0 ? this.#idle.at(-1) : undefined;
    try {
      job.packed = this.#carrier.pack(
        [chunk ? CHUNK : JOB, job.number, job.fn, values] as never,
        list,
        worker !== undefined,
      );
      if (worker !== undefined) this.#give(job, worker);
    } catch (cause) {
      const calls = chunk ? (values as readonly (readonly unknown[])[]) : [values];
      throw refusedArguments(calls, description.name, cause, (value) => this.#carrier.clone(value));
    }
    if (worker !== undefined) this.#idle.pop();
    else {
      this.#queue.push(job);
      this.#queued++;
      this.#grow();
    }
    return job.future;
  }

  /** @internal A job was cancelled before it began. */
  _dropped(job: PoolJob): void {
    job.packed = null;
    this.#queued--;
    this.#afterChange();
  }

  /** @internal A job is to be stopped while it runs; its future is done already. */
  _stop(job: PoolJob): void {
    const { worker } = job;
    // Perhaps it has said meanwhile that it listens, or has ended.
    worker?.link.drain();
    if (worker === null || worker.job !== job) return;
    if (!worker.listens) this.#kill(worker, false);
    else {
      worker.link.abort(job.number);
      worker.endIn(this.#settings.grace, () => this.#kill(worker, false));
    }
  }

  /** Send a job to a worker that has none. @throws where it cannot be cloned; nothing has happened then. */
  #give(job: PoolJob, worker: PoolWorker): void {
    if (!worker.known.has(job.fn)) {
      worker.link.send(this.#carrier.pack([LEARN, job.fn, job.description], [], true));
      worker.known.add(job.fn);
    }
    worker.link.send(job.packed);
    job.future.setRunningOrNotifyCancel();
    job.packed = null;
    job.worker = worker;
    worker.begin(job);
  }

  /** The next job of the queue, or none. */
  #next(): PoolJob | null {
    while (this.#queue.size > 0) {
      const job = this.#queue.take();
      if (job.future.done()) continue;
      this.#queued--;
      return job;
    }
    return null;
  }

  // ---- workers ------------------------------------------------------------------------------------------------------------------

  /** Start workers for the jobs that no worker is there for. */
  #grow(): void {
    while (
      this.#broken === null &&
      this.#queued > this.#starting &&
      this.#workers.size < this.#settings.maxWorkers
    ) {
      this.#starting++;
      const worker = new PoolWorker(this.#carrier, this.#started++, this.#hear, this.#gone);
      this.#workers.add(worker);
      const { initializer } = this.#settings;
      worker.link.send(
        this.#carrier.pack([SETUP, initializer?.fn ?? null, initializer?.args ?? []], [], true),
      );
    }
  }

  readonly #hear = (worker: PoolWorker, message: FromWorker): void => {
    switch (message[0]) {
      case DONE:
      case FAILED:
      case PARTIAL:
        this.#finished(worker, message);
        return;
      case PROGRESS:
        if (worker.job?.number === message[1]) worker.job.future._tellProgress(message[2]);
        return;
      case LISTENS:
        if (worker.job?.number === message[1]) worker.listens = true;
        return;
      case READY:
        if (!this.#workers.has(worker)) return;
        worker.isReady = true;
        this.#starting--;
        this.#free(worker);
        this.#afterChange();
        return;
      case BROKEN: {
        const cause = decodeThrown(message[1]);
        const kind = this.#carrier.kind;
        this.#break(`A ${kind} initializer failed, the ${kind} pool is not usable anymore`, cause);
        return;
      }
    }
  };

  #finished(worker: PoolWorker, message: FromWorker & readonly [number, number, ...unknown[]]): void {
    const { job } = worker;
    if (job === null || job.number !== message[1]) return;
    worker.end();
    job.worker = null;
    const limit = this.#settings.maxTasksPerChild;
    if (limit !== null && worker.jobs >= limit) this.#dismiss(worker);
    else this.#free(worker);
    if (limit !== null) this.#grow();
    // The worker has its next job by now; callbacks may take their time.
    if (!job.future.done()) complete(job.future, message as never);
    this.#afterChange();
  }

  /** A worker has nothing to do. */
  #free(worker: PoolWorker): void {
    const job = this.#next();
    if (job !== null) this.#give(job, worker);
    else if (this.#isShutDown) this.#dismiss(worker);
    else {
      this.#idle.push(worker);
      worker.link.unref();
    }
  }

  #dismiss(worker: PoolWorker): void {
    this.#leave(worker);
    worker.link.close();
  }

  #kill(worker: PoolWorker, gently: boolean): void {
    if (!this.#workers.has(worker)) return;
    this.#leave(worker);
    worker.end();
    worker.link.kill(gently);
    this.#grow();
    this.#afterChange();
  }

  /** The worker takes no more jobs. */
  #leave(worker: PoolWorker): void {
    this.#workers.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index !== -1) this.#idle.splice(index, 1);
    if (!worker.isReady) this.#starting--;
    this.#leaving.add(worker);
    worker.link.unref();
  }

  readonly #gone = (worker: PoolWorker, reason: string, cause: unknown): void => {
    const { job } = worker;
    const wasReady = worker.isReady;
    const expected = this.#leaving.delete(worker);
    if (!expected) {
      this.#leave(worker);
      this.#leaving.delete(worker);
    }
    worker.end();
    if (job !== null && !job.future.done()) {
      const { Broken } = this.#settings;
      const message = `${worker.link.name}, which ran '${job.description.name}', ${reason}`;
      job.future.setException(new Broken(message, cause === undefined ? {} : { cause }));
    }
    if (!expected && !wasReady)
      this.#break(`${worker.link.name} ${reason} before it could take a job`, cause);
    else this.#grow();
    this.#afterChange();
  };

  #break(reason: string, cause: unknown): void {
    if (this.#broken !== null) return;
    this.#broken = { reason, cause };
    for (let job = this.#next(); job !== null; job = this.#next()) {
      job.packed = null;
      job.future.setRunningOrNotifyCancel();
      job.future.setException(this.#brokenError());
    }
    for (const worker of [...this.#workers]) if (worker.job === null) this.#dismiss(worker);
    this.#afterChange();
  }

  #brokenError(): BrokenExecutor {
    const { reason, cause } = this.#broken as { readonly reason: string; readonly cause: unknown };
    return new this.#settings.Broken(reason, cause === undefined ? {} : { cause });
  }

  // ---- the end ------------------------------------------------------------------------------------------------------------------

  /** Take no more jobs, and let the workers end when those that there are have been done. */
  shutdown(cancelFutures: boolean): void {
    this.#isShutDown = true;
    if (cancelFutures)
      for (let job = this.#next(); job !== null; job = this.#next()) {
        // It was taken out of the queue here.
        this.#queued++;
        job.future.cancel();
      }
    for (const worker of [...this.#idle]) this.#dismiss(worker);
    this.#afterChange();
  }

  /** Shut down, and end all workers at once; what they run is broken. */
  end(gently: boolean): void {
    this.shutdown(true);
    for (const worker of [...this.#workers, ...this.#leaving]) {
      const { job } = worker;
      if (this.#workers.has(worker)) this.#kill(worker, gently);
      else worker.link.kill(gently);
      if (job === null || job.future.done()) continue;
      const message = `${worker.link.name}, which ran '${job.description.name}', was ${gently ? 'terminated' : 'killed'}`;
      job.future.setException(new this.#settings.Broken(message));
    }
  }

  /** Are all jobs done and all workers gone, after `shutdown`? */
  get isEnded(): boolean {
    return this.#isShutDown && this.#queued === 0 && this.#workers.size === 0 && this.#leaving.size === 0;
  }

  /** Block this thread until it has ended. */
  waitBlocking(): void {
    blockUntil(() => this.isEnded, null, 'shutdown()');
  }

  /** Call `ended` when it has ended, at once where it has. */
  onEnded(ended: () => void): void {
    if (this.isEnded) ended();
    else {
      for (const worker of this.#leaving) worker.link.ref();
      this.#waiters.push(ended);
    }
  }

  #afterChange(): void {
    if (!this.#isShutDown) return;
    if (this.#queued === 0) {
      // A worker that was started for a job which has been cancelled since.
      for (const worker of [...this.#workers]) if (worker.job === null) this.#dismiss(worker);
    }
    if (this.#waiters.length > 0) for (const worker of this.#leaving) worker.link.ref();
    if (!this.isEnded) return;
    removeSource(this);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  // ---- while the thread blocks --------------------------------------------------------------------------------------------------

  get isActive(): boolean {
    if (this.#queued > 0 || this.#leaving.size > 0) return true;
    for (const worker of this.#workers) if (worker.job !== null || !worker.isReady) return true;
    return false;
  }

  drain(): boolean {
    let news = false;
    for (const worker of [...this.#workers, ...this.#leaving])
      if (worker.job !== null || !worker.isReady) news = worker.link.drain() || news;
    return news;
  }

  tend(now: number): number {
    let next = Infinity;
    for (const worker of [...this.#workers, ...this.#leaving]) next = Math.min(next, worker.tend(now));
    return next;
  }
}

function complete(
  future: Future<unknown>,
  message: FromWorker & readonly [typeof DONE | typeof FAILED | typeof PARTIAL, ...unknown[]],
): void {
  switch (message[0]) {
    case DONE:
      future.setResult(message[2]);
      return;
    case FAILED:
      future.setException(decodeThrown(message[2]));
      return;
    case PARTIAL: {
      const result: ChunkResult = { values: message[2], failure: { error: decodeThrown(message[3]) } };
      future.setResult(result);
    }
  }
}

/** The arguments of several jobs, without marks, and what moves. */
function unwrapChunk(all: readonly (readonly unknown[])[]): ReturnType<typeof unwrapAll> {
  const unwrapped = all.map(unwrapAll);
  return {
    values: unwrapped.map(({ values }) => values),
    list: [...new Set(unwrapped.flatMap(({ list }) => list))],
  };
}
