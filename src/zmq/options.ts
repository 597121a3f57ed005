/**
 * The options of sockets, by pyzmq's names: `sock.setsockopt(zmq.LINGER, 0)`, `sock.linger = 0`.
 *
 * Their values are libzmq's own, so those that are times are in milliseconds. Source: man zmq_setsockopt(3), zmq_getsockopt(3); pyzmq's
 * documentation, "Socket options".
 */
import { OverflowError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { EngineSocket } from './engine.ts';
import { toZMQError } from './errors.ts';
import * as numbers from './option-numbers.ts';

/** What is given for an option. */
export type OptionValue = number | boolean | string | Uint8Array | null;

/** The name of an option. */
export type OptionName = keyof typeof numbers;

const SWITCHES = [
  'RCVMORE',
  'ROUTER_MANDATORY',
  'IMMEDIATE',
  'XPUB_VERBOSE',
  'IPV6',
  'PLAIN_SERVER',
  'CURVE_SERVER',
  'PROBE_ROUTER',
  'REQ_CORRELATE',
  'REQ_RELAXED',
  'CONFLATE',
  'ROUTER_HANDOVER',
  'XPUB_NODROP',
  'XPUB_MANUAL',
  'STREAM_NOTIFY',
  'INVERT_MATCHING',
  'XPUB_VERBOSER',
  'ZAP_ENFORCE_DOMAIN',
] as const;
const TEXTS = [
  'ROUTING_ID',
  'IDENTITY',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'LAST_ENDPOINT',
  'PLAIN_USERNAME',
  'PLAIN_PASSWORD',
  'CURVE_PUBLICKEY',
  'CURVE_SECRETKEY',
  'CURVE_SERVERKEY',
  'ZAP_DOMAIN',
  'CONNECT_ROUTING_ID',
  'SOCKS_PROXY',
  'XPUB_WELCOME_MSG',
  'BINDTODEVICE',
] as const;

/** What an option is: all are numbers but for these. */
type ValueOf<N extends OptionName> = N extends (typeof SWITCHES)[number]
  ? boolean
  : N extends (typeof TEXTS)[number]
    ? string | Uint8Array | null
    : number;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>;

/** The options that are properties of a socket: `RCVHWM` is `rcvhwm`, `CURVE_SERVERKEY` is `curveServerkey`. */
export type SocketOptions = {
  [N in Exclude<OptionName, 'SUBSCRIBE' | 'UNSUBSCRIBE'> as Camel<N>]: ValueOf<N>;
};

/** How libzmq holds the value of an option. */
type Kind = 'bool' | 'int' | 'int64' | 'uint64' | 'bytes';

/** What a number may be: what libzmq holds, as far as a number of JavaScript is exact. */
const RANGES: Readonly<Record<'int' | 'int64' | 'uint64', readonly [low: number, high: number]>> = {
  int: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

const OPTIONS: ReadonlyMap<OptionName, readonly [number: number, kind: Kind]> = new Map(
  (Object.entries(numbers) as [OptionName, number][]).map(([name, number]) => [name, [number, kindOf(name)]]),
);
const byNumber: ReadonlyMap<number, OptionName> = new Map(
  [...OPTIONS].map(([name, [number]]) => [number, name]),
);

/** The property of each option that is one. `subscribe` and `unsubscribe` are methods. */
export const properties: ReadonlyMap<string, OptionName> = new Map(
  [...OPTIONS.keys()].filter((name) => !name.endsWith('SUBSCRIBE')).map((name) => [camel(name), name]),
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
  const [number, kind] = OPTIONS.get(name)!;
  try {
    if (kind === 'bool') return socket.getBoolOption(number);
    if (kind === 'bytes') return socket.getStringOption(number);
    if (kind === 'int64') return socket.getInt64Option(number);
    return kind === 'uint64' ? socket.getUint64Option(number) : socket.getInt32Option(number);
  } catch (error) {
    throw toZMQError(error, `${name} cannot be read here`);
  }
}

/** @throws {TypeError} where the value is of the wrong kind; {OverflowError} where it is too large or too small; {ZMQError} where libzmq refuses it. */
export function writeOption(socket: EngineSocket, name: OptionName, value: OptionValue): void {
  const [number, kind] = OPTIONS.get(name)!;
  const given = checkOption(name, value);
  try {
    if (kind === 'bytes') socket.setStringOption(number, given as Buffer | null);
    else if (kind === 'bool') socket.setBoolOption(number, given as boolean);
    else if (kind === 'int64') socket.setInt64Option(number, given as number);
    else if (kind === 'uint64') socket.setUint64Option(number, given as number);
    else socket.setInt32Option(number, given as number);
  } catch (error) {
    throw toZMQError(error, `${name} cannot be ${shown(given)} here`);
  }
}

/** The value as the engine takes it. @throws as `writeOption`, but for what only libzmq knows. */
export function checkOption(name: OptionName, value: OptionValue): number | boolean | Buffer | null {
  const kind = OPTIONS.get(name)![1];
  if (kind === 'bytes') {
    if (value === null) return null;
    // The engine takes nothing at all for no bytes.
    if (typeof value === 'string') return value === '' ? null : Buffer.from(value);
    if (value instanceof Uint8Array) return value.length === 0 ? null : Buffer.from(value);
    throw new TypeError(`${name} must be text or bytes, not ${describe(value)}`);
  }
  if (kind === 'bool' && (typeof value === 'boolean' || typeof value === 'number')) return Boolean(value);
  const whole = typeof value === 'boolean' ? Number(value) : value;
  const isTime = name === 'RCVTIMEO' || name === 'SNDTIMEO';
  if (!Number.isInteger(whole) || (isTime && (whole as number) < -1)) {
    const wanted = isTime ? 'a whole number of milliseconds, or -1 for no limit' : 'a whole number';
    throw new TypeError(`${name} must be ${wanted}, not ${describe(value)}`);
  }
  const [low, high] = RANGES[kind === 'bool' ? 'int' : kind];
  if ((whole as number) < low || (whole as number) > high)
    throw new OverflowError(`${name} must be a number from ${low} to ${high}, not ${describe(value)}`);
  return whole as number;
}

/** For a message: bytes may be secret, so of these only how many they are. */
function shown(value: number | boolean | Buffer | null): string {
  return Buffer.isBuffer(value) ? `these ${value.length} bytes` : String(value);
}

function kindOf(name: OptionName): Kind {
  if ((SWITCHES as readonly OptionName[]).includes(name)) return 'bool';
  if ((TEXTS as readonly OptionName[]).includes(name)) return 'bytes';
  if (name === 'MAXMSGSIZE') return 'int64';
  return name === 'AFFINITY' ? 'uint64' : 'int';
}

function camel(name: string): string {
  return name.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
