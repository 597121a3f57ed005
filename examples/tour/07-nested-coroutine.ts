/**
 * Calling a coroutine function runs nothing: the coroutine that it gives has to be awaited.
 *
 * A generator waits by its nature. A native async function would start at the call; `asyncio.coroutine` makes it wait as well.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a coroutine that nobody awaits does not run';

export async function generators() {
  function* nested(): asyncio.Coroutine<number> {
    console.log('nested runs');
    return 42;
  }

  function* main(): asyncio.Coroutine<void> {
    const forgotten = nested(); // a coroutine, and nothing has run
    console.log(asyncio.isCoroutine(forgotten));
    console.log(yield* nested());
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const nested = asyncio.coroutine(async () => {
    console.log('nested runs');
    return 42;
  });

  async function main() {
    const unused = nested(); // a coroutine, and nothing has run
    console.log(asyncio.isCoroutine(unused));
    unused.close(); // set aside on purpose: otherwise a warning tells that it was never awaited
    console.log(await nested());
  }

  await asyncio.run(main);
}

export const output = ['true', 'nested runs', '42'];
