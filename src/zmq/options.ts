/**
 * The options of sockets, by pyzmq's names: `sock.setsockopt(zmq.LINGER, 0)`, `sock.linger = 0`.
 *
 * Their values are libzmq's own, so those that are times are in milliseconds. Source: man zmq_setsockopt(3), zmq_getsockopt(3); pyzmq's
 * documentation, "Socket options".
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { EngineSocket } from './engine.ts';
import { toZMQError } from './errors.ts';
import * as numbers from './option-numbers.ts';

/** How libzmq holds the value of an option. */
type Kind = 'bool' | 'int' | 'int64' | 'uint64' | 'bytes';

/** What is given for an option. */
export type OptionValue = number | boolean | string | Uint8Array | null;

/** The number of each option, and how its value is held. */
const OPTIONS = {
  AFFINITY: [numbers.AFFINITY, 'uint64'],
  ROUTING_ID: [numbers.ROUTING_ID, 'bytes'],
  IDENTITY: [numbers.IDENTITY, 'bytes'],
  SUBSCRIBE: [numbers.SUBSCRIBE, 'bytes'],
  UNSUBSCRIBE: [numbers.UNSUBSCRIBE, 'bytes'],
  RATE: [numbers.RATE, 'int'],
  RECOVERY_IVL: [numbers.RECOVERY_IVL, 'int'],
  SNDBUF: [numbers.SNDBUF, 'int'],
  RCVBUF: [numbers.RCVBUF, 'int'],
  RCVMORE: [numbers.RCVMORE, 'bool'],
  FD: [numbers.FD, 'int'],
  EVENTS: [numbers.EVENTS, 'int'],
  TYPE: [numbers.TYPE, 'int'],
  LINGER: [numbers.LINGER, 'int'],
  RECONNECT_IVL: [numbers.RECONNECT_IVL, 'int'],
  BACKLOG: [numbers.BACKLOG, 'int'],
  RECONNECT_IVL_MAX: [numbers.RECONNECT_IVL_MAX, 'int'],
  MAXMSGSIZE: [numbers.MAXMSGSIZE, 'int64'],
  SNDHWM: [numbers.SNDHWM, 'int'],
  RCVHWM: [numbers.RCVHWM, 'int'],
  MULTICAST_HOPS: [numbers.MULTICAST_HOPS, 'int'],
  RCVTIMEO: [numbers.RCVTIMEO, 'int'],
  SNDTIMEO: [numbers.SNDTIMEO, 'int'],
  LAST_ENDPOINT: [numbers.LAST_ENDPOINT, 'bytes'],
  ROUTER_MANDATORY: [numbers.ROUTER_MANDATORY, 'bool'],
  TCP_KEEPALIVE: [numbers.TCP_KEEPALIVE, 'int'],
  TCP_KEEPALIVE_CNT: [numbers.TCP_KEEPALIVE_CNT, 'int'],
  TCP_KEEPALIVE_IDLE: [numbers.TCP_KEEPALIVE_IDLE, 'int'],
  TCP_KEEPALIVE_INTVL: [numbers.TCP_KEEPALIVE_INTVL, 'int'],
  IMMEDIATE: [numbers.IMMEDIATE, 'bool'],
  XPUB_VERBOSE: [numbers.XPUB_VERBOSE, 'bool'],
  IPV6: [numbers.IPV6, 'bool'],
  MECHANISM: [numbers.MECHANISM, 'int'],
  PLAIN_SERVER: [numbers.PLAIN_SERVER, 'bool'],
  PLAIN_USERNAME: [numbers.PLAIN_USERNAME, 'bytes'],
  PLAIN_PASSWORD: [numbers.PLAIN_PASSWORD, 'bytes'],
  CURVE_SERVER: [numbers.CURVE_SERVER, 'bool'],
  CURVE_PUBLICKEY: [numbers.CURVE_PUBLICKEY, 'bytes'],
  CURVE_SECRETKEY: [numbers.CURVE_SECRETKEY, 'bytes'],
  CURVE_SERVERKEY: [numbers.CURVE_SERVERKEY, 'bytes'],
  PROBE_ROUTER: [numbers.PROBE_ROUTER, 'bool'],
  REQ_CORRELATE: [numbers.REQ_CORRELATE, 'bool'],
  REQ_RELAXED: [numbers.REQ_RELAXED, 'bool'],
  CONFLATE: [numbers.CONFLATE, 'bool'],
  ZAP_DOMAIN: [numbers.ZAP_DOMAIN, 'bytes'],
  ROUTER_HANDOVER: [numbers.ROUTER_HANDOVER, 'bool'],
  TOS: [numbers.TOS, 'int'],
  CONNECT_ROUTING_ID: [numbers.CONNECT_ROUTING_ID, 'bytes'],
  HANDSHAKE_IVL: [numbers.HANDSHAKE_IVL, 'int'],
  SOCKS_PROXY: [numbers.SOCKS_PROXY, 'bytes'],
  XPUB_NODROP: [numbers.XPUB_NODROP, 'bool'],
  XPUB_MANUAL: [numbers.XPUB_MANUAL, 'bool'],
  XPUB_WELCOME_MSG: [numbers.XPUB_WELCOME_MSG, 'bytes'],
  STREAM_NOTIFY: [numbers.STREAM_NOTIFY, 'bool'],
  INVERT_MATCHING: [numbers.INVERT_MATCHING, 'bool'],
  HEARTBEAT_IVL: [numbers.HEARTBEAT_IVL, 'int'],
  HEARTBEAT_TTL: [numbers.HEARTBEAT_TTL, 'int'],
  HEARTBEAT_TIMEOUT: [numbers.HEARTBEAT_TIMEOUT, 'int'],
  XPUB_VERBOSER: [numbers.XPUB_VERBOSER, 'bool'],
  CONNECT_TIMEOUT: [numbers.CONNECT_TIMEOUT, 'int'],
  TCP_MAXRT: [numbers.TCP_MAXRT, 'int'],
  MULTICAST_MAXTPDU: [numbers.MULTICAST_MAXTPDU, 'int'],
  BINDTODEVICE: [numbers.BINDTODEVICE, 'bytes'],
  ZAP_ENFORCE_DOMAIN: [numbers.ZAP_ENFORCE_DOMAIN, 'bool'],
} as const satisfies Readonly<Record<keyof typeof numbers, readonly [number, Kind]>>;

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS;

type ValueOf<K extends Kind> = K extends 'bool'
  ? boolean
  : K extends 'bytes'
    ? string | Uint8Array | null
    : number;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>;

/** The options that are properties of a socket: `RCVHWM` is `rcvhwm`, `CURVE_SERVERKEY` is `curveServerkey`. */
export type SocketOptions = {
  [N in Exclude<OptionName, 'SUBSCRIBE' | 'UNSUBSCRIBE'> as Camel<N>]: ValueOf<(typeof OPTIONS)[N][1]>;
};

const NAMES: readonly OptionName[] = Object.keys(OPTIONS) as OptionName[];
const byNumber: ReadonlyMap<number, OptionName> = new Map(NAMES.map((name) => [OPTIONS[name][0], name]));

/** The property of each option that is one. `subscribe` and `unsubscribe` are methods. */
export const properties: ReadonlyMap<string, OptionName> = new Map(
  NAMES.filter((name) => !name.endsWith('SUBSCRIBE')).map((name) => [camel(name), name]),
);

/** @throws {ValueError} where there is no option of that number. */
export function optionOf(number: number): OptionName {
  const name = byNumber.get(number);
  if (name === undefined)
    throw new ValueError(
      `there is no socket option ${describe(number)}: take one of zmq's, such as zmq.LINGER`,
    );
  return name;
}

/** The value of an option as the engine has it. */
export function readOption(socket: EngineSocket, name: OptionName): number | boolean | string | null {
  const [number, kind]: readonly [number, Kind] = OPTIONS[name];
  try {
    if (kind === 'bool') return socket.getBoolOption(number);
    if (kind === 'bytes') return socket.getStringOption(number);
    if (kind === 'int64') return socket.getInt64Option(number);
    return kind === 'uint64' ? socket.getUint64Option(number) : socket.getInt32Option(number);
  } catch (error) {
    throw toZMQError(error);
  }
}

/** @throws {TypeError} where the value is of the wrong kind; {ZMQError} where libzmq refuses it. */
export function writeOption(socket: EngineSocket, name: OptionName, value: OptionValue): void {
  const [number, kind]: readonly [number, Kind] = OPTIONS[name];
  const given = checked(name, kind, value);
  try {
    if (kind === 'bytes') socket.setStringOption(number, given as Buffer | null);
    else if (kind === 'bool') socket.setBoolOption(number, given as boolean);
    else if (kind === 'int64') socket.setInt64Option(number, given as number);
    else if (kind === 'uint64') socket.setUint64Option(number, given as number);
    else socket.setInt32Option(number, given as number);
  } catch (error) {
    throw toZMQError(error);
  }
}

function checked(name: OptionName, kind: Kind, value: OptionValue): number | boolean | Buffer | null {
  if (kind === 'bytes') {
    if (value === null) return null;
    // The engine takes nothing at all for no bytes.
    if (typeof value === 'string') return value === '' ? null : Buffer.from(value);
    if (value instanceof Uint8Array) return value.length === 0 ? null : Buffer.from(value);
    throw new TypeError(`${name} must be text or bytes, not ${describe(value)}`);
  }
  if (kind === 'bool' && (typeof value === 'boolean' || typeof value === 'number')) return Boolean(value);
  if (typeof value === 'boolean') return Number(value);
  if (Number.isInteger(value)) return value as number;
  throw new TypeError(`${name} must be a whole number, not ${describe(value)}`);
}

function camel(name: string): string {
  return name.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
