/**
 * A primitive that is held until the end of a block: `using guard = yield* lock.guard()` in generators, `using guard = await lock.guard()` in
 * async functions. Disposing of it twice does nothing. Source: ECMAScript explicit resource management.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';

interface Holdable {
  acquire(): CoroutineObject<true>;
  release(): void;
}

export class Guard implements Disposable {
  #held: Holdable | null;

  private constructor(held: Holdable) {
    this.#held = held;
  }

  /** @internal */
  static acquire(primitive: Holdable): CoroutineObject<Guard> {
    return new LazyCoroutine(Guard.#guard, null, [primitive]);
  }

  static *#guard(primitive: Holdable): Coroutine<Guard> {
    yield* primitive.acquire();
    return new Guard(primitive);
  }

  /** Give it back now. */
  release(): void {
    const held = this.#held;
    this.#held = null;
    held?.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
