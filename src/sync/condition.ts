/**
 * `Condition`: wait, under a lock, until another task says that something changed.
 *
 * `wait` has the lock again when it returns, also when it was cancelled; a waiter that was notified and cancelled at once passes the
 * notification on, so none is lost. Source: Python docs, "Synchronization Primitives", "Condition".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { CancelledError, RuntimeError } from '../core/errors.ts';
import { Guard } from './guard.ts';
import { Lock } from './lock.ts';
import { LoopBound } from './loop-bound.ts';
import { WaiterQueue } from './waiters.ts';

export class Condition extends LoopBound {
  readonly #lock: Lock;
  readonly #waiters = new WaiterQueue();

  /** @param lock the lock to use, where it is shared with others; by default one of its own. */
  constructor(lock?: Lock | null) {
    super();
    this.#lock = lock ?? new Lock();
  }

  /** Is the lock held? */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** Take the lock. */
  acquire(): CoroutineObject<true> {
    return this.#lock.acquire();
  }

  /** Give the lock back. @throws {RuntimeError} where it is not held. */
  release(): void {
    this.#lock.release();
  }

  /** Take the lock until the end of the block: `using guard = yield* condition.guard()`. */
  guard(): CoroutineObject<Guard> {
    return Guard.acquire(this);
  }

  /** Enter `asyncWith`. */
  aenter(): CoroutineObject<true> {
    return this.acquire();
  }

  /** Leave `asyncWith`. */
  *aexit(): Coroutine<void> {
    this.release();
  }

  /**
   * Give the lock back, wait to be notified, and take the lock again.
   * @throws {RuntimeError} where the lock is not held.
   */
  wait(): CoroutineObject<true> {
    return new LazyCoroutine<true>(this.#wait, this);
  }

  *#wait(): Coroutine<true> {
    if (!this.locked()) throw new RuntimeError('cannot wait on un-acquired lock');
    const waiter = this.#waiters.join(this._getLoop());
    this.release();
    try {
      try {
        yield* waiter;
      } finally {
        this.#waiters.leave(waiter);
        yield* this.#reacquire();
      }
      return true;
    } catch (error) {
      // It may have been notified: someone else must hear of it, at the price of waking one for nothing.
      this.#notify(1);
      throw error;
    }
  }

  /** Take the lock, however often this is cancelled meanwhile; then tell of the cancellation. */
  *#reacquire(): Coroutine<void> {
    let cancelled: CancelledError | null = null;
    for (;;) {
      try {
        yield* this.acquire();
        break;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        cancelled = error;
      }
    }
    if (cancelled !== null) throw cancelled;
  }

  /** Wait, with the lock held, until `predicate()` is true, looking again at each notification. @returns what it gave. */
  waitFor<R>(predicate: () => R): CoroutineObject<R> {
    return new LazyCoroutine<R>(this.#waitFor, this, [predicate]);
  }

  *#waitFor<R>(predicate: () => R): Coroutine<R> {
    let result = predicate();
    while (!result) {
      yield* this.wait();
      result = predicate();
    }
    return result;
  }

  /**
   * Wake `count` of those who wait, in the order they came. They go on when they have the lock.
   * @throws {RuntimeError} where the lock is not held.
   */
  notify(count = 1): void {
    if (!this.locked()) throw new RuntimeError('cannot notify on un-acquired lock');
    this.#notify(count);
  }

  /** Wake all. */
  notifyAll(): void {
    this.notify(this.#waiters.size);
  }

  #notify(count: number): void {
    for (let woken = 0; woken < count; woken++) {
      const waiter = this.#waiters.pending();
      if (waiter === null) return;
      waiter.setResult(true);
    }
  }

  /** A frozen snapshot: is the lock held, and how many wait for a notification. */
  statistics(): { readonly locked: boolean; readonly waiting: number } {
    return Object.freeze({ locked: this.locked(), waiting: this.#waiters.size });
  }

  override toString(): string {
    const waiting = this.#waiters.size > 0 ? ` waiters:${this.#waiters.size}` : '';
    return `<Condition ${this.locked() ? 'locked' : 'unlocked'}${waiting}>`;
  }
}
