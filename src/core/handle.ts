/**
 * A callback that the loop will run, and the kinds of things the loop can run at all.
 *
 * Whatever stands in the ready queue is an `Entry`: a handle, or a task (a wake-up of a task allocates nothing). A cancelled handle stays
 * where it is and is passed over. Source: Python docs, "Event Loop", "Callback Handles".
 */
import { type Context, currentContext } from './context.ts';
import { isExit } from './errors.ts';
import { describeCallback } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';

/** Something that the loop can run once. */
export interface Entry {
  /** @internal */
  _run(): void;
}

/** A function that the loop calls with arguments fixed beforehand. */
export type Callback<A extends readonly unknown[]> = (...args: A) => unknown;

/** What `callSoon` and the methods like it return: a callback to come, which can be cancelled. */
export class Handle implements Entry {
  /** @internal */
  _callback: Callback<never[]> | null;
  /** @internal */
  _args: readonly unknown[];
  /** @internal */
  readonly _loop: Scheduler;
  /** @internal */
  readonly _context: Context;
  /** @internal Where it was made, in debug mode. */
  _source: string | undefined = undefined;

  /** @internal */
  constructor(
    callback: Callback<never[]>,
    args: readonly unknown[],
    loop: Scheduler,
    context: Context | null,
  ) {
    this._callback = callback;
    this._args = args;
    this._loop = loop;
    this._context = context ?? currentContext().copy();
    if (loop._debug) this._source = loop._captureStack();
  }

  /** Keep the callback from being called. Has no effect on one that was called or cancelled. */
  cancel(): void {
    this._callback = null;
    this._args = NONE;
  }

  /** Was the callback cancelled? */
  cancelled(): boolean {
    return this._callback === null;
  }

  /** The context in which the callback runs. */
  getContext(): Context {
    return this._context;
  }

  /** @internal */
  _run(): void {
    const callback = this._callback;
    if (callback === null) return;
    running.context = this._context;
    try {
      const args = this._args as never[];
      if (args.length === 0) callback();
      else if (args.length === 1) callback(args[0] as never);
      else callback(...args);
    } catch (error) {
      if (isExit(error)) throw error;
      this._loop.callExceptionHandler({
        message: `Exception in callback ${describeCallback(callback, this._args)}`,
        exception: error,
        handle: this,
        ...(this._source === undefined ? {} : { sourceTraceback: this._source }),
      });
    } finally {
      running.context = null;
    }
  }

  toString(): string {
    const callback = this._callback;
    const what = callback === null ? 'cancelled' : describeCallback(callback, this._args);
    return `<${this.constructor.name} ${what}${this._source === undefined ? '' : ` created at ${firstFrame(this._source)}`}>`;
  }
}

const NONE: readonly unknown[] = [];

function firstFrame(stack: string): string {
  return stack.split('\n', 1)[0]?.replace(/^\s*at /, '') ?? '';
}

/** A callback to come at a time of the loop's clock. */
export class TimerHandle extends Handle {
  /** @internal In seconds of the loop's clock. */
  readonly _when: number;
  /** @internal Number of this timer in the order of making, for those with equal deadlines. */
  _order = 0;
  /** @internal Does it stand in the loop's heap? */
  _scheduled = false;

  /** @internal */
  constructor(
    when: number,
    callback: Callback<never[]>,
    args: readonly unknown[],
    loop: Scheduler,
    context: Context | null,
  ) {
    super(callback, args, loop, context);
    this._when = when;
  }

  /** When the callback will be called, in seconds of `loop.time()`. */
  when(): number {
    return this._when;
  }

  override cancel(): void {
    if (this._callback !== null && this._scheduled) this._loop._timerCancelled();
    super.cancel();
  }
}
