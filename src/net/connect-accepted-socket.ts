/**
 * `connectAcceptedSocket`: a connection that was accepted outside of the library, given to a protocol.
 *
 * Source: Python docs, "Event Loop", "Creating network servers", `connect_accepted_socket`; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkOptions } from './address.ts';
import { serve } from './connect.ts';
import { checkFactory } from './create-server.ts';
import { adoptStream, type StreamSocketLike } from './given-socket.ts';
import type { StreamProtocol } from './protocols.ts';
import type { StreamTransport } from './stream-transport.ts';
import { SERVER_TLS_OPTIONS, type ServerTlsOptions, serverTls } from './tls-options.ts';

/** How to take over a connection: plain, or secured by TLS as the server. */
export type AcceptedSocketOptions = ServerTlsOptions;

const METHOD = 'connectAcceptedSocket';
const WHERE = `${METHOD}()`;

/**
 * Let the protocol that `factory` makes serve a connection that somebody else has accepted.
 * @returns the transport and the protocol.
 * @throws {ValueError} where `sock` is no connected socket of streams.
 */
export function connectAcceptedSocket<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  sock: StreamSocketLike,
  options: AcceptedSocketOptions = {},
): CoroutineObject<[transport: StreamTransport, protocol: P]> {
  return new LazyCoroutine(accepted as typeof accepted<P>, undefined, [loop, factory, sock, options]);
}

Object.defineProperty(accepted, 'name', { value: METHOD });

function* accepted<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  sock: StreamSocketLike,
  options: AcceptedSocketOptions,
): Coroutine<[StreamTransport, P]> {
  checkOptions(options, SERVER_TLS_OPTIONS, WHERE);
  checkFactory(factory, WHERE);
  const tls = serverTls(loop, options, WHERE);
  return yield* serve(loop, adoptStream(loop, sock, METHOD), factory, tls, WHERE);
}
