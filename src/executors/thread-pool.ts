/**
 * `ThreadPoolExecutor` and `InterpreterPoolExecutor`: jobs in worker threads.
 *
 * A worker thread has a heap and an event loop of its own, which is what Python calls an interpreter; the two classes differ in name. Threads start in
 * some 30 ms, share memory where it is a `SharedArrayBuffer`, and move large buffers instead of copying them.
 * Source: Python docs, "concurrent.futures", "ThreadPoolExecutor", "InterpreterPoolExecutor".
 */
import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import { BrokenInterpreterPool, BrokenThreadPool } from './errors.ts';
import { PoolExecutor, type PoolOptions } from './pool-executor.ts';
import { ThreadCarrier } from './thread-carrier.ts';

/** How a pool of threads is made. */
export interface ThreadPoolOptions extends PoolOptions {
  /** The names of the threads begin so. */
  readonly threadNamePrefix?: string | undefined;
  /** How much memory each thread may use, as `node:worker_threads` takes it. One that needs more breaks its job. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

let pools = 0;

/**
 * A pool of worker threads, by default `min(32, processors + 4)` of them at most.
 *
 * ```ts
 * using pool = new ThreadPoolExecutor({ maxWorkers: 4 });
 * const future = pool.submit((n: number) => n ** 2, 3);
 * console.log(future.result());
 * ```
 */
export class ThreadPoolExecutor extends PoolExecutor {
  constructor(options: ThreadPoolOptions = {}) {
    const Broken = new.target === InterpreterPoolExecutor ? BrokenInterpreterPool : BrokenThreadPool;
    const namePrefix = options.threadNamePrefix ?? `${new.target.name}-${pools++}`;
    const carrier = new ThreadCarrier({ namePrefix, resourceLimits: options.resourceLimits });
    const maxWorkers = Math.min(32, availableParallelism() + 4);
    super(carrier, options, maxWorkers, Broken, new.target.name);
  }
}

/** The same, under the name that Python gives to threads with heaps of their own. */
export class InterpreterPoolExecutor extends ThreadPoolExecutor {}
