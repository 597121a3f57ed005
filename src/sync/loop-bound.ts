/**
 * Primitives belong to the loop in which they first had to wait: making one outside of a loop is fine, using it from two loops is not.
 *
 * Source: Python docs, "Synchronization Primitives" (since 3.10 the loop is bound at first use).
 */
import { RuntimeError } from '../core/errors.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';

export abstract class LoopBound {
  #loop: Scheduler | null = null;

  /**
   * The running loop, to which this primitive is bound from now on.
   * @throws {RuntimeError} where no loop runs, or the primitive is bound to another one.
   */
  protected _getLoop(): Scheduler {
    const loop = running.loop;
    if (loop === null) throw new RuntimeError('no running event loop');
    this.#loop ??= loop;
    if (this.#loop !== loop) {
      throw new RuntimeError(`${this} is bound to a different event loop: make one for each loop`);
    }
    return loop;
  }
}
