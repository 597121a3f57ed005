/**
 * `TaskGroup`: tasks that live no longer than a block of code.
 *
 * When one of them fails, the others and the body are cancelled, and all failures come out as one group. The cancellation that the group itself
 * asked of its parent is taken back at the end, so that only cancellations from outside get through; the count of requests
 * (`Task.cancelling()`) is the same after the block as before it. Source: Python docs, "Coroutines and Tasks", "Task Groups"; `cancel` as in 3.15.
 */
import type { Coroutine, CoroutineLike } from '../core/awaitable.ts';
import { CoroutineObject } from '../core/coroutine.ts';
import { CancelledError, isExit, RuntimeError } from '../core/errors.ts';
import { makeGroup } from '../core/exception-group.ts';
import { FAILED, type Future, setResultUnlessDone } from '../core/future.ts';
import { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from '../core/graph.ts';
import type { Entry } from '../core/handle.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask, type Task, type TaskOptions } from '../core/task.ts';

/** So many places of tasks that are done are left empty without a thought. */
const FEW = 32;

/** A task of a group, and what is run when it is done. It knows its place, so that leaving costs O(1). */
class Member implements Entry {
  readonly task: Task<unknown>;
  readonly #group: TaskGroup;
  place: number;

  constructor(task: Task<unknown>, group: TaskGroup, place: number) {
    this.task = task;
    this.#group = group;
    this.place = place;
  }

  _run(): void {
    this.#group._memberDone(this);
  }
}

/**
 * ```ts
 * yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
 *   group.createTask(fetchUser(1));
 *   group.createTask(fetchUser(2), { name: 'second' });
 * });  // here both are done
 * ```
 */
export class TaskGroup {
  /** The tasks that are not known to be done, in the order in which they were made, with empty places where others were. */
  #members: (Member | null)[] = [];
  /** How many tasks those are. */
  #pending = 0;
  #errors: unknown[] = [];
  #loop: Scheduler | null = null;
  #parent: Task<unknown> | null = null;
  #exiting = false;
  #aborting = false;
  #cancelBeforeEntry = false;
  /** Did this group ask its parent to be cancelled? It must take that back. */
  #parentCancelRequested = false;
  #exitError: unknown = undefined;
  #allDone: Future<boolean> | null = null;

  /** Enter `asyncWith`. */
  *aenter(): Coroutine<TaskGroup> {
    if (this.#parent !== null) throw new RuntimeError(`${this} has already been entered`);
    const parent = running.loop === null ? null : currentTask();
    if (parent === null) throw new RuntimeError(`${this} cannot determine the parent task`);
    this.#loop = running.loop;
    this.#parent = parent;
    if (this.#cancelBeforeEntry) this.#cancelParent();
    return this;
  }

  /** Leave `asyncWith`: wait for all tasks. */
  *aexit(error?: unknown): Coroutine<boolean> {
    this.#exiting = true;
    const parent = this.#parent as Task<unknown>;
    if (isExit(error)) this.#exitError ??= error;
    let cancellation = error instanceof CancelledError ? error : null;
    /** The last cancellation that came while this waited, of whatever origin. */
    let late: CancelledError | null = null;
    if (error !== undefined && !this.#aborting) this.#abort();
    while (this.#pending > 0) {
      this.#allDone ??= (this.#loop as Scheduler).createFuture<boolean>();
      try {
        yield* this.#allDone;
      } catch (thrown) {
        if (!(thrown instanceof CancelledError)) throw thrown;
        late = thrown;
        if (!this.#aborting) {
          // Someone cancels the task that waits here.
          cancellation = thrown;
          this.#abort();
        }
      }
      this.#allDone = null;
    }
    if (this.#exitError !== undefined) {
      this.#reportUnpropagated();
      throw this.#exitError;
    }
    if (this.#parentCancelRequested) {
      // One request was the group's own. Where that was the only one nothing is passed on; else whatever came is.
      if (parent.uncancel() === 0) cancellation = null;
      else cancellation ??= late;
    }
    if (cancellation !== null && this.#errors.length === 0) throw cancellation;
    if (error !== undefined && !(error instanceof CancelledError)) this.#errors.push(error);
    if (this.#errors.length === 0) return true;
    if (parent.cancelling() > 0) {
      // Cancelled from outside as well: the parent hears of it at its next wait, and the count stays the same.
      parent.uncancel();
      parent.cancel();
    }
    throw makeGroup('unhandled errors in a TaskGroup', this.#errors);
  }

  /** The program is being left: there is no group of errors that could tell of these. */
  #reportUnpropagated(): void {
    for (const exception of this.#errors) {
      if (exception === this.#exitError) continue;
      (this.#loop as Scheduler).callExceptionHandler({
        message:
          'TaskGroup task exception was not propagated because the TaskGroup body is being closed with a BaseException',
        exception,
        taskGroup: this,
      });
    }
  }

  /**
   * Make a task that belongs to this group.
   * @throws {RuntimeError} where the group was not entered, is finished, or is shutting down after a failure.
   */
  createTask<T>(coro: CoroutineLike<T>, options?: TaskOptions): Task<T> {
    const refusal = this.#refusal();
    if (refusal !== null) {
      if (coro instanceof CoroutineObject) coro.close();
      throw new RuntimeError(`${this} ${refusal}`);
    }
    const task = (this.#loop as Scheduler).createTask(coro, options);
    futureAddToAwaitedBy(task, this.#parent as Task<unknown>);
    const member = new Member(task as Task<unknown>, this, this.#members.length);
    this.#members.push(member);
    this.#pending++;
    task._addWaiter(member);
    // An eager task may have cancelled the group in its first step.
    if (this.#aborting && !task.done()) task.cancel();
    return task;
  }

  #refusal(): string | null {
    if (this.#parent === null) return 'has not been entered: use it through asyncWith()';
    if (this.#exiting && this.#pending === 0) return 'is finished';
    return this.#aborting ? 'is shutting down' : null;
  }

  /**
   * Cancel what is left of the group's tasks and of its body, and end the block without an error. Can be called at any time, and again; before
   * the block is entered it cancels it at its beginning.
   */
  cancel(): void {
    if (this.#parent === null) {
      this.#cancelBeforeEntry = true;
      return;
    }
    if (this.#aborting || (this.#exiting && this.#pending === 0)) return;
    this.#abort();
    this.#cancelParent();
  }

  #cancelParent(): void {
    this.#aborting = true;
    if (this.#parentCancelRequested) return;
    this.#parentCancelRequested = true;
    this.#parent?.cancel();
  }

  #abort(): void {
    this.#aborting = true;
    for (const member of this.#members) member?.task.cancel();
  }

  #remove(member: Member): void {
    this.#pending--;
    const members = this.#members;
    members[member.place] = null;
    if (members.length <= 2 * this.#pending + FEW) return;
    let kept = 0;
    for (const other of members) {
      if (other === null) continue;
      other.place = kept;
      members[kept++] = other;
    }
    members.length = kept;
  }

  /** @internal */
  _memberDone(member: Member): void {
    const { task } = member;
    const parent = this.#parent as Task<unknown>;
    this.#remove(member);
    futureDiscardFromAwaitedBy(task, parent);
    if (this.#pending === 0 && this.#allDone !== null) setResultUnlessDone(this.#allDone, true);
    if (task._state !== FAILED) return;
    const error = task._retrieve();
    this.#errors.push(error);
    if (isExit(error)) this.#exitError ??= error;
    if (parent.done()) {
      (this.#loop as Scheduler).callExceptionHandler({
        message: `Task ${task} has errored out but its parent task ${parent} is already completed`,
        exception: error,
        task,
      });
      return;
    }
    if (!this.#aborting && !this.#parentCancelRequested) {
      // The body may be anywhere: cancelling the parent is how it is stopped. That request is taken back at the exit.
      this.#abort();
      this.#cancelParent();
    }
  }

  toString(): string {
    const parts: string[] = [];
    if (this.#pending > 0) parts.push(`tasks=${this.#pending}`);
    if (this.#errors.length > 0) parts.push(`errors=${this.#errors.length}`);
    if (this.#aborting) parts.push('cancelling');
    else if (this.#parent !== null) parts.push('entered');
    return `<TaskGroup${parts.map((part) => ` ${part}`).join('')}>`;
  }
}
