/**
 * `signals`: the signals of the process as an async iterable.
 *
 * Nothing that comes after the call is missed. As in the kernel, a signal that comes again before it was taken counts once. Python has no such thing;
 * trio's `open_signal_receiver` is its model.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { runningLoop } from './room.ts';
import { listen } from './signal-handlers.ts';
import { checkSignal, nameOf, type Signal, type SignalName } from './signal-names.ts';

/** The signals that come, one after the other. It is closed by leaving the loop over it, by `close()`, or at the end of a `using` block. */
export class Signals implements AsyncIterableIterator<SignalName>, Disposable {
  readonly #loop: Scheduler;
  readonly #ends: (() => void)[] = [];
  /** What came and was not taken yet, in the order in which it came. */
  readonly #waiting = new Set<number>();
  readonly #waiters = new Set<Future<void>>();
  #closed = false;

  /** @internal */
  constructor(loop: Scheduler, signals: readonly Signal[]) {
    if (signals.length === 0) throw new ValueError("signals() needs at least one signal, such as 'SIGTERM'");
    const numbers = new Set(signals.map(checkSignal));
    this.#loop = loop;
    try {
      for (const number of numbers) this.#ends.push(listen(loop, number, this.#came));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  readonly #came = (signal: number): void => {
    this.#waiting.add(signal);
    this.#wake();
  };

  #wake(): void {
    for (const waiter of this.#waiters) if (!waiter.done()) waiter.setResult(undefined);
  }

  /** Wait for the next signal. @returns its name. */
  next(): Promise<IteratorResult<SignalName>> & CoroutineObject<IteratorResult<SignalName>> {
    return new LazyCoroutine<IteratorResult<SignalName>>(this.#next, this) as never;
  }

  *#next(): Coroutine<IteratorResult<SignalName>> {
    for (;;) {
      const [signal] = this.#waiting;
      if (signal !== undefined) {
        this.#waiting.delete(signal);
        return { done: false, value: nameOf(signal) };
      }
      if (this.#closed) return { done: true, value: undefined };
      yield* this.#wait();
    }
  }

  *#wait(): Coroutine<void> {
    const waiter = this.#loop.createFuture<void>();
    this.#waiters.add(waiter);
    try {
      yield* waiter;
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Let the signals do what they do otherwise. What came and was not taken is dropped. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    for (const end of this.#ends.splice(0)) end();
    this.#wake();
  }

  /** For loops that are left early. */
  return(): Promise<IteratorResult<SignalName>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The signals of these names, from now on, in place of what they do to a process otherwise.
 *
 * ```ts
 * yield* asyncio.asyncFor(asyncio.signals('SIGTERM', 'SIGINT'), function* (signal) {
 *   console.log(`${signal}: shutting down`);
 *   return asyncio.BREAK;
 * });
 * ```
 * @throws {ValueError} where there is no such signal; {RuntimeError} where it cannot be caught, or no loop runs.
 */
export function signals(...signals: readonly Signal[]): Signals {
  return new Signals(runningLoop(), signals);
}
