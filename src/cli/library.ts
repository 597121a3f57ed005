/**
 * Which copy of asyncio-ts runs the file: the one that the file itself imports.
 *
 * A program that is installed once for all projects is another copy than the one in a project's `node_modules`. Two copies do not know of
 * each other's running loops, so `run` must come from the copy whose `sleep` and `Queue` the file uses.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RuntimeError } from '../core/errors.ts';
import { run } from '../loop/runner.ts';

/** What is needed of a copy of the library. */
export interface Library {
  readonly run: typeof run;
  /** The folder of its files, as a URL: frames from there are not the user's. */
  readonly home: string;
  readonly RuntimeError: typeof RuntimeError;
}

const ownIndex = fileURLToPath(new URL(`../index${extname(import.meta.url)}`, import.meta.url));
const own: Library = { run, RuntimeError, home: homeOf(ownIndex) };

/** The copy that the file at `path` gets when it imports asyncio-ts; this program's own where it gets none. */
export async function libraryFor(path: string): Promise<Library> {
  let index: string;
  try {
    index = realpathSync(createRequire(path).resolve('asyncio-ts'));
  } catch {
    return own;
  }
  if (index === ownIndex) return own;
  try {
    const copy = (await import(pathToFileURL(index).href)) as Partial<Library>;
    if (typeof copy.run !== 'function') return own;
    return { run: copy.run, RuntimeError: copy.RuntimeError ?? RuntimeError, home: homeOf(index) };
  } catch {
    // The file meets the same error when it imports it, and can say so better.
    return own;
  }
}

function homeOf(index: string): string {
  return `${pathToFileURL(dirname(index)).href}/`;
}
