/**
 * Running a job inside of a worker: from its description to the function, from the function to its result.
 *
 * A promise is waited for. A coroutine (a generator, or a coroutine object of this library) is run by `asyncio.run` and cancelled when the job is to
 * end, so its `finally` blocks run. Functions sent as source are compiled once, in strict mode, where they see the globals and the helpers that
 * compilers inject, and nothing else.
 */
import { RuntimeError } from '../core/errors.ts';
import { compilerHelpers } from './compiler-helpers.ts';
import { type RunningJob, setCurrentJob, setImporting } from './current-job.ts';
import type { JobDescription } from './job.ts';
import { LOOP_MODULE } from './programs.ts';

type Fn = (this: unknown, ...args: unknown[]) => unknown;
/** A function, and what its `this` is where that is not the job. */
interface Target {
  readonly fn: Fn;
  readonly self?: unknown;
}

/** What a loop can do for a coroutine: `asyncio.run`. */
interface LoopModule {
  run<T>(main: () => Generator<unknown, T, unknown>): Promise<T>;
}

const MISSING = /^(\S+) is not defined$/;

/**
 * The function that `description` is of. A promise only where a module must be loaded.
 * @throws {SyntaxError} where the text is no function; {RuntimeError} where the module has no such function.
 */
export function findFunction(description: JobDescription): Target | Promise<Target> {
  switch (description.kind) {
    case 'export':
      return importFunction(description.module, description.name);
    case 'global':
      return globalFunction(description.path);
    case 'node': {
      const module = process.getBuiltinModule(description.module) as Readonly<Record<string, unknown>>;
      return { fn: module[description.name] as Fn, self: module };
    }
    case 'source':
      return { fn: compile(description.text, description.name) };
  }
}

async function importFunction(module: string, name: string): Promise<Target> {
  let found: Readonly<Record<string, unknown>>;
  setImporting(true);
  try {
    found = (await import(module)) as Readonly<Record<string, unknown>>;
  } finally {
    setImporting(false);
  }
  const fn = found[name];
  if (typeof fn === 'function') return { fn: fn as Fn };
  const there = Object.keys(found).filter((key) => typeof found[key] === 'function');
  throw new RuntimeError(
    `${module} exports no function '${name}', only [${there.join(', ')}]: job() must be given the name of the export`,
  );
}

function globalFunction(path: readonly string[]): Target {
  let self: unknown = globalThis;
  for (const key of path.slice(0, -1)) self = (self as Readonly<Record<string, unknown>>)[key];
  return { fn: (self as Readonly<Record<string, unknown>>)[path.at(-1) as string] as Fn, self };
}

function compile(text: string, name: string): Fn {
  const helpers = Object.keys(compilerHelpers);
  const values = Object.values(compilerHelpers);
  const evaluate = (expression: string): unknown =>
    new Function(
      ...helpers,
      `'use strict'; return (${expression}\n);\n//# sourceURL=asyncio-job:${encodeURIComponent(name)}`,
    )(...values);
  try {
    return evaluate(text) as Fn;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  // A method: its text is one only inside of an object.
  const holder = evaluate(`{${text}}`) as Readonly<Record<string, unknown>>;
  return Object.values(holder)[0] as Fn;
}

/**
 * Call the function with `args` as the job `job`. Gives the result, or a promise for it where the job takes its time.
 * @throws what the job throws.
 */
export function callJob(
  target: Target,
  args: readonly unknown[],
  job: RunningJob,
  description: JobDescription,
): unknown {
  setCurrentJob(job);
  let waits = false;
  try {
    const result = target.fn.apply(target.self === undefined ? job : target.self, args as unknown[]);
    if (isCoroutine(result)) {
      waits = true;
      return finish(runCoroutine(result, job), description);
    }
    if (isThenable(result)) {
      waits = true;
      return finish(result, description);
    }
    return result;
  } catch (error) {
    throw explained(error, description);
  } finally {
    if (!waits) setCurrentJob(null);
  }
}

async function finish(result: PromiseLike<unknown>, description: JobDescription): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    throw explained(error, description);
  } finally {
    setCurrentJob(null);
  }
}

async function runCoroutine(coro: Generator<unknown, unknown, unknown>, job: RunningJob): Promise<unknown> {
  const { run } = (await import(LOOP_MODULE.href)) as LoopModule;
  const { currentTask } = await import('../core/task.ts');
  return run(function* () {
    const task = currentTask();
    const { signal } = job;
    const stop = (): unknown => task?.cancel();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    try {
      return yield* coro;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  });
}

/** A name that a function sent as source lacks is a mistake that needs more than `x is not defined`. */
function explained(error: unknown, description: JobDescription): unknown {
  if (description.kind !== 'source' || !(error instanceof ReferenceError)) return error;
  const name = MISSING.exec(error.message)?.[1];
  if (name === undefined) return error;
  const own = description.name === 'anonymous' ? 'name' : description.name;
  const hint = `'${description.name}' was sent to the worker as source, where '${name}' is not there; a function that uses more than its arguments and globals must be exported and declared: export const ${own} = job(import.meta.url, '${own}', ...)`;
  const before = error.message;
  error.message = `${before}: ${hint}`;
  if (error.stack !== undefined) error.stack = error.stack.replace(before, error.message);
  return error;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}

/** A generator, or a coroutine object of this library, maybe of another copy of it. */
function isCoroutine(value: unknown): value is Generator<unknown, unknown, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<Generator>;
  return (
    typeof candidate.next === 'function' &&
    typeof candidate.throw === 'function' &&
    typeof candidate[Symbol.iterator] === 'function'
  );
}
