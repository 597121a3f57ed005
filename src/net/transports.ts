/**
 * The base classes of transports: what a protocol can do with its connection.
 *
 * They say what there is; each method raises `NotImplementedError` until a kind of transport has it. Source: Python docs, "Transports and
 * Protocols", "Transports"; asyncio/transports.py.
 */
import type { Address, SocketAddress } from '../core/channel.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { PeerCertificate } from './peer-certificate.ts';
import type { BaseProtocol } from './protocols.ts';
import type { SSLContext } from './ssl-context.ts';
import type { Cipher, SSLObject } from './ssl-object.ts';
import type { TransportSocket } from './transport-socket.ts';

/** Limits of what may wait to be sent, in bytes. */
export interface WriteBufferLimits {
  /** Above this the protocol is asked to pause. By default 64 KiB, or four times `low`. */
  readonly high?: number | null | undefined;
  /** At this or below it the protocol may go on. By default a quarter of `high`. */
  readonly low?: number | null | undefined;
}

/** What `getExtraInfo` knows of a connection. @typeParam A what its addresses are; those of a Unix socket are strings. */
export interface ExtraInfo<A extends Address = SocketAddress> {
  /** The address of the other end. */
  peername: A;
  /** The address of this end. */
  sockname: A;
  /** What may be seen of the socket. */
  socket: TransportSocket<A>;
  /** With TLS: the context that the connection was secured by. */
  sslcontext: SSLContext;
  /** With TLS: what is known of the connection's security. */
  ssl_object: SSLObject;
  /** With TLS: the certificate of the other side; empty where it was not verified. */
  peercert: PeerCertificate | Record<string, never>;
  /** With TLS: the cipher that was agreed on. */
  cipher: Cipher;
  /** With TLS: how what is sent is compressed, which it never is. */
  compression: null;
  /** Of a pipe: its end, as it was given, or its descriptor. */
  pipe: number | object;
  /** Of a subprocess: what the host knows it as, a `ChildProcess` of `node:child_process`. */
  subprocess: object;
}

/** What all transports have. */
export class BaseTransport implements Disposable {
  readonly #extra: Readonly<Record<string, unknown>>;

  constructor(extra: Readonly<Record<string, unknown>> = {}) {
    this.#extra = extra;
  }

  /** A fact about the connection, such as `'peername'`, `'sockname'` or `'socket'`; `fallback` where there is none. */
  getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo<Address>[K] | null;
  getExtraInfo(name: string, fallback?: unknown): unknown;
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this.#extra, name) ? this.#extra[name] : fallback;
  }

  /** Was it closed, or is it closing? */
  isClosing(): boolean {
    return missing(this, 'isClosing');
  }

  /** Close it: no more is received, what waits is sent, then the protocol's `connectionLost(null)` is called. */
  close(): void {
    missing(this, 'close');
  }

  /** Let another protocol serve the connection. It gets no `connectionMade`. */
  setProtocol(_protocol: BaseProtocol): void {
    missing(this, 'setProtocol');
  }

  /** The protocol that serves the connection. */
  getProtocol(): BaseProtocol | null {
    return missing(this, 'getProtocol');
  }

  /** The same as `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What can be done with a transport that receives. */
export class ReadTransport extends BaseTransport {
  /** Is it receiving? */
  isReading(): boolean {
    return missing(this, 'isReading');
  }

  /** Receive no more until `resumeReading()`. Has no effect where it is paused or closing. */
  pauseReading(): void {
    missing(this, 'pauseReading');
  }

  /** Receive again. Has no effect where it is not paused, or closing. */
  resumeReading(): void {
    missing(this, 'resumeReading');
  }
}

/** What can be done with a transport that sends. */
export class WriteTransport extends BaseTransport {
  /**
   * Set when the protocol is asked to pause and to go on.
   * @throws {ValueError} where not `high >= low >= 0`.
   */
  setWriteBufferLimits(_limits?: WriteBufferLimits): void {
    missing(this, 'setWriteBufferLimits');
  }

  /** How many bytes wait to be sent. */
  getWriteBufferSize(): number {
    return missing(this, 'getWriteBufferSize');
  }

  /** The low-water mark and the high-water mark, in bytes. */
  getWriteBufferLimits(): [low: number, high: number] {
    return missing(this, 'getWriteBufferLimits');
  }

  /** Send bytes. It does not wait: what cannot be sent at once is kept, so do not change the array afterwards. */
  write(_data: Uint8Array): void {
    missing(this, 'write');
  }

  /** Send several arrays of bytes. */
  writelines(list: Iterable<Uint8Array>): void {
    this.write(Buffer.concat([...list]));
  }

  /** Send what waits, then tell the other side that no more will come. It can still be received. */
  writeEof(): void {
    missing(this, 'writeEof');
  }

  /** Can the writing end alone? */
  canWriteEof(): boolean {
    return missing(this, 'canWriteEof');
  }

  /** Close it at once: what waits is lost, and the protocol's `connectionLost(null)` is called. */
  abort(): void {
    missing(this, 'abort');
  }
}

/** Both ways of a connection. */
export class Transport extends WriteTransport implements ReadTransport {
  isReading(): boolean {
    return missing(this, 'isReading');
  }

  pauseReading(): void {
    missing(this, 'pauseReading');
  }

  resumeReading(): void {
    missing(this, 'resumeReading');
  }
}

// A class has one base, so `Transport` is made a `ReadTransport` for `instanceof` by hand.
Object.defineProperty(ReadTransport, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, candidate)) return true;
    return this === ReadTransport && candidate instanceof Transport;
  },
});

/** A transport of datagrams: packets that arrive whole or not at all, in no order. */
export class DatagramTransport extends BaseTransport {
  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    return super.getExtraInfo(name, fallback);
  }

  /**
   * Send a datagram; an empty one too. It does not wait: what cannot be sent at once is kept, so do not change the array afterwards.
   * @param addr where to; `null` is the address that the transport was made with.
   */
  sendto(_data: Uint8Array, _addr?: SocketAddress | null): void {
    missing(this, 'sendto');
  }

  /** Close it at once: what waits is lost, and the protocol's `connectionLost(null)` is called. */
  abort(): void {
    missing(this, 'abort');
  }
}

function missing(transport: BaseTransport, method: string): never {
  throw new NotImplementedError(`${transport.constructor.name} has no ${method}()`);
}
