/**
 * `TlsTransport`: the transport of a connection that is secured by TLS.
 *
 * It ends as a whole: there is no `writeEof`, and when the other side has ended, so does this one, whatever the protocol answers. `close()` sends what waits
 * and then says farewell; the connection is lost when the other side has said so too, or when that takes too long. `abort()` says nothing.
 * Source: Python docs, "Transports and Protocols", `BaseTransport.get_extra_info`; asyncio/sslproto.py.
 */
import type { Address } from '../core/channel.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Secured } from './handshake.ts';
import type { PeerCertificate } from './peer-certificate.ts';
import type { StreamProtocol } from './protocols.ts';
import { StreamTransport, type StreamTransportOptions } from './stream-transport.ts';
import type { ExtraInfo } from './transports.ts';

/** TLS takes what it is given in large pieces, so more may wait than on a plain connection. */
const HIGH_WATER = 512 * 1024;

export class TlsTransport extends StreamTransport {
  readonly #facts: Readonly<Record<string, unknown>>;

  constructor(
    loop: Scheduler,
    secured: Secured,
    protocol: StreamProtocol,
    options: StreamTransportOptions = {},
  ) {
    const { channel, sslObject, tls } = secured;
    super(loop, channel, protocol, {
      ...options,
      shutdownTimeout: tls.shutdownTimeout,
      limits: { high: HIGH_WATER },
    });
    let certificate: PeerCertificate | Record<string, never> | null | undefined;
    this.#facts = {
      sslcontext: tls.context,
      ssl_object: sslObject,
      get peercert() {
        certificate ??= sslObject.getpeercert();
        return certificate;
      },
      get cipher() {
        return sslObject.cipher();
      },
      compression: null,
    };
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo<Address>[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this.#facts, name) ? this.#facts[name] : super.getExtraInfo(name, fallback);
  }

  /** @throws {NotImplementedError} always: the two directions of a connection with TLS end together. */
  override writeEof(): void {
    throw new NotImplementedError('writeEof(): a connection with TLS ends both ways at once; use close()');
  }
}
