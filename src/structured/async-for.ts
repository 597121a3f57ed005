/**
 * `asyncFor`: Python's `async for`, for generator coroutines; and `aclosing`.
 *
 * An iterator that is left early, by `BREAK`, by an error or by cancellation, is closed before `asyncFor` ends. Async generators that
 * are being iterated are known to the loop, so `shutdownAsyncgens` can close what a dying program left open.
 * Source: Python reference, "The async for statement"; PEP 492, PEP 525; `contextlib.aclosing`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import {
  type CoroutineObject,
  FunctionCoroutine,
  isGeneratorFunction,
  LazyCoroutine,
} from '../core/coroutine.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { type AsyncContextManager, type Eventually, eventually } from './async-with.ts';

/** Return this from the body of `asyncFor` to leave the loop. */
export const BREAK: unique symbol = Symbol('asyncio.BREAK');

type Body<T> = (item: T) => unknown;
type Source<T> = AsyncIterable<T> | Iterable<T>;

/** An async iterator as the library's own give: `next` may return an awaitable, not only a promise. */
interface Steps<T> {
  next(): Eventually<IteratorResult<T>> | IteratorResult<T>;
  return?(): Eventually<IteratorResult<T>> | IteratorResult<T>;
}

/**
 * Run `body` for each item. The body is a generator function, an async function or a plain one.
 *
 * ```ts
 * yield* asyncio.asyncFor(reader, function* (line) {
 *   if (line.length === 0) return asyncio.BREAK;
 *   yield* handle(line);
 * });
 * ```
 */
export function asyncFor<T>(iterable: Source<T>, body: Body<T>): CoroutineObject<void> {
  if (typeof body !== 'function')
    throw new TypeError(`asyncFor() needs a function as its body, not ${describe(body)}`);
  return new LazyCoroutine<void>(each as never, undefined, [iterable, body]);
}

Object.defineProperty(each, 'name', { value: 'asyncFor' });

function iteratorOf<T>(iterable: Source<T>): Steps<T> {
  const source = iterable as Partial<AsyncIterable<T> & Iterable<T>> | null | undefined;
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.();
  if (iterator === undefined) {
    throw new TypeError(`asyncFor() needs an async iterable or an iterable, not ${describe(iterable)}`);
  }
  return iterator as Steps<T>;
}

function* each<T>(iterable: Source<T>, body: Body<T>): Coroutine<void> {
  const iterator = iteratorOf(iterable);
  const loop = running.loop as Scheduler;
  const closable = typeof iterator.return === 'function' ? (iterator as never) : null;
  if (closable !== null) loop._asyncgenStarted(closable);
  // An iterator that fails or ends closes itself; one that is left while the body runs must be told.
  let inBody = false;
  try {
    for (;;) {
      const step = yield* call<IteratorResult<T>>(() => iterator.next());
      if (step.done === true) return;
      inBody = true;
      const answer = isGeneratorFunction(body)
        ? yield* body(step.value) as Coroutine<unknown>
        : yield* call<unknown>(() => body(step.value));
      if (answer === BREAK) return;
      inBody = false;
    }
  } finally {
    if (closable !== null) loop._asyncgenEnded(closable);
    if (inBody && iterator.return !== undefined) yield* call(() => iterator.return?.());
  }
}

/** Call a function of either style, or a plain one, as a part of the current task. */
function* call<T>(fn: () => unknown): Coroutine<T> {
  const result: unknown = yield* new FunctionCoroutine(fn as () => Coroutine<unknown>, undefined, [], true);
  return result as T;
}

/** A context manager that closes `iterator` at the end of the block: `asyncWith(aclosing(generate()), function* (items) { ... })`. */
export function aclosing<
  T extends { return?(value?: undefined): Eventually<unknown> } | { aclose(): Eventually<unknown> },
>(iterator: T): AsyncContextManager<T> {
  return {
    *aenter() {
      return iterator;
    },
    *aexit() {
      const closable = iterator as {
        aclose?(): Eventually<unknown>;
        return?(value?: undefined): Eventually<unknown>;
      };
      const end = closable.aclose?.() ?? closable.return?.(undefined);
      if (end !== undefined) yield* eventually(end);
    },
  };
}
