/**
 * Ctrl-C while a program runs: the first one cancels the main task, the second one ends the process at once.
 *
 * The handlers are there only while the main task runs, and only where the program has none of its own; one that it adds to the loop takes
 * over. Source: Python docs, "Runners", "Handling Keyboard Interruption".
 */
import type { Scheduler } from '../core/scheduler.ts';
import type { Task } from '../core/task.ts';
import { handlesSignal } from '../process/signal-handlers.ts';

type Signal = 'SIGINT' | 'SIGTERM';
/** The status of a process that a signal ended: 128 and the signal's number. */
const STATUS: { readonly [S in Signal]: number } = { SIGINT: 130, SIGTERM: 143 };

interface Host {
  listenerCount(event: string): number;
  on(event: string, listener: (signal: Signal) => void): unknown;
  removeListener(event: string, listener: (signal: Signal) => void): unknown;
  exit(status: number): never;
}

export class Interrupts {
  /** The signal that came. */
  signal: Signal = 'SIGINT';
  readonly #task: Task<unknown>;
  readonly #host: Host | undefined = (globalThis as { readonly process?: Host }).process;
  readonly #handled: Signal[];
  #count = 0;

  constructor(task: Task<unknown>, withSigterm: boolean) {
    this.#task = task;
    const wanted: Signal[] = withSigterm ? ['SIGINT', 'SIGTERM'] : ['SIGINT'];
    this.#handled = wanted.filter(
      (signal) => this.#host !== undefined && this.#host.listenerCount(signal) === 0,
    );
    for (const signal of this.#handled) this.#host?.on(signal, this.#interrupt);
  }

  /** Did an interrupt end `task`, rather than a cancellation by the program itself? */
  cancelled(task: Task<unknown>): boolean {
    return this.#count > 0 && task.uncancel() === 0;
  }

  remove(): void {
    for (const signal of this.#handled) this.#host?.removeListener(signal, this.#interrupt);
  }

  readonly #interrupt = (signal: Signal): void => {
    if (handlesSignal(this.#task.getLoop() as Scheduler, signal)) return;
    this.#count++;
    if (this.#count === 1 && !this.#task.done()) {
      this.signal = signal;
      this.#task.cancel();
      return;
    }
    this.#host?.exit(STATUS[signal]);
  };
}
