/**
 * `asyncio-ts/futures`: Python's `concurrent.futures`, on worker threads and child processes, with and without a loop.
 */
export { CancelledError, InvalidStateError, TimeoutError } from '../core/errors.ts';
export { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, type ReturnWhen } from '../structured/wait.ts';
export { currentJob, type JobContext } from './current-job.ts';
export { BrokenExecutor, BrokenInterpreterPool, BrokenProcessPool, BrokenThreadPool } from './errors.ts';
export {
  Executor,
  type JobArguments,
  type JobFunction,
  type JobResult,
  type MapOptions,
  type ShutdownOptions,
} from './executor.ts';
export { Future } from './future.ts';
export { job } from './job.ts';
export type { MapResults } from './map.ts';
export { registerErrors } from './outcome.ts';
export type { OverloadArguments, OverloadResult } from './overloads.ts';
export type { PoolOptions } from './pool-executor.ts';
export { ProcessPoolExecutor, type ProcessPoolOptions } from './process-pool.ts';
export { InterpreterPoolExecutor, ThreadPoolExecutor, type ThreadPoolOptions } from './thread-pool.ts';
export { Transfer, transfer } from './transfer.ts';
export { asCompleted, type CompletedFutures, type DoneAndNotDone, wait } from './wait.ts';
