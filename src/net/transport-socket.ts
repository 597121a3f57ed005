/**
 * `TransportSocket`: what may be seen of the socket below a transport or a server. It cannot be closed or read past its owner.
 *
 * Source: asyncio/trsock.py; Python docs, "socket".
 */
import type { Address, SocketAddress } from '../core/channel.ts';
import { formatAddress } from './address.ts';
import { AF_INET, AF_INET6, AF_UNIX } from './socket-constants.ts';

/** Where the facts come from. */
interface Facts {
  info(name: string): unknown;
}

/** The address of a connection that was gone before it could be asked for. */
const UNKNOWN: SocketAddress = ['0.0.0.0', 0];

/** @typeParam A what its addresses are: host and port, or a path. */
export class TransportSocket<A extends Address = SocketAddress> {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** The family of its addresses. */
  get family(): typeof AF_UNIX | typeof AF_INET | typeof AF_INET6 {
    const address = this.getsockname();
    if (typeof address === 'string') return AF_UNIX;
    return address.length === 4 ? AF_INET6 : AF_INET;
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

  toString(): string {
    const parts = [`asyncio.TransportSocket fd=${this.fileno()}`, `family=${this.family}`];
    parts.push(`laddr=${formatAddress(this.getsockname())}`);
    const peer = this.getpeername();
    if (peer !== null) parts.push(`raddr=${formatAddress(peer)}`);
    return `<${parts.join(', ')}>`;
  }
}
