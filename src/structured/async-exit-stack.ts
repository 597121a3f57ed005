/**
 * `AsyncExitStack`: several context managers, entered one by one and left in reverse, whatever happens.
 *
 * Each one sees the error that is on its way out and may swallow it or put another in its place, exactly as nested `asyncWith` would.
 * Source: Python docs, "contextlib", `AsyncExitStack`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { type Eventually, eventually, type Manageable, toManager } from './async-with.ts';

type Exit = (error?: unknown) => unknown;

function isThenable(value: unknown): value is Eventually<unknown> {
  return typeof value === 'object' && value !== null;
}

export class AsyncExitStack {
  #exits: Exit[] = [];

  /** Enter a manager; it is left when the stack is. @returns what entering it gave. */
  enterAsyncContext<T>(manager: Manageable<T>): CoroutineObject<T> {
    return new LazyCoroutine<T>(this.#enter as never, this, [manager]);
  }

  *#enter<T>(manageable: Manageable<T>): Coroutine<T> {
    const manager = toManager(manageable);
    const value = yield* eventually(manager.aenter());
    this.#exits.push((error) => manager.aexit(error));
    return value;
  }

  /** Leave `manager`, which was entered elsewhere, when the stack is left. Also takes a bare exit function. */
  pushAsyncExit<M extends Manageable<unknown> | Exit>(manager: M): M {
    if (typeof manager === 'function') {
      this.#exits.push(manager as Exit);
    } else {
      const made = toManager(manager as Manageable<unknown>);
      this.#exits.push((error) => made.aexit(error));
    }
    return manager;
  }

  /** Call `fn` with `args` when the stack is left, of either style or plain. It does not see errors. */
  pushAsyncCallback<A extends readonly unknown[]>(
    fn: (...args: A) => unknown,
    ...args: A
  ): (...args: A) => unknown {
    this.#exits.push(() => {
      const result = fn(...args);
      return isThenable(result) ? wait(result) : undefined;
    });
    return fn;
  }

  /** Hand everything over to a new stack, and forget it here. */
  popAll(): AsyncExitStack {
    const stack = new AsyncExitStack();
    stack.#exits = this.#exits;
    this.#exits = [];
    return stack;
  }

  /** Leave everything now. */
  aclose(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#close, this);
  }

  *#close(): Coroutine<void> {
    yield* this.aexit();
  }

  /** Enter `asyncWith`. */
  *aenter(): Coroutine<AsyncExitStack> {
    return this;
  }

  /** Leave `asyncWith`. */
  *aexit(...raised: [] | [unknown]): Coroutine<boolean> {
    let pending: { readonly error: unknown } | null =
      raised.length === 0 || raised[0] === undefined ? null : { error: raised[0] };
    const received = pending !== null;
    let replaced = false;
    for (let exit = this.#exits.pop(); exit !== undefined; exit = this.#exits.pop()) {
      try {
        const answer = exit(pending?.error);
        const swallowed = isThenable(answer) ? yield* eventually(answer) : answer;
        if (pending !== null && swallowed === true) {
          pending = null;
          replaced = false;
        }
      } catch (error) {
        pending = { error };
        replaced = true;
      }
    }
    if (pending !== null && replaced) throw pending.error;
    return received && pending === null;
  }

  /** Leave everything at the end of an `await using` block. */
  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.aclose();
  }
}

function* wait(result: Eventually<unknown>): Coroutine<undefined> {
  yield* eventually(result);
  return undefined;
}
