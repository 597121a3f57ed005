/**
 * A callback that the loop will run, and the kinds of things the loop can run at all.
 *
 * Whatever stands in the ready queue is an `Entry`: a handle, or a task (a wake-up of a task allocates nothing). A cancelled handle stays
 * where it is and is passed over. Source: Python docs, "Event Loop", "Callback Handles".
 */

import { Context, currentValues, type Values } from './context.ts';
import { isExit } from './errors.ts';
import { describeCallback } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import { createdAt, noteSource, sourceOf } from './sources.ts';

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
  _context: Context | Values;

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
    this._context = context ?? currentValues();
    if (loop._debug) noteSource(this, loop._captureStack());
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
    if (!(this._context instanceof Context)) this._context = Context._of(this._context);
    return this._context;
  }

  /** @internal */
  _run(): void {
    if (this._callback === null) return;
    // What it changes of the async context stays with it.
    const scope = this._loop._home;
    if (scope === null) this.#call(this._callback);
    else scope.runInAsyncScope(this.#call, this, this._callback);
  }

  #call(callback: Callback<never[]>): void {
    running.context = this._context;
    try {
      const args = this._args as never[];
      if (args.length === 0) callback();
      else if (args.length === 1) callback(args[0] as never);
      else callback(...args);
    } catch (error) {
      if (isExit(error)) throw error;
      const sourceTraceback = sourceOf(this);
      this._loop.callExceptionHandler({
        message: `Exception in callback ${describeCallback(callback, this._args)}`,
        exception: error,
        handle: this,
        ...(sourceTraceback === undefined ? {} : { sourceTraceback }),
      });
    } finally {
      running.context = null;
    }
  }

  toString(): string {
    const callback = this._callback;
    const what = callback === null ? 'cancelled' : describeCallback(callback, this._args);
    return `<${this.constructor.name} ${what}${createdAt(this)}>`;
  }
}

const NONE: readonly unknown[] = [];

/** A callback to come at a time of the loop's clock. */
export class TimerHandle extends Handle {
  /** @internal */
  readonly _when: number;
  /** @internal */
  _order = 0;
  /** @internal */
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
    if (this._callback === null) return;
    super.cancel();
    if (this._scheduled) this._loop._timerCancelled();
  }
}
