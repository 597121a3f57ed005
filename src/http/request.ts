/**
 * One request, as it goes over the wire: its head, its body, and sending it along a route. A redirect makes another one of it.
 *
 * Source: aiohttp docs, "Client Reference", `ClientSession.request`; undici docs, "Dispatcher".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { BasicAuth } from './basic-auth.ts';
import { BodyPump, bytesOf, type Compression, compressed, type RequestBody } from './body.ts';
import type { Connection } from './connection.ts';
import { ClientConnectionError, ClientError, type RequestInfo } from './errors.ts';
import { Exchange, type ExchangeOptions, type Head } from './exchange.ts';
import type { CIMultiDict } from './multi-dict.ts';
import type { ProxyServer, Route } from './open.ts';
import type { RequestClock } from './timeouts.ts';
import { type SslOption, sslKey } from './tls-options.ts';
import { type Target, withoutFragment } from './url.ts';

/** What a request is made of. */
export interface RequestParts {
  readonly method: string;
  readonly target: Target;
  /** All but those that the body and the route bring. Belongs to the request. */
  readonly headers: CIMultiDict;
  readonly auth: BasicAuth | null;
  readonly body: RequestBody | null;
  readonly compress: Compression | null;
  readonly chunked: boolean;
  readonly skipContentType: boolean;
  readonly proxy: ProxyServer | null;
  readonly ssl: SslOption;
  readonly serverHostname: string | null;
  /** The protocol that the server is asked to change to. */
  readonly upgrade: string | null;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** The method in the form that is sent. */
export function methodOf(method: unknown): string {
  if (typeof method !== 'string') throw new TypeError(`the method must be a string, not ${describe(method)}`);
  if (!METHOD.test(method))
    throw new ValueError(`Method cannot contain non-token characters ${describe(method)}`);
  const upper = method.toUpperCase();
  if (upper === 'CONNECT')
    throw new ValueError('CONNECT is what proxies are asked with: give { proxy } for a tunnel through one');
  return upper;
}

export class ClientRequest {
  readonly #parts: RequestParts;
  readonly #bytes: Uint8Array | null;
  /** When sending it failed: had anything been sent? */
  wasSent = false;
  #info: RequestInfo | null = null;

  constructor(parts: RequestParts) {
    this.#parts = parts;
    const { headers, auth, body } = parts;
    if (auth !== null) {
      if (headers.has('Authorization')) {
        throw new ValueError(
          'Cannot combine AUTHORIZATION header with AUTH argument or credentials encoded in URL',
        );
      }
      headers.set('Authorization', auth.encode());
    }
    this.#bytes = body === null ? null : this.#bodyBytes(body);
    if (body !== null && body.contentType !== null && !parts.skipContentType) {
      headers.setDefault('Content-Type', body.contentType);
    }
  }

  #bodyBytes(body: RequestBody): Uint8Array | null {
    const { compress, headers, chunked } = this.#parts;
    if (compress !== null) {
      if (headers.has('Content-Encoding'))
        throw new ValueError('compress can not be set if Content-Encoding header is set');
      headers.set('Content-Encoding', compress);
    }
    if (headers.has('Transfer-Encoding')) {
      if (chunked)
        throw new ValueError('chunked can not be set if "Transfer-Encoding: chunked" header is set');
      headers.delete('Transfer-Encoding');
      return null;
    }
    if (chunked) {
      if (headers.has('Content-Length'))
        throw new ValueError('chunked can not be set if Content-Length header is set');
      return null;
    }
    const bytes = bytesOf(body);
    return bytes === null || compress === null ? bytes : compressed(bytes, compress);
  }

  get url(): URL {
    return this.#parts.target.url;
  }

  get method(): string {
    return this.#parts.method;
  }

  get headers(): CIMultiDict {
    return this.#parts.headers;
  }

  /** Can the same be sent again, after it was sent? */
  get isRepeatable(): boolean {
    return this.#parts.body === null || this.#bytes !== null;
  }

  /** What errors and the response tell of it. */
  readonly info = (): RequestInfo => {
    const { target, method, headers } = this.#parts;
    this.#info ??= Object.freeze({
      url: withoutFragment(target.url),
      method,
      headers,
      realUrl: new URL(target.url),
    });
    return this.#info;
  };

  /** Where it goes. */
  route(): Route {
    const { target, ssl, serverHostname, proxy } = this.#parts;
    const { secure, host, port } = target;
    const plain = proxy === null && serverHostname === null && (ssl === true || !secure);
    const key = plain
      ? target.key
      : `${target.key} ${sslKey(ssl)} ${serverHostname ?? ''} ${proxyKey(proxy)}`;
    return { key, host, port, secure, ssl, serverHostname, proxy };
  }

  /** Send it, and wait for the head of the answer. */
  *send(connection: Connection, clock: RequestClock, options: ExchangeOptions): Coroutine<[Exchange, Head]> {
    const exchange = new Exchange(connection, clock, options, this.info);
    const { method, upgrade } = this.#parts;
    try {
      const pump = this.#pump(exchange);
      if (pump !== null) exchange.attach(pump);
      connection.dispatch(
        {
          path: this.#path(),
          method,
          headers: this.#wireHeaders(),
          body: (this.#bytes ?? pump) as never,
          upgrade,
          reset: connection.forceClose,
        },
        exchange,
      );
      return [exchange, yield* exchange.head];
    } catch (error) {
      this.wasSent = exchange.wasSent;
      exchange.abort(error instanceof Error ? error : new ClientError(String(error)));
      // Nobody else waits for it.
      exchange.head._markRetrieved();
      throw error;
    }
  }

  #pump(exchange: Exchange): BodyPump | null {
    const { body, compress } = this.#parts;
    if (body === null || this.#bytes !== null) return null;
    const failed = (error: unknown): void => exchange.abort(bodyError(error));
    return new BodyPump(exchange.loop, body.pieces, compress, failed, exchange.sent);
  }

  /** Is it the proxy that is asked, and not the server through it? */
  get #asksProxy(): boolean {
    return this.#parts.proxy !== null && !this.#parts.target.secure;
  }

  /** What stands in the first line: of a proxy that is asked for something, the whole URL. */
  #path(): string {
    const { target } = this.#parts;
    return this.#asksProxy ? `http://${target.authority}${target.path}` : target.path;
  }

  #wireHeaders(): string[] {
    const { headers, target, proxy } = this.#parts;
    const flat = headers.has('Host') ? headers._flat.slice() : ['Host', target.authority, ...headers._flat];
    if (proxy !== null && this.#asksProxy) {
      if (proxy.headers !== null) flat.push(...proxy.headers._flat);
      if (proxy.auth !== null) flat.push('Proxy-Authorization', proxy.auth.encode());
    }
    return flat;
  }
}

function proxyKey(proxy: ProxyServer | null): string {
  if (proxy === null) return '';
  return `${proxy.url.href} ${proxy.auth?.encode() ?? ''} ${proxy.headers?.toString() ?? ''}`;
}

function bodyError(error: unknown): Error {
  if (error instanceof ClientError) return error;
  return new ClientConnectionError(`Can not write request body: ${describe(error)}`, { cause: error });
}
