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
import type { Address, Channel, ChannelSink } from '../core/channel.ts';
import { isExit, OSError, RuntimeError, TimeoutError } from '../core/errors.ts';
import { type Future, setResultUnlessDone } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import { ByteQueue } from './byte-queue.ts';
import { checkBytes } from './bytes.ts';
import { FlowControl } from './flow-control.ts';
import { toOSError } from './os-error.ts';
import { type Callee, ProtocolCaller } from './protocol-caller.ts';
import type { StreamProtocol } from './protocols.ts';
import { SOCK_STREAM } from './socket-constants.ts';
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
  /** Does the protocol know of the connection already, under another transport? */
  readonly made?: boolean | undefined;
  /** How much may wait to be sent, where it is not as usual. */
  readonly limits?: WriteBufferLimits | undefined;
  /** How long the farewell of a channel that has one may take from `close()` on, in seconds. */
  readonly shutdownTimeout?: number | undefined;
}

/** Who takes over the channel of a transport: TLS on a connection that was plain. */
export interface Heir {
  /** Everything that was written has been sent: the channel is yours. */
  inherit(channel: Channel): void;
  /** The connection broke before, and is lost. */
  disinherit(error: Error): void;
  /** The transport that gave the channel away was told to close, or to close at once. */
  close(): void;
  abort(): void;
}

export class StreamTransport extends Transport implements ChannelSink, Callee {
  readonly #loop: Scheduler;
  readonly #channel: Channel;
  readonly #caller: ProtocolCaller;
  readonly #flow = new FlowControl();
  /** What waits to be given to the channel. */
  readonly #waiting = new ByteQueue();
  #owner: TransportOwner | null;
  #socket: TransportSocket | null = null;
  #paused = false;
  /** The channel has what it can take; it will tell when it can take more. */
  #stalled = false;
  #eofWritten = false;
  #closing = false;
  /** The call of `connectionLost` is under way; and how many writes came after it. */
  #lost = 0;
  /** Who takes over the channel, or has. */
  #heir: Heir | null = null;
  /** @internal Can it be secured by `startTls`? */
  readonly _startsTls: boolean = true;
  readonly #shutdownTimeout: number | undefined;
  #shutdownTimer: TimerHandle | null = null;

  constructor(
    loop: Scheduler,
    channel: Channel,
    protocol: StreamProtocol,
    options: StreamTransportOptions = {},
  ) {
    super();
    this.#loop = loop;
    this.#channel = channel;
    this.#caller = new ProtocolCaller(loop, this, protocol);
    this.#owner = options.owner ?? null;
    this.#owner?._attach(this);
    this.#shutdownTimeout = options.shutdownTimeout;
    if (options.limits !== undefined) this.#flow.set(options.limits);
    channel.attach(this);
    if (options.made !== true) loop._soon(connectionMade, [protocol, this], null);
    loop._soon(startReading, [this], null);
    if (options.waiter !== undefined) loop._soon(setResultUnlessDone, [options.waiter, undefined], null);
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo<Address>[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    if (name === 'socket') {
      this.#socket ??= new TransportSocket(this.#channel, SOCK_STREAM);
      return this.#socket;
    }
    return this.#channel.info(name) ?? fallback;
  }

  override setProtocol(protocol: StreamProtocol): void {
    this.#caller.protocol = protocol;
  }

  override getProtocol(): StreamProtocol | null {
    return this.#caller.protocol;
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

  /** For the channel. */
  channelBuffer(sizeHint: number): Uint8Array | null {
    const caller = this.#caller;
    if (!caller.isBuffered || this.#closing || running.loop !== this.#loop) return null;
    return caller.getBuffer(sizeHint);
  }

  /** For the channel. */
  channelFilled(count: number): void {
    if (!this.#closing) this.#caller.bufferUpdated(count);
  }

  /** For the channel. */
  channelData(data: Uint8Array): void {
    if (this.#closing) return;
    if (running.loop !== this.#loop) this.#whenRunning(() => this.channelData(data));
    else if (this.#caller.isBuffered) this.#fill(data);
    else this.#caller.dataReceived(data);
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

  /** For the channel. */
  channelEof(): void {
    if (this.#closing) return;
    if (running.loop !== this.#loop) this.#whenRunning(() => this.channelEof());
    else if (!this.#caller.eofReceived()) this.close();
    else if (!this.#channel.halfCloses) {
      warn('returning true from eofReceived() has no effect when using ssl', 'RuntimeWarning');
      this.close();
    }
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  override write(data: Uint8Array): void {
    if (!this.#mayWrite(data, 'write')) return;
    if (data.length === 0) return;
    if (this.#stalled) this.#waiting.push(data);
    else if (this.#given(data, this.#channel.write(data))) return;
    this.#caller.flowChanged(this.#flow.grown(this.getWriteBufferSize()));
  }

  override writelines(list: Iterable<Uint8Array>): void {
    const chunks = [...list];
    for (const data of chunks) checkBytes(data, 'writelines');
    const [first] = chunks;
    if (first === undefined || !this.#mayWrite(first, 'writelines')) return;
    for (const data of chunks) this.#waiting.push(data);
    if (!this.#stalled) this.#send();
    this.#caller.flowChanged(this.#flow.grown(this.getWriteBufferSize()));
  }

  /** Can `data` be written? What is wrong is thrown; a lost connection is not. */
  #mayWrite(data: Uint8Array, method: string): boolean {
    checkBytes(data, method);
    if (this.#heir !== null) {
      throw new RuntimeError(
        `Cannot call ${method}() on a transport that was given to startTls(): use the one that it returns`,
      );
    }
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

  /** For the channel. */
  channelWritable(): void {
    if (this.#lost > 0) return;
    if (running.loop === this.#loop) this.#caller.run(this.#sendMore, 'resumeWriting');
    else this.#whenRunning(() => this.channelWritable());
  }

  readonly #sendMore = (): void => {
    this.#stalled = false;
    this.#send();
    this.#caller.flowChanged(this.#flow.shrunk(this.getWriteBufferSize()));
    if (this.#stalled || this.#lost > 0) return;
    if (this.#heir !== null) this.#heir.inherit(this.#channel);
    else if (this.#closing) this.#part(() => this.#lose(null));
    else if (this.#eofWritten) this.#channel.shutdown();
  };

  override writeEof(): void {
    if (this.#closing || this.#eofWritten) return;
    this.#eofWritten = true;
    if (!this.#stalled) this.#channel.shutdown();
  }

  override canWriteEof(): boolean {
    return this.#channel.halfCloses;
  }

  override getWriteBufferSize(): number {
    return this.#lost > 0 ? 0 : this.#waiting.size + this.#channel.unsent;
  }

  override getWriteBufferLimits(): [low: number, high: number] {
    return this.#flow.limits;
  }

  override setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#flow.set(limits);
    this.#caller.flowChanged(this.#flow.grown(this.getWriteBufferSize()));
  }

  /** @internal Can a file be sent over it? Pipes have no use for that. */
  get _sendsFiles(): boolean {
    return true;
  }

  /** @internal */
  get _isWritingPaused(): boolean {
    return this.#flow.isPaused;
  }

  /** @internal The protocol has changed, and does not know yet that writing is paused, or goes on. */
  _tellFlow(change: 'pause' | 'resume'): void {
    this.#caller.flowChanged(change);
  }

  // ---- ending -------------------------------------------------------------------------------------------------------------------

  override close(): void {
    if (this.#heir !== null) this.#heir.close();
    if (this.#closing) return;
    this.#closing = true;
    this.#channel.pause();
    if (this.#shutdownTimeout !== undefined) {
      this.#shutdownTimer = this.#loop.callLater(this.#shutdownTimeout, shutdownExpired, this);
    }
    if (!this.#stalled) this.#part(() => this.#loseSoon(null));
  }

  /** Everything has been sent. `end` when the other side knows of the end, where that matters. */
  #part(end: () => void): void {
    if (this.#channel.farewell === undefined) end();
    else this.#channel.farewell(this.#parted);
  }

  readonly #parted = (): void => {
    if (this.#lost === 0) this.#loseSoon(null);
  };

  /** @internal */
  _shutdownExpired(): void {
    this.#forceClose(new TimeoutError('SSL shutdown timed out'));
  }

  override abort(): void {
    if (this.#heir === null) this.#forceClose(null);
    else this.#heir.abort();
  }

  /**
   * @internal Let `heir` have the channel when what waits has been sent. This transport does not read or write from now on; of what becomes of the
   * connection its protocol is told by the heir's transport, or through `_loseHandedOver`.
   * @returns who wants to know of the heir's transport.
   * @throws {RuntimeError} where it is not open.
   */
  _handOver(heir: Heir): TransportOwner | null {
    const why = this.#heir !== null ? 'a second time' : this.#closing ? 'on a closed transport' : null;
    const complaint = why ?? (this.#eofWritten ? 'after writeEof()' : null);
    if (complaint !== null) throw new RuntimeError(`Cannot call startTls() ${complaint}: ${this}`);
    this.#heir = heir;
    this.#closing = true;
    this.#channel.pause();
    if (!this.#stalled) heir.inherit(this.#channel);
    return this.#owner;
  }

  /** @internal The heir has a transport of its own, which its server knows. */
  _handedOver(): void {
    this.#lost = 1;
    this.#caller.protocol = null;
    this.#owner?._detach(this);
    this.#owner = null;
  }

  /** @internal The heir could not take it over: the connection is lost. */
  _loseHandedOver(error: Error | null): void {
    if (this.#lost === 0) this.#loseSoon(error);
  }

  /** For the channel. */
  channelFailed(error: unknown): void {
    this._protocolFailed(toOSError(error), 'Fatal error on transport');
  }

  /** @internal Something broke. Errors of the system go to the protocol alone; any others are reported as well. */
  _protocolFailed(error: unknown, message: string): void {
    if (!(error instanceof OSError)) this._report(error, message);
    this.#forceClose(error instanceof Error ? error : new RuntimeError(`${message} ${describe(error)}`));
  }

  #forceClose(error: Error | null): void {
    if (this.#lost > 0) return;
    this.#waiting.clear();
    if (this.#heir !== null && error !== null) this.#heir.disinherit(error);
    if (!this.#closing) {
      this.#closing = true;
      this.#channel.pause();
    }
    this.#loseSoon(error);
  }

  #loseSoon(error: Error | null): void {
    this.#lost = 1;
    if (this.#loop.isClosed()) this.#end(error);
    else this.#loop._soon(connectionLost, [this, error], null);
  }

  #lose(error: Error | null): void {
    this.#lost = 1;
    try {
      this._connectionLost(error);
    } catch (failure) {
      if (isExit(failure)) throw failure;
      this._report(failure, 'Fatal error: protocol.connectionLost() call failed.');
    }
  }

  /** @internal */
  _connectionLost(error: Error | null): void {
    try {
      this.#caller.protocol?.connectionLost(error);
    } finally {
      this.#end(error);
    }
  }

  #end(error: Error | null): void {
    this.#shutdownTimer?.cancel();
    this.#channel.close(error);
    this.#caller.protocol = null;
    this.#owner?._detach(this);
    this.#owner = null;
  }

  /** Nothing more is read until `event` has been done. */
  #whenRunning(event: () => void): void {
    this.#channel.pause();
    if (this.#loop.isClosed()) return;
    this.#caller.later(event);
    this.#loop._soon(startReading, [this], null);
  }

  /** @internal */
  _report(exception: unknown, message: string): void {
    const protocol = this.#caller.protocol;
    this.#loop.callExceptionHandler({ message, exception, transport: this, protocol });
  }

  override toString(): string {
    const parts = [this.constructor.name];
    if (this.#caller.protocol === null) parts.push('closed');
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

function shutdownExpired(transport: StreamTransport): void {
  transport._shutdownExpired();
}

function connectionLost(transport: StreamTransport, error: Error | null): void {
  transport._connectionLost(error);
}
