/** The jobs of the tests: what a module with jobs looks like. */

import { currentJob, job, transfer } from '../../src/executors/index.ts';
import * as asyncio from '../../src/index.ts';

/** Something of this module that no text of a function carries along. */
const factor = 10;
let count = 0;

export const timesTen = job(import.meta.url, 'timesTen', (n: number) => n * factor);
export const countUp = job(import.meta.url, 'countUp', () => ++count);
export const setCount = job(import.meta.url, 'setCount', (to: number) => {
  count = to;
});
export const failSetUp = job(import.meta.url, 'failSetUp', () => {
  throw new asyncio.ValueError('no database');
});
export const misnamed = job(import.meta.url, 'wrongName', () => 1);

/** A coroutine of the library, that tells on which thread its `finally` ran. */
export const sleepy = job(import.meta.url, 'sleepy', function* (flag: Int32Array) {
  try {
    currentJob().progress('asleep');
    yield* asyncio.sleep(3600);
  } finally {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  }
});
export const addSlowly = job(
  import.meta.url,
  'addSlowly',
  asyncio.coroutine(function* (a: number, b: number) {
    yield* asyncio.sleep(0.001);
    return a + b;
  }),
);

export class PaymentRefused extends asyncio.RuntimeError {
  readonly amount: number;
  constructor(amount: number) {
    super(`refused: ${amount}`, { cause: new RangeError('too much') });
    this.amount = amount;
  }
}
export const pay = job(import.meta.url, 'pay', (amount: number) => {
  throw new PaymentRefused(amount);
});
export const failTogether = job(import.meta.url, 'failTogether', () => {
  throw new asyncio.ExceptionGroup('both', [new TypeError('a'), new asyncio.ValueError('b')]);
});

export const doubleInPlace = job(import.meta.url, 'doubleInPlace', (numbers: Float64Array) => {
  for (let i = 0; i < numbers.length; i++) numbers[i]! *= 2;
  return transfer(numbers);
});
/** Rests until it is told to end. */
export const waitForAbort = job(import.meta.url, 'waitForAbort', async () => {
  const { signal, progress } = asMethods();
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  progress('resting');
  const alive = setInterval(() => {}, 1000);
  await aborted;
  clearInterval(alive);
});
export const countUntilStoppedOf = job(import.meta.url, 'countUntilStoppedOf', (n: number) => {
  const { signal } = currentJob();
  while (!signal.aborted) n++;
  return n;
});
/** Counts until it is told to end, and says so. */
export const countUntilStopped = job(import.meta.url, 'countUntilStopped', () => {
  const { signal, progress } = asMethods();
  progress('counting');
  let n = 0;
  while (!signal.aborted) n++;
  return n;
});
function asMethods() {
  const running = currentJob();
  return { signal: running.signal, progress: (value: unknown) => running.progress(value) };
}
