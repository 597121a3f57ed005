/**
 * `EventLoop`: the scheduler with its reactor, and one-line doors into the rooms that do input and output.
 *
 * Source: Python docs, "Event Loop", "Event Loop Methods".
 */
import type { Waitable } from '../core/awaitable.ts';
import type { Address, SocketAddress } from '../core/channel.ts';
import type { CoroutineObject } from '../core/coroutine.ts';
import { NotImplementedError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { Callback } from '../core/handle.ts';
import type { Reactor } from '../core/reactor.ts';
import { Scheduler } from '../core/scheduler.ts';
import type { ExecutorLike } from '../core/shutdown.ts';
import { debugByDefault } from '../core/turns.ts';
import type { JobArguments, JobFunction, JobResult } from '../executors/executor.ts';
import type { OverloadArguments, OverloadResult } from '../executors/overloads.ts';
import { runInExecutor } from '../executors/run-in-executor.ts';
import type { Port } from '../net/address.ts';
import { type ConnectOptions, createConnection } from '../net/connect.ts';
import { type AcceptedSocketOptions, connectAcceptedSocket } from '../net/connect-accepted-socket.ts';
import { createUnixConnection, type UnixConnectOptions } from '../net/connect-unix.ts';
import { createDatagramEndpoint, type DatagramOptions } from '../net/create-datagram-endpoint.ts';
import { createServer, type Hosts, type ServeOptions } from '../net/create-server.ts';
import { createUnixServer, type UnixServeOptions } from '../net/create-unix-server.ts';
import type { UdpTransport } from '../net/datagram-transport.ts';
import type { StreamSocketLike } from '../net/given-socket.ts';
import { type AddressInfo, type AddressInfoOptions, getaddrinfo, getnameinfo } from '../net/name-lookup.ts';
import type { BaseProtocol, DatagramProtocol, StreamProtocol, SubprocessProtocol } from '../net/protocols.ts';
import { addWatch, type FileDescriptor, removeWatch } from '../net/readiness.ts';
import { type OpenFile, type SendfileOptions, sendfile } from '../net/sendfile.ts';
import type { Server } from '../net/server.ts';
import {
  type SendableFile,
  sockAccept,
  sockConnect,
  sockRecv,
  sockRecvfrom,
  sockRecvfromInto,
  sockRecvInto,
  sockSendall,
  sockSendfile,
  sockSendto,
} from '../net/sock-operations.ts';
import type { Socket } from '../net/socket.ts';
import type { SSLContext } from '../net/ssl-context.ts';
import { type StartTlsOptions, startTls } from '../net/start-tls.ts';
import type { StreamTransport } from '../net/stream-transport.ts';
import type { TlsTransport } from '../net/tls-transport.ts';
import type { BaseTransport, WriteTransport } from '../net/transports.ts';
import type { UnixPath } from '../net/unix-address.ts';
import type { ReadPipeTransport, WritePipeTransport } from '../process/pipe-transports.ts';
import { connectReadPipe, connectWritePipe, type PipeEnd } from '../process/pipes.ts';
import { addSignalHandler, removeSignalHandler } from '../process/signal-handlers.ts';
import type { Signal } from '../process/signal-names.ts';
import type { PathLike, SpawnOptions } from '../process/spawn-options.ts';
import { subprocessExec, subprocessShell } from '../process/start.ts';
import type { SubprocessTransport } from '../process/subprocess-transport.ts';
import { chooseReactor } from './choose-reactor.ts';

/** How a loop is made. */
export interface EventLoopOptions {
  /** What gives the loop the time and waits for it; by default the one that suits this platform. */
  readonly reactor?: Reactor | undefined;
}

export class EventLoop extends Scheduler {
  constructor(options: EventLoopOptions = {}) {
    super(options.reactor ?? chooseReactor(debugByDefault));
  }

  /**
   * Run until `awaitable` is done without returning to Node, and give its result: Python's blocking `run_until_complete`. Async functions
   * cannot go on meanwhile, so only generator coroutines can be run.
   * @throws {NotImplementedError} where the loop's reactor cannot block.
   */
  runUntilCompleteSync<T>(awaitable: Waitable<T>): T {
    const reactor = this._reactor;
    if (reactor.block === undefined) {
      throw new NotImplementedError(
        `the ${reactor.name} reactor cannot block: use runUntilComplete(), which gives a promise`,
      );
    }
    return this._runBlocking(awaitable, (driven) => reactor.block?.(driven));
  }

  /**
   * Connect to `host` and `port`; the protocol that `factory` makes serves the connection.
   * @throws {OSError} where no address could be connected to.
   */
  createConnection<P extends StreamProtocol>(
    factory: () => P,
    host: string | null = null,
    port: Port = null,
    options: ConnectOptions = {},
  ): CoroutineObject<[transport: StreamTransport, protocol: P]> {
    return createConnection(this, factory, host, port, options);
  }

  /**
   * Serve at `host` and `port`, each connection with a protocol that `factory` makes.
   * @throws {OSError} where an address cannot be bound.
   */
  createServer(
    factory: () => StreamProtocol,
    host: Hosts = null,
    port: Port = null,
    options: ServeOptions = {},
  ): CoroutineObject<Server> {
    return createServer(this, factory, host, port, options);
  }

  /**
   * Connect to the Unix socket at `path`; the protocol that `factory` makes serves the connection.
   * @throws {OSError} where it could not be connected to.
   */
  createUnixConnection<P extends StreamProtocol>(
    factory: () => P,
    path: UnixPath | null = null,
    options: UnixConnectOptions = {},
  ): CoroutineObject<[transport: StreamTransport, protocol: P]> {
    return createUnixConnection(this, factory, path, options);
  }

  /**
   * Serve at the Unix socket `path`, each connection with a protocol that `factory` makes.
   * @throws {OSError} where the path cannot be bound.
   */
  createUnixServer(
    factory: () => StreamProtocol,
    path: UnixPath | null = null,
    options: UnixServeOptions = {},
  ): CoroutineObject<Server<string>> {
    return createUnixServer(this, factory, path, options);
  }

  /**
   * Secure the connection of `transport` by TLS; `protocol` serves it from then on, under the transport that this gives.
   * @throws {SSLError} where the handshake fails; {ConnectionAbortedError} where it takes too long. The connection is lost then, also by cancelling this.
   */
  startTls(
    transport: BaseTransport,
    protocol: StreamProtocol,
    sslcontext: SSLContext,
    options: StartTlsOptions = {},
  ): CoroutineObject<TlsTransport> {
    return startTls(this, transport, protocol, sslcontext, options);
  }

  /**
   * Let the protocol that `factory` makes serve a connection that somebody else has accepted; the transport owns it.
   * @throws {ValueError} where `sock` is no connected socket of streams.
   */
  connectAcceptedSocket<P extends StreamProtocol>(
    factory: () => P,
    sock: StreamSocketLike,
    options: AcceptedSocketOptions = {},
  ): CoroutineObject<[transport: StreamTransport, protocol: P]> {
    return connectAcceptedSocket(this, factory, sock, options);
  }

  /**
   * Send a file over a transport, from `offset` on, at most `count` bytes. Nothing is read from the connection meanwhile.
   *
   * ```ts
   * const [, writer] = yield* asyncio.openConnection('127.0.0.1', 8888);
   * const file = yield* asyncio.wrapFuture(import('node:fs/promises').then(({ open }) => open('page.html')));
   * yield* loop.sendfile(writer.transport, file);
   * ```
   * @returns how many bytes were sent.
   * @throws {SendfileNotAvailableError} with `fallback: false`, where the system cannot send files by itself: Node cannot.
   */
  sendfile(
    transport: WriteTransport,
    file: OpenFile,
    options: SendfileOptions = {},
  ): CoroutineObject<number> {
    return sendfile(this, transport, file, options);
  }

  /**
   * Make an endpoint that sends and receives datagrams; the protocol that `factory` makes serves it.
   * @throws {OSError} where it cannot be bound or connected.
   */
  createDatagramEndpoint<P extends DatagramProtocol>(
    factory: () => P,
    options: DatagramOptions = {},
  ): CoroutineObject<[transport: UdpTransport, protocol: P]> {
    return createDatagramEndpoint(this, factory, options);
  }

  /**
   * Find the addresses of a host and a port or service.
   * @throws {gaierror} where there is none.
   */
  getaddrinfo(
    host: string | null,
    port: Port,
    options: AddressInfoOptions = {},
  ): CoroutineObject<AddressInfo[]> {
    return getaddrinfo(this, host, port, options);
  }

  /**
   * Find the names of the host and the service of an address.
   * @param flags any of `socket.NI_...`.
   * @throws {gaierror} where `sockaddr` holds no address.
   */
  getnameinfo(sockaddr: SocketAddress, flags = 0): CoroutineObject<[host: string, service: string]> {
    return getnameinfo(this, sockaddr, flags);
  }

  /**
   * Run a program; the protocol that `factory` makes serves it. `args` are its arguments, which are strings, and the options as the last one.
   * @throws {FileNotFoundError} where there is no such program; {PermissionError} where it cannot be run.
   */
  subprocessExec<P extends SubprocessProtocol>(
    factory: () => P,
    program: PathLike,
    ...args: readonly PathLike[] | readonly [...args: PathLike[], options: SpawnOptions | undefined]
  ): CoroutineObject<[transport: SubprocessTransport, protocol: P]> {
    return subprocessExec(this, factory, program, args);
  }

  /** Run a command of the shell; the protocol that `factory` makes serves it. */
  subprocessShell<P extends SubprocessProtocol>(
    factory: () => P,
    cmd: string,
    options: SpawnOptions = {},
  ): CoroutineObject<[transport: SubprocessTransport, protocol: P]> {
    return subprocessShell(this, factory, cmd, options);
  }

  /**
   * Read from a pipe, a socket or a terminal that is open already; the transport owns it.
   * @throws {ValueError} where it is none of these.
   */
  connectReadPipe<P extends StreamProtocol>(
    factory: () => P,
    pipe: PipeEnd,
  ): CoroutineObject<[transport: ReadPipeTransport, protocol: P]> {
    return connectReadPipe(this, factory, pipe);
  }

  /**
   * Write to a pipe, a socket or a terminal that is open already; the transport owns it.
   * @throws {ValueError} where it is none of these.
   */
  connectWritePipe<P extends BaseProtocol>(
    factory: () => P,
    pipe: PipeEnd,
  ): CoroutineObject<[transport: WritePipeTransport, protocol: P]> {
    return connectWritePipe(this, factory, pipe);
  }

  /**
   * Call `callback` with `args` whenever the signal comes, in place of what it does otherwise.
   * @throws {ValueError} where there is no such signal; {RuntimeError} where it cannot be caught.
   */
  addSignalHandler<A extends readonly unknown[]>(signal: Signal, callback: Callback<A>, ...args: A): void {
    addSignalHandler(this, signal, callback, args);
  }

  /** Let the signal do what it does otherwise. @returns whether it had a handler. */
  removeSignalHandler(signal: Signal): boolean {
    return removeSignalHandler(this, signal);
  }

  /**
   * Call `callback` with `args` whenever `file` can be read from, in place of the reader before.
   * @param file a descriptor, or what has a `fileno()`.
   * @throws {NotImplementedError} where the reactor cannot watch descriptors; {RuntimeError} where a transport has it.
   */
  addReader<A extends readonly unknown[]>(file: FileDescriptor, callback: Callback<A>, ...args: A): void {
    addWatch(this, 'read', file, callback as Callback<never[]>, args);
  }

  /** Watch it no more for reading. @returns whether it had a reader. */
  removeReader(file: FileDescriptor): boolean {
    return removeWatch(this, 'read', file);
  }

  /** Call `callback` with `args` whenever `file` can be written to, in place of the writer before. */
  addWriter<A extends readonly unknown[]>(file: FileDescriptor, callback: Callback<A>, ...args: A): void {
    addWatch(this, 'write', file, callback as Callback<never[]>, args);
  }

  /** Watch it no more for writing. @returns whether it had a writer. */
  removeWriter(file: FileDescriptor): boolean {
    return removeWatch(this, 'write', file);
  }

  /** Receive up to `size` bytes from a raw socket; an empty array is the end. It must not block, as for all of these methods. */
  sockRecv(sock: Socket, size: number): CoroutineObject<Uint8Array> {
    return sockRecv(this, sock, size);
  }

  /** Receive into an array. @returns how many bytes came. */
  sockRecvInto(sock: Socket, into: Uint8Array): CoroutineObject<number> {
    return sockRecvInto(this, sock, into);
  }

  /** Receive a datagram. @returns it, and where it came from. */
  sockRecvfrom(sock: Socket, size: number): CoroutineObject<[data: Uint8Array, address: Address | null]> {
    return sockRecvfrom(this, sock, size);
  }

  /** Receive a datagram into an array. @returns how many bytes came, and where from. */
  sockRecvfromInto(
    sock: Socket,
    into: Uint8Array,
    size = 0,
  ): CoroutineObject<[count: number, address: Address | null]> {
    return sockRecvfromInto(this, sock, into, size);
  }

  /** Send all of the bytes through a raw socket. */
  sockSendall(sock: Socket, data: Uint8Array): CoroutineObject<void> {
    return sockSendall(this, sock, data);
  }

  /** Send a datagram. @returns how many bytes were sent. */
  sockSendto(sock: Socket, data: Uint8Array, address: Address): CoroutineObject<number> {
    return sockSendto(this, sock, data, address);
  }

  /** Connect a raw socket; a name in the address is looked up. */
  sockConnect(sock: Socket, address: Address): CoroutineObject<void> {
    return sockConnect(this, sock, address);
  }

  /** Take a connection that comes to a listening socket. @returns a socket that does not block, and the address of its other end. */
  sockAccept(sock: Socket): CoroutineObject<[connection: Socket, address: Address]> {
    return sockAccept(this, sock);
  }

  /**
   * Send a file through a raw socket, from the system's own cache where it can.
   * @param count how many bytes; `null`: up to the end. @returns how many bytes were sent.
   */
  sockSendfile(
    sock: Socket,
    file: SendableFile,
    offset = 0,
    count: number | null = null,
  ): CoroutineObject<number> {
    return sockSendfile(this, sock, file, offset, count);
  }

  /**
   * Run `fn(...args)` in `executor`, or with `null` in the default one: worker threads, unless `setDefaultExecutor` chose another. Cancelling the future
   * stops the job. See `docs/executors.md` for what can travel.
   * @throws {TypeError} where the function or an argument cannot travel; {RuntimeError} where the executor was shut down.
   */
  runInExecutor<A extends readonly unknown[], R>(
    executor: ExecutorLike | null,
    fn: JobFunction<A, R>,
    ...args: JobArguments<A>
  ): Future<JobResult<R>>;
  runInExecutor<F extends (...args: never[]) => unknown, const A extends OverloadArguments<F>>(
    executor: ExecutorLike | null,
    fn: F,
    ...args: A
  ): Future<JobResult<OverloadResult<F, A>>>;
  runInExecutor(
    executor: ExecutorLike | null,
    fn: (...args: never[]) => unknown,
    ...args: readonly unknown[]
  ): Future<unknown> {
    return runInExecutor(this, executor, fn, args);
  }

  override toString(): string {
    return `<EventLoop ${this._reactor.name} running=${this.isRunning()} closed=${this.isClosed()} debug=${this.getDebug()}>`;
  }
}
