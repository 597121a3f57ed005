/**
 * `ProcessPoolExecutor`: jobs in child processes.
 *
 * A process costs more than a thread (some 50 ms and 40 MB, and each byte that travels is copied), and keeps more apart: what crashes, leaks or uses
 * native code that is not made for threads harms itself alone. Source: Python docs, "concurrent.futures", "ProcessPoolExecutor".
 */
import { availableParallelism } from 'node:os';
import { BrokenProcessPool } from './errors.ts';
import { PoolExecutor, type PoolOptions } from './pool-executor.ts';
import { ProcessCarrier } from './process-carrier.ts';

/** How a pool of processes is made. */
export interface ProcessPoolOptions extends PoolOptions {
  /** Flags of Node for the processes; by default those of this one. */
  readonly execArgv?: readonly string[] | undefined;
  /** The environment of the processes; by default that of this one. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * A pool of child processes, by default as many as there are processors.
 *
 * ```ts
 * await using pool = new ProcessPoolExecutor();
 * const results = await Promise.all([1, 2, 3].map((n) => pool.submit((n: number) => n ** 2, n)));
 * ```
 */
export class ProcessPoolExecutor extends PoolExecutor {
  constructor(options: ProcessPoolOptions = {}) {
    const carrier = new ProcessCarrier({ execArgv: options.execArgv, env: options.env });
    super(carrier, options, availableParallelism(), BrokenProcessPool, 'ProcessPoolExecutor');
  }
}
