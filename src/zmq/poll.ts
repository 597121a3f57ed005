/**
 * Waiting until something can be received or sent, on one socket or on several at once.
 *
 * Source: pyzmq's documentation, "zmq.asyncio", `Poller.poll`; man zmq_poll(3).
 */

import { Future, PENDING } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Watch } from './claim.ts';
import { POLLIN, POLLOUT } from './constants.ts';

/** What can be waited for. */
export interface Pollable {
  /** @internal Which of the events of `mask` there are now. @throws {ZMQError} where it is closed. */
  _events(mask: number): number;
  /** @internal End `watch` when one of the events of `mask` has come. */
  _watch(watch: Watch, mask: number): void;
}

/** The sockets that are ready, each with what it is ready for. */
class Poll<S extends Pollable> extends Future<[socket: S, events: number][]> {
  readonly #entries: readonly (readonly [socket: S, mask: number])[];
  #watch: Watch;
  #over = false;
  #timer: TimerHandle | null = null;

  constructor(
    loop: Scheduler,
    entries: readonly (readonly [socket: S, mask: number])[],
    timeout: number | null,
  ) {
    super({ loop });
    this.#entries = entries;
    this.#watch = new Watch({ loop });
    const ready = this.#ready();
    if (ready.length > 0 || timeout === 0) {
      this.setResult(ready);
      return;
    }
    this.#wait();
    if (timeout !== null) this.#timer = loop.callLater(timeout, this.#end);
  }

  override cancel(message?: unknown): boolean {
    this.#timer?.cancel();
    if (this._state === PENDING) this.#watch.cancel();
    return super.cancel(message);
  }

  #wait(): void {
    this.#watch.addDoneCallback(this.#look);
    for (const [socket, mask] of this.#entries) socket._watch(this.#watch, mask);
  }

  readonly #end = (): void => {
    this.#over = true;
    this.#watch.end();
  };

  readonly #look = (): void => {
    if (this._state !== PENDING) return;
    if (this.#watch.cancelled()) {
      this.cancel();
      return;
    }
    try {
      this.#watch.result();
      const ready = this.#ready();
      if (ready.length > 0 || this.#over) {
        this.#timer?.cancel();
        this.setResult(ready);
        return;
      }
      // Someone else was there before: what there was to see is gone.
      this.#watch = new Watch({ loop: this._loop });
      this.#wait();
    } catch (error) {
      this.#timer?.cancel();
      this.setException(error as Error);
    }
  };

  #ready(): [socket: S, events: number][] {
    return this.#entries
      .map(([socket, mask]): [S, number] => [socket, socket._events(mask)])
      .filter(([, events]) => events !== 0);
  }
}

/** Wait until one of the sockets is ready for what is asked of it. @param timeout in seconds; `null`: for ever. */
export function pollSockets<S extends Pollable>(
  loop: Scheduler,
  entries: readonly (readonly [socket: S, mask: number])[],
  timeout: number | null,
): Future<[socket: S, events: number][]> {
  return new Poll(loop, entries, timeout);
}

/** The same for one socket: what it is ready for, 0 where the time was over before. */
export function pollSocket(
  loop: Scheduler,
  socket: Pollable,
  mask: number,
  timeout: number | null,
): Future<number> {
  return new PollOne(loop, socket, mask, timeout);
}

class PollOne extends Future<number> {
  readonly #poll: Poll<Pollable>;

  constructor(loop: Scheduler, socket: Pollable, mask: number, timeout: number | null) {
    super({ loop });
    this.#poll = new Poll(loop, [[socket, mask]], timeout);
    if (this.#poll.done()) this.#take();
    else this.#poll.addDoneCallback(() => this.#take());
  }

  override cancel(message?: unknown): boolean {
    this.#poll.cancel(message);
    return super.cancel(message);
  }

  #take(): void {
    if (this._state !== PENDING) return;
    if (this.#poll.cancelled()) {
      super.cancel();
      return;
    }
    try {
      this.setResult(this.#poll.result()[0]?.[1] ?? 0);
    } catch (error) {
      this.setException(error as Error);
    }
  }
}

/** @returns the events. @throws {TypeError} where they are others than `zmq.POLLIN` and `zmq.POLLOUT`. */
export function checkEvents(events: number, where: string): number {
  if (!Number.isInteger(events) || (events & ~(POLLIN | POLLOUT)) !== 0)
    throw new TypeError(`${where} needs zmq.POLLIN, zmq.POLLOUT or both, not ${describe(events)}`);
  return events;
}

/** @returns the time-out, or `null` for none. @throws {TypeError} where it is no number of seconds. */
export function checkTimeout(timeout: number | null | undefined, where: string): number | null {
  if (timeout === undefined || timeout === null) return null;
  if (typeof timeout !== 'number' || Number.isNaN(timeout))
    throw new TypeError(
      `${where}: the timeout must be a number of seconds, or null for none, not ${String(timeout)}`,
    );
  return timeout < 0 || timeout === Infinity ? null : timeout;
}
