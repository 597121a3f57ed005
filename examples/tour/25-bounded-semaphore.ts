/**
 * `BoundedSemaphore`: a semaphore that refuses to be released more often than it was acquired.
 *
 * A plain semaphore would have one place more from then on, and the mistake would show much later.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'BoundedSemaphore: one release too many is refused';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const semaphore = new asyncio.BoundedSemaphore(2);
    yield* semaphore.acquire();
    yield* semaphore.acquire();
    console.log(`all places taken: ${semaphore.locked()}`);
    semaphore.release();
    semaphore.release();
    console.log(`all places taken: ${semaphore.locked()}`);
    try {
      semaphore.release();
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const semaphore = new asyncio.BoundedSemaphore(2);
    await semaphore.acquire();
    await semaphore.acquire();
    console.log(`all places taken: ${semaphore.locked()}`);
    semaphore.release();
    semaphore.release();
    console.log(`all places taken: ${semaphore.locked()}`);
    try {
      semaphore.release();
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main);
}

export const output = [
  'all places taken: true',
  'all places taken: false',
  'ValueError: BoundedSemaphore released too many times',
];
