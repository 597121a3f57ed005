/**
 * What `session.get()` and the like return: a coroutine that gives the response, and a block that releases it.
 *
 * Source: aiohttp docs, "Client Quickstart", "Make a Request".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { LazyCoroutine } from '../core/coroutine.ts';

/** What is to be left at the end of a block. */
interface Leavable {
  aexit(error?: unknown): Coroutine<unknown>;
}

/** A coroutine whose result is a context manager, and which is one itself: `asyncWith(session.get(url), ...)`. */
export class RequestContext<T extends Leavable> extends LazyCoroutine<T> {
  #entered: T | null = null;

  *aenter(): Coroutine<T> {
    this.#entered = yield* this;
    return this.#entered;
  }

  *aexit(error?: unknown): Coroutine<void> {
    if (this.#entered !== null) yield* this.#entered.aexit(error);
  }
}
