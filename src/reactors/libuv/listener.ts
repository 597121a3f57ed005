/**
 * An address at which `node:net` accepts connections: a host and a port, or the path of a Unix socket.
 *
 * Node cannot bind without listening, so a listener that is not asked to accept yet holds the connections that come, up to its backlog.
 */
import { type AddressInfo, type Server, Socket } from 'node:net';
import type { Address, Listener, ListenerSink, SocketAddress } from '../../core/channel.ts';
import {
  type ChannelOwner,
  descriptorOf,
  type Names,
  Receiver,
  SocketChannel,
  toAddress,
} from './channel.ts';
import { Exhaustion } from './exhaustion.ts';

/** Who keeps count of the open listeners. */
export interface ListenerOwner extends ChannelOwner {
  listenerOpened(listener: ServerListener<Address>): void;
  listenerClosed(listener: ServerListener<Address>): void;
}

export class ServerListener<A extends Address = SocketAddress> implements Listener<A> {
  readonly address: A;
  readonly #server: Server;
  readonly #owner: ListenerOwner;
  readonly #backlog: number;
  readonly #exhaustion = new Exhaustion();
  #held: Socket[] = [];
  #sink: ListenerSink | null = null;
  #closed = false;
  /** Closed, but not by us. */
  #isGone = false;

  /**
   * @param server listens already; made with `pauseOnConnect`.
   * @param path of a Unix socket, where Node does not know it.
   */
  constructor(server: Server, backlog: number, owner: ListenerOwner, path: string | null = null) {
    this.#server = server;
    this.#owner = owner;
    this.#backlog = backlog;
    this.address = (path ?? addressOf(server)) as A;
    server.on('connection', this.#connected);
    server.on('error', this.#failed);
    server.on('close', this.#gone);
    owner.listenerOpened(this);
  }

  get fileno(): number {
    return this.#closed ? -1 : descriptorOf(this.#server);
  }

  accept(sink: ListenerSink): void {
    if (this.#isGone) setImmediate(() => sink.listenerClosed());
    this.#sink = sink;
    const held = this.#held;
    this.#held = [];
    // Not on the caller's stack: a listener tells of connections as they come.
    if (held.length > 0) setImmediate(() => held.forEach(this.#connected));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink = null;
    for (const socket of this.#held) socket.destroy();
    this.#held = [];
    this.#server.close();
    this.#owner.listenerClosed(this);
  }

  readonly #connected = (socket: Socket): void => {
    const sink = this.#sink;
    if (sink !== null) {
      const exhausted = this.#exhaustion.check(descriptorOf(socket));
      sink.listenerAccepted(channelOf(socket, this.#owner, this.address));
      if (exhausted !== null) sink.listenerFailed(exhausted);
    } else if (this.#closed || this.#held.length >= this.#backlog) socket.destroy();
    else this.#held.push(socket);
  };

  /** Whoever made the server has closed it. */
  readonly #gone = (): void => {
    if (this.#closed) return;
    const sink = this.#sink;
    this.close();
    this.#isGone = true;
    sink?.listenerClosed();
  };

  readonly #failed = (error: Error): void => {
    this.#sink?.listenerFailed(error);
  };
}

function addressOf(server: Server): Address | null {
  const at = server.address() as AddressInfo | string;
  return typeof at === 'string' ? at : toAddress(at.family, at.address, at.port);
}

/** What Node keeps below a socket. */
interface Handle {
  readonly useUserBuffer?: unknown;
}

/**
 * Node has no way to give accepted sockets the `onread` option. Where its handles know user buffers, the handle is taken over by a socket that has it.
 */
function channelOf(accepted: Socket, owner: ChannelOwner, address: Address): SocketChannel {
  const names: Names | undefined =
    typeof address === 'string' ? { sockname: address, peername: '' } : undefined;
  const holder = accepted as unknown as { _handle: Handle | null };
  const handle = holder._handle;
  if (typeof handle?.useUserBuffer !== 'function') return new SocketChannel(accepted, owner, null, names);
  const receiver = new Receiver(owner.receiveBuffer);
  holder._handle = null;
  accepted.destroy();
  const options: object = { handle, onread: receiver, pauseOnCreate: true, allowHalfOpen: true };
  return new SocketChannel(new Socket(options), owner, receiver, names);
}
