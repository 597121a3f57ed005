/**
 * A pool's end of the wire to one worker, whatever that is. `ThreadCarrier` and `ProcessCarrier` make them.
 */
import type { FromWorker, ToWorker } from './messages.ts';

/** Who is told what a worker says, and that it is gone. Nothing is called on the stack of whoever asked the link for something, but by `drain`. */
export interface LinkSink {
  linkMessage(message: FromWorker): void;
  /** The worker has ended. Called once, and nothing after it. */
  linkGone(reason: string, cause?: unknown): void;
}

export interface Link<P = unknown> {
  /** What the worker is called in messages, such as `worker thread 3`. */
  readonly name: string;
  /** Send what was packed. @throws where it cannot be cloned; nothing is sent then. */
  send(packed: P): void;
  /** Tell the worker that a job should end. */
  abort(job: number): void;
  /** Let the worker end when it has done what it was sent. */
  close(): void;
  /** End the worker at once; `gently` leaves a process the chance to handle SIGTERM. */
  kill(gently: boolean): void;
  /** Handle the messages that are there. @returns whether there were any. */
  drain(): boolean;
  /** Does the worker still live, as far as can be seen while this thread blocks? */
  isAlive(): boolean;
  /** Keep the process alive for what the worker does. */
  ref(): void;
  unref(): void;
  /** This thread will block: a worker without a job need not stay by for one. */
  rest(): void;
}

/** A kind of workers: how to start one, and how to write for it. */
export interface Carrier<P = unknown> {
  /** A word for the workers, such as `thread`. */
  readonly kind: 'thread' | 'process';
  /**
   * Get a message ready to be sent.
   * @param list what is to be moved, not copied.
   * @param atOnce it will be sent before anybody else runs, so that it need not be copied before.
   * @throws where it cannot be cloned.
   */
  pack(message: ToWorker, list: readonly unknown[], atOnce: boolean): P;
  /** Clone a value as sending would; throws where that would. */
  clone(value: unknown): unknown;
  /** Start a worker. @param number counts the workers of the pool. */
  start(sink: LinkSink, number: number): Link<P>;
}
