/**
 * `StreamWriter`: what is to be sent on a connection.
 *
 * `write` does not wait; `drain` after it keeps what waits to be sent within the transport's limits. A stream that nobody holds any more, neither its
 * reader nor its writer, is closed when it is collected, and reported. Source: Python docs, "Streams", `StreamWriter`; asyncio/streams.py.
 */
import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import type { Coroutine, Suspension } from '../core/awaitable.ts';
import type { Address } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ConnectionResetError, RuntimeError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { sleep } from '../core/sleep.ts';
import { shield } from '../structured/shield.ts';
import {
  type AdaptedChannel,
  AdaptedTransport,
  type AdaptOptions,
  checkAdaptOptions,
} from './adapted-transport.ts';
import { LoneWriterProtocol } from './lone-writer-protocol.ts';
import { NodeChannel } from './node-channel.ts';
import type { StreamProtocol } from './protocols.ts';
import type { SSLContext } from './ssl-context.ts';
import { type StartTlsOptions, startTls } from './start-tls.ts';
import type { StreamReader } from './stream-reader.ts';
import { writerToNode } from './to-node.ts';
import { writerToWeb } from './to-web.ts';
import type { ExtraInfo, Transport } from './transports.ts';
import { closeWhenCollected } from './unclosed.ts';
import { checkWebWritable, WebChannel, type WebWritable } from './web-channel.ts';

/** What a writer needs of its protocol: `StreamReaderProtocol`, or another one that controls the flow. */
export interface WriterProtocol {
  /** @internal */
  readonly _isHeld: boolean;
  /** @internal */
  _drained(): Coroutine<void>;
  /** @internal */
  readonly _closed: Future<void>;
  /** @internal Was it made for connections that came? */
  readonly _isServerSide?: boolean;
  /** @internal The connection goes on under another transport. */
  _replaceTransport?(transport: Transport): void;
}

/** How `StreamWriter.startTls` secures a connection. */
export type WriterTlsOptions = Omit<StartTlsOptions, 'serverSide'>;

/** How a writer without a reader is made. */
export interface LoneWriterOptions extends AdaptOptions {
  /** By default the running loop. */
  readonly loop?: Scheduler | undefined;
}

const DONE: IteratorResult<Suspension, void> = { done: true, value: undefined };
const NOTHING: Iterator<Suspension, void, unknown> = { next: () => DONE };

/** `drain()`, which mostly has nothing to do: then it needs no generator. */
class Draining extends LazyCoroutine<void> {
  readonly #writer: StreamWriter;

  constructor(drain: () => Coroutine<void>, writer: StreamWriter) {
    super(drain, writer);
    this.#writer = writer;
  }

  override _begin(): Iterator<Suspension, void, unknown> {
    return this.#writer._isDrained ? NOTHING : super._begin();
  }
}

export class StreamWriter implements AsyncDisposable {
  #transport: Transport;
  readonly #protocol: WriterProtocol;
  readonly #reader: StreamReader | null;
  /** @internal */
  readonly _loop: Scheduler;

  constructor(transport: Transport, protocol: WriterProtocol, reader: StreamReader | null, loop: Scheduler) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#reader = reader;
    // The writer holds its reader, so once the reader is gone the writer is gone too. (The reverse would close the connection of a task that only reads.)
    closeWhenCollected(reader ?? this, 'StreamWriter', transport, loop);
    this._loop = loop;
  }

  /**
   * Write to a Web stream, which is locked from now on. `close()` closes it, and `waitClosed()` waits until it has taken everything.
   * @param options.loop by default the running loop.
   * @throws {TypeError} where it is locked already.
   */
  static fromWeb(writable: WebWritable, options: LoneWriterOptions = {}): StreamWriter {
    checkWebWritable(writable, 'StreamWriter.fromWeb()');
    checkAdaptOptions(options, 'StreamWriter.fromWeb()');
    return alone(() => new WebChannel(null, writable), options);
  }

  /** Write to a stream of Node. `close()` ends it, and `waitClosed()` waits until it has taken everything. */
  static fromNode(writable: Writable, options: LoneWriterOptions = {}): StreamWriter {
    if (typeof (writable as Partial<Writable> | null | undefined)?.write !== 'function') {
      throw new TypeError(
        `StreamWriter.fromNode() needs a Writable of node:stream, not ${describe(writable)}`,
      );
    }
    checkAdaptOptions(options, 'StreamWriter.fromNode()');
    return alone(() => new NodeChannel(null, writable), options);
  }

  /**
   * This writer as a Web stream, which must be the only one to use it. Closing it ends the writing (`writeEof`) where that can end alone; the connection
   * is still yours to close. Aborting it aborts the connection.
   */
  toWeb(): WritableStream<Uint8Array> {
    return writerToWeb(this);
  }

  /** This writer as a stream of Node, which must be the only one to use it. Ending it ends the writing; destroying it aborts the connection. */
  toNode(): Writable {
    return writerToNode(this);
  }

  /** @internal Tell when the connection is lost: why, or that it is. */
  _whenLost(lost: (error: Error) => void): void {
    this.#protocol._closed.addDoneCallback((closed) => {
      const error = closed.cancelled() ? null : closed.exception();
      lost(error instanceof Error ? error : new ConnectionResetError('Connection lost'));
    });
  }

  /** The transport below. */
  get transport(): Transport {
    return this.#transport;
  }

  /** Send bytes; what cannot be sent at once is kept, so do not change the array afterwards. Follow it with `drain()`. */
  write(data: Uint8Array): void {
    this.#transport.write(data);
  }

  /** Send several arrays of bytes. */
  writelines(list: Iterable<Uint8Array>): void {
    this.#transport.writelines(list);
  }

  /**
   * Wait until it is sensible to write more: at once, unless more waits to be sent than the transport's limit.
   * @throws the error that the connection was lost with, or {ConnectionResetError}.
   */
  drain(): CoroutineObject<void> {
    return new Draining(this.#drain, this);
  }

  /** @internal Is there nothing to wait for, and nothing to fail with? */
  get _isDrained(): boolean {
    if (this.#protocol._isHeld || this.#transport.isClosing()) return false;
    return this.#reader === null || this.#reader.exception() === null;
  }

  *#drain(): Coroutine<void> {
    const exception = this.#reader?.exception() ?? null;
    if (exception !== null) throw exception;
    // A closing transport is about to say that the connection is lost: a loop of write and drain must come to see it.
    if (this.#transport.isClosing()) yield* sleep(0);
    if (this.#protocol._isHeld) yield* this.#protocol._drained();
  }

  /**
   * Secure the connection by TLS, after what was written has been sent: as the server where `startServer` made the stream, else as the client. What the
   * client of a server had sent before it was told to begin belongs to the handshake.
   * @throws {SSLError} where the handshake fails; {ConnectionAbortedError} where it takes too long. The connection is lost then, also by cancelling this.
   */
  startTls(sslcontext: SSLContext, options: WriterTlsOptions = {}): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#startTls as never, this, [sslcontext, options]);
  }

  *#startTls(sslcontext: SSLContext, options: WriterTlsOptions): Coroutine<void> {
    const protocol = this.#protocol;
    if (protocol._replaceTransport === undefined) {
      throw new TypeError(`startTls() needs the stream of a connection, not ${this}`);
    }
    yield* this.#drain();
    const serverSide = protocol._isServerSide === true;
    const served = protocol as WriterProtocol & StreamProtocol;
    const transport = yield* startTls(this._loop, this.#transport, served, sslcontext, {
      ...options,
      serverSide,
    });
    this.#transport = transport;
    protocol._replaceTransport(transport);
    closeWhenCollected(this.#reader ?? this, 'StreamWriter', transport, this._loop);
  }

  /** Can the writing end alone? */
  canWriteEof(): boolean {
    return this.#transport.canWriteEof();
  }

  /** Send what waits, then tell the other side that no more will come. It can still be read from. */
  writeEof(): void {
    this.#transport.writeEof();
  }

  /** Close the stream, and the connection when what waits has been sent. Follow it with `waitClosed()`. */
  close(): void {
    this.#transport.close();
  }

  /** Was it closed, or is it closing? */
  isClosing(): boolean {
    return this.#transport.isClosing();
  }

  /**
   * Wait until the connection is gone.
   * @throws the error that it was lost with.
   */
  waitClosed(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#waitClosed, this);
  }

  *#waitClosed(): Coroutine<void> {
    // Several may wait; one that is cancelled must not end it for the others.
    yield* shield(this.#protocol._closed);
  }

  /** A fact about the connection, such as `'peername'`; `fallback` where there is none. */
  getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo<Address>[K] | null;
  getExtraInfo(name: string, fallback?: unknown): unknown;
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return this.#transport.getExtraInfo(name, fallback);
  }

  /** Close it, and wait until the connection is gone. */
  [Symbol.asyncDispose](): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#dispose, this);
  }

  *#dispose(): Coroutine<void> {
    this.close();
    yield* this.#waitClosed();
  }

  toString(): string {
    const reader = this.#reader === null ? '' : ` reader=${this.#reader}`;
    return `<StreamWriter transport=${this.#transport}${reader}>`;
  }
}

function alone(open: () => AdaptedChannel, options: LoneWriterOptions): StreamWriter {
  const loop = options.loop ?? running.loop ?? running.chosen;
  if (loop === null) {
    throw new RuntimeError('no running event loop: make writers inside a coroutine, or give { loop }');
  }
  const protocol = new LoneWriterProtocol(loop);
  return new StreamWriter(new AdaptedTransport(loop, open(), protocol, options), protocol, null, loop);
}
