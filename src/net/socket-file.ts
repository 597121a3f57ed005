/**
 * The files of Unix sockets: a server makes one by binding, and the system leaves it there when the server is gone.
 *
 * Only sockets are ever removed, before binding; and after it only the one that was made, which its inode tells. What goes wrong with that is no
 * reason to fail, and is reported. Source: asyncio/unix_events.py, `create_unix_server`, `_stop_serving`.
 */
import { statSync, unlinkSync } from 'node:fs';
import type { Scheduler } from '../core/scheduler.ts';
import { toOSError } from './os-error.ts';

/** Remove the socket that a server before left at `path`. */
export function removeStaleSocket(loop: Scheduler, path: Uint8Array): void {
  ifItFails(loop, 'Unable to check or remove stale UNIX socket', path, () => {
    if (statSync(asPath(path)).isSocket()) unlinkSync(asPath(path));
  });
}

/** The socket at a path, as it was made. */
export class SocketFile {
  readonly #loop: Scheduler;
  readonly #path: Uint8Array;
  readonly #inode: bigint | null;

  /** @param path where a socket has just been bound. */
  constructor(loop: Scheduler, path: Uint8Array) {
    this.#loop = loop;
    this.#path = path;
    this.#inode = inodeOf(path);
  }

  /** Remove it, if it is still the same. */
  remove(): void {
    ifItFails(this.#loop, 'Unable to clean up listening UNIX socket', this.#path, () => {
      if (this.#inode !== null && inodeOf(this.#path) === this.#inode) unlinkSync(asPath(this.#path));
    });
  }
}

function ifItFails(loop: Scheduler, message: string, path: Uint8Array, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (isAbsence(error)) return;
    loop.callExceptionHandler({ message: `${message} '${asPath(path)}'`, exception: toOSError(error) });
  }
}

function inodeOf(path: Uint8Array): bigint | null {
  try {
    return statSync(asPath(path), { bigint: true }).ino;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ENOENT';
}

function asPath(path: Uint8Array): Buffer {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}
