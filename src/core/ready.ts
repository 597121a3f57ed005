/**
 * The ready queue: what the loop runs next, first in, first out, in a ring that grows by doubling.
 *
 * Adding and taking cost O(1) and allocate nothing; a taken slot is cleared, so the queue keeps nothing alive.
 */
import type { Entry } from './handle.ts';

const FIRST_CAPACITY = 256;

export class ReadyQueue {
  #ring: (Entry | undefined)[] = new Array<Entry | undefined>(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  size = 0;

  push(entry: Entry): void {
    if (this.size > this.#mask) this.#grow();
    this.#ring[(this.#head + this.size) & this.#mask] = entry;
    this.size++;
  }

  /** Take the first entry. The caller has seen that there is one. */
  shift(): Entry {
    const entry = this.#ring[this.#head] as Entry;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.size--;
    return entry;
  }

  clear(): void {
    while (this.size > 0) this.shift();
  }

  /** The entries in order, for those who look on. */
  *[Symbol.iterator](): Generator<Entry, void, unknown> {
    for (let i = 0; i < this.size; i++) yield this.#ring[(this.#head + i) & this.#mask] as Entry;
  }

  #grow(): void {
    const old = this.#ring;
    const size = this.size;
    const ring = new Array<Entry | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < size; i++) ring[i] = old[(this.#head + i) & this.#mask];
    this.#ring = ring;
    this.#mask = ring.length - 1;
    this.#head = 0;
  }
}
