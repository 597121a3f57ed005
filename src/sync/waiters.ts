/**
 * Those who wait for a primitive, first come first served: a linked list in which joining, leaving and taking the first all cost O(1).
 *
 * A waiter that was cancelled leaves by itself wherever it stands, so a primitive with thousands of waiters stays fair and flat.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';

/** A future in a queue of waiters. */
export class Waiter<T> extends Future<T> {
  /** @internal */
  _previousWaiter: Waiter<T> | null = null;
  /** @internal */
  _nextWaiter: Waiter<T> | null = null;
  /** @internal */
  _queued = false;
}

export class WaiterQueue<T = true> {
  #first: Waiter<T> | null = null;
  #last: Waiter<T> | null = null;
  /** No one before this one is pending. It only moves on, so finding the next to wake costs O(1) over time. */
  #cursor: Waiter<T> | null = null;
  /** How many wait. */
  size = 0;

  /** The one who came first. */
  get first(): Waiter<T> | null {
    return this.#first;
  }

  /** Join at the end. */
  join(loop: Scheduler): Waiter<T> {
    const waiter = new Waiter<T>({ loop });
    waiter._queued = true;
    waiter._previousWaiter = this.#last;
    if (this.#last === null) this.#first = waiter;
    else this.#last._nextWaiter = waiter;
    this.#last = waiter;
    this.#cursor ??= waiter;
    this.size++;
    return waiter;
  }

  /** Leave, from wherever it stands. Has no effect on one that has left. */
  leave(waiter: Waiter<T>): void {
    if (!waiter._queued) return;
    waiter._queued = false;
    const { _previousWaiter: previous, _nextWaiter: next } = waiter;
    if (this.#cursor === waiter) this.#cursor = next;
    if (previous === null) this.#first = next;
    else previous._nextWaiter = next;
    if (next === null) this.#last = previous;
    else next._previousWaiter = previous;
    waiter._previousWaiter = null;
    waiter._nextWaiter = null;
    this.size--;
  }

  /** The first one who was neither woken nor cancelled. */
  pending(): Waiter<T> | null {
    while (this.#cursor?.done() === true) this.#cursor = this.#cursor._nextWaiter;
    return this.#cursor;
  }

  /** Those who wait, in order. */
  *[Symbol.iterator](): Generator<Waiter<T>, void, unknown> {
    let waiter = this.#first;
    while (waiter !== null) {
      const next: Waiter<T> | null = waiter._nextWaiter;
      yield waiter;
      waiter = next;
    }
  }

  /** Join, wait to be woken, and leave whatever happens. */
  *wait(loop: Scheduler): Coroutine<T> {
    const waiter = this.join(loop);
    try {
      return yield* waiter;
    } finally {
      this.leave(waiter);
    }
  }
}
