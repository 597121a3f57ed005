/**
 * The timers of a loop: a binary heap ordered by deadline, then by the order in which they were set.
 *
 * Adding costs O(log n), cancelling O(1): a cancelled timer stays in the heap until it comes to the top, or until more than half of the heap is
 * cancelled, when the heap is rebuilt without them (amortised O(1) a cancellation). CPython leaves the order of equal deadlines to chance;
 * here it is the order of setting, as in libuv.
 */
import type { TimerHandle } from './handle.ts';

/** Below this size a heap is not worth rebuilding. */
const SMALL = 100;

function before(a: TimerHandle, b: TimerHandle): boolean {
  return a._when < b._when || (a._when === b._when && a._order < b._order);
}

export class TimerHeap {
  #heap: TimerHandle[] = [];
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

  push(timer: TimerHandle): void {
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
  shiftDue(end: number): TimerHandle | null {
    return this.deadline() < end ? this.#shift() : null;
  }

  /** Forget all timers. */
  clear(): void {
    for (const timer of this.#heap) timer._scheduled = false;
    this.#heap = [];
    this.#cancelled = 0;
  }

  #shift(): TimerHandle {
    const heap = this.#heap;
    const first = heap[0] as TimerHandle;
    const last = heap.pop() as TimerHandle;
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
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#down(i, heap[i] as TimerHandle);
  }

  #up(index: number, timer: TimerHandle): void {
    const heap = this.#heap;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as TimerHandle;
      if (!before(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #down(index: number, timer: TimerHandle): void {
    const heap = this.#heap;
    const half = heap.length >> 1;
    while (index < half) {
      let child = 2 * index + 1;
      const right = child + 1;
      if (right < heap.length && before(heap[right] as TimerHandle, heap[child] as TimerHandle))
        child = right;
      const below = heap[child] as TimerHandle;
      if (!before(below, timer)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = timer;
  }
}
