/**
 * The network over raw descriptors; names are looked up by the libuv reactor's, in threads of Node's.
 *
 * It knows every channel and listener that is open, so that closing the loop leaves no descriptor behind, and says which ones had been
 * forgotten. Source: ip(7), tcp(7), unix(7), udp(7).
 */
import { rmSync } from 'node:fs';
import { isIP } from 'node:net';
import type {
  Address,
  Channel,
  DatagramChannel,
  DatagramRequest,
  Done,
  Endpoint,
  GivenFamily,
  Listener,
  ListenOptions,
  Network,
  Operation,
  ResolveRequest,
} from '../../core/channel.ts';
import { ConnectionAbortedError, NotImplementedError } from '../../core/errors.ts';
import type { TlsRequest } from '../../core/tls.ts';
import { warn } from '../../core/warn.ts';
import {
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from '../../host/linux.ts';
import { getpeername, getsockname } from '../../host/names.ts';
import { knownEndpoints } from '../endpoints.ts';
import { LibuvNetwork } from '../libuv/network.ts';
import { DescriptorChannel } from './channel.ts';
import { type DatagramOwner, type DescriptorDatagrams, openDatagrams } from './datagram.ts';
import { Gatherer } from './gather.ts';
import { handOver } from './hand-over.ts';
import { DescriptorListener, type ListenerOwner } from './listener.ts';
import type { Poller } from './poller.ts';
import { ReceiveMemory } from './receive.ts';
import { Connecting, familyOf, type Place, RawSocket, soon } from './sockets.ts';

/** Whose network it is. */
interface Owner {
  /** Does it keep Node from running? */
  readonly isBlocking: boolean;
  later(action: () => void): void;
}

export class EpollNetwork implements Network, ListenerOwner, DatagramOwner {
  readonly poller: Poller;
  /** What Node does for us. */
  readonly host: LibuvNetwork = new LibuvNetwork((channel) => process.nextTick(() => channel._settle()));
  readonly gatherer: Gatherer;
  readonly memory: ReceiveMemory;
  readonly later: (action: () => void) => void;
  readonly #owner: Owner;
  readonly #connecting = new Set<Operation>();
  readonly #channels = new Set<DescriptorChannel>();
  readonly #listeners = new Set<DescriptorListener<Address>>();
  readonly #datagrams = new Set<DescriptorDatagrams>();

  constructor(poller: Poller, owner: Owner) {
    this.poller = poller;
    this.gatherer = new Gatherer(poller.libc);
    this.#owner = owner;
    this.later = (action) => owner.later(action);
    this.memory = new ReceiveMemory(poller.libc);
  }

  resolve(request: ResolveRequest, done: Done<readonly Endpoint[]>): Operation {
    const { host } = request;
    if (host !== null && isIP(host) === 0) {
      if (!this.#owner.isBlocking) return this.host.resolve(request, done);
      const advice = 'give the address, or use run()';
      throw new NotImplementedError(`${host} cannot be looked up while the thread is blocked: ${advice}`);
    }
    return soon(this.later, () => knownEndpoints(request), ignore, done);
  }

  connect(remote: Endpoint, local: Endpoint | null, done: Done<Channel>): Operation {
    return this.#connect(remote, done, (socket) => {
      socket.set(IPPROTO_TCP, TCP_NODELAY, 1);
      if (local !== null) socket.set(SOL_SOCKET, SO_REUSEADDR, 1).bind(local);
    });
  }

  connectUnix(path: Uint8Array, done: Done<Channel>): Operation {
    return this.#connect(path, done, ignore);
  }

  #connect(place: Place, done: Done<Channel>, prepare: (socket: RawSocket) => void): Operation {
    let socket: RawSocket;
    try {
      socket = this.#open(familyOf(place), prepare);
    } catch (error) {
      return soon<Channel>(this.later, () => raise(error), ignore, done);
    }
    return new Connecting(this.poller, socket, place, this.#connecting, this.later, (error) => {
      if (error === null) done({ value: this.adopt(socket.fd) });
      else done({ error });
    });
  }

  /** A channel of a connected, non-blocking descriptor, which it owns from now on. */
  adopt(fd: number): DescriptorChannel {
    const { libc } = this.poller;
    return new DescriptorChannel(fd, this, getsockname(libc, fd), getpeername(libc, fd));
  }

  listen(local: Endpoint, options: ListenOptions, done: Done<Listener>): Operation {
    const { backlog, keepAlive, reuseAddress, reusePort } = options;
    return this.#listen(local, backlog, done, (socket) => {
      // What is accepted has the options of its listener.
      socket.set(IPPROTO_TCP, TCP_NODELAY, 1);
      if (reuseAddress !== false) socket.set(SOL_SOCKET, SO_REUSEADDR, 1);
      if (reusePort) socket.set(SOL_SOCKET, SO_REUSEPORT, 1);
      if (keepAlive) socket.set(SOL_SOCKET, SO_KEEPALIVE, 1);
      if (local.family === 6) socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    });
  }

  listenUnix(path: Uint8Array, backlog: number, done: Done<Listener<string>>): Operation {
    return this.#listen(path, backlog, done, ignore, () => remove(path));
  }

  #listen<A extends Address>(
    place: Place,
    backlog: number,
    done: Done<Listener<A>>,
    prepare: (socket: RawSocket) => void,
    forget: () => void = ignore,
  ): Operation {
    const listen = () => {
      const socket = this.#open(familyOf(place), (made) => {
        prepare(made);
        made.bind(place).listen(backlog);
      });
      return new DescriptorListener<A>(socket.fd, this);
    };
    const discard = (listener: Listener<A>) => {
      listener.close();
      forget();
    };
    return soon<Listener<A>>(this.later, listen, discard, done);
  }

  #open(family: number, prepare: (socket: RawSocket) => void): RawSocket {
    const socket = new RawSocket(this.poller.libc, family, SOCK_STREAM);
    try {
      prepare(socket);
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  datagram(request: DatagramRequest, done: Done<DatagramChannel>): Operation {
    const open = () => openDatagrams(request, this);
    return soon<DatagramChannel>(this.later, open, (channel) => channel.close(), done);
  }

  /** Sockets that others have made are Node's, or may be: they stay there. */
  adoptStream(socket: object, family?: GivenFamily): Channel {
    return this.host.adoptStream(socket, family);
  }

  adoptListener(
    socket: object,
    options: Pick<ListenOptions, 'backlog' | 'keepAlive'> & { readonly family?: GivenFamily | undefined },
    done: Done<Listener<Address>>,
  ): Operation {
    return this.host.adoptListener(socket, options, done);
  }

  adoptDatagrams(socket: object, done: Done<DatagramChannel>): Operation {
    return this.host.adoptDatagrams(socket, done);
  }

  secure(channel: Channel, request: TlsRequest, done: Done<Channel>): Operation {
    const given = channel instanceof DescriptorChannel ? handOver(channel, this.host) : channel;
    return this.host.secure(given, request, done);
  }

  reverse(endpoint: Endpoint, done: Done<string>): Operation {
    return this.host.reverse(endpoint, done);
  }

  /** Close everything that is open. The loop has been closed. */
  close(): void {
    for (const operation of [...this.#connecting]) operation.cancel();
    for (const channel of [...this.#datagrams]) {
      if (channel.sink !== null) warn(`unclosed transport ${channel.sink}`, 'ResourceWarning');
      channel.close();
    }
    for (const listener of [...this.#listeners]) listener.close();
    for (const channel of [...this.#channels]) {
      if (channel.sink !== null) warn(`unclosed transport ${channel.sink}`, 'ResourceWarning');
      channel.abandon(new ConnectionAbortedError('the event loop was closed'));
    }
    this.host.close();
  }

  channelOpened(channel: DescriptorChannel): void {
    this.#channels.add(channel);
  }

  channelClosed(channel: DescriptorChannel): void {
    this.#channels.delete(channel);
  }

  listenerOpened(listener: DescriptorListener<Address>): void {
    this.#listeners.add(listener);
  }

  listenerClosed(listener: DescriptorListener<Address>): void {
    this.#listeners.delete(listener);
  }

  datagramOpened(channel: DescriptorDatagrams): void {
    this.#datagrams.add(channel);
  }

  datagramClosed(channel: DescriptorDatagrams): void {
    this.#datagrams.delete(channel);
  }
}

/** A socket that was given up before anyone knew of it leaves no file. */
function remove(path: Uint8Array): void {
  if (path[0] !== 0) rmSync(Buffer.from(path), { force: true });
}

function raise(error: unknown): never {
  throw error;
}

function ignore(): void {}
