/**
 * `createDatagramEndpoint`: look up what it is bound and connected to, make the socket, and give it to a protocol.
 *
 * Addresses are tried family by family, for those that both ends have; the error of the first is the one that is told. Cancelled at any step,
 * it leaves no socket open. Source: Python docs, "Event Loop", `create_datagram_endpoint`; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { DatagramChannel, Family, SocketAddress } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { NotImplementedError, OSError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkFamily, checkOptions, type Port } from './address.ts';
import { UdpTransport } from './datagram-transport.ts';
import { adoptDatagrams, type DatagramSocketLike } from './given-socket.ts';
import { addressesOf, endpointAt } from './name-lookup.ts';
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { DatagramProtocol } from './protocols.ts';
import { SOCK_DGRAM } from './socket-constants.ts';

/** How to make an endpoint. */
export interface DatagramOptions {
  /** The address to receive at. A port of 0 lets the system choose. */
  readonly localAddr?: readonly [host: string | null, port: Port] | null | undefined;
  /** The address to send to, and to receive from alone. */
  readonly remoteAddr?: readonly [host: string | null, port: Port] | null | undefined;
  /** Only addresses of this family; needed where neither address is given. */
  readonly family?: Family | undefined;
  /** Only this protocol: `socket.IPPROTO_UDP`, or 0 for any. */
  readonly proto?: number | undefined;
  /** Flags of `getaddrinfo` for the two addresses. */
  readonly flags?: number | undefined;
  /** May other endpoints be bound to the same address, the system sharing out what comes? */
  readonly reusePort?: boolean | null | undefined;
  /** May it send to broadcast addresses? It is not connected to `remoteAddr` then, and receives from anyone. */
  readonly allowBroadcast?: boolean | null | undefined;
  /** A socket that somebody else has made, in place of all of these. The transport owns it. */
  readonly sock?: DatagramSocketLike | null | undefined;
}

const OPTIONS = [
  'localAddr',
  'remoteAddr',
  'family',
  'proto',
  'flags',
  'reusePort',
  'allowBroadcast',
  'sock',
] as const;
const WHERE = 'createDatagramEndpoint()';

/** The two ends of an endpoint of one family. */
interface Ends {
  readonly family: 4 | 6;
  local: SocketAddress | null;
  remote: SocketAddress | null;
}

/**
 * Make an endpoint that sends and receives datagrams, and let the protocol that `factory` makes serve it.
 * @returns the transport and the protocol.
 * @throws {OSError} where it cannot be bound or connected.
 */
export function createDatagramEndpoint<P extends DatagramProtocol>(
  loop: Scheduler,
  factory: () => P,
  options: DatagramOptions = {},
): CoroutineObject<[transport: UdpTransport, protocol: P]> {
  return new LazyCoroutine(endpoint as typeof endpoint<P>, undefined, [loop, factory, options]);
}

Object.defineProperty(endpoint, 'name', { value: 'createDatagramEndpoint' });

function* endpoint<P extends DatagramProtocol>(
  loop: Scheduler,
  factory: () => P,
  options: DatagramOptions,
): Coroutine<[UdpTransport, P]> {
  check(factory, options);
  const { sock = null } = options;
  const [channel, { family, remote }] =
    sock === null
      ? yield* openFirst(loop, yield* endsOf(loop, options), options)
      : yield* adopt(loop, sock, options);
  let protocol: P;
  try {
    protocol = makeProtocol(factory);
  } catch (error) {
    channel.close();
    throw error;
  }
  const waiter = loop.createFuture<void>();
  const transport = new UdpTransport(loop, channel, family, protocol, { address: remote, waiter });
  try {
    yield* waiter;
  } catch (error) {
    transport.close();
    throw error;
  }
  return [transport, protocol];
}

function check(factory: unknown, options: unknown): void {
  if (typeof factory !== 'function') {
    throw new TypeError(`${WHERE} needs a function that returns a protocol, not ${describe(factory)}`);
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const example = "{ localAddr: ['127.0.0.1', 9999] }";
    throw new TypeError(`${WHERE}: options must be an object, such as ${example}, not ${describe(options)}`);
  }
  checkOptions(options, OPTIONS, WHERE);
}

function* endsOf(loop: Scheduler, options: DatagramOptions): Coroutine<readonly Ends[]> {
  const family = checkFamily(options.family, WHERE);
  const { localAddr = null, remoteAddr = null, proto, flags } = options;
  if (localAddr === null && remoteAddr === null) {
    if (family !== 0) return [{ family, local: null, remote: null }];
    throw new ValueError('unexpected address family: give localAddr, remoteAddr, or a family of 4 or 6');
  }
  const found = new Map<4 | 6, Ends>();
  for (const end of ['local', 'remote'] as const) {
    const address = end === 'local' ? localAddr : remoteAddr;
    if (address === null) continue;
    if (!Array.isArray(address) || address.length !== 2) {
      throw new TypeError(`2-tuple is expected: ${end}Addr must be [host, port], not ${describe(address)}`);
    }
    const [host, port] = address as readonly [string | null, Port];
    const infos = yield* addressesOf(loop, host, port, { family, type: SOCK_DGRAM, proto, flags }, WHERE);
    if (infos.length === 0) throw new OSError('getaddrinfo() returned empty list');
    for (const [kind, , , , sockaddr] of infos) {
      const ends: Ends = found.get(kind) ?? { family: kind, local: null, remote: null };
      ends[end] = sockaddr;
      found.set(kind, ends);
    }
  }
  const whole = [...found.values()].filter(
    ({ local, remote }) => (localAddr === null || local !== null) && (remoteAddr === null || remote !== null),
  );
  if (whole.length > 0) return whole;
  throw new ValueError('can not get address information: localAddr and remoteAddr have no family in common');
}

/** The socket that was given; what it is connected to is its own affair. */
function* adopt(
  loop: Scheduler,
  sock: DatagramSocketLike,
  options: DatagramOptions,
): Coroutine<[DatagramChannel, Ends]> {
  const { sock: _, ...others } = options;
  const problems = Object.entries(others).filter(([, value]) => Boolean(value));
  if (problems.length > 0) {
    const given = problems.map(([name, value]) => `${name}=${describe(value)}`).join(', ');
    throw new ValueError(
      `socket modifier keyword arguments can not be used when sock is specified. (${given})`,
    );
  }
  const channel = yield* adoptDatagrams(loop, sock, 'createDatagramEndpoint');
  const family = (channel.info('sockname') as SocketAddress | null)?.length === 4 ? 6 : 4;
  const remote = (channel.info('peername') as SocketAddress | null | undefined) ?? null;
  return [channel, { family, local: null, remote }];
}

function* openFirst(
  loop: Scheduler,
  choices: readonly Ends[],
  options: DatagramOptions,
): Coroutine<[DatagramChannel, Ends]> {
  let first: unknown;
  for (const ends of choices) {
    try {
      return [yield* open(loop, ends, options), ends];
    } catch (error) {
      const failure = toOSError(error);
      if (!(failure instanceof OSError)) throw failure;
      first ??= failure;
    }
  }
  throw first;
}

function open(loop: Scheduler, ends: Ends, options: DatagramOptions): Coroutine<DatagramChannel> {
  const network = networkOf(loop, 'createDatagramEndpoint');
  if (network.datagram === undefined) {
    throw new NotImplementedError(`${WHERE}: the ${loop._reactor.name} reactor has no datagrams`);
  }
  const { family, local, remote } = ends;
  const broadcast = options.allowBroadcast === true;
  const request = {
    family,
    local: local === null ? null : endpointAt(family, local),
    remote: remote === null || broadcast ? null : endpointAt(family, remote),
    reusePort: options.reusePort === true,
    broadcast,
  };
  return operate<DatagramChannel>(
    loop,
    (done) => network.datagram!(request, done),
    (channel) => channel.close(),
  );
}

/** @throws {TypeError} where `factory` makes no protocol. */
function makeProtocol<P extends DatagramProtocol>(factory: () => P): P {
  const protocol: unknown = factory();
  if (typeof (protocol as Partial<P> | null | undefined)?.datagramReceived === 'function')
    return protocol as P;
  throw new TypeError(
    `${WHERE} needs a function that returns a protocol, such as () => new MyProtocol(); it returned ${describe(protocol)}`,
  );
}
