/**
 * `staggeredRace`: several ways to one result, begun one after the other, of which the first that succeeds is taken.
 *
 * A contestant begins when the one before it has failed, or has not succeeded for a while. As soon as one succeeds the others are cancelled. When the
 * race is over, also when it was cancelled, none of its tasks is left.
 * Source: asyncio/staggered.py (3.14); RFC 8305, section 5, "Connection Attempts".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { CancelledError, isExit, TimeoutError } from '../core/errors.ts';
import { makeGroup } from '../core/exception-group.ts';
import { type Future, setResultUnlessDone } from '../core/future.ts';
import { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from '../core/graph.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask, type Task } from '../core/task.ts';
import { waitFor } from '../structured/wait-for.ts';
import { Event } from '../sync/event.ts';

/** What a contestant runs. */
export type Contestant<T> = () => Coroutine<T>;

/** How a race ended. */
export interface RaceResult<T> {
  /** Who succeeded first, by the number of the contestant; `null` where nobody did. */
  readonly winner: { readonly value: T; readonly index: number } | null;
  /** What became of each contestant that was begun: its error (a `CancelledError` for who was too late), and `null` for the winner. */
  readonly errors: readonly unknown[];
}

/**
 * Run `contestants`.
 * @param delay how long to wait for each before the next is begun as well, in seconds; `null`: until it has failed.
 */
export function* staggeredRace<T>(
  contestants: Iterable<Contestant<T>>,
  delay: number | null,
): Coroutine<RaceResult<T>> {
  const race = new Race<T>(running.loop as Scheduler, contestants, delay);
  return yield* race.run();
}

class Race<T> {
  readonly #loop: Scheduler;
  readonly #delay: number | null;
  readonly #contestants: Iterator<Contestant<T>>;
  readonly #parent: Task<unknown> | null = currentTask();
  readonly #tasks = new Set<Task<void>>();
  readonly #errors: unknown[] = [];
  /** What should never happen: errors of the race itself, or of the iterable of contestants. */
  readonly #failures: unknown[] = [];
  #winner: { readonly value: T; readonly index: number } | null = null;
  #allDone: Future<void> | null = null;

  constructor(loop: Scheduler, contestants: Iterable<Contestant<T>>, delay: number | null) {
    this.#loop = loop;
    this.#delay = delay;
    this.#contestants = contestants[Symbol.iterator]();
  }

  *run(): Coroutine<RaceResult<T>> {
    this.#begin(null);
    let cancellation: CancelledError | null = null;
    while (this.#tasks.size > 0) {
      this.#allDone = this.#loop.createFuture<void>();
      try {
        yield* this.#allDone;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        cancellation = error;
        for (const task of this.#tasks) task.cancel(...error.args);
      }
    }
    if (this.#failures.length > 0) throw makeGroup('staggered race failed', this.#failures);
    if (cancellation !== null) throw cancellation;
    return { winner: this.#winner, errors: this.#errors };
  }

  /** A task for the next contestant, who waits for `before` to fail. */
  #begin(before: Event | null): void {
    // An eager task begins before it is known: it waits until it is.
    const known = new Event();
    const task = this.#loop.createTask(() => this.#compete(known, before));
    if (this.#parent !== null) futureAddToAwaitedBy(task, this.#parent);
    this.#tasks.add(task);
    task.addDoneCallback((done) => this.#ended(done as Task<void>));
    known.set();
  }

  *#compete(known: Event, before: Event | null): Coroutine<void> {
    yield* known.wait();
    if (before !== null) yield* this.#itsTurn(before);
    const next = this.#contestants.next();
    if (next.done === true) return;
    const failed = new Event();
    this.#begin(failed);
    const index = this.#errors.push(null) - 1;
    let value: T;
    try {
      value = yield* next.value();
    } catch (error) {
      if (isExit(error)) throw error;
      this.#errors[index] = error;
      failed.set();
      return;
    }
    // Two may succeed in one iteration; the second had been cancelled, and was not to be stopped.
    if (this.#winner !== null) return;
    this.#winner = { value, index };
    const own = currentTask();
    for (const task of this.#tasks) if (task !== own) task.cancel();
  }

  *#itsTurn(before: Event): Coroutine<void> {
    try {
      yield* waitFor(before.wait(), this.#delay);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }

  #ended(task: Task<void>): void {
    this.#tasks.delete(task);
    if (this.#parent !== null) futureDiscardFromAwaitedBy(task, this.#parent);
    if (this.#allDone !== null && this.#tasks.size === 0) {
      setResultUnlessDone<void>(this.#allDone, undefined);
    }
    const error = task.cancelled() ? null : task.exception();
    if (error !== null) this.#failures.push(error);
  }
}
