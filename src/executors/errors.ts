/**
 * The errors of executors, under Python's names. Source: Python docs, "concurrent.futures", "Exception classes".
 */
import { RuntimeError } from '../core/errors.ts';

/** The executor is broken, or the worker that ran the job ended before the job did. `cause` has the reason where it is an error. */
export class BrokenExecutor extends RuntimeError {
  override get name(): string {
    return 'BrokenExecutor';
  }
}

/** A worker of a `ThreadPoolExecutor` ended before its job did, or its initializer failed. */
export class BrokenThreadPool extends BrokenExecutor {
  override get name(): string {
    return 'BrokenThreadPool';
  }
}

/** A worker of an `InterpreterPoolExecutor` ended before its job did, or its initializer failed. */
export class BrokenInterpreterPool extends BrokenThreadPool {
  override get name(): string {
    return 'BrokenInterpreterPool';
  }
}

/** A worker of a `ProcessPoolExecutor` ended before its job did, or its initializer failed. */
export class BrokenProcessPool extends BrokenExecutor {
  override get name(): string {
    return 'BrokenProcessPool';
  }
}
