/**
 * Several arrays in one call to the system.
 *
 * Short ones are copied together, which costs less than telling the system where each of them is; long ones are sent from where they are, with a message of
 * addresses. Source: sendmsg(2).
 */
import type { Libc } from '../../host/libc.ts';
import { MSG_NOSIGNAL } from '../../host/linux.ts';
import type { Memory } from '../../host/memory.ts';

/** Up to this many bytes are copied together. */
const COPIED = 16 * 1024;
/** How many arrays one message can have; the system's own limit is 1024. */
const VECTORS = 256;
/** `struct msghdr`: where its fields stand on 64-bit machines. */
const MESSAGE_SIZE = 56;
const VECTOR_ADDRESS = 16;
const VECTOR_COUNT = 24;

export class Gatherer {
  readonly libc: Libc;
  readonly #copies: Memory;
  readonly #message: Memory;
  readonly #vectors: Memory;
  readonly #numbers: BigUint64Array;

  constructor(libc: Libc) {
    this.libc = libc;
    this.#copies = libc.memory(COPIED);
    this.#message = libc.memory(MESSAGE_SIZE);
    this.#vectors = libc.memory(VECTORS * 16);
    this.#numbers = new BigUint64Array(this.#vectors.bytes.buffer, 0, VECTORS * 2);
    this.#message.bytes.writeBigUInt64LE(BigInt(this.#vectors.address), VECTOR_ADDRESS);
  }

  /** Send what fits into one call. @returns how many bytes were sent; -1 where it failed. */
  send(fd: number, list: readonly Uint8Array[]): number {
    let size = 0;
    for (let i = 0; i < list.length && size <= COPIED; i++) size += list[i]!.length;
    return size <= COPIED ? this.#sendCopies(fd, list, size) : this.#sendVectors(fd, list);
  }

  #sendCopies(fd: number, list: readonly Uint8Array[], size: number): number {
    const { bytes } = this.#copies;
    let at = 0;
    for (const data of list) {
      bytes.set(data, at);
      at += data.length;
    }
    return this.libc.send(fd, bytes, size, MSG_NOSIGNAL);
  }

  #sendVectors(fd: number, list: readonly Uint8Array[]): number {
    const count = Math.min(list.length, VECTORS);
    const numbers = this.#numbers;
    for (let i = 0; i < count; i++) {
      const data = list[i]!;
      numbers[2 * i] = BigInt(this.libc.addressOf(data));
      numbers[2 * i + 1] = BigInt(data.length);
    }
    this.#message.bytes.writeUInt32LE(count, VECTOR_COUNT);
    return this.libc.sendmsg(fd, this.#message.address, MSG_NOSIGNAL);
  }
}

/** Send the arrays one after the other. @returns how many bytes were sent; -1 where it failed at once. */
export function sendAll(gatherer: Gatherer, fd: number, list: readonly Uint8Array[]): number {
  if (list.length <= VECTORS) return gatherer.send(fd, list);
  let sent = 0;
  for (let from = 0; from < list.length; from += VECTORS) {
    const some = list.slice(from, from + VECTORS);
    const count = gatherer.send(fd, some);
    if (count < 0) return sent === 0 ? -1 : sent;
    sent += count;
    if (count < some.reduce((sum, { length }) => sum + length, 0)) return sent;
  }
  return sent;
}
