/**
 * `yield*` is Python's `yield from`: it hands the suspensions of the inner coroutine through to the loop, and gives what that one returns.
 *
 * So asynchronous calls can be put together as if they were plain ones. While `compute` sleeps, `printSum` is suspended with it, and the
 * loop is free for others.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a generator that delegates to another: print a sum that takes time';

export async function generators() {
  function* compute(x: number, y: number): asyncio.Coroutine<number> {
    console.log(`Compute ${x} + ${y} ...`);
    yield* asyncio.sleep(0.1);
    return x + y;
  }

  function* printSum(x: number, y: number): asyncio.Coroutine<void> {
    const result = yield* compute(x, y);
    console.log(`${x} + ${y} = ${result}`);
  }

  const loop = asyncio.newEventLoop();
  await loop.runUntilComplete(printSum(1, 2));
  loop.close();
}

export const output = ['Compute 1 + 2 ...', '1 + 2 = 3'];
