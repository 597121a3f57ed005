/**
 * `asyncio run`: loads the file, runs its main function in a fresh loop, and says how it ended.
 *
 * Source: Python docs, "Runners"; `sys.exit` for what a `SystemExit` means.
 */
import { isAwaitable, isGeneratorFunction, isPromiseLike } from '../core/coroutine.ts';
import { formatFailure } from '../core/failure-text.ts';
import { describe } from '../core/repr.ts';
import type { RunCommand } from './arguments.ts';
import { Complaint } from './complaint.ts';
import { type Library, libraryFor } from './library.ts';
import { findFile, loadMain, type Main } from './load.ts';

/** How the process should end: with which exit code, and what to tell the user before. */
export interface Ending {
  readonly status: number;
  readonly text: string;
}

/** Python's exit code for an interrupted program, and the shell's for one that SIGTERM ended. */
const INTERRUPTED = 130;
const TERMINATED = 143;
/** How many frames an error keeps: those of the library, which are not shown, are among them. */
const FRAMES = 50;

/** What calling a coroutine function gives. */
type Started = Generator<never, unknown, unknown> | Promise<unknown>;

/**
 * Run the command. `end` is called where the process must end now: for a failure, an interrupt, a `SystemExit`. After a main that returned the
 * process ends by itself, as every program of Node: when nothing of it is left, with the exit code that it may have set.
 */
export async function runFile(command: RunCommand, end: (ending: Ending) => Promise<void>): Promise<void> {
  const { file, args } = command;
  let library: Library | null = null;
  const failed = (title: string, error: unknown) => end(endingOf(error, `${file}: ${title}`, library));

  // What is thrown outside of main (in a timer of the host, in a promise that nobody holds) ends the program as Node would, in our words.
  process.on('uncaughtException', (error) => {
    if (process.listenerCount('uncaughtException') === 1) void failed('uncaught error', error);
  });
  if (Error.stackTraceLimit === 10) Error.stackTraceLimit = FRAMES;

  let title = 'failed while it was loaded';
  try {
    const path = findFile(file);
    process.argv = [process.execPath, path, ...args];
    library = await libraryFor(path);
    const main = await loadMain(path, file);
    title = 'main failed';
    await runMain(library, main, command);
  } catch (error) {
    await failed(title, error);
  }
}

async function runMain(library: Library, main: Main, { file, args, debug }: RunCommand): Promise<void> {
  const startable = isGeneratorFunction(main) ? (main(...args) as Started) : starter(main, file, args);
  let result: Promise<unknown>;
  try {
    result = library.run(startable as () => Started, { handleSigterm: true, ...(debug ? { debug } : {}) });
  } catch (error) {
    if (nameOf(error) !== 'RuntimeError') throw error;
    throw new Complaint(
      `${file} runs a loop while it is loaded: leave out its own call of run(), which \`asyncio run\` makes`,
    );
  }
  await result;
}

/** A coroutine function without parameters that calls `main` with the arguments of the command line. */
function starter(main: Main, file: string, args: readonly string[]): () => Started {
  const start = (): Started => {
    const started = main(...args);
    if (isAwaitable(started) || isPromiseLike(started)) return started as Started;
    throw new Complaint(
      `main of ${file} is no coroutine function: it returned ${describe(started)}; write it as function* or async function`,
    );
  };
  return Object.defineProperty(start, 'name', { value: main.name });
}

function endingOf(error: unknown, title: string, library: Library | null): Ending {
  if (error instanceof Complaint) return { status: 1, text: `asyncio: ${error.message}` };
  switch (nameOf(error)) {
    case 'SystemExit':
      return exitOf((error as { readonly code?: unknown }).code);
    case 'KeyboardInterrupt': {
      const signal = (error as Error).message || 'SIGINT';
      return {
        status: signal === 'SIGTERM' ? TERMINATED : INTERRUPTED,
        text: `asyncio: interrupted by ${signal}`,
      };
    }
    default:
      return {
        status: 1,
        text: `asyncio: ${title}\n${formatFailure(error, library === null ? [] : [library.home])}${adviceFor(error, library)}`,
      };
  }
}

/** Told by name, not by class: the error may come from another copy of the library. */
function nameOf(error: unknown): unknown {
  return (error as { readonly name?: unknown } | null | undefined)?.name;
}

/** What Python makes of the argument of `SystemExit`: nothing means 0, a number is the exit code, anything else is printed. */
function exitOf(code: unknown): Ending {
  if (code === undefined || code === null) return { status: 0, text: '' };
  if (typeof code === 'boolean') return { status: Number(code), text: '' };
  if (Number.isInteger(code)) return { status: (code as number) & 0xff, text: '' };
  return { status: 1, text: String(code) };
}

/** A file that reaches the library by a path, not by its name, may have got a copy whose loop does not run. */
function adviceFor(error: unknown, library: Library | null): string {
  const noLoop =
    nameOf(error) === 'RuntimeError' && (error as Error).message.startsWith('no running event loop');
  if (!noLoop || library === null || error instanceof library.RuntimeError) return '';
  return `\nThe file uses a copy of asyncio-ts other than the one at ${library.home}: import it as 'asyncio-ts' everywhere.`;
}
