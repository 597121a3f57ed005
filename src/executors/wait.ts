/**
 * `wait` and `asCompleted` for the futures of executors. They block the calling thread; `asCompleted` can also be iterated with `for await` and
 * `asyncFor`, which do not. Source: Python docs, "concurrent.futures", "Module Functions".
 */
import { TimeoutError, ValueError } from '../core/errors.ts';
import { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, type ReturnWhen } from '../structured/wait.ts';
import { blockUntil } from './bell.ts';
import { checkTimeout, Future } from './future.ts';
import { eventually, type Steps, stepsOf } from './steps.ts';

/** What `wait` gives: `[done, notDone]`, also by name. */
export type DoneAndNotDone<T> = readonly [done: Set<Future<T>>, notDone: Set<Future<T>>] & {
  readonly done: Set<Future<T>>;
  readonly notDone: Set<Future<T>>;
};

/**
 * Block the thread until futures are done.
 * @param options.timeout how long, in seconds; without it, as long as it takes. When it runs out there is no error: look at what is done.
 * @param options.returnWhen `ALL_COMPLETED` (the default), `FIRST_COMPLETED` or `FIRST_EXCEPTION`.
 * @throws {DeadlockError} where only this thread, which blocks, could complete them.
 */
export function wait<T>(
  futures: Iterable<Future<T>>,
  options: { readonly timeout?: number | null; readonly returnWhen?: ReturnWhen } = {},
): DoneAndNotDone<T> {
  const all = setOf(futures);
  const { timeout = null, returnWhen = ALL_COMPLETED } = options;
  checkTimeout(timeout);
  if (returnWhen !== ALL_COMPLETED && returnWhen !== FIRST_COMPLETED && returnWhen !== FIRST_EXCEPTION)
    throw new ValueError(`Invalid return condition: ${String(returnWhen)}`);
  blockUntil(() => enough(all, returnWhen), timeout, 'wait()');
  const done = new Set([...all].filter((future) => future.done()));
  const notDone = new Set([...all].filter((future) => !done.has(future)));
  return Object.assign([done, notDone] as const, { done, notDone });
}

function enough<T>(futures: ReadonlySet<Future<T>>, returnWhen: ReturnWhen): boolean {
  let pending = false;
  for (const future of futures) {
    if (!future.done()) pending = true;
    else if (returnWhen === FIRST_COMPLETED) return true;
    else if (returnWhen === FIRST_EXCEPTION && !future.cancelled() && future.exception() !== null)
      return true;
  }
  return !pending;
}

/**
 * The futures as they are done, those that are already first. `for...of` blocks the thread between them; `for await` and `asyncFor` do not.
 * @param options.timeout how long all of it may take, in seconds from now.
 * @throws {TimeoutError} from the iteration when the time runs out.
 */
export function asCompleted<T>(
  futures: Iterable<Future<T>>,
  options: { readonly timeout?: number | null } = {},
): CompletedFutures<T> {
  checkTimeout(options.timeout);
  return new CompletedFutures(setOf(futures), options.timeout ?? null);
}

/** What `asCompleted` gives: iterable once, in either way. */
export class CompletedFutures<T> implements IterableIterator<Future<T>>, AsyncIterable<Future<T>> {
  readonly #total: number;
  readonly #end: number;
  readonly #ready: Future<T>[] = [];
  readonly #pending: Set<Future<T>>;
  #wake: (() => void) | null = null;

  constructor(futures: Set<Future<T>>, timeout: number | null) {
    this.#total = futures.size;
    this.#pending = futures;
    this.#end = timeout === null ? Infinity : performance.now() + timeout * 1000;
    for (const future of futures) future.addDoneCallback(this.#done);
  }

  readonly #done = (future: Future<T>): void => {
    this.#pending.delete(future);
    this.#ready.push(future);
    this.#wake?.();
  };

  next(): IteratorResult<Future<T>, undefined> {
    if (this.#ready.length === 0 && this.#pending.size > 0) {
      const left = this.#end === Infinity ? null : (this.#end - performance.now()) / 1000;
      if (!blockUntil(() => this.#ready.length > 0, left, 'asCompleted()')) throw this.#late();
    }
    return this.#take();
  }

  return(): IteratorResult<Future<T>, undefined> {
    for (const future of this.#pending) future.removeDoneCallback(this.#done);
    this.#pending.clear();
    this.#ready.length = 0;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.asyncIterator](): Steps<Future<T>> {
    return stepsOf(
      () =>
        eventually(
          (wake) => {
            this.#wake = wake;
          },
          () => (this.#ready.length > 0 || this.#pending.size === 0 ? this.#take() : null),
          this.#end,
          () => this.#late(),
        ),
      () => this.return(),
    );
  }

  #take(): IteratorResult<Future<T>, undefined> {
    const future = this.#ready.shift();
    return future === undefined ? { done: true, value: undefined } : { done: false, value: future };
  }

  #late(): TimeoutError {
    return new TimeoutError(`${this.#pending.size} (of ${this.#total}) futures unfinished`);
  }
}

function setOf<T>(futures: Iterable<Future<T>>): Set<Future<T>> {
  const all = new Set(futures);
  for (const future of all) {
    if (!(future instanceof Future))
      throw new TypeError(
        `futures of executors are expected, got ${String(future)}; asyncio has wait() and asCompleted() of its own`,
      );
  }
  return all;
}
