/**
 * `createUnixConnection`: connect to a Unix socket, and give the connection to a protocol.
 *
 * Cancelled at any step, it leaves no socket open. Source: Python docs, "Event Loop", "Opening network connections"; asyncio/unix_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkOptions } from './address.ts';
import { serve } from './connect.ts';
import { adoptUnixStream, type StreamSocketLike } from './given-socket.ts';
import { operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import type { StreamTransport } from './stream-transport.ts';
import { CLIENT_TLS_OPTIONS, type ClientTlsOptions, clientTls } from './tls-options.ts';
import { checkPath, type UnixPath, unixNetworkOf } from './unix-address.ts';

/** How to connect. */
export interface UnixConnectOptions extends ClientTlsOptions {
  /** A Unix socket that is connected already, in place of a path. The transport owns it. */
  readonly sock?: StreamSocketLike | null | undefined;
}

const OPTIONS = ['sock', ...CLIENT_TLS_OPTIONS] as const;

const METHOD = 'createUnixConnection';
const WHERE = `${METHOD}()`;

/**
 * Connect to the Unix socket at `path`, and let the protocol that `factory` makes serve the connection.
 * @returns the transport and the protocol.
 * @throws {FileNotFoundError} where there is nothing, {ConnectionRefusedError} where nobody listens, {PermissionError} where it is not allowed.
 */
export function createUnixConnection<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  path: UnixPath | null = null,
  options: UnixConnectOptions = {},
): CoroutineObject<[transport: StreamTransport, protocol: P]> {
  return new LazyCoroutine(connection as typeof connection<P>, undefined, [loop, factory, path, options]);
}

Object.defineProperty(connection, 'name', { value: METHOD });

function* connection<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  path: UnixPath | null,
  options: UnixConnectOptions,
): Coroutine<[StreamTransport, P]> {
  checkOptions(options, OPTIONS, WHERE);
  const tls = clientTls(loop, options, null, 'you have to pass serverHostname when using ssl', WHERE);
  const { sock = null } = options;
  if (sock !== null) {
    if (path !== null) throw new ValueError('path and sock can not be specified at the same time');
    return yield* serve(loop, adoptUnixStream(loop, sock, METHOD), factory, tls, WHERE);
  }
  if (path === null) throw new ValueError('no path and sock were specified');
  const bytes = checkPath(path, WHERE);
  const network = unixNetworkOf(loop, METHOD);
  let channel: Channel;
  try {
    channel = yield* operate<Channel>(
      loop,
      (done) => network.connectUnix(bytes, done),
      (late) => late.close(),
    );
  } catch (error) {
    throw toOSError(error);
  }
  return yield* serve(loop, channel, factory, tls, WHERE);
}
