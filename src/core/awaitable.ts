/**
 * The types of everything that can be awaited, and of what a coroutine hands to the task that drives it.
 *
 * A coroutine is a generator: `yield*` is Python's `await`. It hands out a `Future` to wait for, or `null` to give way for one iteration of
 * the loop. Whatever the library lets you wait for is an `Awaitable`, for `yield*` and for `await` alike.
 * Source: Python docs, "Coroutines and Tasks", "Awaitables"; PEP 492.
 */
import type { CoroutineObject } from './coroutine.ts';
import type { Future } from './future.ts';

/** What a suspended coroutine hands to its task: a future to wait for, or `null` to give way for one loop iteration. */
export type Suspension = Future<unknown> | null;

/** What a generator coroutine function returns when it is called. It runs nothing until it is awaited or made a task. */
export type Coroutine<T> = Generator<Suspension, T, unknown>;

/** Something to wait for, through `yield*` in a generator coroutine or `await` in an async function. */
export interface Awaitable<T> extends PromiseLike<T> {
  [Symbol.iterator](): Iterator<Suspension, T, unknown>;
}

/** A coroutine that has not started: a generator, a lazy coroutine object, or a coroutine function without parameters. */
export type CoroutineLike<T> =
  | Coroutine<T>
  | CoroutineObject<T>
  | (() => Coroutine<T> | CoroutineObject<T> | Promise<T>);

/** Whatever `gather`, `wait`, `shield`, `waitFor` and `ensureFuture` take. */
export type Waitable<T> = CoroutineLike<T> | Awaitable<T> | PromiseLike<T>;

/** The type of the result of a `Waitable`. */
export type ResultOf<W> =
  W extends Generator<infer _S, infer T, infer _N>
    ? T
    : W extends PromiseLike<infer T>
      ? T
      : W extends () => infer R
        ? ResultOf<R>
        : never;
