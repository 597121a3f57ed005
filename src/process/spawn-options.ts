/**
 * What callers say about a program to be run, checked and made into what a reactor understands.
 *
 * Source: Python docs, "subprocess", "Popen Constructor"; asyncio/base_events.py, `subprocess_exec`.
 */
import { fileURLToPath } from 'node:url';
import { OSError, ValueError } from '../core/errors.ts';
import type { ChildDescriptor, SpawnRequest } from '../core/process.ts';
import { describe } from '../core/repr.ts';
import { checkOptions } from '../net/address.ts';
import { DEVNULL, PIPE, STDOUT } from './constants.ts';

/** One of a child's descriptors: `PIPE`, `DEVNULL`, a descriptor of this process or an object that has one; `null` is this process's own. */
export type Stdio = number | null | { readonly fd: number };

/** A program, directory or argument: text, or the URL of a file. */
export type PathLike = string | URL;

/** How a program is run. */
export interface SpawnOptions {
  readonly stdin?: Stdio | undefined;
  readonly stdout?: Stdio | undefined;
  /** As the others, or `STDOUT`: the same as its output. */
  readonly stderr?: Stdio | undefined;
  /** The directory to run in; by default that of this process. */
  readonly cwd?: PathLike | null | undefined;
  /** The whole environment; by default that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** What is run in place of the program, which is then only what it is told that it is called. */
  readonly executable?: PathLike | null | undefined;
  /** Let it lead a session of its own, out of reach of this terminal's signals. */
  readonly startNewSession?: boolean | undefined;
  /** The user to run as. */
  readonly user?: number | null | undefined;
  /** The group to run as. */
  readonly group?: number | null | undefined;
  /** More descriptors that the child gets, under the same numbers. */
  readonly passFds?: readonly number[] | undefined;
}

export const OPTIONS = [
  'stdin',
  'stdout',
  'stderr',
  'cwd',
  'env',
  'executable',
  'startNewSession',
  'user',
  'group',
  'passFds',
] as const;

/** What a child reads and writes is bytes, at once; Python's options that say otherwise must be false. */
const MUST_BE: Readonly<Record<string, unknown>> = {
  universalNewlines: false,
  bufsize: 0,
  text: false,
  encoding: null,
  errors: null,
};

/** Tell the options from the last one of a program's arguments: they are a plain object, which no argument is. */
export function splitOptions<O extends object>(
  all: readonly unknown[],
): [args: readonly unknown[], options: Partial<O>] {
  const last = all.at(-1);
  if (last === undefined && all.length > 0) return [all.slice(0, -1), {}];
  if (typeof last !== 'object' || last === null || last instanceof URL) return [all, {}];
  const prototype: unknown = Object.getPrototypeOf(last);
  return prototype === Object.prototype || prototype === null
    ? [all.slice(0, -1), last as Partial<O>]
    : [all, {}];
}

/** What is run: a program with its arguments, or a command of the shell. */
export type Command =
  | { readonly program: PathLike; readonly args: readonly unknown[] }
  | { readonly shell: string };

/** @param own the standard input, output and error output where the options say nothing of them. */
export function toRequest(command: Command, options: SpawnOptions, own: Stdio, where: string): SpawnRequest {
  const shell = 'shell' in command;
  checkOptions(withoutPythons(options, shell), OPTIONS, where);
  const { executable = null, cwd = null, env = null, user = null, group = null } = options;
  const program = toText(shell ? '/bin/sh' : command.program, 'the program', where);
  const args = shell
    ? ['-c', noNulls(command.shell)]
    : command.args.map((arg) => toText(arg, 'each argument', where));
  const file = executable === null ? program : toText(executable, 'executable', where);
  return {
    file,
    args,
    argv0: shell ? file : program,
    cwd: cwd === null ? undefined : toText(cwd, 'cwd', where),
    env: env === null ? undefined : toEnvironment(env, where),
    stdio: toStdio(options, own, where),
    passFds: (options.passFds ?? []).map((fd) => toDescriptor(fd, 'passFds', where)),
    newSession: options.startNewSession === true,
    user: user ?? undefined,
    group: group ?? undefined,
  };
}

/** The options but those that can have one value alone. */
function withoutPythons(options: object, shell: boolean): object {
  const rest: Record<string, unknown> = { ...options };
  for (const [name, expected] of Object.entries({ ...MUST_BE, shell })) {
    const value = rest[name];
    delete rest[name];
    if (value === undefined || value === expected || (expected !== true && value === null)) continue;
    throw new ValueError(`${name} must be ${String(expected)}`);
  }
  return rest;
}

function toText(value: unknown, what: string, where: string): string {
  if (value instanceof URL) return fileURLToPath(value);
  if (typeof value === 'string') return noNulls(value);
  throw new TypeError(`${where}: ${what} must be a string or the URL of a file, not ${describe(value)}`);
}

function noNulls(text: string): string {
  if (text.includes('\0')) throw new ValueError('embedded null byte');
  return text;
}

function toEnvironment(env: Readonly<Record<string, unknown>>, where: string): Record<string, string> {
  const entries = Object.entries(env).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (typeof value !== 'string') {
      throw new TypeError(`${where}: the values of env must be strings, not ${name}=${describe(value)}`);
    }
    noNulls(name);
    noNulls(value);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function toStdio(options: SpawnOptions, own: Stdio, where: string): SpawnRequest['stdio'] {
  const { stdin = own, stdout = own, stderr = own } = options;
  return [
    toChildDescriptor(stdin, 0, 'stdin', where),
    toChildDescriptor(stdout, 1, 'stdout', where),
    stderr === STDOUT ? 'stdout' : toChildDescriptor(stderr, 2, 'stderr', where),
  ];
}

function toChildDescriptor(stdio: Stdio, own: number, name: string, where: string): ChildDescriptor {
  if (stdio === null) return own;
  if (stdio === PIPE) return 'pipe';
  if (stdio === DEVNULL) return 'null';
  if (stdio === STDOUT) throw new ValueError(`${where}: STDOUT can only be used for stderr`);
  return toDescriptor(typeof stdio === 'object' ? stdio.fd : stdio, name, where);
}

function toDescriptor(fd: unknown, name: string, where: string): number {
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw new TypeError(
      `${where}: ${name} must be PIPE, DEVNULL, null or a descriptor, or have a descriptor as 'fd', not ${describe(fd)}`,
    );
  }
  if (fd >= 0) return fd;
  throw new OSError('[Errno 9] Bad file descriptor', { code: 'EBADF', errno: 9 });
}
