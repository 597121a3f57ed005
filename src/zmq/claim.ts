/**
 * The future of a message that is to be received: until its message has been looked at, it can still be given to someone else.
 *
 * A task may be cancelled after its message came and before it ran again. With an ordinary future the message would be lost; this one gives it
 * back to its socket, first in line, and is cancelled itself.
 */

import { CANCELLED, FINISHED, Future, PENDING } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import type { Scheduler } from '../core/scheduler.ts';

/** Where claims wait. */
export interface ClaimOffice {
  /** It will not be waited for any more. */
  forget(waiter: Claim<unknown> | Watch): void;
  /** What was given to it is to be given to another. */
  giveBack(frames: readonly Buffer[], whole: boolean): void;
}

export class Claim<T> extends Future<T> {
  /** Is it for all frames that are left of a message, or for one? */
  readonly whole: boolean;
  timer: TimerHandle | null = null;
  /** Was it cancelled because its socket was closed? */
  closed = false;
  readonly #office: ClaimOffice;
  readonly #decode: (frames: readonly Buffer[]) => T;
  #frames: readonly Buffer[] | null = null;

  constructor(
    loop: Scheduler,
    office: ClaimOffice,
    whole: boolean,
    decode: (frames: readonly Buffer[]) => T,
  ) {
    super({ loop });
    this.#office = office;
    this.whole = whole;
    this.#decode = decode;
  }

  /** These frames are its own, unless it is cancelled before anyone has seen them. */
  give(frames: readonly Buffer[]): void {
    this.timer?.cancel();
    let value: T;
    try {
      value = this.#decode(frames);
    } catch (error) {
      this.setException(error as Error);
      return;
    }
    this.#frames = frames;
    this.setResult(value);
  }

  /** It failed. */
  refuse(error: Error): void {
    this.timer?.cancel();
    this.setException(error);
  }

  /** The socket was closed. */
  close(): void {
    if (this._state !== PENDING) return;
    this.closed = true;
    this.cancel();
  }

  override result(): T {
    this.#frames = null;
    return super.result();
  }

  override cancel(message?: unknown): boolean {
    const frames = this.#frames;
    if (this._state === PENDING) {
      this.timer?.cancel();
      this.#office.forget(this as Claim<unknown>);
    } else if (this._state === FINISHED && frames !== null) {
      this.#frames = null;
      this._state = CANCELLED;
      this._value = message;
      this.#office.giveBack(frames, this.whole);
      return true;
    }
    return super.cancel(message);
  }
}

/** Who only wants to know that something can be received or sent. It may watch several sockets. */
export class Watch extends Future<void> {
  readonly #offices: { forget(watch: Watch): void }[] = [];

  /** @internal */
  watches(office: { forget(watch: Watch): void }): void {
    this.#offices.push(office);
  }

  /** There is something to see; or the time is over. */
  end(): void {
    if (this._state !== PENDING) return;
    for (const office of this.#offices) office.forget(this);
    this.setResult(undefined);
  }

  /** There is nothing to see, and there will not be. */
  refuse(error: Error): void {
    if (this._state !== PENDING) return;
    for (const office of this.#offices) office.forget(this);
    this.setException(error);
  }

  /** One of the sockets was closed. */
  close(): void {
    this.cancel();
  }

  override cancel(message?: unknown): boolean {
    for (const office of this.#offices) office.forget(this);
    return super.cancel(message);
  }
}
