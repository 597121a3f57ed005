/**
 * What the executors with a pool have in common: their options, their end, and the warning about one that was forgotten.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { warn } from '../core/warn.ts';
import { checkNotImporting } from './current-job.ts';
import type { BrokenExecutor } from './errors.ts';
import { Executor, type ShutdownOptions } from './executor.ts';
import type { Future } from './future.ts';
import { describeJob, type JobDescription } from './job.ts';
import type { Carrier } from './link.ts';
import { Pool } from './pool.ts';

/** What every pool can be told. */
export interface PoolOptions {
  /** How many workers there may be at once. They are started when there is work for them. */
  readonly maxWorkers?: number | null | undefined;
  /** Run in each worker before any job. If it fails, the pool is broken. It travels as a job does. */
  readonly initializer?: ((...args: never[]) => unknown) | null | undefined;
  /** The arguments of the initializer. */
  readonly initargs?: readonly unknown[] | undefined;
  /** After so many jobs a worker is replaced. */
  readonly maxTasksPerChild?: number | null | undefined;
  /**
   * How long a job that is to be stopped, and has looked at its signal, is given to end by itself, in seconds; by default 1. After that, and where it has
   * not looked, its worker is ended.
   */
  readonly grace?: number | undefined;
}

interface Left {
  readonly pool: Pool;
  readonly name: string;
}

/** A pool is not held by its executor's users alone: its workers hold it. The executor is held by nobody else. */
const forgotten = new FinalizationRegistry<Left>(({ pool, name }) => {
  warn(
    `unclosed executor <${name}>: end it with shutdown(), or declare it with 'using' or 'await using'`,
    'ResourceWarning',
  );
  pool.shutdown(false);
});

export abstract class PoolExecutor extends Executor {
  /** @internal */
  protected readonly _pool: Pool;

  constructor(
    carrier: Carrier,
    options: PoolOptions,
    maxWorkers: number,
    Broken: new (message?: string, options?: ErrorOptions) => BrokenExecutor,
    name: string,
  ) {
    super();
    checkNotImporting();
    this._pool = new Pool(carrier, {
      maxWorkers: count(options.maxWorkers, 'max_workers', 'maxWorkers') ?? maxWorkers,
      maxTasksPerChild: count(options.maxTasksPerChild, 'max_tasks_per_child', 'maxTasksPerChild'),
      grace: graceOf(options.grace),
      initializer: initializerOf(options),
      Broken,
    });
    forgotten.register(this, { pool: this._pool, name }, this);
  }

  override _start(description: JobDescription, args: readonly unknown[], chunk: boolean): Future<unknown> {
    return this._pool.submit(description, args, chunk);
  }

  override shutdown(options: ShutdownOptions = {}): void {
    forgotten.unregister(this);
    this._pool.shutdown(options.cancelFutures === true);
    if (options.wait !== false) this._pool.waitBlocking();
  }

  override _onEnded(ended: () => void): void {
    this._pool.onEnded(ended);
  }

  /**
   * Shut down at once: jobs that have not begun are cancelled, the workers are asked to end (a process by SIGTERM), and what they run is broken.
   */
  terminateWorkers(): void {
    forgotten.unregister(this);
    this._pool.end(true);
  }

  /** The same with SIGKILL, which a process cannot handle. */
  killWorkers(): void {
    forgotten.unregister(this);
    this._pool.end(false);
  }

  /** A frozen snapshot: how many workers there are, how many of them run a job, and how many jobs wait for one. */
  statistics(): { readonly workers: number; readonly busy: number; readonly queued: number } {
    return this._pool.statistics();
  }
}

function count(value: unknown, python: string, name: string): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new TypeError(`${name} must be an integer, not ${describe(value)}`);
  if (value <= 0) throw new ValueError(`${python} must be greater than 0`);
  return value;
}

function graceOf(grace: unknown): number {
  if (grace === undefined) return 1;
  if (typeof grace !== 'number' || !(grace >= 0))
    throw new ValueError(`grace must be a number of seconds, 0 or more, not ${describe(grace)}`);
  return grace;
}

function initializerOf(options: PoolOptions): {
  readonly fn: JobDescription;
  readonly args: readonly unknown[];
} | null {
  const { initializer, initargs } = options;
  if (initializer === null || initializer === undefined) return null;
  if (typeof initializer !== 'function') throw new TypeError('initializer must be a callable');
  return { fn: describeJob(initializer), args: initargs ?? [] };
}
