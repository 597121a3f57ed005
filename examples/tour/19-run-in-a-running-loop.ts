/**
 * `asyncio.run` is a program's way into asyncio: it is refused where an event loop is running already.
 *
 * Python's notebooks, which run a loop of their own, made this message famous. Inside of a coroutine, await the other one instead.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'run inside of a running loop is refused';

export async function generators() {
  function* hello(): asyncio.Coroutine<void> {
    console.log('hello');
  }

  function* main(): asyncio.Coroutine<void> {
    try {
      asyncio.run(hello());
    } catch (error) {
      console.log(String(error));
    }
    yield* hello();
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function hello() {
    console.log('hello');
  }

  async function main() {
    try {
      await asyncio.run(hello);
    } catch (error) {
      console.log(String(error));
    }
    await hello();
  }

  await asyncio.run(main);
}

export const output = ['RuntimeError: asyncio.run() cannot be called from a running event loop', 'hello'];
