/**
 * `FlowControlMixin`: the part of a protocol that lets tasks wait until more can be written.
 *
 * Source: asyncio/streams.py, `FlowControlMixin`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { ConnectionResetError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Protocol } from './protocols.ts';

export class FlowControlMixin extends Protocol {
  /** @internal */
  readonly _loop: Scheduler;
  readonly #waiters = new Set<Future<void>>();
  #paused = false;
  #lost = false;

  constructor(loop: Scheduler) {
    super();
    this._loop = loop;
  }

  override pauseWriting(): void {
    this.#paused = true;
  }

  override resumeWriting(): void {
    this.#paused = false;
    this.#wake(null);
  }

  override connectionLost(exc: Error | null): void {
    this.#lost = true;
    this.#wake(exc);
  }

  /** @internal Is there anything that `_drained` would wait for, or fail with? */
  get _isHeld(): boolean {
    return this.#paused || this.#lost;
  }

  /** @internal Wait until writing is not paused any more. */
  *_drained(): Coroutine<void> {
    if (this.#lost) throw new ConnectionResetError('Connection lost');
    if (!this.#paused) return;
    const waiter = this._loop.createFuture<void>();
    this.#waiters.add(waiter);
    try {
      yield* waiter;
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  #wake(exc: Error | null): void {
    for (const waiter of this.#waiters) {
      if (waiter.done()) continue;
      if (exc === null) waiter.setResult(undefined);
      else waiter.setException(exc);
    }
  }
}
