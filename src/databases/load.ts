/**
 * Loads the driver of an engine when it is first used.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { wrapFuture } from '../core/ensure-future.ts';
import { InterfaceError } from './errors.ts';

/** What `load` imports. @throws {InterfaceError} where the package is not installed, with what to do. */
export function* loadDriver<M>(name: string, load: () => Promise<unknown>): Coroutine<M> {
  try {
    return (yield* wrapFuture(load())) as M;
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) throw error;
    throw new InterfaceError(
      `this kind of database needs the package ${name}, which is not installed: npm install ${name}`,
      { cause: error },
    );
  }
}
