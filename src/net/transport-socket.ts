/**
 * `TransportSocket`: what may be seen of the socket below a transport or a server. It cannot be closed or read past its owner.
 *
 * Source: asyncio/trsock.py; Python docs, "socket".
 */
import type { Address, ChannelOptions, SocketAddress } from '../core/channel.ts';
import { NotImplementedError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { formatAddress } from './address.ts';
import { toOSError } from './os-error.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SO_PROTOCOL,
  SO_TYPE,
  type SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from './socket-constants.ts';

/** Where the facts come from. */
interface Facts {
  readonly options?: ChannelOptions;
  info(name: string): unknown;
}

/** The address of a connection that was gone before it could be asked for. */
const UNKNOWN: SocketAddress = ['0.0.0.0', 0];

/** @typeParam A what its addresses are: host and port, or a path. */
export class TransportSocket<A extends Address = SocketAddress> {
  readonly #facts: Facts;
  /** `socket.SOCK_STREAM` or `socket.SOCK_DGRAM`. */
  readonly type: typeof SOCK_STREAM | typeof SOCK_DGRAM;

  constructor(facts: Facts, type: typeof SOCK_STREAM | typeof SOCK_DGRAM) {
    this.#facts = facts;
    this.type = type;
  }

  /** The family of its addresses. */
  get family(): typeof AF_UNIX | typeof AF_INET | typeof AF_INET6 {
    const address = this.getsockname();
    if (typeof address === 'string') return AF_UNIX;
    return address.length === 4 ? AF_INET6 : AF_INET;
  }

  /** The number of its protocol: 6 for TCP, 17 for UDP, 0 for Unix sockets. */
  get proto(): number {
    if (this.family === AF_UNIX) return 0;
    return this.type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  }

  /** The address of this end. */
  getsockname(): A {
    return (this.#facts.info('sockname') as A | null) ?? (UNKNOWN as Address as A);
  }

  /** The address of the other end; `null` where there is none. */
  getpeername(): A | null {
    return (this.#facts.info('peername') as A | null | undefined) ?? null;
  }

  /** The number of the descriptor, where the host shows it; else, and after closing, -1. */
  fileno(): number {
    return (this.#facts.info('fileno') as number | undefined) ?? -1;
  }

  /**
   * The value of an option, such as `getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)`.
   * @throws {NotImplementedError} where the host does not tell: Node tells few.
   */
  getsockopt(level: number, name: number): number {
    checkNumbers('getsockopt', { level, name });
    if (level === SOL_SOCKET && name === SO_TYPE) return this.type;
    if (level === SOL_SOCKET && name === SO_PROTOCOL) return this.proto;
    try {
      return this.#options.get(level, name);
    } catch (error) {
      throw toOSError(error);
    }
  }

  /**
   * Set an option, such as `setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)`.
   * @throws {NotImplementedError} where the host cannot set it; {OSError} where the system refuses.
   */
  setsockopt(level: number, name: number, value: number | boolean): void {
    const number = Number(value);
    checkNumbers('setsockopt', { level, name, value: number });
    try {
      this.#options.set(level, name, number);
    } catch (error) {
      throw toOSError(error);
    }
  }

  get #options(): ChannelOptions {
    const { options } = this.#facts;
    if (options !== undefined) return options;
    throw new NotImplementedError(`the options of ${this} cannot be reached on this reactor`);
  }

  /** How long its calls may take: they never wait, so 0. */
  gettimeout(): 0 {
    return 0;
  }

  /** @throws {ValueError} for anything but 0: its calls never wait. */
  settimeout(seconds: number): void {
    if (seconds !== 0) throw new ValueError('settimeout(): only 0 timeout is allowed on transport sockets');
  }

  /** @throws {ValueError} for `true`: its calls never wait. */
  setblocking(flag: boolean): void {
    if (flag) throw new ValueError('setblocking(): transport sockets cannot be blocking');
  }

  toString(): string {
    const parts = [`asyncio.TransportSocket fd=${this.fileno()}`, `family=${this.family}`];
    parts.push(`type=${this.type}`, `proto=${this.proto}`);
    parts.push(`laddr=${formatAddress(this.getsockname())}`);
    const peer = this.getpeername();
    if (peer !== null) parts.push(`raddr=${formatAddress(peer)}`);
    return `<${parts.join(', ')}>`;
  }
}

function checkNumbers(method: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isInteger(value)) continue;
    throw new TypeError(`${method}(): ${name} must be a whole number, not ${describe(value)}`);
  }
}
