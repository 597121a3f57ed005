/**
 * A socket of datagrams over `node:dgram`.
 *
 * Node would look up every address that is sent to, in a thread; here addresses are looked up already, so the socket is given a lookup that
 * answers at once, and Node then tries the system call at once too. It tells what became of a datagram in a tick of its own, errors included.
 *
 * Node's sockets receive from the moment they are bound, and cannot be paused. What comes while the channel is paused is therefore kept here, up to
 * as much as Linux keeps for a socket; what comes then is dropped, as Linux does.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type {
  ChannelOptions,
  DatagramChannel,
  DatagramRequest,
  DatagramSink,
  Done,
  Endpoint,
  Operation,
  SocketAddress,
} from '../../core/channel.ts';
import { ConnectionAbortedError } from '../../core/errors.ts';
import { fromZoned } from '../../host/zones.ts';
import { Once } from './once.ts';
import { datagramOptionsOf } from './options.ts';

/** How many bytes are kept while a channel is paused: Linux's `rmem_default`. */
const HELD_LIMIT = 212_992;
/** What a datagram costs beyond its bytes. */
const OVERHEAD = 256;

/** Who keeps count of the open datagram channels. */
export interface DatagramOwner {
  datagramOpened(channel: UdpChannel): void;
  datagramClosed(channel: UdpChannel): void;
}

/** Bind a socket, and connect it where that is asked for. */
export function openDatagrams(
  request: DatagramRequest,
  owner: DatagramOwner,
  done: Done<UdpChannel>,
): Operation {
  const { family, local, remote, reusePort, broadcast } = request;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (host, _options, callback) => callback(null, host, family),
    ...(reusePort ? { reusePort } : {}),
  });
  const operation = new Once(done, () => close(socket.on('error', ignore)));
  const fail = (error: unknown) => {
    if (!operation.isOver) close(socket);
    operation.end({ error });
  };
  const connected = (error?: Error) => {
    if (error) fail(error);
    else if (!operation.isOver) {
      socket.removeListener('error', fail);
      operation.end({ value: new UdpChannel(socket, family, owner) });
    }
  };
  socket.once('error', fail);
  // With such a lookup Node binds on the caller's stack.
  process.nextTick(() => {
    if (operation.isOver) return;
    const any = family === 6 ? '::' : '0.0.0.0';
    socket.bind({ address: local?.host ?? any, port: local?.port ?? 0, exclusive: true }, () => {
      try {
        if (broadcast) socket.setBroadcast(true);
        if (remote === null) connected();
        else if (remote.port === 0) fail(portZero('connect'));
        else socket.connect(remote.port, remote.host, connected as () => void);
      } catch (error) {
        fail(error);
      }
    });
  });
  return operation;
}

export class UdpChannel implements DatagramChannel {
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #owner: DatagramOwner;
  readonly #sockname: SocketAddress | null;
  readonly #peername: SocketAddress | null;
  #sink: DatagramSink | null = null;
  #pending = 0;
  #paused = true;
  #held: [data: Uint8Array, address: SocketAddress][] = [];
  #heldBytes = 0;
  #closed = false;
  /** It was closed before there was anyone to tell. */
  #isLost = false;
  #options: ChannelOptions | null = null;

  constructor(socket: Socket, family: 4 | 6, owner: DatagramOwner) {
    this.#socket = socket;
    this.#family = family;
    this.#owner = owner;
    this.#sockname = this.#ask(() => socket.address());
    this.#peername = this.#ask(() => socket.remoteAddress());
    socket.on('message', this.#received);
    socket.on('error', this.#failed);
    socket.on('close', this.#gone);
    owner.datagramOpened(this);
  }

  attach(sink: DatagramSink): void {
    this.#sink = sink;
    if (this.#isLost) process.nextTick(() => sink.channelFailed(closedByHolder()));
  }

  get sink(): DatagramSink | null {
    return this.#sink;
  }

  get unsent(): number {
    if (this.#closed) return 0;
    try {
      // Other hosts than Node do not tell.
      return (this.#socket as Partial<Socket>).getSendQueueSize?.() ?? 0;
    } catch (error) {
      // Closed by its holder, it throws whatever there is no handle for.
      if (handleOf(this.#socket) !== null) throw error;
      return 0;
    }
  }

  get pending(): number {
    return this.#pending;
  }

  get options(): ChannelOptions {
    this.#options ??= datagramOptionsOf(this.#socket);
    return this.#options;
  }

  info(name: string): unknown {
    switch (name) {
      case 'sockname':
        return this.#sockname;
      case 'peername':
        return this.#peername;
      case 'fileno':
        return this.#closed ? -1 : descriptorOf(this.#socket);
      default:
        return undefined;
    }
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    // Not on the caller's stack: a channel tells of datagrams as they come.
    if (this.#held.length > 0) setImmediate(this.#handOut);
  }

  pause(): void {
    this.#paused = true;
  }

  send(data: Uint8Array, to: Endpoint | null): boolean {
    if (this.#closed) return true;
    if (this.#pending > 0 && this.unsent > 0) return false;
    try {
      if (to === null) this.#socket.send(data, this.#sent);
      else if (to.port === 0) process.nextTick(this.#sent, portZero('send'));
      else this.#socket.send(data, to.port, to.host, this.#sent);
    } catch (error) {
      // What closed it is about to tell.
      if (isClosedError(error)) return true;
      throw error;
    }
    this.#pending++;
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink = null;
    this.#held = [];
    close(this.#socket);
    this.#owner.datagramClosed(this);
  }

  /** Its holder may have closed it; nobody else has. */
  readonly #gone = (): void => {
    const sink = this.#sink;
    if (this.#closed) return;
    // Node does not tell of what was being sent.
    this.#pending = 0;
    this.close();
    if (sink === null) this.#isLost = true;
    else sink.channelFailed(closedByHolder());
  };

  /** Runs in a tick of Node's own, never within a send. */
  readonly #sent = (error: Error | null): void => {
    this.#pending--;
    if (error !== null) this.#sink?.channelError(error);
    if (this.#pending === 0) this.#sink?.channelWritable();
  };

  readonly #received = (data: Buffer, from: RemoteInfo): void => {
    const address = toAddress(this.#family, from.address, from.port);
    if (!this.#paused && this.#held.length === 0) {
      this.#sink?.channelDatagram(data, address);
      return;
    }
    const cost = data.length + OVERHEAD;
    if (this.#closed || this.#heldBytes + cost > HELD_LIMIT) return;
    this.#heldBytes += cost;
    this.#held.push([data, address]);
  };

  /** What comes meanwhile has to stand behind what is held. */
  readonly #handOut = (): void => {
    while (!this.#paused && this.#held.length > 0) {
      const [data, address] = this.#held.shift()!;
      this.#heldBytes -= data.length + OVERHEAD;
      this.#sink?.channelDatagram(data, address);
    }
  };

  readonly #failed = (error: Error): void => {
    this.#sink?.channelError(error);
  };

  #ask(of: () => { readonly address: string; readonly port: number }): SocketAddress | null {
    try {
      const { address, port } = of();
      return toAddress(this.#family, address, port);
    } catch {
      return null;
    }
  }
}

function toAddress(family: 4 | 6, host: string, port: number): SocketAddress {
  return family === 6 ? fromZoned(host, port) : [host, port];
}

/** What the system says of port 0; Node refuses it without asking. */
function portZero(syscall: string): Error {
  return Object.assign(new Error(`${syscall} EINVAL`), { code: 'EINVAL', errno: -22, syscall });
}

/** What Node keeps below a socket, and does not show. */
interface Handle {
  readonly fd?: unknown;
  getpeername?(address: object): number;
}

/** @internal */
export function handleOf(socket: Socket): Handle | null {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    if (symbol.description !== 'state symbol') continue;
    return (Reflect.get(socket, symbol) as { readonly handle?: Handle | null }).handle ?? null;
  }
  return null;
}

/** The descriptor, where it can be seen; else -1. */
function descriptorOf(socket: Socket): number {
  const fd = handleOf(socket)?.fd;
  return typeof fd === 'number' ? fd : -1;
}

function closedByHolder(): Error {
  return new ConnectionAbortedError('the socket was closed by whoever gave it');
}

/** @internal Is this what `node:dgram` throws where a socket was closed? */
export function isClosedError(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ERR_SOCKET_DGRAM_NOT_RUNNING';
}

/** @internal Also a socket that has not been bound, or was closed by its holder. */
export function close(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}

function ignore(): void {}
