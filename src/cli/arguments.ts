/**
 * The command line of `asyncio`: what it means, and what it says of itself.
 *
 * Options of the program stand before FILE; everything after FILE belongs to the file's own `main`.
 */
import { parseArgs } from 'node:util';

/** The forms of the command. */
export const SYNOPSIS: string = `usage: asyncio run [--debug] FILE [ARGS...]
       asyncio worker MODULE --queue NAME [OPTIONS]
       asyncio --help | --version`;

/** All there is to know. */
export const HELP: string = `${SYNOPSIS}

  run FILE    run the coroutine function that FILE exports as main or as its
              default: a generator function, an async function, or one made by
              coroutine(). It is called with ARGS, as strings.
  --debug     debug mode: stacks of creation, slow callbacks, coroutines that
              were never awaited

  worker MODULE   run jobs that a DistributedExecutor gave to a queue in Redis:
                  what MODULE exports and declares by job()
  --queue NAME        the queue
  --concurrency N     how many jobs run at once; by default one a processor
  --connection URL    where Redis is; by default redis://127.0.0.1:6379
  --pool KIND         processes (the default) or threads
  --prefix NAME       what keys in Redis begin with; by default asyncio
  --grace SECONDS     how long jobs that run may take at the end; by default 30
  --lock-duration SECONDS   after how long a silence a worker counts as dead; by
                      default 10

Ctrl-C and SIGTERM end a worker when the jobs that run are done, or after the
time of grace. They cancel main, which may clean up; a second one ends the
program at once. Exit code: 0, 1 when main failed, 130 after SIGINT, 143 after
SIGTERM, or what SystemExit asks for.`;

/** What to run. */
export interface RunCommand {
  readonly kind: 'run';
  readonly file: string;
  readonly args: readonly string[];
  readonly debug: boolean;
}

/** What to take jobs from, and how. */
export interface WorkerCommand {
  readonly kind: 'worker';
  readonly module: string;
  readonly queue: string;
  readonly concurrency: number | undefined;
  readonly connection: string | undefined;
  readonly prefix: string | undefined;
  readonly pool: 'processes' | 'threads' | undefined;
  readonly grace: number | undefined;
  readonly lockDuration: number | undefined;
}

export type Command =
  | RunCommand
  | WorkerCommand
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problem: string };

export function parseArguments(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined) return { kind: 'wrong', problem: 'a command is missing' };
  if (first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'run') return parseRun(rest);
  if (first === 'worker') return parseWorker(rest);
  return { kind: 'wrong', problem: `there is no ${first.startsWith('-') ? 'option' : 'command'} ${first}` };
}

function parseRun(args: readonly string[]): Command {
  let debug = false;
  for (const [index, argument] of args.entries()) {
    if (argument === '--debug') debug = true;
    else if (argument === '--help' || argument === '-h') return { kind: 'help' };
    else if (argument === '--') return runCommand(args.slice(index + 1), debug);
    else if (argument.startsWith('-'))
      return { kind: 'wrong', problem: `run has no option ${argument}; options of FILE come after it` };
    else return runCommand(args.slice(index), debug);
  }
  return runCommand([], debug);
}

function runCommand([file, ...args]: readonly string[], debug: boolean): Command {
  if (file === undefined) return { kind: 'wrong', problem: 'run needs a FILE' };
  return { kind: 'run', file, args, debug };
}

/** In seconds. */
const LONGEST_LOCK = 2_000_000;
const TEXT = { type: 'string' } as const;

function parseWorker(args: readonly string[]): Command {
  const wrong = (problem: string): Command => ({ kind: 'wrong', problem });
  let given: ReturnType<typeof workerArguments>;
  try {
    given = workerArguments(args);
  } catch (error) {
    return wrong(`worker: ${(error as Error).message.split('. ')[0]}`);
  }
  const { values, positionals } = given;
  if (values.help === true) return { kind: 'help' };
  const [module, ...more] = positionals;
  if (module === undefined) return wrong('worker needs a MODULE');
  if (more.length > 0) return wrong(`worker takes one MODULE, and was given ${more[0]} besides`);
  const { queue, connection, prefix, pool } = values;
  if (queue === undefined) return wrong('worker needs --queue NAME');
  if (queue === '' || queue.includes(':')) return wrong(`--queue must be a name without ':', not '${queue}'`);
  if (pool !== undefined && pool !== 'processes' && pool !== 'threads')
    return wrong(`--pool must be processes or threads, not ${pool}`);
  const [concurrency, grace, lockDuration] = [values.concurrency, values.grace, values['lock-duration']].map(
    (text) => (text === undefined ? undefined : Number(text)),
  );
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0))
    return wrong(`--concurrency must be a whole number, 1 or more, not ${values.concurrency}`);
  if (grace !== undefined && !(grace >= 0))
    return wrong(`--grace must be a number of seconds, not ${values.grace}`);
  if (lockDuration !== undefined && !(lockDuration > 0 && lockDuration <= LONGEST_LOCK))
    return wrong(
      `--lock-duration must be a number of seconds, above 0 and up to ${LONGEST_LOCK}, not ${values['lock-duration']}`,
    );
  return { kind: 'worker', module, queue, concurrency, connection, prefix, pool, grace, lockDuration };
}

function workerArguments(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      queue: TEXT,
      concurrency: TEXT,
      connection: TEXT,
      prefix: TEXT,
      pool: TEXT,
      grace: TEXT,
      'lock-duration': TEXT,
      help: { type: 'boolean', short: 'h' },
    },
  });
}
