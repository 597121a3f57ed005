/**
 * `SubprocessTransport`: the whole life of a child process and of its pipes.
 *
 * The protocol hears of everything through the ready queue, in the order in which it happened: `connectionMade` when the pipes are connected, then what
 * they bring, `pipeConnectionLost` for each, `processExited`, and `connectionLost` after all of these.
 *
 *     running ── the child ends ──> exited ── its last pipe is lost ──> finished: connectionLost(null)
 *        └── close(): kills the child, closes the pipes
 *
 * Source: Python docs, "Transports and Protocols", "Subprocess Transports"; asyncio/base_subprocess.py (3.14).
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel } from '../core/channel.ts';
import { type Context, currentContext } from '../core/context.ts';
import { CancelledError, isExit, PermissionError, ProcessLookupError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Callback } from '../core/handle.ts';
import type { Child, ChildSink } from '../core/process.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import { toOSError } from '../net/os-error.ts';
import { Protocol, type SubprocessProtocol } from '../net/protocols.ts';
import { BaseTransport } from '../net/transports.ts';
import { ReadPipeTransport, WritePipeTransport } from './pipe-transports.ts';
import { connected } from './pipes.ts';
import { numberOf, type Signal } from './signal-names.ts';

type Call = readonly [callback: Callback<never[]>, args: readonly unknown[]];

/** A transport of one of a child's pipes. */
export type PipeTransport = ReadPipeTransport | WritePipeTransport;

const SIGKILL = numberOf('SIGKILL');
const SIGTERM = numberOf('SIGTERM');

export class SubprocessTransport extends BaseTransport implements ChildSink {
  readonly #loop: Scheduler;
  readonly #context: Context;
  readonly #pid: number;
  #child: Child | null;
  #protocol: SubprocessProtocol | null;
  #returncode: number | null = null;
  #exitWaiters: Set<Future<number>> | null = new Set();
  /** What happened before the protocol knew of the child. */
  #pending: Call[] | null = [];
  readonly #pipes = new Map<number, PipeProtocol | null>();
  #closed = false;

  /** @internal @param waiter completed when the pipes are connected. */
  constructor(loop: Scheduler, child: Child, protocol: SubprocessProtocol, waiter: Future<void>) {
    super({ subprocess: child.host });
    this.#loop = loop;
    this.#context = currentContext().copy();
    this.#child = child;
    this.#pid = child.pid;
    this.#protocol = protocol;
    for (const [fd, channel] of child.pipes.entries()) if (channel !== null) this.#pipes.set(fd, null);
    loop.createTask(this.#connectPipes(child, waiter), { name: `connect the pipes of process ${child.pid}` });
    child.attach(this);
  }

  *#connectPipes(child: Child, waiter: Future<void>): Coroutine<void> {
    const loop = this.#loop;
    try {
      for (const [fd, channel] of child.pipes.entries()) {
        if (channel !== null) this.#pipes.set(fd, yield* this.#connectPipe(fd, channel));
      }
      this.#later(connectionMade, [this.#protocol, this]);
      const pending = this.#pending ?? [];
      this.#pending = null;
      for (const [callback, args] of pending) this.#later(callback, args);
    } catch (error) {
      for (const proto of this.#pipes.values()) proto?.pipe?.close();
      for (const channel of child.pipes) channel?.close();
      if (isExit(error)) throw error;
      if (waiter.done()) return;
      if (error instanceof CancelledError) waiter.cancel(...(error.args as [string?]));
      else waiter.setException(error as Error);
      return;
    }
    if (!waiter.done()) waiter.setResult(undefined);
    // Closed meanwhile: the pipes were not there to be closed.
    if (this.#closed && !loop.isClosed()) this.#closePipes();
  }

  *#connectPipe(fd: number, channel: Channel): Coroutine<PipeProtocol> {
    const protocol = new PipeProtocol(this, fd);
    const Kind = fd === 0 ? WritePipeTransport : ReadPipeTransport;
    protocol.pipe = yield* connected<PipeTransport>(
      this.#loop,
      (waiter) => new Kind(this.#loop, channel, protocol, channel.info('fileno') ?? null, waiter),
    );
    return protocol;
  }

  override setProtocol(protocol: SubprocessProtocol): void {
    this.#protocol = protocol;
  }

  override getProtocol(): SubprocessProtocol | null {
    return this.#protocol;
  }

  override isClosing(): boolean {
    return this.#closed;
  }

  /** The number of the process. */
  getPid(): number {
    return this.#pid;
  }

  /** How the child ended: its status, or the number of the signal that ended it as a negative number; `null` while it runs. */
  getReturncode(): number | null {
    return this.#returncode;
  }

  /** The transport of the child's descriptor: 0 for its input, 1 for its output, 2 for its error output; `null` where that is no pipe. */
  getPipeTransport(fd: number): PipeTransport | null {
    return this.#pipes.get(fd)?.pipe ?? null;
  }

  /**
   * Send a signal to the child. Has no effect on one that has ended.
   * @throws {ProcessLookupError} after `connectionLost`.
   */
  sendSignal(signal: Signal): void {
    const number = numberOf(signal);
    if (this.#child === null) throw new ProcessLookupError();
    if (this.#returncode !== null) return;
    try {
      this.#child.kill(number);
    } catch (error) {
      const failure = toOSError(error);
      if (!(failure instanceof ProcessLookupError)) throw failure;
    }
  }

  /** Ask the child to end: SIGTERM. */
  terminate(): void {
    this.sendSignal(SIGTERM);
  }

  /** End the child: SIGKILL. */
  kill(): void {
    this.sendSignal(SIGKILL);
  }

  /** Close the pipes, and kill the child if it runs. */
  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#loop.isClosed()) this.#closePipes();
    this.#killIfRunning();
  }

  #closePipes(): void {
    for (const proto of this.#pipes.values()) proto?.pipe?.close();
  }

  #killIfRunning(): void {
    if (this.#child === null || this.#returncode !== null) return;
    try {
      this.kill();
    } catch (error) {
      // It may have changed its user.
      if (!(error instanceof PermissionError)) throw error;
    }
  }

  // ---- what happens -------------------------------------------------------------------------------------------------------------

  /** For the reactor. */
  childExited(returncode: number): void {
    this.#returncode = returncode;
    if (this.#loop.isClosed()) return;
    this.#call(processExited, [this.#protocol]);
    this.#tryFinish();
    const waiters = this.#exitWaiters ?? [];
    this.#exitWaiters = null;
    for (const waiter of waiters) if (!waiter.done()) waiter.setResult(returncode);
  }

  /** For the reactor. */
  childAbandoned(): void {
    if (!this.#closed) warn(`unclosed transport ${this}`, 'ResourceWarning');
    this.#closed = true;
    for (const proto of this.#pipes.values()) proto?.pipe?.abort();
    for (const channel of this.#child?.pipes ?? []) channel?.close();
    this.#killIfRunning();
  }

  /** @internal */
  _pipeDataReceived(fd: number, data: Uint8Array): void {
    this.#call(pipeDataReceived, [this.#protocol, fd, data]);
  }

  /** @internal */
  _pipeConnectionLost(fd: number, exc: Error | null): void {
    this.#call(pipeConnectionLost, [this.#protocol, fd, exc]);
    this.#tryFinish();
  }

  /** @internal */
  _flowChanged(method: 'pauseWriting' | 'resumeWriting'): void {
    this.#protocol?.[method]();
  }

  /** @internal Wait until the child has ended. */
  *_wait(): Coroutine<number> {
    if (this.#returncode !== null) return this.#returncode;
    const waiter = this.#loop.createFuture<number>();
    this.#exitWaiters?.add(waiter);
    try {
      return yield* waiter;
    } finally {
      this.#exitWaiters?.delete(waiter);
    }
  }

  #tryFinish(): void {
    if (this.#returncode === null) return;
    for (const proto of this.#pipes.values()) if (proto === null || !proto.disconnected) return;
    this.#call(connectionLost, [this]);
  }

  /** @internal */
  _connectionLost(): void {
    try {
      this.#protocol?.connectionLost(null);
    } finally {
      this.#child = null;
      this.#protocol = null;
    }
  }

  #call(callback: Callback<never[]>, args: readonly unknown[]): void {
    if (this.#pending === null) this.#later(callback, args);
    else this.#pending.push([callback, args]);
  }

  #later(callback: Callback<never[]>, args: readonly unknown[]): void {
    this.#loop._soon(callback, args, this.#context);
  }

  override toString(): string {
    const parts = ['SubprocessTransport'];
    if (this.#closed) parts.push('closed');
    parts.push(`pid=${this.#pid}`);
    parts.push(this.#returncode === null ? 'running' : `returncode=${this.#returncode}`);
    for (const [fd, proto] of this.#pipes) {
      if (proto !== null) parts.push(`${['stdin', 'stdout', 'stderr'][fd]}=${proto.pipe}`);
    }
    return `<${parts.join(' ')}>`;
  }
}

/** The protocol of one pipe: it hands on what it is told. */
class PipeProtocol extends Protocol {
  readonly #owner: SubprocessTransport;
  readonly #fd: number;
  pipe: PipeTransport | null = null;
  disconnected = false;

  constructor(owner: SubprocessTransport, fd: number) {
    super();
    this.#owner = owner;
    this.#fd = fd;
  }

  override dataReceived(data: Uint8Array): void {
    this.#owner._pipeDataReceived(this.#fd, data);
  }

  override connectionLost(exc: Error | null): void {
    this.disconnected = true;
    this.#owner._pipeConnectionLost(this.#fd, exc);
  }

  override pauseWriting(): void {
    this.#owner._flowChanged('pauseWriting');
  }

  override resumeWriting(): void {
    this.#owner._flowChanged('resumeWriting');
  }
}

function connectionMade(protocol: SubprocessProtocol, transport: SubprocessTransport): void {
  protocol.connectionMade(transport);
}

function pipeDataReceived(protocol: SubprocessProtocol, fd: number, data: Uint8Array): void {
  protocol.pipeDataReceived(fd, data);
}

function pipeConnectionLost(protocol: SubprocessProtocol, fd: number, exc: Error | null): void {
  protocol.pipeConnectionLost(fd, exc);
}

function processExited(protocol: SubprocessProtocol): void {
  protocol.processExited();
}

function connectionLost(transport: SubprocessTransport): void {
  transport._connectionLost();
}
