/**
 * `Future`: a result that is not there yet.
 *
 * All transitions stand in this file. A future goes once from pending to cancelled, to a result, or to an exception; its callbacks are then
 * put into the ready queue of its loop, in the order they were added, and run in the next iteration, never on the stack of who completes it.
 * A waiting task is itself such a callback, so a wake-up allocates nothing. One callback is stored bare; an array is made for the second.
 * An exception that nobody asks for is reported (see `failures.ts`). Source: Python docs, "Futures".
 */
import type { Awaitable, Suspension } from './awaitable.ts';
import type { Context } from './context.ts';
import { CancelledError, InvalidStateError, RuntimeError, withoutStack } from './errors.ts';
import { type Entry, Handle } from './handle.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import { createdAt, noteSource } from './sources.ts';
import { promiseOf } from './thenable.ts';

export const PENDING = 0;
export const CANCELLED = 1;
export const FINISHED = 2;
export const FAILED = 3;
type State = typeof PENDING | typeof CANCELLED | typeof FINISHED | typeof FAILED;

export class Future<T> implements Awaitable<T> {
  /** @internal */
  readonly _loop: Scheduler;
  /** @internal */
  _state: State = PENDING;
  /** @internal The result, the exception, or the message of the cancellation (of a task, also one that is still to be delivered). */
  _value: unknown = undefined;
  /** @internal Who is told when it is done: nobody, one, or several. */
  _callbacks: Entry | Entry[] | null = null;
  /** @internal The futures that wait for this one without being tasks suspended on it (`gather`, task groups). */
  _awaitedBy: Future<unknown> | Set<Future<unknown>> | null = null;

  /**
   * A future of `options.loop`, by default of the running loop.
   * @throws {RuntimeError} where no loop runs, none was set and none is given.
   */
  constructor(options?: { readonly loop?: Scheduler | undefined }) {
    const loop = options?.loop ?? running.loop ?? running.chosen;
    if (loop === null)
      throw new RuntimeError('no running event loop: make futures inside a coroutine, or give { loop }');
    this._loop = loop;
    if (loop._debug) noteSource(this, loop._captureStack());
  }

  /** The loop that the future belongs to. */
  getLoop(): Scheduler {
    return this._loop;
  }

  /** Is there a result, an exception or a cancellation? */
  done(): boolean {
    return this._state !== PENDING;
  }

  /** Was it cancelled? */
  cancelled(): boolean {
    return this._state === CANCELLED;
  }

  /**
   * The result.
   * @throws the exception, where it failed; {CancelledError} where it was cancelled; {InvalidStateError} where it is not done.
   */
  result(): T {
    switch (this._state) {
      case FINISHED:
        return this._value as T;
      case FAILED:
        throw this._retrieve();
      case CANCELLED:
        throw this._makeCancelledError();
      default:
        throw new InvalidStateError('Result is not ready.');
    }
  }

  /**
   * The exception, or `null` where it has a result.
   * @throws {CancelledError} where it was cancelled; {InvalidStateError} where it is not done.
   */
  exception(): unknown {
    switch (this._state) {
      case FINISHED:
        return null;
      case FAILED:
        return this._retrieve();
      case CANCELLED:
        throw this._makeCancelledError();
      default:
        throw new InvalidStateError('Exception is not set.');
    }
  }

  /**
   * Complete it with a result.
   * @throws {InvalidStateError} where it is done.
   */
  setResult(result: T): void {
    this._mustBePending();
    this._complete(FINISHED, result);
  }

  /**
   * Complete it with an exception: an `Error`, or a class of errors, which is then made without arguments.
   * @throws {InvalidStateError} where it is done.
   */
  setException(exception: Error | (new () => Error)): void {
    this._mustBePending();
    const error: unknown = typeof exception === 'function' ? new exception() : exception;
    if (!(error instanceof Error)) {
      throw new TypeError(`setException() needs an Error or a class of errors, not ${describe(error)}`);
    }
    this._fail(error);
  }

  /**
   * Cancel it: whoever waits for it gets a `CancelledError` with `message`.
   * @returns false where it was done already.
   */
  cancel(message?: unknown): boolean {
    if (this._state !== PENDING) {
      this._markRetrieved();
      return false;
    }
    this._complete(CANCELLED, message ?? undefined);
    return true;
  }

  /** Call `callback` with this future in the iteration after it is done; with one that is done, in the next iteration. */
  addDoneCallback(
    callback: (future: Future<T>) => unknown,
    options?: { readonly context?: Context | undefined },
  ): void {
    if (typeof callback !== 'function')
      throw new TypeError(`addDoneCallback() needs a function, not ${describe(callback)}`);
    this._append(
      new Handle(callback as (...args: never[]) => unknown, [this], this._loop, options?.context ?? null),
    );
  }

  /** Take back every registration of `callback`. @returns how many there were. */
  removeDoneCallback(callback: (future: Future<T>) => unknown): number {
    const kept: Entry[] = [];
    const all = this._waiters();
    for (const entry of all) {
      if (!(entry instanceof Handle) || (entry._callback as unknown) !== callback) kept.push(entry);
    }
    this._callbacks = kept.length === 0 ? null : kept.length === 1 ? (kept[0] as Entry) : kept;
    return all.length - kept.length;
  }

  [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    return new FutureIterator<T>(this);
  }

  // biome-ignore format: one line each reads better
  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return promiseOf<T>(this).then(onFulfilled, onRejected);
  }

  /** `then` for the exception alone. */
  catch<R = never>(onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    return this.then(undefined, onRejected);
  }

  /** A promise like this future, that runs `onFinally` when it is done. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /** As Python writes it: its state, its result or exception, its callbacks. */
  toString(): string {
    return `<${this.constructor.name} ${this._describeState()}>`;
  }

  /** @internal */
  _describeState(): string {
    const parts = [['pending', 'cancelled', 'finished', 'finished'][this._state] as string];
    if (this._state === FINISHED) parts.push(`result=${describe(this._value)}`);
    if (this._state === FAILED) parts.push(`exception=${describe(this._value)}`);
    const waiters = this._waiters();
    if (waiters.length > 0) {
      const shown = waiters.slice(0, 2).map((w) => (w instanceof Handle ? describe(w._callback) : 'wakeup'));
      parts.push(`cb=[${shown.join(', ')}${waiters.length > 2 ? `, and ${waiters.length - 2} more` : ''}]`);
    }
    return parts.join(' ') + createdAt(this);
  }

  /** @internal Who waits for it now. */
  _waiters(): readonly Entry[] {
    const callbacks = this._callbacks;
    return callbacks === null ? [] : Array.isArray(callbacks) ? callbacks : [callbacks];
  }

  /** @internal Put `entry` into the ready queue when this is done; through `addDoneCallback` where that was replaced. */
  _addWaiter(entry: Entry): void {
    if (this.addDoneCallback === Future.prototype.addDoneCallback) this._append(entry);
    else this.addDoneCallback(callbackOf(entry));
  }

  /** @internal */
  _append(entry: Entry): void {
    if (this._state !== PENDING) this._loop._enqueueChecked(entry);
    else if (this._callbacks === null) this._callbacks = entry;
    else if (Array.isArray(this._callbacks)) this._callbacks.push(entry);
    else this._callbacks = [this._callbacks, entry];
  }

  /** @internal Take `entry` back, if it still waits. */
  _removeWaiter(entry: Entry): void {
    const callback = callbacks.get(entry);
    if (callback !== undefined) this.removeDoneCallback(callback);
    const kept = this._waiters().filter((waiter) => waiter !== entry);
    this._callbacks = kept.length === 0 ? null : kept.length === 1 ? (kept[0] as Entry) : kept;
  }

  /** @internal Complete it with whatever was thrown. */
  _fail(reason: unknown): void {
    // First: who waits inline retrieves it at once.
    this._loop._failures.add(this);
    this._complete(FAILED, reason);
  }

  /** @internal The one transition. */
  _complete(state: State, value: unknown): void {
    this._state = state;
    this._value = value;
    const callbacks = this._callbacks;
    if (callbacks === null) return;
    this._callbacks = null;
    this._wake(callbacks);
  }

  /** @internal */
  _wake(callbacks: Entry | Entry[]): void {
    const loop = this._loop;
    if (Array.isArray(callbacks)) for (const entry of callbacks) loop._enqueueChecked(entry);
    else loop._enqueueChecked(callbacks);
  }

  /** @internal The exception, now in someone's hands. */
  _retrieve(): unknown {
    this._markRetrieved();
    return this._value;
  }

  /** @internal */
  _markRetrieved(): void {
    if (this._state === FAILED) this._loop._failures.delete(this);
  }

  /** @internal The message that was given to `cancel()`. */
  _cancelMessage(): unknown {
    const none = this._state === FINISHED || this._state === FAILED || this._value instanceof CancelledError;
    return none ? undefined : this._value;
  }

  /** @internal The error that tells of the cancellation. */
  _makeCancelledError(): CancelledError {
    const message = this._cancelMessage();
    const make = () => (message === undefined ? new CancelledError() : new CancelledError(message));
    return this._loop._debug ? make() : withoutStack(make);
  }

  _mustBePending(): void {
    if (this._state !== PENDING) {
      throw new InvalidStateError(
        `${this._state === CANCELLED ? 'CANCELLED' : 'FINISHED'}: ${this}; a future can be completed only once`,
      );
    }
  }
}

/** Entries as callbacks, for futures that have an `addDoneCallback` of their own; and the way back. */
const callbacks = new WeakMap<Entry, () => void>();
const entries = new WeakMap<object, Entry>();

function callbackOf(entry: Entry): () => void {
  let callback = callbacks.get(entry);
  if (callback === undefined) {
    callback = () => entry._run();
    callbacks.set(entry, callback);
    entries.set(callback, entry);
  }
  return callback;
}

/** The task that waits, where it does so through a callback; otherwise the entry itself. */
export function entryBehind(waiter: Entry): Entry {
  return waiter instanceof Handle && waiter._callback !== null
    ? (entries.get(waiter._callback) ?? waiter)
    : waiter;
}

/** What `yield*` of a future runs: hands the future out, and gives its result when the task comes back. It is its own iterator result. */
class FutureIterator<T> implements Iterator<Suspension, T, unknown> {
  done = false;
  value: unknown;
  readonly #future: Future<T>;
  #started = false;

  constructor(future: Future<T>) {
    this.#future = future;
    this.value = future;
  }

  next(): IteratorResult<Suspension, T> {
    const future = this.#future;
    if (future._state !== PENDING) {
      this.done = true;
      this.value = future.result();
    } else if (this.#started) {
      throw new RuntimeError(`yield* was not used with ${future}: it came back before the future was done`);
    } else {
      this.#started = true;
      running.awaited = future;
      if (future._loop._debug) running.awaitedAt = future._loop._captureStack();
    }
    return this as unknown as IteratorResult<Suspension, T>;
  }

  throw(error: unknown): never {
    throw error;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Who is told by a `DoneEntry`. */
export interface Watcher {
  /** @internal `future` is done. Must not throw. */
  _futureDone(future: Future<unknown>): void;
}

/** A callback of the library's own: in the ready queue like any other, but without a context and with no way to fail. */
export class DoneEntry implements Entry {
  readonly #future: Future<unknown>;
  readonly #watcher: Watcher;

  constructor(future: Future<unknown>, watcher: Watcher) {
    this.#future = future;
    this.#watcher = watcher;
    future._addWaiter(this);
  }

  _run(): void {
    this.#watcher._futureDone(this.#future);
  }

  /** Take it back. */
  remove(): void {
    this.#future._removeWaiter(this);
  }
}

/** Give `future` a result unless it is done; for timers that may come late. */
export function setResultUnlessDone<T>(future: Future<T>, result: T): void {
  if (future._state === PENDING) future.setResult(result);
}
