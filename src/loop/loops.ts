/**
 * Which loop: the one that runs, the one that was set, a new one.
 *
 * Source: Python docs, "Event Loop", "Obtaining the Event Loop" (as of 3.14: there is no policy, and no loop is made behind one's back).
 */
import { RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import { Scheduler } from '../core/scheduler.ts';
import { EventLoop, type EventLoopOptions } from './event-loop.ts';

/** The loop that runs. @throws {RuntimeError} where none does. */
export function getRunningLoop(): EventLoop {
  if (running.loop === null) throw new RuntimeError('no running event loop');
  return running.loop as EventLoop;
}

/** The loop that runs, else the one that was set. @throws {RuntimeError} where there is neither. */
export function getEventLoop(): EventLoop {
  const loop = running.loop ?? running.chosen;
  if (loop === null)
    throw new RuntimeError(
      'There is no current event loop: use asyncio.run(), or newEventLoop() and setEventLoop()',
    );
  return loop as EventLoop;
}

/** A new loop. */
export function newEventLoop(options: EventLoopOptions = {}): EventLoop {
  return new EventLoop(options);
}

/** Set the loop that `getEventLoop` gives while none runs; `null` for none. */
export function setEventLoop(loop: EventLoop | null): void {
  if (loop !== null && !(loop instanceof Scheduler)) {
    throw new TypeError(`loop must be an instance of EventLoop or null, not ${describe(loop)}`);
  }
  running.chosen = loop;
}
