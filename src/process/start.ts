/**
 * `subprocessExec` and `subprocessShell`: run a program, and let a protocol serve it.
 *
 * Cancelled at any step, they leave no process and no pipe behind. Source: Python docs, "Event Loop", "Running Subprocesses";
 * asyncio/base_events.py, asyncio/unix_events.py.
 */
import { statSync } from 'node:fs';
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { isExit, NotADirectoryError, PermissionError, ValueError } from '../core/errors.ts';
import type { Child, SpawnRequest } from '../core/process.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { makeProtocol } from '../net/connect.ts';
import { operate } from '../net/operation.ts';
import { toOSError } from '../net/os-error.ts';
import type { StreamProtocol, SubprocessProtocol } from '../net/protocols.ts';
import { shield } from '../structured/shield.ts';
import { PIPE } from './constants.ts';
import { processesOf } from './room.ts';
import {
  type Command,
  type PathLike,
  type SpawnOptions,
  type Stdio,
  splitOptions,
  toRequest,
} from './spawn-options.ts';
import { SubprocessTransport } from './subprocess-transport.ts';

/** Run `program` with arguments. @param rest the arguments, and the options as the last one. */
export function subprocessExec<P extends SubprocessProtocol>(
  loop: Scheduler,
  factory: () => P,
  program: PathLike,
  rest: readonly unknown[],
): CoroutineObject<[transport: SubprocessTransport, protocol: P]> {
  return new LazyCoroutine<[SubprocessTransport, P]>(exec as never, undefined, [
    loop,
    factory,
    program,
    rest,
  ]);
}

Object.defineProperty(exec, 'name', { value: 'subprocessExec' });

function* exec<P extends SubprocessProtocol>(
  loop: Scheduler,
  factory: () => P,
  program: PathLike,
  rest: readonly unknown[],
): Coroutine<[SubprocessTransport, P]> {
  const [args, options] = splitOptions<SpawnOptions>(rest);
  return yield* run(loop, factory, { program, args }, options, PIPE, 'subprocessExec()');
}

/** Run a command of the shell. */
export function subprocessShell<P extends SubprocessProtocol>(
  loop: Scheduler,
  factory: () => P,
  cmd: string,
  options: SpawnOptions,
): CoroutineObject<[transport: SubprocessTransport, protocol: P]> {
  return new LazyCoroutine<[SubprocessTransport, P]>(shell as never, undefined, [
    loop,
    factory,
    cmd,
    options,
  ]);
}

Object.defineProperty(shell, 'name', { value: 'subprocessShell' });

function* shell<P extends SubprocessProtocol>(
  loop: Scheduler,
  factory: () => P,
  cmd: string,
  options: SpawnOptions,
): Coroutine<[SubprocessTransport, P]> {
  return yield* run(loop, factory, { shell: checkCommand(cmd) }, options, PIPE, 'subprocessShell()');
}

/** @throws {ValueError} where `cmd` is no string. */
export function checkCommand(cmd: unknown): string {
  if (typeof cmd === 'string') return cmd;
  throw new ValueError(`cmd must be a string, not ${describe(cmd)}`);
}

/** @param own the standard input, output and error output where the options say nothing of them. */
export function* run<P extends SubprocessProtocol>(
  loop: Scheduler,
  factory: () => P,
  command: Command,
  options: SpawnOptions,
  own: Stdio,
  where: string,
): Coroutine<[SubprocessTransport, P]> {
  const request = toRequest(command, options, own, where);
  const protocol = makeProtocol(factory as unknown as () => StreamProtocol, where) as unknown as P;
  const child = yield* spawn(loop, request, where);
  const waiter = loop.createFuture<void>();
  const transport = new SubprocessTransport(loop, child, protocol, waiter);
  try {
    yield* waiter;
  } catch (error) {
    if (isExit(error)) throw error;
    transport.close();
    // Not before the process is gone; to be cancelled once more ends the waiting, not the process.
    yield* shield(new LazyCoroutine<number>(transport._wait, transport));
    throw error;
  }
  return [transport, protocol];
}

function* spawn(loop: Scheduler, request: SpawnRequest, where: string): Coroutine<Child> {
  const processes = processesOf(loop, where.replace('()', ''));
  checkDirectory(request.cwd);
  if (request.file === '') throw emptyName();
  try {
    return yield* operate<Child>(
      loop,
      (done) => processes.spawn(request, done),
      (child) => child.discard(),
    );
  } catch (error) {
    throw toOSError(error, (text) => (isAboutProgram(error) ? `${text}: '${request.file}'` : text));
  }
}

/** Hosts blame the program for a directory that is not there. */
function checkDirectory(cwd: string | undefined): void {
  if (cwd === undefined) return;
  let isDirectory: boolean;
  try {
    isDirectory = statSync(cwd).isDirectory();
  } catch (error) {
    throw toOSError(error, (text) => `${text}: '${cwd}'`);
  }
  if (isDirectory) return;
  const fields = { code: 'ENOTDIR', errno: 20, syscall: 'chdir' };
  throw new NotADirectoryError(`[Errno 20] Not a directory: '${cwd}'`, fields);
}

function emptyName(): PermissionError {
  return new PermissionError(`[Errno 13] Permission denied: ''`, {
    code: 'EACCES',
    errno: 13,
    syscall: 'spawn',
  });
}

const ABOUT_PROGRAM: readonly unknown[] = [
  'ENOENT',
  'EACCES',
  'ENOTDIR',
  'EISDIR',
  'ENOEXEC',
  'ELOOP',
  'ENAMETOOLONG',
  'EPERM',
];

function isAboutProgram(error: unknown): boolean {
  return ABOUT_PROGRAM.includes((error as { readonly code?: unknown } | null)?.code);
}
