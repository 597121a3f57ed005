/**
 * `sleep`: the most frequent await of all, written out by hand.
 *
 * A `Sleep` is its own coroutine, iterator and iterator result; what it waits for, a `Wakeup`, is future and timer in one. Source: Python docs,
 * "Coroutines and Tasks", "Sleeping": a delay of zero or less gives way for one iteration of the loop.
 */
import type { Suspension } from './awaitable.ts';
import { CoroutineObject } from './coroutine.ts';
import { RuntimeError, ValueError } from './errors.ts';
import { FINISHED, Future, PENDING, setResultUnlessDone } from './future.ts';
import type { Entry, TimerHandle } from './handle.ts';
import { noteCreated } from './never-awaited.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import type { Timed } from './timers.ts';

/** A future that is done at a time of the loop's clock. */
class Wakeup extends Future<undefined> implements Entry, Timed {
  readonly _when: number;
  _order = 0;
  _scheduled = false;

  constructor(loop: Scheduler, when: number) {
    super({ loop });
    this._when = when;
  }

  _run(): void {
    if (this._state === PENDING) this._complete(FINISHED, undefined);
  }

  /** Not to be rung any more; what waits for it is told if it still waits. */
  override cancel(message?: unknown): boolean {
    const cancelled = super.cancel(message);
    if (cancelled && this._scheduled) this._loop._timerCancelled();
    return cancelled;
  }
}

/** The same on a loop that has a `callLater` of its own, which must hear of it. */
class LaterWakeup extends Future<undefined> {
  readonly #timer: TimerHandle;

  constructor(loop: Scheduler, delay: number) {
    super({ loop });
    this.#timer = loop.callLater(delay, setResultUnlessDone<undefined>, this, undefined);
  }

  override cancel(message?: unknown): boolean {
    this.#timer.cancel();
    return super.cancel(message);
  }
}

class Sleep<T> extends CoroutineObject<T> implements Iterator<Suspension, T, unknown> {
  done = false;
  value: unknown = null;
  readonly #delay: number;
  readonly #result: T;

  constructor(delay: number, result: T) {
    super();
    this.#delay = delay;
    this.#result = result;
    if (running.loop?._debug === true) noteCreated(this, running.loop);
  }

  get name(): string {
    return 'sleep';
  }

  override [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    if (this._stage !== 0) throw this._reused();
    return this;
  }

  _begin(): Iterator<Suspension, T, unknown> {
    return this;
  }

  next(): IteratorResult<Suspension, T> {
    if (this._isNew) {
      this._start();
      if (this.#delay > 0) this.value = this.#wait();
      return this as unknown as IteratorResult<Suspension, T>;
    }
    if (this.done) return { done: true, value: undefined as T };
    const wakeup = this.value as Future<undefined> | null;
    this.#end();
    wakeup?.result();
    this.value = this.#result;
    return this as unknown as IteratorResult<Suspension, T>;
  }

  throw(error: unknown): never {
    if (this._isNew) this._start();
    this.#end();
    throw error;
  }

  return(value?: T): IteratorResult<Suspension, T> {
    if (this._isNew) this._start();
    this.#end();
    return { done: true, value: value as T };
  }

  #end(): void {
    const wakeup = this.value as Future<undefined> | null;
    if (!this.done && wakeup !== null && wakeup._state === PENDING) wakeup.cancel();
    this.done = true;
    this.value = undefined;
  }

  #wait(): Future<undefined> {
    const loop = running.loop;
    if (loop === null) throw new RuntimeError('no running event loop');
    const wakeup = loop._isPlain ? this.#wakeup(loop) : new LaterWakeup(loop, this.#delay);
    running.awaited = wakeup;
    if (loop._debug) running.awaitedAt = loop._captureStack();
    return wakeup;
  }

  #wakeup(loop: Scheduler): Wakeup {
    const wakeup = new Wakeup(loop, loop.time() + this.#delay);
    if (this.#delay !== Infinity) loop._addTimer(wakeup);
    return wakeup;
  }
}

/**
 * Wait for `delay` seconds, then give `result`. Other tasks run meanwhile. Zero or less gives way for one iteration of the loop.
 *
 * ```ts
 * yield* asyncio.sleep(0.5);   // in a generator coroutine
 * await asyncio.sleep(0.5);    // in an async function
 * ```
 * @param delay in seconds.
 * @throws {ValueError} where the delay is not a number (NaN).
 */
export function sleep(delay: number): CoroutineObject<void>;
export function sleep<T>(delay: number, result: T): CoroutineObject<T>;
export function sleep(delay: number, result?: unknown): CoroutineObject<unknown> {
  if (typeof delay !== 'number') {
    throw new TypeError(`sleep() needs a delay in seconds, as a number, not ${describe(delay)}`);
  }
  if (Number.isNaN(delay)) throw new ValueError('Invalid delay: NaN (not a number)');
  return new Sleep(delay, result);
}
