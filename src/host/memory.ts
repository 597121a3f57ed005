/**
 * Memory that C may be told the address of: it stays where it is for as long as the object lives, so keep the object while C may look there.
 *
 * V8 moves small typed arrays about; those that Node allocates outside of its pool and that are not tiny live outside of the heap, and stay.
 */
import type { Koffi } from './koffi.ts';

/** V8 keeps arrays of up to 64 bytes in its heap. */
const SMALLEST = 128;

export class Memory {
  readonly bytes: Buffer;
  /** Where it begins. */
  readonly address: number;
  /** The same bytes as 32-bit integers. */
  readonly words: Int32Array;

  constructor(koffi: Koffi, size: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(size, SMALLEST)).fill(0);
    this.address = Number(koffi.address(this.bytes));
    this.words = new Int32Array(this.bytes.buffer, 0, this.bytes.length >> 2);
  }
}
