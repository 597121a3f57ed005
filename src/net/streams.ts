/**
 * `openConnection` and `startServer`: connections as a reader and a writer.
 *
 * Source: Python docs, "Streams".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Port } from './address.ts';
import { type ConnectOptions, createConnection } from './connect.ts';
import { createServer, type Hosts, type ServeOptions } from './create-server.ts';
import type { Server } from './server.ts';
import { DEFAULT_LIMIT, StreamReader } from './stream-reader.ts';
import { type ClientConnected, StreamReaderProtocol } from './stream-reader-protocol.ts';
import { StreamWriter } from './stream-writer.ts';

/** Options of `openConnection`: those of `createConnection`, and the reader's. */
export interface OpenConnectionOptions extends ConnectOptions {
  /** The reader's limit, in bytes; 64 KiB by default. */
  readonly limit?: number | undefined;
}

/** Options of `startServer`: those of `createServer`, and the readers'. */
export interface StartServerOptions extends ServeOptions {
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
  const { limit = DEFAULT_LIMIT, ...rest } = options;
  const loop = loopOfNow();
  const reader = new StreamReader({ limit, loop });
  const protocol = new StreamReaderProtocol(reader, null, loop);
  const [transport] = yield* createConnection(loop, () => protocol, host, port, rest);
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
  if (typeof clientConnected !== 'function') {
    throw new TypeError(
      `startServer() needs a function of a reader and a writer, not ${describe(clientConnected)}`,
    );
  }
  const { limit = DEFAULT_LIMIT, ...rest } = options;
  const loop = loopOfNow();
  const factory = () => new StreamReaderProtocol(new StreamReader({ limit, loop }), clientConnected, loop);
  return yield* createServer(loop, factory, host, port, rest);
}

function loopOfNow(): Scheduler {
  const { loop } = running;
  if (loop === null) throw new RuntimeError('no running event loop');
  return loop;
}
