/**
 * `timeout`, `timeoutAt`: a deadline for a block of code.
 *
 *     created ──enter──> entered ──(the deadline)──> expiring ──exit──> expired
 *                           └──────────exit──────────────────────────> exited
 *
 * At the deadline the task is cancelled; at the end of the block that cancellation, and only that one, becomes a `TimeoutError`. It is told from
 * others by counting: `Task.uncancel()` leaves as many requests as there were at the beginning. Source: Python docs, "Coroutines and Tasks",
 * "Timeouts".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { CancelledError, RuntimeError, TimeoutError, ValueError } from '../core/errors.ts';
import { BaseExceptionGroup } from '../core/exception-group.ts';
import type { Handle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask, type Task } from '../core/task.ts';

type State = 'created' | 'active' | 'expiring' | 'expired' | 'finished';

/** A deadline that can be moved. Made by `timeout` and `timeoutAt`; used through `asyncWith`. */
export class Timeout {
  #state: State = 'created';
  #when: number | null;
  #timer: Handle | null = null;
  #task: Task<unknown> | null = null;
  #cancelling = 0;

  /** @param when the deadline, in seconds of the loop's clock; `null` for none. */
  constructor(when: number | null) {
    if (when !== null && typeof when !== 'number')
      throw new TypeError(`a time in seconds or null is expected, got ${describe(when)}`);
    if (when !== null && Number.isNaN(when))
      throw new ValueError('a time in seconds is expected, not NaN (not a number)');
    this.#when = when;
  }

  /** The deadline, in seconds of the loop's clock, or `null`. */
  when(): number | null {
    return this.#when;
  }

  /** Did the deadline pass while the block ran? */
  expired(): boolean {
    return this.#state === 'expiring' || this.#state === 'expired';
  }

  /**
   * Move the deadline.
   * @param when in seconds of the loop's clock; `null` for no deadline; a time that has passed expires at once.
   * @throws {RuntimeError} outside of the block, and after the deadline.
   */
  reschedule(when: number | null): void {
    if (this.#state !== 'active') {
      if (this.#state === 'created') throw new RuntimeError('Timeout has not been entered');
      throw new RuntimeError(`Cannot change state of ${this.#state} Timeout`);
    }
    if (when !== null && Number.isNaN(when))
      throw new ValueError('a time in seconds is expected, not NaN (not a number)');
    this.#when = when;
    this.#timer?.cancel();
    this.#timer = null;
    if (when === null) return;
    const loop = running.loop as Scheduler;
    this.#timer =
      when <= loop.time()
        ? loop.callSoon(this.#expire)
        : when === Infinity
          ? null
          : loop.callAt(when, this.#expire);
  }

  readonly #expire = (): void => {
    this.#timer = null;
    this.#state = 'expiring';
    this.#task?.cancel();
  };

  /** Enter `asyncWith`. */
  *aenter(): Coroutine<Timeout> {
    if (this.#state !== 'created') throw new RuntimeError('Timeout has already been entered');
    const task = running.loop === null ? null : currentTask();
    if (task === null) throw new RuntimeError('Timeout should be used inside a task');
    this.#state = 'active';
    this.#task = task;
    this.#cancelling = task.cancelling();
    this.reschedule(this.#when);
    return this;
  }

  /** Leave `asyncWith`. */
  *aexit(error?: unknown): Coroutine<void> {
    const task = this.#task as Task<unknown>;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#state === 'active') {
      this.#state = 'finished';
      return;
    }
    this.#state = 'expired';
    // Somebody else asked for a cancellation too: that one must pass.
    if (task.uncancel() > this.#cancelling || error === undefined) return;
    if (error instanceof CancelledError) throw timedOut(error);
    noteTimeout(error);
  }

  toString(): string {
    const when =
      this.#state === 'active' ? ` when=${this.#when === null ? 'null' : this.#when.toFixed(3)}` : '';
    return `<Timeout [${this.#state}]${when}>`;
  }
}

function timedOut(cause: unknown): TimeoutError {
  return new TimeoutError('', { cause });
}

/** The block failed in another way because of the cancellation: say what was behind it. */
function noteTimeout(error: unknown): void {
  for (let outer = error; outer instanceof Error && outer.cause !== undefined; outer = outer.cause) {
    if (!(outer.cause instanceof CancelledError)) continue;
    outer.cause = timedOut(outer.cause);
    break;
  }
  if (error instanceof BaseExceptionGroup) for (const part of error.exceptions) noteTimeout(part);
}

/**
 * A block of code that may take `delay` seconds.
 *
 * ```ts
 * yield* asyncio.asyncWith(asyncio.timeout(10), function* () {
 *   yield* longRunning();
 * });
 * ```
 * @param delay in seconds; `null` for no limit (yet: see `Timeout.reschedule`).
 * @throws {TimeoutError} from the block, when the time runs out.
 */
export function timeout(delay: number | null): Timeout {
  if (delay !== null && typeof delay !== 'number')
    throw new TypeError(`timeout() needs seconds as a number, or null, not ${describe(delay)}`);
  if (running.loop === null) throw new RuntimeError('no running event loop');
  return new Timeout(delay === null ? null : running.loop.time() + delay);
}

/** A block of code that must end by `when`, in seconds of the loop's clock (`loop.time()`); `null` for no limit (yet). */
export function timeoutAt(when: number | null): Timeout {
  return new Timeout(when);
}
