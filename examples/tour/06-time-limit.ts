/**
 * `waitFor`: a coroutine with a time limit.
 *
 * When the time is up the coroutine is cancelled: `CancelledError` is thrown into it where it waits, so that its `finally` blocks run.
 * Once it has ended, `waitFor` throws `TimeoutError`.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'waitFor gives up after 0.1 s';

export async function generators() {
  function* eternity(): asyncio.Coroutine<void> {
    yield* asyncio.sleep(0.4);
    console.log('살았다.');
  }

  function* main(): asyncio.Coroutine<void> {
    try {
      yield* asyncio.waitFor(eternity(), 0.1);
    } catch (error) {
      if (!(error instanceof asyncio.TimeoutError)) throw error;
      console.log('timeout!');
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function eternity() {
    await asyncio.sleep(0.4);
    console.log('살았다.');
  }

  async function main() {
    try {
      await asyncio.waitFor(eternity, 0.1);
    } catch (error) {
      if (!(error instanceof asyncio.TimeoutError)) throw error;
      console.log('timeout!');
    }
  }

  await asyncio.run(main);
}

export const output = ['timeout!'];
