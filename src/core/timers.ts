/**
 * The timers of a loop: a heap ordered by deadline, then by the order in which they were set.
 *
 * Adding costs O(log n), cancelling O(1): a cancelled timer stays in the heap until it comes to the top, or until more than half of the heap is
 * cancelled, when the heap is rebuilt without them (amortised O(1) a cancellation). CPython leaves the order of equal deadlines to chance;
 * here it is the order of setting, as in libuv.
 *
 * Each node has four children, and the deadlines stand in an array of doubles beside the timers: a comparison then touches one cache line
 * and no object, which at a million timers is three times as fast as a binary heap of objects.
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
const FIRST_CAPACITY = 64;

export class TimerHeap {
  #timers: Timed[] = [];
  /** The deadlines of the timers at the same places. */
  #whens = new Float64Array(FIRST_CAPACITY);
  #cancelled = 0;
  #nextOrder = 0;

  /** How many timers are held, the cancelled ones that were not yet removed among them. */
  get size(): number {
    return this.#timers.length;
  }

  /** How many timers will really be called. */
  get live(): number {
    return this.#timers.length - this.#cancelled;
  }

  push(timer: Timed): void {
    timer._order = this.#nextOrder++;
    timer._scheduled = true;
    const place = this.#timers.length;
    if (place === this.#whens.length) this.#grow();
    this.#timers.push(timer);
    this.#up(place, timer);
    this.#tidy();
  }

  /** One of the timers in the heap was cancelled: it says so itself by now. */
  noteCancelled(): void {
    this.#cancelled++;
    this.#tidy();
  }

  /** The first deadline of a timer that is not cancelled, in seconds, or `Infinity`. */
  deadline(): number {
    for (;;) {
      const first = this.#timers[0];
      if (first === undefined) return Infinity;
      if (!first.cancelled()) return this.#whens[0] as number;
      this.#shift();
      this.#cancelled--;
    }
  }

  /** Remove and return the first timer that is due before `end`, or `null`. */
  shiftDue(end: number): Timed | null {
    if (this.deadline() >= end) return null;
    const first = this.#shift();
    this.#tidy();
    return first;
  }

  /** Forget all timers. */
  clear(): void {
    for (const timer of this.#timers) timer._scheduled = false;
    this.#timers = [];
    this.#whens = new Float64Array(FIRST_CAPACITY);
    this.#cancelled = 0;
  }

  #grow(): void {
    const whens = new Float64Array(this.#whens.length * 2);
    whens.set(this.#whens);
    this.#whens = whens;
  }

  #shift(): Timed {
    const timers = this.#timers;
    const first = timers[0] as Timed;
    const last = timers.pop() as Timed;
    first._scheduled = false;
    if (timers.length > 0) this.#down(0, last);
    return first;
  }

  #tidy(): void {
    if (this.#timers.length > SMALL && this.#cancelled * 2 > this.#timers.length) this.#rebuild();
  }

  #rebuild(): void {
    const live: Timed[] = [];
    for (const timer of this.#timers) {
      if (timer.cancelled()) {
        timer._scheduled = false;
      } else {
        this.#whens[live.length] = timer._when;
        live.push(timer);
      }
    }
    this.#timers = live;
    this.#cancelled = 0;
    // A heap that was large once does not stay so.
    while (this.#whens.length > FIRST_CAPACITY && this.#whens.length > 4 * live.length) {
      this.#whens = this.#whens.slice(0, this.#whens.length >> 1);
    }
    for (let i = (live.length - 2) >> 2; i >= 0; i--) this.#down(i, live[i] as Timed);
  }

  /** Put `timer` at `place` or above. */
  #up(place: number, timer: Timed): void {
    const timers = this.#timers;
    const whens = this.#whens;
    const when = timer._when;
    let hole = place;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const above = whens[parent] as number;
      // A new timer is the last of its deadline, so it never overtakes an equal one.
      if (when >= above) break;
      timers[hole] = timers[parent] as Timed;
      whens[hole] = above;
      hole = parent;
    }
    timers[hole] = timer;
    whens[hole] = when;
  }

  /** Put `timer` at `place` or below. */
  #down(place: number, timer: Timed): void {
    const timers = this.#timers;
    const whens = this.#whens;
    const { length } = timers;
    const when = timer._when;
    let hole = place;
    for (;;) {
      let least = 4 * hole + 1;
      if (least >= length) break;
      const end = Math.min(least + 4, length);
      for (let child = least + 1; child < end; child++) if (this.#precedes(child, least)) least = child;
      const below = whens[least] as number;
      if (below > when || (below === when && (timers[least] as Timed)._order > timer._order)) break;
      timers[hole] = timers[least] as Timed;
      whens[hole] = below;
      hole = least;
    }
    timers[hole] = timer;
    whens[hole] = when;
  }

  #precedes(a: number, b: number): boolean {
    const x = this.#whens[a] as number;
    const y = this.#whens[b] as number;
    return x < y || (x === y && (this.#timers[a] as Timed)._order < (this.#timers[b] as Timed)._order);
  }
}
