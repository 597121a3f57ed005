/**
 * An operation of a host that may end late: its outcome is told once, or never if it was cancelled before.
 */
import type { Done, Operation, Outcome } from '../../core/channel.ts';

/** An operation that ends once: with an outcome, or by being cancelled. */
export class Once<T> implements Operation {
  #done: Done<T> | null;
  readonly #discard: () => void;

  /** @param discard closes what a cancelled operation has opened. */
  constructor(done: Done<T>, discard: () => void = ignore) {
    this.#done = done;
    this.#discard = discard;
  }

  /** Has it ended, or was it cancelled? */
  get isOver(): boolean {
    return this.#done === null;
  }

  end(outcome: Outcome<T>): void {
    const done = this.#done;
    this.#done = null;
    done?.(outcome);
  }

  cancel(): void {
    if (this.#done === null) return;
    this.#done = null;
    this.#discard();
  }
}

function ignore(): void {}
