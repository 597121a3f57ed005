/**
 * asyncio-ts/http: aiohttp's client, on undici.
 *
 *     session    requests, redirects, cookies, headers            ClientSession
 *     connector  connections, their limits, and making them       TCPConnector, UnixConnector
 *     exchange   one request on one connection, and its answer    ClientResponse
 *     websocket  messages both ways                               ClientWebSocketResponse
 */

export { BasicAuth } from './basic-auth.ts';
export type { Compression, RequestData } from './body.ts';
export { BodyReader } from './body-reader.ts';
export {
  BaseConnector,
  type ConnectorOptions,
  TCPConnector,
  type TCPConnectorOptions,
  UnixConnector,
} from './connector.ts';
export { type AbstractCookieJar, CookieJar, type CookieJarOptions, DummyCookieJar } from './cookie-jar.ts';
export type { Cookie, Cookies, LooseCookies } from './cookies.ts';
export * from './errors.ts';
export { type FieldOptions, FormData, type FormFields, type FormValue } from './form-data.ts';
export { CIMultiDict, type LooseHeaders } from './multi-dict.ts';
export type { PoolStatistics } from './pool.ts';
export type { ProxyOptions } from './proxies.ts';
export { RequestContext } from './request-context.ts';
export { ClientResponse, type DecodeErrors, type JsonOptions, type TextOptions } from './response.ts';
export { ClientSession } from './session.ts';
export type {
  ClientSessionOptions,
  RaiseForStatus,
  RequestOptions,
  WebSocketOptions,
} from './session-options.ts';
export { ClientTimeout, type ClientTimeoutOptions } from './timeouts.ts';
export { Fingerprint, type SslOption } from './tls-options.ts';
export type { Params } from './url.ts';
export { ClientWebSocketResponse } from './websocket.ts';
export { WebSocketError, WSCloseCode, type WSMessage, WSMsgType } from './ws-messages.ts';
