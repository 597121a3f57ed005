/**
 * The base classes of protocols: what a transport calls when something happens on its connection.
 *
 * Derive from one and override what you need; every method does nothing here. A connection is `connectionMade`, then any number of
 * `dataReceived`, at most one `eofReceived`, then `connectionLost`, each in the context in which the transport was made.
 * Source: Python docs, "Transports and Protocols", "Protocols"; asyncio/protocols.py.
 */
import type { SocketAddress } from '../core/channel.ts';
import type { BaseTransport, DatagramTransport, Transport } from './transports.ts';

/** What all protocols have. */
export class BaseProtocol {
  /** The connection is there. Keep the transport to write to it. */
  connectionMade(_transport: BaseTransport): void {}

  /** The connection is gone: `null` where it was closed or ended on purpose, else why. */
  connectionLost(_exc: Error | null): void {}

  /** More waits to be sent than the transport's high-water mark allows: stop writing. */
  pauseWriting(): void {}

  /** What waits to be sent has shrunk to the low-water mark: go on writing. */
  resumeWriting(): void {}
}

/** A protocol that is given what it receives. */
export class Protocol extends BaseProtocol {
  override connectionMade(_transport: Transport): void {}

  /** Bytes came; they are yours to keep. How they are cut into pieces means nothing. */
  dataReceived(_data: Uint8Array): void {}

  /**
   * The other side will send no more.
   * @returns a true value to keep the transport open for writing; otherwise it closes itself.
   */
  eofReceived(): unknown {
    return undefined;
  }
}

/** A protocol that receives into a buffer of its own. */
export abstract class BufferedProtocol extends BaseProtocol {
  override connectionMade(_transport: Transport): void {}

  /**
   * The buffer for what comes next; it must not be empty.
   * @param sizeHint how many bytes are there, or -1 where that is not known.
   */
  abstract getBuffer(sizeHint: number): Uint8Array;

  /** The first `count` bytes of the buffer that `getBuffer` gave were filled. */
  abstract bufferUpdated(count: number): void;

  /**
   * The other side will send no more.
   * @returns a true value to keep the transport open for writing; otherwise it closes itself.
   */
  eofReceived(): unknown {
    return undefined;
  }
}

/** A protocol of datagrams. */
export class DatagramProtocol extends BaseProtocol {
  override connectionMade(_transport: DatagramTransport): void {}

  /** A datagram came from `addr`. */
  datagramReceived(_data: Uint8Array, _addr: SocketAddress): void {}

  /** Sending or receiving failed, with an `OSError`. The transport goes on. */
  errorReceived(_exc: Error): void {}
}

/** A protocol of a child process and its pipes. */
export class SubprocessProtocol extends BaseProtocol {
  /** The child wrote to its descriptor `fd`: 1 is its output, 2 its error output. */
  pipeDataReceived(_fd: number, _data: Uint8Array): void {}

  /** The pipe of the child's descriptor `fd` is closed: `null` where that was on purpose, else why. */
  pipeConnectionLost(_fd: number, _exc: Error | null): void {}

  /** The child has ended. Its pipes may still be open. */
  processExited(): void {}
}

/** What a stream transport can serve. */
export type StreamProtocol = Protocol | BufferedProtocol;

/** Does `protocol` receive into a buffer of its own? */
export function isBuffered(protocol: BaseProtocol): protocol is BufferedProtocol {
  return (
    protocol instanceof BufferedProtocol ||
    typeof (protocol as Partial<BufferedProtocol>).getBuffer === 'function'
  );
}
