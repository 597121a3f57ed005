/**
 * Options of sockets, by the numbers of C, as far as Node can set them.
 *
 * Node sets some and tells few: what was set here is remembered, what nobody has set is not guessed. Anything else is a `NotImplementedError` that
 * says so. Source: Node docs, "Net", "UDP/datagram sockets"; socket(7), tcp(7), ip(7).
 */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { NotImplementedError } from '../../core/errors.ts';

/** The numbers of Linux, which this library uses on every platform. */
const LEVELS = { SOL_SOCKET: 1, IPPROTO_IP: 0, IPPROTO_TCP: 6 } as const;

const TCP_NODELAY = key(LEVELS.IPPROTO_TCP, 1);
const TCP_KEEPIDLE = key(LEVELS.IPPROTO_TCP, 4);
const SO_BROADCAST = key(LEVELS.SOL_SOCKET, 6);
const SO_SNDBUF = key(LEVELS.SOL_SOCKET, 7);
const SO_RCVBUF = key(LEVELS.SOL_SOCKET, 8);
const SO_KEEPALIVE = key(LEVELS.SOL_SOCKET, 9);
const IP_TTL = key(LEVELS.IPPROTO_IP, 2);
const IP_MULTICAST_TTL = key(LEVELS.IPPROTO_IP, 33);
const IP_MULTICAST_LOOP = key(LEVELS.IPPROTO_IP, 34);

function key(level: number, name: number): string {
  return `${level}/${name}`;
}

/** The options of one socket. */
export class SocketOptions {
  readonly #known = new Map<string, number>();
  readonly #setters: Readonly<Record<string, (value: number) => void>>;
  readonly #getters: Readonly<Record<string, () => number>>;

  constructor(
    setters: Readonly<Record<string, (value: number) => void>>,
    getters: Readonly<Record<string, () => number>> = {},
  ) {
    this.#setters = setters;
    this.#getters = getters;
  }

  /** @throws {NotImplementedError} where Node does not tell. */
  get(level: number, name: number): number {
    const which = key(level, name);
    const value = this.#getters[which]?.() ?? this.#known.get(which);
    if (value !== undefined) return value;
    throw new NotImplementedError(
      `the libuv reactor cannot tell option ${name} of level ${level}: Node has no way to ask, and it was not set here`,
    );
  }

  /** @throws {NotImplementedError} where Node cannot set it. */
  set(level: number, name: number, value: number): void {
    const which = key(level, name);
    const setter = this.#setters[which];
    if (setter === undefined) {
      throw new NotImplementedError(
        `the libuv reactor cannot set option ${name} of level ${level}: Node has no way to`,
      );
    }
    setter(value);
    this.#known.set(which, value);
  }
}

/** Of a connection; `isTcp`: a Unix socket has none. */
export function optionsOf(socket: Socket, isTcp: boolean): SocketOptions {
  if (!isTcp) return new SocketOptions({});
  let idle = 0;
  let probes = false;
  // Every connection of this library is made so.
  let noDelay = 1;
  return new SocketOptions(
    {
      [TCP_NODELAY](value) {
        noDelay = value === 0 ? 0 : 1;
        socket.setNoDelay(noDelay === 1);
      },
      [SO_KEEPALIVE](value) {
        probes = value !== 0;
        socket.setKeepAlive(probes, idle * 1000);
      },
      [TCP_KEEPIDLE](value) {
        idle = value;
        if (probes) socket.setKeepAlive(true, idle * 1000);
      },
    },
    { [TCP_NODELAY]: () => noDelay },
  );
}

/** Of a socket of datagrams. */
export function datagramOptionsOf(socket: DatagramSocket): SocketOptions {
  return new SocketOptions(
    {
      [SO_BROADCAST]: (value) => socket.setBroadcast(value !== 0),
      [SO_SNDBUF]: (value) => socket.setSendBufferSize(value),
      [SO_RCVBUF]: (value) => socket.setRecvBufferSize(value),
      [IP_TTL]: (value) => socket.setTTL(value),
      [IP_MULTICAST_TTL]: (value) => socket.setMulticastTTL(value),
      [IP_MULTICAST_LOOP]: (value) => socket.setMulticastLoopback(value !== 0),
    },
    {
      [SO_SNDBUF]: () => socket.getSendBufferSize(),
      [SO_RCVBUF]: () => socket.getRecvBufferSize(),
    },
  );
}
