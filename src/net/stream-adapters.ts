/**
 * Pairs of Web streams and duplex streams of Node as a reader and a writer, and back; exported as `asyncio.streams`.
 *
 * One direction alone is adapted by the classes themselves: `StreamReader.fromWeb`, `reader.toWeb`, and so on.
 */
import type { Duplex } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { describe } from '../core/repr.ts';
import {
  type AdaptedChannel,
  AdaptedTransport,
  type AdaptOptions,
  checkAdaptOptions,
} from './adapted-transport.ts';
import { NodeChannel } from './node-channel.ts';
import { closeAfterBoth } from './outlets.ts';
import { StreamReader, type StreamReaderOptions } from './stream-reader.ts';
import { StreamReaderProtocol } from './stream-reader-protocol.ts';
import { StreamWriter } from './stream-writer.ts';
import { pairToNode } from './to-node.ts';
import { readerToWeb, writerToWeb } from './to-web.ts';
import {
  checkWebReadable,
  checkWebWritable,
  WebChannel,
  type WebReadable,
  type WebWritable,
} from './web-channel.ts';

/** The two directions of a connection as Web streams, as in `TransformStream`, `CompressionStream` and sockets of the Web. */
export interface WebPair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** The same, of whatever library declares them. */
export interface WebDuplex {
  readonly readable: WebReadable;
  readonly writable: WebWritable;
}

/** How a pair of streams is adapted. */
export interface PairOptions extends StreamReaderOptions, AdaptOptions {}

/**
 * Read and write a pair of Web streams, which are locked from now on. Closing the writer closes the one and cancels the other.
 *
 * ```ts
 * const [reader, writer] = asyncio.streams.fromWeb(new CompressionStream('gzip'));
 * ```
 * @throws {TypeError} where one of them is locked already.
 */
export function fromWeb(
  pair: WebDuplex,
  options: PairOptions = {},
): [reader: StreamReader, writer: StreamWriter] {
  const where = 'streams.fromWeb()';
  if (typeof pair !== 'object' || pair === null) {
    const example = 'such as new TransformStream()';
    throw new TypeError(`${where} needs { readable, writable }, ${example}, not ${describe(pair)}`);
  }
  const { readable, writable } = pair;
  checkWebReadable(readable, 'streams.fromWeb({ readable })');
  checkWebWritable(writable, 'streams.fromWeb({ writable })');
  checkAdaptOptions(options, where);
  return adapt(() => new WebChannel(readable, writable), options);
}

/** Read and write a duplex stream of Node. Closing the writer ends the stream, and destroys it where it has not ended. */
export function fromNode(
  duplex: Duplex,
  options: PairOptions = {},
): [reader: StreamReader, writer: StreamWriter] {
  if (
    typeof (duplex as Partial<Duplex> | null | undefined)?.read !== 'function' ||
    typeof duplex.write !== 'function'
  ) {
    throw new TypeError(`streams.fromNode() needs a Duplex of node:stream, not ${describe(duplex)}`);
  }
  checkAdaptOptions(options, 'streams.fromNode()');
  return adapt(() => new NodeChannel(duplex, duplex), options);
}

function adapt(open: () => AdaptedChannel, options: PairOptions): [StreamReader, StreamWriter] {
  const reader = new StreamReader(options);
  const loop = reader._loop;
  const protocol = new StreamReaderProtocol(reader, null, loop);
  const transport = new AdaptedTransport(loop, open(), protocol, options);
  return [reader, new StreamWriter(transport, protocol, reader, loop)];
}

/** The two directions of a connection as Web streams. When both have ended, the connection is closed. */
export function toWeb(reader: StreamReader, writer: StreamWriter): WebPair {
  const onEnd = closeAfterBoth(writer);
  return { readable: readerToWeb(reader, onEnd), writable: writerToWeb(writer, onEnd) };
}

/** A connection as a duplex stream of Node. When both directions have ended, the connection is closed. */
export function toNode(reader: StreamReader, writer: StreamWriter): Duplex {
  return pairToNode(reader, writer);
}
