/**
 * Errors that nobody else can take: what a loop does with them.
 *
 * A handler of the user's own comes first; if it fails, that is reported as well, and nothing is lost. Source: Python docs, "Event Loop",
 * "Error Handling API".
 */
import { isExit } from './errors.ts';
import { formatFailure } from './failure-text.ts';
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
      this.#printSafely(context, '');
      return;
    }
    try {
      this.handler(this.#loop, context);
    } catch (error) {
      if (isExit(error)) throw error;
      this.#printSafely(
        { message: 'Unhandled error in exception handler', exception: error, context },
        ' while handling an unexpected error in custom exception handler',
      );
    }
  }

  /** A subclass may have replaced `defaultExceptionHandler` by one that fails. */
  #printSafely(context: ExceptionContext, meanwhile: string): void {
    try {
      this.#loop.defaultExceptionHandler(context);
    } catch (error) {
      if (isExit(error)) throw error;
      console.error(`Exception in default exception handler${meanwhile}`, error);
    }
  }

  print(context: ExceptionContext): void {
    console.error(textOf(context));
  }
}

function textOf(context: ExceptionContext): string {
  const lines = [context.message || 'Unhandled exception in event loop'];
  for (const key of Object.keys(context).sort()) {
    if (key === 'message' || key === 'exception' || key === 'sourceTraceback') continue;
    lines.push(`${key}: ${valueText(context[key])}`);
  }
  if (context.sourceTraceback !== undefined) lines.push(`created at\n${context.sourceTraceback}`);
  const { exception } = context;
  if (exception !== undefined && exception !== null) lines.push(formatFailure(exception));
  return lines.join('\n');
}

function valueText(value: unknown): string {
  if (value instanceof Future) return String(value);
  // What a handler was told when it failed: nothing of it may be lost.
  if (isContext(value)) return `\n${textOf(value).replaceAll(/^/gm, '  ')}`;
  return describe(value);
}

function isContext(value: unknown): value is ExceptionContext {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as ExceptionContext).message === 'string' &&
    !(value instanceof Error)
  );
}
