/**
 * The `sock...` methods: work on raw sockets without waiting for the system.
 *
 * Each first tries the system call; where that would block, it waits until the loop tells that the descriptor is ready, and tries again. Cancelled, it watches the descriptor no
 * more and has moved nothing that it did not tell of (a send that was under way may have sent a part, as in Python).
 * Source: Python docs, "Event Loop", "Working with socket objects directly"; asyncio/selector_events.py.
 */
import { read as readFile } from 'node:fs';
import { isIP } from 'node:net';
import type { Coroutine } from '../core/awaitable.ts';
import type { Address, SocketAddress } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import type { Direction } from '../core/descriptors.ts';
import { BlockingIOError, InterruptedError, OSError, ValueError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { loadLibc, systemError } from '../host/libc.ts';
import { EAGAIN, EINTR, EINVAL, ENOSYS } from '../host/linux.ts';
import { formatAddress } from './address.ts';
import { checkBytes } from './bytes.ts';
import { addressesOf } from './name-lookup.ts';
import { toOSError } from './os-error.ts';
import { checkFree, descriptorsOf } from './readiness.ts';
import { Socket } from './socket.ts';
import { AF_UNIX, SO_ERROR, SOL_SOCKET } from './socket-constants.ts';

/** A file to be sent: a descriptor, or what has one, such as a `FileHandle` of `node:fs/promises`. */
export type SendableFile = number | { readonly fd: number };

/** How much of a file is read at once where the system cannot send it by itself. */
const BLOCK = 64 * 1024;

/** Try `call` until it does not block. */
function* whenReady<T>(
  loop: Scheduler,
  sock: Socket,
  direction: Direction,
  method: string,
  call: () => T,
): Coroutine<T> {
  checkSocket(loop, sock, method);
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof BlockingIOError || error instanceof InterruptedError)) throw error;
    }
    yield* ready(loop, sock.fileno(), direction, method);
  }
}

/** Wait until a descriptor can be used. */
function* ready(loop: Scheduler, fd: number, direction: Direction, method: string): Coroutine<void> {
  const descriptors = descriptorsOf(loop, method);
  const future: Future<void> = loop.createFuture<void>();
  const tell = () => {
    descriptors.watch(fd, direction, null);
    if (!future.done()) future.setResult(undefined);
  };
  // Who waited for the same before waits in vain, as in Python.
  descriptors.watch(fd, direction, tell);
  try {
    yield* future;
  } finally {
    // Not where the next one waits for it already, which may have begun between the cancelling and this.
    descriptors.unwatch(fd, direction, tell);
  }
}

function checkSocket(loop: Scheduler, sock: unknown, method: string): asserts sock is Socket {
  const descriptors = descriptorsOf(loop, method);
  if (!(sock instanceof Socket)) throw new TypeError(`${method}() needs a Socket, not ${describe(sock)}`);
  if (sock.fileno() < 0) throw toOSError(systemError(method, EBADF));
  if (sock.getblocking()) {
    throw new ValueError(`the socket must be non-blocking: call setblocking(false) before ${method}()`);
  }
  checkFree(descriptors, sock.fileno());
}

const EBADF = 9;

/** Receive up to `size` bytes. @returns them; an empty array where the other side will send no more. */
export function sockRecv(loop: Scheduler, sock: Socket, size: number): CoroutineObject<Uint8Array> {
  return new LazyCoroutine<Uint8Array>(function* sockRecv() {
    return yield* whenReady(loop, sock, 'read', 'sockRecv', () => sock.recv(size));
  }, undefined);
}

/** Receive into an array. @returns how many bytes came. */
export function sockRecvInto(loop: Scheduler, sock: Socket, into: Uint8Array): CoroutineObject<number> {
  return new LazyCoroutine<number>(function* sockRecvInto() {
    return yield* whenReady(loop, sock, 'read', 'sockRecvInto', () => sock.recvInto(into));
  }, undefined);
}

/** Receive a datagram. @returns it, and where it came from. */
export function sockRecvfrom(
  loop: Scheduler,
  sock: Socket,
  size: number,
): CoroutineObject<[data: Uint8Array, address: Address | null]> {
  return new LazyCoroutine<[Uint8Array, Address | null]>(function* sockRecvfrom() {
    return yield* whenReady(loop, sock, 'read', 'sockRecvfrom', () => sock.recvfrom(size));
  }, undefined);
}

/** Receive a datagram into an array. @returns how many bytes came, and where from. */
export function sockRecvfromInto(
  loop: Scheduler,
  sock: Socket,
  into: Uint8Array,
  size = 0,
): CoroutineObject<[count: number, address: Address | null]> {
  return new LazyCoroutine<[number, Address | null]>(function* sockRecvfromInto() {
    return yield* whenReady(loop, sock, 'read', 'sockRecvfromInto', () => sock.recvfromInto(into, size));
  }, undefined);
}

/** Send all of the bytes. */
export function sockSendall(loop: Scheduler, sock: Socket, data: Uint8Array): CoroutineObject<void> {
  return new LazyCoroutine<void>(function* sockSendall() {
    checkBytes(data, 'sockSendall');
    yield* sendAll(loop, sock, data);
  }, undefined);
}

function* sendAll(loop: Scheduler, sock: Socket, data: Uint8Array): Coroutine<void> {
  for (let rest = data; rest.length > 0; ) {
    const sent = yield* whenReady(loop, sock, 'write', 'sockSendall', () => sock.send(rest));
    rest = rest.subarray(sent);
  }
}

/** Send a datagram. @returns how many bytes were sent. */
export function sockSendto(
  loop: Scheduler,
  sock: Socket,
  data: Uint8Array,
  address: Address,
): CoroutineObject<number> {
  return new LazyCoroutine<number>(function* sockSendto() {
    return yield* whenReady(loop, sock, 'write', 'sockSendto', () => sock.sendto(data, address));
  }, undefined);
}

/** Connect; a name in the address is looked up. */
export function sockConnect(loop: Scheduler, sock: Socket, address: Address): CoroutineObject<void> {
  return new LazyCoroutine<void>(function* sockConnect() {
    checkSocket(loop, sock, 'sockConnect');
    const where = yield* resolved(loop, sock, address);
    const failed = (errno: number) =>
      toOSError(
        systemError('connect', errno),
        (text, number) => `[Errno ${number}] ${text}: connect call failed ${formatAddress(where)}`,
      );
    try {
      sock.connect(where);
      return;
    } catch (error) {
      if (!(error instanceof BlockingIOError || error instanceof InterruptedError)) throw error;
      // The waiting line of a Unix socket is full: it is not being connected.
      if (error instanceof BlockingIOError && error.errno === EAGAIN) throw error;
    }
    yield* ready(loop, sock.fileno(), 'write', 'sockConnect');
    const errno = sock.getsockopt(SOL_SOCKET, SO_ERROR);
    if (errno !== 0) throw failed(errno);
  }, undefined);
}

function* resolved(loop: Scheduler, sock: Socket, address: Address): Coroutine<Address> {
  const { family, type, proto } = sock;
  if (family === AF_UNIX || !Array.isArray(address)) return address;
  const [host, port] = address as SocketAddress;
  if (typeof host !== 'string' || isIP(host) === family) return address;
  const infos = yield* addressesOf(loop, host, port, { family, type, proto }, 'sockConnect()');
  const [info] = infos;
  if (info === undefined) throw new OSError('getaddrinfo() returned empty list');
  return info[4];
}

/** Take a connection that comes. @returns a socket that does not block, and the address of its other end. */
export function sockAccept(
  loop: Scheduler,
  sock: Socket,
): CoroutineObject<[connection: Socket, address: Address]> {
  return new LazyCoroutine<[Socket, Address]>(function* sockAccept() {
    return yield* whenReady(loop, sock, 'read', 'sockAccept', () => sock.accept());
  }, undefined);
}

/**
 * Send a file, from the system's own cache where it can.
 * @param offset where to begin, in bytes. @param count how many bytes; `null`: up to the end.
 * @returns how many bytes were sent.
 */
export function sockSendfile(
  loop: Scheduler,
  sock: Socket,
  file: SendableFile,
  offset = 0,
  count: number | null = null,
): CoroutineObject<number> {
  return new LazyCoroutine<number>(function* sockSendfile() {
    checkSocket(loop, sock, 'sockSendfile');
    const fd = toFile(file);
    checkWhole(offset, 'offset');
    if (count !== null) checkWhole(count, 'count');
    if (count === 0) throw new ValueError('sockSendfile(): count must be a positive integer (got 0)');
    return yield* sendFile(loop, sock, fd, offset, count ?? Infinity);
  }, undefined);
}

function* sendFile(
  loop: Scheduler,
  sock: Socket,
  fd: number,
  offset: number,
  count: number,
): Coroutine<number> {
  const libc = loadLibc();
  // Others may use it while this waits, so it is this call's alone.
  const place = libc.memory(8);
  let sent = 0;
  while (sent < count) {
    place.bytes.writeBigInt64LE(BigInt(offset + sent));
    const wanted = Math.min(count - sent, 0x7ffff000);
    const moved = libc.sendfile(sock.fileno(), fd, place.address, wanted);
    if (moved > 0) sent += moved;
    else if (moved === 0) break;
    else {
      const errno = libc.errno[0]!;
      if (errno === EAGAIN) yield* ready(loop, sock.fileno(), 'write', 'sockSendfile');
      else if (sent === 0 && (errno === EINVAL || errno === ENOSYS)) {
        return yield* sendBlocks(loop, sock, fd, offset, count);
      } else if (errno !== EINTR) throw toOSError(systemError('sendfile', errno));
    }
  }
  return sent;
}

/** What the system cannot send by itself, such as a pipe or a file of /proc, is read. */
function* sendBlocks(
  loop: Scheduler,
  sock: Socket,
  fd: number,
  offset: number,
  count: number,
): Coroutine<number> {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  let sent = 0;
  while (sent < count) {
    const future = loop.createFuture<number>();
    readFile(fd, block, 0, Math.min(BLOCK, count - sent), offset + sent, (error, read) => {
      if (future.done()) return;
      if (error === null) future.setResult(read);
      else future._fail(toOSError(error));
    });
    const read = yield* future;
    if (read === 0) break;
    yield* sendAll(loop, sock, block.subarray(0, read));
    sent += read;
  }
  return sent;
}

function toFile(file: SendableFile): number {
  const fd: unknown = typeof file === 'number' ? file : (file as { fd?: unknown } | null)?.fd;
  if (typeof fd === 'number' && Number.isInteger(fd) && fd >= 0) return fd;
  throw new TypeError(`sockSendfile() needs a descriptor or a FileHandle, not ${describe(file)}`);
}

function checkWhole(value: unknown, what: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return;
  throw new ValueError(`sockSendfile(): ${what} must be a whole number of bytes, not ${describe(value)}`);
}
