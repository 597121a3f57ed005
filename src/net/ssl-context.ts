/**
 * `SSLContext`: how connections are secured; the same for many of them.
 *
 * What it is given is read and tried at once, so that mistakes are told where they are made, not with the first connection. Changing a context changes
 * the connections that begin afterwards. Source: Python docs, "ssl", "SSL Contexts", `create_default_context`.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { TlsProtocol, TlsSettings } from '../core/tls.ts';
import { checkOptions } from './address.ts';
import { describeCertificate, type PeerCertificate, parseCertificate } from './peer-certificate.ts';
import {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  type ProtocolKind,
  Purpose,
  TLSVersion,
  VERIFY_DEFAULT,
  VERIFY_X509_PARTIAL_CHAIN,
  type VerifyMode,
} from './ssl-constants.ts';
import { SSLError } from './ssl-errors.ts';
import {
  AUTHORITY_SOURCES,
  type AuthoritySources,
  authoritiesOf,
  checkCiphers,
  defaultFile,
  type Identity,
  type Password,
  type PemSource,
  readIdentity,
} from './ssl-files.ts';
import type { SSLObject } from './ssl-object.ts';

/**
 * Called in the handshake of a server with the name that the client asks for. It may set `ssl.context` to another context for this connection.
 * What it throws ends the handshake, and is reported.
 */
export type SniCallback = (ssl: SSLObject, serverName: string, context: SSLContext) => void;

/** The suites of TLS 1.3, which `setCiphers` leaves as they are. */
const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

const NAMES: ReadonlyMap<TLSVersion, TlsProtocol> = new Map([
  [TLSVersion.TLSv1, 'TLSv1'],
  [TLSVersion.TLSv1_1, 'TLSv1.1'],
  [TLSVersion.TLSv1_2, 'TLSv1.2'],
  [TLSVersion.TLSv1_3, 'TLSv1.3'],
]);

export class SSLContext {
  /** Which side it is for. */
  readonly protocol: ProtocolKind;
  #verifyMode: VerifyMode;
  #checkHostname: boolean;
  #verifyFlags: number = VERIFY_DEFAULT;
  #minimum: TLSVersion = TLSVersion.TLSv1_2;
  #maximum: TLSVersion = TLSVersion.MAXIMUM_SUPPORTED;
  #identities: readonly Identity[] = [];
  #authorities: ReadonlySet<string> = new Set();
  #trustsHost = false;
  #ciphers: string | null = null;
  #suites = SUITES;
  #alpn: readonly string[] = [];
  #sniCallback: SniCallback | null = null;
  /** What all that comes to; `null` when it has changed. */
  #settings: TlsSettings | null = null;

  /** @param protocol `PROTOCOL_TLS_CLIENT` or `PROTOCOL_TLS_SERVER`; by default `PROTOCOL_TLS`, which is for both, and verifies nothing. */
  constructor(protocol: ProtocolKind = PROTOCOL_TLS) {
    if (protocol !== PROTOCOL_TLS && protocol !== PROTOCOL_TLS_CLIENT && protocol !== PROTOCOL_TLS_SERVER) {
      throw new ValueError(
        `SSLContext() needs PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER or PROTOCOL_TLS, not ${describe(protocol)}`,
      );
    }
    this.protocol = protocol;
    this.#checkHostname = protocol === PROTOCOL_TLS_CLIENT;
    this.#verifyMode = this.#checkHostname ? CERT_REQUIRED : CERT_NONE;
  }

  // ---- who the other side must be -------------------------------------------------------------------------------------------------

  /**
   * What becomes of the certificate of the other side.
   * @throws {ValueError} to set `CERT_NONE` where `checkHostname` is true.
   */
  get verifyMode(): VerifyMode {
    return this.#verifyMode;
  }

  set verifyMode(mode: VerifyMode) {
    if (mode !== CERT_NONE && mode !== CERT_OPTIONAL && mode !== CERT_REQUIRED) {
      throw new ValueError(`invalid value for verifyMode: ${describe(mode)}`);
    }
    if (mode === CERT_NONE && this.#checkHostname) {
      throw new ValueError('Cannot set verifyMode to CERT_NONE when checkHostname is enabled.');
    }
    this.#verifyMode = mode;
    this.#settings = null;
  }

  /** Must the certificate of a server be valid for the name that is connected to? To set it requires certificates. */
  get checkHostname(): boolean {
    return this.#checkHostname;
  }

  set checkHostname(check: boolean) {
    if (typeof check !== 'boolean')
      throw new TypeError(`checkHostname must be a boolean, not ${describe(check)}`);
    if (check && this.#verifyMode === CERT_NONE) this.verifyMode = CERT_REQUIRED;
    this.#checkHostname = check;
  }

  /** How certificates are verified: `VERIFY_DEFAULT`, or `VERIFY_X509_PARTIAL_CHAIN`. */
  get verifyFlags(): number {
    return this.#verifyFlags;
  }

  set verifyFlags(flags: number) {
    if (flags !== VERIFY_DEFAULT && flags !== VERIFY_X509_PARTIAL_CHAIN) {
      throw new ValueError(
        `verifyFlags can be VERIFY_DEFAULT or VERIFY_X509_PARTIAL_CHAIN here, not ${describe(flags)}`,
      );
    }
    this.#verifyFlags = flags;
    this.#settings = null;
  }

  /**
   * Trust these authorities: `cafile` holds certificates in PEM; `capath` is a directory of such files, named by their hashes (`openssl rehash`); `cadata`
   * is PEM as text, or one certificate in DER.
   * @throws {FileNotFoundError} where there is no such file; {SSLError} where there is no certificate in it.
   */
  loadVerifyLocations(sources: AuthoritySources): void {
    this.#authorities = new Set([...this.#authorities, ...authoritiesOf(sources)]);
    this.#settings = null;
  }

  /**
   * Trust whom the host trusts: what Node has built in, with what `NODE_EXTRA_CA_CERTS` and `--use-system-ca` add; or, where the environment has
   * `SSL_CERT_FILE`, the certificates of that file alone.
   */
  loadDefaultCerts(): void {
    const file = defaultFile();
    if (file === undefined) this.#trustsHost = true;
    else this.loadVerifyLocations({ cafile: file });
    this.#settings = null;
  }

  /** The same as `loadDefaultCerts`. */
  setDefaultVerifyPaths(): void {
    this.loadDefaultCerts();
  }

  /** The authorities that were loaded, but for the host's own. @param binaryForm as DER. */
  getCaCerts(binaryForm: true): Uint8Array[];
  getCaCerts(binaryForm?: false): PeerCertificate[];
  getCaCerts(binaryForm = false): Uint8Array[] | PeerCertificate[] {
    const certificates = [...this.#authorities].map(parseCertificate).filter(({ ca }) => ca);
    return binaryForm ? certificates.map(({ raw }) => raw) : certificates.map(describeCertificate);
  }

  // ---- who this side is -----------------------------------------------------------------------------------------------------------

  /**
   * Show this certificate. Servers need one.
   * @param certfile the path of a file in PEM, or PEM itself (text with `-----BEGIN`, or bytes): the certificate, then those that lead to its authority.
   * @param keyfile the private key, in the same ways; by default it is looked for in `certfile`.
   * @param password of the key, or a function that gives it.
   * @throws {FileNotFoundError} where there is no such file; {SSLError} where key and certificate cannot be read, or are not of one pair.
   */
  loadCertChain(
    certfile: PemSource,
    keyfile: PemSource | null = null,
    password: Password | null = null,
  ): void {
    const identity = readIdentity(certfile, keyfile, password);
    // One for each kind of key: the last one that was loaded.
    const others = this.#identities.filter(({ kind }) => kind !== identity.kind);
    this.#identities = [...others, identity];
    this.#settings = null;
  }

  /**
   * Choose the certificate by the name that a client asks for.
   * @throws {ValueError} on a context for clients.
   */
  get sniCallback(): SniCallback | null {
    return this.#sniCallback;
  }

  set sniCallback(callback: SniCallback | null) {
    if (this.protocol === PROTOCOL_TLS_CLIENT)
      throw new ValueError('sniCallback cannot be set on TLS_CLIENT context');
    if (callback !== null && typeof callback !== 'function') {
      throw new TypeError(`sniCallback must be a function or null, not ${describe(callback)}`);
    }
    this.#sniCallback = callback;
  }

  // ---- what is agreed on ----------------------------------------------------------------------------------------------------------

  /** The lowest version of the protocol that is spoken; TLS 1.2 by default. */
  get minimumVersion(): TLSVersion {
    return this.#minimum;
  }

  set minimumVersion(version: TLSVersion) {
    this.#minimum = checkVersion(version);
    this.#settings = null;
  }

  /** The highest version of the protocol that is spoken; by default the highest there is. */
  get maximumVersion(): TLSVersion {
    return this.#maximum;
  }

  set maximumVersion(version: TLSVersion) {
    this.#maximum = checkVersion(version);
    this.#settings = null;
  }

  /**
   * The ciphers for TLS 1.2 and below, as OpenSSL lists them. @throws {SSLError} where none of them exists.
   */
  setCiphers(ciphers: string): void {
    checkCiphers(`${SUITES}:${ciphers}`, ciphers);
    this.#ciphers = ciphers;
    this.#settings = null;
  }

  /** The suites for TLS 1.3, with colons between them. @throws {SSLError} where one does not exist. */
  setCiphersuites(suites: string): void {
    checkCiphers(suites, suites);
    this.#suites = suites;
    this.#settings = null;
  }

  /**
   * The protocols of the application that this side speaks, the preferred first, such as `['h2', 'http/1.1']`. A server that speaks none of those that
   * the client offers ends the handshake (RFC 7301; Python goes on without one).
   * @throws {SSLError} where a name is not 1 to 255 bytes long.
   */
  setAlpnProtocols(protocols: Iterable<string>): void {
    if (typeof protocols === 'string' || typeof protocols?.[Symbol.iterator] !== 'function') {
      throw new TypeError(
        `setAlpnProtocols() needs a list of names, such as ['h2', 'http/1.1'], not ${describe(protocols)}`,
      );
    }
    const list = [...protocols];
    for (const name of list) {
      if (typeof name !== 'string')
        throw new TypeError(`ALPN protocols must be strings, not ${describe(name)}`);
      const { length } = Buffer.from(name);
      if (length === 0 || length > 255) throw new SSLError('ALPN protocols must be 1 to 255 in length');
    }
    this.#alpn = list;
    this.#settings = null;
  }

  // ---- for connections ------------------------------------------------------------------------------------------------------------

  /** @internal What it comes to now. */
  get _settings(): TlsSettings {
    this.#settings ??= {
      identities: this.#identities,
      authorities: [...this.#authorities],
      trustsHost: this.#trustsHost,
      partialChain: this.#verifyFlags === VERIFY_X509_PARTIAL_CHAIN,
      ciphers:
        this.#ciphers === null && this.#suites === SUITES
          ? null
          : `${this.#suites}:${this.#ciphers ?? 'DEFAULT'}`,
      minimumVersion:
        NAMES.get(this.#minimum) ?? (this.#minimum === TLSVersion.MAXIMUM_SUPPORTED ? 'TLSv1.3' : 'TLSv1'),
      maximumVersion:
        NAMES.get(this.#maximum) ?? (this.#maximum === TLSVersion.MINIMUM_SUPPORTED ? 'TLSv1' : 'TLSv1.3'),
      alpnProtocols: this.#alpn,
      clientCertificate: (
        { [CERT_NONE]: 'unasked', [CERT_OPTIONAL]: 'optional', [CERT_REQUIRED]: 'required' } as const
      )[this.#verifyMode],
    };
    return this.#settings;
  }

  /** @internal Another one like it; until one of them is changed, they share what engines keep of their settings. */
  _copy(): SSLContext {
    const copy = new SSLContext(this.protocol);
    copy.#verifyMode = this.#verifyMode;
    copy.#checkHostname = this.#checkHostname;
    copy.#verifyFlags = this.#verifyFlags;
    copy.#authorities = this.#authorities;
    copy.#trustsHost = this.#trustsHost;
    copy.#settings = this._settings;
    return copy;
  }

  /** @internal @throws {SSLError} where it is for the other side. */
  _checkSide(serverSide: boolean): void {
    const wrong = serverSide ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER;
    if (this.protocol !== wrong) return;
    throw new SSLError(
      serverSide
        ? 'Cannot create a server socket with a PROTOCOL_TLS_CLIENT context'
        : 'Cannot create a client socket with a PROTOCOL_TLS_SERVER context',
    );
  }

  toString(): string {
    const names = {
      [PROTOCOL_TLS]: 'TLS',
      [PROTOCOL_TLS_CLIENT]: 'TLS_CLIENT',
      [PROTOCOL_TLS_SERVER]: 'TLS_SERVER',
    };
    return `<SSLContext PROTOCOL_${names[this.protocol]}>`;
  }
}

function checkVersion(version: TLSVersion): TLSVersion {
  if (Object.values(TLSVersion).includes(version)) return version;
  throw new ValueError(
    `there is no such version of TLS: ${describe(version)}; it must be one of ssl.TLSVersion`,
  );
}

/** What `createDefaultContext` is told. */
export interface DefaultContextOptions extends Partial<AuthoritySources> {
  /** By default `Purpose.SERVER_AUTH`: for clients. */
  readonly purpose?: Purpose | undefined;
}

const DEFAULT_CONTEXT = 'createDefaultContext()';

/**
 * A context with the settings that are right for most: for clients, which require certificates, check names, and trust the authorities that are given here
 * or else those that the host trusts; or, with `ssl.Purpose.CLIENT_AUTH`, for servers. The purpose comes first, as in Python, or is one of the options.
 *
 * ```ts
 * const client = asyncio.ssl.createDefaultContext({ cafile: '/etc/service/ca.pem' });
 * const server = asyncio.ssl.createDefaultContext(asyncio.ssl.Purpose.CLIENT_AUTH);
 * ```
 * @throws {TypeError} for a purpose that there is not, and for options that it does not know; what `loadVerifyLocations` throws.
 */
export function createDefaultContext(options?: DefaultContextOptions): SSLContext;
export function createDefaultContext(purpose: Purpose, sources?: AuthoritySources): SSLContext;
export function createDefaultContext(
  first: Purpose | DefaultContextOptions = {},
  sources: AuthoritySources = {},
): SSLContext {
  if (typeof first === 'string') {
    checkOptions(sources, AUTHORITY_SOURCES, DEFAULT_CONTEXT);
    return defaultContext({ ...sources, purpose: first });
  }
  checkOptions(first, ['purpose', ...AUTHORITY_SOURCES], DEFAULT_CONTEXT);
  return defaultContext(first);
}

function defaultContext(options: DefaultContextOptions): SSLContext {
  const { purpose = Purpose.SERVER_AUTH, cafile, capath, cadata } = options;
  if (purpose !== Purpose.SERVER_AUTH && purpose !== Purpose.CLIENT_AUTH) {
    throw new TypeError(
      `purpose must be ssl.Purpose.SERVER_AUTH or ssl.Purpose.CLIENT_AUTH, not ${describe(purpose)}`,
    );
  }
  const isGivenOne = isGiven(cafile) || isGiven(capath) || isGiven(cadata);
  if (!isGivenOne && purpose === Purpose.SERVER_AUTH) return usual();
  const context = new SSLContext(purpose === Purpose.SERVER_AUTH ? PROTOCOL_TLS_CLIENT : PROTOCOL_TLS_SERVER);
  context.verifyFlags = VERIFY_X509_PARTIAL_CHAIN;
  if (isGivenOne) context.loadVerifyLocations({ cafile, capath, cadata });
  return context;
}

/** The contexts of clients that trust whom the host does, by the file that names them: to read it takes long, and it is wanted for each connection. */
const usuals = new Map<string | undefined, SSLContext>();

function usual(): SSLContext {
  const file = defaultFile();
  let context = usuals.get(file);
  if (context === undefined) {
    context = new SSLContext(PROTOCOL_TLS_CLIENT);
    context.verifyFlags = VERIFY_X509_PARTIAL_CHAIN;
    context.loadDefaultCerts();
    usuals.set(file, context);
  }
  return context._copy();
}

function isGiven(source: unknown): boolean {
  return source !== null && source !== undefined;
}
