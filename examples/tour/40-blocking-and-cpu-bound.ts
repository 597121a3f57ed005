/**
 * What would keep the loop waiting runs elsewhere: a call that blocks in a thread, a computation in a process.
 *
 * The first argument of `runInExecutor` says where; `null` stands for the default executor of the loop, which is a pool of threads. A function that uses
 * only its arguments and globals can be given as it is (`blockingIo`); one that needs its module is exported and declared (`cpuBound`).
 */
import * as asyncio from 'asyncio-ts';
import { job, ProcessPoolExecutor, ThreadPoolExecutor } from 'asyncio-ts/futures';

export const title = 'blocking and CPU-bound functions';

function blockingIo(): Uint8Array {
  const fs = process.getBuiltinModule('node:fs');
  const file = fs.openSync('/dev/urandom', 'r');
  const bytes = Buffer.alloc(100);
  fs.readSync(file, bytes);
  fs.closeSync(file);
  return bytes;
}

const square = (n: number) => n * n;

export const cpuBound = job(import.meta.url, 'cpuBound', (count: number): bigint => {
  let sum = 0n;
  for (let start = 0; start < count; start += 50) {
    let part = 0;
    for (let n = start; n < Math.min(start + 50, count); n++) part += square(n);
    sum += BigInt(part);
  }
  return sum;
});

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();

    const bytes = yield* loop.runInExecutor(null, blockingIo);
    console.log('default thread pool', bytes.length);

    const threads = new ThreadPoolExecutor();
    yield* asyncio.asyncWith(threads, function* (pool) {
      console.log('custom thread pool', (yield* loop.runInExecutor(pool, blockingIo)).length);
    });

    const processes = new ProcessPoolExecutor();
    yield* asyncio.asyncWith(processes, function* (pool) {
      console.log('custom process pool', String(yield* loop.runInExecutor(pool, cpuBound, 10 ** 7)));
    });

    try {
      yield* asyncio.waitFor(asyncio.toThread(cpuBound, Number.MAX_SAFE_INTEGER), 0.2);
    } catch (error) {
      console.log(`${error}, and the thread has been stopped`);
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const loop = asyncio.getRunningLoop();

    const bytes = await loop.runInExecutor(null, blockingIo);
    console.log('default thread pool', bytes.length);

    {
      await using pool = new ThreadPoolExecutor();
      console.log('custom thread pool', (await loop.runInExecutor(pool, blockingIo)).length);
    }

    {
      await using pool = new ProcessPoolExecutor();
      console.log('custom process pool', String(await loop.runInExecutor(pool, cpuBound, 10 ** 7)));
    }

    try {
      await asyncio.waitFor(asyncio.toThread(cpuBound, Number.MAX_SAFE_INTEGER), 0.2);
    } catch (error) {
      console.log(`${error}, and the thread has been stopped`);
    }
  }

  await asyncio.run(main);
}

export const output = [
  'default thread pool 100',
  'custom thread pool 100',
  'custom process pool 333333283333335000000',
  'TimeoutError, and the thread has been stopped',
];
