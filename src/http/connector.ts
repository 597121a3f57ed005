/**
 * `TCPConnector` and `UnixConnector`: where sessions get their connections from, and the limits of them.
 *
 * Source: aiohttp docs, "Client Reference", "Connectors".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { wrapFuture } from '../core/ensure-future.ts';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { warn } from '../core/warn.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { loadEngine } from './engine.ts';
import { ClientConnectionError, ConnectionTimeoutError, type RequestInfo } from './errors.ts';
import { type OpenOptions, openSocket, type Route } from './open.ts';
import { Pool, type PoolStatistics } from './pool.ts';
import type { ClientTimeout, RequestClock } from './timeouts.ts';
import { type SslOption, sslKey } from './tls-options.ts';

export interface ConnectorOptions {
  /** How many connections may be in use at once; 100 by default, 0 for no limit. */
  readonly limit?: number | undefined;
  /** How many of them to one host (name, port, and whether with TLS); 0, the default, for no limit. */
  readonly limitPerHost?: number | undefined;
  /** How long an idle connection is kept, in seconds; 15 by default. A server that says that it keeps it less long is believed. */
  readonly keepaliveTimeout?: number | undefined;
  /** Close each connection after one request. */
  readonly forceClose?: boolean | undefined;
  /** How servers prove who they are, for requests that do not say so themselves. */
  readonly ssl?: SslOption | undefined;
  /** The longest head of an answer, in bytes; 64 KiB by default. */
  readonly maxHeadersSize?: number | undefined;
}

export interface TCPConnectorOptions extends ConnectorOptions {
  /** The family of addresses: 4, 6, or 0 for either, which is the default. */
  readonly family?: 0 | 4 | 6 | undefined;
  /** The address to connect from. */
  readonly localAddress?: string | undefined;
}

const unclosed = new FinalizationRegistry<{ readonly name: string; readonly pool: Pool<Connection> }>(
  ({ name, pool }) => {
    if (pool.isClosed || pool.isEmpty) return;
    warn(
      `Unclosed connector <${name}>: close() it, or use it in asyncWith() or await using`,
      'ResourceWarning',
    );
    void pool.close();
  },
);

/** What sessions ask of connectors. */
export class BaseConnector {
  readonly #pool: Pool<Connection>;
  readonly #connection: ConnectionOptions;
  readonly #open: OpenOptions;
  readonly #ssl: SslOption;

  constructor(options: ConnectorOptions, open: OpenOptions) {
    const { limit = 100, limitPerHost = 0, keepaliveTimeout = 15, maxHeadersSize = 65_536 } = options;
    this.#pool = new Pool(checked(limit, 'limit'), checked(limitPerHost, 'limitPerHost'));
    this.#connection = {
      keepaliveTimeout: checkedTime(keepaliveTimeout),
      maxHeadersSize: checked(maxHeadersSize, 'maxHeadersSize'),
      forceClose: options.forceClose === true || keepaliveTimeout === 0,
    };
    this.#open = open;
    this.#ssl = options.ssl ?? true;
    sslKey(this.#ssl);
    unclosed.register(this, { name: this.constructor.name, pool: this.#pool }, this);
  }

  /** Was it closed? */
  get closed(): boolean {
    return this.#pool.isClosed;
  }

  /** How servers prove who they are. */
  get ssl(): SslOption {
    return this.#ssl;
  }

  /** Is each connection closed after one request? */
  get forceClose(): boolean {
    return this.#connection.forceClose;
  }

  /** A frozen snapshot. */
  statistics(): PoolStatistics {
    return this.#pool.statistics();
  }

  /** Close all connections, those in use as well, and wait until they are closed. */
  close(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#close, this);
  }

  *#close(): Coroutine<void> {
    yield* wrapFuture(this._closeNow());
  }

  /** @internal */
  _closeNow(): Promise<unknown> {
    unclosed.unregister(this);
    return this.#pool.close();
  }

  /** @internal Whoever has this one tells itself if it is not closed. @returns how to close it then. */
  _adopt(): () => void {
    unclosed.unregister(this);
    const pool = this.#pool;
    return () => void pool.close();
  }

  /** @internal A connection along `route`, in the time that `timeout` leaves. */
  *_connect(
    route: Route,
    timeout: ClientTimeout,
    clock: RequestClock,
    info: () => RequestInfo,
  ): Coroutine<Connection> {
    const pool = this.#pool;
    if (timeout.connect === null) {
      yield* pool.acquire(route.key, clock);
      const idle = pool.takeIdle(route.key);
      return idle === null ? yield* this.#make(route, timeout, clock, info) : idle.take();
    }
    const limit = clock.limit(timeout.connect, () => tooLate(info));
    try {
      yield* pool.acquire(route.key, clock);
      const idle = pool.takeIdle(route.key);
      return idle === null ? yield* this.#make(route, timeout, clock, info) : idle.take();
    } finally {
      limit?.cancel();
    }
  }

  *#make(
    route: Route,
    timeout: ClientTimeout,
    clock: RequestClock,
    info: () => RequestInfo,
  ): Coroutine<Connection> {
    const pool = this.#pool;
    const limit = clock.limit(timeout.sockConnect, () => tooLate(info));
    try {
      const engine = yield* loadEngine();
      clock.check();
      const socket = yield* openSocket(route, this.#open, clock, info);
      if (pool.isClosed) {
        socket.destroy();
        throw new ClientConnectionError('Connector is closed');
      }
      return new Connection(pool, engine, route, socket, this.#connection);
    } catch (error) {
      pool.giveBack(route.key);
      throw error;
    } finally {
      limit?.cancel();
    }
  }

  *aenter(): Coroutine<this> {
    return this;
  }

  aexit(_error?: unknown): CoroutineObject<void> {
    return this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toString(): string {
    const { acquired, idle, waiting } = this.statistics();
    return `<${this.constructor.name}${this.closed ? ' closed' : ''} acquired=${acquired} idle=${idle} waiting=${waiting}>`;
  }
}

function tooLate(info: () => RequestInfo): Error {
  return new ConnectionTimeoutError(`Connection timeout to host ${info().url.href}`);
}

/** Connections over TCP, with TLS where the URL asks for it. */
export class TCPConnector extends BaseConnector {
  constructor(options: TCPConnectorOptions = {}) {
    const { family = 0, localAddress = null } = options;
    if (family !== 0 && family !== 4 && family !== 6)
      throw new ValueError(`family must be 0, 4 or 6, not ${family}`);
    super(options, { family, localAddress, path: null });
  }
}

/** Connections to a Unix socket, whatever the host in the URL. */
export class UnixConnector extends BaseConnector {
  /** The path of the socket. */
  readonly path: string;

  constructor(path: string, options: ConnectorOptions = {}) {
    if (typeof path !== 'string') throw new TypeError(`UnixConnector() needs a path, not ${describe(path)}`);
    super(options, { family: 0, localAddress: null, path });
    this.path = path;
  }
}

function checked(count: unknown, name: string): number {
  if (typeof count !== 'number') throw new TypeError(`${name} must be a number, not ${describe(count)}`);
  if (!Number.isInteger(count) || count < 0)
    throw new ValueError(`${name} must be 0 or a positive whole number, not ${count}`);
  return count;
}

function checkedTime(seconds: unknown): number {
  if (typeof seconds !== 'number')
    throw new TypeError(`keepaliveTimeout must be a number of seconds, not ${describe(seconds)}`);
  if (!(seconds >= 0)) throw new ValueError(`keepaliveTimeout must not be negative, not ${seconds}`);
  // The longest time that a timer of Node can be set for.
  return seconds === 0 ? 1 : Math.min(seconds, 2 ** 31 / 1000 - 1);
}
