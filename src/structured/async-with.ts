/**
 * `asyncWith`: Python's `async with`, in both styles.
 *
 * The manager is entered, the body runs, the manager is left whatever happened; it sees the error of the body and may swallow it by returning
 * true. Source: Python reference, "The async with statement"; PEP 492.
 */
import type { Awaitable, Coroutine } from '../core/awaitable.ts';
import {
  type CoroutineObject,
  FunctionCoroutine,
  isAwaitable,
  isGeneratorFunction,
  LazyCoroutine,
} from '../core/coroutine.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { describe } from '../core/repr.ts';

/** What entering, leaving and bodies may return: something to await, of either style. */
export type Eventually<T> = Coroutine<T> | Awaitable<T> | PromiseLike<T>;

/** Python's asynchronous context manager: `__aenter__` and `__aexit__`. */
export interface AsyncContextManager<T> {
  /** Begin; the result is what the body is given. */
  aenter(): Eventually<T>;
  /** End. `error` is what the body threw, or `undefined`. @returns true to swallow the error. */
  aexit(error?: unknown): Eventually<unknown>;
}

/** What `asyncWith` takes: a context manager, or anything disposable (which is given to the body itself). */
export type Manageable<T> = AsyncContextManager<T> | (T & (AsyncDisposable | Disposable));

/** A context manager for anything that `asyncWith` takes. */
export function toManager<T>(manageable: Manageable<T>): AsyncContextManager<T> {
  const manager = manageable as
    | Partial<AsyncContextManager<T> & AsyncDisposable & Disposable>
    | null
    | undefined;
  if (typeof manager?.aenter === 'function' && typeof manager.aexit === 'function')
    return manager as AsyncContextManager<T>;
  const dispose = manager?.[Symbol.asyncDispose] ?? manager?.[Symbol.dispose];
  if (typeof dispose === 'function') {
    return {
      *aenter() {
        return manageable as T;
      },
      *aexit() {
        const end: unknown = dispose.call(manageable);
        if (end !== undefined && end !== null) yield* eventually(end as Eventually<void>);
      },
    };
  }
  throw new TypeError(
    `${describe(manageable)} cannot be used with asyncWith(): it needs aenter() and aexit(error), or Symbol.asyncDispose`,
  );
}

/** Wait for what a function of the user's returned. */
export function* eventually<T>(started: Eventually<T>): Coroutine<T> {
  if (isAwaitable<T>(started)) return yield* started;
  return yield* ensureFutureOn<T>(null, started as PromiseLike<T>);
}

/**
 * Run `body` inside of `manager`.
 *
 * ```ts
 * yield* asyncio.asyncWith(lock, function* () { ... });
 * await asyncio.asyncWith(new asyncio.TaskGroup(), async (group) => { ... });
 * ```
 * @returns what the body returned; `undefined` where the manager swallowed its error.
 */
export function asyncWith<T, R>(
  manager: Manageable<T>,
  body: (value: T) => Eventually<R>,
): CoroutineObject<R> {
  if (typeof body !== 'function') {
    throw new TypeError(
      `asyncWith() needs a generator function or an async function as its body, not ${describe(body)}`,
    );
  }
  return new LazyCoroutine<R>(within as never, undefined, [toManager(manager), body]);
}

Object.defineProperty(within, 'name', { value: 'asyncWith' });

function* within<T, R>(manager: AsyncContextManager<T>, body: (value: T) => Eventually<R>): Coroutine<R> {
  const entering = manager.aenter();
  const value = isAwaitable<T>(entering) ? yield* entering : yield* eventually(entering);
  let result: R;
  try {
    if (isGeneratorFunction(body)) result = yield* body(value) as Coroutine<R>;
    else
      result = yield* new FunctionCoroutine<R>(body as (...args: never[]) => Eventually<R>, undefined, [
        value,
      ]);
  } catch (error) {
    if ((yield* eventually(manager.aexit(error))) === true) return undefined as never;
    throw error;
  }
  const leaving = manager.aexit();
  if (isAwaitable(leaving)) yield* leaving;
  else yield* eventually(leaving);
  return result;
}
