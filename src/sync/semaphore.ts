/**
 * `Semaphore` and `BoundedSemaphore`: a number of places, first come first served.
 *
 * A release hands the place to the first waiter by name, so a newcomer cannot take it; a waiter that is cancelled as it is handed a place
 * gives it on. Source: Python docs, "Synchronization Primitives", "Semaphore".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { Guard } from './guard.ts';
import { LoopBound } from './loop-bound.ts';
import { WaiterQueue } from './waiters.ts';

export class Semaphore extends LoopBound {
  /** @internal */
  _value: number;
  readonly #waiters = new WaiterQueue();

  /**
   * @param value how many may hold it at once.
   * @throws {ValueError} where it is negative.
   */
  constructor(value = 1) {
    super();
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw new TypeError(`Semaphore needs a whole number of places, not ${describe(value)}`);
    }
    if (value < 0) throw new ValueError('Semaphore initial value must be >= 0');
    this._value = value;
  }

  /** Would `acquire()` have to wait? */
  locked(): boolean {
    if (this._value === 0) return true;
    for (const waiter of this.#waiters) if (!waiter.cancelled()) return true;
    return false;
  }

  /** Take a place; wait where there is none. */
  acquire(): CoroutineObject<true> {
    return new LazyCoroutine<true>(this.#acquire, this);
  }

  *#acquire(): Coroutine<true> {
    if (!this.locked()) {
      this._value--;
      return true;
    }
    const waiter = this.#waiters.join(this._getLoop());
    let taken = false;
    try {
      yield* waiter;
      taken = true;
    } finally {
      this.#waiters.leave(waiter);
      // It was handed a place, and cannot use it: cancelled at once, or closed.
      if (!taken && waiter.done() && !waiter.cancelled()) this._value++;
      // Places may have become free for which newcomers were made to stand in line.
      while (this._value > 0 && this.#wakeNext());
    }
    return true;
  }

  /** Give a place back. */
  release(): void {
    this._value++;
    this.#wakeNext();
  }

  /** Hand a place to the first one who waits. @returns whether there was someone. */
  #wakeNext(): boolean {
    const waiter = this.#waiters.pending();
    if (waiter === null) return false;
    this._value--;
    waiter.setResult(true);
    return true;
  }

  /** Take a place until the end of the block: `using guard = yield* semaphore.guard()`. */
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

  /** A frozen snapshot: how many places are free, and how many wait. */
  statistics(): { readonly value: number; readonly waiting: number } {
    return Object.freeze({ value: this._value, waiting: this.#waiters.size });
  }

  override toString(): string {
    const waiting = this.#waiters.size > 0 ? ` waiters:${this.#waiters.size}` : '';
    return `<${this.constructor.name} ${this.locked() ? 'locked' : `unlocked value:${this._value}`}${waiting}>`;
  }
}

/** A semaphore that refuses to be released more often than it was acquired. */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  constructor(value = 1) {
    super(value);
    this.#bound = value;
  }

  /** Give a place back. @throws {ValueError} where none was taken. */
  override release(): void {
    if (this._value >= this.#bound) throw new ValueError('BoundedSemaphore released too many times');
    super.release();
  }
}
