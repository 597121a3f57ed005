/**
 * `shield`: wait for something without passing a cancellation on to it.
 *
 * The inner future goes on; if it fails after the wait was cancelled and nobody else asks for it, that is reported as never retrieved. Source: Python docs,
 * "Coroutines and Tasks", "Shielding From Cancellation".
 */
import type { Waitable } from '../core/awaitable.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { CANCELLED, DoneEntry, FAILED, FINISHED, Future } from '../core/future.ts';
import { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from '../core/graph.ts';
import { running } from '../core/running.ts';
import { currentTask } from '../core/task.ts';

/**
 * A future that ends as `awaitable` does, and whose cancellation leaves it alone.
 *
 * ```ts
 * const saved = yield* asyncio.shield(save(order));  // a cancelled caller stops waiting; the saving goes on
 * ```
 */
export function shield<T>(awaitable: Waitable<T>): Future<T> {
  const inner = ensureFutureOn<T>(null, awaitable);
  if (inner.done()) return inner;
  const outer = new Future<T>({ loop: inner._loop });
  const task = running.loop === null ? null : currentTask();
  if (task !== null) futureAddToAwaitedBy(inner, task);
  const link = new DoneEntry(inner, {
    _futureDone: () => {
      if (task !== null) futureDiscardFromAwaitedBy(inner, task);
      if (outer.done()) return;
      if (inner._state === CANCELLED) outer.cancel();
      else if (inner._state === FAILED) outer._fail(inner._retrieve());
      else outer._complete(FINISHED, inner.result());
    },
  });
  // Whoever stopped waiting leaves nothing behind. A failure of the inner one is then that of any task that nobody waits for.
  new DoneEntry(outer, {
    _futureDone: () => {
      if (inner.done()) return;
      link.remove();
      if (task !== null) futureDiscardFromAwaitedBy(inner, task);
    },
  });
  return outer;
}
