/**
 * Readers and writers as streams of Node.
 *
 * Bytes are read as the stream asks for them, and a write calls back when more may be written: backpressure goes through. Destroying a stream before its
 * end closes the connection (what is read) or aborts it (what is written); an error of the connection is the error of the stream.
 * Source: Node docs, "Stream", "API for stream implementers".
 */
import { Duplex, Readable, Writable } from 'node:stream';
import { closeAfterBoth, ReaderOutlet, WriterOutlet } from './outlets.ts';
import type { StreamReader } from './stream-reader.ts';
import type { StreamWriter } from './stream-writer.ts';

type Callback = (error?: Error | null) => void;

export function readerToNode(reader: StreamReader): Readable {
  const outlet = new ReaderOutlet(reader);
  return new Readable({
    read(size) {
      readInto(this, outlet, size);
    },
    destroy(error, callback) {
      outlet.cancel();
      callback(error);
    },
  });
}

export function writerToNode(writer: StreamWriter): Writable {
  const outlet = new WriterOutlet(writer, (error) => stream.destroy(error));
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      outlet.write(chunk).then(() => callback(), callback);
    },
    final(callback) {
      outlet.end().then(() => callback(), callback);
    },
    destroy(error, callback) {
      outlet.abort();
      callback(error);
    },
  });
  return stream;
}

export function pairToNode(reader: StreamReader, writer: StreamWriter): Duplex {
  const onEnd = closeAfterBoth(writer);
  const source = new ReaderOutlet(reader, onEnd);
  const target = new WriterOutlet(writer, (error) => stream.destroy(error), onEnd);
  const stream = new Duplex({
    read(size) {
      readInto(this, source, size);
    },
    write(chunk: Uint8Array, _encoding, callback: Callback) {
      target.write(chunk).then(() => callback(), callback);
    },
    final(callback: Callback) {
      target.end().then(() => callback(), callback);
    },
    destroy(error, callback) {
      source.cancel();
      target.abort();
      callback(error);
    },
  });
  return stream;
}

function readInto(stream: Readable, outlet: ReaderOutlet, size: number): void {
  outlet.read(size).then(
    (data) => stream.push(data.length === 0 ? null : data),
    (error: Error) => stream.destroy(error),
  );
}
