/**
 * `SSLObject`: what is known of the security of one connection; `getExtraInfo('ssl_object')`.
 *
 * Source: Python docs, "ssl", `SSLObject`, `SSLSocket`.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { TlsSession } from '../core/tls.ts';
import { describeCertificate, type PeerCertificate, parseCertificate } from './peer-certificate.ts';
import { CERT_NONE } from './ssl-constants.ts';
import type { SSLContext } from './ssl-context.ts';

/** A cipher: its name, the version of the protocol that it was defined for, and how many secret bits it uses. */
export type Cipher = readonly [name: string, version: string, bits: number];

export class SSLObject {
  /** The context that the connection is secured by. An `sniCallback` may set another one, made for servers. */
  context: SSLContext;
  /** Is this the side that accepted the connection? */
  readonly serverSide: boolean;
  /** The name of the server, as the client was told it; `null` on servers. */
  readonly serverHostname: string | null;
  #session: TlsSession | null = null;

  /** @internal Made with the connection. */
  constructor(context: SSLContext, serverSide: boolean, serverHostname: string | null) {
    this.context = context;
    this.serverSide = serverSide;
    this.serverHostname = serverHostname;
  }

  /** @internal The handshake is over. */
  _agreed(session: TlsSession): void {
    this.#session = session;
  }

  /** The version of the protocol that was agreed on, such as `'TLSv1.3'`; `null` before the end of the handshake. */
  version(): string | null {
    return this.#session?.version ?? null;
  }

  /** The cipher that was agreed on. */
  cipher(): Cipher | null {
    const cipher = this.#session?.cipher ?? null;
    return cipher === null ? null : [...cipher, bitsOf(cipher[0])];
  }

  /** How what is sent is compressed: it never is. */
  compression(): null {
    return null;
  }

  /** The protocol of the application that was agreed on; `null` where there was none. */
  selectedAlpnProtocol(): string | null {
    return this.#session?.alpnProtocol ?? null;
  }

  /** Does the connection go on with what an earlier one had agreed on? */
  get sessionReused(): boolean {
    return this.#session?.resumed ?? false;
  }

  /**
   * The certificate of the other side: `null` where it has none, and empty where it was not verified.
   * @param binaryForm in DER, verified or not.
   */
  getpeercert(binaryForm: true): Uint8Array | null;
  getpeercert(binaryForm?: false): PeerCertificate | Record<string, never> | null;
  getpeercert(binaryForm = false): Uint8Array | PeerCertificate | Record<string, never> | null {
    if (this.#session === null) throw new ValueError('handshake not done yet');
    const der = this.#session.peerCertificate;
    if (der === null || binaryForm) return der;
    return this.context.verifyMode === CERT_NONE ? {} : describeCertificate(parseCertificate(der));
  }

  /**
   * Bytes that stand for this connection alone, to which another authentication can be bound (RFC 5929).
   * @throws {ValueError} for another kind than `'tls-unique'`.
   */
  getChannelBinding(kind: 'tls-unique' = 'tls-unique'): Uint8Array | null {
    if (kind !== 'tls-unique') throw new ValueError(`${describe(kind)} channel binding type not implemented`);
    // The first of the two messages: the client's, unless the connection goes on with an earlier one's.
    return this.#session?.finished(this.serverSide === this.#session.resumed) ?? null;
  }

  toString(): string {
    return `<SSLObject ${this.serverSide ? 'server' : 'client'} ${this.version() ?? 'handshaking'}>`;
  }
}

/** How many secret bits a cipher has, by its name. */
function bitsOf(cipher: string): number {
  const [, bits] = /(?:AES|CAMELLIA|ARIA)_?(128|256)/.exec(cipher) ?? [];
  if (bits !== undefined) return Number(bits);
  if (cipher.includes('CHACHA20')) return 256;
  return cipher.includes('DES-CBC3') ? 168 : 0;
}
