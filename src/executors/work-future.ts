/**
 * A future of a loop that follows a future of an executor: what `wrapFuture`, `runInExecutor`, `await` and `yield*` make of one.
 *
 * Cancelling it stops the job, running or not. While the job is under way the loop is not deadlocked, whoever waits for it.
 * Source: Python docs, "Futures", `wrap_future`.
 */
import { CancelledError } from '../core/errors.ts';
import { Future as LoopFuture } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Future } from './future.ts';

export class WorkFuture<T> extends LoopFuture<T> {
  readonly #work: Future<T>;

  constructor(loop: Scheduler, work: Future<T>) {
    super({ loop });
    this.#work = work;
    loop._foreign++;
    if (work._isElsewhere) loop._jobs++;
    work.addDoneCallback(this.#workDone);
  }

  override cancel(message?: unknown): boolean {
    if (!super.cancel(message)) return false;
    this.#work.stop();
    return true;
  }

  readonly #workDone = (work: Future<T>): void => {
    const loop = this._loop;
    loop._foreign--;
    if (work._isElsewhere) loop._jobs--;
    if (this.done() || loop.isClosed()) return;
    work._copyTo({
      result: (value) => this.setResult(value),
      exception: (reason) =>
        reason instanceof CancelledError ? super.cancel(...reason.args) : this._fail(reason),
      cancelled: () => super.cancel(),
    });
  };
}
