/** `Event`: a flag that tasks can wait for. Source: Python docs, "Synchronization Primitives", "Event". */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { LoopBound } from './loop-bound.ts';
import { WaiterQueue } from './waiters.ts';

export class Event extends LoopBound {
  #set = false;
  readonly #waiters = new WaiterQueue();

  /** Is the flag up? */
  isSet(): boolean {
    return this.#set;
  }

  /** Raise the flag, and wake everyone who waits for it. */
  set(): void {
    if (this.#set) return;
    this.#set = true;
    for (const waiter of this.#waiters) if (!waiter.done()) waiter.setResult(true);
  }

  /** Lower the flag: who waits from now on waits for the next `set()`. */
  clear(): void {
    this.#set = false;
  }

  /** Wait until the flag is up; goes on at once where it is. */
  wait(): CoroutineObject<true> {
    return new LazyCoroutine<true>(this.#wait, this);
  }

  *#wait(): Coroutine<true> {
    if (this.#set) return true;
    return yield* this.#waiters.wait(this._getLoop());
  }

  /** A frozen snapshot: is it set, and how many wait. */
  statistics(): { readonly set: boolean; readonly waiting: number } {
    return Object.freeze({ set: this.#set, waiting: this.#waiters.size });
  }

  override toString(): string {
    return `<Event ${this.#set ? 'set' : 'unset'}${this.#waiters.size > 0 ? ` waiters:${this.#waiters.size}` : ''}>`;
  }
}
