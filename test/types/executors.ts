/** What the compiler infers of jobs. */
import { readFileSync } from 'node:fs';
import * as asyncio from 'asyncio-ts';
import {
  asCompleted,
  type Future,
  type JobContext,
  job,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  transfer,
  wait,
} from 'asyncio-ts/futures';
import { same } from './expect.ts';

const pool = new ThreadPoolExecutor({ maxWorkers: 2, initializer: (n: number) => n, initargs: [1] });
new ProcessPoolExecutor({ execArgv: [], env: { A: 'b' } });

// ---- submit -------------------------------------------------------------------------------------------------------------------------

const plain = pool.submit((a: number, b: string) => b.repeat(a), 2, 'x');
same<typeof plain, Future<string>>();
const later = pool.submit(async (a: number) => [a], 2);
same<typeof later, Future<number[]>>();
const coroutine = pool.submit(function* (a: number): asyncio.Coroutine<bigint> {
  return BigInt(a);
}, 2);
same<typeof coroutine, Future<bigint>>();
const moved = pool.submit((a: Uint8Array) => transfer(a), transfer(new Uint8Array(1)));
same<typeof moved, Future<Uint8Array<ArrayBufferLike>>>();
const withJob = pool.submit(function (this: JobContext) {
  return this.signal;
});
same<typeof withJob, Future<AbortSignal>>();
const text = pool.submit(readFileSync, '/etc/hosts', 'utf8');
same<typeof text, Future<string>>();
const declared = job(import.meta.url, 'declared', (a: number) => a > 1);
same<typeof declared, (a: number) => boolean>();
// @ts-expect-error arguments are checked
pool.submit((a: number) => a, 'x');
// @ts-expect-error and counted
pool.submit((a: number) => a);

// ---- results ------------------------------------------------------------------------------------------------------------------------

const blocked = plain.result(1);
same<typeof blocked, string>();
const promised = plain.then((value) => value.length);
same<typeof promised, Promise<number>>();
const [done] = wait([plain], { timeout: 1 });
same<typeof done, Set<Future<string>>>();
for (const future of asCompleted([plain])) same<typeof future, Future<string>>();

// ---- map ----------------------------------------------------------------------------------------------------------------------------

for (const value of pool.map((n: number) => String(n), [1, 2], { chunksize: 2, timeout: null }))
  same<typeof value, string>();
for (const value of pool.map((n: number, s: string) => s.repeat(n), [1, 2], new Set(['a'])))
  same<typeof value, string>();
for await (const value of pool.map(async (n: number) => n, [1])) same<typeof value, number>();
// @ts-expect-error items are checked
pool.map((n: number) => n, ['a']);

// ---- from a loop --------------------------------------------------------------------------------------------------------------------

export function* inLoop() {
  const loop = asyncio.getRunningLoop();
  const ran = loop.runInExecutor(null, (a: number) => a, 1);
  same<typeof ran, asyncio.Future<number>>();
  const read = yield* asyncio.toThread(readFileSync, '/etc/hosts', 'utf8');
  same<typeof read, string>();
  const threaded = yield* asyncio.toThread(async (a: number) => [a], 1);
  same<typeof threaded, number[]>();
  const wrapped = asyncio.asyncify((a: number) => a > 1, { executor: pool });
  const answer = yield* wrapped(3);
  same<typeof answer, boolean>();
  const followed = yield* asyncio.wrapFuture(plain);
  same<typeof followed, string>();
  const direct = yield* plain;
  same<typeof direct, string>();
  const sent = asyncio.runCoroutineThreadsafe(asyncio.sleep(1, 'x'), loop);
  same<typeof sent, Future<string>>();
  // @ts-expect-error arguments are checked
  asyncio.toThread((a: number) => a, 'x');
}
