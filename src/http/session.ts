/**
 * `ClientSession`: makes requests, and keeps what they share: connections, cookies, headers.
 *
 * A request goes: URL, headers, cookies, proxy -> a connection of the connector -> the head of the answer -> redirects, the same again -> the response.
 * It waits in the task that asks, so cancelling that task cancels it, at whatever stage it is.
 * Source: aiohttp docs, "Client Reference", `ClientSession`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError, ValueError } from '../core/errors.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import { checkOptions } from '../net/address.ts';
import { eventually } from '../structured/async-with.ts';
import { BasicAuth } from './basic-auth.ts';
import { bodyOf, type Compression, jsonBody, type RequestBody } from './body.ts';
import { type BaseConnector, TCPConnector } from './connector.ts';
import { type AbstractCookieJar, CookieJar } from './cookie-jar.ts';
import { cookiesOf, parseSetCookies } from './cookies.ts';
import { ACCEPTED } from './decoder.ts';
import { ClientOSError, ClientPayloadError, ServerDisconnectedError, TooManyRedirects } from './errors.ts';
import type { Exchange, ExchangeOptions, Head } from './exchange.ts';
import { CIMultiDict } from './multi-dict.ts';
import type { ProxyServer } from './open.ts';
import { proxyFromEnvironment, proxyOf } from './proxies.ts';
import { becomesGet, dropBodyHeaders, dropSecrets, isRedirect, redirectTarget } from './redirects.ts';
import { ClientRequest, methodOf } from './request.ts';
import { RequestContext } from './request-context.ts';
import { ClientResponse } from './response.ts';
import {
  type ClientSessionOptions,
  type RaiseForStatus,
  REQUEST_OPTIONS,
  type RequestOptions,
  SESSION_OPTIONS,
  WEBSOCKET_OPTIONS,
  type WebSocketOptions,
} from './session-options.ts';
import { ClientTimeout, DEFAULT_TIMEOUT, RequestClock } from './timeouts.ts';
import { baseUrlOf, Target, targetOf } from './url.ts';
import { ClientWebSocketResponse } from './websocket.ts';
import { Handshake } from './ws-handshake.ts';

/** The methods that may be sent twice: the second time does no more than the first. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

const DEFAULT_BUFSIZE = 64 * 1024;
const DEFAULT_REDIRECTS = 10;
const USER_AGENT = `asyncio-ts Node.js/${process.versions.node.split('.', 2).join('.')}`;
const AUTOMATIC: readonly (readonly [string, string])[] = [
  ['Accept', '*/*'],
  ['Accept-Encoding', ACCEPTED],
  ['User-Agent', USER_AGENT],
];

interface Unclosed {
  readonly close: () => void;
  readonly loop: Scheduler;
}

const unclosed = new FinalizationRegistry<Unclosed>(({ close, loop }) => {
  close();
  const advice = 'close() it, or use it in asyncWith() or await using';
  if (loop.isClosed()) warn(`Unclosed client session: ${advice}`, 'ResourceWarning');
  else loop.callExceptionHandler({ message: `Unclosed client session: ${advice}` });
});

/** What one request is on its way through redirects. */
interface Journey {
  method: string;
  target: Target;
  headers: CIMultiDict;
  body: RequestBody | null;
  auth: BasicAuth | null;
  /** Are the options' own cookies sent? */
  ownCookies: boolean;
  readonly history: ClientResponse[];
}

export class ClientSession {
  readonly #loop: Scheduler;
  readonly #options: ClientSessionOptions;
  readonly #connector: BaseConnector;
  readonly #jar: AbstractCookieJar;
  readonly #baseUrl: URL | null;
  readonly #headers: CIMultiDict;
  /** The session's headers with those that are added by themselves. */
  readonly #ready: CIMultiDict;
  readonly #timeout: ClientTimeout;
  readonly #proxy: ProxyServer | null;
  #closed = false;

  /** @throws {RuntimeError} where no loop runs. */
  constructor(options: ClientSessionOptions = {}) {
    const loop = running.loop;
    if (loop === null) throw new RuntimeError('no running event loop: make sessions inside a coroutine');
    checkOptions(options, SESSION_OPTIONS, 'ClientSession()');
    this.#loop = loop;
    this.#options = options;
    this.#baseUrl = options.baseUrl === undefined ? null : baseUrlOf(options.baseUrl);
    this.#headers = new CIMultiDict(options.headers);
    this.#timeout = options.timeout === undefined ? DEFAULT_TIMEOUT : toTimeout(options.timeout);
    this.#proxy = proxyOf(options);
    this.#jar = options.cookieJar ?? new CookieJar();
    if (options.cookies !== undefined) this.#jar.updateCookies(options.cookies);
    this.#ready = this.#automatic(this.#headers.copy(), undefined);
    if (options.connector !== undefined) {
      this.#connector = options.connector;
      // Somebody else has it too, and is told himself if it is not closed.
      if (options.connectorOwner !== false) unclosed.register(this, { close: () => {}, loop }, this);
    } else {
      this.#connector = new TCPConnector();
      unclosed.register(this, { close: this.#connector._adopt(), loop }, this);
    }
  }

  /** Was it closed? */
  get closed(): boolean {
    return this.#closed || this.#connector.closed;
  }

  get connector(): BaseConnector {
    return this.#connector;
  }

  get cookieJar(): AbstractCookieJar {
    return this.#jar;
  }

  /** What is sent with every request. */
  get headers(): CIMultiDict {
    return this.#headers.copy();
  }

  get timeout(): ClientTimeout {
    return this.#timeout;
  }

  get auth(): BasicAuth | undefined {
    return this.#options.auth;
  }

  // ---- requests -----------------------------------------------------------------------------------------------------------------

  /**
   * Make a request. Nothing happens until the result is awaited, or used in `asyncWith`, which releases the response at its end.
   *
   * ```ts
   * const text = yield* asyncio.asyncWith(session.get('http://localhost:8080/'), (response) => response.text());
   * ```
   * @throws {ClientError} and its subclasses; {TimeoutError} where it takes too long; {InvalidURL} where `url` is none.
   */
  request(method: string, url: string | URL, options: RequestOptions = {}): RequestContext<ClientResponse> {
    checkOptions(options, REQUEST_OPTIONS, 'the request');
    return new RequestContext<ClientResponse>(this.#request as never, this, [method, url, options]);
  }

  get(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('GET', url, options);
  }

  options(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('OPTIONS', url, options);
  }

  /** Redirects are not followed unless `allowRedirects` says so. */
  head(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('HEAD', url, { allowRedirects: false, ...options });
  }

  post(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('POST', url, options);
  }

  put(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('PUT', url, options);
  }

  patch(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('PATCH', url, options);
  }

  delete(url: string | URL, options?: RequestOptions): RequestContext<ClientResponse> {
    return this.request('DELETE', url, options);
  }

  /**
   * Open a WebSocket.
   * @throws {WSServerHandshakeError} where the server does not agree.
   */
  wsConnect(url: string | URL, options: WebSocketOptions = {}): RequestContext<ClientWebSocketResponse> {
    checkOptions(options, WEBSOCKET_OPTIONS, 'wsConnect()');
    return new RequestContext<ClientWebSocketResponse>(this.#wsConnect as never, this, [url, options]);
  }

  *#wsConnect(url: string | URL, options: WebSocketOptions): Coroutine<ClientWebSocketResponse> {
    const handshake = new Handshake(options);
    const headers = new CIMultiDict(options.headers).update(handshake.headers);
    const request: RequestOptions = { ...options, headers };
    const response = yield* this.#request(options.method ?? 'GET', url, request, handshake);
    const { upgraded, protocol } = handshake.accept(response);
    return new ClientWebSocketResponse(response, upgraded, protocol, this.#loop, options);
  }

  *#request(
    method: string,
    url: string | URL,
    options: RequestOptions,
    handshake: Handshake | null = null,
  ): Coroutine<ClientResponse> {
    this.#check();
    const journey: Journey = {
      method: methodOf(method),
      target: targetOf(url, this.#baseUrl, options.params),
      headers: this.#headersFor(options),
      body: this.#bodyFor(options),
      auth: options.auth ?? this.#options.auth ?? null,
      ownCookies: true,
      history: [],
    };
    const timeout = options.timeout === undefined ? this.#timeout : toTimeout(options.timeout);
    const clock = new RequestClock(this.#loop, timeout.total);
    try {
      const response = yield* this.#travel(journey, options, timeout, clock, handshake);
      const raise = options.raiseForStatus ?? this.#options.raiseForStatus ?? false;
      if (raise !== false && handshake === null) yield* judge(response, raise);
      return response;
    } catch (error) {
      clock.stop();
      throw error;
    }
  }

  /** From one redirect to the next, until a response is the last. */
  *#travel(
    journey: Journey,
    options: RequestOptions,
    timeout: ClientTimeout,
    clock: RequestClock,
    handshake: Handshake | null,
  ): Coroutine<ClientResponse> {
    const { allowRedirects = true, maxRedirects = DEFAULT_REDIRECTS } = options;
    const exchangeOptions: ExchangeOptions = {
      sockRead: timeout.sockRead,
      autoDecompress: options.autoDecompress ?? this.#options.autoDecompress ?? true,
      readBufsize: options.readBufsize ?? this.#options.readBufsize ?? DEFAULT_BUFSIZE,
    };
    for (;;) {
      clock.check();
      const request = this.#requestFor(journey, options, handshake);
      const [exchange, head] = yield* this.#send(request, timeout, clock, exchangeOptions);
      const history = journey.history.slice();
      const response = new ClientResponse(exchange, head, request.info, history, this);
      if (head.headers.has('Set-Cookie')) {
        this.#jar.updateCookies(parseSetCookies(head.headers.getAll('Set-Cookie')), request.url);
      }
      const target = allowRedirects && isRedirect(head.status) ? redirectOf(response, request.url) : null;
      if (target === null) {
        exchange.settle();
        if (handshake !== null) handshake.take(exchange, head);
        return response;
      }
      journey.history.push(response);
      response.release();
      if (maxRedirects > 0 && journey.history.length >= maxRedirects) {
        const [first] = journey.history;
        throw new TooManyRedirects((first as ClientResponse).requestInfo, journey.history, {
          status: head.status,
          reason: head.reason,
          headers: head.headers,
        });
      }
      follow(journey, head.status, target, request.isRepeatable);
    }
  }

  /** Send it, once more where the connection was an old one that the server had closed. */
  *#send(
    request: ClientRequest,
    timeout: ClientTimeout,
    clock: RequestClock,
    options: ExchangeOptions,
  ): Coroutine<[Exchange, Head]> {
    const route = request.route();
    for (let retried = false; ; ) {
      const connection = yield* this.#connector._connect(route, timeout, clock, request.info);
      try {
        return yield* request.send(connection, clock, options);
      } catch (error) {
        const broken = error instanceof ServerDisconnectedError || error instanceof ClientOSError;
        if (!broken || !connection.wasUsed) throw error;
        if (request.wasSent) {
          if (retried || !request.isRepeatable || !IDEMPOTENT.has(request.method)) throw error;
          retried = true;
        }
      }
    }
  }

  // ---- what goes with a request ---------------------------------------------------------------------------------------------------

  #check(): void {
    if (this.closed) throw new RuntimeError('Session is closed');
    if (running.loop !== this.#loop) {
      throw new RuntimeError('the session belongs to another event loop: make one in the loop that uses it');
    }
  }

  #headersFor({ headers, skipAutoHeaders }: RequestOptions): CIMultiDict {
    if (headers === undefined && skipAutoHeaders === undefined) return this.#ready.copy();
    const merged = this.#headers.copy();
    if (headers !== undefined) merged.update(headers);
    return this.#automatic(merged, skipAutoHeaders);
  }

  #automatic(headers: CIMultiDict, more: Iterable<string> | undefined): CIMultiDict {
    const skipped = this.#skipped(more);
    for (const [name, value] of AUTOMATIC)
      if (!skipped.has(name.toLowerCase())) headers.setDefault(name, value);
    return headers;
  }

  #skipped(more: Iterable<string> | undefined): ReadonlySet<string> {
    const names = [...(this.#options.skipAutoHeaders ?? []), ...(more ?? [])];
    return new Set(names.map((name) => name.toLowerCase()));
  }

  #bodyFor({ data, json }: RequestOptions): RequestBody | null {
    if (json !== undefined) {
      if (data !== undefined)
        throw new ValueError('data and json parameters can not be used at the same time');
      return jsonBody(json, this.#options.jsonSerialize ?? JSON.stringify);
    }
    return data === undefined || data === null ? null : bodyOf(data);
  }

  #requestFor(journey: Journey, options: RequestOptions, handshake: Handshake | null): ClientRequest {
    const { target } = journey;
    const { url } = target;
    const headers = journey.headers.copy();
    this.#addCookies(headers, url, journey.ownCookies ? options.cookies : undefined);
    const proxy =
      proxyOf(options) ?? this.#proxy ?? (this.#options.trustEnv === true ? proxyFromEnvironment(url) : null);
    return new ClientRequest({
      method: journey.method,
      target,
      headers,
      auth: authFor(journey, options),
      body: journey.body,
      compress: journey.body === null ? null : compressionOf(options.compress),
      chunked: options.chunked === true,
      skipContentType: journey.body !== null && this.#skipped(options.skipAutoHeaders).has('content-type'),
      proxy,
      ssl: options.ssl ?? this.#connector.ssl,
      serverHostname: options.serverHostname ?? null,
      upgrade: handshake === null ? null : 'websocket',
    });
  }

  #addCookies(headers: CIMultiDict, url: URL, own: RequestOptions['cookies']): void {
    const cookies = this.#jar.filterCookies(url);
    if (own !== undefined) for (const cookie of cookiesOf(own)) cookies.set(cookie.name, cookie);
    if (cookies.size === 0) return;
    const given = headers.get('Cookie');
    const all = [...cookies.values()].map(({ name, codedValue }) => `${name}=${codedValue}`);
    headers.set('Cookie', [...(given === undefined ? [] : [given]), ...all].join('; '));
  }

  // ---- the end --------------------------------------------------------------------------------------------------------------------

  /** Close the session and, unless it belongs to somebody else, its connector; and wait until the connections are closed. */
  close(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#close, this);
  }

  *#close(): Coroutine<void> {
    if (this.#closed) return;
    this.#closed = true;
    unclosed.unregister(this);
    if (this.#options.connectorOwner !== false && !this.#connector.closed) yield* this.#connector.close();
  }

  *aenter(): Coroutine<this> {
    return this;
  }

  aexit(_error?: unknown): CoroutineObject<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): CoroutineObject<void> {
    return this.close();
  }

  toString(): string {
    return `<ClientSession${this.closed ? ' closed' : ''}>`;
  }
}

function redirectOf(response: ClientResponse, from: URL): URL | null {
  try {
    return redirectTarget(response.headers, from);
  } catch (error) {
    response.release();
    throw error;
  }
}

/** Go on to where a response redirects to. */
function follow(journey: Journey, status: number, target: URL, repeatable: boolean): void {
  if (becomesGet(status, journey.method)) {
    journey.method = 'GET';
    journey.body = null;
    dropBodyHeaders(journey.headers);
  } else if (!repeatable) {
    throw new ClientPayloadError(
      'Cannot follow redirect with a consumed request body: give it as bytes, or set { allowRedirects: false }',
    );
  }
  if (target.origin !== journey.target.url.origin) {
    journey.auth = null;
    journey.ownCookies = false;
    dropSecrets(journey.headers);
  }
  journey.target = new Target(target);
}

/** What is in the URL comes first; both is an error. */
function authFor({ target, auth, history }: Journey, options: RequestOptions): BasicAuth | null {
  const inUrl = target.hasUser ? BasicAuth.fromUrl(target.url) : null;
  if (inUrl === null) return auth;
  if (options.auth !== undefined && history.length === 0) {
    throw new ValueError('Cannot combine AUTH argument with credentials encoded in URL');
  }
  return inUrl;
}

function compressionOf(compress: RequestOptions['compress']): Compression | null {
  if (compress === undefined || compress === false) return null;
  if (compress === true) return 'deflate';
  if (compress === 'gzip' || compress === 'deflate') return compress;
  throw new ValueError(`compress must be true, 'deflate' or 'gzip', not ${String(compress)}`);
}

function toTimeout(options: ClientSessionOptions['timeout']): ClientTimeout {
  return options instanceof ClientTimeout ? options : new ClientTimeout(options);
}

function* judge(response: ClientResponse, raise: Exclude<RaiseForStatus, false>): Coroutine<void> {
  try {
    if (raise === true) response.raiseForStatus();
    else yield* eventually(raise(response));
  } catch (error) {
    response.release();
    throw error;
  }
}
