/**
 * A task made outside of its loop: scheduled by `createTask`, run by `runUntilComplete`, asked for its result when it is done.
 *
 * A task is a future: `result()` gives what its coroutine returned, and throws `InvalidStateError` before that.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'create a task, run the loop until it is done, take its result';

export async function generators() {
  function* doSomething(): asyncio.Coroutine<string> {
    console.log('doing it');
    yield* asyncio.sleep(0.1);
    return 'done';
  }

  const loop = asyncio.newEventLoop();
  const coro = doSomething(); // a coroutine: nothing has run
  const future = loop.createTask(coro); // scheduled: it will run when the loop does
  try {
    future.result();
  } catch (error) {
    console.log(String(error));
  }
  await loop.runUntilComplete(future);
  console.log(future.result());
  loop.close();
}

export const output = ['InvalidStateError: Result is not ready.', 'doing it', 'done'];
