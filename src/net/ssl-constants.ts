/**
 * The constants of Python's `ssl` module that contexts know; part of `asyncio.ssl`.
 *
 * Source: Python docs, "ssl", "Constants".
 */

/** The other side is not asked for a certificate, and what it shows is not verified. */
export const CERT_NONE: 0 = 0;
/** On a server: clients may show a certificate, which is verified then. On a client the same as `CERT_REQUIRED`. */
export const CERT_OPTIONAL: 1 = 1;
/** The other side must show a certificate that can be verified. */
export const CERT_REQUIRED: 2 = 2;

/** What becomes of the certificate of the other side. */
export type VerifyMode = typeof CERT_NONE | typeof CERT_OPTIONAL | typeof CERT_REQUIRED;

/** Any side, and nothing is verified until that is asked for. */
export const PROTOCOL_TLS: 2 = 2;
/** Clients: certificates are required, and names are checked. */
export const PROTOCOL_TLS_CLIENT: 16 = 16;
/** Servers. */
export const PROTOCOL_TLS_SERVER: 17 = 17;

/** Which side a context is for. */
export type ProtocolKind = typeof PROTOCOL_TLS | typeof PROTOCOL_TLS_CLIENT | typeof PROTOCOL_TLS_SERVER;

/** Versions of the protocol. */
export const TLSVersion: {
  readonly MINIMUM_SUPPORTED: -2;
  readonly TLSv1: 769;
  readonly TLSv1_1: 770;
  readonly TLSv1_2: 771;
  readonly TLSv1_3: 772;
  readonly MAXIMUM_SUPPORTED: -1;
} = {
  MINIMUM_SUPPORTED: -2,
  TLSv1: 769,
  TLSv1_1: 770,
  TLSv1_2: 771,
  TLSv1_3: 772,
  MAXIMUM_SUPPORTED: -1,
};
Object.freeze(TLSVersion);
/** A version of the protocol. */
export type TLSVersion = (typeof TLSVersion)[keyof typeof TLSVersion];

/** What is verified besides the usual: nothing. */
export const VERIFY_DEFAULT: 0 = 0;
/** Any trusted certificate may end the chain, not only one that has signed itself. */
export const VERIFY_X509_PARTIAL_CHAIN: 0x80000 = 0x80000;

/** What a default context is for. */
export const Purpose: {
  /** A client, which verifies servers. */
  readonly SERVER_AUTH: 'serverAuth';
  /** A server, which may verify clients. */
  readonly CLIENT_AUTH: 'clientAuth';
} = { SERVER_AUTH: 'serverAuth', CLIENT_AUTH: 'clientAuth' };
Object.freeze(Purpose);
/** What a default context is for. */
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** Applications can agree on a protocol in the handshake. */
export const HAS_ALPN: true = true;
/** Clients can say which server they want. */
export const HAS_SNI: true = true;
export const HAS_TLSv1_2: true = true;
export const HAS_TLSv1_3: true = true;

/** The version of OpenSSL below. */
export const OPENSSL_VERSION: string = `OpenSSL ${process.versions['openssl'] ?? 'unknown'}`;
