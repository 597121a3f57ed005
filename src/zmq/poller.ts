/**
 * `Poller`: waits for several sockets at once.
 *
 * Source: pyzmq's documentation, "zmq.asyncio.Poller", "zmq.Poller".
 */
import { KeyError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { getRunningLoop } from '../loop/loops.ts';
import { POLLIN, POLLOUT } from './constants.ts';
import { checkEvents, checkTimeout, pollSockets } from './poll.ts';
import { Socket } from './socket.ts';

const EITHER: number = POLLIN | POLLOUT;

export class Poller {
  readonly #masks = new Map<Socket, number>();

  /** The sockets that are waited for, each with its events, in the order of their registration. */
  get sockets(): [socket: Socket, events: number][] {
    return [...this.#masks];
  }

  /** Is `socket` waited for? */
  has(socket: Socket): boolean {
    return this.#masks.has(socket);
  }

  /**
   * Wait for `socket` too; or for other events of it. No events at all unregister it.
   * @param events any of `zmq.POLLIN` and `zmq.POLLOUT`; both by default.
   */
  register(socket: Socket, events: number = EITHER): void {
    if (!(socket instanceof Socket))
      throw new TypeError(`register() needs a socket of asyncio-ts/zmq, not ${describe(socket)}`);
    if (checkEvents(events, 'register()') !== 0) this.#masks.set(socket, events);
    else this.#masks.delete(socket);
  }

  /** Wait for other events of `socket`. */
  modify(socket: Socket, events: number = EITHER): void {
    this.register(socket, events);
  }

  /** Wait for `socket` no longer. @throws {KeyError} where it was not registered. */
  unregister(socket: Socket): void {
    if (!this.#masks.delete(socket)) throw new KeyError(String(socket));
  }

  /**
   * Wait until one socket at least is ready.
   * @param timeout in seconds; `null`, or nothing: for ever; 0: do not wait.
   * @returns the sockets that are ready, each with what can be done; none where the time was over before. `new Map(...)` makes a table of it.
   */
  poll(timeout: number | null = null): Future<[socket: Socket, events: number][]> {
    return pollSockets(getRunningLoop(), this.sockets, checkTimeout(timeout, 'poll()'));
  }
}
