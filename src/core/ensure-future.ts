/**
 * Anything that can be awaited, as a future: tasks for coroutines and functions, wrapped promises for promises.
 *
 * Source: Python docs, "Futures", `ensure_future`, `wrap_future`.
 */
import type { Awaitable, Coroutine, CoroutineLike, Waitable } from './awaitable.ts';
import { isAwaitable, isCoroutine, isPromiseLike } from './coroutine.ts';
import { CancelledError, RuntimeError, ValueError } from './errors.ts';
import { CANCELLED, Future } from './future.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task, TaskOptions } from './task.ts';

/** How work outside of the loop becomes a future of a loop; a promise would not do where cancelling the future must reach the work. */
export const inLoop: unique symbol = Symbol('asyncio.inLoop');

/** Work outside of the loop that knows how to be followed from inside: a future of an executor. */
export interface OutsideWork<T> extends PromiseLike<T> {
  /** @internal A future of `loop` that follows the work; its cancellation ends the work. */
  [inLoop](loop: Scheduler): Future<T>;
}

function isOutsideWork<T>(value: unknown): value is OutsideWork<T> {
  return typeof (value as Partial<OutsideWork<T>> | null)?.[inLoop] === 'function';
}

/** @internal The same as `ensureFuture`, on a given loop; with options from `Scheduler._taskOptions` for a task that has to be made. */
export function ensureFutureOn<T>(
  loop: Scheduler | null,
  awaitable: Waitable<T>,
  options?: TaskOptions,
): Future<T> {
  if (awaitable instanceof Future) {
    if (loop !== null && awaitable._loop !== loop) {
      throw new ValueError(
        'The future belongs to a different loop than the one specified as the loop argument',
      );
    }
    return awaitable as Future<T>;
  }
  const isCoro = isCoroutine(awaitable) || typeof awaitable === 'function';
  if (!isCoro && !isPromiseLike(awaitable)) {
    throw new TypeError(
      `An asyncio.Future, a coroutine or an awaitable is required, got ${describe(awaitable)}: call the coroutine function, or pass a promise`,
    );
  }
  const target = loop ?? running.loop ?? running.chosen;
  if (target === null) throw new RuntimeError('no running event loop');
  if (isCoro) return target.createTask(awaitable as CoroutineLike<T>, options);
  if (isOutsideWork<T>(awaitable)) return awaitable[inLoop](target);
  if (isAwaitable<T>(awaitable)) return target.createTask<T>(wrapAwaitable(awaitable), options);
  return new PromiseFuture<T>(target, awaitable as PromiseLike<T>);
}

/** Anything with both protocols, as a coroutine. */
export function* wrapAwaitable<T>(awaitable: Awaitable<T>): Coroutine<T> {
  return yield* awaitable;
}

/**
 * A future for `awaitable`: itself where it is one, a task for a coroutine or coroutine function, a future that follows a promise.
 * @throws {TypeError} where it cannot be awaited.
 */
export function ensureFuture<T>(awaitable: Task<T>, options?: { readonly loop?: Scheduler }): Task<T>;
export function ensureFuture<T>(awaitable: Future<T>, options?: { readonly loop?: Scheduler }): Future<T>;
export function ensureFuture<T>(
  awaitable: CoroutineLike<T>,
  options?: { readonly loop?: Scheduler },
): Task<T>;
export function ensureFuture<T>(awaitable: Waitable<T>, options?: { readonly loop?: Scheduler }): Future<T>;
export function ensureFuture<T>(
  awaitable: Waitable<T>,
  options: { readonly loop?: Scheduler } = {},
): Future<T> {
  return ensureFutureOn(options.loop ?? null, awaitable);
}

/**
 * A future that follows a promise, or a future of an executor, whose job ends when this future is cancelled. Cancelling one that
 * follows a promise stops the waiting, not the work behind the promise: give the work an `AbortSignal` for that (`currentTask().signal`). A rejection that comes after a cancellation is reported, unless it only tells of the cancellation.
 *
 * ```ts
 * const text = yield* asyncio.wrapFuture(fetch(url).then((r) => r.text()));
 * ```
 */
export function wrapFuture<T>(
  promise: PromiseLike<T>,
  options: { readonly loop?: Scheduler } = {},
): Future<T> {
  if (promise instanceof Future) return promise as Future<T>;
  const loop = options.loop ?? running.loop ?? running.chosen;
  if (loop === null) throw new RuntimeError('no running event loop');
  if (isOutsideWork<T>(promise)) return promise[inLoop](loop);
  if (!isPromiseLike(promise)) throw new TypeError(`a promise is expected, got ${describe(promise)}`);
  return new PromiseFuture(loop, promise);
}

/** Is `value` a future or task of this library? */
export function isFuture(value: unknown): value is Future<unknown> {
  return value instanceof Future;
}

class PromiseFuture<T> extends Future<T> {
  constructor(loop: Scheduler, promise: PromiseLike<T>) {
    super({ loop });
    loop._foreign++;
    promise.then(
      (value) => {
        loop._foreign--;
        if (!this.done() && !loop.isClosed()) this.setResult(value);
      },
      (reason: unknown) => {
        loop._foreign--;
        if (this._state === CANCELLED || loop.isClosed()) this.#late(reason);
        else if (reason instanceof CancelledError) this.cancel(...reason.args);
        else if (!this.done()) this._fail(reason);
      },
    );
  }

  #late(reason: unknown): void {
    const name = (reason as { readonly name?: unknown } | null | undefined)?.name;
    if (reason instanceof CancelledError || name === 'AbortError') return;
    this._loop.callExceptionHandler({
      message: `A promise was rejected after ${this._state === CANCELLED ? 'the future that followed it had been cancelled' : 'its event loop had been closed'}`,
      exception: reason,
      future: this,
    });
  }
}
