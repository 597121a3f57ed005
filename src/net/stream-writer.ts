/**
 * `StreamWriter`: what is to be sent on a connection.
 *
 * `write` does not wait; `drain` after it keeps what waits to be sent within the transport's limits. A stream that nobody holds any more, neither its
 * reader nor its writer, is closed when it is collected, and reported. Source: Python docs, "Streams", `StreamWriter`; asyncio/streams.py.
 */
import type { Coroutine, Suspension } from '../core/awaitable.ts';
import type { Address } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { sleep } from '../core/sleep.ts';
import { warn } from '../core/warn.ts';
import { shield } from '../structured/shield.ts';
import type { StreamReader } from './stream-reader.ts';
import type { ExtraInfo, Transport } from './transports.ts';

/** What a writer needs of its protocol: `StreamReaderProtocol`, or another one that controls the flow. */
export interface WriterProtocol {
  /** @internal */
  readonly _isHeld: boolean;
  /** @internal */
  _drained(): Coroutine<void>;
  /** @internal */
  readonly _closed: Future<void>;
}

interface Unclosed {
  readonly transport: Transport;
  readonly loop: Scheduler;
}

const collected = new FinalizationRegistry<Unclosed>(({ transport, loop }) => {
  if (transport.isClosing() || loop.isClosed()) return;
  warn(`unclosed <StreamWriter transport=${transport}>: close() it`, 'ResourceWarning');
  transport.close();
});

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
  readonly #transport: Transport;
  readonly #protocol: WriterProtocol;
  readonly #reader: StreamReader | null;

  constructor(transport: Transport, protocol: WriterProtocol, reader: StreamReader | null, loop: Scheduler) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#reader = reader;
    // The writer holds its reader, so once the reader is gone the writer is gone too. (The reverse would close the connection of a task that only reads.)
    collected.register(reader ?? this, { transport, loop });
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
