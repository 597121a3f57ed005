/**
 * The steps of an asynchronous iteration, as futures: `for await` and `asyncFor` wait for them, inside of a loop as a part of the task, so that it
 * can be cancelled there; outside of one as promises.
 */
import { Future } from './future.ts';

/** An async iterator whose steps are futures, for both styles. */
export interface Steps<T> extends AsyncIterableIterator<T, undefined> {
  return(): Promise<IteratorResult<T, undefined>>;
}

/** Steps out of functions that give futures; to the compiler, a step of an async iterator is a promise. */
export function stepsOf<T>(
  next: () => Future<IteratorResult<T, undefined>>,
  leave: () => IteratorResult<T, undefined>,
): Steps<T> {
  const steps = {
    next,
    return: () => completed(leave()),
    [Symbol.asyncIterator]: () => steps,
  };
  return steps as unknown as Steps<T>;
}

/** A future that is done. */
function completed<T>(value: T): Future<T> {
  const future = new Future<T>();
  future.setResult(value);
  return future;
}

/**
 * A future for what `look` gives once it gives something, which is asked at once and whenever `wake` was called.
 * @param subscribe takes the function to call when there is news, or `null` when it is not needed any more.
 * @param end when to give up, in milliseconds of `performance.now()`; the error is then `late()`.
 */
export function eventually<T>(
  subscribe: (wake: (() => void) | null) => void,
  look: () => T | null,
  end: number,
  late: () => unknown,
): Future<T> {
  const future = new Future<T>();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const settle = (complete: () => void): void => {
    over = true;
    subscribe(null);
    clearTimeout(timer);
    if (!future.done()) complete();
  };
  const check = (): void => {
    // Once there is an answer, looking would take what is the next one's.
    if (over) return;
    try {
      const found = look();
      if (found !== null) settle(() => future.setResult(found));
    } catch (error) {
      settle(() => future.setException(error));
    }
  };
  subscribe(check);
  check();
  if (future.done()) return future;
  if (end !== Infinity)
    timer = setTimeout(() => settle(() => future.setException(late())), Math.max(end - performance.now(), 0));
  future.addDoneCallback((done) => {
    if (done.cancelled()) settle(() => {});
  });
  return future;
}
