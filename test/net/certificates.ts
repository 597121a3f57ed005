/**
 * Certificates for tests, made on the spot: an authority, and whom it vouches for. Each kind is made once in a process.
 *
 * They come from `selfsigned`, so that the tests of TLS need no program of the machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import selfsigned from 'selfsigned';
import * as asyncio from '../../src/index.ts';

const { ssl } = asyncio;

/** A certificate and its private key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

interface Wish {
  readonly name: string;
  /** Names of hosts, and addresses. */
  readonly for?: readonly string[];
  readonly by?: Pair;
  readonly authority?: boolean;
  readonly from?: Date;
  readonly to?: Date;
}

const DAY = 24 * 60 * 60 * 1000;

export async function makePair(wish: Wish): Promise<Pair> {
  const altNames = (wish.for ?? []).map((value) =>
    /^[\d.]+$|:/.test(value) ? { type: 7 as const, ip: value } : { type: 2 as const, value },
  );
  const made = await selfsigned.generate([{ name: 'commonName', value: wish.name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: wish.from ?? new Date(Date.now() - DAY),
    notAfterDate: wish.to ?? new Date(Date.now() + DAY),
    ...(wish.by === undefined ? {} : { ca: { key: wish.by.key, cert: wish.by.cert } }),
    extensions: [
      { name: 'basicConstraints', cA: wish.authority === true, critical: true },
      ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames }]),
    ],
  });
  return { cert: made.cert, key: made.private };
}

const LOCAL = ['localhost', '127.0.0.1', '::1'];

export const authority: Pair = await makePair({ name: 'Test Authority', authority: true });
export const serverPair: Pair = await makePair({ name: 'localhost', for: LOCAL, by: authority });
export const otherPair: Pair = await makePair({
  name: 'other.test',
  for: ['other.test', '*.wild.test'],
  by: authority,
});
export const clientPair: Pair = await makePair({ name: 'client', by: authority });
export const expiredPair: Pair = await makePair({
  name: 'localhost',
  for: LOCAL,
  by: authority,
  from: new Date(Date.now() - 3 * DAY),
  to: new Date(Date.now() - DAY),
});
export const loner: Pair = await makePair({ name: 'localhost', for: LOCAL });

/** A context for servers that shows `pair`. */
export function serverContext(pair: Pair = serverPair): asyncio.ssl.SSLContext {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.loadCertChain(pair.cert, pair.key);
  return context;
}

/** A context for servers that requires certificates of the authority. */
export function strictContext(pair: Pair = serverPair): asyncio.ssl.SSLContext {
  const context = serverContext(pair);
  context.verifyMode = ssl.CERT_REQUIRED;
  context.loadVerifyLocations({ cadata: authority.cert });
  return context;
}

/** A context for clients that trusts the authority. */
export function clientContext(pair: Pair | null = null): asyncio.ssl.SSLContext {
  const context = ssl.createDefaultContext({ cadata: authority.cert });
  if (pair !== null) context.loadCertChain(pair.cert, pair.key);
  return context;
}

/** A folder with the certificates as files, for programs that want them so. */
export interface Files extends Disposable {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

export function certificateFiles(): Files {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-ts-tls-'));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    ca: write('ca.pem', authority.cert),
    cert: write('cert.pem', serverPair.cert),
    key: write('key.pem', serverPair.key),
    clientCert: write('client-cert.pem', clientPair.cert),
    clientKey: write('client-key.pem', clientPair.key),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
