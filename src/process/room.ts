/**
 * What this room asks of a loop's reactor.
 */
import { captureScope } from '../core/async-scope.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import type { Processes } from '../core/process.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';

/** @throws {NotImplementedError} where the reactor has no processes. */
export function processesOf(loop: Scheduler, method: string): Processes {
  const { name, processes } = loop._reactor;
  if (processes !== undefined) return processes;
  throw new NotImplementedError(`${method}(): the ${name} reactor has no processes, pipes and signals`);
}

/** Call `fn` where what it opens belongs to no task, whoever asks for it. */
export function outsideOfTasks<R>(fn: () => R): R {
  return captureScope().runInAsyncScope(fn);
}

/** @throws {RuntimeError} where no loop runs. */
export function runningLoop(): Scheduler {
  const { loop } = running;
  if (loop === null) throw new RuntimeError('no running event loop');
  return loop;
}
