/**
 * `getaddrinfo` and `getnameinfo`: from names to addresses and back.
 *
 * What is asked for is checked and answered as the C library of Linux does, in its order, with its errors; the names of hosts are looked up by the
 * reactor, those of services in the system's own list. A cancelled lookup is forgotten; the system finishes it for nobody.
 * Source: Python docs, "Event Loop", "DNS"; "socket", `getaddrinfo`, `getnameinfo`; man getaddrinfo(3), getnameinfo(3); RFC 3493.
 */
import { isIP } from 'node:net';
import type { Coroutine } from '../core/awaitable.ts';
import type { Endpoint, Family, SocketAddress } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { NotImplementedError, OSError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { fromZoned, toZoned } from '../host/zones.ts';
import { checkOptions, type Port, toPort } from './address.ts';
import { networkOf, operate } from './operation.ts';
import { gaierror, toOSError } from './os-error.ts';
import { readServices, type ServiceKind, type Services } from './services.ts';
import * as socket from './socket-constants.ts';

/** What to look up. */
export interface AddressInfoOptions {
  /** Only addresses of this family: `socket.AF_INET` (4), `socket.AF_INET6` (6), or 0 for any. */
  readonly family?: Family | undefined;
  /** Only this kind of socket, such as `socket.SOCK_STREAM`; 0 for any. */
  readonly type?: number | undefined;
  /** Only this protocol, such as `socket.IPPROTO_TCP`; 0 for any. */
  readonly proto?: number | undefined;
  /** Any of `socket.AI_...`, or'ed together. */
  readonly flags?: number | undefined;
}

/** An address, and what kind of socket can use it. */
export type AddressInfo = [
  family: 4 | 6,
  type: number,
  proto: number,
  canonname: string,
  sockaddr: SocketAddress,
];

const OPTIONS = ['family', 'type', 'proto', 'flags'] as const;
const WHERE = 'getaddrinfo()';
const KNOWN_AI = 0x43f;
const KNOWN_NI = 0x1f;

/** A kind of socket, in the order of the C library. A raw socket takes any protocol, and has no ports. */
type Kind = readonly [type: number, proto: number, service: ServiceKind | null];
const KINDS: readonly Kind[] = [
  [socket.SOCK_STREAM, socket.IPPROTO_TCP, 'tcp'],
  [socket.SOCK_DGRAM, socket.IPPROTO_UDP, 'udp'],
  [socket.SOCK_RAW, 0, null],
];

/**
 * Find the addresses of `host` and `port`, a number or the name of a service.
 * @returns a list of `[family, type, proto, canonname, sockaddr]`, in the order in which they should be tried.
 * @throws {gaierror} where there is none.
 */
export function getaddrinfo(
  loop: Scheduler,
  host: string | null,
  port: Port,
  options: AddressInfoOptions = {},
): CoroutineObject<AddressInfo[]> {
  return new LazyCoroutine(addressesOf, undefined, [loop, host, port, options]);
}

Object.defineProperty(addressesOf, 'name', { value: 'getaddrinfo' });

/** The same, for whoever is waiting already. */
export function* addressesOf(
  loop: Scheduler,
  host: string | null | undefined,
  port: Port | undefined,
  options: AddressInfoOptions,
  where: string = WHERE,
): Coroutine<AddressInfo[]> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${where}: options must be an object, such as { family: 4 }, not ${describe(options)}`,
    );
  }
  checkOptions(options, OPTIONS, where);
  const family = checkInt(options.family, 'family', where);
  const type = checkInt(options.type, 'type', where);
  const proto = checkInt(options.proto, 'proto', where);
  const flags = checkInt(options.flags, 'flags', where);
  const name = checkName(host, port, flags, where);
  const service = checkService(port, flags, where);
  if (!isFamily(family)) throw failure(socket.EAI_FAMILY, `family must be 4, 6, or 0 for any, not ${family}`);
  const kinds = kindsOf(type, proto, service);
  const ports =
    typeof service === 'string' ? yield* servicePorts(loop, service, kinds) : kinds.map(() => service ?? 0);
  const endpoints = yield* endpointsOf(loop, name, family, flags);
  // Only addresses get here with that flag: they are their own canonical names.
  const canonname = (flags & socket.AI_CANONNAME) === 0 ? '' : (name ?? '');
  const found: AddressInfo[] = [];
  for (const endpoint of endpoints) {
    for (const [at, [kind, protocol]] of kinds.entries()) {
      const one = ports[at];
      if (one === undefined) continue;
      const sockaddr: SocketAddress =
        endpoint.family === 6 ? fromZoned(endpoint.host, one) : [endpoint.host, one];
      found.push([endpoint.family, kind, protocol, found.length === 0 ? canonname : '', sockaddr]);
    }
  }
  return found;
}

/** What the C library says, and why it is said here. */
function failure(errno: number, hint: string, syscall = 'getaddrinfo'): gaierror {
  const [code, text] = EAI[errno] ?? ['EAI_FAIL', 'Non-recoverable failure in name resolution'];
  return new gaierror(`[Errno ${errno}] ${text}${hint === '' ? '' : `: ${hint}`}`, { code, errno, syscall });
}

const EAI: Readonly<Record<number, readonly [code: string, text: string]>> = {
  [-1]: ['EAI_BADFLAGS', 'Bad value for ai_flags'],
  [-2]: ['EAI_NONAME', 'Name or service not known'],
  [-3]: ['EAI_AGAIN', 'Temporary failure in name resolution'],
  [-6]: ['EAI_FAMILY', 'ai_family not supported'],
  [-7]: ['EAI_SOCKTYPE', 'ai_socktype not supported'],
  [-8]: ['EAI_SERVICE', 'Servname not supported for ai_socktype'],
  [-9]: ['EAI_ADDRFAMILY', 'Address family for hostname not supported'],
};

function checkInt(value: unknown, name: string, where: string): number {
  if (value === undefined) return 0;
  if (Number.isInteger(value)) return value as number;
  throw new TypeError(`${where}: ${name} must be a whole number, not ${describe(value)}`);
}

function isFamily(family: number): family is Family {
  return family === socket.AF_UNSPEC || family === socket.AF_INET || family === socket.AF_INET6;
}

function checkName(host: unknown, port: unknown, flags: number, where: string): string | null {
  if (host !== null && host !== undefined && typeof host !== 'string') {
    throw new TypeError(`${where}: host must be a string or null, not ${describe(host)}`);
  }
  const name = host ?? null;
  if (name === null && (port === null || port === undefined)) {
    throw failure(socket.EAI_NONAME, 'neither host nor port was given');
  }
  if ((flags & ~KNOWN_AI) !== 0)
    throw failure(socket.EAI_BADFLAGS, `0x${flags.toString(16)}, use socket.AI_...`);
  if (name === null && (flags & socket.AI_CANONNAME) !== 0) {
    throw failure(socket.EAI_BADFLAGS, 'AI_CANONNAME needs a host');
  }
  return name;
}

/** The number of the port, the name of a service, or `null` where neither was given. */
function checkService(port: Port | undefined, flags: number, where: string): number | string | null {
  if (port === null || port === undefined || port === '') return null;
  if (typeof port !== 'string' || /^\s*\d+$/.test(port)) return toPort(port, where);
  if ((flags & socket.AI_NUMERICSERV) === 0) return port;
  throw failure(socket.EAI_NONAME, `${describe(port)} is not a number, which AI_NUMERICSERV asks for`);
}

/** The C library gives all kinds of sockets to whom any will do; else the first that fits. */
function kindsOf(type: number, proto: number, service: number | string | null): readonly Kind[] {
  if (type === 0 && proto === 0)
    return KINDS.filter(([, , kind]) => kind !== null || typeof service !== 'string');
  const first = KINDS.find(
    ([kind, protocol, ports]) =>
      (type === 0 || type === kind) && (proto === 0 || ports === null || proto === protocol),
  );
  if (first === undefined) {
    throw failure(socket.EAI_SOCKTYPE, `there is no type ${type} with proto ${proto}, use socket.SOCK_...`);
  }
  const [kind, protocol, ports] = first;
  if (ports !== null) return [first];
  if (service !== null) throw failure(socket.EAI_SERVICE, 'raw sockets have no ports');
  return [[kind, proto === 0 ? protocol : proto, ports]];
}

/** The port of a service for each kind of socket; `undefined` where it is not offered there. */
function* servicePorts(
  loop: Scheduler,
  service: string,
  kinds: readonly Kind[],
): Coroutine<readonly (number | undefined)[]> {
  const services = yield* operate<Services>(loop, readServices, ignore);
  const ports = kinds.map(([, , kind]) => (kind === null ? undefined : services.port(service, kind)));
  if (ports.some((port) => port !== undefined)) return ports;
  throw failure(socket.EAI_SERVICE, `this system knows no service ${describe(service)} of that kind`);
}

function* endpointsOf(
  loop: Scheduler,
  host: string | null,
  family: Family,
  flags: number,
): Coroutine<readonly Endpoint[]> {
  const network = networkOf(loop, 'getaddrinfo');
  if (host === '' || host?.includes('\0')) throw failure(socket.EAI_NONAME, `the host is ${describe(host)}`);
  const isName = host !== null && isIP(host) === 0;
  if (isName && (flags & socket.AI_NUMERICHOST) !== 0) {
    throw failure(socket.EAI_NONAME, `${describe(host)} is no address, which AI_NUMERICHOST asks for`);
  }
  if (isName && (flags & socket.AI_CANONNAME) !== 0) {
    throw new NotImplementedError(
      `${WHERE}: the canonical name of ${describe(host)} is not told by this platform, leave AI_CANONNAME out`,
    );
  }
  const v4Mapped = (flags & socket.AI_V4MAPPED) !== 0;
  const mapped = v4Mapped && family === 6 && host !== null && isIP(host) === 4;
  const request = {
    host: mapped ? `::ffff:${host}` : host,
    port: 0,
    family,
    passive: (flags & socket.AI_PASSIVE) !== 0,
    addrConfig: (flags & socket.AI_ADDRCONFIG) !== 0,
    v4Mapped,
    allMapped: (flags & socket.AI_ALL) !== 0,
  };
  try {
    return yield* operate<readonly Endpoint[]>(loop, (done) => network.resolve(request, done), ignore);
  } catch (error) {
    throw toOSError(error);
  }
}

/** The endpoint of an address that was looked up. */
export function endpointAt(family: 4 | 6, address: SocketAddress): Endpoint {
  return { family, host: toZoned(address), port: address[1] };
}

/**
 * Find the name of the host and of the service of an address.
 * @param flags any of `socket.NI_...`, or'ed together.
 * @returns `[host, service]`: the names, and numbers in their place where there are none.
 * @throws {gaierror} where `sockaddr` holds no address, or `NI_NAMEREQD` is given and the host has no name.
 */
export function getnameinfo(
  loop: Scheduler,
  sockaddr: SocketAddress,
  flags = 0,
): CoroutineObject<[host: string, service: string]> {
  return new LazyCoroutine(nameOf, undefined, [loop, sockaddr, flags]);
}

Object.defineProperty(nameOf, 'name', { value: 'getnameinfo' });

function* nameOf(
  loop: Scheduler,
  sockaddr: SocketAddress,
  given: number,
): Coroutine<[host: string, service: string]> {
  const flags = checkInt(given, 'flags', 'getnameinfo()');
  if ((flags & ~KNOWN_NI) !== 0) {
    throw failure(socket.EAI_BADFLAGS, `0x${flags.toString(16)}, use socket.NI_...`, 'getnameinfo');
  }
  const endpoint = yield* checkSockaddr(loop, sockaddr);
  const host = yield* hostName(loop, endpoint, flags);
  if ((flags & socket.NI_NUMERICSERV) !== 0) return [host, String(endpoint.port)];
  const services = yield* operate<Services>(loop, readServices, ignore);
  const kind = (flags & socket.NI_DGRAM) === 0 ? 'tcp' : 'udp';
  return [host, services.name(endpoint.port, kind) ?? String(endpoint.port)];
}

function* checkSockaddr(loop: Scheduler, sockaddr: unknown): Coroutine<Endpoint> {
  const where = 'getnameinfo()';
  if (!Array.isArray(sockaddr)) {
    throw new TypeError(`${where} needs an address such as ['127.0.0.1', 80], not ${describe(sockaddr)}`);
  }
  const [host, port, flowinfo = 0, scope = 0] = sockaddr as unknown[];
  if (typeof host !== 'string' || sockaddr.length < 2 || sockaddr.length > 4) {
    throw new TypeError(
      `${where}: illegal sockaddr argument: it must be [host, port] or [host, port, flowinfo, scopeId]`,
    );
  }
  if (typeof port !== 'number') throw new TypeError(`${where}: port must be a number, not ${describe(port)}`);
  const number = toPort(port, where);
  if (checkInt(flowinfo, 'flowinfo', where) < 0 || (flowinfo as number) > 0xfffff) {
    throw new ValueError(`${where}: flowinfo must be 0-1048575, got ${describe(flowinfo)}`);
  }
  const numeric = socket.AI_NUMERICHOST;
  const [found] = yield* endpointsOf(loop, host, 0, numeric);
  if (found?.family === 4 && sockaddr.length > 2) throw new OSError('IPv4 sockaddr must be 2 tuple');
  const address: SocketAddress = [host, number, 0, checkInt(scope, 'scopeId', where)];
  return endpointAt(found?.family ?? 4, found?.family === 6 ? address : [host, number]);
}

function* hostName(loop: Scheduler, endpoint: Endpoint, flags: number): Coroutine<string> {
  const required = (flags & socket.NI_NAMEREQD) !== 0;
  if ((flags & socket.NI_NUMERICHOST) !== 0) {
    if (required)
      throw failure(socket.EAI_NONAME, 'NI_NUMERICHOST and NI_NAMEREQD exclude each other', 'getnameinfo');
    return endpoint.host;
  }
  const network = networkOf(loop, 'getnameinfo');
  if (network.reverse === undefined) {
    throw new NotImplementedError(
      `getnameinfo(): the ${loop._reactor.name} reactor cannot look up addresses`,
    );
  }
  try {
    return yield* operate<string>(loop, (done) => network.reverse!(endpoint, done), ignore);
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (typeof code !== 'string') throw error;
    if (code !== 'ENOTFOUND' && code !== 'EAI_NONAME') {
      throw failure(code === 'EAI_AGAIN' ? socket.EAI_AGAIN : socket.EAI_FAIL, '', 'getnameinfo');
    }
    if (required) throw failure(socket.EAI_NONAME, `${endpoint.host} has no name`, 'getnameinfo');
    return endpoint.host;
  }
}

function ignore(): void {}
