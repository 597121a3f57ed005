/**
 * What a loop has to end before it is closed: async generators that were left open, and the executor.
 *
 * Source: Python docs, "Event Loop", `shutdown_asyncgens`, `shutdown_default_executor`.
 */
import type { Coroutine } from './awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from './coroutine.ts';
import { ensureFutureOn } from './ensure-future.ts';
import { RuntimeError } from './errors.ts';
import { describe } from './repr.ts';
import type { Scheduler } from './scheduler.ts';
import { warn } from './warn.ts';

/** An async iterator that can be closed. */
export type Closable = AsyncIterator<unknown> & { return(): PromiseLike<unknown> };

/** Close all of `asyncgens`; what goes wrong is reported, and does not keep the others from being closed. */
export function* closeAsyncgens(loop: Scheduler, asyncgens: Set<Closable>): Coroutine<void> {
  const open = [...asyncgens];
  asyncgens.clear();
  for (const asyncgen of open) {
    try {
      yield* ensureFutureOn(loop, asyncgen.return());
    } catch (exception) {
      loop.callExceptionHandler({
        message: `an error occurred during closing of asynchronous generator ${describe(asyncgen)}`,
        exception,
        asyncgen,
      });
    }
  }
}

/** What the loop needs of an executor: see `setDefaultExecutor`. */
export interface ExecutorLike {
  submit(fn: (...args: never[]) => unknown, ...args: unknown[]): PromiseLike<unknown>;
  shutdown(options?: { readonly wait?: boolean; readonly cancelFutures?: boolean }): unknown;
  /** Wait without blocking until all has ended, after `shutdown({ wait: false })`. Without it, what `shutdown({ wait: true })` returns is awaited. */
  waitClosed?(): PromiseLike<unknown>;
}

/** The executor of a loop, until it is shut down. */
export class DefaultExecutor {
  #executor: ExecutorLike | null = null;
  #ended = false;

  set(executor: ExecutorLike): void {
    const candidate: Partial<ExecutorLike> | null | undefined = executor;
    if (typeof candidate?.submit !== 'function' || typeof candidate.shutdown !== 'function') {
      throw new TypeError(`executor must have submit() and shutdown(), got ${describe(executor)}`);
    }
    if (this.#ended) throw new RuntimeError('Executor shutdown has been called');
    this.#executor = executor;
  }

  /** The executor; one is made where there is none. @throws {RuntimeError} after it was shut down. */
  get(make: () => ExecutorLike): ExecutorLike {
    if (this.#ended) throw new RuntimeError('Executor shutdown has been called');
    this.#executor ??= make();
    return this.#executor;
  }

  /** Shut it down without waiting: the loop is closing. */
  abandon(): void {
    this.#take()?.shutdown({ wait: false });
  }

  /** Shut it down and wait for its jobs, for `timeout` seconds at most. */
  shutdown(loop: Scheduler, timeout: number | null): CoroutineObject<void> {
    return new LazyCoroutine(this.#shutdown, this, [loop, timeout]);
  }

  #take(): ExecutorLike | null {
    const executor = this.#executor;
    this.#ended = true;
    this.#executor = null;
    return executor;
  }

  *#shutdown(loop: Scheduler, timeout: number | null): Coroutine<void> {
    const executor = this.#take();
    if (executor === null) return;
    const inTime = loop.createFuture<boolean>();
    const settle = (ended: boolean) => {
      if (!inTime.done()) inTime.setResult(ended);
    };
    const timer = timeout === null ? null : loop.callLater(timeout, settle, false);
    const jobs = ensureFutureOn(loop, endOf(executor));
    jobs.addDoneCallback(() => settle(true));
    if (yield* inTime) {
      timer?.cancel();
      jobs.result();
      return;
    }
    warn(`The executor did not finish joining its threads within ${timeout} seconds.`, 'RuntimeWarning');
    executor.shutdown({ wait: false });
  }
}

function endOf(executor: ExecutorLike): PromiseLike<unknown> {
  if (executor.waitClosed === undefined) return Promise.resolve(executor.shutdown({ wait: true }));
  executor.shutdown({ wait: false });
  return executor.waitClosed();
}
