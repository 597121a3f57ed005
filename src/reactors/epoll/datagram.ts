/**
 * A socket of datagrams over a raw non-blocking descriptor.
 *
 * What the kernel has no room for is not taken; the sink keeps it until the descriptor can be written to again. Source: udp(7), ip(7), recvfrom(2), sendto(2).
 */
import type {
  ChannelOptions,
  DatagramChannel,
  DatagramRequest,
  DatagramSink,
  Endpoint,
  SocketAddress,
} from '../../core/channel.ts';
import { type Libc, systemError } from '../../host/libc.ts';
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EINTR,
  EINVAL,
  ENOBUFS,
  EPOLLERR,
  EPOLLIN,
  EPOLLOUT,
  MSG_NOSIGNAL,
  SO_BROADCAST,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOL_SOCKET,
} from '../../host/linux.ts';
import type { Memory } from '../../host/memory.ts';
import { AddressBuffer, getpeername, getsockname } from '../../host/names.ts';
import { encodeEndpoint } from '../../host/sockaddr.ts';
import type { Poller, Watcher } from './poller.ts';
import { RECEIVE_SIZE, type ReceiveMemory } from './receive.ts';
import { errorOf, optionsOf, RawSocket, textOf } from './sockets.ts';

/** How many datagrams are received in one round. */
const AT_ONCE = 32;

/** Who keeps count of the open datagram channels. */
export interface DatagramOwner {
  readonly poller: Poller;
  readonly memory: ReceiveMemory;
  datagramOpened(channel: DescriptorDatagrams): void;
  datagramClosed(channel: DescriptorDatagrams): void;
  /** Do `action` soon, on no caller's stack. */
  later(action: () => void): void;
}

/** Bind a socket, and connect it where that is asked for. @throws the system's error. */
export function openDatagrams(request: DatagramRequest, owner: DatagramOwner): DescriptorDatagrams {
  const { family, local, remote, reusePort, broadcast } = request;
  const socket = new RawSocket(owner.poller.libc, family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM);
  try {
    if (reusePort) socket.set(SOL_SOCKET, SO_REUSEPORT, 1);
    if (broadcast) socket.set(SOL_SOCKET, SO_BROADCAST, 1);
    if (local !== null) socket.bind(local);
    if (remote !== null) {
      // The system would take a connection to port 0 to be none.
      const errno = remote.port === 0 ? EINVAL : socket.connect(remote);
      if (errno !== 0) throw systemError('connect', errno, textOf(remote));
    }
  } catch (error) {
    socket.close();
    throw error;
  }
  return new DescriptorDatagrams(socket.fd, owner);
}

export class DescriptorDatagrams implements DatagramChannel, Watcher {
  /** What the system has not taken is not taken here either. */
  readonly unsent = 0;
  readonly #owner: DatagramOwner;
  readonly #libc: Libc;
  readonly #buffer = new AddressBuffer();
  #sockname: SocketAddress | null;
  readonly #peername: SocketAddress | null;
  /** The address that was sent to last, and how the system has it. */
  readonly #target: Memory;
  #targetLength = 0;
  #targetPort = -1;
  #targetHost = '';
  #fd: number;
  #sink: DatagramSink | null = null;
  #interest = 0;
  #receiving = false;
  #stalled = false;
  /** How many datagrams could not be sent, which has not been told yet. */
  #pending = 0;

  /** @param fd a bound, non-blocking socket of datagrams, which is the channel's from now on. */
  constructor(fd: number, owner: DatagramOwner) {
    this.#fd = fd;
    this.#owner = owner;
    this.#libc = owner.poller.libc;
    this.#target = this.#libc.memory(28);
    this.#sockname = getsockname(this.#libc, fd) as SocketAddress | null;
    this.#peername = getpeername(this.#libc, fd) as SocketAddress | null;
    owner.datagramOpened(this);
  }

  attach(sink: DatagramSink): void {
    this.#sink = sink;
  }

  get sink(): DatagramSink | null {
    return this.#sink;
  }

  get pending(): number {
    return this.#pending;
  }

  get options(): ChannelOptions {
    return optionsOf(this.#libc, () => this.#fd);
  }

  info(name: string): unknown {
    switch (name) {
      case 'sockname':
        // The system may choose the port with the first datagram.
        if (this.#sockname?.[1] === 0 && this.#fd >= 0) {
          this.#sockname = getsockname(this.#libc, this.#fd) as SocketAddress | null;
        }
        return this.#sockname;
      case 'peername':
        return this.#peername;
      case 'fileno':
        return this.#fd;
      default:
        return undefined;
    }
  }

  resume(): void {
    if (this.#fd < 0) return;
    this.#receiving = true;
    this.#be(this.#interest | EPOLLIN);
  }

  pause(): void {
    this.#receiving = false;
  }

  /** For the poller. */
  ready(events: number): void {
    if ((events & (EPOLLIN | EPOLLERR)) !== 0) {
      if (this.#receiving) this.#receive();
      else this.#ignore(events);
    }
    if ((events & EPOLLOUT) !== 0 && this.#stalled) this.#writable();
  }

  /** It is paused: what comes waits; but an error would be told of without end. */
  #ignore(events: number): void {
    this.#be(this.#interest & ~EPOLLIN);
    const errno = (events & EPOLLERR) === 0 ? 0 : errorOf(this.#libc, this.#fd);
    if (errno !== 0) this.#sink?.channelError(systemError('recvmsg', errno));
  }

  #receive(): void {
    const { memory } = this.#owner;
    const buffer = this.#buffer;
    for (let i = 0; i < AT_ONCE && this.#receiving; i++) {
      const count = this.#libc.recvfrom(
        this.#fd,
        memory.address,
        RECEIVE_SIZE,
        0,
        buffer.address,
        buffer.lengthAddress,
      );
      if (count < 0) {
        const errno = this.#libc.errno[0]!;
        if (errno === EAGAIN) return;
        if (errno !== EINTR) this.#sink?.channelError(systemError('recvmsg', errno));
        continue;
      }
      const data = memory.copy(count);
      const from = buffer.read() as SocketAddress | null;
      this.#sink?.channelDatagram(data, from ?? (this.#peername as SocketAddress));
    }
  }

  send(data: Uint8Array, to: Endpoint | null): boolean {
    if (this.#fd < 0) return true;
    if (this.#stalled) return false;
    const count = to === null ? this.#sendConnected(data) : this.#sendTo(data, to);
    if (count >= 0) return true;
    const errno = this.#libc.errno[0]!;
    if (errno === EAGAIN || errno === EINTR || errno === ENOBUFS) {
      this.#stalled = true;
      this.#be(this.#interest | EPOLLOUT);
      return false;
    }
    this.#pending++;
    this.#owner.later(() => this.#tellOf(systemError('send', errno)));
    return true;
  }

  #tellOf(error: Error): void {
    this.#pending--;
    this.#sink?.channelError(error);
    if (this.#pending === 0) this.#sink?.channelWritable();
  }

  #sendConnected(data: Uint8Array): number {
    return this.#libc.send(this.#fd, data, data.length, MSG_NOSIGNAL);
  }

  #sendTo(data: Uint8Array, to: Endpoint): number {
    if (to.host !== this.#targetHost || to.port !== this.#targetPort) {
      this.#targetLength = encodeEndpoint(this.#target.bytes, to);
      this.#targetHost = to.host;
      this.#targetPort = to.port;
    }
    const { address } = this.#target;
    return this.#libc.sendto(this.#fd, data, data.length, MSG_NOSIGNAL, address, this.#targetLength);
  }

  #writable(): void {
    this.#stalled = false;
    this.#sink?.channelWritable();
    if (!this.#stalled) this.#be(this.#interest & ~EPOLLOUT);
  }

  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#be(0);
    this.#fd = -1;
    this.#receiving = false;
    this.#sink = null;
    this.#libc.close(fd);
    this.#owner.datagramClosed(this);
  }

  #be(interest: number): void {
    const old = this.#interest;
    if (interest === old || this.#fd < 0) return;
    this.#interest = interest;
    const { poller } = this.#owner;
    if (old === 0) poller.add(this.#fd, interest, this);
    else if (interest === 0) poller.remove(this.#fd, this);
    else poller.change(this.#fd, interest);
  }
}
