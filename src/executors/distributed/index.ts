/**
 * `asyncio-ts/distributed`: an executor whose jobs run on other processes and machines, and their workers, over BullMQ on Redis.
 */
export { job } from '../job.ts';
export { registerErrors } from '../outcome.ts';
export { DistributedExecutor, type DistributedJobOptions, type DistributedOptions } from './executor.ts';
export type { Connection } from './wire.ts';
export { DistributedWorker, type WorkerOptions } from './worker.ts';
