/** Tasks of a loop, from anywhere: making one, listing them, and the eager factory. Source: Python docs, "Coroutines and Tasks". */
import type { Coroutine, CoroutineLike } from './awaitable.ts';
import { CoroutineObject, isCoroutine } from './coroutine.ts';
import { RuntimeError } from './errors.ts';
import { describe } from './repr.ts';
import { running } from './running.ts';
import type { Scheduler, TaskFactory } from './scheduler.ts';
import { Task, type TaskOptions } from './task.ts';

/**
 * Make a task of a coroutine on the running loop; it starts in the next iteration.
 *
 * ```ts
 * const task = asyncio.createTask(work(), { name: 'worker' });
 * const other = asyncio.createTask(async () => 42);
 * ```
 * @throws {RuntimeError} where no loop runs; {TypeError} where `coro` is no coroutine.
 */
export function createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
  if (running.loop === null) {
    if (coro instanceof CoroutineObject) coro.close();
    throw new RuntimeError('no running event loop: createTask() works inside of asyncio.run()');
  }
  return running.loop.createTask(coro, options);
}

/** The tasks of `loop`, by default of the running one, that are not done. */
export function allTasks(loop?: Scheduler | null): Set<Task<unknown>> {
  const target = loop ?? running.loop;
  if (target === null) throw new RuntimeError('no running event loop');
  return new Set(target._tasks());
}

/** Makes a task of a coroutine: the class to use in `createEagerTaskFactory`. */
export type TaskConstructor = new <T>(
  coro: Coroutine<T> | CoroutineObject<T>,
  options: TaskOptions & { readonly loop: Scheduler },
) => Task<T>;

/**
 * A task factory whose tasks take their first step at once: a coroutine that does not wait is done without the loop having been asked.
 *
 * ```ts
 * loop.setTaskFactory(asyncio.createEagerTaskFactory(MyTask));
 * ```
 */
export function createEagerTaskFactory(taskClass: TaskConstructor): TaskFactory {
  if (typeof taskClass !== 'function')
    throw new TypeError(`a task class is expected, got ${describe(taskClass)}`);
  return (loop, coro, options) => {
    if (!isCoroutine(coro)) throw new TypeError(`a coroutine was expected, got ${describe(coro)}`);
    return new taskClass(coro, { eagerStart: true, ...options, loop });
  };
}

/** The eager task factory for plain tasks: `loop.setTaskFactory(asyncio.eagerTaskFactory)`. */
export const eagerTaskFactory: TaskFactory = createEagerTaskFactory(Task);
