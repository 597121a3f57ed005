/**
 * Readers and writers as Web streams.
 *
 * Nothing is read before it is wanted, and nothing more is written than the transport lets: backpressure goes through. Cancelling the readable side
 * closes the connection, aborting the writable side aborts it, closing the writable side ends that direction; an error of the connection is
 * the error of the streams. Source: WHATWG, "Streams", "Readable byte streams".
 */
import {
  type ReadableByteStreamController,
  ReadableStream,
  WritableStream,
  type WritableStreamDefaultController,
} from 'node:stream/web';
import { checkBytes } from './bytes.ts';
import { PIECE, ReaderOutlet, WriterOutlet } from './outlets.ts';
import type { StreamReader } from './stream-reader.ts';
import type { StreamWriter } from './stream-writer.ts';

/** A stream of bytes, also for readers that bring their own buffer. @param onEnd called when everything has been read. */
export function readerToWeb(reader: StreamReader, onEnd?: () => void): ReadableStream<Uint8Array> {
  const outlet = new ReaderOutlet(reader, onEnd);
  let cancelled = false;
  const pull = async (controller: ReadableByteStreamController) => {
    const data = await outlet.read(controller.byobRequest?.view?.byteLength ?? PIECE);
    if (!cancelled) deliver(controller, data);
  };
  return new ReadableStream({
    type: 'bytes',
    pull: pull as never,
    cancel() {
      cancelled = true;
      outlet.cancel();
    },
  });
}

function deliver(controller: ReadableByteStreamController, data: Uint8Array): void {
  const request = controller.byobRequest as ReadableStreamBYOBRequestLike | null;
  if (data.length === 0) {
    controller.close();
    request?.respond(0);
  } else if (request?.view) {
    const { buffer, byteOffset, byteLength } = request.view;
    new Uint8Array(buffer, byteOffset, byteLength).set(data);
    request.respond(data.length);
  } else {
    // The stream takes the memory away from whoever else sees it, and the reader's next bytes may lie in the same.
    controller.enqueue(new Uint8Array(data));
  }
}

interface ReadableStreamBYOBRequestLike {
  readonly view: ArrayBufferView<ArrayBuffer> | null;
  respond(count: number): void;
}

/** @param onEnd called when everything has been written. */
export function writerToWeb(writer: StreamWriter, onEnd?: () => void): WritableStream<Uint8Array> {
  let outlet: WriterOutlet;
  return new WritableStream<Uint8Array>({
    start(controller: WritableStreamDefaultController) {
      outlet = new WriterOutlet(writer, (error) => controller.error(error), onEnd);
      // `abort` is called when the write that is under way has ended; this at once.
      const { signal } = controller as { readonly signal?: AbortSignal };
      signal?.addEventListener('abort', () => outlet.abort(), { once: true });
    },
    write(chunk) {
      checkBytes(chunk, 'WritableStream.write');
      return outlet.write(chunk);
    },
    close: () => outlet.end(),
    abort: () => outlet.abort(),
  });
}
