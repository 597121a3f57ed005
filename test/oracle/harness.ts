/**
 * Both sides of the oracle: asks Python for the lines of all programs in one process, and runs their twins here.
 *
 * The async text of a program is its generator text with `async function` for `function*` and `await` for `yield*`, made by a hook when the
 * module is loaded with `?style=async`. So there is one table of programs, and no second copy to keep in step.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asyncio from '../../src/index.ts';
import { runVirtual } from '../../src/testing/index.ts';
import { certificateFiles } from '../net/certificates.ts';
import { begin, print, programsOf, registering, type Style, show } from './kit.ts';

const here = new URL('.', import.meta.url);
const programs = new URL('programs/', here);
const ASYNC = '?style=async';

/** What the Python side has to say. */
export interface PythonSide {
  /** The version, or why there is none. */
  readonly python: string;
  readonly missing: boolean;
  /** What each program printed. */
  readonly lines: Readonly<Record<string, readonly string[]>>;
  /** Programs that this Python is too old for, with the reason. */
  readonly skipped: Readonly<Record<string, string>>;
}

/** The lines of the programs that need a newer Python than the oldest supported, as that Python printed them. */
export interface Recorded {
  readonly python: string;
  readonly lines: Readonly<Record<string, readonly string[]>>;
}

/** Runs the Python side. */
export function askPython(): PythonSide {
  using certificates = certificateFiles();
  const run = spawnSync('python3', ['-B', fileURLToPath(new URL('harness.py', here))], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONHASHSEED: '0', ORACLE_CERTIFICATES: dirname(certificates.ca) },
    maxBuffer: 1 << 26,
    timeout: 120_000,
  });
  if (run.error !== undefined && 'code' in run.error && run.error.code === 'ENOENT') {
    return { python: 'there is no python3 on the PATH', missing: true, lines: {}, skipped: {} };
  }
  if (run.status !== 0) {
    const old = /^(needs Python .*)$/m.exec(run.stderr)?.[1];
    if (old !== undefined) return { python: old, missing: true, lines: {}, skipped: {} };
    throw new Error(`the Python side of the oracle failed:\n${run.stderr || String(run.error)}`);
  }
  return { missing: false, ...(JSON.parse(run.stdout) as Omit<PythonSide, 'missing'>) };
}

/** Reads the recorded lines. */
export function recorded(): Recorded {
  return JSON.parse(readFileSync(new URL('recorded.json', here), 'utf8')) as Recorded;
}

/** Loads all programs, in both texts. @returns the names of the programs of each topic. */
export async function loadPrograms(): Promise<ReadonlyMap<string, readonly string[]>> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const isTwin = context.parentURL?.endsWith(ASYNC) === true && found.url.startsWith(programs.href);
      return isTwin ? { ...found, url: `${found.url}${ASYNC}` } : found;
    },
    load(url, context, next) {
      if (!url.endsWith(ASYNC)) return next(url, context);
      const source = readFileSync(fileURLToPath(url.slice(0, -ASYNC.length)), 'utf8');
      return { format: 'module-typescript', shortCircuit: true, source: inAsyncFunctions(source) };
    },
  });
  const topics = new Map<string, readonly string[]>();
  let known = 0;
  try {
    for (const file of readdirSync(programs).sort()) {
      if (!file.endsWith('.ts') || file === 'common.ts') continue;
      const { href } = new URL(file, programs);
      await registering('generator', () => import(href));
      await registering('async', () => import(`${href}${ASYNC}`));
      const names = [...programsOf('generator').keys()];
      topics.set(file.slice(0, -'.ts'.length), names.slice(known));
      known = names.length;
    }
  } finally {
    hooks.deregister();
  }
  return topics;
}

function inAsyncFunctions(source: string): string {
  return source.replaceAll(/(?<!async )\bfunction\s*\*/g, 'async function').replaceAll(/\byield\*/g, 'await');
}

/** What one run printed, and what was said on the standard error output meanwhile. */
export interface Printed {
  readonly lines: readonly string[];
  readonly complaints: readonly string[];
}

/** Runs one program in one style. An error that leaves it becomes its last line. */
export async function runProgram(name: string, style: Style): Promise<Printed> {
  const program = programsOf(style).get(name);
  if (program === undefined) throw new Error(`there is no program '${name}' in the style ${style}`);
  const lines = begin(style);
  const complaints: string[] = [];
  const { error: original } = console;
  console.error = (...values: unknown[]) => complaints.push(values.map(String).join(' '));
  try {
    if (program.isScript) await program.body();
    else {
      const main =
        style === 'coroutine' ? asyncio.coroutine(program.body as () => Promise<unknown>)() : program.body;
      await (program.isLive ? asyncio.run(main) : runVirtual(main));
    }
  } catch (error) {
    print('raised', show(error));
  } finally {
    console.error = original;
  }
  return { lines: [...lines], complaints };
}
