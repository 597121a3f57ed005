/**
 * How a server proves who it is: what can be given as `ssl`.
 */
import type { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

/** The certificate that a server must have, whoever signed it; by the SHA-256 of its DER form. */
export class Fingerprint {
  /** In lower-case hexadecimal digits. */
  readonly sha256: string;

  /** @param fingerprint 32 bytes, or their hexadecimal digits, with or without colons. */
  constructor(fingerprint: Uint8Array | string) {
    const text = typeof fingerprint === 'string' ? fingerprint : Buffer.from(fingerprint).toString('hex');
    const digits = text.replaceAll(':', '').toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(digits)) {
      throw new ValueError(`a fingerprint must be the 32 bytes of a SHA-256, not ${describe(fingerprint)}`);
    }
    this.sha256 = digits;
  }

  /** @internal */
  static _of(certificate: X509Certificate): string {
    return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  }

  toString(): string {
    return `<Fingerprint ${this.sha256}>`;
  }
}

/**
 * `true`: certificates are verified; `false`: they are not; a `Fingerprint`; or options as `tls.connect` of Node takes them (`ca`, `cert`, `key`,
 * `secureContext`, `minVersion`, ...), which stand for Python's `SSLContext`.
 */
export type SslOption = boolean | Fingerprint | ConnectionOptions;

const numbers = new WeakMap<object, number>();
let count = 0;

/** A text that is the same for the same option only: connections made under different ones are not exchanged. */
export function sslKey(ssl: SslOption): string {
  if (typeof ssl === 'boolean') return ssl ? '' : '!';
  if (typeof ssl !== 'object' || ssl === null) {
    throw new TypeError(
      `ssl must be true, false, a Fingerprint, or options of Node's tls.connect(), not ${describe(ssl)}`,
    );
  }
  if (ssl instanceof Fingerprint) return ssl.sha256;
  const number = numbers.get(ssl) ?? ++count;
  numbers.set(ssl, number);
  return `#${number}`;
}

export function tlsOptionsOf(ssl: SslOption): ConnectionOptions {
  if (ssl === true) return {};
  if (ssl === false || ssl instanceof Fingerprint) return { rejectUnauthorized: false };
  return ssl;
}
