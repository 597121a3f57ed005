/**
 * The results of `Executor.map`, in the order of the items.
 *
 * Without a buffer size everything is submitted when `map` is called. With one, so many chunks are under way, and one more is begun each time that one
 * has been handed out, so that endless iterables serve too. Source: Python docs, "concurrent.futures", `Executor.map`.
 */
import { TimeoutError } from '../core/errors.ts';
import { blockUntil } from './bell.ts';
import { checkTimeout, type Future } from './future.ts';
import type { ChunkResult } from './messages.ts';
import { eventually, type Steps, stepsOf } from './steps.ts';

/** What a map needs to know. */
export interface MapPlan {
  readonly start: (chunk: readonly unknown[][]) => Future<ChunkResult>;
  readonly items: Iterator<unknown[], void, undefined>;
  readonly chunksize: number;
  readonly buffersize: number | null;
  /** In seconds from now. */
  readonly timeout: number | null;
}

export class MapResults<R> implements IterableIterator<R, undefined>, AsyncIterable<R> {
  readonly #plan: MapPlan;
  readonly #end: number;
  /** What is under way, in the order of the items. */
  #chunks: Future<ChunkResult>[] = [];
  /** The results of the first chunk that have not been handed out. */
  #values: readonly unknown[] = [];
  #given = 0;
  #failure: { readonly error: unknown } | null = null;
  #exhausted = false;

  constructor(plan: MapPlan) {
    checkTimeout(plan.timeout);
    this.#plan = plan;
    this.#end = plan.timeout === null ? Infinity : performance.now() + plan.timeout * 1000;
    const limit = plan.buffersize ?? Infinity;
    try {
      while (this.#chunks.length < limit && this.#submitNext());
    } catch (error) {
      this.#cancelRest(false);
      throw error;
    }
  }

  /** The next result; blocks the thread until it is there. @throws what the call threw; {TimeoutError} when the time has run out. */
  next(): IteratorResult<R, undefined> {
    const first = this.#chunks[0];
    if (!this.#hasValue() && first !== undefined) {
      const left = this.#end === Infinity ? null : Math.max((this.#end - performance.now()) / 1000, 0);
      if (!blockUntil(() => first.done(), left, 'the iteration of map()')) {
        this.#cancelRest(false);
        throw new TimeoutError();
      }
    }
    return this.#take(false) as IteratorResult<R, undefined>;
  }

  /** Stop early: what has not begun is cancelled. */
  return(): IteratorResult<R, undefined> {
    this.#cancelRest(false);
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Without blocking. Whoever stops early, or is cancelled, stops what runs as well. */
  [Symbol.asyncIterator](): Steps<R> {
    const next = (): Future<IteratorResult<R, undefined>> => {
      const step = eventually<IteratorResult<R, undefined>>(
        (wake) => {
          if (wake !== null) this.#chunks[0]?.addDoneCallback(wake);
        },
        () => (this.#hasValue() || this.#chunks[0]?.done() !== false ? this.#take(true) : null),
        this.#end,
        () => {
          this.#cancelRest(true);
          return new TimeoutError();
        },
      );
      step.addDoneCallback(() => {
        if (step.cancelled()) this.#cancelRest(true);
      });
      return step;
    };
    return stepsOf(next, () => {
      this.#cancelRest(true);
      return { done: true, value: undefined };
    });
  }

  #hasValue(): boolean {
    return this.#given < this.#values.length || this.#failure !== null;
  }

  /** The next result of what is there. */
  #take(stop: boolean): IteratorResult<R, undefined> {
    for (;;) {
      if (this.#given < this.#values.length) return { done: false, value: this.#values[this.#given++] as R };
      try {
        if (this.#failure !== null) throw this.#failure.error;
        const chunk = this.#chunks.shift();
        if (chunk === undefined) return { done: true, value: undefined };
        const { values, failure } = asResult(chunk.result(0));
        this.#values = values;
        this.#given = 0;
        this.#failure = failure;
        if (this.#plan.buffersize !== null) this.#submitNext();
      } catch (error) {
        this.#failure = null;
        this.#cancelRest(stop);
        throw error;
      }
      // An empty chunk cannot be: go on with what it has.
    }
  }

  /** Begin one more chunk. @returns false where nothing is left. */
  #submitNext(): boolean {
    if (this.#exhausted) return false;
    const chunk: unknown[][] = [];
    while (chunk.length < this.#plan.chunksize) {
      const step = this.#plan.items.next();
      if (step.done === true) {
        this.#exhausted = true;
        break;
      }
      chunk.push(step.value);
    }
    if (chunk.length === 0) return false;
    this.#chunks.push(this.#plan.start(chunk));
    return true;
  }

  #cancelRest(stop: boolean): void {
    for (const chunk of this.#chunks.splice(0)) {
      if (stop) chunk.stop();
      else chunk.cancel();
    }
    this.#values = [];
    this.#given = 0;
    this.#failure = null;
    if (!this.#exhausted) this.#plan.items.return?.();
    this.#exhausted = true;
  }
}

/** A chunk of which all went well comes as its bare values. */
function asResult(result: ChunkResult | readonly unknown[]): ChunkResult {
  return Array.isArray(result)
    ? { values: result as readonly unknown[], failure: null }
    : (result as ChunkResult);
}
