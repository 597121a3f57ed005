/**
 * `runSync`: Python's `asyncio.run`, which blocks. The program is over on the next line, and its result is there without `await`.
 *
 * The thread sleeps in the system's own `epoll_wait`, so nothing of Node's goes on meanwhile: generator coroutines alone can be run, promises would wait for ever.
 * For scripts, command-line tools and tests. Needs Linux with the package koffi.
 */
import * as asyncio from 'asyncio-ts';
import { whyNoRawSockets } from './raw.ts';

export const title = 'a run that blocks';

export const skip = whyNoRawSockets;

export async function generators() {
  function* square(n: number): asyncio.Coroutine<number> {
    yield* asyncio.sleep(0.01);
    return n * n;
  }

  function* main(): asyncio.Coroutine<number> {
    const squares = yield* asyncio.gather(square(1), square(2), square(3));
    return squares.reduce((sum, n) => sum + n);
  }

  Promise.resolve().then(() => console.log('a promise goes on'));
  const started = performance.now();
  const sum = asyncio.runSync(main());
  console.log(`the sum is ${sum}, after ${((performance.now() - started) / 1000).toFixed(3)} seconds`);

  function* waits(): asyncio.Coroutine<void> {
    yield* asyncio.wrapFuture(Promise.resolve());
  }
  try {
    asyncio.runSync(waits());
  } catch (error) {
    console.log(`a promise cannot be waited for: ${(error as Error).name}`);
  }
  await null;
}

export const output = [
  'the sum is 14, after {>=0.01} seconds',
  'a promise cannot be waited for: DeadlockError',
  'a promise goes on',
];
