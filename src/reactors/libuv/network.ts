/**
 * The network as `node:net` and `node:dns` give it.
 *
 * It knows every channel and listener that is open, so that closing the loop leaves no descriptor behind, and says which ones had been
 * forgotten. Source: Node docs, "Net", "DNS".
 */
import { ADDRCONFIG, ALL, lookup, lookupService, V4MAPPED } from 'node:dns';
import { connect, createServer, isIP } from 'node:net';
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
  Outcome,
  ResolveRequest,
} from '../../core/channel.ts';
import { ConnectionAbortedError, NotImplementedError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';
import type { TlsRequest } from '../../core/tls.ts';
import { warn } from '../../core/warn.ts';
import { endpointOf, knownEndpoints } from '../endpoints.ts';
import { adoptDatagrams, adoptListener, adoptStream } from './adopt.ts';
import { type OwnedChannel, Receiver, SocketChannel } from './channel.ts';
import { type DatagramOwner, openDatagrams, type UdpChannel } from './datagram.ts';
import { type ListenerOwner, ServerListener } from './listener.ts';
import { Once } from './once.ts';
import { secure, TlsChannel } from './tls-channel.ts';
import { connectUnix, listenUnix } from './unix.ts';

/** How much one read can bring. */
const RECEIVE_BUFFER_SIZE = 256 * 1024;

/** Only Node is known to give `onread` what it promises. */
const hasOnread: boolean = process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/** libuv sets `SO_REUSEADDR` on every listening socket, but on Windows, where it means something else. */
const alwaysReusesAddresses: boolean = process.platform !== 'win32';

export class LibuvNetwork implements Network, ListenerOwner, DatagramOwner {
  readonly #channels = new Set<OwnedChannel>();
  readonly #listeners = new Set<ServerListener<Address>>();
  readonly #datagrams = new Set<UdpChannel>();
  readonly settleSoon: (channel: SocketChannel) => void;
  #receiveBuffer: Uint8Array | null = null;

  /** @param settleSoon lets whoever was given something go on, then calls the channel's `_settle`. */
  constructor(settleSoon: (channel: SocketChannel) => void) {
    this.settleSoon = settleSoon;
  }

  /** Where all channels read into. */
  get receiveBuffer(): Uint8Array {
    this.#receiveBuffer ??= Buffer.allocUnsafeSlow(RECEIVE_BUFFER_SIZE);
    return this.#receiveBuffer;
  }

  resolve(request: ResolveRequest, done: Done<readonly Endpoint[]>): Operation {
    const { host, port, family } = request;
    const operation = new Once(done);
    if (host === null || isIP(host) !== 0) {
      process.nextTick(() => operation.end(attempt(() => knownEndpoints(request))));
    } else {
      lookup(host, { all: true, family, hints: hintsOf(request), order: 'verbatim' }, (error, addresses) => {
        if (error !== null) operation.end({ error });
        else operation.end({ value: addresses.map(({ address }) => endpointOf(address, port)) });
      });
    }
    return operation;
  }

  connect(remote: Endpoint, local: Endpoint | null, done: Done<Channel>): Operation {
    const receiver = hasOnread ? new Receiver(this.receiveBuffer) : null;
    const socket = connect({
      host: remote.host,
      port: remote.port,
      family: remote.family,
      ...(local === null ? {} : { localAddress: local.host, localPort: local.port }),
      ...(receiver === null ? {} : { onread: receiver }),
      allowHalfOpen: true,
      autoSelectFamily: false,
      noDelay: true,
    });
    // Reading begins when the channel is told to.
    socket.pause();
    const operation = new Once(done, () => socket.on('error', ignore).destroy());
    socket.once('connect', () => {
      socket.removeListener('error', failed);
      operation.end({ value: new SocketChannel(socket, this, receiver) });
    });
    const failed = (error: Error) => operation.end({ error });
    socket.once('error', failed);
    return operation;
  }

  listen(local: Endpoint, options: ListenOptions, done: Done<Listener>): Operation {
    const { backlog, reuseAddress, reusePort, keepAlive } = options;
    if (reuseAddress !== undefined && reuseAddress !== alwaysReusesAddresses) {
      throw new NotImplementedError(
        `the libuv reactor cannot listen with reuseAddress: ${reuseAddress} on this platform`,
      );
    }
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive });
    const operation = new Once(done, () => server.on('error', ignore).close());
    server.once('listening', () => {
      server.removeListener('error', failed);
      operation.end({ value: new ServerListener(server, backlog, this) });
    });
    const failed = (error: Error) => operation.end({ error });
    server.once('error', failed);
    const ipv6Only = local.family === 6;
    server.listen({ host: local.host, port: local.port, backlog, reusePort, ipv6Only });
    return operation;
  }

  connectUnix(path: Uint8Array, done: Done<Channel>): Operation {
    return connectUnix(path, hasOnread ? new Receiver(this.receiveBuffer) : null, this, done);
  }

  listenUnix(path: Uint8Array, backlog: number, done: Done<Listener<string>>): Operation {
    return listenUnix(path, backlog, this, done);
  }

  datagram(request: DatagramRequest, done: Done<DatagramChannel>): Operation {
    return openDatagrams(request, this, done);
  }

  secure(channel: Channel, request: TlsRequest, done: Done<Channel>): Operation {
    if (channel instanceof SocketChannel || channel instanceof TlsChannel) {
      return secure(channel, request, this, done);
    }
    throw new NotImplementedError('the libuv reactor can secure connections of its own alone');
  }

  adoptStream(socket: object, family?: GivenFamily): Channel {
    return adoptStream(socket, this, hasOnread, family);
  }

  adoptListener(
    socket: object,
    options: Pick<ListenOptions, 'backlog' | 'keepAlive'> & { readonly family?: GivenFamily | undefined },
    done: Done<Listener<Address>>,
  ): Operation {
    return adoptListener(socket, options, this, done);
  }

  adoptDatagrams(socket: object, done: Done<DatagramChannel>): Operation {
    return adoptDatagrams(socket, this, done);
  }

  reverse({ host, port }: Endpoint, done: Done<string>): Operation {
    const operation = new Once(done);
    lookupService(host, port, (error, name) => operation.end(error === null ? { value: name } : { error }));
    return operation;
  }

  /** Close everything that is open. The loop has been closed. */
  close(): void {
    for (const channel of [...this.#datagrams]) {
      despiteErrors(() => {
        if (channel.sink !== null) warn(`unclosed transport ${channel.sink}`, 'ResourceWarning');
      });
      despiteErrors(() => channel.close());
    }
    for (const listener of [...this.#listeners]) despiteErrors(() => listener.close());
    for (const channel of [...this.#channels]) {
      despiteErrors(() => {
        if (channel.sink !== null) warn(`unclosed transport ${channel.sink}`, 'ResourceWarning');
      });
      despiteErrors(() => channel.abandon(new ConnectionAbortedError('the event loop was closed')));
    }
  }

  channelOpened(channel: OwnedChannel): void {
    this.#channels.add(channel);
  }

  channelClosed(channel: OwnedChannel): void {
    this.#channels.delete(channel);
  }

  listenerOpened(listener: ServerListener<Address>): void {
    this.#listeners.add(listener);
  }

  listenerClosed(listener: ServerListener<Address>): void {
    this.#listeners.delete(listener);
  }

  datagramOpened(channel: UdpChannel): void {
    this.#datagrams.add(channel);
  }

  datagramClosed(channel: UdpChannel): void {
    this.#datagrams.delete(channel);
  }
}

/** What fails is told; everything else is closed all the same. */
function despiteErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    warn(`closing the event loop: a socket could not be closed: ${describe(error)}`, 'ResourceWarning');
  }
}

function ignore(): void {}

function hintsOf({ addrConfig, v4Mapped, allMapped }: ResolveRequest): number {
  return (addrConfig ? ADDRCONFIG : 0) | (v4Mapped ? V4MAPPED : 0) | (allMapped ? ALL : 0);
}

function attempt<T>(make: () => T): Outcome<T> {
  try {
    return { value: make() };
  } catch (error) {
    return { error };
  }
}
