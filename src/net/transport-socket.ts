/**
 * `TransportSocket`: what may be seen of the socket below a transport or a server. It cannot be closed or read past its owner.
 *
 * Source: asyncio/trsock.py; Python docs, "socket".
 */
import type { SocketAddress } from '../core/channel.ts';
import { formatAddress } from './address.ts';

/** Where the facts come from. */
interface Facts {
  info(name: string): unknown;
}

/** The address of a connection that was gone before it could be asked for. */
const UNKNOWN: SocketAddress = ['0.0.0.0', 0];

export class TransportSocket {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** The family of its addresses. */
  get family(): 4 | 6 {
    return this.getsockname().length === 4 ? 6 : 4;
  }

  /** The address of this end. */
  getsockname(): SocketAddress {
    return (this.#facts.info('sockname') as SocketAddress | null) ?? UNKNOWN;
  }

  /** The address of the other end; `null` where there is none. */
  getpeername(): SocketAddress | null {
    return (this.#facts.info('peername') as SocketAddress | null | undefined) ?? null;
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
