/**
 * `Server`: listens at one address or several, and gives each connection to a protocol of its own.
 *
 * It knows its connections until they are lost. `waitClosed` ends when it has been closed and the last of them is gone, in whichever order;
 * closing it does not touch them, `closeClients` and `abortClients` do. Source: Python docs, "Event Loop", "Server Objects" (3.14).
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Address, Channel, Listener, ListenerSink, SocketAddress } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { CancelledError, isExit, OSError, RuntimeError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { sleep } from '../core/sleep.ts';
import { AbstractServer } from './abstract-server.ts';
import { makeProtocol } from './connect.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { StreamTransport, type TransportOwner } from './stream-transport.ts';
import { TransportSocket } from './transport-socket.ts';

/** What the system says when it cannot accept a connection for want of something. */
const OUT_OF_RESOURCES: readonly string[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'];

/** @typeParam A what addresses it listens at: host and port, or a path. `Server<Address>` is any server. */
export class Server<A extends Address = SocketAddress>
  extends AbstractServer
  implements TransportOwner, ListenerSink
{
  readonly #loop: Scheduler;
  readonly #factory: () => StreamProtocol;
  readonly #clients = new Set<StreamTransport>();
  readonly #where: string;
  readonly #sockets: readonly TransportSocket<A>[];
  #listeners: readonly Listener<A>[] | null;
  #serving = false;
  #servingForever: Future<never> | null = null;
  /** Who waits for the end; `null` when it has come. */
  #waiters: Future<void>[] | null = [];

  /** @internal Made by `createServer` and `startServer`. */
  constructor(
    loop: Scheduler,
    listeners: readonly Listener<A>[],
    factory: () => StreamProtocol,
    where = 'createServer()',
  ) {
    super();
    this.#loop = loop;
    this.#where = where;
    this.#listeners = listeners;
    this.#factory = factory;
    this.#sockets = listeners.map(
      (listener) => new TransportSocket<A>({ info: (name) => factOf(listener, name) }),
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
    for (const transport of [...this.#clients]) transport.close();
  }

  /** Close every connection that it accepted at once. */
  override abortClients(): void {
    for (const transport of [...this.#clients]) transport.abort();
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

  #wakeIfEnded(): void {
    const waiters = this.#waiters;
    if (waiters === null || this.#listeners !== null || this.#clients.size > 0) return;
    this.#waiters = null;
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

  /** @internal */
  _accept(channel: Channel): void {
    if (this.#listeners === null) {
      channel.close();
      return;
    }
    try {
      new StreamTransport(this.#loop, channel, makeProtocol(this.#factory, this.#where), {
        owner: this,
      });
    } catch (exception) {
      channel.close();
      if (isExit(exception)) throw exception;
      this.#loop.callExceptionHandler({
        message: 'Error on transport creation for incoming connection',
        exception,
        server: this,
      });
    }
  }

  /** @internal */
  _attach(transport: StreamTransport): void {
    this.#clients.add(transport);
  }

  /** @internal */
  _detach(transport: StreamTransport): void {
    this.#clients.delete(transport);
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
