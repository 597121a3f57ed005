/**
 * Errors that nobody else can take: what a loop does with them.
 *
 * A handler of the user's own comes first; if it fails, that is reported as well, and nothing is lost. Source: Python docs, "Event Loop",
 * "Error Handling API".
 */
import { isExit } from './errors.ts';
import { Future } from './future.ts';
import type { Handle } from './handle.ts';
import { describe } from './repr.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';

/** What is known of an error: the message, and whatever it concerns. */
export interface ExceptionContext {
  readonly message: string;
  readonly exception?: unknown;
  readonly future?: Future<unknown>;
  readonly task?: Task<unknown>;
  readonly handle?: Handle;
  /** Where what it concerns was made, in debug mode. */
  readonly sourceTraceback?: string;
  readonly [key: string]: unknown;
}

/** Takes the errors that nobody else can. */
export type ExceptionHandler = (loop: Scheduler, context: ExceptionContext) => unknown;

export class ErrorReports {
  handler: ExceptionHandler | null = null;
  readonly #loop: Scheduler;

  constructor(loop: Scheduler) {
    this.#loop = loop;
  }

  setHandler(handler: ExceptionHandler | null): void {
    if (handler !== null && typeof handler !== 'function') {
      throw new TypeError(`A callable object or null is expected, got ${describe(handler)}`);
    }
    this.handler = handler;
  }

  report(context: ExceptionContext): void {
    if (this.handler === null) {
      this.#printSafely(context);
      return;
    }
    try {
      this.handler(this.#loop, context);
    } catch (error) {
      if (isExit(error)) throw error;
      this.#printSafely({ message: 'Unhandled error in exception handler', exception: error, context });
    }
  }

  /** A subclass may have replaced `defaultExceptionHandler` by one that fails. */
  #printSafely(context: ExceptionContext): void {
    try {
      this.#loop.defaultExceptionHandler(context);
    } catch (error) {
      if (isExit(error)) throw error;
      console.error('Exception in default exception handler', error);
    }
  }

  print(context: ExceptionContext): void {
    const lines = [context.message || 'Unhandled exception in event loop'];
    for (const key of Object.keys(context).sort()) {
      if (key === 'message' || key === 'exception' || key === 'sourceTraceback') continue;
      const value = context[key];
      lines.push(`${key}: ${value instanceof Future ? String(value) : describe(value)}`);
    }
    if (context.sourceTraceback !== undefined) lines.push(`created at\n${context.sourceTraceback}`);
    const text = lines.join('\n');
    if (context.exception === undefined || context.exception === null) console.error(text);
    else console.error(text, '\n', context.exception);
  }
}
