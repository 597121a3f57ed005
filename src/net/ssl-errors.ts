/**
 * The errors of TLS, as Python's `ssl` module names and words them.
 *
 * OpenSSL tells of its errors by a library and a reason; Node writes both into the text, the code and the fields of its own. Here they become what
 * Python makes of the same: `[SSL: WRONG_VERSION_NUMBER] wrong version number`. Source: Python docs, "ssl", "Exceptions"; OpenSSL, `ERR_get_error(3)`,
 * `X509_verify_cert_error_string(3)`.
 */
import { OSError, type OSErrorFields } from '../core/errors.ts';

/** What is known of an error of TLS. */
export interface SSLErrorFields extends OSErrorFields {
  /** The part of OpenSSL that found it, such as `'SSL'` or `'X509'`. */
  readonly library?: string | undefined;
  /** What it found, such as `'WRONG_VERSION_NUMBER'`. */
  readonly reason?: string | undefined;
}

/** TLS failed: in the handshake, on the connection, or in what it was given. */
export class SSLError extends OSError {
  override get name(): string {
    return 'SSLError';
  }

  /** The part of OpenSSL that found it, such as `'SSL'` or `'X509'`. */
  readonly library: string | undefined;
  /** What it found, such as `'WRONG_VERSION_NUMBER'`. */
  readonly reason: string | undefined;

  constructor(message?: string, fields: SSLErrorFields = {}) {
    super(message, fields);
    this.library = fields.library;
    this.reason = fields.reason;
  }
}

/** The connection was closed in the way of TLS. Asyncio tells that as an end; it is here for `instanceof`. */
export class SSLZeroReturnError extends SSLError {
  override get name(): string {
    return 'SSLZeroReturnError';
  }
}

/** The connection ended where TLS did not allow it. */
export class SSLEOFError extends SSLError {
  override get name(): string {
    return 'SSLEOFError';
  }
}

/** The system failed where TLS needed it. */
export class SSLSyscallError extends SSLError {
  override get name(): string {
    return 'SSLSyscallError';
  }
}

/** What a certificate was refused for. */
export interface Refusal {
  /** The number that OpenSSL has for it: `X509_V_ERR_...`. */
  readonly verifyCode: number;
  /** The same in words. */
  readonly verifyMessage: string;
}

/** The certificate of the other side was not accepted. (In Python it is a `ValueError` as well.) */
export class SSLCertVerificationError extends SSLError {
  override get name(): string {
    return 'SSLCertVerificationError';
  }

  /** The number that OpenSSL has for the reason, such as 18 for a certificate that has signed itself. */
  readonly verifyCode: number;
  /** The reason, such as `'certificate has expired'`. */
  readonly verifyMessage: string;

  constructor({ verifyCode, verifyMessage }: Refusal) {
    const reason = 'CERTIFICATE_VERIFY_FAILED';
    super(`[SSL: ${reason}] certificate verify failed: ${verifyMessage}`, {
      code: `ERR_SSL_${reason}`,
      errno: 1,
      library: 'SSL',
      reason,
    });
    this.verifyCode = verifyCode;
    this.verifyMessage = verifyMessage;
  }
}

/** What Node puts on errors of OpenSSL. */
interface EngineError extends Error {
  readonly code?: unknown;
  readonly library?: unknown;
  readonly reason?: unknown;
}

/** How OpenSSL writes an error where nothing but text can tell it. */
const TOLD = /error:[0-9A-F]+:([^:\n]*):[^:\n]*:([^:\n]*)/;

/** Whose code says that OpenSSL found it. */
const CODES = /^ERR_(?:SSL|OSSL|CRYPTO|TLS)_/;

/** The error of Python for an error of OpenSSL as Node gives it; `null` where it is none. */
export function toSSLError(error: EngineError): SSLError | null {
  const { code } = error;
  const told = TOLD.exec(error.message);
  if (typeof code !== 'string' || !(CODES.test(code) || (code === 'EPROTO' && told !== null))) return null;
  const text = typeof error.reason === 'string' ? error.reason : (told?.[2] ?? error.message);
  const library = shortOf(typeof error.library === 'string' ? error.library : (told?.[1] ?? ''));
  const reason = text.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase();
  const Class = reason === 'UNEXPECTED_EOF_WHILE_READING' ? SSLEOFError : SSLError;
  return new Class(`[${library}: ${reason}] ${text}`, { code, errno: 1, library, reason, cause: error });
}

/** The name of a library the way Python has it. */
function shortOf(library: string): string {
  const short = { 'x509 certificate routines': 'X509', 'DECODER routines': 'DECODER' }[library];
  return short ?? (library.replace(/ routines$/, '').toUpperCase() || 'SSL');
}

/** What OpenSSL may hold against a certificate, by its name: the number, and the words. */
const REFUSALS: Readonly<Record<string, readonly [code: number, message: string]>> = {
  UNABLE_TO_GET_ISSUER_CERT: [2, 'unable to get issuer certificate'],
  UNABLE_TO_GET_CRL: [3, 'unable to get certificate CRL'],
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: [4, "unable to decrypt certificate's signature"],
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: [6, 'unable to decode issuer public key'],
  CERT_SIGNATURE_FAILURE: [7, 'certificate signature failure'],
  CERT_NOT_YET_VALID: [9, 'certificate is not yet valid'],
  CERT_HAS_EXPIRED: [10, 'certificate has expired'],
  ERROR_IN_CERT_NOT_BEFORE_FIELD: [13, "format error in certificate's notBefore field"],
  ERROR_IN_CERT_NOT_AFTER_FIELD: [14, "format error in certificate's notAfter field"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [18, 'self-signed certificate'],
  SELF_SIGNED_CERT_IN_CHAIN: [19, 'self-signed certificate in certificate chain'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [20, 'unable to get local issuer certificate'],
  // Node goes on where OpenSSL alone would have stopped, and tells of the next thing it comes to.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [20, 'unable to get local issuer certificate'],
  CERT_CHAIN_TOO_LONG: [22, 'certificate chain too long'],
  CERT_REVOKED: [23, 'certificate revoked'],
  INVALID_CA: [24, 'invalid CA certificate'],
  PATH_LENGTH_EXCEEDED: [25, 'path length constraint exceeded'],
  INVALID_PURPOSE: [26, 'unsuitable certificate purpose'],
  CERT_UNTRUSTED: [27, 'certificate not trusted'],
  CERT_REJECTED: [28, 'certificate rejected'],
};

/** What a certificate was refused for, by the name that OpenSSL has for it. */
export function refusalOf(verifyError: string): Refusal {
  const [verifyCode, verifyMessage] = REFUSALS[verifyError] ?? [1, verifyError];
  return { verifyCode, verifyMessage };
}

/** What OpenSSL finds in the signatures and dates of a chain, after it has compared the name. */
export const FOUND_AFTER_THE_NAME: ReadonlySet<number> = new Set([6, 7, 9, 10, 13, 14]);

export function wrongName(name: string, isAddress: boolean): Refusal {
  const verifyMessage = `${isAddress ? 'IP address' : 'Hostname'} mismatch, certificate is not valid for '${name}'.`;
  return { verifyCode: isAddress ? 64 : 62, verifyMessage };
}
