/**
 * `Connection`: one socket, and undici's `Client` on it, which speaks HTTP/1.1 there. It never connects again: when the socket is gone, so is it.
 *
 * One request at a time is on it. It goes back to the pool when the last byte of the answer has been read from the socket; given up before, it is
 * closed, so that no answer is ever taken for that of another request.
 */
import type net from 'node:net';
import type { Dispatcher, Client as UndiciClient } from 'undici';
import type { Engine } from './engine.ts';
import { ServerDisconnectedError } from './errors.ts';
import type { Route } from './open.ts';
import type { Pool, Poolable } from './pool.ts';

export interface ConnectionOptions {
  /** How long it may be idle, in seconds. */
  readonly keepaliveTimeout: number;
  /** Is it closed after one request? */
  readonly forceClose: boolean;
  /** The longest head of an answer, in bytes. */
  readonly maxHeadersSize: number;
}

/** How much earlier than the server says an idle connection is closed, in milliseconds, so that the server does not close it under a request. */
const EARLIER = 1000;

export class Connection implements Poolable {
  readonly socket: net.Socket;
  readonly forceClose: boolean;
  /** How many requests were sent on it. */
  requests = 0;
  readonly #pool: Pool<Connection>;
  readonly #key: string;
  readonly #client: UndiciClient;
  readonly #closed = Promise.withResolvers<void>();
  #hasSlot = true;
  #usable = true;

  constructor(
    pool: Pool<Connection>,
    engine: Engine,
    route: Route,
    socket: net.Socket,
    options: ConnectionOptions,
  ) {
    this.#pool = pool;
    this.#key = route.key;
    this.socket = socket;
    this.forceClose = options.forceClose;
    let unused = true;
    const milliseconds = Math.ceil(options.keepaliveTimeout * 1000);
    this.#client = new engine.Client(`${route.secure ? 'https' : 'http'}://${authorityOf(route)}`, {
      connect: (_options, callback) => {
        const first = unused;
        unused = false;
        // Not at once: undici is not ready for that.
        queueMicrotask(() => {
          if (first) callback(null, socket as never);
          else callback(new ServerDisconnectedError(), null);
        });
      },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: milliseconds,
      keepAliveMaxTimeout: milliseconds,
      keepAliveTimeoutThreshold: EARLIER,
      maxHeaderSize: options.maxHeadersSize,
      // Time is kept by the loop.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pool.add(this);
    // It may have been closed before anybody could listen.
    if (socket.closed) this.#closed.resolve();
    else {
      socket.once('close', () => {
        this.#gone();
        this.#closed.resolve();
      });
    }
  }

  get isUsable(): boolean {
    return this.#usable && !this.socket.destroyed;
  }

  /** Is it one that was there before the request? */
  get wasUsed(): boolean {
    return this.requests > 1;
  }

  /** Send a request. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.requests++;
    this.#client.dispatch(options, handler);
  }

  /** Taken from the pool again. */
  take(): this {
    this.#hasSlot = true;
    return this;
  }

  /** The answer is complete: give the slot back, and the connection too, if it can be used again. */
  release(): void {
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    if (this.forceClose || this.#pool.isClosed) this.destroy();
    else if (this.isUsable) this.#pool.keep(this.#key, this);
    this.#pool.giveBack(this.#key);
  }

  /** The socket belongs to someone else from now on; the slot is held until it is closed. */
  detach(): void {
    this.#usable = false;
  }

  destroy(): void {
    this.#usable = false;
    if (!this.#client.destroyed) this.#client.destroy(ignore);
    this.socket.destroy();
    this.#gone();
  }

  /** @returns when the socket is closed. */
  closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Nothing can be sent on it any more. */
  #gone(): void {
    this.#usable = false;
    if (!this.#client.destroyed) this.#client.destroy(ignore);
    this.#pool.remove(this.#key, this);
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    this.#pool.giveBack(this.#key);
  }
}

function ignore(): void {}

function authorityOf({ host, port }: Route): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
