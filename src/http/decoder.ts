/**
 * What a response's `Content-Encoding` hides: gzip, deflate, br, and zstd where Node has it.
 *
 * Bytes go from the connection through zlib to the reader; whoever is behind slows down the one before, so a small answer that unpacks to a huge body
 * never lies in memory. Source: RFC 9110, "Content-Encoding"; aiohttp docs, "Client Reference", `auto_decompress`.
 */
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { ClientPayloadError } from './errors.ts';

/** What is told of the decoded bytes. */
export interface DecoderSink {
  decoded(data: Buffer): void;
  decodedAll(): void;
  decodingFailed(error: Error): void;
  /** More can be written. */
  decoderReady(): void;
}

/** What requests accept unless they say otherwise. */
export const ACCEPTED = 'gzip, deflate, br';

export class Decoder {
  readonly #encoding: string;
  readonly #sink: DecoderSink;
  #stream: Transform | null = null;
  #paused = false;
  #over = false;

  private constructor(encoding: string, sink: DecoderSink) {
    this.#encoding = encoding;
    this.#sink = sink;
  }

  /** A decoder for `encoding`; `null` where it is none that is known. */
  static for(encoding: string, sink: DecoderSink): Decoder | null {
    const known = encoding.toLowerCase();
    return streamOf(known) === null ? null : new Decoder(known, sink);
  }

  /** @returns whether more should be written now. */
  write(data: Buffer): boolean {
    if (this.#over) return true;
    if (this.#stream === null) this.#begin(data);
    return this.#stream?.write(data) ?? true;
  }

  end(): void {
    if (this.#over) return;
    // Nothing came: that decodes to nothing.
    if (this.#stream === null) this.#finish();
    else this.#stream.end();
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  /** Nobody wants the rest. */
  close(): void {
    this.#over = true;
    this.#stream?.destroy();
  }

  #begin(first: Buffer): void {
    const stream = (streamOf(this.#encoding, first) as () => Transform)();
    this.#stream = stream;
    stream.on('data', (data: Buffer) => {
      if (!this.#over) this.#sink.decoded(data);
    });
    stream.on('end', () => this.#finish());
    stream.on('drain', () => {
      if (!this.#over) this.#sink.decoderReady();
    });
    stream.on('error', (error) => {
      if (this.#over) return;
      this.#over = true;
      const message = `400, message='Can not decode content-encoding: ${this.#encoding}'`;
      this.#sink.decodingFailed(new ClientPayloadError(message, { cause: error }));
    });
    if (this.#paused) stream.pause();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.decodedAll();
  }
}

function streamOf(encoding: string, first?: Buffer): (() => Transform) | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return () => zlib.createGunzip();
    case 'deflate':
      // Some servers send it without the header that it should have.
      return () => (((first?.[0] ?? 8) & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw());
    case 'br':
      return () => zlib.createBrotliDecompress();
    case 'zstd': {
      const create = (zlib as Partial<typeof zlib>).createZstdDecompress;
      return create === undefined ? null : () => create();
    }
    default:
      return null;
  }
}
