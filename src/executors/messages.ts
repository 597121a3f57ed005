/**
 * What travels between a pool and its workers: small arrays, whose first item says what they are.
 *
 * A function is described once to each worker (`LEARN`) and called by its number from then on. A job has a number that is unique in its isolate, so
 * that what is said of one that has ended meanwhile is never taken for the next.
 */
import type { JobDescription } from './job.ts';
import type { Thrown } from './outcome.ts';

/** To the worker: run this function before any job. */
export const SETUP = 0;
/** To the worker: this number means that function. */
export const LEARN = 1;
/** To the worker: call the function with these arguments. */
export const JOB = 2;
/** To the worker: call the function with each of these lists of arguments, until one fails. */
export const CHUNK = 3;
/** To the worker: the job should end. */
export const ABORT = 4;
/** To the worker: end. */
export const CLOSE = 5;
/** To the worker: nothing; was sent to see whether there is still somebody. */
export const PING = 6;

/** To a thread: nothing more is coming for the moment. */
export const REST = 7;

export type ToWorker =
  | readonly [typeof SETUP, initializer: JobDescription | null, args: readonly unknown[]]
  | readonly [typeof LEARN, fn: number, description: JobDescription]
  | readonly [typeof JOB, job: number, fn: number, args: readonly unknown[]]
  | readonly [typeof CHUNK, job: number, fn: number, args: readonly (readonly unknown[])[]]
  | readonly [typeof ABORT, job: number]
  | readonly [typeof CLOSE]
  | readonly [typeof PING]
  | readonly [typeof REST];

/** From the worker: it takes jobs. */
export const READY = 0;
/** From the worker: the job has a result. */
export const DONE = 1;
/** From the worker: the job failed. */
export const FAILED = 2;
/** From the worker: a part of a chunk has results, then one job of it failed. */
export const PARTIAL = 3;
/** From the worker: how far the job is. */
export const PROGRESS = 4;
/** From the worker: the job looks at its signal, and may end by itself. */
export const LISTENS = 5;
/** From the worker: the initializer failed. */
export const BROKEN = 6;

export type FromWorker =
  | readonly [typeof READY]
  | readonly [typeof DONE, job: number, value: unknown]
  | readonly [typeof FAILED, job: number, error: Thrown]
  | readonly [typeof PARTIAL, job: number, values: readonly unknown[], error: Thrown]
  | readonly [typeof PROGRESS, job: number, value: unknown]
  | readonly [typeof LISTENS, job: number]
  | readonly [typeof BROKEN, error: Thrown];

/** A chunk's result: those of its jobs up to the first that failed, and the error of that one. */
export interface ChunkResult {
  readonly values: readonly unknown[];
  readonly failure: { readonly error: unknown } | null;
}

/** The shared words of a thread and its pool: how many messages were sent to it, which job should end, and its exit code plus one, once it ends. */
export const POSTED = 0;
export const ABORTED = 1;
export const EXITED = 2;
export const WORDS = 3;
