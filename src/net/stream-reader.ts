/**
 * `StreamReader`: what came on a connection, to be read as it is wanted.
 *
 * The protocol feeds it, one task at a time reads from it. It asks the transport to pause when more than twice the limit waits to be read, and to
 * go on when no more than the limit does; reading past that (`readexactly` of more than the limit) goes on as well, so it cannot deadlock.
 * Complexity goals: taking what came costs what `ByteQueue` says; a search for a separator never looks twice at the same byte in one call.
 * Source: Python docs, "Streams", `StreamReader`; asyncio/streams.py (3.14).
 */
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import {
  IncompleteReadError,
  LimitOverrunError,
  NotImplementedError,
  RuntimeError,
  ValueError,
} from '../core/errors.ts';
import { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import {
  type AdaptedChannel,
  AdaptedTransport,
  type AdaptOptions,
  checkAdaptOptions,
} from './adapted-transport.ts';
import { ByteQueue } from './byte-queue.ts';
import { checkBytes, toBuffer } from './bytes.ts';
import { NodeChannel } from './node-channel.ts';
import { StreamReaderProtocol } from './stream-reader-protocol.ts';
import { readerToNode } from './to-node.ts';
import { readerToWeb } from './to-web.ts';
import type { BaseTransport, ReadTransport } from './transports.ts';
import { closeWhenCollected } from './unclosed.ts';
import { checkWebReadable, WebChannel, type WebReadable } from './web-channel.ts';

/** How long a line can be, and half of what may wait to be read, in bytes. */
export const DEFAULT_LIMIT: number = 64 * 1024;

const NEWLINE: Buffer = Buffer.from('\n');

/** How a reader is made. */
export interface StreamReaderOptions {
  /** The longest line or other piece up to a separator, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
  /** By default the running loop. */
  readonly loop?: Scheduler | undefined;
}

/** What a reader needs of its transport. */
type Pausable = Pick<ReadTransport, 'pauseReading' | 'resumeReading'>;

export class StreamReader implements AsyncIterable<Uint8Array> {
  readonly #loop: Scheduler;
  readonly #limit: number;
  readonly #queue = new ByteQueue();
  #eof = false;
  #waiter: Future<void> | null = null;
  #exception: Error | null = null;
  #transport: Pausable | null = null;
  #paused = false;

  /** @throws {ValueError} where the limit is not positive. */
  constructor(options: StreamReaderOptions = {}) {
    const { limit = DEFAULT_LIMIT } = options;
    if (typeof limit !== 'number')
      throw new TypeError(`limit must be a number of bytes, not ${describe(limit)}`);
    if (!(limit > 0)) throw new ValueError('Limit cannot be <= 0');
    const loop = options.loop ?? running.loop ?? running.chosen;
    if (loop === null) {
      throw new RuntimeError('no running event loop: make readers inside a coroutine, or give { loop }');
    }
    this.#limit = limit;
    this.#loop = loop;
  }

  /**
   * Read a Web stream of bytes, which is locked from now on. No more of it is read than the reader may hold.
   *
   * ```ts
   * const response = await fetch(url);
   * const reader = asyncio.StreamReader.fromWeb(response.body!);
   * const line = yield* reader.readline();
   * ```
   * @param options.signal cancels the stream; reading then fails with its reason.
   * @throws {TypeError} where it is locked already.
   */
  static fromWeb(readable: WebReadable, options: StreamReaderOptions & AdaptOptions = {}): StreamReader {
    checkWebReadable(readable, 'StreamReader.fromWeb()');
    checkAdaptOptions(options, 'StreamReader.fromWeb()');
    return alone(() => new WebChannel(readable, null), options);
  }

  /** Read a stream of Node. No more of it is read than the reader may hold. @param options.signal destroys it; reading then fails with its reason. */
  static fromNode(readable: Readable, options: StreamReaderOptions & AdaptOptions = {}): StreamReader {
    if (typeof (readable as Partial<Readable> | null | undefined)?.read !== 'function') {
      throw new TypeError(
        `StreamReader.fromNode() needs a Readable of node:stream, not ${describe(readable)}`,
      );
    }
    checkAdaptOptions(options, 'StreamReader.fromNode()');
    return alone(() => new NodeChannel(readable, null), options);
  }

  /** This reader as a Web stream of bytes, which must be the only one to read from it. Cancelling it closes the connection. */
  toWeb(): ReadableStream<Uint8Array> {
    return readerToWeb(this);
  }

  /** This reader as a stream of Node, which must be the only one to read from it. Destroying it before its end closes the connection. */
  toNode(): Readable {
    return readerToNode(this);
  }

  /** @internal */
  get _loop(): Scheduler {
    return this.#loop;
  }

  /** @internal Nobody will read any more: close the connection. */
  _abandon(): void {
    (this.#transport as Partial<BaseTransport> | null)?.close?.();
  }

  // ---- what feeds it ------------------------------------------------------------------------------------------------------------

  /** Name the transport that is paused when too much waits to be read. */
  setTransport(transport: Pausable): void {
    if (this.#transport !== null) throw new RuntimeError('Transport already set');
    this.#transport = transport;
  }

  /** @internal The connection goes on under another transport, which reads. */
  _replaceTransport(transport: Pausable): void {
    this.#transport = transport;
    this.#paused = false;
    if (this.#queue.size > 2 * this.#limit) this.#pause();
  }

  /** @internal Give out what waits to be read: it belongs to the handshake of TLS. `null` where there is nothing. */
  _takeAll(): Uint8Array | null {
    return this.#queue.size === 0 ? null : this.#queue.take(this.#queue.size);
  }

  /** Bytes came. The array belongs to the reader from now on. */
  feedData(data: Uint8Array): void {
    checkBytes(data, 'feedData');
    if (this.#eof) throw new RuntimeError('feedData() after feedEof()');
    if (data.length === 0) return;
    this.#queue.push(data);
    this.#wake();
    if (this.#transport !== null && !this.#paused && this.#queue.size > 2 * this.#limit) this.#pause();
  }

  /** No more will come. */
  feedEof(): void {
    this.#eof = true;
    this.#wake();
  }

  /** The connection broke: every reading from now on, and the one that waits, fails with `exception`. */
  setException(exception: Error): void {
    this.#exception = exception;
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null && !waiter.done()) waiter.setException(exception);
  }

  /** What `setException` was given, or `null`. */
  exception(): Error | null {
    return this.#exception;
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null && !waiter.done()) waiter.setResult(undefined);
  }

  #pause(): void {
    try {
      this.#transport?.pauseReading();
      this.#paused = true;
    } catch (error) {
      if (!(error instanceof NotImplementedError)) throw error;
      // A transport that cannot be paused is not asked again.
      this.#transport = null;
    }
  }

  #resumeIfRoom(): void {
    if (this.#paused && this.#queue.size <= this.#limit) this.#resume();
  }

  #resume(): void {
    this.#paused = false;
    this.#transport?.resumeReading();
  }

  // ---- reading ------------------------------------------------------------------------------------------------------------------

  /** Has everything been read, and will no more come? */
  atEof(): boolean {
    return this.#eof && this.#queue.size === 0;
  }

  /**
   * Read up to `count` bytes: as many as there are, but at least one unless the stream has ended. Without `count`, or with -1, read all up to
   * the end.
   * @returns the bytes; an empty array where the stream has ended.
   */
  read(count = -1): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#read, this, [count]);
  }

  *#read(count: number): Coroutine<Uint8Array> {
    checkCount(count, 'read');
    if (this.#exception !== null) throw this.#exception;
    if (count === 0) return this.#queue.take(0);
    if (count < 0) return yield* this.#readAll();
    // The same as in `#waitForData`, without a generator more: this is where most streams spend their time.
    while (this.#queue.size === 0 && !this.#eof) {
      const waiter = this.#newWaiter('read');
      try {
        yield* waiter;
      } finally {
        if (this.#waiter === waiter) this.#waiter = null;
      }
    }
    return this.#take(Math.min(count, this.#queue.size));
  }

  *#readAll(): Coroutine<Uint8Array> {
    const blocks: Uint8Array[] = [];
    for (;;) {
      if (this.#exception !== null) throw this.#exception;
      if (this.#queue.size > 0) blocks.push(this.#take(this.#queue.size));
      else if (this.#eof) return Buffer.concat(blocks);
      else yield* this.#waitForData('read');
    }
  }

  /**
   * Read exactly `count` bytes.
   * @throws {IncompleteReadError} where the stream ends before; its `partial` has what there was.
   */
  readexactly(count: number): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#readexactly, this, [count]);
  }

  *#readexactly(count: number): Coroutine<Uint8Array> {
    checkCount(count, 'readexactly');
    if (count < 0) throw new ValueError('readexactly size can not be less than zero');
    if (this.#exception !== null) throw this.#exception;
    while (this.#queue.size < count) {
      if (this.#eof) throw new IncompleteReadError(this.#queue.take(this.#queue.size), count);
      yield* this.#waitForData('readexactly');
    }
    return this.#take(count);
  }

  /**
   * Read a line, with the newline that ends it; the last one may be without.
   * @returns the bytes; an empty array where the stream has ended.
   * @throws {ValueError} where the line is longer than the limit; it is dropped up to its newline, if that has come, else with all there is.
   */
  readline(): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#readline, this);
  }

  *#readline(): Coroutine<Uint8Array> {
    try {
      return yield* this.#readuntil(NEWLINE);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      if (!(error instanceof LimitOverrunError)) throw error;
      const found = this.#queue.has(NEWLINE, error.consumed);
      this.#queue.drop(found ? error.consumed + NEWLINE.length : this.#queue.size);
      this.#resumeIfRoom();
      throw new ValueError(error.message, { cause: error });
    }
  }

  /**
   * Read up to a separator, and it too. Of several separators the one that ends first counts.
   * @throws {IncompleteReadError} where the stream ends before; its `partial` has what there was.
   * @throws {LimitOverrunError} where what comes before the separator is longer than the limit. Nothing is lost: it can be read otherwise.
   */
  readuntil(separator: Uint8Array | readonly Uint8Array[] = NEWLINE): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#readuntil, this, [separator]);
  }

  *#readuntil(separator: Uint8Array | readonly Uint8Array[]): Coroutine<Uint8Array> {
    const separators = toSeparators(separator);
    const shortest = separators[0]?.length ?? 0;
    const longest = separators.at(-1)?.length ?? 0;
    if (shortest === 0) throw new ValueError('Separator should be at least one-byte string');
    if (this.#exception !== null) throw this.#exception;
    // No separator ends before this place.
    let from = 0;
    for (;;) {
      if (this.#queue.size - from >= shortest) {
        const match = this.#findFirst(separators, from);
        if (match !== null) {
          if (match.start <= this.#limit) return this.#take(match.end);
          throw new LimitOverrunError('Separator is found, but chunk is longer than limit', match.start);
        }
        // The end of what there is may be the beginning of the longest separator.
        from = Math.max(0, this.#queue.size + 1 - longest);
        if (from > this.#limit) {
          throw new LimitOverrunError('Separator is not found, and chunk exceed the limit', from);
        }
      }
      if (this.#eof) throw new IncompleteReadError(this.#queue.take(this.#queue.size), null);
      yield* this.#waitForData('readuntil');
    }
  }

  /** The separator that ends first, at `from` or after it. */
  #findFirst(separators: readonly Buffer[], from: number): { start: number; end: number } | null {
    let first: { start: number; end: number } | null = null;
    for (const separator of separators) {
      const start = this.#queue.find(separator, from);
      const end = start + separator.length;
      if (start !== -1 && (first === null || end < first.end)) first = { start, end };
    }
    return first;
  }

  #take(count: number): Uint8Array {
    const data = this.#queue.take(count);
    if (this.#paused) this.#resumeIfRoom();
    return data;
  }

  /** Wait until something is fed. */
  *#waitForData(method: string): Coroutine<void> {
    const waiter = this.#newWaiter(method);
    try {
      yield* waiter;
    } finally {
      if (this.#waiter === waiter) this.#waiter = null;
    }
  }

  #newWaiter(method: string): Future<void> {
    if (this.#waiter !== null) {
      throw new RuntimeError(
        `${method}() called while another coroutine is already waiting for incoming data: one task at a time can read`,
      );
    }
    // Whoever waits wants more than is there, whatever the limit.
    if (this.#paused) this.#resume();
    const waiter = new Future<void>({ loop: this.#loop });
    this.#waiter = waiter;
    return waiter;
  }

  /** The lines of the stream, each with its newline. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => new LazyCoroutine<IteratorResult<Uint8Array>>(this.#next, this) as never };
  }

  *#next(): Coroutine<IteratorResult<Uint8Array>> {
    const value = yield* this.#readline();
    return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
  }

  toString(): string {
    const parts = ['StreamReader'];
    if (this.#queue.size > 0) parts.push(`${this.#queue.size} bytes`);
    if (this.#eof) parts.push('eof');
    if (this.#limit !== DEFAULT_LIMIT) parts.push(`limit=${this.#limit}`);
    if (this.#waiter !== null) parts.push(`waiter=${this.#waiter}`);
    if (this.#exception !== null) parts.push(`exception=${describe(this.#exception)}`);
    if (this.#transport !== null) parts.push(`transport=${String(this.#transport)}`);
    if (this.#paused) parts.push('paused');
    return `<${parts.join(' ')}>`;
  }
}

function checkCount(count: unknown, method: string): void {
  if (typeof count === 'number' && Number.isInteger(count)) return;
  throw new TypeError(`${method}() needs a whole number of bytes, not ${describe(count)}`);
}

/** Shortest first. */
function toSeparators(separator: Uint8Array | readonly Uint8Array[]): Buffer[] {
  const list: readonly unknown[] = Array.isArray(separator) ? separator : [separator];
  if (list.length === 0) throw new ValueError('Separator should contain at least one element');
  const separators = list.map((one) => {
    checkBytes(one, 'readuntil');
    return toBuffer(one);
  });
  return separators.sort((a, b) => a.length - b.length);
}

function alone(open: () => AdaptedChannel, options: StreamReaderOptions & AdaptOptions): StreamReader {
  const reader = new StreamReader(options);
  const protocol = new StreamReaderProtocol(reader, null, reader._loop);
  const transport = new AdaptedTransport(reader._loop, open(), protocol, options);
  closeWhenCollected(reader, 'StreamReader', transport, reader._loop);
  return reader;
}
