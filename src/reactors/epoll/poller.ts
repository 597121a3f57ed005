/**
 * An epoll set: which descriptors are watched, for what, and who is told.
 *
 * Level-triggered: the kernel tells of a descriptor as long as there is something, so nothing is lost where a watcher takes only a part, fails in the
 * middle of a round, or was told too late. What has happened is kept by descriptor and generation: an event that belongs to a descriptor which was
 * closed in the same round, and whose number another one has by then, is dropped.
 *
 * The kernel watches open files, not descriptors: one that a child process has inherited would be told of after it was closed here. So a descriptor is
 * always taken out before it is closed. It also tells of errors and hang-ups that nobody asked for, again and again; who is not interested in anything for the
 * moment must therefore be taken out rather than be left with an interest in nothing.
 * Source: epoll(7), epoll_ctl(2), epoll_wait(2); trio, `_io_epoll.py`, on why descriptors are a treacherous key.
 */
import { type Libc, systemError } from '../../host/libc.ts';
import { EINTR, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD } from '../../host/linux.ts';
import type { Memory } from '../../host/memory.ts';

/** Who is told that something happened on a descriptor. */
export interface Watcher {
  /** @param events the bits that epoll told. */
  ready(events: number): void;
}

/** How many events one call can bring. */
export const ROUND = 1024;
/** `struct epoll_event` is packed on x86-64, and there alone; in 32-bit words. */
const STRIDE = process.arch === 'x64' ? 3 : 4;
/** Where its data begins. */
const DATA = process.arch === 'x64' ? 1 : 2;

export class Poller {
  readonly libc: Libc;
  /** The descriptor of the set; -1 when it was closed. */
  fd: number;
  /** How many descriptors are watched. */
  watched = 0;
  /** Told when the first descriptor is watched, or the last one is not any more. */
  onChange: (() => void) | null = null;
  readonly #watchers: (Watcher | null)[] = [];
  readonly #generations: number[] = [];
  #lastGeneration = 0;
  readonly #event: Memory;
  readonly #events: Memory;

  constructor(libc: Libc) {
    this.libc = libc;
    this.#event = libc.memory(STRIDE * 4);
    this.#events = libc.memory(ROUND * STRIDE * 4);
    this.fd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.fd < 0) throw systemError('epoll_create1', libc.errno[0]!);
  }

  /** Watch `fd`, which is not watched yet. @throws the system's error where it cannot be. */
  add(fd: number, interest: number, watcher: Watcher): void {
    const generation = (this.#lastGeneration + 1) & 0x7fffffff;
    this.#control(EPOLL_CTL_ADD, fd, interest, generation);
    this.#lastGeneration = generation;
    while (this.#watchers.length <= fd) {
      this.#watchers.push(null);
      this.#generations.push(0);
    }
    const stale = this.#watchers[fd] !== null;
    this.#watchers[fd] = watcher;
    this.#generations[fd] = generation;
    // The kernel knew of no such descriptor: the one that we knew of was closed behind our back.
    if (!stale && this.watched++ === 0) this.onChange?.();
  }

  /** Is `fd` watched, and by another one than `watcher`? */
  isTaken(fd: number, watcher: Watcher | null): boolean {
    const present = this.#watchers[fd] ?? null;
    return present !== null && present !== watcher;
  }

  /** Be interested in something else; not in nothing. */
  change(fd: number, interest: number): void {
    this.#control(EPOLL_CTL_MOD, fd, interest, this.#generations[fd]!);
  }

  /** Watch `fd` no more, unless another one does by now. Events of it that came already are dropped. */
  remove(fd: number, watcher: Watcher): void {
    if (this.#watchers[fd] !== watcher) return;
    this.#watchers[fd] = null;
    if (--this.watched === 0) this.onChange?.();
    // It may be gone by itself, where it was closed behind our back.
    this.libc.epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, this.#event.address);
  }

  /**
   * Wait until something happens, and tell the watchers.
   * @param milliseconds how long at most; -1: as long as it takes.
   * @returns how many events there were.
   */
  wait(milliseconds: number): number {
    const libc = this.libc;
    const { address, words } = this.#events;
    const count = libc.epoll_wait(this.fd, address, ROUND, milliseconds);
    if (count < 0) {
      const errno = libc.errno[0]!;
      if (errno === EINTR) return 0;
      throw systemError('epoll_wait', errno);
    }
    const watchers = this.#watchers;
    const generations = this.#generations;
    for (let at = 0, end = count * STRIDE; at < end; at += STRIDE) {
      const fd = words[at + DATA]!;
      const watcher = watchers[fd]!;
      if (watcher !== null && generations[fd] === words[at + DATA + 1]) watcher.ready(words[at]!);
    }
    return count;
  }

  close(): void {
    if (this.fd < 0) return;
    this.libc.close(this.fd);
    this.fd = -1;
  }

  #control(operation: number, fd: number, interest: number, generation: number): void {
    const { address, words } = this.#event;
    words[0] = interest;
    words[DATA] = fd;
    words[DATA + 1] = generation;
    if (this.libc.epoll_ctl(this.fd, operation, fd, address) === 0) return;
    throw systemError('epoll_ctl', this.libc.errno[0]!);
  }
}
