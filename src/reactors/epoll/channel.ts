/**
 * A connection over a raw non-blocking descriptor, of TCP or of a Unix socket.
 *
 * The kernel's interest follows what is wanted lazily: to pause costs nothing until something comes, and to resume before that costs nothing at all. A channel
 * that wants nothing is taken out of the set, because the kernel would tell of a hang-up for ever.
 *
 * What is received into: a buffer of the sink's own, else the reactor's memory (see `receive.ts`).
 * Source: recv(2), send(2), tcp(7), unix(7).
 */
import type { Address, Channel, ChannelOptions, ChannelSink } from '../../core/channel.ts';
import { type Libc, systemError } from '../../host/libc.ts';
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  MSG_NOSIGNAL,
  SHUT_WR,
} from '../../host/linux.ts';
import { getsockname } from '../../host/names.ts';
import { type Gatherer, sendAll } from './gather.ts';
import type { Poller, Watcher } from './poller.ts';
import { LARGE, RECEIVE_SIZE, type ReceiveMemory } from './receive.ts';

import { optionsOf } from './sockets.ts';

/** What a channel needs of its reactor. */
export interface ChannelOwner {
  readonly poller: Poller;
  readonly memory: ReceiveMemory;
  readonly gatherer: Gatherer;
  channelOpened(channel: DescriptorChannel): void;
  channelClosed(channel: DescriptorChannel): void;
  /** Do `action` soon, on no caller's stack. */
  later(action: () => void): void;
}

/** What is told to those who make buffers of their own: how much comes is known only when it is there. */
const SIZE_HINT = 64 * 1024;
const READABLE = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
const WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR;

export class DescriptorChannel implements Channel, Watcher {
  readonly halfCloses = true;
  /** What the system has not taken is not taken here either. */
  readonly unsent = 0;
  #fd: number;
  readonly #owner: ChannelOwner;
  readonly #libc: Libc;
  #sockname: Address | null;
  readonly #peername: Address | null;
  #sink: ChannelSink | null = null;
  /** What the kernel knows that we are interested in. */
  #interest = 0;
  #reading = false;
  #stalled = false;
  #eof = false;
  /** How much came last. */
  #expected = 0;

  /**
   * @param fd a connected, non-blocking socket, which is the channel's from now on.
   * @param sockname its own address; `null` where that has to be asked for.
   */
  constructor(fd: number, owner: ChannelOwner, sockname: Address | null, peername: Address | null) {
    this.#fd = fd;
    this.#owner = owner;
    this.#libc = owner.poller.libc;
    this.#sockname = sockname;
    this.#peername = peername;
    owner.channelOpened(this);
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
  }

  get sink(): ChannelSink | null {
    return this.#sink;
  }

  get options(): ChannelOptions {
    return optionsOf(this.#libc, () => this.#fd);
  }

  info(name: string): unknown {
    switch (name) {
      case 'sockname':
        if (this.#sockname === null && this.#fd >= 0) this.#sockname = getsockname(this.#libc, this.#fd);
        return this.#sockname;
      case 'peername':
        return this.#peername;
      case 'fileno':
        return this.#fd;
      default:
        return undefined;
    }
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------------------

  resume(): void {
    if (this.#fd < 0 || this.#eof) return;
    this.#reading = true;
    if ((this.#interest & EPOLLIN) === 0) this.#be(this.#interest | EPOLLIN);
  }

  pause(): void {
    this.#reading = false;
  }

  /** For the poller. */
  ready(events: number): void {
    if ((events & READABLE) !== 0) {
      if (this.#reading) this.#receive();
      else if (this.#fd >= 0 && this.#interest !== 0) this.#be(this.#interest & ~EPOLLIN);
    }
    if ((events & WRITABLE) !== 0 && this.#stalled) this.#writable();
  }

  #receive(): void {
    const sink = this.#sink!;
    const own = sink.channelBuffer(SIZE_HINT);
    if (own !== null) {
      const count = this.#libc.recvInto(this.#fd, own, own.length, 0);
      if (count > 0) sink.channelFilled(count);
      else this.#nothing(count, this.#libc.errno[0]!);
      return;
    }
    const { memory } = this.#owner;
    if (this.#expected >= LARGE) {
      memory.prepare(this.#expected);
      const count = this.#libc.recv(this.#fd, memory.slabAddress, memory.slabRoom, 0);
      if (count > 0) {
        this.#expected = count;
        sink.channelData(memory.take(count));
      } else this.#nothing(count, this.#libc.errno[0]!);
    } else {
      const count = this.#libc.recv(this.#fd, memory.address, RECEIVE_SIZE, 0);
      if (count > 0) {
        this.#expected = count;
        sink.channelData(memory.copy(count));
      } else this.#nothing(count, this.#libc.errno[0]!);
    }
  }

  /** Nothing came, or it ended, or it failed. */
  #nothing(count: number, errno: number): void {
    if (count === 0) this.#ended();
    else this.#readFailed(errno);
  }

  #ended(): void {
    this.#eof = true;
    this.#reading = false;
    this.#be(this.#interest & ~EPOLLIN);
    this.#sink?.channelEof();
  }

  #readFailed(errno: number): void {
    if (errno !== EAGAIN && errno !== EINTR) this.abandon(systemError('read', errno));
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  write(data: Uint8Array): number {
    if (this.#stalled || this.#fd < 0) return 0;
    const { length } = data;
    const count = this.#libc.send(this.#fd, data, length, MSG_NOSIGNAL);
    return count === length ? count : this.#sent(count, this.#libc.errno[0]!);
  }

  writev(list: readonly Uint8Array[]): number {
    if (this.#stalled || this.#fd < 0) return 0;
    let size = 0;
    for (const data of list) size += data.length;
    const count = sendAll(this.#owner.gatherer, this.#fd, list);
    return count === size ? count : this.#sent(count, this.#libc.errno[0]!);
  }

  /** Not everything could be sent. @returns how much of it we are rid of. */
  #sent(count: number, errno: number): number {
    if (count < 0 && errno !== EAGAIN && errno !== EINTR) {
      // Nothing more is taken until that is told.
      this.#stalled = true;
      this.#owner.later(() => this.abandon(systemError('write', errno)));
      return 0;
    }
    this.#stalled = true;
    if ((this.#interest & EPOLLOUT) === 0) this.#be(this.#interest | EPOLLOUT);
    return Math.max(count, 0);
  }

  #writable(): void {
    this.#stalled = false;
    this.#sink?.channelWritable();
    if (!this.#stalled && (this.#interest & EPOLLOUT) !== 0) this.#be(this.#interest & ~EPOLLOUT);
  }

  shutdown(): void {
    if (this.#fd >= 0) this.#libc.shutdown(this.#fd, SHUT_WR);
  }

  // ---- ending -------------------------------------------------------------------------------------------------------------------

  close(): void {
    const fd = this.#release();
    if (fd >= 0) this.#libc.close(fd);
  }

  /** Give the descriptor away, open as it is: the channel is closed, the connection goes on. @returns -1 where it was closed. */
  detach(): number {
    return this.#release();
  }

  #release(): number {
    const fd = this.#fd;
    if (fd < 0) return fd;
    // It may be asked for when it is gone.
    this.#sockname ??= getsockname(this.#libc, fd);
    this.#be(0);
    this.#fd = -1;
    this.#reading = false;
    this.#sink = null;
    this.#owner.channelClosed(this);
    return fd;
  }

  /** Close it without its owner having asked for that. */
  abandon(error: Error): void {
    const sink = this.#sink;
    this.close();
    sink?.channelFailed(error);
  }

  #be(interest: number): void {
    const old = this.#interest;
    if (interest === old) return;
    this.#interest = interest;
    const { poller } = this.#owner;
    if (old === 0) poller.add(this.#fd, interest, this);
    else if (interest === 0) poller.remove(this.#fd, this);
    else poller.change(this.#fd, interest);
  }
}
