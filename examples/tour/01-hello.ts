/**
 * Hello: print, wait, print again.
 *
 * A coroutine function is a generator function or an async function, and `yield*` or `await` is Python's `await`. Calling the generator function
 * runs nothing; `asyncio.run` makes an event loop, drives the coroutine to its end in it, and closes the loop.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'print "hello", wait a little, print "world"';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    console.log('hello');
    yield* asyncio.sleep(0.1);
    console.log('world');
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    console.log('hello');
    await asyncio.sleep(0.1);
    console.log('world');
  }

  await asyncio.run(main);
}

export const output = ['hello', 'world'];
