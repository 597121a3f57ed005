/** Pools of every kind, and what the tests wait for. */
import assert from 'node:assert/strict';
import {
  type BrokenExecutor,
  BrokenInterpreterPool,
  BrokenProcessPool,
  BrokenThreadPool,
  type Future,
  InterpreterPoolExecutor,
  type PoolOptions,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
} from '../../src/executors/index.ts';

export type Pool = ThreadPoolExecutor | ProcessPoolExecutor;

export interface Kind {
  readonly name: string;
  readonly open: (options?: PoolOptions) => Pool;
  readonly Broken: typeof BrokenExecutor;
}

export const THREADS: Kind = {
  name: 'threads',
  open: (options = {}) => new ThreadPoolExecutor(options),
  Broken: BrokenThreadPool,
};
export const PROCESSES: Kind = {
  name: 'processes',
  open: (options = {}) => new ProcessPoolExecutor(options),
  Broken: BrokenProcessPool,
};
export const INTERPRETERS: Kind = {
  name: 'interpreters',
  open: (options = {}) => new InterpreterPoolExecutor(options),
  Broken: BrokenInterpreterPool,
};
/** What both kinds of workers must do alike. */
export const KINDS: readonly Kind[] = [THREADS, PROCESSES];

/** What `call` throws; fails where it throws nothing. */
export function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error, `no error: ${String(error)}`);
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** The first thing that the job tells of itself. */
export function told(future: Future<unknown>): Promise<unknown> {
  return new Promise((resolve) => future.addProgressCallback(resolve));
}

/** A job that says that it runs, and then never ends by itself. */
export const spin = function spin(this: { progress(value: unknown): void }): never {
  this.progress('spinning');
  for (;;);
};
