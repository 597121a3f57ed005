/**
 * Certificates and keys as callers give them: read at once, and tried, so that what is wrong with them is told at once.
 *
 * Source: Python docs, "ssl", `SSLContext.load_cert_chain`, `load_verify_locations`; `openssl-rehash(1)`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { TlsIdentity } from '../core/tls.ts';
import { checkOptions } from './address.ts';
import { toOSError } from './os-error.ts';
import { parseCertificate } from './peer-certificate.ts';
import { SSLError, toSSLError } from './ssl-errors.ts';

/** A file in PEM by its path, or PEM itself: text that holds `-----BEGIN`, or bytes. */
export type PemSource = string | URL | Uint8Array;

/** The password of a key, or what gives it. */
export type Password = string | Uint8Array | (() => string | Uint8Array);

/** Whom to trust. At least one must be given. */
export interface AuthoritySources {
  /** A file of certificates in PEM. */
  readonly cafile?: string | URL | null | undefined;
  /** A directory of files with certificates in PEM, named by their hashes. */
  readonly capath?: string | URL | null | undefined;
  /** Certificates in PEM as text, or one in DER (or any number in PEM) as bytes. */
  readonly cadata?: string | Uint8Array | null | undefined;
}

export const AUTHORITY_SOURCES: readonly (keyof AuthoritySources)[] = ['cafile', 'capath', 'cadata'];

/** A certificate and its key; a context has one for each kind of key. */
export interface Identity extends TlsIdentity {
  readonly kind: string;
}

const BEGIN = '-----BEGIN';
const CERTIFICATES =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const HASHED = /^[0-9a-f]{8}\.\d+$/;

/** @throws {FileNotFoundError} and its like where a file cannot be read; {SSLError} where there is no pair in them. */
export function readIdentity(
  certfile: PemSource,
  keyfile: PemSource | null,
  password: Password | null,
): Identity {
  const certificates = readPem(certfile, 'certfile');
  const key = keyfile === null ? certificates : readPem(keyfile, 'keyfile');
  const secret = typeof password === 'function' ? password() : password;
  const passphrase =
    secret === null ? undefined : typeof secret === 'string' ? secret : Buffer.from(secret).toString();
  const pem = { pem: key, ...(passphrase === undefined ? {} : { passphrase }) };
  attempt({ cert: certificates, key: [pem] });
  const [first = ''] = certificates.match(CERTIFICATES) ?? [];
  const kind = asSSLError(() => parseCertificate(first)).publicKey.asymmetricKeyType ?? 'unknown';
  return { certificates, key, passphrase, kind };
}

/** Every certificate of the sources, in PEM. @throws as `readIdentity` does; {TypeError} where there is no source. */
export function authoritiesOf(sources: AuthoritySources = {}): string[] {
  checkOptions(sources, AUTHORITY_SOURCES, 'loadVerifyLocations()');
  const { cafile, capath, cadata } = sources;
  if (isAbsent(cafile) && isAbsent(capath) && isAbsent(cadata)) {
    throw new TypeError('cafile, capath and cadata cannot be all omitted');
  }
  const found: string[] = [];
  if (!isAbsent(cafile))
    found.push(...certificatesIn(readPem(checkPath(cafile, 'cafile'), 'cafile'), 'cafile'));
  if (!isAbsent(capath)) {
    for (const path of hashedFiles(checkPath(capath, 'capath'))) {
      found.push(...certificatesIn(readPem(path, 'capath'), path));
    }
  }
  if (!isAbsent(cadata)) found.push(...certificatesOf(cadata));
  return found;
}

/** The file that stands for those that the host trusts, if the environment names one. */
export function defaultFile(): string | undefined {
  return process.env['SSL_CERT_FILE'] || undefined;
}

/** @throws {SSLError} where `ciphers` names none. */
export function checkCiphers(list: string, ciphers: unknown): void {
  if (typeof ciphers !== 'string') {
    throw new TypeError(`ciphers must be a string, as OpenSSL lists them, not ${describe(ciphers)}`);
  }
  try {
    createSecureContext({ ciphers: list });
  } catch (error) {
    throw new SSLError('No cipher can be selected.', { cause: error });
  }
}

function readPem(source: PemSource, what: string): string {
  if (typeof source === 'string' && source.includes(BEGIN)) return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString('latin1');
  const path = checkPath(source, what);
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw toOSError(error, (text) => `${text}: ${describe(String(path))}`);
  }
}

function checkPath(path: unknown, what: string): string | URL {
  if (typeof path === 'string' || path instanceof URL) return path;
  throw new TypeError(`${what} must be a path, not ${describe(path)}`);
}

function hashedFiles(directory: string | URL): string[] {
  const path = directory instanceof URL ? directory.pathname : directory;
  try {
    return readdirSync(path)
      .filter((name) => HASHED.test(name))
      .map((name) => join(path, name));
  } catch (error) {
    throw toOSError(error, (text) => `${text}: ${describe(path)}`);
  }
}

function certificatesOf(data: string | Uint8Array): string[] {
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw new TypeError(`cadata should be PEM as a string, or DER as bytes, not ${describe(data)}`);
  }
  if (data.length === 0) throw new ValueError('Empty certificate data');
  const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
  if (typeof data === 'string' || text.includes(BEGIN)) return certificatesIn(text, 'cadata');
  return [asSSLError(() => parseCertificate(data)).toString()];
}

function certificatesIn(pem: string, where: string): string[] {
  const found = pem.match(CERTIFICATES) ?? [];
  if (found.length === 0) {
    throw new SSLError(`no start line: ${where} does not contain a certificate`, {
      library: 'X509',
      reason: 'NO_CERTIFICATE_OR_CRL_FOUND',
    });
  }
  for (const certificate of found) asSSLError(() => parseCertificate(certificate));
  return [...found];
}

function attempt(options: SecureContextOptions): void {
  asSSLError(() => createSecureContext(options));
}

function asSSLError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw (error instanceof Error && toSSLError(error)) || error;
  }
}

function isAbsent<T>(source: T | null | undefined): source is null | undefined {
  return source === null || source === undefined;
}
