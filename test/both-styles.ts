/**
 * One scenario, two styles: each test file is read a second time with `async function` for `function*` and `await` for `yield*`, so that whatever
 * it says of generator coroutines is said of async functions too.
 *
 * - A scenario is the main task of a loop in virtual time; it takes no real time and always goes the same way.
 * - It ends with a balance: no task may be left, and nothing may have been reported that the scenario did not ask for.
 * - Coroutine functions inside of a test file are made by `co`, because calling an async function would start it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc, { type Arbitrary } from 'fast-check';
import * as asyncio from '../src/index.ts';
import { newVirtualLoop } from '../src/testing/index.ts';

const ASYNC = '?style=async';
/** Long for any scenario, since none waits for a real clock. */
const PATIENCE_MS = 60_000;
/** Where the random choices of properties begin; another number explores other cases. */
const SEED = Number(process.env['ASYNCIO_TEST_SEED'] ?? 20_260_101);

/** Making a failing case smaller must come to an end too. */
const LIMITS = { interruptAfterTimeLimit: PATIENCE_MS / 2, markInterruptAsFailure: true };

export type Style = 'generator' | 'async';

/** What a scenario may use of its surroundings. */
export interface Scene {
  readonly loop: asyncio.EventLoop;
  /** Take what was given to the loop's exception handler so far; what is never taken fails the scenario. */
  reports(): asyncio.ExceptionContext[];
}

type Body<A extends readonly unknown[]> = (...args: A) => asyncio.Coroutine<unknown>;

/** The tools of a test file, for the style in which it is being read. */
export interface Styled {
  readonly style: Style;
  /** A coroutine function, as this style has them. */
  co<F extends (...args: never[]) => Generator<asyncio.Suspension, unknown, unknown>>(fn: F): F;
  /** A test whose body is a coroutine function in virtual time. */
  scenario(name: string, body: Body<[Scene]>): void;
  /** The same for many values. */
  property<T>(name: string, values: Arbitrary<T>, body: Body<[Scene, T]>, options?: { runs?: number }): void;
}

registerHooks({
  load(url, context, next) {
    if (!url.endsWith(ASYNC)) return next(url, context);
    const source = readFileSync(fileURLToPath(url.slice(0, -ASYNC.length)), 'utf8');
    return { format: 'module-typescript', shortCircuit: true, source: inAsyncFunctions(source) };
  },
});

function inAsyncFunctions(source: string): string {
  return source
    .replaceAll(/(?<!async )\bfunction\s*\*/g, 'async function')
    .replaceAll(/^(\s*)\*(\w+\()/gm, '$1async $2')
    .replaceAll(/\byield\*/g, 'await');
}

/** The module at `url`, read in async functions. */
export function asyncTwin<M>(url: string): Promise<M> {
  return import(`${url}${ASYNC}`) as Promise<M>;
}

/** Call this first in a test file, with `import.meta.url`; the tests of the file are then registered twice. */
export async function inBothStyles(url: string): Promise<Styled> {
  const style: Style = url.endsWith(ASYNC) ? 'async' : 'generator';
  if (style === 'generator') await asyncTwin(url);
  const label = style === 'generator' ? 'generators' : 'async functions';
  return {
    style,
    co: (fn) => (style === 'generator' ? fn : (asyncio.coroutine(fn) as never)),
    scenario(name, body) {
      test(`${name} (${label})`, { timeout: PATIENCE_MS }, ({ signal }) => play(body, signal));
    },
    property(name, values, body, { runs = 100 } = {}) {
      test(`${name} (${label})`, { timeout: PATIENCE_MS }, ({ signal }) =>
        check(values, (value) => play((scene) => body(scene, value), signal), runs),
      );
    },
  };
}

/** Let `body` hold for many values; the same ones each time. */
export function check<T>(values: Arbitrary<T>, body: (value: T) => unknown, runs = 100): Promise<void> {
  const property = fc.asyncProperty(values, async (value) => {
    await body(value);
  });
  return Promise.resolve(fc.assert(property, { numRuns: runs, seed: SEED, ...LIMITS }));
}

/** The scenario that runs; the next one waits for its end, also where it was stopped because it hung. */
let last: Promise<unknown> = Promise.resolve();

/** Run a scenario on a loop of its own, and strike the balance. One that hangs is stopped by `signal`. */
export function play(body: Body<[Scene]>, signal?: AbortSignal): Promise<void> {
  const played = last.then(() => playNow(body, signal));
  last = played.catch(() => {});
  return played;
}

async function playNow(body: Body<[Scene]>, signal?: AbortSignal): Promise<void> {
  const loop = newVirtualLoop();
  const stop = () => loop.stop();
  signal?.addEventListener('abort', stop);
  const reported: asyncio.ExceptionContext[] = [];
  loop.setExceptionHandler((_loop, context) => reported.push(context));
  const scene: Scene = { loop, reports: () => reported.splice(0) };
  try {
    await loop.runUntilComplete(loop.createTask(() => body(scene), { name: 'scenario' }));
    const left = [...asyncio.allTasks(loop)].map((task) => task.getName());
    assert.deepEqual(left, [], 'tasks are left');
  } finally {
    signal?.removeEventListener('abort', stop);
    loop.close();
  }
  const messages = reported.map(({ message, exception }) => `${message}: ${String(exception)}`);
  assert.deepEqual(messages, [], 'something was reported');
}

/** What `awaitable` throws; fails where it does not. */
export const thrownBy: (awaitable: asyncio.Awaitable<unknown>) => asyncio.CoroutineObject<unknown> =
  asyncio.coroutine(function* thrownBy(awaitable: asyncio.Awaitable<unknown>) {
    try {
      yield* awaitable;
    } catch (error) {
      return error;
    }
    return assert.fail('nothing was thrown');
  });
