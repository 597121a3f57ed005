/**
 * `createServer`: look up the hosts, bind to all their addresses, and make a server of them.
 *
 * Either all addresses are bound or none is; an address that this machine does not have (a family that is switched off) is left out where
 * others remain. Source: Python docs, "Event Loop", "Creating network servers"; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Address, Endpoint, Family, Listener, ListenOptions } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { OSError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { sleep } from '../core/sleep.ts';
import {
  addressOf,
  checkFamily,
  checkHost,
  checkOptions,
  formatAddress,
  type Port,
  toPort,
} from './address.ts';
import { adoptListener, type ServerSocketLike } from './given-socket.ts';
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { Server } from './server.ts';
import { SERVER_TLS_OPTIONS, type ServerTlsOptions, serverTls } from './tls-options.ts';

/** How to serve. */
export interface ServeOptions extends ServerTlsOptions {
  /** Only addresses of this family; 0 for any. */
  readonly family?: Family | undefined;
  /** How many connections may wait to be accepted; 100 by default. */
  readonly backlog?: number | undefined;
  /** May a restarted program have the port back at once? By default as the platform does. */
  readonly reuseAddress?: boolean | null | undefined;
  /** May other processes listen at the same port, the system sharing out the connections? */
  readonly reusePort?: boolean | null | undefined;
  /** Are idle connections probed? */
  readonly keepAlive?: boolean | null | undefined;
  /** Are connections accepted from the beginning? If not, `startServing()` or `serveForever()` begins. */
  readonly startServing?: boolean | undefined;
  /** A socket that is bound, or listens already, in place of host and port. The server owns it. */
  readonly sock?: ServerSocketLike | null | undefined;
}

/** A host to listen at, several of them, or `null` (or nothing) for every interface. */
export type Hosts = string | readonly string[] | null;

const OPTIONS = [
  'family',
  'backlog',
  'reuseAddress',
  'reusePort',
  'keepAlive',
  'startServing',
  'sock',
  ...SERVER_TLS_OPTIONS,
] as const;
const WHERE = 'createServer()';

/**
 * Serve at `host` and `port`; each connection is given to a protocol that `factory` makes. Port 0, or none, lets the system choose:
 * `server.sockets` tell which.
 * @throws {OSError} where an address cannot be bound.
 */
export function createServer(
  loop: Scheduler,
  factory: () => StreamProtocol,
  host: Hosts = null,
  port: Port = null,
  options: ServeOptions = {},
): CoroutineObject<Server> {
  return new LazyCoroutine<Server>(serverAt as never, undefined, [loop, factory, host, port, options]);
}

Object.defineProperty(serverAt, 'name', { value: 'createServer' });

function* serverAt(
  loop: Scheduler,
  factory: () => StreamProtocol,
  host: Hosts,
  port: Port,
  options: ServeOptions,
): Coroutine<Server> {
  checkOptions(options, OPTIONS, WHERE);
  checkFactory(factory, WHERE);
  const tls = serverTls(loop, options, WHERE);
  const { sock = null } = options;
  if (sock !== null) {
    if (host !== null || port !== null) {
      throw new ValueError('host/port and sock can not be specified at the same time');
    }
    const backlog = checkBacklog(options.backlog, WHERE);
    const keepAlive = options.keepAlive === true;
    const listener = yield* adoptListener(loop, sock, { backlog, keepAlive }, 'createServer');
    // Its addresses may be paths: what was given is not known before.
    const server = new Server(loop, [listener as Listener], factory, tls, WHERE);
    return yield* startUnlessTold(server, options.startServing);
  }
  if (host === null && port === null) throw new ValueError('Neither host/port nor sock were specified');
  const endpoints = yield* resolveAll(loop, host, port, checkFamily(options.family, WHERE));
  const listeners = yield* listenAll(loop, endpoints, {
    backlog: checkBacklog(options.backlog, WHERE),
    reusePort: options.reusePort === true,
    reuseAddress: options.reuseAddress ?? undefined,
    keepAlive: options.keepAlive === true,
  });
  return yield* startUnlessTold(new Server(loop, listeners, factory, tls, WHERE), options.startServing);
}

/** Begin to serve, but for `startServing: false`. */
export function* startUnlessTold<A extends Address>(
  server: Server<A>,
  startServing: boolean | undefined,
): Coroutine<Server<A>> {
  if (startServing === false) return server;
  try {
    server._start();
    yield* sleep(0);
    return server;
  } catch (error) {
    server.close();
    throw error;
  }
}

/** @throws {TypeError} where `factory` is no function. */
export function checkFactory(factory: unknown, where: string): void {
  if (typeof factory === 'function') return;
  throw new TypeError(`${where} needs a function that returns a protocol, not ${describe(factory)}`);
}

/** @throws {ValueError} where `backlog` is no number of connections. */
export function checkBacklog(backlog: number | undefined, where: string): number {
  if (backlog === undefined) return 100;
  if (Number.isInteger(backlog) && backlog > 0) return backlog;
  throw new ValueError(`${where}: backlog must be a positive whole number, not ${describe(backlog)}`);
}

/** The endpoints of all hosts, each once. */
function* resolveAll(loop: Scheduler, host: Hosts, port: Port, family: Family): Coroutine<Endpoint[]> {
  const network = networkOf(loop, 'createServer');
  const hosts: readonly (string | null)[] = host === '' || host === null ? [null] : [host].flat();
  const found = new Map<string, Endpoint>();
  for (const one of hosts) {
    const request = { host: checkHost(one, WHERE), port: toPort(port, WHERE), family, passive: true };
    try {
      const endpoints = yield* operate<readonly Endpoint[]>(
        loop,
        (done) => network.resolve(request, done),
        ignore,
      );
      if (endpoints.length === 0) throw new OSError(`getaddrinfo(${describe(one)}) returned empty list`);
      for (const endpoint of endpoints) found.set(formatAddress(addressOf(endpoint)), endpoint);
    } catch (error) {
      throw toOSError(error);
    }
  }
  return [...found.values()];
}

function* listenAll(
  loop: Scheduler,
  endpoints: readonly Endpoint[],
  options: ListenOptions,
): Coroutine<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const endpoint of endpoints) {
      const listener = yield* listenAt(loop, endpoint, options);
      if (listener !== null) listeners.push(listener);
    }
    if (listeners.length > 0) return listeners;
    const all = endpoints.map((endpoint) => formatAddress(addressOf(endpoint))).join(', ');
    throw new OSError(`could not bind on any address out of [${all}]`, {
      code: 'EADDRNOTAVAIL',
      syscall: 'bind',
    });
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
}

/** A listener at `endpoint`, or `null` where this machine does not have such an address. */
function* listenAt(loop: Scheduler, endpoint: Endpoint, options: ListenOptions): Coroutine<Listener | null> {
  const network = networkOf(loop, 'createServer');
  try {
    return yield* operate<Listener>(
      loop,
      (done) => network.listen(endpoint, options, done),
      (listener) => listener.close(),
    );
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return null;
    const where = `error while attempting to bind on address ${formatAddress(addressOf(endpoint))}`;
    throw toOSError(error, (text, errno) => `${where}: [errno ${errno}] ${text.toLowerCase()}`);
  }
}

function ignore(): void {}
