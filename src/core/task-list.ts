/**
 * The tasks of a loop that are not done: a list through the tasks themselves, so that adding and removing cost O(1) and allocate nothing.
 *
 * It is what keeps running tasks alive.
 */
import type { Task } from './task.ts';

export class TaskList {
  #newest: Task<unknown> | null = null;

  add(task: Task<unknown>): void {
    const newest = this.#newest;
    task._next = newest;
    if (newest !== null) newest._previous = task;
    this.#newest = task;
  }

  remove(task: Task<unknown>): void {
    const { _previous: previous, _next: next } = task;
    if (previous !== null) previous._next = next;
    else if (this.#newest === task) this.#newest = next;
    if (next !== null) next._previous = previous;
    task._previous = null;
    task._next = null;
  }

  clear(): void {
    this.#newest = null;
  }

  /** The tasks, oldest first. */
  toArray(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let task = this.#newest; task !== null; task = task._next) tasks.push(task);
    return tasks.reverse();
  }
}
