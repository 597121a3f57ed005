/**
 * Certificates in the shape of Python's `getpeercert()`: names as lists of relative names, each a list of pairs.
 *
 * Source: Python docs, "ssl", `SSLSocket.getpeercert`; RFC 5280; OpenSSL, `X509_NAME_print_ex(3)`.
 */
import { X509Certificate } from 'node:crypto';

/** A name in a certificate: its parts from the general to the particular, each of one or more pairs of a key and a value. */
export type DistinguishedName = readonly (readonly (readonly [key: string, value: string])[])[];

/** A certificate that was verified, as `getpeercert()` gives it. */
export interface PeerCertificate {
  /** Whose it is: `[[['commonName', 'example.org']]]`. */
  readonly subject: DistinguishedName;
  /** Who has signed it. */
  readonly issuer: DistinguishedName;
  readonly version: number;
  /** In hexadecimal digits. */
  readonly serialNumber: string;
  /** Such as `'Jan  5 09:34:43 2026 GMT'`. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** What it is valid for: `[['DNS', 'example.org'], ['IP Address', '192.0.2.1']]`. */
  readonly subjectAltName?: readonly (readonly [kind: string, value: string])[];
  /** Where the state of the certificate can be asked for. */
  readonly OCSP?: readonly string[];
  /** Where the certificate of its issuer is. */
  readonly caIssuers?: readonly string[];
}

/** What OpenSSL abbreviates, by its full name. */
const KEYS: Readonly<Record<string, string>> = {
  C: 'countryName',
  CN: 'commonName',
  DC: 'domainComponent',
  GN: 'givenName',
  L: 'localityName',
  O: 'organizationName',
  OU: 'organizationalUnitName',
  SN: 'surname',
  ST: 'stateOrProvinceName',
  UID: 'userId',
  jurisdictionC: 'jurisdictionCountryName',
  jurisdictionL: 'jurisdictionLocalityName',
  jurisdictionST: 'jurisdictionStateOrProvinceName',
  street: 'streetAddress',
};

export function describeCertificate(certificate: X509Certificate): PeerCertificate {
  const names = alternativeNames(certificate.subjectAltName ?? '');
  const access = (certificate.infoAccess ?? '').split('\n');
  const ocsp = uris(access, 'OCSP - URI:');
  const issuers = uris(access, 'CA Issuers - URI:');
  return {
    subject: parseName(certificate.subject),
    issuer: parseName(certificate.issuer),
    version: versionOf(certificate.raw),
    serialNumber: certificate.serialNumber,
    notBefore: certificate.validFrom,
    notAfter: certificate.validTo,
    ...(names.length === 0 ? {} : { subjectAltName: names }),
    ...(ocsp.length === 0 ? {} : { OCSP: ocsp }),
    ...(issuers.length === 0 ? {} : { caIssuers: issuers }),
  };
}

/** One relative name a line, its pairs joined by `+`. */
function parseName(text: string): DistinguishedName {
  if (!text) return [];
  return text.split('\n').map((line) =>
    line.split(/(?<=[^\\]) \+ /).map((pair): readonly [string, string] => {
      const at = pair.indexOf('=');
      const key = pair.slice(0, at);
      return [KEYS[key] ?? key, plain(pair.slice(at + 1))];
    }),
  );
}

/** Characters that mean something else stand behind a backslash; control characters as two digits. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-9A-Fa-f]{2}|.)/g, (_, what: string) =>
    what.length === 2 ? String.fromCharCode(Number.parseInt(what, 16)) : what,
  );
}

/** `DNS:example.org, IP Address:192.0.2.1`; values that could be mistaken stand in quotes, as in JSON. */
function alternativeNames(text: string): (readonly [string, string])[] {
  return [...text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)].map(
    ([, kind = '', value = '']): readonly [string, string] => [
      kind,
      value.startsWith('"') ? String(JSON.parse(value)) : value,
    ],
  );
}

function uris(lines: readonly string[], prefix: string): string[] {
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}

/** The version stands at the beginning of what is signed, unless it is 1. */
function versionOf(der: Uint8Array): number {
  const outer = contentOf(der, 0);
  const signed = contentOf(der, outer);
  return der[signed] === 0xa0 ? (der[signed + 4] ?? 0) + 1 : 1;
}

/** Where the content of the element at a place begins. */
function contentOf(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

/** @throws what OpenSSL has against it. */
export function parseCertificate(certificate: string | Uint8Array): X509Certificate {
  return new X509Certificate(certificate);
}
