/**
 * What a scheduler needs from the outside: a clock, and a way to wait.
 *
 * The scheduler never waits and never blocks. A reactor calls its `turn()`, which runs what is ready and says what should happen next
 * (`Next`); the reactor then comes back at once, after the microtasks, after input and output, or at a deadline. So one scheduler runs
 * unchanged under Node's loop, under a loop of our own, and under a clock that jumps.
 */

import type { Network } from './channel.ts';
import type { Descriptors } from './descriptors.ts';
import type { Processes } from './process.ts';

/** A turn's answer: drain the microtasks, then turn again before anything else. */
export const HOP = -1;
/** A turn's answer: more is ready, but input, output and timers of the host must get their chance first. */
export const AGAIN = -2;
/** A turn's answer: the loop was stopped. */
export const STOPPED = -3;
/** `HOP`, `AGAIN`, `STOPPED`, or the next deadline in seconds of the clock (`Infinity`: nothing is planned). */
export type Next = number;

/** Who is driven: a scheduler, as the reactor sees it. */
export interface Driven {
  /** Run what is ready, and say what should happen next. Throws what must end the run. */
  turn(): Next;
  /** Does anyone wait for work that is done outside of the loop, such as the promise of a native function? */
  readonly waitsOutside: boolean;
  /** Does anyone wait for a job of an executor? It takes real time, and wakes the loop when it is done. */
  readonly worksOutside: boolean;
  /** Is there an async function or a promise of the host that could still wake the loop? Looks at every task: ask before giving up. */
  dependsOnHost(): boolean;
  /** Nothing can ever become ready again: end the run with this error, or `null` if that is no error for this loop. */
  deadlock(): unknown;
}

/** How a loop knows the time and waits. */
export interface Reactor {
  /** A short name, such as `'libuv'`. */
  readonly name: string;
  /** The clock, in seconds; it never goes back. */
  time(): number;
  /**
   * Drive `driven` until a turn says `STOPPED` or throws; then call `done` once, with the error if there is one. Never calls back on the
   * caller's stack.
   */
  start(driven: Driven, done: (failure?: { readonly error: unknown }) => void): void;
  /** Something became ready, or a deadline came nearer, while the loop waited: turn soon. May be called at any time, and often. */
  wake(): void;
  /** Let the process end though the loop runs (`false`), or keep it alive while there is something to wait for (`true`). */
  setRef(ref: boolean): void;
  /** Drive `driven` on the caller's stack until a turn says `STOPPED`. Absent where this reactor cannot block. */
  block?(driven: Driven): void;
  /** Connections and servers. Absent where this reactor has none. */
  readonly network?: Network;
  /** Descriptors of one's own. Absent where this reactor cannot watch them. */
  readonly descriptors?: Descriptors;
  /** Child processes, pipes and signals. Absent where this reactor has none. */
  readonly processes?: Processes;
  /** Give back what the reactor holds. The loop is not running. */
  close(): void;
}
