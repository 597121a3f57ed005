/**
 * The timers of a loop: a binary heap ordered by deadline, then by the order in which they were set.
 *
 * Adding costs O(log n), cancelling O(1): a cancelled timer stays in the heap until it comes to the top, or until more than half of the heap is
 * cancelled, when the heap is rebuilt without them (amortised O(1) a cancellation). CPython leaves the order of equal deadlines to chance;
 * here it is the order of setting, as in libuv.
 */
import type { Entry } from './handle.ts';

/** Something that runs at a time: a timer handle, or what a sleeping task waits for. */
export interface Timed extends Entry {
  /** In seconds of the loop's clock. */
  readonly _when: number;
  /** Its number in the order of setting, for those with equal deadlines. */
  _order: number;
  /** Does it stand in the heap? */
  _scheduled: boolean;
  cancelled(): boolean;
}

/** Below this size a heap is not worth rebuilding. */
const SMALL = 100;

function before(a: Timed, b: Timed): boolean {
  return a._when < b._when || (a._when === b._when && a._order < b._order);
}

export class TimerHeap {
  #heap: Timed[] = [];
  #cancelled = 0;
  #nextOrder = 0;

  /** How many timers are held, the cancelled ones that were not yet removed among them. */
  get size(): number {
    return this.#heap.length;
  }

  /** How many timers will really be called. */
  get live(): number {
    return this.#heap.length - this.#cancelled;
  }

  push(timer: Timed): void {
    timer._order = this.#nextOrder++;
    timer._scheduled = true;
    const heap = this.#heap;
    heap.push(timer);
    this.#up(heap.length - 1, timer);
  }

  /** One of the timers in the heap was cancelled. */
  noteCancelled(): void {
    this.#cancelled++;
    if (this.#heap.length > SMALL && this.#cancelled * 2 > this.#heap.length) this.#rebuild();
  }

  /** The first deadline of a timer that is not cancelled, in seconds, or `Infinity`. */
  deadline(): number {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return Infinity;
      if (!first.cancelled()) return first._when;
      this.#shift();
      this.#cancelled--;
    }
  }

  /** Remove and return the first timer that is due before `end`, or `null`. */
  shiftDue(end: number): Timed | null {
    return this.deadline() < end ? this.#shift() : null;
  }

  /** Forget all timers. */
  clear(): void {
    for (const timer of this.#heap) timer._scheduled = false;
    this.#heap = [];
    this.#cancelled = 0;
  }

  #shift(): Timed {
    const heap = this.#heap;
    const first = heap[0] as Timed;
    const last = heap.pop() as Timed;
    first._scheduled = false;
    if (heap.length > 0) this.#down(0, last);
    return first;
  }

  #rebuild(): void {
    const all = this.#heap;
    this.#heap = all.filter((timer) => !timer.cancelled());
    for (const timer of all) if (timer.cancelled()) timer._scheduled = false;
    this.#cancelled = 0;
    const heap = this.#heap;
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#down(i, heap[i] as Timed);
  }

  #up(index: number, timer: Timed): void {
    const heap = this.#heap;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Timed;
      if (!before(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #down(index: number, timer: Timed): void {
    const heap = this.#heap;
    const half = heap.length >> 1;
    while (index < half) {
      let child = 2 * index + 1;
      const right = child + 1;
      if (right < heap.length && before(heap[right] as Timed, heap[child] as Timed)) child = right;
      const below = heap[child] as Timed;
      if (!before(below, timer)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = timer;
  }
}
