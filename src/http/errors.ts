/**
 * The errors of the client, under aiohttp's names and in its hierarchy.
 *
 * Where a class of aiohttp has two bases, the one that Python programs catch for is the real base here (`TimeoutError`, `OSError`, `ValueError`), and
 * `instanceof` knows of the other one too: `error instanceof ServerTimeoutError` is both an `asyncio.TimeoutError` and a `ClientError`.
 * `message` is what Python's `str(error)` gives; what aiohttp calls the `message` of a response's error is `reason` here.
 * Source: aiohttp docs, "Client Reference", "Client exceptions", "Hierarchy of exceptions".
 */
import { OSError, type OSErrorFields, TimeoutError, ValueError } from '../core/errors.ts';
import type { CIMultiDict } from './multi-dict.ts';
import type { ClientResponse } from './response.ts';

type Class = abstract new (...args: never[]) => Error;

/** What was asked for, as errors and responses tell it. */
export interface RequestInfo {
  /** Without its fragment. */
  readonly url: URL;
  readonly method: string;
  readonly headers: CIMultiDict;
  /** The URL as it was given. */
  readonly realUrl: URL;
}

/** Root of what the client throws. */
export class ClientError extends Error {
  override get name(): string {
    return 'ClientError';
  }
}

// ---- of connections -------------------------------------------------------------------------------------------------------------

/** Root of the errors of connections. */
export class ClientConnectionError extends ClientError {
  override get name(): string {
    return 'ClientConnectionError';
  }
}

/** The operating system refused something that a connection needs. An `OSError` too. */
export class ClientOSError extends OSError {
  override get name(): string {
    return 'ClientOSError';
  }
}

/** The connection was reset while something was sent on it. */
export class ClientConnectionResetError extends ClientOSError {
  override get name(): string {
    return 'ClientConnectionResetError';
  }
}

/** What a connection was to be made to. */
export interface ConnectionPlace {
  readonly host: string;
  readonly port: number;
  /** `true`: verified TLS or none; `false`: TLS that is not verified; else the options of it. */
  readonly ssl: unknown;
}

/** A connection could not be made. */
export class ClientConnectorError extends ClientOSError {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  /** What the system said. */
  readonly osError: Error;

  constructor(place: ConnectionPlace, osError: Error, message?: string) {
    super(
      message ??
        `Cannot connect to host ${place.host}:${place.port} ssl:${sslText(place.ssl)} [${textOf(osError)}]`,
      fieldsOf(osError),
    );
    this.host = place.host;
    this.port = place.port;
    this.ssl = place.ssl;
    this.osError = osError;
  }

  override get name(): string {
    return 'ClientConnectorError';
  }
}

function sslText(ssl: unknown): string {
  if (ssl === true) return 'default';
  return typeof ssl === 'object' ? '[options]' : String(ssl);
}

function textOf(error: Error): string {
  // Without the number, as Python's strerror.
  return error.message.replace(/^\[Errno -?\d+\] /, '');
}

function fieldsOf(error: Error): OSErrorFields {
  const { code, errno, syscall } = error as OSError;
  return { code, errno, syscall, cause: error };
}

/** The name of the host could not be looked up. */
export class ClientConnectorDNSError extends ClientConnectorError {
  override get name(): string {
    return 'ClientConnectorDNSError';
  }
}

/** The proxy could not be connected to. */
export class ClientProxyConnectionError extends ClientConnectorError {
  override get name(): string {
    return 'ClientProxyConnectionError';
  }
}

/** The Unix socket could not be connected to. */
export class UnixClientConnectorError extends ClientConnectorError {
  readonly path: string;

  constructor(path: string, place: ConnectionPlace, osError: Error) {
    super(
      place,
      osError,
      `Cannot connect to unix socket ${path} ssl:${sslText(place.ssl)} [${textOf(osError)}]`,
    );
    this.path = path;
  }

  override get name(): string {
    return 'UnixClientConnectorError';
  }
}

/** Root of what goes wrong with TLS while connecting. */
export class ClientSSLError extends ClientConnectorError {
  override get name(): string {
    return 'ClientSSLError';
  }
}

/** The TLS handshake failed. */
export class ClientConnectorSSLError extends ClientSSLError {
  override get name(): string {
    return 'ClientConnectorSSLError';
  }
}

/** The certificate of the server is not to be trusted. */
export class ClientConnectorCertificateError extends ClientSSLError {
  override get name(): string {
    return 'ClientConnectorCertificateError';
  }

  /** What is wrong with it. */
  get certificateError(): Error {
    return this.osError;
  }
}

/** Root of what servers do wrong with connections. */
export class ServerConnectionError extends ClientConnectionError {
  override get name(): string {
    return 'ServerConnectionError';
  }
}

/** The server closed the connection before it had answered. */
export class ServerDisconnectedError extends ServerConnectionError {
  constructor(message = 'Server disconnected', options?: ErrorOptions) {
    super(message, options);
  }

  override get name(): string {
    return 'ServerDisconnectedError';
  }
}

/** The server took too long. An `asyncio.TimeoutError` too. */
export class ServerTimeoutError extends TimeoutError {
  override get name(): string {
    return 'ServerTimeoutError';
  }
}

/** No connection could be had in time. */
export class ConnectionTimeoutError extends ServerTimeoutError {
  override get name(): string {
    return 'ConnectionTimeoutError';
  }
}

/** Nothing was to be read in time. */
export class SocketTimeoutError extends ServerTimeoutError {
  override get name(): string {
    return 'SocketTimeoutError';
  }
}

/** The certificate is not the one that was asked for. */
export class ServerFingerprintMismatch extends ServerConnectionError {
  readonly expected: string;
  readonly got: string;
  readonly host: string;
  readonly port: number;

  constructor(expected: string, got: string, place: ConnectionPlace) {
    super(
      `the certificate of ${place.host}:${place.port} has the fingerprint ${got}, and ${expected} was expected`,
    );
    this.expected = expected;
    this.got = got;
    this.host = place.host;
    this.port = place.port;
  }

  override get name(): string {
    return 'ServerFingerprintMismatch';
  }
}

// ---- of responses ---------------------------------------------------------------------------------------------------------------

/** What the error of a response tells besides what was asked for. */
export interface ResponseErrorDetails {
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly headers?: CIMultiDict | undefined;
  readonly cause?: unknown;
}

/** The response is not what was hoped for. */
export class ClientResponseError extends ClientError {
  readonly requestInfo: RequestInfo;
  /** The responses that redirected here, oldest first. */
  readonly history: readonly ClientResponse[];
  /** The status; 0 where there is none. */
  readonly status: number;
  /** What aiohttp calls `message`: the reason that the server gave, or what is wrong. */
  readonly reason: string;
  readonly headers: CIMultiDict | undefined;

  constructor(
    requestInfo: RequestInfo,
    history: readonly ClientResponse[],
    details: ResponseErrorDetails = {},
  ) {
    const { status = 0, reason = '', headers, cause } = details;
    super(
      `${status}, message='${reason}', url='${requestInfo.realUrl.href}'`,
      cause === undefined ? undefined : { cause },
    );
    this.requestInfo = requestInfo;
    this.history = history;
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }

  override get name(): string {
    return 'ClientResponseError';
  }
}

/** The body is not of the type that was expected. */
export class ContentTypeError extends ClientResponseError {
  override get name(): string {
    return 'ContentTypeError';
  }
}

/** The server did not agree to a WebSocket. */
export class WSServerHandshakeError extends ClientResponseError {
  override get name(): string {
    return 'WSServerHandshakeError';
  }
}

/** The proxy did not agree to connect. */
export class ClientHttpProxyError extends ClientResponseError {
  override get name(): string {
    return 'ClientHttpProxyError';
  }
}

/** Redirected too often. */
export class TooManyRedirects extends ClientResponseError {
  override get name(): string {
    return 'TooManyRedirects';
  }
}

/** The body ended too early, or cannot be decoded. */
export class ClientPayloadError extends ClientError {
  override get name(): string {
    return 'ClientPayloadError';
  }
}

// ---- of URLs --------------------------------------------------------------------------------------------------------------------

/** Root of the errors of redirects whose URL cannot be used. */
export class RedirectClientError extends ClientError {
  override get name(): string {
    return 'RedirectClientError';
  }
}

/** The URL cannot be used. A `ValueError` too. */
export class InvalidURL extends ValueError {
  /** What was given. */
  readonly url: string;
  /** What is wrong with it. */
  readonly description: string | undefined;

  constructor(url: string, description?: string) {
    super(description === undefined ? url : `${url} - ${description}`);
    this.url = url;
    this.description = description;
  }

  override get name(): string {
    return 'InvalidURL';
  }
}

/** The URL is none. */
export class InvalidUrlClientError extends InvalidURL {
  override get name(): string {
    return 'InvalidUrlClientError';
  }
}

/** The server redirected to what is no URL. */
export class InvalidUrlRedirectClientError extends InvalidUrlClientError {
  override get name(): string {
    return 'InvalidUrlRedirectClientError';
  }
}

/** The URL is not one of HTTP or WebSockets. */
export class NonHttpUrlClientError extends InvalidURL {
  override get name(): string {
    return 'NonHttpUrlClientError';
  }
}

/** The server redirected to what is not HTTP. */
export class NonHttpUrlRedirectClientError extends NonHttpUrlClientError {
  override get name(): string {
    return 'NonHttpUrlRedirectClientError';
  }
}

// ---- what has two bases -----------------------------------------------------------------------------------------------------------

/** The bases of a class besides the one that it extends. */
const FURTHER: ReadonlyMap<unknown, Class> = new Map<unknown, Class>([
  [ClientOSError, ClientConnectionError],
  [ServerTimeoutError, ServerConnectionError],
  [InvalidURL, ClientError],
  [InvalidUrlRedirectClientError, RedirectClientError],
  [NonHttpUrlRedirectClientError, RedirectClientError],
]);

const isOf = Function.prototype[Symbol.hasInstance];

/** `instanceof`, along both bases. */
function isInstance(this: Class, value: unknown): boolean {
  if (isOf.call(this, value)) return true;
  if (!(value instanceof Error)) return false;
  for (let proto: unknown = value; proto !== null; proto = Object.getPrototypeOf(proto)) {
    const base = FURTHER.get((proto as Error).constructor);
    if (base !== undefined && (base === this || isOf.call(this, base.prototype))) return true;
  }
  return false;
}

// The subclasses have it from here.
Object.defineProperty(ClientError, Symbol.hasInstance, { value: isInstance });
