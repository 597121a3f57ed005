/**
 * Sockets of one's own: what callers give as `sock`, in place of an address.
 *
 * The transport or the server owns it from then on, and closing them closes it. What each reactor takes is its own matter; what is said where
 * something is wrong is Python's. Source: Python docs, "Event Loop", `create_connection`, `create_server`, `connect_accepted_socket`.
 */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server as NetServer, Socket as NetSocket } from 'node:net';
import { captureScope } from '../core/async-scope.ts';
import type { Coroutine } from '../core/awaitable.ts';
import type { Address, Channel, DatagramChannel, GivenFamily, Listener, Network } from '../core/channel.ts';
import { NotImplementedError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';

/** A descriptor that is open, such as a service manager or a parent process hands over; it is given away. */
export interface SocketDescriptor {
  readonly fd: number;
  /** Of a socket of datagrams: 6 for IPv6, where the system does not show it. Linux does. */
  readonly family?: 4 | 6 | undefined;
}

/** A socket as Python has them: `detach()` gives its descriptor away, and leaves it closed. */
export interface DetachableSocket {
  fileno(): number;
  detach(): number;
}

/** A connected socket of streams, which nobody has read from: one of `node:net`, a descriptor, or something that has one. */
export type StreamSocketLike = NetSocket | SocketDescriptor | DetachableSocket;
/** A socket that is bound, or listens already: a server of `node:net`, a descriptor, or something that has one. */
export type ServerSocketLike = NetServer | SocketDescriptor | DetachableSocket;
/** A socket of datagrams: one of `node:dgram`, a descriptor, or something that has one. */
export type DatagramSocketLike = DatagramSocket | SocketDescriptor | DetachableSocket;
/** Any of them. */
export type SocketLike = StreamSocketLike | ServerSocketLike | DatagramSocketLike;

type Adopting = 'adoptStream' | 'adoptListener' | 'adoptDatagrams';

/** What a loop can do with sockets that others have made. @throws {NotImplementedError} where that is nothing. */
function adopting<K extends Adopting>(
  loop: Scheduler,
  capability: K,
  method: string,
): Required<Pick<Network, K>> {
  const network = networkOf(loop, method);
  if (network[capability] !== undefined) return network as Network & Required<Pick<Network, K>>;
  throw new NotImplementedError(
    `${method}(): the ${loop._reactor.name} reactor takes no sockets of one's own`,
  );
}

/** @throws {TypeError} where it is no object. */
function checkSocket(sock: unknown, where: string): object {
  if (typeof sock === 'object' && sock !== null) return sock;
  throw new TypeError(
    `${where}: sock must be a socket, such as a Socket of node:net or { fd }, not ${describe(sock)}`,
  );
}

/** The channel of a connected socket. */
export function adoptStream(loop: Scheduler, sock: unknown, method: string, family?: GivenFamily): Channel {
  const network = adopting(loop, 'adoptStream', method);
  const socket = checkSocket(sock, `${method}()`);
  try {
    // What happens on it belongs to no task, whoever gives it.
    return captureScope().runInAsyncScope(() => network.adoptStream(socket, family));
  } catch (error) {
    throw toOSError(error);
  }
}

/** The listener of a bound socket. */
export function* adoptListener(
  loop: Scheduler,
  sock: unknown,
  options: {
    readonly backlog: number;
    readonly keepAlive: boolean;
    readonly family?: GivenFamily | undefined;
  },
  method: string,
): Coroutine<Listener<Address>> {
  const network = adopting(loop, 'adoptListener', method);
  const socket = checkSocket(sock, `${method}()`);
  try {
    return yield* operate<Listener<Address>>(
      loop,
      (done) => network.adoptListener(socket, options, done),
      (listener) => listener.close(),
    );
  } catch (error) {
    throw toOSError(error);
  }
}

/** The channel of a socket of datagrams. */
export function* adoptDatagrams(loop: Scheduler, sock: unknown, method: string): Coroutine<DatagramChannel> {
  const network = adopting(loop, 'adoptDatagrams', method);
  const socket = checkSocket(sock, `${method}()`);
  try {
    return yield* operate<DatagramChannel>(
      loop,
      (done) => network.adoptDatagrams(socket, done),
      (channel) => channel.close(),
    );
  } catch (error) {
    throw toOSError(error);
  }
}

/** The channel of a Unix socket. @throws {ValueError} where it is of another family; it is left as it was, where that can be seen before it is taken. */
export function adoptUnixStream(loop: Scheduler, sock: unknown, method: string): Channel {
  const channel = adoptStream(loop, sock, method, 'unix');
  if (typeof channel.info('sockname') === 'string') return channel;
  channel.close();
  throw notUnix(sock);
}

/** The listener of a Unix socket. @throws {ValueError} where it is of another family; it is left as it was, where that can be seen before it is taken. */
export function* adoptUnixListener(
  loop: Scheduler,
  sock: unknown,
  backlog: number,
  method: string,
): Coroutine<Listener<string>> {
  const listener = yield* adoptListener(loop, sock, { backlog, keepAlive: false, family: 'unix' }, method);
  if (isUnix(listener)) return listener;
  listener.close();
  throw notUnix(sock);
}

function isUnix(listener: Listener<Address>): listener is Listener<string> {
  return typeof listener.address === 'string';
}

function notUnix(sock: unknown): ValueError {
  return new ValueError(`A UNIX Domain Stream Socket was expected, got ${describe(sock)}`);
}
