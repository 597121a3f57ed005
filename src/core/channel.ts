/**
 * What a reactor offers for the network: the thin part of input and output, without any policy.
 *
 *     descriptor or socket  ->  Channel  ->  StreamTransport (buffers, limits, state)  ->  protocol
 *
 * Each reactor that has a network implements `Network`, and through it `Channel` and `Listener`; the networking room above knows only these.
 * A channel moves bytes and says what happened. It keeps no buffer of its own beyond what the system has not taken yet, knows no limits, and
 * decides nothing: pausing, flushing before closing, half-closing and the order of events belong to its sink.
 *
 * Two rules keep that simple. A channel never calls its sink, and an operation never calls `done`, on the stack of whoever called it; and
 * after `close()` or `cancel()` they call nothing any more. Errors are handed on as the host gave them (with `code`, `errno`, `syscall`): the room
 * above turns them into Python's classes.
 */
import type { TlsRequest } from './tls.ts';

/** The address of an end of a connection, as Python writes it: host and port, and for IPv6 two numbers more. */
export type SocketAddress =
  | readonly [host: string, port: number]
  | readonly [host: string, port: number, flowinfo: number, scopeId: number];

/**
 * The address of an end of any stream. Of a Unix socket it is a string: its path; or `\0` and a name, which is in no directory (Linux); or nothing,
 * where the socket has none, as a client's mostly has not.
 */
export type Address = SocketAddress | string;

/** The family of an address; 0 where any will do. */
export type Family = 0 | 4 | 6;

/** An address that can be connected to, or listened at: no name is left to look up. */
export interface Endpoint {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

/** How an operation ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Told once how an operation ended. */
export type Done<T> = (outcome: Outcome<T>) => void;

/** An operation that is under way. */
export interface Operation {
  /** Give up: close what was opened, and never call `done`. Has no effect once it has ended. */
  cancel(): void;
}

/** Who is told what happens on a channel. */
export interface ChannelSink {
  /** Where the next bytes should go, if the sink wants them in a buffer of its own; then `channelFilled` tells how many came. */
  channelBuffer(sizeHint: number): Uint8Array | null;
  channelFilled(count: number): void;
  /** Bytes came; the array is the sink's from now on. */
  channelData(data: Uint8Array): void;
  /** The other side will send no more. Called once. */
  channelEof(): void;
  /** The system has taken everything that `write` and `writev` were given: more can be written. */
  channelWritable(): void;
  /** The channel broke, and is closed. Called once, after which nothing more is. */
  channelFailed(error: unknown): void;
}

/** The options of a socket, by the numbers that C has for them. */
export interface ChannelOptions {
  /** @throws {NotImplementedError} where the host does not tell. */
  get(level: number, name: number): number;
  /** @throws {NotImplementedError} where the host cannot set it; what the host throws. */
  set(level: number, name: number, value: number): void;
}

/** Both ways of one connection. It is made paused. */
export interface Channel {
  /** Can the two directions end one by one? TLS connections cannot. */
  readonly halfCloses: boolean;
  /** How many bytes `write` and `writev` took that the system has not taken yet. */
  readonly unsent: number;
  /** Absent where there is no socket, or nothing can be done about its options. */
  readonly options?: ChannelOptions;
  /** Name who is told what happens. Called once, before anything else. */
  attach(sink: ChannelSink): void;
  /** A fact about the connection by the name that `getExtraInfo` knows it under, such as `'peername'`; `undefined` where there is none. */
  info(name: string): unknown;
  /** Begin to read, or go on. */
  resume(): void;
  /** Stop reading. */
  pause(): void;
  /**
   * Send bytes, which must not change until the system has taken them.
   * @returns how many of them the channel took. If that is fewer than all, or `unsent` is not 0 now, then `channelWritable` will follow.
   */
  write(data: Uint8Array): number;
  /** The same for several arrays, with one call to the system where it can be. */
  writev(list: readonly Uint8Array[]): number;
  /** Tell the other side that no more will be sent. Everything has been sent. */
  shutdown(): void;
  /**
   * Tell the other side that this is the end, and wait until it says so too. Everything has been sent. `done` is called once both have: `close` then
   * loses nothing. What still comes before the other side's word breaks the channel. Absent where an end needs no words.
   */
  farewell?(done: () => void): void;
  /**
   * Close both ways at once; what is unsent is lost.
   * @param reason why, where something broke; for those channels that can tell the other side.
   */
  close(reason?: Error | null): void;
}

/** Who is told of what comes to a listener. */
export interface ListenerSink {
  /** A connection came. */
  listenerAccepted(channel: Channel): void;
  /** A connection could not be accepted. The listener goes on. */
  listenerFailed(error: unknown): void;
  /** Whoever made the socket has closed it, and the listener with it. Called once, after which nothing more is. */
  listenerClosed(): void;
}

/** An address at which connections are accepted. */
export interface Listener<A extends Address = SocketAddress> {
  /** The address, with the port that the system chose where it was left to it. */
  readonly address: A;
  /** Its descriptor, or -1 where there is none to be seen. */
  readonly fileno: number;
  /** Begin to hand out connections. Those that come before wait. */
  accept(sink: ListenerSink): void;
  /** Stop listening. Connections that were handed out stay. */
  close(): void;
}

/** What is looked up. */
export interface ResolveRequest {
  /** A name or an address; `null` is this machine: every interface where `passive` is set, else its loopback. */
  readonly host: string | null;
  readonly port: number;
  readonly family: Family;
  /** Is it to listen at? */
  readonly passive: boolean;
  /** Leave out families that no interface of this machine but the loopback has. */
  readonly addrConfig?: boolean;
  /** Where there is no IPv6 address, the IPv4 addresses as IPv6 addresses; asked for with family 6. */
  readonly v4Mapped?: boolean;
  /** With `v4Mapped`: those of both families. */
  readonly allMapped?: boolean;
}

/** How to listen. */
export interface ListenOptions {
  /** How many connections the system may hold for us. */
  readonly backlog: number;
  /** May other sockets listen at the same address, the system sharing out the connections? */
  readonly reusePort: boolean;
  /** Does a restarted program get the port back at once? `undefined`: as this platform does. */
  readonly reuseAddress: boolean | undefined;
  /** Are accepted connections probed while they are idle? */
  readonly keepAlive: boolean;
}

/** Who is told what happens on a datagram channel. */
export interface DatagramSink {
  /** A datagram came; the array is the sink's from now on. */
  channelDatagram(data: Uint8Array, address: SocketAddress): void;
  /** Sending or receiving failed. The channel goes on. */
  channelError(error: unknown): void;
  /** What became of everything that `send` took is known: more can be sent. */
  channelWritable(): void;
  /** Whoever made the socket has closed it, and the channel with it. Called once, after which nothing more is. */
  channelFailed(error: unknown): void;
}

/** A socket of datagrams. It is made paused. */
export interface DatagramChannel {
  /** How many bytes `send` took that the system has not taken yet. */
  readonly unsent: number;
  /** How many datagrams `send` took whose fate is not known yet; `channelWritable` follows when it is 0 again. */
  readonly pending: number;
  /** Absent where nothing can be done about them. */
  readonly options?: ChannelOptions;
  /** Name who is told what happens. Called once, before anything else. */
  attach(sink: DatagramSink): void;
  /** A fact about the socket by the name that `getExtraInfo` knows it under; `undefined` where there is none. */
  info(name: string): unknown;
  /** Begin to hand out what comes, or go on. */
  resume(): void;
  /** Hand out nothing. What comes meanwhile is kept as far as a system would keep it. */
  pause(): void;
  /**
   * Send one datagram, which must not change until the system has taken it.
   * @param to where; `null` on a connected socket.
   * @returns whether the channel took it. It takes none while `unsent` is not 0.
   */
  send(data: Uint8Array, to: Endpoint | null): boolean;
  /** Close it at once; what is unsent is lost. */
  close(): void;
}

/** How a socket of datagrams is made. */
export interface DatagramRequest {
  readonly family: 4 | 6;
  /** Where it receives; `null` lets the system choose. */
  readonly local: Endpoint | null;
  /** What it is connected to; `null`: nothing. */
  readonly remote: Endpoint | null;
  /** May other sockets be bound to the same address, the system sharing out what comes? */
  readonly reusePort: boolean;
  /** May it send to broadcast addresses? */
  readonly broadcast: boolean;
}

/** What sockets are asked for, where not any will do. */
export type GivenFamily = 'unix';

/** What a reactor can do with the network. */
export interface Network {
  /** Find the endpoints of a name, in the order in which they should be tried. */
  resolve(request: ResolveRequest, done: Done<readonly Endpoint[]>): Operation;
  /** Connect to `remote`, from `local` if it is given. Small writes are sent at once (`TCP_NODELAY`). */
  connect(remote: Endpoint, local: Endpoint | null, done: Done<Channel>): Operation;
  /** Bind, and listen. */
  listen(local: Endpoint, options: ListenOptions, done: Done<Listener>): Operation;
  /** Connect to a Unix socket by its path, or by 0 and its name. Absent where there are none. */
  connectUnix?(path: Uint8Array, done: Done<Channel>): Operation;
  /** Bind to a path, which nothing may have yet, and listen. Whatever is at that path stays when the listener is closed. */
  listenUnix?(path: Uint8Array, backlog: number, done: Done<Listener<string>>): Operation;
  /** Make a socket of datagrams: bind it, and connect it where that is asked for. Absent where there are none. */
  datagram?(request: DatagramRequest, done: Done<DatagramChannel>): Operation;
  /**
   * Shake hands on a channel of this network, which is paused and has sent everything, and make a secured one of it. The old one is nobody's from then
   * on: it is closed with the new one, and where this fails or is cancelled. Absent where connections cannot be secured.
   */
  secure?(channel: Channel, request: TlsRequest, done: Done<Channel>): Operation;
  /**
   * The channel of a socket that somebody else has made and connected, and that nobody has read from; it is the channel's from now on.
   * @param family `'unix'` where no other will do.
   * @throws what the host throws, {ValueError} or {TypeError} where it is no such thing; then it is left as it was.
   */
  adoptStream?(socket: object, family?: GivenFamily): Channel;
  /** The listener of a socket that somebody else has bound; it is the listener's from now on. */
  adoptListener?(
    socket: object,
    options: Pick<ListenOptions, 'backlog' | 'keepAlive'> & { readonly family?: GivenFamily | undefined },
    done: Done<Listener<Address>>,
  ): Operation;
  /** The channel of a socket of datagrams that somebody else has made; it is the channel's from now on. */
  adoptDatagrams?(socket: object, done: Done<DatagramChannel>): Operation;
  /** Find the name of a host by its address; an error where it has none. Absent where that cannot be asked. */
  reverse?(endpoint: Endpoint, done: Done<string>): Operation;
}
