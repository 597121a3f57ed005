/**
 * The module of the workers in these tests.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { currentJob, job } from '../../../src/executors/index.ts';

const url = import.meta.url;

export const power = job(url, 'power', (base: bigint, exponent: bigint) => base ** exponent);
export const square = job(url, 'square', (n: number) => n * n);
export const echo = job(url, 'echo', (...args: unknown[]) => args);
export const pid = job(url, 'pid', () => process.ppid);

/** A coroutine. */
export const slowly = job(url, 'slowly', async (seconds: number, value: string) => {
  await wait(seconds * 1000);
  return value;
});

/** Writes a line when it begins, and one when it is told to end. */
export const watched = job(url, 'watched', async (file: string) => {
  const { signal } = currentJob();
  appendFileSync(file, 'begun\n');
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  appendFileSync(file, 'stopped\n');
});

export class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
  readonly item: string;

  constructor(item: string, options?: ErrorOptions) {
    super(`${item} is out of stock`, options);
    this.item = item;
  }
}

export const fail = job(url, 'fail', (item: string) => {
  throw new OutOfStock(item, { cause: new RangeError('shelf 7') });
});

/** Fails until it has been tried so often; each attempt leaves a line in the file. */
export const failUntil = job(url, 'failUntil', async (file: string, attempt: number) => {
  appendFileSync(file, 'tried\n');
  const { readFileSync } = await import('node:fs');
  const tried = readFileSync(file, 'utf8').trimEnd().split('\n').length;
  if (tried < attempt) throw new Error(`attempt ${tried} failed`);
  return tried;
});

export const counting = job(url, 'counting', (to: number) => {
  for (let i = 1; i <= to; i++) currentJob().progress({ done: i, of: to });
  return 'counted';
});

export const crash = job(url, 'crash', () => process.exit(7));
