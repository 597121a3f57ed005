/**
 * `Executor`: what runs functions elsewhere and gives futures for them. Every pool is one, on this machine or beyond.
 *
 * An executor says how one job is started (`_start`) and how it shuts down; `submit` and `map` are made of that here.
 * Source: Python docs, "concurrent.futures", "Executor Objects".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { JobContext } from './current-job.ts';
import { Future } from './future.ts';
import { describeJob, type JobDescription } from './job.ts';
import { MapResults } from './map.ts';
import type { ChunkResult } from './messages.ts';
import type { OverloadArguments, OverloadResult } from './overloads.ts';
import type { Transfer } from './transfer.ts';

/** A function that can be a job; its `this`, where it wants one, is the job's own view of itself. */
export type JobFunction<A extends readonly unknown[], R> = (this: JobContext, ...args: A) => R;

/** The arguments of a job; each can be marked by `transfer`. */
export type JobArguments<A extends readonly unknown[]> = { readonly [K in keyof A]: A[K] | Transfer<A[K]> };

/** What the future of a job gives: promises are waited for, coroutines run, marks of `transfer` taken off. */
export type JobResult<R> =
  R extends Transfer<infer T>
    ? T
    : R extends Generator<infer _S, infer T, infer _N>
      ? JobResult<T>
      : R extends PromiseLike<infer T>
        ? JobResult<T>
        : R;

/** How `map` goes about it. */
export interface MapOptions {
  /** How long the results may take, in seconds from the call of `map`. */
  readonly timeout?: number | null | undefined;
  /** How many calls travel together; more than one pays where each is short. By default 1. */
  readonly chunksize?: number | undefined;
  /** How many chunks may be under way ahead of the one whose result is asked for; by default all, and the iterables are then read at once. */
  readonly buffersize?: number | null | undefined;
}

/** How `shutdown` goes about it. */
export interface ShutdownOptions {
  /** Block until all jobs are done and the workers have ended; by default it does. */
  readonly wait?: boolean | undefined;
  /** Cancel the jobs that have not begun. */
  readonly cancelFutures?: boolean | undefined;
}

/** The iterables of a `map`, one for each parameter. */
export type Iterables<A extends readonly unknown[]> = {
  readonly [K in keyof A]: Iterable<A[K] | Transfer<A[K]>>;
};

export abstract class Executor implements Disposable, AsyncDisposable {
  /**
   * Start a job.
   * @internal
   * @param chunk `args` are the arguments of several jobs; the result is then a `ChunkResult`.
   */
  abstract _start(description: JobDescription, args: readonly unknown[], chunk: boolean): Future<unknown>;

  /** Take no more jobs, and let those that there are be done. With `wait`, which is the default, block until they are. */
  abstract shutdown(options?: ShutdownOptions): void;

  /** @internal Call `ended` when, after `shutdown`, all has ended. */
  abstract _onEnded(ended: () => void): void;

  /**
   * Run `fn(...args)` elsewhere.
   *
   * ```ts
   * const pool = new ThreadPoolExecutor();
   * const future = pool.submit((base: bigint, exponent: bigint) => base ** exponent, 323n, 1235n);
   * future.result();   // blocks; await future does not
   * ```
   * @throws {RuntimeError} after shutdown; {BrokenExecutor} where the executor is broken; {TypeError} where `fn` or an argument cannot travel.
   */
  submit<A extends readonly unknown[], R>(
    fn: JobFunction<A, R>,
    ...args: JobArguments<A>
  ): Future<JobResult<R>>;
  submit<F extends (...args: never[]) => unknown, const A extends OverloadArguments<F>>(
    fn: F,
    ...args: A
  ): Future<JobResult<OverloadResult<F, A>>>;
  submit(fn: (...args: never[]) => unknown, ...args: readonly unknown[]): Future<unknown> {
    return this._start(describeJob(fn), args, false);
  }

  /**
   * Run `fn` for each item of the iterable, or for the first items of each, the second ones, and so on to the end of the shortest. The results come in
   * the order of the items: `for...of` blocks the thread for them, `for await` and `asyncFor` do not. Whoever stops early cancels the rest.
   *
   * ```ts
   * const pool = new ThreadPoolExecutor();
   * for (const square of pool.map((n: number) => n * n, [1, 2, 3], { chunksize: 2 })) console.log(square);
   * ```
   * @throws {ValueError} where `chunksize` or `buffersize` is below 1; else as `submit`. What a call throws comes in the place of its result.
   */
  map<A extends readonly unknown[], R>(
    fn: JobFunction<A, R>,
    ...iterables: readonly [...Iterables<A>, options: MapOptions] | Iterables<A>
  ): MapResults<JobResult<R>> {
    const description = describeJob(fn as never);
    const all: unknown[] = [...iterables];
    const options = isIterable(all.at(-1)) || all.length === 0 ? {} : (all.pop() as MapOptions);
    for (const iterable of all)
      if (!isIterable(iterable)) throw new TypeError(`map() needs iterables, not ${describe(iterable)}`);
    const { chunksize = 1, buffersize = null, timeout = null } = options;
    if (!Number.isInteger(chunksize) || chunksize < 1) throw new ValueError('chunksize must be >= 1.');
    if (buffersize !== null && !Number.isInteger(buffersize))
      throw new TypeError('buffersize must be an integer or null');
    if (buffersize !== null && buffersize < 1) throw new ValueError('buffersize must be None or > 0');
    return new MapResults<JobResult<R>>({
      start: (chunk) => this._start(description, chunk, true) as Future<ChunkResult>,
      items: zip(all as Iterable<unknown>[]),
      chunksize,
      buffersize,
      timeout,
    });
  }

  /** Wait, without blocking, until all jobs are done and the workers have ended. Call `shutdown({ wait: false })` before. */
  waitClosed(): CoroutineObject<void> {
    return new LazyCoroutine<void>(waitClosed as never, this, [this.#ended()]);
  }

  /** At the end of a `using` block: shut down, and block until all jobs are done. */
  [Symbol.dispose](): void {
    this.shutdown();
  }

  /** At the end of an `await using` block: shut down, and wait without blocking until all jobs are done. */
  [Symbol.asyncDispose](): Promise<void> {
    this.shutdown({ wait: false });
    return Promise.resolve(this.#ended());
  }

  /** Python's `with`, without blocking: for `asyncWith(executor, ...)`. */
  *aenter(): Coroutine<this> {
    return this;
  }

  *aexit(): Coroutine<void> {
    this.shutdown({ wait: false });
    yield* this.#ended();
  }

  #ended(): Future<void> {
    const future = new Future<void>();
    this._onEnded(() => {
      if (!future.done()) future.setResult(undefined);
    });
    return future;
  }
}

function* waitClosed(ended: Future<void>): Coroutine<void> {
  yield* ended;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    value !== null &&
    value !== undefined &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function'
  );
}

/** The first items of each iterable, the second ones, and so on. */
function* zip(iterables: readonly Iterable<unknown>[]): Generator<unknown[], void, undefined> {
  const iterators = iterables.map((iterable) => iterable[Symbol.iterator]());
  try {
    while (iterators.length > 0) {
      const items: unknown[] = [];
      for (const iterator of iterators) {
        const step = iterator.next();
        if (step.done === true) return;
        items.push(step.value);
      }
      yield items;
    }
  } finally {
    for (const iterator of iterators) iterator.return?.();
  }
}
