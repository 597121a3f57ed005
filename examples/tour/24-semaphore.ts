/**
 * `Semaphore`: so many at once, and no more.
 *
 * Five jobs of 0.1 s share two places, so that they take 0.3 s. The places are given out in the order of arrival.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'Semaphore: five jobs, two at a time';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const semaphore = new asyncio.Semaphore(2);
    let running = 0;
    let most = 0;

    function* job(name: string): asyncio.Coroutine<void> {
      yield* asyncio.asyncWith(semaphore, function* () {
        running++;
        most = Math.max(most, running);
        console.log(`${name} starts`);
        yield* asyncio.sleep(0.1);
        running--;
      });
    }

    const start = performance.now();
    yield* asyncio.gather(...['A', 'B', 'C', 'D', 'E'].map(job));
    console.log(`at most ${most} at once`);
    console.log(`time taken: ${((performance.now() - start) / 1000).toFixed(2)}`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const semaphore = new asyncio.Semaphore(2);
    let running = 0;
    let most = 0;

    const job = asyncio.coroutine(async (name: string) => {
      await asyncio.asyncWith(semaphore, async () => {
        running++;
        most = Math.max(most, running);
        console.log(`${name} starts`);
        await asyncio.sleep(0.1);
        running--;
      });
    });

    const start = performance.now();
    await asyncio.gather(...['A', 'B', 'C', 'D', 'E'].map((name) => job(name)));
    console.log(`at most ${most} at once`);
    console.log(`time taken: ${((performance.now() - start) / 1000).toFixed(2)}`);
  }

  await asyncio.run(main);
}

export const output = [
  'A starts',
  'B starts',
  'C starts',
  'D starts',
  'E starts',
  'at most 2 at once',
  'time taken: {>=0.3}',
];
