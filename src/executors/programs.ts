/**
 * The programs that run in workers, by their addresses: beside this file, with the ending that this file has (`.ts` in a clone, `.js` in the package).
 *
 * A coroutine that is a job needs a loop, and the loop's room stands below this one. Workers therefore load it by its address when such a job comes, at
 * run time and in their own isolate; nothing here imports it.
 */

const ending: string = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

function address(name: string): URL {
  return new URL(`${name}${ending}`, import.meta.url);
}

/** What a worker thread runs. */
export const THREAD_PROGRAM: URL = address('./thread-worker');
/** What a child process runs. */
export const PROCESS_PROGRAM: URL = address('./process-worker');
/** What the thread runs that speaks with the child processes. */
export const RELAY_PROGRAM: URL = address('./relay');
/** Has `run`, for jobs that are coroutines. */
export const LOOP_MODULE: URL = address('../loop/runner');

/** Flags with a value that are not for workers: what to run, and how to watch it. */
const WITH_VALUE = new Set(['-e', '--eval', '-p', '--print', '--input-type', '--title']);
const NOT_FOR_WORKERS =
  /^(?:-e|-p|-pe|-c|-i|--eval|--print|--check|--interactive|--input-type|--test\b.*|--watch.*|--inspect.*|--title|--cpu-prof.*|--heap-prof.*|--prof)(?:=.*)?$/;
/** Flags that a thread may be given; the others belong to the whole process. */
const FOR_THREADS =
  /^(?:-r|-C|--require|--import|--loader|--experimental-.*|--no-experimental-.*|--conditions|--enable-source-maps|--no-warnings|--disable-warning|--preserve-symlinks.*|--trace-.*)(?:=.*)?$/;
const THREAD_VALUES = new Set([
  '-r',
  '-C',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '--conditions',
  '--disable-warning',
]);

/** The flags of this process that a child process needs too. */
export function processFlags(flags: readonly string[] = process.execArgv): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] as string;
    if (!NOT_FOR_WORKERS.test(flag)) kept.push(flag);
    else if (WITH_VALUE.has(flag)) i++;
  }
  return kept;
}

/**
 * The flags for a worker thread, or `undefined` where it can simply have those of this process: a program given by `--eval` has flags
 * that a thread refuses.
 */
export function threadFlags(flags: readonly string[] = process.execArgv): string[] | undefined {
  if (!flags.some((flag) => /^--input-type/.test(flag))) return undefined;
  const kept: string[] = [];
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] as string;
    if (!FOR_THREADS.test(flag)) {
      if (WITH_VALUE.has(flag)) i++;
      continue;
    }
    kept.push(flag);
    if (THREAD_VALUES.has(flag)) kept.push(flags[++i] as string);
  }
  return kept;
}
