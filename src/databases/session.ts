/**
 * `Session`: one connection to a database, as all engines have it: one question at a time, and never an answer to another one.
 *
 * Who stops waiting for an answer (cancelled, timed out, closed) leaves the session to itself: the question is cancelled where it is being answered,
 * and until both its answer and that of the cancellation have come, nothing else is asked. If they do not come in time, the session is given up.
 *
 *     ready ──perform──> asked ──answer──> ready
 *                          │ the waiter went away
 *                          └──> settling ──answer and end of the interruption──> ready
 *                                  └──time is up──> lost          (lost: from any state, for good)
 */
import { captureScope } from '../core/async-scope.ts';
import type { Coroutine } from '../core/awaitable.ts';
import type { Done, Outcome } from '../core/channel.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Event } from '../sync/event.ts';
import { OperationalError } from './errors.ts';
import type { Compiled, Query } from './sql.ts';

/** A row: its values by the names of their columns. */
export type Row = Record<string, unknown>;

/** A row as a list, with the names of its columns. */
export interface Tuple {
  readonly columns: readonly string[];
  readonly values: readonly unknown[];
}

/** Rows that come as they are asked for. */
export interface RowSource {
  /** The next rows; none where there are no more. */
  next(): Coroutine<readonly Row[]>;
  /** No more are wanted. */
  close(): Coroutine<void>;
}

export abstract class Session {
  /** @internal */
  readonly _loop: Scheduler;
  readonly #settled = new Event();
  #failure: Error | null = null;
  /** How to let the waiter go whose answer will not come. */
  #fail: ((error: Error) => void) | null = null;
  #onLost: (() => void) | null = null;
  #whenSettled: (() => void) | null = null;

  constructor(loop: Scheduler) {
    this._loop = loop;
    this.#settled.set();
  }

  /** How long a cancelled question may go unanswered before the session is given up, in seconds. */
  protected abstract readonly patience: number;
  /** Is a transaction open? */
  abstract readonly inTransaction: boolean;
  /** Is that transaction past saving, so that it can only be rolled back? */
  abstract readonly transactionFailed: boolean;
  /** Are rows being sent that nothing else can come between? */
  abstract readonly streaming: boolean;

  /** All rows. */
  abstract rows(query: Query): Coroutine<Row[]>;
  /** The first row. */
  abstract row(query: Query): Coroutine<Row | null>;
  /** The first row as a list. */
  abstract tuple(query: Query): Coroutine<Tuple | null>;
  /** What `execute` gives: see `Database.execute`. */
  abstract execute(query: Query): Coroutine<unknown>;
  /** Run it once for each list of values: all of them, or none. */
  abstract executeMany(compiled: Compiled, lists: readonly (readonly unknown[])[]): Coroutine<void>;
  abstract stream(query: Query): RowSource;
  /** Say goodbye. */
  abstract close(): Coroutine<void>;
  /** Does this session keep the process alive? */
  abstract setRef(ref: boolean): void;

  /** Stop what is being answered; call `done` when that can do no harm any more to what is asked next. */
  protected abstract interrupt(done: () => void): void;
  /** End at once, without a word. */
  protected abstract destroy(): void;

  /** Is it beyond use? */
  get lost(): boolean {
    return this.#failure !== null;
  }

  /** Is everything answered that was asked? */
  get settled(): boolean {
    return this.#settled.isSet();
  }

  /** Who is told when it is lost. */
  set onLost(listener: (() => void) | null) {
    this.#onLost = listener;
  }

  /** Call `callback` when all is answered, or the session is lost: at once where that is so already. */
  whenSettled(callback: () => void): void {
    if (this.settled || this.lost) callback();
    else this.#whenSettled = callback;
  }

  /** It cannot be used any more, because of `error`. */
  lose(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.destroy();
    this.#fail?.(error);
    this.#fail = null;
    this.#nowSettled();
    this.#onLost?.();
    this.#onLost = null;
  }

  /** @internal Begin to ask for something, and wait for the answer. */
  protected *perform<T>(start: (answer: Done<T>) => void): Coroutine<T> {
    while (!this.settled) yield* this.#settled.wait();
    if (this.#failure !== null) throw this.#lostError();
    const future = this._loop.createFuture<T>();
    let answered = false;
    let late: (() => void) | null = null;
    const answer = (outcome: Outcome<T>): void => {
      if (answered) return;
      answered = true;
      this.#fail = null;
      if (late !== null) late();
      else if (future.done() || this._loop.isClosed()) return;
      else if ('value' in outcome) future.setResult(outcome.value);
      else future._fail(outcome.error);
    };
    this.#fail = (error) => answer({ error });
    start(answer);
    try {
      return yield* future;
    } finally {
      if (!answered) {
        // Nobody retrieves what comes now.
        this.#settled.clear();
        late = this.#interruption();
      }
    }
  }

  /** @returns what to call when the answer comes. */
  #interruption(): () => void {
    let open = 2;
    const timer = this._loop.isClosed() ? null : this._loop.callLater(this.patience, this.#giveUp);
    const done = (): void => {
      open--;
      if (open > 0) return;
      timer?.cancel();
      if (!this.lost) this.#nowSettled();
    };
    let told = false;
    captureScope().runInAsyncScope(() =>
      this.interrupt(() => {
        if (!told) done();
        told = true;
      }),
    );
    return done;
  }

  readonly #giveUp = (): void => {
    this.lose(
      new OperationalError(
        `a cancelled query was still not answered after ${this.patience} s: its connection was given up`,
      ),
    );
  };

  #nowSettled(): void {
    this.#settled.set();
    const callback = this.#whenSettled;
    this.#whenSettled = null;
    callback?.();
  }

  #lostError(): Error {
    const { message } = this.#failure as Error;
    return new OperationalError(message, { cause: this.#failure });
  }
}
