/**
 * Frames on a pipe between processes: four bytes of length, then a value as V8 writes it.
 *
 * A frame is written in one piece, its length included; what comes is put together in memory of just its size. Each byte is copied once.
 * Source: Node docs, "V8", "Serialization API".
 */
import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';

const HEAD = 4;
/** The longest frame: what the length can say. */
const LONGEST = 2 ** 32 - 1;

/** A value as a frame. @throws where it cannot be cloned, or is too large. */
export function toFrame(value: unknown): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(Buffer.alloc(HEAD));
  serializer.writeHeader();
  serializer.writeValue(value);
  const frame = serializer.releaseBuffer();
  const length = frame.length - HEAD;
  if (length > LONGEST) throw new RangeError(`${length} bytes are too many for one message to a process`);
  frame.writeUInt32LE(length, 0);
  return frame;
}

/** The value in a frame without its length. */
export function fromPayload(payload: Uint8Array): unknown {
  const deserializer = new DefaultDeserializer(payload);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** Puts frames together from what comes out of a pipe. */
export class FrameReader {
  readonly #sink: (payload: Uint8Array) => void;
  readonly #head = Buffer.alloc(HEAD);
  #headLength = 0;
  #payload: Uint8Array | null = null;
  #filled = 0;

  /** @param sink takes each payload; it has memory of its own. */
  constructor(sink: (payload: Uint8Array) => void) {
    this.#sink = sink;
  }

  push(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.#payload === null) {
        const taken = Math.min(HEAD - this.#headLength, data.length - at);
        data.copy(this.#head, this.#headLength, at, at + taken);
        this.#headLength += taken;
        at += taken;
        if (this.#headLength < HEAD) return;
        this.#payload = new Uint8Array(this.#head.readUInt32LE(0));
        this.#filled = 0;
      }
      const payload = this.#payload;
      const taken = Math.min(payload.length - this.#filled, data.length - at);
      payload.set(data.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < payload.length) return;
      this.#payload = null;
      this.#headLength = 0;
      this.#sink(payload);
    }
  }
}

/**
 * Writes frames: what the kernel takes at once goes there without Node's stream between, which would cost several times as much; the stream gets what
 * is left, and then all that comes until it has written that.
 */
export class FrameWriter {
  readonly #stream: Writable;
  readonly #fd: number;

  /** @param fd the descriptor behind `stream`, or -1 where it is not known. */
  constructor(stream: Writable, fd: number) {
    this.#stream = stream;
    this.#fd = fd;
  }

  write(frame: Uint8Array): void {
    let written = 0;
    if (this.#fd >= 0 && this.#stream.writableLength === 0 && !this.#stream.destroyed) {
      try {
        written = writeSync(this.#fd, frame);
      } catch {
        // Full, or broken: the stream will wait, or tell.
      }
      if (written === frame.length) return;
    }
    this.#stream.write(written === 0 ? frame : frame.subarray(written));
  }
}
