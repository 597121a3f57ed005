/**
 * How `await` in an async function reaches the loop: every awaitable's `then` comes here, and from here to the loop (see `strand.ts`).
 */
import { asyncTask } from './async-scope.ts';
import type { Awaitable } from './awaitable.ts';
import { RuntimeError } from './errors.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * A promise for an awaitable of the library. Inside an async function of a task, the wait is a part of that task.
 * Rejects with a `RuntimeError` where no loop runs that could do the work.
 */
export function promiseOf<T>(awaitable: Awaitable<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // The step of a generator does not run in the async context of a task: what it starts with then() is on its own.
    const task = asyncTask();
    const owner = running.task === null || running.task === task ? task : null;
    const own = (awaitable as { readonly _loop?: Scheduler })._loop;
    const loop = owner?._loop ?? own ?? running.loop;
    if (loop === null) {
      throw new RuntimeError(
        'no running event loop: await inside asyncio.run(), or call asyncio.attach() once in this process',
      );
    }
    loop._await(awaitable, owner, resolve, reject);
  });
}
