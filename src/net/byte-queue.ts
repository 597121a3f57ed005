/**
 * Bytes in the order they came, kept as they came: what a reader has not been asked for yet, and what a transport has not sent yet.
 *
 * Complexity goals. `push` costs O(1), and so does `take` and `drop` of a piece of one chunk, which is given out without being copied;
 * what spans chunks is copied once. `find` looks at each byte from where it is told to start, and steps over no others but the chunks behind.
 * Small chunks that pile up are gathered into larger ones as they come, each byte at most once, so that a stream of single bytes costs
 * memory in the order of its length.
 */
import { toBuffer } from './bytes.ts';

/** Chunks below this size are gathered when they have to wait. */
const SMALL = 1024;
/** The size of what they are gathered into. */
const SLAB = 8 * 1024;
/** How many taken chunks may lie at the front of the array before it is cut. */
const SLACK = 32;

export class ByteQueue {
  #chunks: Buffer[] = [];
  /** The first chunk that is not taken. */
  #head = 0;
  /** How much of it is taken. */
  #start = 0;
  #size = 0;
  /** What the last chunk is the front of, if small chunks are being gathered in it. */
  #slab: Buffer | null = null;

  /** How many bytes there are. */
  get size(): number {
    return this.#size;
  }

  /** Add bytes at the end. The array belongs to the queue from now on. */
  push(data: Uint8Array): void {
    const { length } = data;
    if (length === 0) return;
    if (this.#size > 0 && length < SMALL) this.#gather(data);
    else {
      this.#slab = null;
      this.#chunks.push(toBuffer(data));
    }
    this.#size += length;
  }

  #gather(data: Uint8Array): void {
    const chunks = this.#chunks;
    const last = chunks[chunks.length - 1] as Buffer;
    let slab = this.#slab;
    const used = slab === null ? 0 : last.length;
    if (slab !== null && used + data.length <= SLAB) {
      slab.set(data, used);
      chunks[chunks.length - 1] = slab.subarray(0, used + data.length);
      return;
    }
    slab = Buffer.allocUnsafeSlow(SLAB);
    slab.set(data);
    chunks.push(slab.subarray(0, data.length));
    this.#slab = slab;
  }

  /** Take the first `count` bytes; there are as many. */
  take(count: number): Buffer {
    if (count === 0) return EMPTY;
    const first = this.#chunks[this.#head] as Buffer;
    const start = this.#start;
    if (count <= first.length - start) {
      this.drop(count);
      return start === 0 && count === first.length ? first : first.subarray(start, start + count);
    }
    const taken = Buffer.allocUnsafe(count);
    let filled = 0;
    for (let i = this.#head, from = start; filled < count; i++, from = 0) {
      const chunk = this.#chunks[i] as Buffer;
      filled += chunk.copy(taken, filled, from, Math.min(chunk.length, from + count - filled));
    }
    this.drop(count);
    return taken;
  }

  /** Forget the first `count` bytes; there are as many. */
  drop(count: number): void {
    this.#size -= count;
    if (this.#size === 0) {
      this.clear();
      return;
    }
    const chunks = this.#chunks;
    let head = this.#head;
    let start = this.#start + count;
    let { length } = chunks[head] as Buffer;
    while (start >= length) {
      start -= length;
      // What was taken must not be kept alive.
      chunks[head++] = EMPTY;
      length = (chunks[head] as Buffer).length;
    }
    this.#head = head;
    this.#start = start;
    if (head > SLACK && head * 2 > chunks.length) {
      this.#chunks = chunks.slice(head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#head = 0;
    this.#start = 0;
    this.#size = 0;
    this.#slab = null;
  }

  /** All bytes, as the chunks that hold them. */
  chunks(): Buffer[] {
    const chunks = this.#chunks.slice(this.#head);
    if (this.#start > 0) chunks[0] = (chunks[0] as Buffer).subarray(this.#start);
    return chunks;
  }

  /** Where `sought` begins, at `from` or after it; -1 where it is not there. */
  find(sought: Buffer, from: number): number {
    const { length } = sought;
    const chunks = this.#chunks;
    let [index, base] = this.#locate(from);
    for (let at = from - base; index < chunks.length && base + at + length <= this.#size; index++) {
      const chunk = chunks[index] as Buffer;
      const skip = index === this.#head ? this.#start : 0;
      const found = chunk.indexOf(length === 1 ? (sought[0] as number) : sought, skip + at);
      if (found !== -1) return base + found - skip;
      const end = chunk.length - skip;
      // It may begin at the end of this chunk and go on in the next.
      for (at = Math.max(at, end - length + 1); at < end; at++) {
        if (this.#matches(sought, index, skip + at)) return base + at;
      }
      base += end;
      at = 0;
    }
    return -1;
  }

  /** Does `sought` stand at the place `at`? */
  has(sought: Buffer, at: number): boolean {
    if (at + sought.length > this.#size) return false;
    const [index, base] = this.#locate(at);
    return this.#matches(sought, index, at - base + (index === this.#head ? this.#start : 0));
  }

  /** The chunk that holds the byte at the place `at`, and the place where that chunk begins. */
  #locate(at: number): [index: number, base: number] {
    let index = this.#chunks.length;
    let base = this.#size;
    // What is sought lies near the end more often than not, so the way there leads backwards.
    while (base > at && index > this.#head) {
      index--;
      base -= this.#lengthOf(index);
    }
    return [index, base];
  }

  #lengthOf(index: number): number {
    const { length } = this.#chunks[index] as Buffer;
    return index === this.#head ? length - this.#start : length;
  }

  #matches(sought: Buffer, index: number, at: number): boolean {
    const chunks = this.#chunks;
    let i = index;
    let place = at;
    for (const byte of sought) {
      while (place === chunks[i]?.length) {
        i++;
        place = 0;
      }
      if (chunks[i]?.[place] !== byte) return false;
      place++;
    }
    return true;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
