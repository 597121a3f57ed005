/**
 * The body of a request: what can be given as `data` or `json`, and what is sent for it.
 *
 * A body that is bytes is sent with its length, and can be sent again after a redirect. One that comes piece by piece is sent in chunks, as fast as
 * the server takes it; a task of its own asks for the pieces, so they may be made by coroutines of either style.
 * Source: aiohttp docs, "Client Quickstart", "More complicated POST requests", "Streaming uploads".
 */
import type { Readable } from 'node:stream';
import zlib from 'node:zlib';
import type { Coroutine } from '../core/awaitable.ts';
import { copyContext } from '../core/context.ts';
import { wrapFuture } from '../core/ensure-future.ts';
import { CancelledError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Task } from '../core/task.ts';
import { StreamReader } from '../net/stream-reader.ts';
import { asyncFor } from '../structured/async-for.ts';
import { FormData, type FormFields, type Piece } from './form-data.ts';

/** What `data` takes. */
export type RequestData =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | FormData
  | globalThis.FormData
  | URLSearchParams
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | FormFields;

/** A body that is ready to be sent. */
export interface RequestBody {
  /** The type of it, where it says so itself. */
  readonly contentType: string | null;
  readonly pieces: readonly Piece[];
}

/** The body that `data` stands for. */
export function bodyOf(data: RequestData): RequestBody {
  if (typeof data === 'string') {
    return { contentType: 'text/plain; charset=utf-8', pieces: [Buffer.from(data)] };
  }
  if (data instanceof Uint8Array) return octets(data);
  if (data instanceof ArrayBuffer) return octets(new Uint8Array(data));
  if (ArrayBuffer.isView(data)) {
    const view: ArrayBufferView = data;
    return octets(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
  if (data instanceof URLSearchParams) {
    return { contentType: 'application/x-www-form-urlencoded', pieces: [Buffer.from(data.toString())] };
  }
  if (data instanceof FormData) return data._encode();
  if (data instanceof globalThis.FormData) {
    return new FormData(data as Iterable<[string, string | File]>, { multipart: true })._encode();
  }
  if (data instanceof Blob) {
    const type = data.type === '' ? 'application/octet-stream' : data.type;
    return { contentType: type, pieces: [data.stream() as AsyncIterable<Uint8Array>] };
  }
  if (data instanceof StreamReader) return octets(blocksOf(data));
  if (typeof data === 'object' && data !== null) {
    if (Symbol.asyncIterator in data) return octets(data as AsyncIterable<Uint8Array | string>);
    return new FormData(data as FormFields)._encode();
  }
  throw new TypeError(
    `data must be a string, bytes, fields of a form, a Blob, a stream or an async iterable, not ${describe(data)}`,
  );
}

function octets(piece: Piece): RequestBody {
  return { contentType: 'application/octet-stream', pieces: [piece] };
}

/** The body that is the JSON of `value`. */
export function jsonBody(value: unknown, serialize: (value: unknown) => string): RequestBody {
  const text: unknown = serialize(value);
  if (typeof text !== 'string')
    throw new TypeError(
      `json: ${describe(value)} cannot be written as JSON (the serializer gave ${describe(text)})`,
    );
  return { contentType: 'application/json', pieces: [Buffer.from(text)] };
}

/** All of it at once, where it is all there. */
export function bytesOf({ pieces }: RequestBody): Uint8Array | null {
  if (pieces.length === 1 && pieces[0] instanceof Uint8Array) return pieces[0];
  return pieces.every((piece) => piece instanceof Uint8Array) ? Buffer.concat(pieces) : null;
}

const BLOCK = 64 * 1024;

/** What comes on a stream, in blocks; its own iterator gives lines. */
function blocksOf(reader: StreamReader): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      *next() {
        const value = yield* reader.read(BLOCK);
        return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
      },
    }),
  } as unknown as AsyncIterable<Uint8Array>;
}

export type Compression = 'deflate' | 'gzip';

/** The same bytes, compressed. */
export function compressed(data: Uint8Array, how: Compression): Uint8Array {
  return how === 'gzip' ? zlib.gzipSync(data) : zlib.deflateSync(data);
}

/** Compresses what it is given, part by part. */
class Packer {
  readonly #loop: Scheduler;
  readonly #stream: zlib.Gzip | zlib.Deflate;
  #out: Buffer[] = [];

  constructor(loop: Scheduler, how: Compression) {
    this.#loop = loop;
    this.#stream = how === 'gzip' ? zlib.createGzip() : zlib.createDeflate();
    this.#stream.on('data', (part: Buffer) => this.#out.push(part));
  }

  /** What is there of the packed bytes after `part`; after the end, where it is `null`. */
  *add(part: Uint8Array | null): Coroutine<Buffer> {
    const future = this.#loop.createFuture<void>();
    const done = (error?: Error | null): void => {
      if (future.done()) return;
      if (error === null || error === undefined) future.setResult(undefined);
      else future._fail(error);
    };
    if (part === null) this.#stream.once('end', () => done()).end();
    else this.#stream.write(part, done);
    yield* future;
    const out = this.#out;
    this.#out = [];
    return Buffer.concat(out);
  }

  close(): void {
    this.#stream.on('error', () => {}).destroy();
  }
}

/** A stream of the web, that can be stopped while it is being read from. */
class WebSource implements AsyncIterable<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  destroy(): void {
    this.#reader.cancel().catch(() => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#reader.read() as Promise<IteratorResult<Uint8Array>> };
  }
}

type Step = IteratorResult<Uint8Array, undefined>;

/**
 * A body that comes piece by piece, as undici wants it: an async iterable of promises. A task asks for the next piece only when undici has sent the
 * one before.
 */
export class BodyPump implements AsyncIterable<Uint8Array> {
  readonly #loop: Scheduler;
  /** Makes the task, which begins when the first piece is asked for: a request that could not be sent has used up nothing. */
  readonly #begin: () => Task<void>;
  #task: Task<void> | null = null;
  /** What is being read from, where it has to be stopped itself. */
  #source: { destroy?: () => unknown } | null = null;
  /** The piece that waits to be sent; and who asked for one. */
  #ready: Step | null = null;
  #asked: PromiseWithResolvers<Step> | null = null;
  #sent: PromiseWithResolvers<void> | null = null;
  /** Why the rest does not come. A body that is cut short must never look complete. */
  #error: { readonly error: unknown } | null = null;

  /** @param failed is told what went wrong while a piece was made; @param sent when the last one was taken. */
  constructor(
    loop: Scheduler,
    pieces: readonly Piece[],
    how: Compression | null,
    failed: (error: unknown) => void,
    sent: () => void,
  ) {
    this.#loop = loop;
    const context = copyContext();
    this.#begin = () => {
      const task = loop.createTask(this.#run(pieces, how), { name: 'HTTP request body', context });
      task.addDoneCallback(() => {
        const error = task.cancelled() ? new CancelledError() : task.exception();
        if (error === null) sent();
        if (error === null || this.#error !== null) return;
        this.#stop(error);
        failed(error);
      });
      return task;
    };
  }

  /** Nobody wants the rest. */
  cancel(): void {
    if (this.#task === null || this.#task.done()) return;
    this.#stop(new CancelledError());
    this.#task.cancel();
  }

  #stop(error: unknown): void {
    this.#error = { error };
    this.#source?.destroy?.();
    this.#asked?.reject(error);
    this.#asked = null;
  }

  *#run(pieces: readonly Piece[], how: Compression | null): Coroutine<void> {
    const packer = how === null ? null : new Packer(this.#loop, how);
    const pump = this;
    try {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) {
          yield* this.#push(packer === null ? piece : yield* packer.add(piece));
          continue;
        }
        const source = piece instanceof ReadableStream ? new WebSource(piece) : piece;
        this.#source = source as { destroy?: () => unknown };
        yield* asyncFor(source, function* (part) {
          const bytes = toBytes(part);
          yield* pump.#push(packer === null ? bytes : yield* packer.add(bytes));
        });
        this.#source = null;
      }
      if (packer !== null) yield* this.#push(yield* packer.add(null));
      this.#offer({ done: true, value: undefined });
    } finally {
      packer?.close();
    }
  }

  /** Hand a piece over, and wait until it is taken. */
  *#push(value: Uint8Array): Coroutine<void> {
    if (value.length === 0) return;
    const sent = Promise.withResolvers<void>();
    this.#sent = sent;
    this.#offer({ done: false, value });
    yield* wrapFuture(sent.promise, { loop: this.#loop });
  }

  #offer(step: Step): void {
    if (this.#asked === null) {
      this.#ready = step;
      return;
    }
    this.#asked.resolve(step);
    this.#asked = null;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#next() };
  }

  #next(): Promise<Step> {
    this.#task ??= this.#begin();
    this.#sent?.resolve();
    this.#sent = null;
    if (this.#error !== null) return Promise.reject(this.#error.error);
    const ready = this.#ready;
    if (ready !== null) {
      this.#ready = null;
      return Promise.resolve(ready);
    }
    this.#asked = Promise.withResolvers<Step>();
    return this.#asked.promise;
  }
}

function toBytes(part: unknown): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part);
  if (part instanceof Uint8Array) return part;
  throw new TypeError(`the pieces of a body must be bytes or strings, not ${describe(part)}`);
}
