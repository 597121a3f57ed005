/**
 * `createUnixServer`: bind to the path of a Unix socket, and make a server of it.
 *
 * A socket that is left at the path is removed first, as in Python, whether somebody listens at it or not; any other file is left alone, and is an
 * error. Closing the server removes its socket, unless another one is there by then.
 * Source: Python docs, "Event Loop", "Creating network servers"; asyncio/unix_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Listener, ListenerSink } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkOptions, formatAddress } from './address.ts';
import { checkBacklog, checkFactory, startUnlessTold } from './create-server.ts';
import { adoptUnixListener, type ServerSocketLike } from './given-socket.ts';
import { operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { Server } from './server.ts';
import { removeStaleSocket, SocketFile } from './socket-file.ts';
import { SERVER_TLS_OPTIONS, type ServerTlsOptions, serverTls, type Tls } from './tls-options.ts';
import { checkPath, isAbstract, type UnixNetwork, type UnixPath, unixNetworkOf } from './unix-address.ts';

/** How to serve. */
export interface UnixServeOptions extends ServerTlsOptions {
  /** How many connections may wait to be accepted; 100 by default. */
  readonly backlog?: number | undefined;
  /** Are connections accepted from the beginning? If not, `startServing()` or `serveForever()` begins. */
  readonly startServing?: boolean | undefined;
  /** Is the socket removed from its directory when the server is closed? By default it is, if it is still the one that the server made. */
  readonly cleanupSocket?: boolean | undefined;
  /** A Unix socket that is bound, or listens already, in place of a path. The server owns it. */
  readonly sock?: ServerSocketLike | null | undefined;
}

const OPTIONS = ['backlog', 'startServing', 'cleanupSocket', 'sock', ...SERVER_TLS_OPTIONS] as const;
const METHOD = 'createUnixServer';
const WHERE = `${METHOD}()`;

/**
 * Serve at the Unix socket `path`; each connection is given to a protocol that `factory` makes.
 * @throws {OSError} where the path cannot be bound.
 */
export function createUnixServer(
  loop: Scheduler,
  factory: () => StreamProtocol,
  path: UnixPath | null = null,
  options: UnixServeOptions = {},
): CoroutineObject<Server<string>> {
  return new LazyCoroutine<Server<string>>(serverAt as never, undefined, [loop, factory, path, options]);
}

Object.defineProperty(serverAt, 'name', { value: METHOD });

function* serverAt(
  loop: Scheduler,
  factory: () => StreamProtocol,
  path: UnixPath | null,
  options: UnixServeOptions,
): Coroutine<Server<string>> {
  checkOptions(options, OPTIONS, WHERE);
  checkFactory(factory, WHERE);
  const tls = serverTls(loop, options, WHERE);
  const backlog = checkBacklog(options.backlog, WHERE);
  const { sock = null } = options;
  if (sock !== null) {
    if (path !== null) throw new ValueError('path and sock can not be specified at the same time');
    const listener = yield* adoptUnixListener(loop, sock, backlog, METHOD);
    return yield* served(loop, factory, listener, new TextEncoder().encode(listener.address), tls, options);
  }
  if (path === null) throw new ValueError('path was not specified, and no sock specified');
  const bytes = checkPath(path, WHERE);
  const network = unixNetworkOf(loop, METHOD);
  if (!isAbstract(bytes)) removeStaleSocket(loop, bytes);
  const listener = yield* listenAt(loop, network, bytes, backlog);
  return yield* served(loop, factory, listener, bytes, tls, options);
}

function* served(
  loop: Scheduler,
  factory: () => StreamProtocol,
  listener: Listener<string>,
  bytes: Uint8Array,
  tls: Tls | null,
  options: UnixServeOptions,
): Coroutine<Server<string>> {
  const cleans = options.cleanupSocket !== false && bytes.length > 0 && !isAbstract(bytes);
  const file = cleans ? new SocketFile(loop, bytes) : null;
  const server = new Server(loop, [new UnixListener(listener, file)], factory, tls, WHERE);
  return yield* startUnlessTold(server, options.startServing);
}

function* listenAt(
  loop: Scheduler,
  network: UnixNetwork,
  path: Uint8Array,
  backlog: number,
): Coroutine<Listener<string>> {
  try {
    return yield* operate<Listener<string>>(
      loop,
      (done) => network.listenUnix(path, backlog, done),
      (late) => new UnixListener(late, isAbstract(path) ? null : new SocketFile(loop, path)).close(),
    );
  } catch (error) {
    const inUse = (error as { readonly code?: unknown } | null)?.code === 'EADDRINUSE';
    const address = formatAddress(new TextDecoder().decode(path));
    throw toOSError(error, (text) => (inUse ? `Address ${address} is already in use` : text));
  }
}

/** A listener that takes its file away with it. */
class UnixListener implements Listener<string> {
  readonly #listener: Listener<string>;
  #file: SocketFile | null;

  constructor(listener: Listener<string>, file: SocketFile | null) {
    this.#listener = listener;
    this.#file = file;
  }

  get address(): string {
    return this.#listener.address;
  }

  get fileno(): number {
    return this.#listener.fileno;
  }

  accept(sink: ListenerSink): void {
    this.#listener.accept(sink);
  }

  close(): void {
    // Before the socket is closed: once it is, the same path and inode could be another one's.
    this.#file?.remove();
    this.#file = null;
    this.#listener.close();
  }
}
