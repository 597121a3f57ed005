/**
 * A bar that grows while a map runs in parallel: `asCompleted` gives each future as it is done, `map` gives the results in order.
 *
 * On a terminal the bar would be written over itself with `\r`; here each state is a line.
 */
import * as asyncio from 'asyncio-ts';
import { asCompleted, ProcessPoolExecutor } from 'asyncio-ts/futures';

export const title = 'a progress bar over a parallel map';

function countPrimes(limit: number): number {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
    if (isPrime) count++;
  }
  return count;
}

const LIMITS = [10_000, 20_000, 30_000, 40_000, 50_000];

function bar(done: number): string {
  return `[${'#'.repeat(done)}${'.'.repeat(LIMITS.length - done)}] ${(100 * done) / LIMITS.length} %`;
}

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    yield* asyncio.asyncWith(new ProcessPoolExecutor({ maxWorkers: 2 }), function* (pool) {
      const futures = LIMITS.map((limit) => pool.submit(countPrimes, limit));
      let done = 0;
      yield* asyncio.asyncFor(asCompleted(futures), () => console.log(bar(++done)));
      yield* asyncio.asyncFor(pool.map(countPrimes, LIMITS, { chunksize: 2 }), (count) => console.log(count));
    });
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    const futures = LIMITS.map((limit) => pool.submit(countPrimes, limit));
    let done = 0;
    for await (const _ of asCompleted(futures)) console.log(bar(++done));
    for await (const count of pool.map(countPrimes, LIMITS, { chunksize: 2 })) console.log(count);
  }

  await asyncio.run(main);
}

export const output = [
  '[#....] 20 %',
  '[##...] 40 %',
  '[###..] 60 %',
  '[####.] 80 %',
  '[#####] 100 %',
  '1229',
  '2262',
  '3245',
  '4203',
  '5133',
];
