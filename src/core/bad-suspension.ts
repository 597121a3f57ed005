/**
 * What to say of a coroutine that handed its task something which cannot be waited for: mostly a `yield` that was meant to be a `yield*`.
 *
 * Source: asyncio's own complaints in the same places (asyncio/tasks.py).
 */
import { isCoroutine } from './coroutine.ts';
import { RuntimeError } from './errors.ts';
import { Future } from './future.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';

/** The error for `value`, which a coroutine of `task` handed out. */
export function badSuspension(task: Future<unknown>, loop: Scheduler, value: unknown): Error {
  if (value instanceof Future) {
    if (value._loop !== loop)
      return new RuntimeError(`${task} got Future ${value} attached to a different loop`);
    if (value !== running.awaited)
      return new RuntimeError(`yield was used instead of yield* in ${task} with ${value}`);
    running.awaited = null;
    return new RuntimeError(`Task cannot await on itself: ${task}`);
  }
  if (isCoroutine(value)) {
    return new RuntimeError(
      `${task} was yielding from a generator without await: yield* was meant for ${describe(value)}`,
    );
  }
  return new RuntimeError(
    `Task got bad yield: ${describe(value)}; write yield* to await a coroutine or future`,
  );
}
