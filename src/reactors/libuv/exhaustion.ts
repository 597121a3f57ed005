/**
 * Notices that a process has no descriptor left, which libuv does not tell.
 *
 * A listener that cannot accept for want of descriptors would be asked again at once, for ever. Python logs that and stops accepting for a second.
 * libuv gives up a descriptor that it keeps for this, accepts all connections that wait and closes them, so that their clients are not left
 * hanging, and says nothing; it goes on when there are descriptors again, and cannot be told to wait. What can be done is to see it come: the system
 * gives the lowest number that is free, so an accepted connection with the highest number there is was the last one.
 * Source: libuv, `src/unix/core.c`, `uv__emfile_trick`; POSIX, "File Descriptor Allocation"; asyncio/selector_events.py, `_accept_connection`.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** How long nothing more is said of it, in milliseconds: as long as Python waits. */
const PAUSE = 1000;

export class Exhaustion {
  readonly #highest = highestDescriptor();
  #toldAt = -Infinity;

  /** What to tell when `descriptor` was given to a new connection; `null` where there are more, or it was told just now. */
  check(descriptor: number): Error | null {
    if (descriptor < this.#highest) return null;
    const now = performance.now();
    if (now < this.#toldAt + PAUSE) return null;
    this.#toldAt = now;
    return Object.assign(new Error('accept EMFILE'), {
      code: 'EMFILE',
      errno: -constants.errno.EMFILE,
      syscall: 'accept',
    });
  }
}

/** The highest number that a descriptor can have; infinite where that is not known. */
function highestDescriptor(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Infinity : Number(soft) - 1;
  } catch {
    return Infinity;
  }
}
