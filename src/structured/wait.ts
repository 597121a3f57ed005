/**
 * `wait`: wait until some or all of several futures are done, without cancelling any and without looking at their results.
 *
 * Source: Python docs, "Coroutines and Tasks", "Waiting Primitives".
 */
import type { Coroutine, ResultOf, Waitable } from '../core/awaitable.ts';
import { type CoroutineObject, isCoroutine, LazyCoroutine } from '../core/coroutine.ts';
import { ensureFutureOn, isFuture } from '../core/ensure-future.ts';
import { ValueError } from '../core/errors.ts';
import { DoneEntry, FAILED, type Future, setResultUnlessDone, type Watcher } from '../core/future.ts';
import { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from '../core/graph.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask } from '../core/task.ts';

export const FIRST_COMPLETED = 'FIRST_COMPLETED';
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION';
export const ALL_COMPLETED = 'ALL_COMPLETED';
/** When `wait` returns. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** How long to wait, and for what. */
export interface WaitOptions {
  /** In seconds; by default there is no limit. When it runs out nothing is thrown and nothing cancelled. */
  readonly timeout?: number | null | undefined;
  /** By default `ALL_COMPLETED`. */
  readonly returnWhen?: ReturnWhen | undefined;
}

type FutureOf<W> = W extends Future<unknown> ? W : Future<ResultOf<W>>;

/**
 * Wait for `futures`.
 *
 * ```ts
 * const [done, pending] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_COMPLETED, timeout: 5 });
 * ```
 * @returns the sets of those that are done and of those that are not.
 * @throws {ValueError} where there are none, or `returnWhen` is unknown; {TypeError} where there is a bare coroutine among them: make it a task.
 */
export function wait<W extends Waitable<unknown>>(
  futures: Iterable<W>,
  options: WaitOptions = {},
): CoroutineObject<[done: Set<FutureOf<W>>, pending: Set<FutureOf<W>>]> {
  return new LazyCoroutine<[Set<FutureOf<W>>, Set<FutureOf<W>>]>(waitAll as never, undefined, [
    futures,
    options,
  ]);
}

Object.defineProperty(waitAll, 'name', { value: 'wait' });

function* waitAll(
  fs: Iterable<Waitable<unknown>>,
  options: WaitOptions,
): Coroutine<[Set<Future<unknown>>, Set<Future<unknown>>]> {
  if (
    isCoroutine(fs) ||
    isFuture(fs) ||
    typeof (fs as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function'
  ) {
    throw new TypeError(`expect a list of futures, not ${describe(fs)}`);
  }
  const all = new Set(fs);
  if (all.size === 0) throw new ValueError('Set of Tasks/Futures is empty.');
  const { timeout = null, returnWhen = ALL_COMPLETED } = options;
  if (returnWhen !== ALL_COMPLETED && returnWhen !== FIRST_COMPLETED && returnWhen !== FIRST_EXCEPTION) {
    throw new ValueError(`Invalid return_when value: ${describe(returnWhen)}`);
  }
  for (const one of all) {
    if (isCoroutine(one) || typeof one === 'function') {
      throw new TypeError('Passing coroutines is forbidden, use tasks explicitly.');
    }
  }
  const loop = running.loop as Scheduler;
  const futures = new Set([...all].map((one) => ensureFutureOn(loop, one)));
  return yield* waitFutures(futures, timeout, returnWhen, loop);
}

/** Wait for futures of `loop`. Those that are done already count when their callbacks run, in the next iteration, as any other. */
function* waitFutures(
  futures: Set<Future<unknown>>,
  timeout: number | null,
  returnWhen: ReturnWhen,
  loop: Scheduler,
): Coroutine<[Set<Future<unknown>>, Set<Future<unknown>>]> {
  const waiter = loop.createFuture<void>();
  const timer =
    timeout === null ? null : loop.callLater(timeout, setResultUnlessDone<void>, waiter, undefined);
  const task = currentTask();
  let left = futures.size;
  const watcher: Watcher = { _futureDone };
  function _futureDone(future: Future<unknown>): void {
    left--;
    const stop =
      left === 0 ||
      returnWhen === FIRST_COMPLETED ||
      (returnWhen === FIRST_EXCEPTION && future._state === FAILED);
    if (!stop) return;
    timer?.cancel();
    setResultUnlessDone<void>(waiter, undefined);
  }
  const entries: DoneEntry[] = [];
  for (const future of futures) {
    entries.push(new DoneEntry(future, watcher));
    if (task !== null) futureAddToAwaitedBy(future, task);
  }
  try {
    yield* waiter;
  } finally {
    timer?.cancel();
    for (const entry of entries) entry.remove();
    if (task !== null) for (const future of futures) futureDiscardFromAwaitedBy(future, task);
  }
  const done = new Set<Future<unknown>>();
  const pending = new Set<Future<unknown>>();
  for (const future of futures) (future.done() ? done : pending).add(future);
  return [done, pending];
}

/** Cancel `future`, and wait until it is done, whatever becomes of it. */
export function* cancelAndWait(future: Future<unknown>): Coroutine<void> {
  const waiter = future._loop.createFuture<void>();
  const entry = new DoneEntry(future, { _futureDone: () => setResultUnlessDone<void>(waiter, undefined) });
  try {
    future.cancel();
    yield* waiter;
  } finally {
    entry.remove();
  }
}
