/**
 * Exceptions of futures that nobody asked for: kept in mind until someone does, and reported when nobody can any more.
 *
 * A failed future stands in the list of its loop until its exception is retrieved. Those that are still there when the loop goes to wait are
 * given to a `FinalizationRegistry`, which reports them when they are collected; those that are left when the loop closes are reported
 * then. The common case, a failure that is retrieved at once, costs an insertion into a set and a removal.
 * Source: Python docs, "Developing with asyncio", "Detect never-retrieved exceptions".
 */
import type { Future } from './future.ts';
import type { Scheduler } from './scheduler.ts';
import { sourceOf } from './sources.ts';

/** What is needed to report a failure without keeping its future alive. */
interface Failure {
  readonly what: string;
  readonly error: unknown;
  readonly source: string | undefined;
  readonly loop: Scheduler;
}

const collected = new FinalizationRegistry<Failure>((failure) =>
  failure.loop._failures.reportCollected(failure),
);

export class Failures {
  /** Failed lately; held strongly for no longer than the loop is busy. */
  readonly #fresh = new Set<Future<unknown>>();
  /** Failed, and left to the garbage collector. */
  readonly #watched = new Map<Failure, WeakRef<Future<unknown>>>();
  #byFuture = new WeakMap<Future<unknown>, Failure>();
  readonly #loop: Scheduler;

  constructor(loop: Scheduler) {
    this.#loop = loop;
  }

  add(future: Future<unknown>): void {
    this.#fresh.add(future);
  }

  /** The exception of `future` was retrieved. */
  delete(future: Future<unknown>): void {
    if (this.#fresh.delete(future)) return;
    const failure = this.#byFuture.get(future);
    if (failure === undefined) return;
    this.#byFuture.delete(future);
    this.#watched.delete(failure);
    collected.unregister(future);
  }

  /** Leave what is not retrieved to the garbage collector. Called when the loop goes to wait. */
  settle(): void {
    if (this.#fresh.size === 0) return;
    for (const future of this.#fresh) {
      formatStacks(future._value);
      const failure = describeFailure(future, this.#loop);
      this.#watched.set(failure, new WeakRef(future));
      this.#byFuture.set(future, failure);
      collected.register(future, failure, future);
    }
    this.#fresh.clear();
  }

  /** The future of `failure` is gone, and nobody asked for its exception. */
  reportCollected(failure: Failure): void {
    if (this.#watched.delete(failure)) this.#report(failure, undefined);
  }

  /** Report everything that is left. Called when the loop closes. */
  reportAll(): void {
    for (const future of this.#fresh) this.#report(describeFailure(future, this.#loop), future);
    this.#fresh.clear();
    for (const [failure, ref] of this.#watched) this.#report(failure, ref.deref());
    this.#watched.clear();
    this.#byFuture = new WeakMap();
  }

  #report(failure: Failure, future: Future<unknown> | undefined): void {
    this.#loop.callExceptionHandler({
      message: `${failure.what} exception was never retrieved`,
      exception: failure.error,
      ...(future === undefined ? {} : { future }),
      ...(failure.source === undefined ? {} : { sourceTraceback: failure.source }),
    });
  }
}

/**
 * Until it is asked for, the stack of an error holds on to everything that was on it, such as the very task whose collection should be noticed. So
 * it is asked for, and those of its causes and members.
 */
function formatStacks(error: unknown, seen: Set<unknown> = new Set()): void {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  void error.stack;
  formatStacks(error.cause, seen);
  if (error instanceof AggregateError) for (const member of error.errors) formatStacks(member, seen);
}

function describeFailure(future: Future<unknown>, loop: Scheduler): Failure {
  return { what: future.constructor.name, error: future._value, source: sourceOf(future), loop };
}
