/**
 * `EventLoop`: the scheduler with its reactor, and one-line doors into the rooms that do input and output.
 *
 * Source: Python docs, "Event Loop", "Event Loop Methods".
 */
import type { Waitable } from '../core/awaitable.ts';
import type { CoroutineObject } from '../core/coroutine.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { Reactor } from '../core/reactor.ts';
import { Scheduler } from '../core/scheduler.ts';
import type { Port } from '../net/address.ts';
import { type ConnectOptions, createConnection } from '../net/connect.ts';
import { createServer, type Hosts, type ServeOptions } from '../net/create-server.ts';
import type { StreamProtocol } from '../net/protocols.ts';
import type { Server } from '../net/server.ts';
import type { StreamTransport } from '../net/stream-transport.ts';
import { LibuvReactor } from '../reactors/libuv/reactor.ts';

/** How a loop is made. */
export interface EventLoopOptions {
  /** What gives the loop the time and waits for it; by default the one that suits this platform. */
  readonly reactor?: Reactor | undefined;
}

export class EventLoop extends Scheduler {
  constructor(options: EventLoopOptions = {}) {
    super(options.reactor ?? new LibuvReactor());
  }

  /**
   * Run until `awaitable` is done without returning to Node, and give its result: Python's blocking `run_until_complete`. Async functions
   * cannot go on meanwhile, so only generator coroutines can be run.
   * @throws {NotImplementedError} where the loop's reactor cannot block.
   */
  runUntilCompleteSync<T>(awaitable: Waitable<T>): T {
    const reactor = this._reactor;
    if (reactor.block === undefined) {
      throw new NotImplementedError(
        `the ${reactor.name} reactor cannot block: use runUntilComplete(), which gives a promise`,
      );
    }
    return this._runBlocking(awaitable, (driven) => reactor.block?.(driven));
  }

  /**
   * Connect to `host` and `port`; the protocol that `factory` makes serves the connection.
   * @throws {OSError} where no address could be connected to.
   */
  createConnection<P extends StreamProtocol>(
    factory: () => P,
    host: string | null = null,
    port: Port = null,
    options: ConnectOptions = {},
  ): CoroutineObject<[transport: StreamTransport, protocol: P]> {
    return createConnection(this, factory, host, port, options);
  }

  /**
   * Serve at `host` and `port`, each connection with a protocol that `factory` makes.
   * @throws {OSError} where an address cannot be bound.
   */
  createServer(
    factory: () => StreamProtocol,
    host: Hosts = null,
    port: Port = null,
    options: ServeOptions = {},
  ): CoroutineObject<Server> {
    return createServer(this, factory, host, port, options);
  }

  override toString(): string {
    return `<EventLoop ${this._reactor.name} running=${this.isRunning()} closed=${this.isClosed()} debug=${this.getDebug()}>`;
  }
}
