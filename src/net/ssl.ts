/**
 * Python's `ssl` module, as far as asyncio needs it; exported as `asyncio.ssl`.
 *
 * Source: Python docs, "ssl".
 */
export type { DistinguishedName, PeerCertificate } from './peer-certificate.ts';
export * from './ssl-constants.ts';
export {
  createDefaultContext,
  type DefaultContextOptions,
  type SniCallback,
  SSLContext,
} from './ssl-context.ts';
export {
  SSLCertVerificationError,
  SSLCertVerificationError as CertificateError,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLZeroReturnError,
} from './ssl-errors.ts';
export type { AuthoritySources, Password, PemSource } from './ssl-files.ts';
export { type Cipher, SSLObject } from './ssl-object.ts';
