/**
 * Web streams as a channel: a `ReadableStream` of bytes, a `WritableStream`, or both.
 *
 * One piece at a time is asked for, and none while the channel is paused; one write at a time is under way, so that what waits stays in the transport,
 * which counts it. Closing the channel cancels the one and aborts the other, unless they have ended.
 * Source: WHATWG, "Streams"; Node docs, "Web Streams API".
 */
import { type AsyncScope, captureScope } from '../core/async-scope.ts';
import type { ChannelSink } from '../core/channel.ts';
import { describe } from '../core/repr.ts';
import { type AdaptedChannel, asError } from './adapted-transport.ts';
import { checkBytes } from './bytes.ts';

/** A `ReadableStream` of bytes, of whatever library declares it. */
export interface WebReadable {
  getReader(): WebReader;
}

interface WebReader {
  readonly closed: PromiseLike<unknown>;
  read(): PromiseLike<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): PromiseLike<unknown>;
  releaseLock(): void;
}

/** A `WritableStream` of bytes, of whatever library declares it. */
export interface WebWritable {
  getWriter(): WebWriter;
}

interface WebWriter {
  readonly closed: PromiseLike<unknown>;
  readonly ready: PromiseLike<unknown>;
  write(chunk: Uint8Array): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  abort(reason?: unknown): PromiseLike<unknown>;
}

/** @throws {TypeError} where it cannot be read. */
export function checkWebReadable(readable: unknown, where: string): void {
  if (typeof (readable as Partial<WebReadable> | null | undefined)?.getReader === 'function') return;
  throw new TypeError(`${where} needs a ReadableStream of the Web, not ${describe(readable)}`);
}

/** @throws {TypeError} where it cannot be written to. */
export function checkWebWritable(writable: unknown, where: string): void {
  if (typeof (writable as Partial<WebWritable> | null | undefined)?.getWriter === 'function') return;
  throw new TypeError(`${where} needs a WritableStream of the Web, not ${describe(writable)}`);
}

export class WebChannel implements AdaptedChannel {
  readonly halfCloses = true;
  readonly readable: boolean;
  readonly writable: boolean;
  onClose: (() => void) | null = null;
  readonly #scope: AsyncScope = captureScope();
  readonly #reader: WebReader | null;
  readonly #writer: WebWriter | null;
  #sink: ChannelSink | null = null;
  #unsent = 0;
  #paused = true;
  #reading = false;
  /** What came when the channel was paused already. */
  #held: (() => void) | null = null;
  #readEnded = false;
  #closing: Promise<void> | null = null;
  #writeEnded = false;
  #closed = false;

  /** @throws {TypeError} where one of them is locked: somebody else uses it. */
  constructor(readable: WebReadable | null, writable: WebWritable | null) {
    this.#reader = readable?.getReader() ?? null;
    try {
      this.#writer = writable?.getWriter() ?? null;
    } catch (error) {
      this.#reader?.releaseLock();
      throw error;
    }
    this.readable = this.#reader !== null;
    this.writable = this.#writer !== null;
    this.#scope.runInAsyncScope(() => {
      // Reading tells of it.
      this.#reader?.closed.then(ignore, ignore);
      this.#writer?.ready.then(ignore, ignore);
      this.#writer?.closed.then(ignore, this.#failed);
    });
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
  }

  get unsent(): number {
    return this.#unsent;
  }

  info(): undefined {
    return undefined;
  }

  resume(): void {
    this.#paused = false;
    if (this.#held !== null) queueMicrotask(this.#handOut);
    else this.#pull();
  }

  pause(): void {
    this.#paused = true;
  }

  #pull(): void {
    const reader = this.#reader;
    if (reader === null || this.#reading || this.#paused || this.#readEnded || this.#closed) return;
    this.#reading = true;
    this.#scope.runInAsyncScope(() => {
      reader.read().then(({ done, value }) => {
        this.#reading = false;
        this.#held = () => (done ? this.#ended() : this.#came(value));
        this.#handOut();
      }, this.#failed);
    });
  }

  readonly #handOut = (): void => {
    if (this.#paused || this.#closed) return;
    const held = this.#held;
    this.#held = null;
    held?.();
    this.#pull();
  };

  #came(chunk: unknown): void {
    try {
      checkBytes(chunk, 'ReadableStream.read');
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (chunk.length > 0) this.#sink?.channelData(chunk);
  }

  #ended(): void {
    this.#readEnded = true;
    this.#sink?.channelEof();
  }

  write(data: Uint8Array): number {
    return this.writev([data]);
  }

  writev(list: readonly Uint8Array[]): number {
    const writer = this.#writer;
    if (writer === null || this.#unsent > 0) return 0;
    const count = list.reduce((sum, { length }) => sum + length, 0);
    this.#unsent = count;
    this.#scope.runInAsyncScope(() => {
      Promise.all(list.map((data) => writer.write(data))).then(this.#flushed, this.#failed);
    });
    return count;
  }

  readonly #flushed = (): void => {
    this.#unsent = 0;
    this.#sink?.channelWritable();
  };

  shutdown(): void {
    this.#end().catch(ignore);
  }

  farewell(done: () => void): void {
    this.#end().then(() => {
      if (!this.#closed) done();
    }, ignore);
  }

  /** End the writing, once. Where that fails, the channel does. */
  #end(): Promise<void> {
    const writer = this.#writer;
    this.#closing ??= this.#scope.runInAsyncScope(async () => {
      try {
        await writer?.close();
        this.#writeEnded = true;
      } catch (error) {
        this.#failed(error);
        throw error;
      }
    });
    return this.#closing;
  }

  close(reason: Error | null = null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink = null;
    if (!this.#readEnded) this.#reader?.cancel(reason ?? undefined).then(ignore, ignore);
    if (!this.#writeEnded) this.#writer?.abort(reason ?? undefined).then(ignore, ignore);
    this.onClose?.();
  }

  readonly #failed = (reason: unknown): void => {
    const sink = this.#sink;
    const error = asError(reason);
    this.close(error);
    sink?.channelFailed(error);
  };
}

function ignore(): void {}
