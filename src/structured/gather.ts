/**
 * `gather`: run several awaitables at once, and give their results in order.
 *
 * The first failure is told at once, and the others go on; cancelling the gathering cancels all of them. Source: Python docs, "Coroutines and
 * Tasks", "Running Tasks Concurrently".
 */
import type { ResultOf, Waitable } from '../core/awaitable.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { CancelledError, RuntimeError } from '../core/errors.ts';
import { CANCELLED, DoneEntry, FAILED, FINISHED, Future, PENDING, type Watcher } from '../core/future.ts';
import { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from '../core/graph.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask } from '../core/task.ts';
import { isOptions } from './options.ts';

type Results<A extends readonly unknown[]> = { -readonly [K in keyof A]: ResultOf<A[K]> };
type Outcomes<A extends readonly unknown[]> = { -readonly [K in keyof A]: ResultOf<A[K]> | Error };

/** How to treat failures. */
export interface GatherOptions {
  /** Give errors, cancellations among them, as results in their places, instead of failing with the first. */
  readonly returnExceptions?: boolean | undefined;
}

class GatheringFuture extends Future<unknown[]> implements Watcher {
  readonly #children: Future<unknown>[];
  #pending: number;
  #cancelRequested = false;
  readonly #returnExceptions: boolean;
  readonly #parent: Future<unknown> | null;

  constructor(loop: Scheduler, children: Future<unknown>[], returnExceptions: boolean) {
    super({ loop });
    this.#children = children;
    this.#pending = children.length;
    this.#returnExceptions = returnExceptions;
    this.#parent = running.loop === null ? null : currentTask();
    let done: Future<unknown>[] | null = null;
    for (const child of children) {
      if (child._state !== PENDING) {
        done ??= [];
        done.push(child);
        continue;
      }
      if (this.#parent !== null) futureAddToAwaitedBy(child, this.#parent);
      new DoneEntry(child, this);
    }
    // Those that were done already, eager tasks for example, count at once.
    for (const child of done ?? []) this._futureDone(child);
  }

  _futureDone(child: Future<unknown>): void {
    this.#pending--;
    if (this.#parent !== null) futureDiscardFromAwaitedBy(child, this.#parent);
    if (this._state !== PENDING) {
      child._markRetrieved();
      return;
    }
    if (!this.#returnExceptions && child._state === CANCELLED) this.#failEarly(child._makeCancelledError());
    else if (!this.#returnExceptions && child._state === FAILED) this.#failEarly(child._retrieve());
    else if (this.#pending === 0) this.#finish(child);
  }

  /** The others go on, and nobody waits for them any more. */
  #failEarly(error: unknown): void {
    const parent = this.#parent;
    if (parent !== null) for (const child of this.#children) futureDiscardFromAwaitedBy(child, parent);
    this._fail(error);
  }

  #finish(last: Future<unknown>): void {
    // Also where nobody will see them: a failure that was asked for is not reported.
    const outcomes = this.#children.map(outcome);
    if (this.#cancelRequested) this._fail(last._makeCancelledError());
    else this._complete(FINISHED, outcomes);
  }

  override cancel(message?: unknown): boolean {
    if (this._state !== PENDING) return false;
    let any = false;
    for (const child of this.#children) any = child.cancel(message) || any;
    // The gathering itself ends when the children have.
    if (any) this.#cancelRequested = true;
    return any;
  }
}

function outcome(child: Future<unknown>): unknown {
  if (child._state === CANCELLED) return new CancelledError(child._cancelMessage() ?? '');
  return child._state === FAILED ? child._retrieve() : child.result();
}

/**
 * Run awaitables at once; coroutines and functions become tasks. The same one twice is run once.
 *
 * ```ts
 * const [user, posts] = yield* asyncio.gather(fetchUser(1), fetchPosts(1));
 * const results = yield* asyncio.gather(f(), g(), { returnExceptions: true });
 * ```
 * @returns a future of the results, in the order of the arguments.
 * @throws {TypeError} where an argument cannot be awaited.
 */
export function gather<const A extends readonly Waitable<unknown>[]>(...awaitables: A): Future<Results<A>>;
export function gather<const A extends readonly Waitable<unknown>[]>(
  ...awaitables: readonly [...A, { readonly returnExceptions: true }]
): Future<Outcomes<A>>;
export function gather<const A extends readonly Waitable<unknown>[]>(
  ...awaitables: readonly [...A, GatherOptions]
): Future<Outcomes<A>>;
export function gather(...args: readonly unknown[]): Future<unknown[]> {
  const last = args.at(-1);
  const options: GatherOptions = isOptions(last, ['returnExceptions']) ? last : {};
  const awaitables = (last === options ? args.slice(0, -1) : args) as readonly Waitable<unknown>[];
  const loop = running.loop ?? running.chosen;
  if (awaitables.length === 0) {
    const empty = new Future<unknown[]>();
    empty.setResult([]);
    return empty;
  }
  const target = loop ?? loopOf(awaitables);
  return new GatheringFuture(target, futuresOf(target, awaitables), options.returnExceptions === true);
}

/** Outside of a running loop: the loop of the first future among them. */
function loopOf(awaitables: readonly Waitable<unknown>[]): Scheduler {
  for (const awaitable of awaitables) if (awaitable instanceof Future) return awaitable._loop;
  throw new RuntimeError('no running event loop');
}

/** A future for each; one and the same for a coroutine that is given twice. */
function futuresOf(loop: Scheduler, awaitables: readonly Waitable<unknown>[]): Future<unknown>[] {
  const options = loop._taskOptions();
  const futures: Future<unknown>[] = [];
  const made = hasDuplicates(awaitables) ? new Map<Waitable<unknown>, Future<unknown>>() : null;
  for (const awaitable of awaitables) {
    // A function is no coroutine: each call of it makes another one.
    let future = typeof awaitable === 'function' ? undefined : made?.get(awaitable);
    if (future === undefined) {
      future = ensureFutureOn(loop, awaitable, options);
      made?.set(awaitable, future);
    }
    futures.push(future);
  }
  return futures;
}

/** Looking through a few is cheaper than hashing them. */
const FEW = 16;

function hasDuplicates(values: readonly unknown[]): boolean {
  const { length } = values;
  if (length > FEW) return new Set(values).size !== length;
  for (let i = 1; i < length; i++) for (let j = 0; j < i; j++) if (values[i] === values[j]) return true;
  return false;
}
