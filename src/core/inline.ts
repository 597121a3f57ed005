/**
 * A native promise that is waited for as a part of the current task: the body of an async function that a task runs.
 *
 * It differs from a wrapped promise in two things. When it settles, the task goes on at once, in the same iteration, because in Python no
 * iteration passes between the end of a coroutine and what awaits it. And it cannot be cancelled itself: a cancellation goes to what the
 * async function awaits (see `Task.cancel`), or waits for its next `await` of something of this library.
 */
import { FAILED, FINISHED, Future } from './future.ts';
import type { Entry } from './handle.ts';
import type { Scheduler } from './scheduler.ts';

export class InlineFuture<T> extends Future<T> {
  constructor(loop: Scheduler, promise: PromiseLike<T>) {
    super({ loop });
    loop._asyncCalls++;
    promise.then(
      (value) => this.#settle(FINISHED, value),
      (reason: unknown) => this.#settle(FAILED, reason),
    );
  }

  override cancel(): boolean {
    return false;
  }

  override _wake(callbacks: Entry | Entry[]): void {
    // Only the task that started the async function waits here. It goes on now; what it throws must end the run, not reject a promise.
    for (const entry of Array.isArray(callbacks) ? callbacks : [callbacks]) this._loop._runNow(entry);
  }

  #settle(state: typeof FINISHED | typeof FAILED, value: unknown): void {
    this._loop._asyncCalls--;
    if (state === FAILED) this._fail(value);
    else this._complete(state, value);
  }
}
