/**
 * `sleep`: the most frequent await of all, so it is one object that is its own coroutine, iterator and iterator result.
 *
 * Source: Python docs, "Coroutines and Tasks", "Sleeping": a delay of zero or less gives way for one iteration of the loop.
 */
import type { Suspension } from './awaitable.ts';
import { CoroutineObject } from './coroutine.ts';
import { RuntimeError, ValueError } from './errors.ts';
import { Future, setResultUnlessDone } from './future.ts';
import type { TimerHandle } from './handle.ts';
import { noteCreated } from './never-awaited.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';

type SleepResult<T> = IteratorResult<Suspension, T>;

class Sleep<T> extends CoroutineObject<T> implements Iterator<Suspension, T, unknown> {
  done = false;
  value: unknown = null;
  readonly #delay: number;
  readonly #result: T;
  #timer: TimerHandle | null = null;

  constructor(delay: number, result: T) {
    super();
    this.#delay = delay;
    this.#result = result;
    if (running.loop?._debug === true) noteCreated(this, running.loop);
  }

  get name(): string {
    return 'sleep';
  }

  _begin(): Iterator<Suspension, T, unknown> {
    // yield* starts it by calling next(), which claims it: hand back the right to do so.
    this._stage = 0;
    return this;
  }

  next(): SleepResult<T> {
    if (this._stage === 0) {
      this._claim();
      if (this.#delay > 0) this.value = this.#wait();
      return this as unknown as SleepResult<T>;
    }
    if (this.done) return { done: true, value: undefined as T };
    this.#timer?.cancel();
    this.done = true;
    const waited = this.value as Future<T> | null;
    this.value = waited === null ? this.#result : waited.result();
    return this as unknown as SleepResult<T>;
  }

  throw(error: unknown): never {
    if (this._stage === 0) this._claim();
    this.#timer?.cancel();
    this.done = true;
    throw error;
  }

  return(value?: T): SleepResult<T> {
    if (this._stage === 0) this._claim();
    this.#timer?.cancel();
    this.done = true;
    return { done: true, value: value as T };
  }

  #wait(): Future<T> {
    const loop = running.loop;
    if (loop === null) throw new RuntimeError('no running event loop');
    const future = new Future<T>({ loop });
    if (this.#delay !== Infinity) {
      this.#timer = loop._timer(loop.time() + this.#delay, setResultUnlessDone, [future, this.#result], null);
    }
    future._blocking = true;
    if (loop._debug) running.task?._noteSuspension(loop._captureStack());
    return future;
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
  if (typeof delay !== 'number')
    throw new TypeError(`sleep() needs a delay in seconds, as a number, not ${describe(delay)}`);
  if (Number.isNaN(delay)) throw new ValueError('Invalid delay: NaN (not a number)');
  return new Sleep(delay, result);
}
