/**
 * `Future` of `concurrent.futures`: the result of a job that runs elsewhere. It belongs to no loop.
 *
 * `result()` and `exception()` block the calling thread, as in Python. `await` and `yield*` wait without blocking: inside of a loop as a future of
 * that loop, so that a cancellation stops the job; outside of one as a plain promise. Callbacks run when the future is completed, on the stack of
 * whoever completes it. All transitions stand in this file. Source: Python docs, "concurrent.futures", "Future Objects".
 */
import type { Awaitable, Suspension } from '../core/awaitable.ts';
import { inLoop, type OutsideWork } from '../core/ensure-future.ts';
import { CancelledError, InvalidStateError, RuntimeError, TimeoutError, ValueError } from '../core/errors.ts';
import type { Future as LoopFuture } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { blockUntil } from './bell.ts';
import { WorkFuture } from './work-future.ts';

type State = 'pending' | 'running' | 'cancelled' | 'finished';

/** Who runs the job of a future, and can end it. */
export interface Runner {
  /** @internal Is it elsewhere, so that it takes real time and needs nothing of this thread? */
  readonly _isElsewhere: boolean;
  /** @internal The future was cancelled before its job began. */
  _dropped(future: Future<unknown>): void;
  /** @internal The future was cancelled while its job ran: end the job. */
  _stop(future: Future<unknown>): void;
}

export class Future<T> implements Awaitable<T>, OutsideWork<T> {
  #state: State = 'pending';
  #value: unknown = undefined;
  #failed = false;
  #callbacks: ((future: never) => unknown)[] | null = null;
  #progress: ((value: unknown) => unknown)[] | null = null;
  #promise: Promise<T> | null = null;
  readonly #runner: Runner | null;

  /** Executors make futures; a future of one's own is completed by `setResult` or `setException`. */
  constructor(runner: Runner | null = null) {
    this.#runner = runner;
  }

  /**
   * Cancel it, unless its job runs or has run.
   * @returns whether it is cancelled.
   */
  cancel(): boolean {
    if (this.#state === 'running' || this.#state === 'finished') return false;
    if (this.#state === 'pending') {
      this.#complete('cancelled', undefined);
      this.#runner?._dropped(this as Future<unknown>);
    }
    return true;
  }

  /**
   * Cancel it also where its job runs: the job's `AbortSignal` is aborted, and a job that does not end by itself is ended with its worker. This is what
   * the cancellation of an asyncio task that waits for the job does.
   * @returns whether it is cancelled.
   */
  stop(): boolean {
    if (this.#state !== 'running') return this.cancel();
    if (this.#runner === null) return false;
    this.#complete('cancelled', undefined);
    this.#runner._stop(this as Future<unknown>);
    return true;
  }

  /** Was it cancelled? */
  cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /** Does its job run now? Then `cancel` cannot cancel it; `stop` can. */
  running(): boolean {
    return this.#state === 'running';
  }

  /** Is there a result, an exception or a cancellation? */
  done(): boolean {
    return this.#state === 'finished' || this.#state === 'cancelled';
  }

  /**
   * The result; blocks the thread until it is there.
   * @param timeout how long to wait, in seconds; without it, as long as it takes.
   * @throws the exception of the job; {TimeoutError} when the time runs out; {CancelledError} where it was cancelled; {DeadlockError} where nothing
   * but this thread, which blocks, could complete it.
   */
  result(timeout: number | null = null): T {
    this.#block(timeout, 'result()');
    if (this.#failed) throw this.#value;
    return this.#value as T;
  }

  /**
   * The exception, or `null` where there is a result; blocks the thread until it is there.
   * @param timeout how long to wait, in seconds; without it, as long as it takes.
   * @throws {TimeoutError} when the time runs out; {CancelledError} where it was cancelled; {DeadlockError} as `result`.
   */
  exception(timeout: number | null = null): unknown {
    this.#block(timeout, 'exception()');
    return this.#failed ? this.#value : null;
  }

  /**
   * Call `callback` with this future when it is done; at once, where it is. What the callback throws goes to the console.
   */
  addDoneCallback(callback: (future: Future<T>) => unknown): void {
    if (typeof callback !== 'function')
      throw new TypeError(`addDoneCallback() needs a function, not ${describe(callback)}`);
    if (this.done()) this.#call(callback);
    else if (this.#callbacks === null) this.#callbacks = [callback];
    else this.#callbacks.push(callback);
  }

  /** Take back every registration of `callback`. @returns how many there were. */
  removeDoneCallback(callback: (future: Future<T>) => unknown): number {
    const all = this.#callbacks ?? [];
    const kept = all.filter((other) => other !== callback);
    this.#callbacks = kept;
    return all.length - kept.length;
  }

  /** Call `callback` with each value that the job tells by `currentJob().progress(value)`. What the callback throws goes to the console. */
  addProgressCallback(callback: (value: unknown) => unknown): void {
    if (typeof callback !== 'function')
      throw new TypeError(`addProgressCallback() needs a function, not ${describe(callback)}`);
    this.#progress ??= [];
    this.#progress.push(callback);
  }

  /**
   * For executors: the job is about to begin.
   * @returns false where the future was cancelled, so that the job must not begin.
   * @throws {InvalidStateError} where it has begun already.
   */
  setRunningOrNotifyCancel(): boolean {
    if (this.#state === 'cancelled') return false;
    if (this.#state !== 'pending') throw new InvalidStateError(`Future in unexpected state: ${this}`);
    this.#state = 'running';
    return true;
  }

  /** For executors: complete it with a result. @throws {InvalidStateError} where it is done. */
  setResult(result: T): void {
    this.#mustNotBeDone();
    this.#complete('finished', result);
  }

  /** For executors: complete it with an exception. @throws {InvalidStateError} where it is done. */
  setException(exception: unknown): void {
    this.#mustNotBeDone();
    this.#failed = true;
    this.#complete('finished', exception);
  }

  /** @internal */
  get _isElsewhere(): boolean {
    return this.#runner?._isElsewhere === true;
  }

  /** @internal The job told how far it is. */
  _tellProgress(value: unknown): void {
    for (const callback of this.#progress ?? []) {
      try {
        callback(value);
      } catch (error) {
        console.error(`exception calling progress callback for ${this}`, error);
      }
    }
  }

  /** @internal Complete `future`, which is of the loop's side, as this one is. */
  _copyTo(target: { result(value: T): void; exception(reason: unknown): void; cancelled(): void }): void {
    if (this.#state === 'cancelled') target.cancelled();
    else if (this.#failed) target.exception(this.#value);
    else target.result(this.#value as T);
  }

  /** @internal */
  [inLoop](loop: Scheduler): LoopFuture<T> {
    return new WorkFuture<T>(loop, this);
  }

  [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    if (running.loop === null) throw new RuntimeError('no running event loop');
    return this[inLoop](running.loop)[Symbol.iterator]();
  }

  // biome-ignore format: one line each reads better
  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    if (running.loop !== null) return this[inLoop](running.loop).then(onFulfilled, onRejected);
    this.#promise ??= new Promise<T>((resolve, reject) => {
      this.addDoneCallback(() => {
        if (this.#state === 'cancelled') reject(new CancelledError());
        else if (this.#failed) reject(this.#value);
        else resolve(this.#value as T);
      });
    });
    return this.#promise.then(onFulfilled, onRejected);
  }

  /** `then` for the exception alone. */
  catch<R = never>(onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    return this.then(undefined, onRejected);
  }

  /** A promise like this future, that runs `onFinally` when it is done. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /** As Python writes it: its state, and what kind of result or exception it has. */
  toString(): string {
    const outcome =
      this.#state !== 'finished' ? '' : ` ${this.#failed ? 'raised' : 'returned'} ${kindOf(this.#value)}`;
    return `<Future state=${this.#state}${outcome}>`;
  }

  #block(timeout: number | null, what: string): void {
    checkTimeout(timeout);
    if (!blockUntil(() => this.done(), timeout, `${what} of ${this}`)) throw new TimeoutError();
    if (this.#state === 'cancelled') throw new CancelledError();
  }

  #complete(state: State, value: unknown): void {
    this.#state = state;
    this.#value = value;
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    this.#progress = null;
    if (callbacks !== null) for (const callback of callbacks) this.#call(callback);
  }

  #call(callback: (future: never) => unknown): void {
    try {
      callback(this as never);
    } catch (error) {
      console.error(`exception calling callback for ${this}`, error);
    }
  }

  #mustNotBeDone(): void {
    if (this.done()) throw new InvalidStateError(`${this.#state.toUpperCase()}: ${this}`);
  }
}

/** @throws {ValueError} where `timeout` is no number of seconds. */
export function checkTimeout(timeout: unknown): void {
  if (timeout === null || timeout === undefined) return;
  if (typeof timeout !== 'number')
    throw new TypeError(`timeout must be a number of seconds, not ${describe(timeout)}`);
  if (Number.isNaN(timeout)) throw new ValueError('timeout must be a number of seconds, not NaN');
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return value instanceof Error ? value.name : (value.constructor?.name ?? 'object');
}
