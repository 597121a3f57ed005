/**
 * The door to undici, which is loaded when a connection is first made: it is an optional peer dependency.
 */
import type * as Undici from 'undici';
import type { Coroutine } from '../core/awaitable.ts';
import { wrapFuture } from '../core/ensure-future.ts';
import { RuntimeError } from '../core/errors.ts';

export type Engine = Pick<typeof Undici, 'Client'>;

let engine: Engine | null = null;

/** @throws {RuntimeError} where it is not installed. */
export function* loadEngine(): Coroutine<Engine> {
  engine ??= yield* wrapFuture(import('undici').catch(explain));
  return engine;
}

function explain(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new RuntimeError(
    'asyncio-ts/http needs the package undici, which is not installed: npm install undici',
    {
      cause: error,
    },
  );
}
