/**
 * When a transport asks its protocol to pause writing and to go on.
 *
 * One pause for each time that more waits than the high-water mark, one resume when no more than the low-water mark waits again; the
 * distance between the two keeps a steady writer from being stopped at every packet. Source: Python docs, "Transports and Protocols",
 * "Flow control callbacks", `set_write_buffer_limits`; asyncio/transports.py, `_FlowControlMixin`.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { WriteBufferLimits } from './transports.ts';

const DEFAULT_HIGH = 64 * 1024;

/** What becomes of a size of the write buffer: nothing, a pause, or the end of one. */
export type FlowChange = 'pause' | 'resume' | null;

export class FlowControl {
  #high = DEFAULT_HIGH;
  #low = DEFAULT_HIGH / 4;
  #paused = false;

  get limits(): [low: number, high: number] {
    return [this.#low, this.#high];
  }

  /** Was it asked to pause, and not to go on since? */
  get isPaused(): boolean {
    return this.#paused;
  }

  set({ high, low }: WriteBufferLimits): void {
    const newHigh = high ?? (low == null ? DEFAULT_HIGH : low * 4);
    const newLow = low ?? Math.floor(newHigh / 4);
    if (!(newHigh >= newLow && newLow >= 0)) {
      throw new ValueError(`high (${describe(newHigh)}) must be >= low (${describe(newLow)}) must be >= 0`);
    }
    this.#high = newHigh;
    this.#low = newLow;
  }

  /** The write buffer has grown to `size`. */
  grown(size: number): FlowChange {
    if (this.#paused || size <= this.#high) return null;
    this.#paused = true;
    return 'pause';
  }

  /** The write buffer has shrunk to `size`. */
  shrunk(size: number): FlowChange {
    if (!this.#paused || size > this.#low) return null;
    this.#paused = false;
    return 'resume';
  }
}
