/**
 * Moments for random schedules: a time, and how many iterations of the loop after it. Things that fall into one time still come in one of several
 * iterations, and a race between two of them is found only where it is tried in each.
 */
import fc, { type Arbitrary } from 'fast-check';
import type * as asyncio from '../src/index.ts';

export interface Moment {
  readonly seconds: number;
  readonly iterations: number;
}

/** Few times, so that things fall together. */
export const moments: Arbitrary<Moment> = fc.record({ seconds: fc.nat(4), iterations: fc.nat(4) });

/** Call `act` at a moment. */
export function at(loop: asyncio.EventLoop, { seconds, iterations }: Moment, act: () => unknown): void {
  const hop = (left: number): void => {
    if (left === 0) act();
    else loop.callSoon(hop, left - 1);
  };
  loop.callAt(seconds, hop, iterations);
}
