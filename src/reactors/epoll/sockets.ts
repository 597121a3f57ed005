/**
 * Sockets before they are channels or listeners: made, bound, connected, listening. What fails closes them, with the error as Node would have it.
 *
 * Source: socket(2), bind(2), connect(2), listen(2); ip(7), ipv6(7), unix(7).
 */
import type { ChannelOptions, Done, Endpoint, Operation } from '../../core/channel.ts';
import { type Libc, systemError } from '../../host/libc.ts';
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINPROGRESS,
  EINTR,
  EPOLLOUT,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../../host/linux.ts';
import type { Memory } from '../../host/memory.ts';
import { AddressBuffer } from '../../host/names.ts';
import { encodeEndpoint, encodeUnix } from '../../host/sockaddr.ts';
import { Once } from '../libuv/once.ts';
import type { Poller, Watcher } from './poller.ts';

/** Where something is: a host and a port, or the path of a Unix socket. */
export type Place = Endpoint | Uint8Array;

/** The family of a place, as the kernel numbers it. */
export function familyOf(place: Place): number {
  if (place instanceof Uint8Array) return 1;
  return place.family === 4 ? AF_INET : AF_INET6;
}

/** As messages show it. */
export function textOf(place: Place): string {
  if (place instanceof Uint8Array) return Buffer.from(place).toString();
  return place.family === 6 ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`;
}

/** A descriptor that is closed where what is done with it throws. */
export class RawSocket {
  readonly #libc: Libc;
  readonly fd: number;

  /** @throws the system's error. */
  constructor(libc: Libc, family: number, type: number) {
    this.#libc = libc;
    this.fd = libc.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw systemError('socket', libc.errno[0]!);
  }

  /** @throws the system's error. */
  set(level: number, name: number, value: number): this {
    const libc = this.#libc;
    optionMemory ??= libc.memory(8);
    optionMemory.words[0] = value;
    if (libc.setsockopt(this.fd, level, name, optionMemory.address, 4) === 0) return this;
    throw systemError('setsockopt', libc.errno[0]!);
  }

  /** @throws the system's error. */
  bind(place: Place): this {
    const buffer = new AddressBuffer();
    const length = encodePlace(buffer.bytes, place);
    if (this.#libc.bind(this.fd, buffer.address, length) === 0) return this;
    throw systemError('bind', this.#libc.errno[0]!, textOf(place));
  }

  /** @throws the system's error. */
  listen(backlog: number): this {
    if (this.#libc.listen(this.fd, backlog) === 0) return this;
    throw systemError('listen', this.#libc.errno[0]!);
  }

  /** @returns the reason why it is not connected (yet), or 0. */
  connect(place: Place): number {
    const buffer = new AddressBuffer();
    const length = encodePlace(buffer.bytes, place);
    return this.#libc.connect(this.fd, buffer.address, length) === 0 ? 0 : this.#libc.errno[0]!;
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}

let optionMemory: Memory | null = null;

export function encodePlace(bytes: Buffer, place: Place): number {
  return place instanceof Uint8Array ? encodeUnix(bytes, place) : encodeEndpoint(bytes, place);
}

/** What became of what a socket was asked for. @returns the reason of its failure, or 0. */
export function errorOf(libc: Libc, fd: number): number {
  optionMemory ??= libc.memory(8);
  const { address, words } = optionMemory;
  words[1] = 4;
  if (libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, address, address + 4) !== 0) return libc.errno[0]!;
  return words[0]!;
}

/** The options of a socket, whose descriptor `fd` tells. */
export function optionsOf(libc: Libc, fd: () => number): ChannelOptions {
  const fail = (syscall: string): never => {
    throw systemError(syscall, libc.errno[0]!);
  };
  return {
    get(level, name) {
      optionMemory ??= libc.memory(8);
      const { address, words } = optionMemory;
      words[0] = 0;
      words[1] = 4;
      if (libc.getsockopt(fd(), level, name, address, address + 4) !== 0) fail('getsockopt');
      return words[0]!;
    },
    set(level, name, value) {
      optionMemory ??= libc.memory(8);
      optionMemory.words[0] = value;
      if (libc.setsockopt(fd(), level, name, optionMemory.address, 4) !== 0) fail('setsockopt');
    },
  };
}

/** Make something now, and tell of it soon, as operations do. */
export function soon<T>(
  later: (action: () => void) => void,
  make: () => T,
  discard: (value: T) => void,
  done: Done<T>,
): Operation {
  let made: { readonly value: T } | { readonly error: unknown };
  try {
    made = { value: make() };
  } catch (error) {
    made = { error };
  }
  const operation = new Once(done, () => {
    if ('value' in made) discard(made.value);
  });
  later(() => operation.end(made));
  return operation;
}

/** A connection that is being made. */
export class Connecting implements Operation, Watcher {
  readonly #poller: Poller;
  readonly #socket: RawSocket;
  readonly #place: Place;
  readonly #all: Set<Operation>;
  #done: ((error: Error | null) => void) | null;
  #watched = false;

  /**
   * @param all those that are being made, which it joins.
   * @param done is told on no caller's stack; the socket is its own then, if there was no error.
   */
  constructor(
    poller: Poller,
    socket: RawSocket,
    place: Place,
    all: Set<Operation>,
    later: (action: () => void) => void,
    done: (error: Error | null) => void,
  ) {
    this.#poller = poller;
    this.#socket = socket;
    this.#place = place;
    this.#all = all;
    this.#done = done;
    all.add(this);
    const errno = socket.connect(place);
    if (errno === EINPROGRESS || errno === EINTR) {
      poller.add(socket.fd, EPOLLOUT, this);
      this.#watched = true;
    } else later(() => this.#end(errno));
  }

  /** For the poller. */
  ready(): void {
    const errno = errorOf(this.#poller.libc, this.#socket.fd);
    if (errno !== EAGAIN) this.#end(errno);
  }

  cancel(): void {
    if (this.#done === null) return;
    this.#done = null;
    this.#leave();
    this.#socket.close();
  }

  #end(errno: number): void {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    this.#leave();
    if (errno === 0) {
      done(null);
      return;
    }
    this.#socket.close();
    done(systemError('connect', errno, textOf(this.#place)));
  }

  #leave(): void {
    this.#all.delete(this);
    if (this.#watched) this.#poller.remove(this.#socket.fd, this);
    this.#watched = false;
  }
}
