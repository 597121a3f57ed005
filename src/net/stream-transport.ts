/**
 * `StreamTransport`: the whole life of a connection, over any kind of channel.
 *
 * All state of a connection changes in this file. It is open, then closing, then lost; `connectionLost` is called exactly once, from the ready
 * queue or when the last byte has gone, and never before `connectionMade`.
 *
 *     open ── close() ──> closing: reads nothing, sends what waits ──┐
 *       │                                                            ├──> lost: connectionLost(exc), channel closed
 *       └── abort(), an error, a protocol that fails ────────────────┘
 *
 * The order at the start is part of the contract: `connectionMade`, then reading begins, then whoever waits for the connection goes on, three
 * entries of the ready queue. What the channel tells is handled on its own stack, in the context that the transport was made in; what it
 * makes ready wakes the loop.
 * Bytes that come belong to the protocol. Bytes to be sent go to the channel at once; what it does not take waits here and counts, together
 * with what the channel has not got rid of, for flow control.
 * Source: Python docs, "Transports and Protocols".
 */
import type { Channel, ChannelSink } from '../core/channel.ts';
import { type Context, currentContext } from '../core/context.ts';
import { isExit, OSError, RuntimeError } from '../core/errors.ts';
import { type Future, setResultUnlessDone } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import { ByteQueue } from './byte-queue.ts';
import { type FlowChange, FlowControl } from './flow-control.ts';
import { toOSError } from './os-error.ts';
import { type BufferedProtocol, isBuffered, type Protocol, type StreamProtocol } from './protocols.ts';
import { TransportSocket } from './transport-socket.ts';
import { type ExtraInfo, Transport, type WriteBufferLimits } from './transports.ts';

/** How many writes to a lost connection are borne in silence. */
const WRITES_BEFORE_WARNING = 5;

/** Who wants to know which transports there are: a server. */
export interface TransportOwner {
  /** @internal */
  _attach(transport: StreamTransport): void;
  /** @internal */
  _detach(transport: StreamTransport): void;
}

/** What a new transport is told. */
export interface StreamTransportOptions {
  /** Completed when the protocol knows of the connection. */
  readonly waiter?: Future<void> | undefined;
  readonly owner?: TransportOwner | undefined;
}

export class StreamTransport extends Transport implements ChannelSink {
  readonly #loop: Scheduler;
  readonly #channel: Channel;
  readonly #context: Context;
  readonly #flow = new FlowControl();
  /** What waits to be given to the channel. */
  readonly #waiting = new ByteQueue();
  #protocol: StreamProtocol | null;
  /** The protocol once more, where it receives into a buffer of its own. */
  #buffered: BufferedProtocol | null;
  #owner: TransportOwner | null;
  #socket: TransportSocket | null = null;
  #paused = false;
  /** The channel has what it can take; it will tell when it can take more. */
  #stalled = false;
  #eofWritten = false;
  #closing = false;
  /** The call of `connectionLost` is under way; and how many writes came after it. */
  #lost = 0;

  constructor(
    loop: Scheduler,
    channel: Channel,
    protocol: StreamProtocol,
    options: StreamTransportOptions = {},
  ) {
    super();
    this.#loop = loop;
    this.#channel = channel;
    this.#context = currentContext().copy();
    this.#protocol = protocol;
    this.#buffered = isBuffered(protocol) ? protocol : null;
    this.#owner = options.owner ?? null;
    this.#owner?._attach(this);
    channel.attach(this);
    loop._soon(connectionMade, [protocol, this], null);
    loop._soon(startReading, [this], null);
    if (options.waiter !== undefined) loop._soon(setResultUnlessDone, [options.waiter, undefined], null);
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    if (name === 'socket') {
      this.#socket ??= new TransportSocket(this.#channel);
      return this.#socket;
    }
    return this.#channel.info(name) ?? fallback;
  }

  override setProtocol(protocol: StreamProtocol): void {
    this.#protocol = protocol;
    this.#buffered = isBuffered(protocol) ? protocol : null;
  }

  override getProtocol(): StreamProtocol | null {
    return this.#protocol;
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------------------

  override isReading(): boolean {
    return !this.#closing && !this.#paused;
  }

  override pauseReading(): void {
    if (!this.isReading()) return;
    this.#paused = true;
    this.#channel.pause();
  }

  override resumeReading(): void {
    if (this.#closing || !this.#paused) return;
    this.#paused = false;
    this.#channel.resume();
  }

  /** @internal Reading begins when the protocol knows of the connection, unless it has paused or closed it. */
  _startReading(): void {
    if (this.isReading()) this.#channel.resume();
  }

  /** @internal */
  channelBuffer(sizeHint: number): Uint8Array | null {
    if (this.#buffered === null || this.#closing || running.loop !== this.#loop) return null;
    return this.#call(getBuffer, sizeHint, 'getBuffer') ?? null;
  }

  /** @internal */
  channelFilled(count: number): void {
    if (!this.#closing) this.#call(bufferUpdated, count, 'bufferUpdated');
  }

  /** @internal */
  channelData(data: Uint8Array): void {
    if (this.#closing) return;
    if (running.loop !== this.#loop) this.#whenRunning(() => this.channelData(data));
    else if (this.#buffered === null) this.#call(dataReceived, data, 'dataReceived');
    else this.#fill(data);
  }

  /** Into the protocol's buffers; it may close the transport or be replaced meanwhile. */
  #fill(data: Uint8Array): void {
    let rest = data;
    while (rest.length > 0 && !this.#closing) {
      const buffer = this.channelBuffer(rest.length);
      if (buffer === null) {
        this.channelData(rest);
        return;
      }
      const count = Math.min(buffer.length, rest.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      this.channelFilled(count);
    }
  }

  /** @internal */
  channelEof(): void {
    if (this.#closing) return;
    if (running.loop !== this.#loop) {
      this.#whenRunning(() => this.channelEof());
      return;
    }
    const keepOpen = this.#call(eofReceived, undefined, 'eofReceived');
    if (!keepOpen || !this.#channel.halfCloses) this.close();
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  override write(data: Uint8Array): void {
    if (!this.#mayWrite(data, 'write')) return;
    if (data.length === 0) return;
    if (this.#stalled) this.#waiting.push(data);
    else if (this.#given(data, this.#channel.write(data))) return;
    this.#tellFlow(this.#flow.grown(this.getWriteBufferSize()));
  }

  override writelines(list: Iterable<Uint8Array>): void {
    const chunks = [...list];
    for (const data of chunks) checkBytes(data, 'writelines');
    const [first] = chunks;
    if (first === undefined || !this.#mayWrite(first, 'writelines')) return;
    for (const data of chunks) this.#waiting.push(data);
    if (!this.#stalled) this.#send();
    this.#tellFlow(this.#flow.grown(this.getWriteBufferSize()));
  }

  /** Can `data` be written? What is wrong is thrown; a lost connection is not. */
  #mayWrite(data: Uint8Array, method: string): boolean {
    checkBytes(data, method);
    if (this.#eofWritten) throw new RuntimeError(`Cannot call ${method}() after writeEof()`);
    if (this.#lost === 0) return true;
    if (this.#lost++ === WRITES_BEFORE_WARNING) {
      warn(
        `${WRITES_BEFORE_WARNING} writes to a closed connection were dropped, and so will others be: ` +
          `stop writing to ${this} when isClosing() is true or connectionLost() was called`,
        'RuntimeWarning',
      );
    }
    return false;
  }

  /** The channel took the first `taken` bytes. Keep the rest. @returns whether nothing waits anywhere. */
  #given(data: Uint8Array, taken: number): boolean {
    if (taken === data.length) {
      if (this.#channel.unsent === 0) return true;
    } else this.#waiting.push(data.subarray(taken));
    this.#stalled = true;
    return false;
  }

  /** Give the channel what waits. */
  #send(): void {
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    const chunks = waiting.chunks();
    const [first] = chunks;
    waiting.drop(
      chunks.length === 1 && first !== undefined ? this.#channel.write(first) : this.#channel.writev(chunks),
    );
    this.#stalled = waiting.size > 0 || this.#channel.unsent > 0;
  }

  /** @internal */
  channelWritable(): void {
    if (this.#lost > 0) return;
    if (running.loop === this.#loop) this.#call(sendMore, this, 'resumeWriting');
    else this.#whenRunning(() => this.channelWritable());
  }

  /** @internal */
  _sendMore(): void {
    this.#stalled = false;
    this.#send();
    this.#tellFlow(this.#flow.shrunk(this.getWriteBufferSize()));
    if (this.#stalled || this.#lost > 0) return;
    if (this.#closing) this.#lose(null);
    else if (this.#eofWritten) this.#channel.shutdown();
  }

  override writeEof(): void {
    if (this.#closing || this.#eofWritten) return;
    this.#eofWritten = true;
    if (!this.#stalled) this.#channel.shutdown();
  }

  override canWriteEof(): boolean {
    return this.#channel.halfCloses;
  }

  override getWriteBufferSize(): number {
    return this.#waiting.size + this.#channel.unsent;
  }

  override getWriteBufferLimits(): [low: number, high: number] {
    return this.#flow.limits;
  }

  override setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#flow.set(limits);
    this.#tellFlow(this.#flow.grown(this.getWriteBufferSize()));
  }

  #tellFlow(change: FlowChange): void {
    const protocol = this.#protocol;
    if (change === null || protocol === null) return;
    const method = change === 'pause' ? 'pauseWriting' : 'resumeWriting';
    try {
      protocol[method]();
    } catch (error) {
      if (isExit(error)) throw error;
      this.#report(`protocol.${method}() failed`, error);
    }
  }

  // ---- ending -------------------------------------------------------------------------------------------------------------------

  override close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#channel.pause();
    if (!this.#stalled) this.#loseSoon(null);
  }

  override abort(): void {
    this.#forceClose(null);
  }

  /** @internal */
  channelFailed(error: unknown): void {
    this.#fatal(toOSError(error), 'Fatal error on transport');
  }

  /** Something broke. Errors of the connection go to the protocol alone; any others are reported as well. */
  #fatal(error: unknown, message: string): void {
    if (!(error instanceof OSError)) this.#report(message, error);
    this.#forceClose(error instanceof Error ? error : new RuntimeError(`${message} ${describe(error)}`));
  }

  #forceClose(error: Error | null): void {
    if (this.#lost > 0) return;
    this.#waiting.clear();
    if (!this.#closing) {
      this.#closing = true;
      this.#channel.pause();
    }
    this.#loseSoon(error);
  }

  #loseSoon(error: Error | null): void {
    this.#lost = 1;
    if (this.#loop.isClosed()) this.#end();
    else this.#loop._soon(connectionLost, [this, error], null);
  }

  #lose(error: Error | null): void {
    this.#lost = 1;
    try {
      this._connectionLost(error);
    } catch (failure) {
      if (isExit(failure)) throw failure;
      this.#report('Fatal error: protocol.connectionLost() call failed.', failure);
    }
  }

  /** @internal */
  _connectionLost(error: Error | null): void {
    try {
      this.#protocol?.connectionLost(error);
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#channel.close();
    this.#protocol = null;
    this.#buffered = null;
    this.#owner?._detach(this);
    this.#owner = null;
  }

  // ---- calling the protocol -----------------------------------------------------------------------------------------------------

  /** Call the protocol, from the channel's stack. If it fails, so does the connection. */
  #call<A, R>(method: (protocol: never, argument: A) => R, argument: A, name: string): R | undefined {
    const outer = running.context;
    const start = this.#loop._debug ? performance.now() : 0;
    running.context = this.#context;
    try {
      return method(this.#protocol as never, argument);
    } catch (error) {
      if (isExit(error)) this.#endRun(error);
      else this.#fatal(error, `Fatal error: protocol.${name}() call failed.`);
      return undefined;
    } finally {
      running.context = outer;
      if (start > 0) this.#tellIfSlow(start, name);
    }
  }

  #tellIfSlow(start: number, name: string): void {
    const seconds = (performance.now() - start) / 1000;
    if (seconds < this.#loop.slowCallbackDuration) return;
    warn(`Executing ${name}() for ${this} took ${seconds.toFixed(3)} seconds`, 'RuntimeWarning');
  }

  /** A channel tells things at any time, a loop does things only while it runs. Nothing more is read meanwhile. */
  #whenRunning(event: () => void): void {
    this.#channel.pause();
    if (this.#loop.isClosed()) return;
    this.#loop._soon(event, [], this.#context.copy());
    this.#loop._soon(startReading, [this], null);
  }

  #endRun(error: unknown): void {
    this.#loop._runNow({
      _run() {
        throw error;
      },
    });
  }

  #report(message: string, exception: unknown): void {
    this.#loop.callExceptionHandler({ message, exception, transport: this, protocol: this.#protocol });
  }

  override toString(): string {
    const parts = [this.constructor.name];
    if (this.#protocol === null) parts.push('closed');
    else if (this.#closing) parts.push('closing');
    parts.push(`fd=${String(this.#channel.info('fileno') ?? -1)}`);
    parts.push(`read=${this.isReading() ? 'polling' : 'idle'}`);
    parts.push(`write=<${this.#stalled ? 'polling' : 'idle'}, bufsize=${this.getWriteBufferSize()}>`);
    return `<${parts.join(' ')}>`;
  }
}

function connectionMade(protocol: StreamProtocol, transport: StreamTransport): void {
  protocol.connectionMade(transport);
}

function startReading(transport: StreamTransport): void {
  transport._startReading();
}

function connectionLost(transport: StreamTransport, error: Error | null): void {
  transport._connectionLost(error);
}

function dataReceived(protocol: Protocol, data: Uint8Array): void {
  protocol.dataReceived(data);
}

function bufferUpdated(protocol: BufferedProtocol, count: number): void {
  protocol.bufferUpdated(count);
}

function sendMore(_protocol: StreamProtocol, transport: StreamTransport): void {
  transport._sendMore();
}

function eofReceived(protocol: StreamProtocol): unknown {
  return protocol.eofReceived();
}

function getBuffer(protocol: BufferedProtocol, sizeHint: number): Uint8Array {
  const buffer = protocol.getBuffer(sizeHint);
  if (!(buffer instanceof Uint8Array)) {
    throw new TypeError(`getBuffer() must return a Uint8Array, got ${describe(buffer)}`);
  }
  if (buffer.length === 0) throw new RuntimeError('getBuffer() returned an empty buffer');
  return buffer;
}

/** @throws {TypeError} where `data` is not bytes. */
export function checkBytes(data: unknown, method: string): asserts data is Uint8Array {
  if (data instanceof Uint8Array) return;
  const advice =
    typeof data === 'string'
      ? ': encode it, as in Buffer.from(text) or new TextEncoder().encode(text)'
      : ArrayBuffer.isView(data) || data instanceof ArrayBuffer
        ? ': look at its bytes through a new Uint8Array(...)'
        : '';
  throw new TypeError(`${method}() needs a Uint8Array (or Buffer), not ${describe(data)}${advice}`);
}
