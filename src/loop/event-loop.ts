/**
 * `EventLoop`: the scheduler with its reactor, and one-line doors into the rooms that do input and output.
 *
 * Source: Python docs, "Event Loop", "Event Loop Methods".
 */
import type { Waitable } from '../core/awaitable.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { Reactor } from '../core/reactor.ts';
import { Scheduler } from '../core/scheduler.ts';
import { LibuvReactor } from '../reactors/libuv/reactor.ts';

/** How a loop is made. */
export interface EventLoopOptions {
  /** What gives the loop the time and waits for it; by default the one that suits this platform. */
  readonly reactor?: Reactor | undefined;
}

export class EventLoop extends Scheduler {
  constructor(options: EventLoopOptions = {}) {
    super(options.reactor ?? new LibuvReactor());
  }

  /**
   * Run until `awaitable` is done without returning to Node, and give its result: Python's blocking `run_until_complete`. Async functions
   * cannot go on meanwhile, so only generator coroutines can be run.
   * @throws {NotImplementedError} where the loop's reactor cannot block.
   */
  runUntilCompleteSync<T>(awaitable: Waitable<T>): T {
    const reactor = this._reactor;
    if (reactor.block === undefined) {
      throw new NotImplementedError(
        `the ${reactor.name} reactor cannot block: use runUntilComplete(), which gives a promise`,
      );
    }
    return this._runBlocking(awaitable, (driven) => reactor.block?.(driven));
  }

  override toString(): string {
    return `<EventLoop ${this._reactor.name} running=${this.isRunning()} closed=${this.isClosed()} debug=${this.getDebug()}>`;
  }
}
