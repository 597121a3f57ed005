/**
 * The command line of `asyncio`: what it means, and what it says of itself.
 *
 * Options of the program stand before FILE; everything after FILE belongs to the file's own `main`.
 */

/** The forms of the command. */
export const SYNOPSIS: string = `usage: asyncio run [--debug] FILE [ARGS...]
       asyncio --help | --version`;

/** All there is to know. */
export const HELP: string = `${SYNOPSIS}

  run FILE    run the coroutine function that FILE exports as main or as its
              default: a generator function, an async function, or one made by
              coroutine(). It is called with ARGS, as strings.
  --debug     debug mode: stacks of creation, slow callbacks, coroutines that
              were never awaited

Ctrl-C and SIGTERM cancel main, which may clean up; a second one ends the
program at once. Exit code: 0, 1 when main failed, 130 after SIGINT, 143 after
SIGTERM, or what SystemExit asks for.`;

/** What to run. */
export interface RunCommand {
  readonly kind: 'run';
  readonly file: string;
  readonly args: readonly string[];
  readonly debug: boolean;
}

export type Command =
  | RunCommand
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problem: string };

export function parseArguments(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined) return { kind: 'wrong', problem: 'a command is missing' };
  if (first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'run') return parseRun(rest);
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
