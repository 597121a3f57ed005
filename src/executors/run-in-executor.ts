/**
 * A loop's way into executors: `runInExecutor`, `toThread`, `asyncify`; and the way back, `runCoroutineThreadsafe`.
 *
 * The future of a job belongs to the loop: cancelling it, or the task that waits for it, stops the job. Context variables stay here: a worker has
 * variables of its own, and a job gets what it needs as arguments. Source: Python docs, "Event Loop", "Executing code in thread or process pools";
 * "Coroutines and Tasks", "Running in Threads", "Scheduling From Other Threads".
 */
import type { Coroutine, Waitable } from '../core/awaitable.ts';
import { CoroutineObject, isCoroutine, LazyCoroutine } from '../core/coroutine.ts';
import { ensureFutureOn, wrapFuture } from '../core/ensure-future.ts';
import type { Future as LoopFuture } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { ExecutorLike } from '../core/shutdown.ts';
import type { JobArguments, JobFunction, JobResult } from './executor.ts';
import { Future } from './future.ts';
import type { OverloadArguments, OverloadResult } from './overloads.ts';
import { ThreadPoolExecutor } from './thread-pool.ts';

/** The executor of a loop that was given none. */
function newDefaultExecutor(): ExecutorLike {
  return new ThreadPoolExecutor({ threadNamePrefix: 'asyncio' });
}

/** `loop.runInExecutor`. */
export function runInExecutor(
  loop: Scheduler,
  executor: ExecutorLike | null,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): LoopFuture<unknown> {
  loop._checkClosed();
  if (executor !== null && typeof (executor as Partial<ExecutorLike> | undefined)?.submit !== 'function')
    throw new TypeError(`runInExecutor() needs an executor or null, not ${describe(executor)}`);
  const chosen = executor ?? loop._defaultExecutor(newDefaultExecutor);
  return wrapFuture(chosen.submit(fn, ...args), { loop });
}

function* inThread(fn: (...args: never[]) => unknown, args: readonly unknown[]): Coroutine<unknown> {
  return yield* runInExecutor(running.loop as Scheduler, null, fn, args);
}
Object.defineProperty(inThread, 'name', { value: 'toThread' });

/**
 * Run `fn(...args)` in a thread of the loop's default executor, so that it does not keep the loop waiting. See `docs/executors.md` for what can travel.
 *
 * ```ts
 * const total = yield* asyncio.toThread((n: number) => n ** 2, 12);
 * ```
 */
export function toThread<A extends readonly unknown[], R>(
  fn: JobFunction<A, R>,
  ...args: JobArguments<A>
): CoroutineObject<JobResult<R>>;
export function toThread<F extends (...args: never[]) => unknown, const A extends OverloadArguments<F>>(
  fn: F,
  ...args: A
): CoroutineObject<JobResult<OverloadResult<F, A>>>;
export function toThread(
  fn: (...args: never[]) => unknown,
  ...args: readonly unknown[]
): CoroutineObject<unknown> {
  return new LazyCoroutine<unknown>(inThread as never, undefined, [fn, args]);
}

/**
 * Make a coroutine function of one that blocks: each call runs it in `executor`, by default that of the running loop.
 *
 * ```ts
 * const readText = asyncio.asyncify((path: string) => process.getBuiltinModule('node:fs').readFileSync(path, 'utf8'));
 * const text = yield* readText('/etc/hosts');
 * ```
 */
export function asyncify<A extends readonly unknown[], R>(
  fn: JobFunction<A, R>,
  options: { readonly executor?: ExecutorLike | null | undefined } = {},
): (...args: JobArguments<A>) => CoroutineObject<JobResult<R>> {
  if (typeof fn !== 'function') throw new TypeError(`asyncify() needs a function, not ${describe(fn)}`);
  const { executor = null } = options;
  function* call(args: JobArguments<A>): Coroutine<unknown> {
    return yield* runInExecutor(running.loop as Scheduler, executor, fn as never, args);
  }
  Object.defineProperty(call, 'name', { value: fn.name });
  const wrapped = (...args: JobArguments<A>): CoroutineObject<JobResult<R>> =>
    new LazyCoroutine<JobResult<R>>(call as never, undefined, [args]);
  return Object.defineProperty(wrapped, 'name', { value: fn.name });
}

/**
 * Run a coroutine on `loop` from outside of it: from a callback of the host, or from code that has no loop of its own. The future of an executor that
 * comes back is cancelled with the coroutine, and cancelling it cancels the coroutine.
 *
 * Blocking for its result on the loop's own thread would be a deadlock, and is refused as one. Other threads have loops of their own and cannot reach
 * this one; they send messages.
 * @throws {TypeError} where `coro` is no coroutine.
 */
export function runCoroutineThreadsafe<T>(coro: Waitable<T>, loop: Scheduler): Future<T> {
  const isFunction = typeof coro === 'function';
  if (!isFunction && !isCoroutine(coro) && !(coro instanceof CoroutineObject))
    throw new TypeError(`A coroutine object is required, got ${describe(coro)}`);
  let inner: LoopFuture<T> | null = null;
  const cancelInner = (): void => {
    if (!loop.isClosed()) loop.callSoonThreadsafe(() => inner?.cancel());
  };
  // As in Python it stays pending while the coroutine runs, so that it can be cancelled all the time.
  const outer = new Future<T>({ _isElsewhere: false, _dropped: cancelInner, _stop: cancelInner });
  loop.callSoonThreadsafe(() => {
    try {
      inner = ensureFutureOn(loop, coro);
    } catch (error) {
      if (outer.setRunningOrNotifyCancel()) outer.setException(error);
      return;
    }
    inner.addDoneCallback((done) => {
      if (done.cancelled()) {
        outer.cancel();
        return;
      }
      const error = done.exception();
      if (!outer.setRunningOrNotifyCancel()) return;
      if (error === null) outer.setResult(done.result());
      else outer.setException(error);
    });
  });
  return outer;
}
