/**
 * `Socket`: a raw socket of the system, in the shape of Python's `socket.socket`.
 *
 * Each method is one system call and returns what it returns; what fails is an `OSError` of Python's class, `BlockingIOError` where a socket that must not block
 * would. As in Python a new socket blocks, and with it the whole program: call `setblocking(false)` before it is given to the loop's `sock...` methods. It is closed by
 * `close()` or `using`; one that is collected open is closed and warned of.
 * It needs Linux and the package koffi. Source: Python docs, "socket"; man pages of section 2.
 */
import { isIP } from 'node:net';
import type { Address, SocketAddress } from '../core/channel.ts';
import { NotImplementedError, OSError, OverflowError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { warn } from '../core/warn.ts';
import { type Libc, loadLibc, systemError } from '../host/libc.ts';
import * as linux from '../host/linux.ts';
import type { Memory } from '../host/memory.ts';
import { AddressBuffer, getpeername, getsockname } from '../host/names.ts';
import { encodeIPv4, encodeIPv6, encodeUnix } from '../host/sockaddr.ts';
import { formatAddress } from './address.ts';
import { checkBytes } from './bytes.ts';
import { toOSError } from './os-error.ts';
import { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } from './socket-constants.ts';
import { checkPath, type UnixPath } from './unix-address.ts';

/** The family of a socket: `socket.AF_INET`, `AF_INET6` or `AF_UNIX`. */
export type SocketFamily = typeof AF_INET | typeof AF_INET6 | typeof AF_UNIX;

/** How the kernel numbers a family. */
const KERNEL: { readonly [F in SocketFamily]: number } = {
  [AF_INET]: linux.AF_INET,
  [AF_INET6]: linux.AF_INET6,
  [AF_UNIX]: linux.AF_UNIX,
};

/** Descriptors of sockets that were collected without having been closed. */
const forgotten = new FinalizationRegistry<number>((fd) => {
  warn(`unclosed socket fd=${fd}: close() it, or declare it with 'using'`, 'ResourceWarning');
  loadLibc().close(fd);
});

let libc: Libc | null = null;
let option: Memory | null = null;

/** @throws {NotImplementedError} where there are no raw sockets. */
function system(): Libc {
  if (libc !== null) return libc;
  if (process.platform !== 'linux') {
    throw new NotImplementedError(
      `Socket: raw sockets are there on Linux alone, and this is ${process.platform}`,
    );
  }
  try {
    libc = loadLibc();
    return libc;
  } catch (error) {
    throw new NotImplementedError('Socket: raw sockets need the package koffi: npm install koffi', {
      cause: error,
    });
  }
}

function failure(syscall: string): unknown {
  return toOSError(systemError(syscall, system().errno[0]!));
}

export class Socket implements Disposable {
  readonly family: SocketFamily;
  /** `socket.SOCK_STREAM` or `socket.SOCK_DGRAM`. */
  readonly type: number;
  readonly proto: number;
  #fd: number;
  #blocking = true;

  /**
   * @param fileno a descriptor that is open already, and is the socket's from now on; without it, a new one is opened.
   * @throws {OSError} where there can be no such socket; {NotImplementedError} where there are none at all.
   */
  constructor(
    family: SocketFamily = AF_INET,
    type: number = SOCK_STREAM,
    proto = 0,
    fileno: number | null = null,
  ) {
    const kernel = KERNEL[family];
    if (kernel === undefined) {
      throw new ValueError(`family must be socket.AF_INET, AF_INET6 or AF_UNIX, not ${describe(family)}`);
    }
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#fd = fileno ?? system().socket(kernel, type | linux.SOCK_CLOEXEC, proto);
    if (this.#fd < 0) throw failure('socket');
    if (fileno !== null) this.#blocking = (this.#flags() & linux.O_NONBLOCK) === 0;
    forgotten.register(this, this.#fd, this);
  }

  /** The descriptor; -1 when it was closed. */
  fileno(): number {
    return this.#fd;
  }

  /** Close it. Has no effect on one that was closed. */
  close(): void {
    const fd = this.detach();
    if (fd >= 0) system().close(fd);
  }

  /** Give the descriptor away, open as it is. @returns it; -1 where it was closed. */
  detach(): number {
    const fd = this.#fd;
    this.#fd = -1;
    forgotten.unregister(this);
    return fd;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** May calls wait? A socket for the loop must not block. */
  setblocking(blocking: boolean): void {
    const flags = this.#flags();
    const wanted = blocking ? flags & ~linux.O_NONBLOCK : flags | linux.O_NONBLOCK;
    if (system().fcntl(this.#fd, linux.F_SETFL, wanted) < 0) throw failure('fcntl');
    this.#blocking = blocking;
  }

  getblocking(): boolean {
    return this.#blocking;
  }

  /** 0 where it does not block, `null` where it waits as long as it takes. */
  gettimeout(): 0 | null {
    return this.#blocking ? null : 0;
  }

  #flags(): number {
    const flags = system().fcntl(this.#fd, linux.F_GETFL, 0);
    if (flags < 0) throw failure('fcntl');
    return flags;
  }

  // ---- addresses ----------------------------------------------------------------------------------------------------------------

  /** Bind it to an address: `[host, port]`, whose host is an address and no name, or the path of a Unix socket. */
  bind(address: Address | Uint8Array): void {
    const [where, length] = this.#encode(address, 'bind');
    if (system().bind(this.#fd, where, length) < 0) throw failure('bind');
  }

  /** Accept connections. @param backlog how many may wait. */
  listen(backlog = 128): void {
    if (system().listen(this.#fd, Math.max(0, backlog)) < 0) throw failure('listen');
  }

  /** Take a connection that came. @returns a socket, which does not block if this one does not, and the address of its other end. */
  accept(): [connection: Socket, address: Address] {
    const buffer = new AddressBuffer();
    const flags = linux.SOCK_CLOEXEC | (this.#blocking ? 0 : linux.SOCK_NONBLOCK);
    const fd = system().accept4(this.#fd, buffer.address, buffer.lengthAddress, flags);
    if (fd < 0) throw failure('accept');
    const address = buffer.read() ?? '';
    return [new Socket(this.family, this.type, this.proto, fd), address];
  }

  /** Connect it. One that does not block throws `BlockingIOError` while the connection is being made. */
  connect(address: Address | Uint8Array): void {
    if (this.connectEx(address) !== 0) throw failure('connect');
  }

  /** The same, which returns the number of the error: 0 where it is connected. */
  connectEx(address: Address | Uint8Array): number {
    const [where, length] = this.#encode(address, 'connect');
    return system().connect(this.#fd, where, length) === 0 ? 0 : system().errno[0]!;
  }

  getsockname(): Address {
    const address = getsockname(system(), this.#fd);
    if (address === null) throw failure('getsockname');
    return address;
  }

  /** @throws {OSError} where it is not connected. */
  getpeername(): Address {
    const address = getpeername(system(), this.#fd);
    if (address === null) throw failure('getpeername');
    return address;
  }

  #encode(address: Address | Uint8Array, method: string): [where: number, length: number] {
    const buffer = new AddressBuffer();
    const where = `${method}()`;
    if (this.family === AF_UNIX) {
      return [buffer.address, encodeUnix(buffer.bytes, checkPath(address as UnixPath, where))];
    }
    const [host, port] = checkInet(address, this.family, where);
    if (this.family === AF_INET) return [buffer.address, encodeIPv4(buffer.bytes, host, port)];
    const [, , flowinfo, scope] = address as SocketAddress;
    return [buffer.address, encodeIPv6(buffer.bytes, [host, port, flowinfo ?? 0, scope ?? 0])];
  }

  // ---- bytes --------------------------------------------------------------------------------------------------------------------

  /** Receive up to `size` bytes. @returns them; an empty array where the other side will send no more. */
  recv(size: number, flags = 0): Uint8Array {
    const data = Buffer.allocUnsafe(checkSize(size, 'recv'));
    return data.subarray(0, this.recvInto(data, size, flags));
  }

  /** Receive into an array. @param size how many bytes at most; 0: as many as there is room for. @returns how many came. */
  recvInto(into: Uint8Array, size = 0, flags = 0): number {
    checkBytes(into, 'recvInto');
    const count = system().recvInto(this.#fd, into, room(into, size, 'recvInto'), flags);
    if (count < 0) throw failure('recv');
    return count;
  }

  /** Receive a datagram of up to `size` bytes, and where it came from. */
  recvfrom(size: number, flags = 0): [data: Uint8Array, address: Address | null] {
    const data = Buffer.allocUnsafe(checkSize(size, 'recvfrom'));
    const [count, address] = this.recvfromInto(data, size, flags);
    return [data.subarray(0, count), address];
  }

  /** The same into an array. */
  recvfromInto(into: Uint8Array, size = 0, flags = 0): [count: number, address: Address | null] {
    checkBytes(into, 'recvfromInto');
    const buffer = new AddressBuffer();
    const length = room(into, size, 'recvfromInto');
    const count = system().recvfromInto(this.#fd, into, length, flags, buffer.address, buffer.lengthAddress);
    if (count < 0) throw failure('recvfrom');
    return [count, buffer.read()];
  }

  /** Send bytes. @returns how many were sent. */
  send(data: Uint8Array, flags = 0): number {
    checkBytes(data, 'send');
    const count = system().send(this.#fd, data, data.length, flags | linux.MSG_NOSIGNAL);
    if (count < 0) throw failure('send');
    return count;
  }

  /** Send all of it, with as many calls as that takes; for sockets that block. */
  sendall(data: Uint8Array, flags = 0): void {
    checkBytes(data, 'sendall');
    for (let sent = 0; sent < data.length; ) sent += this.send(data.subarray(sent), flags);
  }

  /** Send a datagram. @returns how many bytes were sent. */
  sendto(data: Uint8Array, address: Address | Uint8Array, flags = 0): number {
    checkBytes(data, 'sendto');
    const [where, length] = this.#encode(address, 'sendto');
    const count = system().sendto(this.#fd, data, data.length, flags | linux.MSG_NOSIGNAL, where, length);
    if (count < 0) throw failure('sendto');
    return count;
  }

  /** End one way of the connection or both. @param how `socket.SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`. */
  shutdown(how: number): void {
    if (system().shutdown(this.#fd, how) < 0) throw failure('shutdown');
  }

  // ---- options ------------------------------------------------------------------------------------------------------------------

  /** Set an option. @param value a number, or the bytes of what the option takes. */
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    const memory = optionMemory();
    let length = 4;
    if (typeof value === 'number') memory.words[0] = value;
    else {
      checkBytes(value, 'setsockopt');
      length = value.length;
      if (length > OPTION_SIZE)
        throw new ValueError(`setsockopt(): an option has ${OPTION_SIZE} bytes at most`);
      memory.bytes.set(value);
    }
    if (system().setsockopt(this.#fd, level, name, memory.address, length) < 0) throw failure('setsockopt');
  }

  /** The number that an option has. */
  getsockopt(level: number, name: number): number;
  /** The bytes that an option has, `size` of them at most. */
  getsockopt(level: number, name: number, size: number): Uint8Array;
  getsockopt(level: number, name: number, size?: number): number | Uint8Array {
    const memory = optionMemory();
    const at = OPTION_SIZE >> 2;
    memory.words[0] = 0;
    memory.words[at] = Math.min(size ?? 4, OPTION_SIZE);
    if (system().getsockopt(this.#fd, level, name, memory.address, memory.address + OPTION_SIZE) < 0) {
      throw failure('getsockopt');
    }
    return size === undefined ? memory.words[0]! : Buffer.from(memory.bytes.subarray(0, memory.words[at]));
  }

  toString(): string {
    const parts = [
      `Socket fd=${this.#fd}`,
      `family=${this.family}`,
      `type=${this.type}`,
      `proto=${this.proto}`,
    ];
    if (this.#fd >= 0) {
      const own = getsockname(system(), this.#fd);
      const peer = getpeername(system(), this.#fd);
      if (own !== null) parts.push(`laddr=${formatAddress(own)}`);
      if (peer !== null) parts.push(`raddr=${formatAddress(peer)}`);
    } else parts[0] = 'Socket [closed] fd=-1';
    return `<${parts.join(' ')}>`;
  }
}

/** Two sockets that are connected to each other. */
export function socketpair(
  family: SocketFamily = AF_UNIX,
  type: number = SOCK_STREAM,
  proto = 0,
): [one: Socket, other: Socket] {
  const memory = optionMemory();
  const kernel = KERNEL[family];
  if (system().socketpair(kernel, type | linux.SOCK_CLOEXEC, proto, memory.address) < 0)
    throw failure('socketpair');
  const [one, other] = [memory.words[0]!, memory.words[1]!];
  return [new Socket(family, type, proto, one), new Socket(family, type, proto, other)];
}

/** The longest option that is known of. */
const OPTION_SIZE = 256;

function optionMemory(): Memory {
  option ??= system().memory(OPTION_SIZE + 4);
  return option;
}

/** @throws what is wrong with the address of a host that is no name. */
function checkInet(address: unknown, family: SocketFamily, where: string): readonly [string, number] {
  if (!Array.isArray(address) || address.length < 2 || address.length > 4) {
    throw new TypeError(`${where} needs an address such as ['127.0.0.1', 80], not ${describe(address)}`);
  }
  const [host, port] = address as unknown[];
  if (typeof host !== 'string') throw new TypeError(`${where}: host must be a string, not ${describe(host)}`);
  if (typeof port !== 'number') throw new TypeError(`${where}: port must be a number, not ${describe(port)}`);
  if (!Number.isInteger(port)) throw new ValueError(`${where}: port must be a whole number, got ${port}`);
  if (port < 0 || port > 65535) throw new OverflowError(`${where}: port must be 0-65535, got ${port}`);
  if (host === '') return [family === AF_INET ? '0.0.0.0' : '::', port];
  if (host === '<broadcast>' && family === AF_INET) return ['255.255.255.255', port];
  if (isIP(host) === family) return [host, port];
  throw new OSError(
    `${where}: ${describe(host)} is no address of this family; names are looked up by loop.getaddrinfo() and loop.sockConnect()`,
  );
}

function checkSize(size: unknown, method: string): number {
  if (typeof size !== 'number' || !Number.isInteger(size)) {
    throw new TypeError(`${method}() needs a whole number of bytes, not ${describe(size)}`);
  }
  if (size < 0) throw new ValueError(`negative buffersize in ${method}`);
  return size;
}

/** How many bytes may be received. */
function room(into: Uint8Array, size: number, method: string): number {
  const wanted = checkSize(size, method);
  if (wanted > into.length) throw new ValueError('buffer too small for requested bytes');
  return wanted === 0 ? into.length : wanted;
}
