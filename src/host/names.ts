/**
 * The addresses of both ends of a socket, as the kernel knows them.
 *
 * Source: getsockname(2), getpeername(2).
 */
import type { Address } from '../core/channel.ts';
import { type Libc, loadLibc } from './libc.ts';
import type { Memory } from './memory.ts';
import { decodeAddress } from './sockaddr.ts';

/** Where the length stands, behind the longest address; a multiple of 4. */
const LENGTH_AT = 112;

let scratch: Memory | null = null;

/** Memory for an address and its length, for calls that fill both; what is there is lost with the next call. */
export class AddressBuffer {
  readonly #memory: Memory;

  constructor() {
    scratch ??= loadLibc().memory(LENGTH_AT + 4);
    this.#memory = scratch;
  }

  get bytes(): Buffer {
    return this.#memory.bytes;
  }

  get address(): number {
    return this.#memory.address;
  }

  /** Where its length stands; set to all there is room for. */
  get lengthAddress(): number {
    this.#memory.words[LENGTH_AT >> 2] = LENGTH_AT;
    return this.#memory.address + LENGTH_AT;
  }

  /** How long the address is that the system wrote. */
  get length(): number {
    return this.#memory.words[LENGTH_AT >> 2]!;
  }

  /** The address that the system wrote. */
  read(): Address | null {
    return decodeAddress(this.#memory.bytes, this.length);
  }
}

/** The address of this end; `null` where it cannot be had. */
export function getsockname(libc: Libc, fd: number): Address | null {
  const buffer = new AddressBuffer();
  return libc.getsockname(fd, buffer.address, buffer.lengthAddress) === 0 ? buffer.read() : null;
}

/** The address of the other end; `null` where there is none. */
export function getpeername(libc: Libc, fd: number): Address | null {
  const buffer = new AddressBuffer();
  return libc.getpeername(fd, buffer.address, buffer.lengthAddress) === 0 ? buffer.read() : null;
}
