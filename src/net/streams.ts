/**
 * `openConnection` and `startServer`, `openUnixConnection` and `startUnixServer`: connections as a reader and a writer.
 *
 * Source: Python docs, "Streams".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Port } from './address.ts';
import { type ConnectOptions, createConnection } from './connect.ts';
import { createUnixConnection, type UnixConnectOptions } from './connect-unix.ts';
import { createServer, type Hosts, type ServeOptions } from './create-server.ts';
import { createUnixServer, type UnixServeOptions } from './create-unix-server.ts';
import type { Server } from './server.ts';
import { DEFAULT_LIMIT, StreamReader } from './stream-reader.ts';
import { type ClientConnected, StreamReaderProtocol } from './stream-reader-protocol.ts';
import type { StreamTransport } from './stream-transport.ts';
import { StreamWriter } from './stream-writer.ts';
import type { UnixPath } from './unix-address.ts';

/** Options of `openConnection`: those of `createConnection`, and the reader's. */
export interface OpenConnectionOptions extends ConnectOptions {
  /** The reader's limit, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/** Options of `openUnixConnection`: those of `createUnixConnection`, and the reader's. */
export interface OpenUnixConnectionOptions extends UnixConnectOptions {
  /** The reader's limit, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/** Options of `startServer`: those of `createServer`, and the readers'. */
export interface StartServerOptions extends ServeOptions {
  /** The limit of each reader, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/** Options of `startUnixServer`: those of `createUnixServer`, and the readers'. */
export interface StartUnixServerOptions extends UnixServeOptions {
  /** The limit of each reader, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/**
 * Connect to `host` and `port`.
 *
 * ```ts
 * const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', 8888);
 * ```
 * @throws {OSError} where no address could be connected to.
 */
export function openConnection(
  host: string | null = null,
  port: Port = null,
  options: OpenConnectionOptions = {},
): CoroutineObject<[reader: StreamReader, writer: StreamWriter]> {
  return new LazyCoroutine<[StreamReader, StreamWriter]>(opened as never, undefined, [host, port, options]);
}

Object.defineProperty(opened, 'name', { value: 'openConnection' });

function* opened(
  host: string | null,
  port: Port,
  options: OpenConnectionOptions,
): Coroutine<[StreamReader, StreamWriter]> {
  const { limit, ...rest } = options;
  return yield* asStreams(limit, (loop, factory) => createConnection(loop, factory, host, port, rest));
}

/**
 * Connect to the Unix socket at `path`.
 *
 * ```ts
 * const [reader, writer] = yield* asyncio.openUnixConnection('/run/service.sock');
 * ```
 * @throws {OSError} where it could not be connected to.
 */
export function openUnixConnection(
  path: UnixPath | null = null,
  options: OpenUnixConnectionOptions = {},
): CoroutineObject<[reader: StreamReader, writer: StreamWriter]> {
  return new LazyCoroutine<[StreamReader, StreamWriter]>(openedUnix as never, undefined, [path, options]);
}

Object.defineProperty(openedUnix, 'name', { value: 'openUnixConnection' });

function* openedUnix(
  path: UnixPath | null,
  options: OpenUnixConnectionOptions,
): Coroutine<[StreamReader, StreamWriter]> {
  const { limit, ...rest } = options;
  return yield* asStreams(limit, (loop, factory) => createUnixConnection(loop, factory, path, rest));
}

type Connect = (
  loop: Scheduler,
  factory: () => StreamReaderProtocol,
) => CoroutineObject<[StreamTransport, StreamReaderProtocol]>;

/** The reader and the writer of a connection that `connect` makes. */
function* asStreams(
  limit: number | undefined = DEFAULT_LIMIT,
  connect: Connect,
): Coroutine<[StreamReader, StreamWriter]> {
  const loop = loopOfNow();
  const reader = new StreamReader({ limit, loop });
  const protocol = new StreamReaderProtocol(reader, null, loop);
  const [transport] = yield* connect(loop, () => protocol);
  return [reader, new StreamWriter(transport, protocol, reader, loop)];
}

/**
 * Serve at `host` and `port`: `clientConnected` is called with a reader and a writer for each connection, and run as a task if it is a generator
 * function or an async function.
 *
 * ```ts
 * const server = yield* asyncio.startServer(function* (reader, writer) {
 *   writer.write(yield* reader.readline());
 *   yield* writer.drain();
 *   writer.close();
 * }, '127.0.0.1', 8888);
 * ```
 * @throws {OSError} where an address cannot be bound.
 */
export function startServer(
  clientConnected: ClientConnected,
  host: Hosts = null,
  port: Port = null,
  options: StartServerOptions = {},
): CoroutineObject<Server> {
  return new LazyCoroutine<Server>(started as never, undefined, [clientConnected, host, port, options]);
}

Object.defineProperty(started, 'name', { value: 'startServer' });

function* started(
  clientConnected: ClientConnected,
  host: Hosts,
  port: Port,
  options: StartServerOptions,
): Coroutine<Server> {
  const { limit, ...rest } = options;
  const loop = loopOfNow();
  const handlers = new Set<Future<unknown>>();
  const factory = factoryOf(loop, clientConnected, limit, handlers, 'startServer()');
  const server = yield* createServer(loop, factory, host, port, rest);
  server._handlers = handlers;
  return server;
}

/**
 * Serve at the Unix socket `path`: `clientConnected` is called as `startServer` does.
 *
 * ```ts
 * const server = yield* asyncio.startUnixServer(function* (reader, writer) {
 *   writer.write(yield* reader.readline());
 *   yield* writer.drain();
 *   writer.close();
 * }, '/run/service.sock');
 * ```
 * @throws {OSError} where the path cannot be bound.
 */
export function startUnixServer(
  clientConnected: ClientConnected,
  path: UnixPath | null = null,
  options: StartUnixServerOptions = {},
): CoroutineObject<Server<string>> {
  return new LazyCoroutine<Server<string>>(startedUnix as never, undefined, [clientConnected, path, options]);
}

Object.defineProperty(startedUnix, 'name', { value: 'startUnixServer' });

function* startedUnix(
  clientConnected: ClientConnected,
  path: UnixPath | null,
  options: StartUnixServerOptions,
): Coroutine<Server<string>> {
  const { limit, ...rest } = options;
  const loop = loopOfNow();
  const handlers = new Set<Future<unknown>>();
  const factory = factoryOf(loop, clientConnected, limit, handlers, 'startUnixServer()');
  const server = yield* createUnixServer(loop, factory, path, rest);
  server._handlers = handlers;
  return server;
}

function factoryOf(
  loop: Scheduler,
  clientConnected: ClientConnected,
  limit: number | undefined = DEFAULT_LIMIT,
  handlers: Set<Future<unknown>>,
  where: string,
): () => StreamReaderProtocol {
  if (typeof clientConnected !== 'function') {
    throw new TypeError(
      `${where} needs a function of a reader and a writer, not ${describe(clientConnected)}`,
    );
  }
  return () => {
    const protocol = new StreamReaderProtocol(new StreamReader({ limit, loop }), clientConnected, loop);
    protocol._handlers = handlers;
    return protocol;
  };
}

function loopOfNow(): Scheduler {
  const { loop } = running;
  if (loop === null) throw new RuntimeError('no running event loop');
  return loop;
}
