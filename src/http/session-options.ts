/**
 * What sessions and their requests can be told.
 */
import type { Eventually } from '../structured/async-with.ts';
import type { BasicAuth } from './basic-auth.ts';
import type { Compression, RequestData } from './body.ts';
import type { BaseConnector } from './connector.ts';
import type { AbstractCookieJar } from './cookie-jar.ts';
import type { LooseCookies } from './cookies.ts';
import type { LooseHeaders } from './multi-dict.ts';
import type { ProxyOptions } from './proxies.ts';
import type { ClientResponse } from './response.ts';
import type { ClientTimeoutOptions } from './timeouts.ts';
import type { SslOption } from './tls-options.ts';
import type { Params } from './url.ts';

/** `true`: a status of 400 or above is an error; a function decides itself, by throwing. */
export type RaiseForStatus = boolean | ((response: ClientResponse) => Eventually<unknown>);

export interface ClientSessionOptions extends ProxyOptions {
  /** What the URLs of requests are relative to; it ends with a slash. */
  readonly baseUrl?: string | URL | undefined;
  /** Where connections come from; by default a `TCPConnector` of the session's own. */
  readonly connector?: BaseConnector | undefined;
  /** Does closing the session close the connector? By default, yes. */
  readonly connectorOwner?: boolean | undefined;
  /** Sent with every request. */
  readonly headers?: LooseHeaders | undefined;
  /** Headers that are not to be added by themselves, such as `User-Agent` and `Content-Type`. */
  readonly skipAutoHeaders?: Iterable<string> | undefined;
  /** In the jar from the beginning, for every host. */
  readonly cookies?: LooseCookies | undefined;
  readonly cookieJar?: AbstractCookieJar | undefined;
  readonly auth?: BasicAuth | undefined;
  /** By default 300 s for the whole of a request, and 30 s to connect. */
  readonly timeout?: ClientTimeoutOptions | undefined;
  readonly raiseForStatus?: RaiseForStatus | undefined;
  /** Unpack what is compressed; by default, yes. */
  readonly autoDecompress?: boolean | undefined;
  /** How much of a body may wait to be read, in bytes; 64 KiB by default. Twice as much stops the connection. */
  readonly readBufsize?: number | undefined;
  /** Use the proxies that the environment names: `http_proxy`, `https_proxy`, `no_proxy`. */
  readonly trustEnv?: boolean | undefined;
  /** How `json` is written; `JSON.stringify` by default. */
  readonly jsonSerialize?: ((value: unknown) => string) | undefined;
}

export interface RequestOptions extends ProxyOptions {
  /** Added to the query of the URL. */
  readonly params?: Params | undefined;
  /** The body. */
  readonly data?: RequestData | undefined;
  /** The body, as JSON. */
  readonly json?: unknown;
  /** In place of the session's of the same names. */
  readonly headers?: LooseHeaders | undefined;
  readonly skipAutoHeaders?: Iterable<string> | undefined;
  /** Besides those of the jar. They are not kept, and not sent to other hosts. */
  readonly cookies?: LooseCookies | undefined;
  readonly auth?: BasicAuth | undefined;
  /** In place of the session's. */
  readonly timeout?: ClientTimeoutOptions | undefined;
  /** Follow redirects; by default, yes, but for HEAD. */
  readonly allowRedirects?: boolean | undefined;
  /** How many times at most; 10 by default, 0 for any number. */
  readonly maxRedirects?: number | undefined;
  readonly raiseForStatus?: RaiseForStatus | undefined;
  /** Compress the body. */
  readonly compress?: boolean | Compression | undefined;
  /** Send the body in chunks, though its length is known. */
  readonly chunked?: boolean | undefined;
  /** How the server proves who it is; by default as the connector says. */
  readonly ssl?: SslOption | undefined;
  /** The name that the server's certificate must be for, where it is not the host's. */
  readonly serverHostname?: string | undefined;
  readonly autoDecompress?: boolean | undefined;
  readonly readBufsize?: number | undefined;
}

export interface WebSocketOptions
  extends Omit<
    RequestOptions,
    'data' | 'json' | 'compress' | 'chunked' | 'raiseForStatus' | 'autoDecompress' | 'readBufsize'
  > {
  readonly method?: string | undefined;
  /** Those that may be spoken, the preferred one first. */
  readonly protocols?: readonly string[] | undefined;
  readonly origin?: string | undefined;
  /** How long `close()` waits for the other side, in seconds; 10 by default. */
  readonly closeTimeout?: number | undefined;
  /** How long `receive()` waits, in seconds; by default as long as it takes. */
  readonly receiveTimeout?: number | undefined;
  /** Answer pings; by default, yes. Else they are received. */
  readonly autoping?: boolean | undefined;
  /** Answer a close; by default, yes. */
  readonly autoclose?: boolean | undefined;
  /** Send a ping after this many seconds of silence, and close where no answer comes in half that time. */
  readonly heartbeat?: number | undefined;
  /** The longest message, in bytes; 4 MiB by default, 0 for any. */
  readonly maxMsgSize?: number | undefined;
}

/** What there is, for those who check what they were given. */
export const SESSION_OPTIONS: readonly (keyof ClientSessionOptions)[] = [
  'baseUrl',
  'connector',
  'connectorOwner',
  'headers',
  'skipAutoHeaders',
  'cookies',
  'cookieJar',
  'auth',
  'timeout',
  'raiseForStatus',
  'autoDecompress',
  'readBufsize',
  'trustEnv',
  'jsonSerialize',
  'proxy',
  'proxyAuth',
  'proxyHeaders',
];

/** The same of a request. */
export const REQUEST_OPTIONS: readonly (keyof RequestOptions)[] = [
  'params',
  'data',
  'json',
  'headers',
  'skipAutoHeaders',
  'cookies',
  'auth',
  'timeout',
  'allowRedirects',
  'maxRedirects',
  'raiseForStatus',
  'compress',
  'chunked',
  'ssl',
  'serverHostname',
  'autoDecompress',
  'readBufsize',
  'proxy',
  'proxyAuth',
  'proxyHeaders',
];

/** The same of a WebSocket. */
export const WEBSOCKET_OPTIONS: readonly (keyof WebSocketOptions)[] = [
  'params',
  'headers',
  'skipAutoHeaders',
  'cookies',
  'auth',
  'timeout',
  'allowRedirects',
  'maxRedirects',
  'ssl',
  'serverHostname',
  'proxy',
  'proxyAuth',
  'proxyHeaders',
  'method',
  'protocols',
  'origin',
  'closeTimeout',
  'receiveTimeout',
  'autoping',
  'autoclose',
  'heartbeat',
  'maxMsgSize',
];
