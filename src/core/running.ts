/**
 * What runs at this moment: the loop, the task whose step is on the stack, and its context.
 *
 * One object, read and written by `core/` alone, so that a step costs two stores and no function call. `task` and `context` are set only
 * while a step or callback is on the stack; between them (in the continuation of an `await`) the task is found through
 * `AsyncLocalStorage` (see `async-scope.ts`). Source: Python docs, "Event Loop", `get_running_loop`; "Coroutines and Tasks", `current_task`.
 */
import type { Context, Values } from './context.ts';
import type { CoroutineObject } from './coroutine.ts';
import type { Future } from './future.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';

interface Running {
  /** The loop that runs, from the start of `runForever` to its end. */
  loop: Scheduler | null;
  /** The loop that `setEventLoop` chose for times when none runs. */
  chosen: Scheduler | null;
  /** The task whose step is on the stack. */
  task: Task<unknown> | null;
  /** The context of the step or callback on the stack; bare values until someone needs a context. */
  context: Context | Values | null;
  /** The future that an iterator of it handed out last: tells `yield*` from a bare `yield` of a future. */
  awaited: Future<unknown> | null;
  /** In debug mode: the stack at that moment. */
  awaitedAt: string;
  /** The innermost tracked coroutine of the step on the stack, for the visible stack of its task. */
  frame: CoroutineObject<unknown> | null;
}

export const running: Running = {
  loop: null,
  chosen: null,
  task: null,
  context: null,
  awaited: null,
  awaitedAt: '',
  frame: null,
};
