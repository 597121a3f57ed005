/**
 * Paths of Unix sockets as callers give them.
 *
 * Source: Python docs, "socket", "Socket families"; unix(7).
 */
import { NotImplementedError, OSError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { networkOf } from './operation.ts';

/** Where a Unix socket is: a path; or `\0` and a name, which is in no directory and goes with its socket (Linux). Bytes are taken as they are. */
export type UnixPath = string | Uint8Array;

/** How many bytes the system has for it; a path has a zero behind it. Source: `struct sockaddr_un`. */
const LONGEST = process.platform === 'linux' || process.platform === 'android' ? 108 : 104;

const encoder = new TextEncoder();

/** @throws {TypeError} where `path` is none, {ValueError} where it names nothing, {OSError} where it is longer than a path may be. */
export function checkPath(path: unknown, where: string): Uint8Array {
  if (path === null || path === undefined) {
    throw new ValueError(`${where}: path was not specified, and no sock specified`);
  }
  if (typeof path !== 'string' && !(path instanceof Uint8Array)) {
    throw new TypeError(`${where}: path must be a string or bytes, not ${describe(path)}`);
  }
  const bytes = typeof path === 'string' ? encoder.encode(path) : path;
  if (bytes.length === 0) throw new ValueError(`${where}: path must not be empty`);
  if (!isAbstract(bytes) && bytes.includes(0)) throw new ValueError(`${where}: embedded null byte in path`);
  if (bytes.length > LONGEST || (bytes.length === LONGEST && !isAbstract(bytes))) {
    throw new OSError(`AF_UNIX path too long: ${bytes.length} bytes, where ${LONGEST - 1} are the most`);
  }
  return bytes;
}

/** Is it in no directory? */
export function isAbstract(path: Uint8Array): boolean {
  return path[0] === 0;
}

/** What a loop can do with Unix sockets. */
export type UnixNetwork = Required<Pick<ReturnType<typeof networkOf>, 'connectUnix' | 'listenUnix'>>;

/** @throws {NotImplementedError} where there are none. */
export function unixNetworkOf(loop: Scheduler, method: string): UnixNetwork {
  const network = networkOf(loop, method);
  if (process.platform === 'win32') {
    throw new NotImplementedError(`${method}(): there are no Unix sockets on Windows`);
  }
  if (network.connectUnix !== undefined && network.listenUnix !== undefined) return network as UnixNetwork;
  throw new NotImplementedError(`${method}(): the ${loop._reactor.name} reactor has no Unix sockets`);
}
