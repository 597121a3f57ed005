/**
 * The functions of the C library that the network needs, each bound once.
 *
 * They return what C returns; a result of -1 leaves the reason in `errno[0]`. Read it in the very expression that saw the -1: between a call and
 * the next one, V8 may do system calls of its own only where a function is entered or a loop goes round. None of them blocks on the descriptors that this
 * library makes. Addresses of memory are numbers where the memory is ours (see `Memory`), arrays where it is the caller's.
 * Source: man pages of section 2; `sys/socket.h`, `sys/epoll.h`.
 */
import { constants } from 'node:os';
import { type CType, loadKoffi } from './koffi.ts';
import { Memory } from './memory.ts';

type Address = number;

export interface Libc {
  /** The reason of the last failure, at 0. */
  readonly errno: Int32Array;
  /** Memory for C, of this many bytes, all 0. */
  memory(size: number): Memory;
  /** Where the bytes of an array are at this moment. Keep the array while C may look there. */
  addressOf(data: Uint8Array): Address;

  socket(family: number, type: number, protocol: number): number;
  socketpair(family: number, type: number, protocol: number, pair: Address): number;
  bind(fd: number, address: Address, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Address, length: Address, flags: number): number;
  connect(fd: number, address: Address, length: number): number;
  /** Into memory of ours. */
  recv(fd: number, memory: Address, size: number, flags: number): number;
  /** Into an array of the caller's. */
  recvInto(fd: number, data: Uint8Array, size: number, flags: number): number;
  recvfromInto(
    fd: number,
    data: Uint8Array,
    size: number,
    flags: number,
    address: Address,
    length: Address,
  ): number;
  recvfrom(
    fd: number,
    memory: Address,
    size: number,
    flags: number,
    address: Address,
    length: Address,
  ): number;
  send(fd: number, data: Uint8Array, size: number, flags: number): number;
  sendto(fd: number, data: Uint8Array, size: number, flags: number, address: Address, length: number): number;
  sendmsg(fd: number, message: Address, flags: number): number;
  sendfile(out: number, file: number, offset: Address, size: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  getsockopt(fd: number, level: number, name: number, value: Address, length: Address): number;
  setsockopt(fd: number, level: number, name: number, value: Address, length: number): number;
  getsockname(fd: number, address: Address, length: Address): number;
  getpeername(fd: number, address: Address, length: Address): number;
  fcntl(fd: number, command: number, argument: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Address): number;
  epoll_wait(epoll: number, events: Address, count: number, milliseconds: number): number;
}

/** What each takes; all return an int, and sizes that come back are never beyond one. */
const FUNCTIONS: Readonly<Record<string, readonly CType[]>> = {
  socket: ['int', 'int', 'int'],
  socketpair: ['int', 'int', 'int', 'intptr_t'],
  bind: ['int', 'intptr_t', 'int'],
  listen: ['int', 'int'],
  accept4: ['int', 'intptr_t', 'intptr_t', 'int'],
  connect: ['int', 'intptr_t', 'int'],
  recv: ['int', 'intptr_t', 'size_t', 'int'],
  recvfrom: ['int', 'intptr_t', 'size_t', 'int', 'intptr_t', 'intptr_t'],
  send: ['int', 'void *', 'size_t', 'int'],
  sendto: ['int', 'void *', 'size_t', 'int', 'intptr_t', 'int'],
  sendmsg: ['int', 'intptr_t', 'int'],
  sendfile: ['int', 'int', 'intptr_t', 'size_t'],
  shutdown: ['int', 'int'],
  close: ['int'],
  getsockopt: ['int', 'int', 'int', 'intptr_t', 'intptr_t'],
  setsockopt: ['int', 'int', 'int', 'intptr_t', 'int'],
  getsockname: ['int', 'intptr_t', 'intptr_t'],
  getpeername: ['int', 'intptr_t', 'intptr_t'],
  fcntl: ['int', 'int', 'int'],
  epoll_create1: ['int'],
  epoll_ctl: ['int', 'int', 'int', 'intptr_t'],
  epoll_wait: ['int', 'intptr_t', 'int', 'int'],
};

let bound: Libc | null = null;

/** @throws where koffi cannot be loaded. */
export function loadLibc(): Libc {
  bound ??= bind();
  return bound;
}

function bind(): Libc {
  const koffi = loadKoffi();
  const library = koffi.load(null);
  const functions = Object.entries(FUNCTIONS).map(([name, types]) => [
    name,
    library.func(name, 'int', types),
  ]);
  const errnoLocation = library.func('__errno_location', 'void *', []) as () => unknown;
  return {
    ...Object.fromEntries(functions),
    recvfromInto: library.func('recvfrom', 'int', ['int', 'void *', 'size_t', 'int', 'intptr_t', 'intptr_t']),
    recvInto: library.func('recv', 'int', ['int', 'void *', 'size_t', 'int']),
    // There is one for each thread, and it stays.
    errno: new Int32Array(koffi.view(errnoLocation(), 4)),
    memory: (size: number) => new Memory(koffi, size),
    addressOf: (data: Uint8Array) => Number(koffi.address(data)),
  } as Libc;
}

/** The error of a system call that failed for the reason `errno`, as Node makes them. */
export function systemError(syscall: string, errno: number, detail = ''): Error {
  const code = nameOf(errno);
  return Object.assign(new Error(`${syscall} ${code}${detail === '' ? '' : ` ${detail}`}`), {
    code,
    errno: -errno,
    syscall,
  });
}

/** Names by number; the first name counts (`EAGAIN` is `EWOULDBLOCK` too). */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .map(([name, number]): [number, string] => [number, name])
    .reverse(),
);

function nameOf(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}
