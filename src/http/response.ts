/**
 * `ClientResponse`: the answer of a server.
 *
 * It is there when its head has come; the body is read when it is asked for. Leaving the block of `asyncWith`, `release()` and disposal give the
 * connection back: to the pool where the whole body has come, else it is closed. Source: aiohttp docs, "Client Reference", `ClientResponse`.
 */
import { isUtf8 } from 'node:buffer';
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { LookupError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { warn } from '../core/warn.ts';
import { toBuffer } from '../net/bytes.ts';
import type { BodyReader } from './body-reader.ts';
import { type Cookie, parseSetCookies } from './cookies.ts';
import { ClientConnectionError, ClientResponseError, ContentTypeError, type RequestInfo } from './errors.ts';
import type { Exchange, Head } from './exchange.ts';
import type { CIMultiDict } from './multi-dict.ts';

/** How bytes that are no text in the encoding are taken. */
export type DecodeErrors = 'strict' | 'replace';

export interface TextOptions {
  /** By default what the response says, or UTF-8. */
  readonly encoding?: string | undefined;
  /** `'strict'`, the default, throws; `'replace'` puts U+FFFD. */
  readonly errors?: DecodeErrors | undefined;
}

export interface JsonOptions<T = unknown> {
  readonly encoding?: string | undefined;
  /** The type that the response must have; `null` for any. `application/json`, the default, stands for `application/*+json` too. */
  readonly contentType?: string | null | undefined;
  /** By default `JSON.parse`. */
  readonly loads?: ((text: string) => T) | undefined;
}

const unread = new FinalizationRegistry<{ readonly exchange: Exchange; readonly info: () => RequestInfo }>(
  ({ exchange, info }) => {
    if (exchange.isOver) return;
    exchange.abort(new ClientConnectionError('Connection closed'));
    warn(
      `Unclosed response <${info().url.href}>: read() it, release() it, or use it in asyncWith() or await using`,
      'ResourceWarning',
    );
  },
);

export class ClientResponse implements AsyncDisposable, Disposable {
  readonly status: number;
  /** What the server said of the status, such as `OK`. */
  readonly reason: string;
  readonly headers: CIMultiDict;
  /** The responses that redirected here, oldest first. */
  readonly history: readonly ClientResponse[];
  readonly #exchange: Exchange;
  readonly #info: () => RequestInfo;
  /** Keeps the session, and so its connections, while there is something to read. */
  readonly #session: object;
  #body: Uint8Array | null = null;
  #released = false;
  #cookies: Map<string, Cookie> | null = null;

  /** @internal */
  constructor(
    exchange: Exchange,
    head: Head,
    info: () => RequestInfo,
    history: readonly ClientResponse[],
    session: object,
  ) {
    this.status = head.status;
    this.reason = head.reason;
    this.headers = head.headers;
    this.history = history;
    this.#exchange = exchange;
    this.#info = info;
    this.#session = session;
    if (!exchange.isOver) watch(this, exchange, info);
  }

  // ---- the head -----------------------------------------------------------------------------------------------------------------

  get method(): string {
    return this.#info().method;
  }

  /** Where it came from, after redirects; without the fragment. */
  get url(): URL {
    return this.#info().url;
  }

  /** The same with the fragment. */
  get realUrl(): URL {
    return this.#info().realUrl;
  }

  get host(): string {
    return this.#info().url.host;
  }

  /** What was asked for. */
  get requestInfo(): RequestInfo {
    return this.#info();
  }

  /** Is the status below 400? */
  get ok(): boolean {
    return this.status < 400;
  }

  /** The cookies that the server set with this response, by their names. */
  get cookies(): ReadonlyMap<string, Cookie> {
    this.#cookies ??= parseSetCookies(this.headers.getAll('Set-Cookie'));
    return this.#cookies;
  }

  /** The type of the body, without its parameters; `application/octet-stream` where there is none. */
  get contentType(): string {
    const [type = ''] = (this.headers.get('Content-Type') ?? '').split(';');
    const trimmed = type.trim().toLowerCase();
    return /^[^/\s]+\/[^/\s]+$/.test(trimmed) ? trimmed : 'application/octet-stream';
  }

  /** The encoding that the type names, or `null`. */
  get charset(): string | null {
    const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(this.headers.get('Content-Type') ?? '');
    return match?.[1] ?? match?.[2] ?? null;
  }

  /** How long the body is as it is sent, where the server says so. */
  get contentLength(): number | null {
    const text = this.headers.get('Content-Length');
    return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
  }

  /** The name of the encoding that `text()` uses: what the response names, or UTF-8, also where it names one that nobody knows. */
  getEncoding(): string {
    const { charset } = this;
    return charset !== null && isEncoding(charset) ? charset : 'utf-8';
  }

  /** @throws {ClientResponseError} where the status is 400 or above. */
  raiseForStatus(): void {
    if (this.ok) return;
    this.release();
    throw new ClientResponseError(this.#info(), this.history, {
      status: this.status,
      reason: this.reason,
      headers: this.headers,
    });
  }

  // ---- the body -----------------------------------------------------------------------------------------------------------------

  /** The body as it comes. */
  get content(): BodyReader {
    return this.#exchange.content;
  }

  /** Read the whole body. Once read it is kept: it can be asked for again. */
  read(): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#read, this);
  }

  *#read(): Coroutine<Uint8Array> {
    if (this.#body !== null) return this.#body;
    if (this.#released) throw new ClientConnectionError('Connection closed');
    try {
      this.#body = yield* this.#exchange.content.read();
    } catch (error) {
      this.close();
      throw error;
    }
    return this.#body;
  }

  /**
   * Read the body as text.
   * @throws {ValueError} where it is no text in the encoding; {LookupError} where nobody knows that.
   */
  text(options: TextOptions = {}): CoroutineObject<string> {
    return new LazyCoroutine<string>(this.#text, this, [options]);
  }

  *#text({ encoding = this.getEncoding(), errors = 'strict' }: TextOptions): Coroutine<string> {
    return decode(yield* this.#read(), encoding, errors);
  }

  /**
   * Read the body as JSON; an empty one gives `null`.
   * @throws {ContentTypeError} where the response is of another type; {SyntaxError} where it is no JSON.
   */
  json<T = unknown>(options: JsonOptions<T> = {}): CoroutineObject<T> {
    return new LazyCoroutine<T>(this.#json as never, this, [options]);
  }

  *#json<T>({ encoding, contentType = 'application/json', loads }: JsonOptions<T>): Coroutine<T | null> {
    const body = yield* this.#read();
    if (contentType !== null && !isOfType(this.contentType, contentType.toLowerCase())) {
      throw new ContentTypeError(this.#info(), this.history, {
        status: this.status,
        reason: `Attempt to decode JSON with unexpected mimetype: ${this.contentType}`,
        headers: this.headers,
      });
    }
    const text = decode(body, encoding ?? this.getEncoding(), 'strict');
    if (text.trim() === '') return null;
    return loads === undefined ? (JSON.parse(text) as T) : loads(text);
  }

  // ---- the end ------------------------------------------------------------------------------------------------------------------

  /** Was it released or closed? */
  get closed(): boolean {
    return this.#released;
  }

  /** Nothing more is wanted of it. A connection on which something is still to come is closed. */
  release(): void {
    this.#leave();
  }

  /** The same: a connection whose answer is complete has gone back to the pool already. */
  close(): void {
    this.#leave();
  }

  #leave(): void {
    if (this.#released) return;
    this.#released = true;
    const error = new ClientConnectionError('Connection closed');
    this.#exchange.abort(error);
    const { content } = this.#exchange;
    if (content.exception() === null) content.setException(error);
  }

  *aenter(): Coroutine<this> {
    return this;
  }

  *aexit(_error?: unknown): Coroutine<void> {
    this.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  toString(): string {
    return `<ClientResponse(${this.url.href}) [${this.status} ${this.reason}]>`;
  }

  /** @internal */
  _owner(): object {
    return this.#session;
  }
}

/** Tell if `response` is collected before its body has come. */
function watch(response: ClientResponse, exchange: Exchange, info: () => RequestInfo): void {
  unread.register(response, { exchange, info }, exchange);
  exchange.onEnd = () => unread.unregister(exchange);
}

function isOfType(type: string, expected: string): boolean {
  if (expected !== 'application/json') return type === expected;
  return type === expected || /^application\/[\w.+-]+\+json$/.test(type);
}

/** As Python has them: a byte is a character. To the web they are names of Windows' own. */
const LATIN1 = /^(?:latin[-_]?1|l1|iso[-_]?8859[-_]?1|8859|cp819)$/i;

function isEncoding(name: string): boolean {
  if (LATIN1.test(name)) return true;
  try {
    return new TextDecoder(name).encoding !== '';
  } catch {
    return false;
  }
}

function decode(body: Uint8Array, encoding: string, errors: DecodeErrors): string {
  if (errors !== 'strict' && errors !== 'replace')
    throw new ValueError(`errors must be 'strict' or 'replace', not ${describe(errors)}`);
  const label = encoding.toLowerCase();
  if ((label === 'utf-8' || label === 'utf8') && (errors === 'replace' || isUtf8(body))) {
    return toBuffer(body).toString('utf8');
  }
  if (LATIN1.test(encoding)) return toBuffer(body).toString('latin1');
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: errors === 'strict', ignoreBOM: true });
  } catch {
    throw new LookupError(`unknown encoding: ${encoding}`);
  }
  try {
    return decoder.decode(body);
  } catch {
    throw new ValueError(
      `the body of ${body.length} bytes is no text in ${encoding}: give another { encoding }, { errors: 'replace' }, or use read()`,
    );
  }
}
