/**
 * What a job knows of itself while it runs in a worker: whether it should end, and how to tell how far it is.
 *
 * It is the `this` of the job, and what `currentJob()` gives. The signal is a real `AbortSignal`, for `fetch` and the like, and its `aborted` is true
 * also while the job computes and lets nothing else run in its thread.
 */
import { RuntimeError } from '../core/errors.ts';

/** The job that runs, seen from inside. */
export interface JobContext {
  /** Aborted when the job is to end: its future was stopped, or the task that waited for it was cancelled. */
  readonly signal: AbortSignal;
  /** Tell the side that waits how far the job is: `value` goes to the callbacks of `future.addProgressCallback()`. */
  progress(value: unknown): void;
}

/** Several copies of this library in one worker share what runs. */
const KEY: unique symbol = Symbol.for('asyncio-ts.current-job') as never;
const IMPORTING: unique symbol = Symbol.for('asyncio-ts.importing-job') as never;
const shared = globalThis as { [KEY]?: JobContext | null; [IMPORTING]?: boolean };

/**
 * The job that runs in this worker.
 *
 * ```ts
 * const { signal } = currentJob();
 * for (let n = 0; !signal.aborted; n++) n ** 2;
 * ```
 * @throws {RuntimeError} outside of a job.
 */
export function currentJob(): JobContext {
  const job = shared[KEY];
  if (job === undefined || job === null)
    throw new RuntimeError('no running job: currentJob() is for functions that an executor runs');
  return job;
}

export function setCurrentJob(job: JobContext | null): void {
  shared[KEY] = job;
}

/** Note that this worker imports the module of a job, or has. */
export function setImporting(isImporting: boolean): void {
  shared[IMPORTING] = isImporting;
}

/** @throws {RuntimeError} while this worker imports the module of a job, which then starts workers in its turn, and they again. */
export function checkNotImporting(): void {
  if (shared[IMPORTING] === true) {
    throw new RuntimeError(
      'a worker imports this module for one of its jobs, and the module makes a pool when it is loaded: put the jobs into a module of their own, or what the program does under if (import.meta.main)',
    );
  }
}

/** What a worker program does for the job that it runs. */
export interface JobHost {
  /** Has the other side asked for the end of the job? Looked at each time the job looks. */
  isAborted(job: number): boolean;
  /** The job looks at its signal: it may be trusted to end by itself. */
  listens(job: number): void;
  progress(job: number, value: unknown): void;
}

export class RunningJob implements JobContext {
  readonly #host: JobHost;
  readonly #job: number;
  #controller: AbortController | null = null;
  #aborted = false;

  constructor(host: JobHost, job: number) {
    this.#host = host;
    this.#job = job;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      this.#watch(this.#controller);
      if (this.isAborted) this.#controller.abort();
      this.#host.listens(this.#job);
    }
    return this.#controller.signal;
  }

  progress(value: unknown): void {
    this.#host.progress(this.#job, value);
  }

  /** The other side has asked for the end. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }

  /** Has the other side asked for the end? */
  get isAborted(): boolean {
    return this.#aborted || this.#host.isAborted(this.#job);
  }

  /** A job that only computes gets no message; it looks by itself. */
  #watch(controller: AbortController): void {
    const { signal } = controller;
    const prototype = Object.getPrototypeOf(signal) as AbortSignal;
    const aborted = Object.getOwnPropertyDescriptor(prototype, 'aborted')?.get as () => boolean;
    const look = (): boolean => {
      if (!aborted.call(signal) && this.isAborted) controller.abort();
      return aborted.call(signal);
    };
    Object.defineProperties(signal, {
      aborted: { get: look, configurable: true, enumerable: false },
      throwIfAborted: {
        value: (): void => {
          if (look()) throw signal.reason as unknown;
        },
        configurable: true,
      },
    });
  }
}
