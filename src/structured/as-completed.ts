/**
 * `asCompleted`: results in the order in which they come.
 *
 * Iterated plainly it gives coroutines, each for the next one that will be done; iterated asynchronously (`for await`, `asyncFor`) it gives the
 * futures themselves, done. The time limit counts from the first step. Source: Python docs, "Coroutines and Tasks", "Running Tasks
 * Concurrently"; asynchronous iteration as in 3.13.
 */
import type { Coroutine, ResultOf, Waitable } from '../core/awaitable.ts';
import { type CoroutineObject, isCoroutine, LazyCoroutine } from '../core/coroutine.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { RuntimeError, TimeoutError } from '../core/errors.ts';
import { DoneEntry, Future, type Watcher } from '../core/future.ts';
import type { Handle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Deque } from '../sync/deque.ts';
import { WaiterQueue } from '../sync/waiters.ts';

type FutureOf<W> = W extends Future<unknown> ? W : Future<ResultOf<W>>;

/** Each awaitable once; but a function is no coroutine: each call of it makes another one. */
function distinct<W>(awaitables: Iterable<W>): W[] {
  const seen = new Set<W>();
  return [...awaitables].filter((one) => {
    if (seen.has(one)) return typeof one === 'function';
    seen.add(one);
    return true;
  });
}

class Completions<W> implements AsyncIterableIterator<FutureOf<W>>, Watcher {
  readonly #todo = new Map<Future<unknown>, DoneEntry>();
  readonly #done = new Deque<Future<unknown> | null>();
  readonly #waiters = new WaiterQueue();
  #timer: Handle | null = null;
  #left: number;
  readonly #loop: Scheduler | null = running.loop;

  constructor(awaitables: Iterable<W>, timeout: number | null) {
    const loop = this.#loop;
    if (loop === null) throw new RuntimeError('no running event loop');
    const futures = new Set(
      distinct(awaitables).map((one) => ensureFutureOn(loop, one as Waitable<unknown>)),
    );
    this.#left = futures.size;
    if (futures.size > 0 && timeout !== null) this.#timer = loop.callLater(timeout, this.#timeOut);
    for (const future of futures) this.#todo.set(future, new DoneEntry(future, this));
  }

  /** @internal */
  _futureDone(future: Future<unknown>): void {
    if (!this.#todo.delete(future)) return;
    this.#deliver(future);
    if (this.#todo.size === 0) this.#timer?.cancel();
  }

  readonly #timeOut = (): void => {
    const missing = [...this.#todo.values()];
    this.#todo.clear();
    for (const entry of missing) {
      entry.remove();
      this.#deliver(null);
    }
  };

  #deliver(future: Future<unknown> | null): void {
    this.#done.push(future);
    const waiter = this.#waiters.pending();
    if (waiter !== null) waiter.setResult(true);
  }

  *#next(): Coroutine<Future<unknown>> {
    while (this.#done.size === 0) {
      const waiter = this.#waiters.join(this.#loop as Scheduler);
      try {
        yield* waiter;
      } catch (error) {
        // Nothing was taken: it is still to come. Whoever was woken and cannot take it wakes the next.
        this.#left++;
        if (waiter.done() && !waiter.cancelled()) this.#waiters.pending()?.setResult(true);
        throw error;
      } finally {
        this.#waiters.leave(waiter);
      }
    }
    const future = this.#done.take();
    if (future === null) throw new TimeoutError();
    return future;
  }

  *#nextResult(): Coroutine<ResultOf<W>> {
    return (yield* this.#next()).result() as ResultOf<W>;
  }

  *#step(): Coroutine<IteratorResult<FutureOf<W>, undefined>> {
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left--;
    return { done: false, value: (yield* this.#next()) as FutureOf<W> };
  }

  /** The next step of asynchronous iteration; an awaitable of this library, so that a generator's task waits for it as its own. */
  next(): Promise<IteratorResult<FutureOf<W>, undefined>> {
    return new LazyCoroutine(this.#step, this) as unknown as Promise<IteratorResult<FutureOf<W>, undefined>>;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  *[Symbol.iterator](): Generator<CoroutineObject<ResultOf<W>>, void, undefined> {
    while (this.#left > 0) {
      this.#left--;
      yield new LazyCoroutine<ResultOf<W>>(this.#nextResult, this);
    }
  }
}

/** A future that is done. Seen without `then`, because TypeScript takes the items of `for await` for awaited, which they are not. */
export type Done<F> = Omit<F, 'then' | 'catch' | 'finally'>;

/** What `asCompleted` returns: iterable in two ways. */
export interface AsCompleted<W>
  extends AsyncIterable<Done<FutureOf<W>>>,
    Iterable<CoroutineObject<ResultOf<W>>> {}

/**
 * Run awaitables at once, and take their results as they come.
 *
 * ```ts
 * for (const next of asyncio.asCompleted([f(), g()])) console.log(yield* next);
 * for await (const task of asyncio.asCompleted(tasks)) console.log(task.result());
 * ```
 * @param options.timeout in seconds; what is not there by then throws a `TimeoutError` in its turn.
 */
export function asCompleted<W extends Waitable<unknown>>(
  awaitables: Iterable<W>,
  options: { readonly timeout?: number | null | undefined } = {},
): AsCompleted<W> {
  const candidate: unknown = awaitables;
  if (candidate instanceof Future || isCoroutine(candidate)) {
    throw new TypeError(`expect an iterable of futures, not ${describe(candidate)}`);
  }
  return new Completions<W>(awaitables, options.timeout ?? null);
}
