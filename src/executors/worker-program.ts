/**
 * What a worker does, in a thread and in a process alike: it learns functions, runs one job at a time, and sends back what became of it.
 */
import { type JobHost, RunningJob } from './current-job.ts';
import type { JobDescription } from './job.ts';
import {
  ABORT,
  BROKEN,
  CHUNK,
  CLOSE,
  DONE,
  FAILED,
  type FromWorker,
  JOB,
  LEARN,
  LISTENS,
  PARTIAL,
  PROGRESS,
  READY,
  SETUP,
  type ToWorker,
} from './messages.ts';
import { encodeThrown, type Thrown } from './outcome.ts';
import { callJob, findFunction } from './run-job.ts';
import { Transfer } from './transfer.ts';
import { refusedResult } from './travel.ts';

/** The way back. */
export interface Wire {
  /** Send a message. @throws where it cannot be cloned; nothing is sent then. */
  send(message: FromWorker, list?: readonly unknown[]): void;
  /** Clone a value as sending would; throws where that would. */
  clone(value: unknown): unknown;
  /** Has the end of this job been asked for, by other means than a message? */
  isAborted(job: number): boolean;
  /** The worker is told to end. */
  close(): void;
}

type Target = Awaited<ReturnType<typeof findFunction>>;

interface Known {
  readonly description: JobDescription;
  target: Target | null;
}

export class WorkerProgram {
  readonly #wire: Wire;
  readonly #functions = new Map<number, Known>();
  readonly #host: JobHost = {
    isAborted: (job) => this.#wire.isAborted(job),
    listens: (job) => this.#wire.send([LISTENS, job]),
    progress: (job, value) => this.#wire.send([PROGRESS, job, value]),
  };
  #running: RunningJob | null = null;
  #number = -1;
  /** A module is being loaded, or the initializer runs. */
  #pending = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Is something under way that will end later? */
  get isBusy(): boolean {
    return this.#running !== null || this.#pending;
  }

  /** Handle a message. @returns a promise where that takes until later. */
  handle(message: ToWorker): Promise<void> | undefined {
    switch (message[0]) {
      case JOB:
      case CHUNK:
        return this.#start(message);
      case LEARN:
        this.#functions.set(message[1], { description: message[2], target: null });
        return undefined;
      case SETUP:
        return this.#setUp(message[1], message[2]);
      case ABORT:
        if (message[1] === this.#number) this.#running?.abort();
        return undefined;
      case CLOSE:
        this.#wire.close();
        return undefined;
      default:
        return undefined;
    }
  }

  async #setUp(initializer: JobDescription | null, args: readonly unknown[]): Promise<void> {
    this.#pending = true;
    try {
      if (initializer !== null) {
        const known = { description: initializer, target: null };
        const target = await findFunction(initializer);
        await this.#call({ ...known, target }, args, this.#begin(-1));
      }
    } catch (error) {
      this.#wire.send([BROKEN, this.#encode(error)]);
      return;
    }
    this.#running = null;
    this.#pending = false;
    this.#wire.send([READY]);
  }

  #start(message: ToWorker & readonly [typeof JOB | typeof CHUNK, ...unknown[]]): Promise<void> | undefined {
    const [kind, job, fn, args] = message;
    const known = this.#functions.get(fn) as Known;
    try {
      if (known.target === null) {
        const found = findFunction(known.description);
        if (found instanceof Promise) return this.#afterImport(found, known, message);
        known.target = found;
      }
      if (kind === CHUNK) return this.#chunk(known, args as readonly (readonly unknown[])[], job);
      const result = this.#call(known, args, this.#begin(job));
      if (result instanceof Promise) return this.#finish(result, known, job);
      this.#done(result, known, job);
    } catch (error) {
      this.#failed(error, job);
    }
    return undefined;
  }

  async #afterImport(
    found: Promise<Target>,
    known: Known,
    message: ToWorker & readonly [typeof JOB | typeof CHUNK, ...unknown[]],
  ): Promise<void> {
    this.#pending = true;
    try {
      known.target = await found;
    } catch (error) {
      this.#failed(error, message[1]);
      return;
    } finally {
      this.#pending = false;
    }
    await this.#start(message);
  }

  /** What the job sees of itself. */
  #begin(job: number): RunningJob {
    const running = new RunningJob(this.#host, job);
    this.#running = running;
    this.#number = job;
    return running;
  }

  #call(known: Known, args: readonly unknown[], running: RunningJob): unknown {
    return callJob(known.target as Target, args, running, known.description);
  }

  async #finish(result: Promise<unknown>, known: Known, job: number): Promise<void> {
    try {
      this.#done(await result, known, job);
    } catch (error) {
      this.#failed(error, job);
    }
  }

  async #chunk(known: Known, all: readonly (readonly unknown[])[], job: number): Promise<void> {
    const values: unknown[] = [];
    const list: unknown[] = [];
    let failure: { readonly error: unknown } | null = null;
    const running = this.#begin(job);
    try {
      for (const args of all) {
        if (running.isAborted) break;
        const called = this.#call(known, args, running);
        const value = called instanceof Promise ? await called : called;
        if (value instanceof Transfer) list.push(...value.list);
        values.push(value instanceof Transfer ? value.value : value);
      }
    } catch (error) {
      failure = { error };
    }
    this.#running = null;
    const send = (): void =>
      failure === null
        ? this.#wire.send([DONE, job, values], list)
        : this.#wire.send([PARTIAL, job, values, this.#encode(failure.error)], list);
    try {
      send();
    } catch (error) {
      this.#failed(refusedResult(values, known.description.name, error, this.#wire.clone), job);
    }
  }

  #done(result: unknown, known: Known, job: number): void {
    this.#running = null;
    try {
      if (result instanceof Transfer) this.#wire.send([DONE, job, result.value], result.list);
      else this.#wire.send([DONE, job, result]);
    } catch (error) {
      const bare: unknown = result instanceof Transfer ? result.value : result;
      this.#failed(refusedResult(bare, known.description.name, error, this.#wire.clone), job);
    }
  }

  #failed(error: unknown, job: number): void {
    this.#running = null;
    this.#wire.send([FAILED, job, this.#encode(error)]);
  }

  #encode(error: unknown): Thrown {
    return encodeThrown(error, this.#wire.clone);
  }
}
