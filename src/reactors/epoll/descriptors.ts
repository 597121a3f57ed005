/**
 * Descriptors of the program's own in the epoll set, one watcher for each, whatever it is watched for.
 *
 * Source: Python docs, "Event Loop", "Watching file descriptors"; asyncio/selector_events.py.
 */
import type { Descriptors, Direction } from '../../core/descriptors.ts';
import { EPOLLIN, EPOLLOUT } from '../../host/linux.ts';
import type { Poller, Watcher } from './poller.ts';

export class EpollDescriptors implements Descriptors {
  readonly #poller: Poller;
  readonly #watches = new Map<number, DescriptorWatch>();

  constructor(poller: Poller) {
    this.#poller = poller;
  }

  watch(fd: number, direction: Direction, ready: (() => void) | null): boolean {
    let watch = this.#watches.get(fd);
    if (watch === undefined) {
      if (ready === null) return false;
      watch = new DescriptorWatch(fd, this.#poller);
    }
    const before = watch[direction];
    watch.set(direction, ready);
    if (watch.isIdle) this.#watches.delete(fd);
    else this.#watches.set(fd, watch);
    return before !== null;
  }

  unwatch(fd: number, direction: Direction, ready: () => void): void {
    if (this.#watches.get(fd)?.[direction] === ready) this.watch(fd, direction, null);
  }

  isUsed(fd: number): boolean {
    return this.#poller.isTaken(fd, this.#watches.get(fd) ?? null);
  }

  /** Watch nothing any more. */
  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }
}

class DescriptorWatch implements Watcher {
  read: (() => void) | null = null;
  write: (() => void) | null = null;
  readonly #fd: number;
  readonly #poller: Poller;
  #interest = 0;

  constructor(fd: number, poller: Poller) {
    this.#fd = fd;
    this.#poller = poller;
  }

  get isIdle(): boolean {
    return this.#interest === 0;
  }

  set(direction: Direction, ready: (() => void) | null): void {
    const before = this[direction];
    this[direction] = ready;
    try {
      this.#be((this.read === null ? 0 : EPOLLIN) | (this.write === null ? 0 : EPOLLOUT));
    } catch (error) {
      this[direction] = before;
      throw error;
    }
  }

  /** For the poller. */
  ready(events: number): void {
    if ((events & ~EPOLLOUT) !== 0) this.read?.();
    if ((events & ~EPOLLIN) !== 0) this.write?.();
  }

  close(): void {
    this.#be(0);
  }

  #be(interest: number): void {
    const old = this.#interest;
    if (interest === old) return;
    if (old === 0) this.#poller.add(this.#fd, interest, this);
    else if (interest === 0) this.#poller.remove(this.#fd, this);
    else this.#poller.change(this.#fd, interest);
    this.#interest = interest;
  }
}
