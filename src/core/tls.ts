/**
 * What a reactor is asked for when a connection is to be secured, and what it tells of one that is: the engine of TLS, without any policy.
 *
 * The engine shakes hands and says whom it met and what it thinks of their certificate; whether that is good enough is decided above it, before a
 * byte of the application goes either way.
 */

/** A version of the protocol, as it is written. */
export type TlsProtocol = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Who this side is: a certificate with what leads to its authority, and its private key; all in PEM. */
export interface TlsIdentity {
  readonly certificates: string;
  readonly key: string;
  readonly passphrase: string | undefined;
}

/** How connections are secured. It never changes, so engines may keep what they make of it. */
export interface TlsSettings {
  readonly identities: readonly TlsIdentity[];
  /** Whom to trust, in PEM, besides those that the host trusts where `trustsHost` is set. */
  readonly authorities: readonly string[];
  readonly trustsHost: boolean;
  /** May any trusted certificate end the chain, not only one that has signed itself? */
  readonly partialChain: boolean;
  /** `null`: the engine's own choice. */
  readonly ciphers: string | null;
  readonly minimumVersion: TlsProtocol | null;
  readonly maximumVersion: TlsProtocol | null;
  /** Protocols of the application, the preferred first. */
  readonly alpnProtocols: readonly string[];
  /** Must a client show a certificate? A server always shows one. */
  readonly clientCertificate: 'unasked' | 'optional' | 'required';
}

/** What is asked for. */
export interface TlsRequest {
  readonly serverSide: boolean;
  readonly settings: TlsSettings;
  /** The name of the server that a client wants to speak to; `null` says nothing of it. */
  readonly serverName: string | null;
  /** What the other side had sent before, and belongs to the handshake. */
  readonly received: Uint8Array | null;
  /** Told what name a client asks for. @returns other settings for this connection, or `null`. What it throws ends the handshake. */
  readonly chooseSettings: ((serverName: string) => TlsSettings | null) | null;
}

/** What is known of a secured connection; a channel tells it as its fact `'tls'`. */
export interface TlsSession {
  readonly version: string | null;
  /** The name of the cipher, and the version that it was defined for. */
  readonly cipher: readonly [name: string, version: string] | null;
  readonly alpnProtocol: string | null;
  /** The certificate of the other side, in DER; `null`: it has shown none. */
  readonly peerCertificate: Uint8Array | null;
  /** What the engine holds against that certificate, by the name that OpenSSL has for it (`X509_V_ERR_...`); `null`: nothing. */
  readonly verifyError: string | null;
  readonly resumed: boolean;
  /** The last message of the handshake of this side, or of the other one. */
  finished(own: boolean): Uint8Array | null;
}
