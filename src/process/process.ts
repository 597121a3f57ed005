/**
 * `createSubprocessExec` and `createSubprocessShell`: a child process with its pipes as streams.
 *
 * Source: Python docs, "Subprocesses"; asyncio/subprocess.py (3.14).
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { BrokenPipeError, ConnectionResetError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { FlowControlMixin } from '../net/flow-control-mixin.ts';
import { SubprocessProtocol } from '../net/protocols.ts';
import { DEFAULT_LIMIT, StreamReader } from '../net/stream-reader.ts';
import { StreamWriter, type WriterProtocol } from '../net/stream-writer.ts';
import { gather } from '../structured/gather.ts';
import { shield } from '../structured/shield.ts';
import { runningLoop } from './room.ts';
import type { Signal } from './signal-names.ts';
import { type Command, type PathLike, type SpawnOptions, splitOptions } from './spawn-options.ts';
import { checkCommand, run } from './start.ts';
import type { SubprocessTransport } from './subprocess-transport.ts';

/** Options of `createSubprocessExec` and `createSubprocessShell`: those of the loop's methods, and the readers'. */
export interface SubprocessOptions extends SpawnOptions {
  /** The limit of each reader, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/** Between a child's transport and its streams. */
export class SubprocessStreamProtocol extends SubprocessProtocol implements WriterProtocol {
  stdin: StreamWriter | null = null;
  stdout: StreamReader | null = null;
  stderr: StreamReader | null = null;
  readonly #loop: Scheduler;
  readonly #limit: number;
  readonly #flow: FlowControlMixin;
  readonly #stdinClosed: Future<void>;
  readonly #open = new Set<number>();
  #transport: SubprocessTransport | null = null;
  #exited = false;

  constructor(limit: number, loop: Scheduler) {
    super();
    this.#limit = limit;
    this.#loop = loop;
    this.#flow = new FlowControlMixin(loop);
    this.#stdinClosed = loop.createFuture<void>();
  }

  override connectionMade(transport: SubprocessTransport): void {
    this.#transport = transport;
    this.stdout = this.#reader(1, transport);
    this.stderr = this.#reader(2, transport);
    const stdin = transport.getPipeTransport(0);
    if (stdin !== null) this.stdin = new StreamWriter(stdin, this, null, this.#loop);
  }

  #reader(fd: number, transport: SubprocessTransport): StreamReader | null {
    const pipe = transport.getPipeTransport(fd);
    if (pipe === null) return null;
    const reader = new StreamReader({ limit: this.#limit, loop: this.#loop });
    reader.setTransport(pipe);
    this.#open.add(fd);
    return reader;
  }

  override pipeDataReceived(fd: number, data: Uint8Array): void {
    this.#readerOf(fd)?.feedData(data);
  }

  override pipeConnectionLost(fd: number, exc: Error | null): void {
    if (fd === 0) {
      this.stdin?.close();
      this.connectionLost(exc);
      this.#closeStdin(exc);
      return;
    }
    const reader = this.#readerOf(fd);
    if (exc === null) reader?.feedEof();
    else reader?.setException(exc);
    this.#open.delete(fd);
    this.#closeIfDone();
  }

  #closeStdin(exc: Error | null): void {
    const closed = this.#stdinClosed;
    if (closed.done()) return;
    if (exc === null) closed.setResult(undefined);
    else {
      closed.setException(exc);
      // Whoever waits is told; that nobody does is no mistake.
      closed.exception();
    }
  }

  #readerOf(fd: number): StreamReader | null {
    return fd === 1 ? this.stdout : fd === 2 ? this.stderr : null;
  }

  override processExited(): void {
    this.#exited = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#open.size > 0 || !this.#exited) return;
    this.#transport?.close();
    this.#transport = null;
  }

  override pauseWriting(): void {
    this.#flow.pauseWriting();
  }

  override resumeWriting(): void {
    this.#flow.resumeWriting();
  }

  override connectionLost(exc: Error | null): void {
    this.#flow.connectionLost(exc);
  }

  /** @internal */
  get _isHeld(): boolean {
    return this.#flow._isHeld;
  }

  /** @internal */
  _drained(): Coroutine<void> {
    return this.#flow._drained();
  }

  /** @internal */
  get _closed(): Future<void> {
    return this.#stdinClosed;
  }
}

/** A child process. `createSubprocessExec` and `createSubprocessShell` make it. */
export class Process implements AsyncDisposable {
  readonly #transport: SubprocessTransport;
  readonly #loop: Scheduler;
  /** What is written to its input, where that is `PIPE`; else `null`. */
  readonly stdin: StreamWriter | null;
  /** What it writes to its output, where that is `PIPE`; else `null`. */
  readonly stdout: StreamReader | null;
  /** What it writes to its error output, where that is `PIPE`; else `null`. */
  readonly stderr: StreamReader | null;
  /** The number of the process. */
  readonly pid: number;

  /** @internal */
  constructor(transport: SubprocessTransport, protocol: SubprocessStreamProtocol, loop: Scheduler) {
    this.#transport = transport;
    this.#loop = loop;
    this.stdin = protocol.stdin;
    this.stdout = protocol.stdout;
    this.stderr = protocol.stderr;
    this.pid = transport.getPid();
  }

  /** How it ended: its status, or the number of the signal that ended it as a negative number; `null` while it runs. */
  get returncode(): number | null {
    return this.#transport.getReturncode();
  }

  /**
   * Wait until it has ended. With `PIPE`s that nobody reads this can take forever: use `communicate()`.
   * @returns the `returncode`.
   */
  wait(): CoroutineObject<number> {
    return new LazyCoroutine<number>(this.#wait, this);
  }

  *#wait(): Coroutine<number> {
    return yield* this.#transport._wait();
  }

  /**
   * Send a signal to it. Has no effect on one that has ended.
   * @throws {ProcessLookupError} when it and its pipes are gone.
   */
  sendSignal(signal: Signal): void {
    this.#transport.sendSignal(signal);
  }

  /** Ask it to end: SIGTERM. */
  terminate(): void {
    this.#transport.terminate();
  }

  /** End it: SIGKILL. */
  kill(): void {
    this.#transport.kill();
  }

  /**
   * Write `input` to it and end its input, read all that it writes, and wait until it has ended. A child that does not want its input is no error.
   * Cancelling this does not end the child.
   * @returns its output and its error output; `null` for what is not `PIPE`.
   */
  communicate(
    input: Uint8Array | null = null,
  ): CoroutineObject<[stdout: Uint8Array | null, stderr: Uint8Array | null]> {
    return new LazyCoroutine<[Uint8Array | null, Uint8Array | null]>(this.#communicate as never, this, [
      input,
    ]);
  }

  *#communicate(input: Uint8Array | null): Coroutine<[Uint8Array | null, Uint8Array | null]> {
    const [, stdout, stderr] = yield* gather(
      this.#feedStdin(input),
      this.#readAll(1, this.stdout),
      this.#readAll(2, this.stderr),
    );
    yield* this.#wait();
    return [stdout, stderr];
  }

  *#feedStdin(input: Uint8Array | null): Coroutine<void> {
    const { stdin } = this;
    if (stdin === null) return;
    try {
      if (input !== null) stdin.write(input);
      yield* stdin.drain();
    } catch (error) {
      if (!(error instanceof BrokenPipeError || error instanceof ConnectionResetError)) throw error;
    }
    stdin.close();
  }

  *#readAll(fd: number, reader: StreamReader | null): Coroutine<Uint8Array | null> {
    if (reader === null) return null;
    const transport = this.#transport.getPipeTransport(fd);
    const output = yield* reader.read();
    transport?.close();
    return output;
  }

  /** Kill it if it runs, close its pipes, and wait until it is gone. */
  [Symbol.asyncDispose](): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#dispose, this);
  }

  *#dispose(): Coroutine<void> {
    this.#transport.close();
    // Whoever is cancelled here still leaves no process behind.
    yield* shield(this.#loop.createTask(this.wait()));
  }

  toString(): string {
    return `<Process ${this.pid}>`;
  }
}

/**
 * Run `program` with arguments, which are strings; the options are the last argument.
 *
 * ```ts
 * const { PIPE } = asyncio.subprocess;
 * const proc = yield* asyncio.createSubprocessExec('ls', '-l', { stdout: PIPE });
 * const [stdout] = yield* proc.communicate();
 * ```
 * @throws {FileNotFoundError} where there is no such program; {PermissionError} where it cannot be run.
 */
export function createSubprocessExec(
  program: PathLike,
  ...args: readonly PathLike[]
): CoroutineObject<Process>;
export function createSubprocessExec(
  program: PathLike,
  ...args: readonly [...args: PathLike[], options: SubprocessOptions | undefined]
): CoroutineObject<Process>;
export function createSubprocessExec(
  program: PathLike,
  ...rest: readonly unknown[]
): CoroutineObject<Process> {
  return new LazyCoroutine<Process>(exec, undefined, [program, rest]);
}

Object.defineProperty(exec, 'name', { value: 'createSubprocessExec' });

function* exec(program: PathLike, rest: readonly unknown[]): Coroutine<Process> {
  const [args, options] = splitOptions<SubprocessOptions>(rest);
  return yield* create({ program, args }, options, 'createSubprocessExec()');
}

/**
 * Run a command of the shell. Never put text of others into it: `createSubprocessExec` needs no quoting.
 *
 * ```ts
 * const proc = yield* asyncio.createSubprocessShell('ls -l | wc -l', { stdout: asyncio.subprocess.PIPE });
 * ```
 */
export function createSubprocessShell(
  cmd: string,
  options: SubprocessOptions = {},
): CoroutineObject<Process> {
  return new LazyCoroutine<Process>(shell, undefined, [cmd, options]);
}

Object.defineProperty(shell, 'name', { value: 'createSubprocessShell' });

function* shell(cmd: string, options: SubprocessOptions): Coroutine<Process> {
  return yield* create({ shell: checkCommand(cmd) }, options, 'createSubprocessShell()');
}

function* create(command: Command, options: SubprocessOptions, where: string): Coroutine<Process> {
  const loop = runningLoop();
  const { limit = DEFAULT_LIMIT, ...rest } = options;
  // A limit that cannot be is found out before anything runs.
  new StreamReader({ limit, loop });
  const factory = () => new SubprocessStreamProtocol(limit, loop);
  const [transport, protocol] = yield* run(loop, factory, command, rest, null, where);
  return new Process(transport, protocol, loop);
}
