/**
 * The tasks that a program leaves behind: cancelled, waited for, and their failures reported.
 *
 * Source: Python docs, "Runners": `asyncio.run` cancels what is left before it closes the loop.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { currentTask } from '../core/task.ts';
import { gather } from '../structured/gather.ts';
import type { EventLoop } from './event-loop.ts';

/** Cancel all tasks of `loop` but the one that runs this, and wait until they have ended. */
export function* cancelAllTasks(loop: EventLoop): Coroutine<void> {
  const self = currentTask();
  const tasks = loop._tasks().filter((task) => task !== self);
  for (const task of tasks) task.cancel();
  yield* gather(...tasks, { returnExceptions: true });
  for (const task of tasks) {
    if (task.cancelled()) continue;
    const exception = task.exception();
    if (exception === null) continue;
    loop.callExceptionHandler({
      message: 'unhandled exception during asyncio.run() shutdown',
      exception,
      task,
    });
  }
}
