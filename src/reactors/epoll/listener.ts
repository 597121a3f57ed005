/**
 * An address at which connections are accepted: a host and a port, or the path of a Unix socket.
 *
 * Until it is asked to accept, what comes waits in the kernel. When the process has no descriptor left, what comes is closed at once, with the help of one that was kept for
 * that; where that does not help, accepting rests for a second, since the kernel would tell of the same connection without end. Source: accept(2), listen(2); Python docs say nothing of it, asyncio rests as long.
 */
import type { Address, Listener, ListenerSink, SocketAddress } from '../../core/channel.ts';
import { systemError } from '../../host/libc.ts';
import {
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPOLLIN,
  EPROTO,
  F_DUPFD_CLOEXEC,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
} from '../../host/linux.ts';
import { AddressBuffer, getsockname } from '../../host/names.ts';
import { type ChannelOwner, DescriptorChannel } from './channel.ts';
import type { Watcher } from './poller.ts';

/** How many connections are accepted in one round. */
const AT_ONCE = 64;
/** How long accepting rests when resources are short, in milliseconds. */
const REST = 1000;

/** Who keeps count of the open listeners. */
export interface ListenerOwner extends ChannelOwner {
  listenerOpened(listener: DescriptorListener<Address>): void;
  listenerClosed(listener: DescriptorListener<Address>): void;
}

export class DescriptorListener<A extends Address = SocketAddress> implements Listener<A>, Watcher {
  readonly address: A;
  readonly #owner: ListenerOwner;
  readonly #buffer = new AddressBuffer();
  /** The own address of those that are accepted; `null` where each has one of its own. */
  readonly #sockname: A | null;
  #fd: number;
  #sink: ListenerSink | null = null;
  #watched = false;
  #rest: NodeJS.Timeout | null = null;
  /** Descriptors may run out; see `#turnAway`. */
  #reserve: number;
  #toldAt = -Infinity;

  /** @param fd a non-blocking socket that listens, which is the listener's from now on. */
  constructor(fd: number, owner: ListenerOwner) {
    this.#fd = fd;
    this.#owner = owner;
    this.#reserve = this.#keep();
    this.address = getsockname(owner.poller.libc, fd) as A;
    this.#sockname = isWildcard(this.address) ? null : this.address;
    owner.listenerOpened(this);
  }

  get fileno(): number {
    return this.#fd;
  }

  accept(sink: ListenerSink): void {
    if (this.#fd < 0) return;
    this.#sink = sink;
    this.#setWatched(true);
  }

  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#setWatched(false);
    this.#fd = -1;
    this.#sink = null;
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#owner.poller.libc.close(fd);
    if (this.#reserve >= 0) this.#owner.poller.libc.close(this.#reserve);
    this.#owner.listenerClosed(this);
  }

  /** For the poller. */
  ready(): void {
    const { libc } = this.#owner.poller;
    const buffer = this.#buffer;
    for (let i = 0; i < AT_ONCE && this.#fd >= 0; i++) {
      const fd = libc.accept4(this.#fd, buffer.address, buffer.lengthAddress, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        this.#failed(libc.errno[0]!);
        return;
      }
      this.#sink!.listenerAccepted(new DescriptorChannel(fd, this.#owner, this.#sockname, buffer.read()));
    }
  }

  #failed(errno: number): void {
    switch (errno) {
      case EAGAIN:
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
        return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        if (this.#turnAway()) {
          if (!this.#isNews()) return;
          break;
        }
        this.#setWatched(false);
        this.#rest = setTimeout(this.#goOn, REST);
    }
    this.#sink?.listenerFailed(systemError('accept', errno));
  }

  /** Nobody is left hanging: a descriptor that was kept for that takes one connection after the other, to close it. @returns whether that helped. */
  #turnAway(): boolean {
    const { libc } = this.#owner.poller;
    if (this.#reserve < 0) return false;
    libc.close(this.#reserve);
    let closed = 0;
    for (; closed < AT_ONCE; closed++) {
      const fd = libc.accept4(this.#fd, 0, 0, SOCK_CLOEXEC);
      if (fd < 0) break;
      libc.close(fd);
    }
    this.#reserve = this.#keep();
    return closed > 0;
  }

  /** It is told when it begins; not again while it lasts. */
  #isNews(): boolean {
    const before = this.#toldAt;
    this.#toldAt = performance.now();
    return this.#toldAt - before > REST;
  }

  /** A descriptor to spare; -1 where there is none. */
  #keep(): number {
    const { fd, libc } = this.#owner.poller;
    return libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }

  readonly #goOn = (): void => {
    this.#rest = null;
    if (this.#sink !== null) this.#setWatched(true);
  };

  #setWatched(watched: boolean): void {
    if (watched === this.#watched) return;
    this.#watched = watched;
    if (watched) this.#owner.poller.add(this.#fd, EPOLLIN, this);
    else this.#owner.poller.remove(this.#fd, this);
  }
}

/** Does it stand for every address of this machine? */
function isWildcard(address: Address): boolean {
  return typeof address !== 'string' && (address[0] === '0.0.0.0' || address[0] === '::');
}
