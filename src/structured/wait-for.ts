/**
 * `waitFor`: one awaitable with a time limit.
 *
 * A coroutine runs in the caller's own task, as in Python since 3.12. Source: Python docs, "Coroutines and Tasks", "Timeouts".
 */
import type { Coroutine, Waitable } from '../core/awaitable.ts';
import { type CoroutineObject, isAwaitable, LazyCoroutine, toCoroutine } from '../core/coroutine.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { CancelledError, TimeoutError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { asyncWith } from './async-with.ts';
import { timeout } from './timeout.ts';
import { cancelAndWait } from './wait.ts';

/**
 * Wait for `awaitable` for at most `seconds`; then cancel it, wait until it has ended, and fail.
 *
 * ```ts
 * const reply = yield* asyncio.waitFor(ask(), 1.5);
 * ```
 * @param seconds the limit; `null` for none; zero or less: only what is done already counts.
 * @throws {TimeoutError} when the time runs out.
 */
export function waitFor<T>(awaitable: Waitable<T>, seconds: number | null): CoroutineObject<T> {
  if (seconds !== null && typeof seconds !== 'number') {
    throw new TypeError(
      `waitFor() needs a time limit in seconds, as a number, or null, not ${describe(seconds)}`,
    );
  }
  if (seconds !== null && Number.isNaN(seconds))
    throw new ValueError('waitFor() needs a time limit in seconds, not NaN (not a number)');
  return new LazyCoroutine<T>(limited as never, undefined, [awaitable, seconds]);
}

Object.defineProperty(limited, 'name', { value: 'waitFor' });

function* limited<T>(awaitable: Waitable<T>, seconds: number | null): Coroutine<T> {
  if (seconds === null) return yield* inline(awaitable);
  if (seconds > 0)
    return yield* asyncWith(timeout(seconds), function* () {
      return yield* inline(awaitable);
    });
  const future = ensureFutureOn<T>(null, awaitable);
  if (future.done()) return future.result();
  yield* cancelAndWait(future);
  try {
    return future.result();
  } catch (error) {
    if (error instanceof CancelledError) throw new TimeoutError('', { cause: error });
    throw error;
  }
}

/** Wait for anything in the current task. */
export function* inline<T>(awaitable: Waitable<T>): Coroutine<T> {
  if (isAwaitable<T>(awaitable)) return yield* awaitable;
  if (typeof awaitable === 'function') return yield* toCoroutine<T>(awaitable);
  return yield* ensureFutureOn<T>(null, awaitable);
}
