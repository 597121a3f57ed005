/**
 * `Lock`: one holder at a time, first come first served.
 *
 * A release wakes the first waiter, which takes the lock when it runs; a newcomer that comes before it goes to the end of the line. A waiter that
 * is cancelled as it is woken passes the wake-up on. Acquire and release cost O(1). Source: Python docs, "Synchronization Primitives", "Lock".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import { Guard } from './guard.ts';
import { LoopBound } from './loop-bound.ts';
import { WaiterQueue } from './waiters.ts';

/**
 * ```ts
 * const lock = new asyncio.Lock();
 * using guard = yield* lock.guard();            // released at the end of the block
 * yield* asyncio.asyncWith(lock, function* () { ... });  // the same, as Python's async with
 * ```
 */
export class Lock extends LoopBound {
  #locked = false;
  readonly #waiters = new WaiterQueue();

  /** Is it held? */
  locked(): boolean {
    return this.#locked;
  }

  /** Wait until the lock is free, and take it. */
  acquire(): CoroutineObject<true> {
    return new LazyCoroutine<true>(this.#acquire, this);
  }

  *#acquire(): Coroutine<true> {
    if (!this.#locked && this.#nobodyWaits()) {
      this.#locked = true;
      return true;
    }
    const waiter = this.#waiters.join(this._getLoop());
    let woken = false;
    try {
      yield* waiter;
      woken = true;
    } finally {
      this.#waiters.leave(waiter);
      // Woken and cancelled at once, or closed: someone else must have the lock that is free now.
      if (!woken && !this.#locked) this.#wakeFirst();
    }
    this.#locked = true;
    return true;
  }

  /**
   * Let the next one have it.
   * @throws {RuntimeError} where it is not held.
   */
  release(): void {
    if (!this.#locked) throw new RuntimeError('Lock is not acquired.');
    this.#locked = false;
    this.#wakeFirst();
  }

  /** Take the lock, and give it back at the end of the block: `using guard = yield* lock.guard()`. */
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

  /** A frozen snapshot: is it held, and how many wait. */
  statistics(): { readonly locked: boolean; readonly waiting: number } {
    return Object.freeze({ locked: this.#locked, waiting: this.#waiters.size });
  }

  override toString(): string {
    return `<Lock ${this.#locked ? 'locked' : 'unlocked'}${this.#waiters.size > 0 ? ` waiters:${this.#waiters.size}` : ''}>`;
  }

  #nobodyWaits(): boolean {
    for (const waiter of this.#waiters) if (!waiter.cancelled()) return false;
    return true;
  }

  #wakeFirst(): void {
    const first = this.#waiters.first;
    if (first !== null && !first.done()) first.setResult(true);
  }
}
