/**
 * `AbstractServer`: what every server can do, for code that does not care what it serves with. `Server` is the one of this library.
 *
 * Each method raises `NotImplementedError` until a class derived from it has it; leaving a block closes the server and waits for its end.
 * Source: Python docs, "Event Loop", "Server Objects"; asyncio/events.py, `AbstractServer`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { Scheduler } from '../core/scheduler.ts';

export class AbstractServer implements AsyncDisposable {
  /** Stop listening. Connections that were accepted go on. */
  close(): void {
    missing(this, 'close');
  }

  /** Close every connection that it accepted, after what they have to send. */
  closeClients(): void {
    missing(this, 'closeClients');
  }

  /** Close every connection that it accepted at once. */
  abortClients(): void {
    missing(this, 'abortClients');
  }

  /** The loop that it belongs to. */
  getLoop(): Scheduler {
    return missing(this, 'getLoop');
  }

  /** Does it accept connections? */
  isServing(): boolean {
    return missing(this, 'isServing');
  }

  /** Begin to accept connections. Has no effect on one that does. */
  startServing(): CoroutineObject<void> {
    return missing(this, 'startServing');
  }

  /** Accept connections until the task is cancelled, which closes the server. */
  serveForever(): CoroutineObject<never> {
    return missing(this, 'serveForever');
  }

  /** Wait until the server is closed and all its connections are gone. */
  waitClosed(): CoroutineObject<void> {
    return missing(this, 'waitClosed');
  }

  /** The server itself, for `asyncWith`. */
  aenter(): CoroutineObject<this> {
    return new LazyCoroutine<this>(this.#aenter, this);
  }

  *#aenter(): Coroutine<this> {
    return this;
  }

  /** Close it, and wait for its end. */
  aexit(_error?: unknown): CoroutineObject<void> {
    return new LazyCoroutine(this.#aexit, this);
  }

  *#aexit(): Coroutine<void> {
    this.close();
    yield* this.waitClosed();
  }

  /** Close it, and wait for its end. */
  [Symbol.asyncDispose](): CoroutineObject<void> {
    return this.aexit();
  }
}

function missing(server: AbstractServer, method: string): never {
  throw new NotImplementedError(`${server.constructor.name} has no ${method}()`);
}
