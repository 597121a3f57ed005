/**
 * `Server`: listens at one address or several, and gives each connection to a protocol of its own.
 *
 * It knows its connections until they are lost. `waitClosed` ends when it has been closed and the last of them is gone, in whichever order;
 * closing it does not touch them, `closeClients` and `abortClients` do. Source: Python docs, "Event Loop", "Server Objects" (3.14).
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Address, Channel, Listener, ListenerSink, SocketAddress } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { CancelledError, isExit, OSError, RuntimeError, TimeoutError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { sleep } from '../core/sleep.ts';
import { wait } from '../structured/wait.ts';
import { waitFor } from '../structured/wait-for.ts';
import { AbstractServer } from './abstract-server.ts';
import { checkOptions } from './address.ts';
import { makeProtocol } from './connect.ts';
import { beginHandshake } from './handshake.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { SOCK_STREAM } from './socket-constants.ts';
import { StreamTransport, type TransportOwner } from './stream-transport.ts';
import type { Tls } from './tls-options.ts';
import { TlsTransport } from './tls-transport.ts';
import { TransportSocket } from './transport-socket.ts';

/** A connection that came: its transport, or the handshake before there is one. */
type Client = Pick<StreamTransport, 'close' | 'abort'>;
/** How a server is shut down. */
export interface ShutdownOptions {
  /** How long connections and their handlers have to end by themselves, in seconds; `null`: as long as they need. */
  readonly grace: number | null;
}
/** What the system says when it cannot accept a connection for want of something. */
const OUT_OF_RESOURCES: readonly string[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'];

/** @typeParam A what addresses it listens at: host and port, or a path. `Server<Address>` is any server. */
export class Server<A extends Address = SocketAddress>
  extends AbstractServer
  implements TransportOwner, ListenerSink
{
  readonly #loop: Scheduler;
  readonly #factory: () => StreamProtocol;
  readonly #clients = new Set<Client>();
  readonly #tls: Tls | null;
  readonly #where: string;
  readonly #sockets: readonly TransportSocket<A>[];
  #listeners: readonly Listener<A>[] | null;
  #serving = false;
  #servingForever: Future<never> | null = null;
  /** @internal The handlers of its connections that run, where they are coroutines. */
  _handlers: ReadonlySet<Future<unknown>> = new Set();
  #cutShort = false;
  /** Who waits for the end; `null` when it has come. */
  #waiters: Future<void>[] | null = [];

  /** @internal Made by `createServer` and `startServer`. */
  constructor(
    loop: Scheduler,
    listeners: readonly Listener<A>[],
    factory: () => StreamProtocol,
    tls: Tls | null = null,
    where = 'createServer()',
  ) {
    super();
    this.#tls = tls;
    this.#loop = loop;
    this.#where = where;
    this.#listeners = listeners;
    this.#factory = factory;
    this.#sockets = listeners.map(
      (listener) => new TransportSocket<A>({ info: (name) => factOf(listener, name) }, SOCK_STREAM),
    );
  }

  /** The sockets that it listens with, each with its `getsockname()`; none when it was closed. */
  get sockets(): readonly TransportSocket<A>[] {
    return this.#listeners === null ? [] : this.#sockets;
  }

  /** The loop that it belongs to. */
  override getLoop(): Scheduler {
    return this.#loop;
  }

  /** Does it accept connections? */
  override isServing(): boolean {
    return this.#serving;
  }

  /** Stop listening. Connections that were accepted go on. */
  override close(): void {
    const listeners = this.#listeners;
    if (listeners === null) return;
    this.#listeners = null;
    this.#serving = false;
    for (const listener of listeners) listener.close();
    const forever = this.#servingForever;
    this.#servingForever = null;
    if (forever !== null && !forever.done()) forever.cancel();
    this.#wakeIfEnded();
  }

  /** Close every connection that it accepted, after what they have to send. */
  override closeClients(): void {
    for (const client of [...this.#clients]) client.close();
  }

  /** Close every connection that it accepted at once. */
  override abortClients(): void {
    for (const client of [...this.#clients]) client.abort();
  }

  /** Begin to accept connections; for servers that were made with `startServing: false`. Has no effect on one that does. */
  override startServing(): CoroutineObject<void> {
    return new LazyCoroutine(this.#startServing, this);
  }

  *#startServing(): Coroutine<void> {
    this._start();
    yield* sleep(0);
  }

  /** @internal */
  _start(): void {
    if (this.#serving) return;
    if (this.#listeners === null) throw new RuntimeError(`server ${this} is closed`);
    this.#serving = true;
    for (const listener of this.#listeners) listener.accept(this);
  }

  /**
   * Accept connections until the task is cancelled, which closes the server and its connections, after what they have to send.
   * @throws {RuntimeError} where it was closed, or another task is in this method.
   */
  override serveForever(): CoroutineObject<never> {
    return new LazyCoroutine(this.#serveForever, this);
  }

  *#serveForever(): Coroutine<never> {
    if (this.#servingForever !== null) {
      throw new RuntimeError(`server ${this} is already being awaited on serveForever()`);
    }
    this._start();
    const forever = this.#loop.createFuture<never>();
    this.#servingForever = forever;
    try {
      return yield* forever;
    } catch (error) {
      if (error instanceof CancelledError) {
        this.close();
        this.closeClients();
        try {
          yield* this.#waitClosed();
        } catch (other) {
          // A second cancellation ends the waiting; the first one is what is told.
          if (!(other instanceof CancelledError)) throw other;
        }
      }
      throw error;
    } finally {
      if (this.#servingForever === forever) this.#servingForever = null;
    }
  }

  /** Wait until the server is closed and all its connections are gone. */
  override waitClosed(): CoroutineObject<void> {
    return new LazyCoroutine(this.#waitClosed, this);
  }

  *#waitClosed(): Coroutine<void> {
    if (this.#waiters === null) return;
    const waiter = this.#loop.createFuture<void>();
    this.#waiters.push(waiter);
    yield* waiter;
  }

  /**
   * End gracefully: stop listening, let the connections and their handlers end by themselves for `grace` seconds, then abort the connections and
   * cancel the handlers that are left. Called again with a shorter `grace` it is that which counts, so `{ grace: 0 }` ends the waiting of the first call.
   * Cancelled, it aborts and cancels at once. Called inside of a handler it waits for that handler too, and then cancels it.
   *
   * ```ts
   * const server = yield* asyncio.startServer(handle, '127.0.0.1', 8888);
   * const allDone = yield* server.shutdown({ grace: 10 });
   * ```
   * @returns whether all ended by themselves.
   * @throws {TypeError} for a `grace` that is neither a number nor `null`, {ValueError} for one that is no number; nothing has ended then.
   */
  shutdown(options: ShutdownOptions): CoroutineObject<boolean> {
    return new LazyCoroutine<boolean>(this.#shutdown, this, [options]);
  }

  *#shutdown(options: ShutdownOptions): Coroutine<boolean> {
    checkOptions(options, ['grace'], 'shutdown()');
    const { grace } = options;
    if (grace !== null && typeof grace !== 'number') {
      throw new TypeError(
        `shutdown(): grace must be a number of seconds, or null for as long as it takes, not ${describe(grace)}`,
      );
    }
    // What is no time is found out before anything ends.
    const ended = waitFor(() => this.#ended(), grace);
    this.close();
    try {
      yield* ended;
    } catch (error) {
      const told = new Set<Future<unknown>>();
      if (this.#waiters !== null || this._handlers.size > 0) this.#cut(told);
      if (!(error instanceof TimeoutError)) throw error;
      yield* this.#waitClosed();
      while (this._handlers.size > 0) {
        // One may have begun just before its connection was aborted.
        this.#cut(told);
        yield* wait([...this._handlers]);
      }
    }
    return !this.#cutShort;
  }

  /** Abort the connections, and cancel the handlers, each once: what they do then to clean up is their own. */
  #cut(told: Set<Future<unknown>>): void {
    this.#cutShort = true;
    this.abortClients();
    for (const handler of this._handlers) {
      if (!told.has(handler)) handler.cancel();
      told.add(handler);
    }
  }

  /** Wait until all connections are gone, and their handlers have ended. */
  *#ended(): Coroutine<void> {
    yield* this.#waitClosed();
    while (this._handlers.size > 0) yield* wait([...this._handlers]);
  }

  #wakeIfEnded(): void {
    const waiters = this.#waiters;
    if (waiters === null || this.#listeners !== null || this.#clients.size > 0) return;
    this.#waiters = null;
    // The last connections go with the loop, and so does whoever waits for that.
    if (this.#loop.isClosed()) return;
    for (const waiter of waiters) if (!waiter.done()) waiter.setResult(undefined);
  }

  // ---- connections --------------------------------------------------------------------------------------------------------------

  /** For the channel: A connection came. Its protocol is made in the next iteration, as everything that belongs to the user runs. */
  listenerAccepted(channel: Channel): void {
    if (this.#loop.isClosed()) channel.close();
    else this.#loop._soon(acceptOne, [this, channel], null);
  }

  /** For the channel. */
  listenerFailed(error: unknown): void {
    const exception = toOSError(error);
    const exhausted = exception instanceof OSError && OUT_OF_RESOURCES.includes(exception.code ?? '');
    const message = exhausted
      ? 'socket.accept() out of system resource'
      : 'A connection could not be accepted';
    this.#loop.callExceptionHandler({ message, exception, server: this });
  }

  /** For the channel: whoever made the server that was given has closed it. So is this one, then. */
  listenerClosed(): void {
    this.close();
  }

  /** @internal */
  _accept(channel: Channel): void {
    if (this.#listeners === null) {
      channel.close();
      return;
    }
    try {
      const protocol = makeProtocol(this.#factory, this.#where);
      if (this.#tls === null) new StreamTransport(this.#loop, channel, protocol, { owner: this });
      else this.#secure(channel, protocol, this.#tls);
    } catch (exception) {
      channel.close();
      if (isExit(exception)) throw exception;
      this.#notMade(exception, {});
    }
  }

  /** Whom the handshake fails with is nobody's concern but the client's: it is reported in debug mode alone. */
  #secure(channel: Channel, protocol: StreamProtocol, tls: Tls): void {
    const operation = beginHandshake(this.#loop, channel, tls, null, (outcome) => {
      if ('value' in outcome) new TlsTransport(this.#loop, outcome.value, protocol, { owner: this });
      this._detach(client);
      if ('value' in outcome) return;
      const { error } = outcome;
      if (this.#loop.getDebug() || !(error instanceof OSError)) this.#notMade(error, { protocol });
    });
    const giveUp = () => {
      operation.cancel();
      this._detach(client);
    };
    const client: Client = { close: giveUp, abort: giveUp };
    this._attach(client);
  }

  #notMade(exception: unknown, about: object): void {
    const message = 'Error on transport creation for incoming connection';
    this.#loop.callExceptionHandler({ message, exception, server: this, ...about });
  }

  /** @internal */
  _attach(client: Client): void {
    this.#clients.add(client);
  }

  /** @internal */
  _detach(client: Client): void {
    this.#clients.delete(client);
    this.#wakeIfEnded();
  }

  override toString(): string {
    return `<Server sockets=[${this.sockets.join(', ')}]>`;
  }
}

function acceptOne(server: Server<Address>, channel: Channel): void {
  server._accept(channel);
}

function factOf(listener: Listener<Address>, name: string): Address | number | undefined {
  if (name === 'sockname') return listener.address;
  return name === 'fileno' ? listener.fileno : undefined;
}
