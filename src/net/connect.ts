/**
 * `createConnection`: look up a host, connect to the first of its addresses that answers, and give the connection to a protocol.
 *
 * The addresses are tried one after the other, or as "happy eyeballs" do: the next one already when the last has not answered for a while.
 * Cancelled at any step, it leaves no socket open. Source: Python docs, "Event Loop", "Opening network connections"; asyncio/base_events.py; RFC 8305.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel, Endpoint, Family } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { CancelledError, OSError, TimeoutError, ValueError } from '../core/errors.ts';
import { ExceptionGroup } from '../core/exception-group.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import {
  addressOf,
  checkFamily,
  checkHost,
  checkOptions,
  formatAddress,
  type Port,
  toPort,
} from './address.ts';
import { adoptStream, type StreamSocketLike } from './given-socket.ts';
import { handshake } from './handshake.ts';
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { staggeredRace } from './staggered-race.ts';
import { StreamTransport } from './stream-transport.ts';
import { CLIENT_TLS_OPTIONS, type ClientTlsOptions, clientTls, type Tls } from './tls-options.ts';
import { TlsTransport } from './tls-transport.ts';

/** How to connect. */
export interface ConnectOptions extends ClientTlsOptions {
  /** Only addresses of this family; 0 for any. */
  readonly family?: Family | undefined;
  /** The address to connect from: a host and a port. */
  readonly localAddr?: readonly [host: string | null, port: Port] | null | undefined;
  /** Where several addresses failed, raise an `ExceptionGroup` of all errors rather than one that sums them up. */
  readonly allErrors?: boolean | undefined;
  /** Try the families in turn, this many addresses of the first one before the second. By default 1 with `happyEyeballsDelay`, else the order is kept. */
  readonly interleave?: number | null | undefined;
  /** How long an address may take to answer before the next is tried as well, in seconds; RFC 8305 recommends 0.25. By default they are tried one by one. */
  readonly happyEyeballsDelay?: number | null | undefined;
  /** A socket that is connected already, in place of host and port. The transport owns it. */
  readonly sock?: StreamSocketLike | null | undefined;
}

const OPTIONS = [
  'family',
  'localAddr',
  'allErrors',
  'interleave',
  'happyEyeballsDelay',
  'sock',
  ...CLIENT_TLS_OPTIONS,
] as const;
const WHERE = 'createConnection()';

/**
 * Connect, and let the protocol that `factory` makes serve the connection.
 * @returns the transport and the protocol.
 * @throws {OSError} where no address could be connected to.
 */
export function createConnection<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  host: string | null = null,
  port: Port = null,
  options: ConnectOptions = {},
): CoroutineObject<[transport: StreamTransport, protocol: P]> {
  return new LazyCoroutine(connection as typeof connection<P>, undefined, [
    loop,
    factory,
    host,
    port,
    options,
  ]);
}

Object.defineProperty(connection, 'name', { value: 'createConnection' });

function* connection<P extends StreamProtocol>(
  loop: Scheduler,
  factory: () => P,
  host: string | null,
  port: Port,
  options: ConnectOptions,
): Coroutine<[StreamTransport, P]> {
  checkOptions(options, OPTIONS, WHERE);
  const unnamed = 'You must set serverHostname when using ssl without a host';
  const tls = clientTls(loop, options, host, unnamed, WHERE);
  const { sock = null } = options;
  if (sock !== null) {
    if (host !== null || port !== null) {
      throw new ValueError('host/port and sock can not be specified at the same time');
    }
    return yield* serve(loop, adoptStream(loop, sock, 'createConnection'), factory, tls, WHERE);
  }
  if (host === null && port === null) {
    throw new ValueError('host and port was not specified and no sock specified');
  }
  const family = checkFamily(options.family, WHERE);
  const delay = checkDelay(options.happyEyeballsDelay);
  const localAddr = checkLocal(options.localAddr);
  const interleave = options.interleave ?? (delay === null ? null : 1);
  let remotes = yield* resolve(loop, host, port, family);
  const locals = localAddr === null ? null : yield* resolve(loop, localAddr[0], localAddr[1], family);
  if (interleave) remotes = interleaved(remotes, interleave);
  const errors: OSError[][] = remotes.map(() => []);
  const attempts = remotes.map(
    (remote, index) => () => connectOne(loop, remote, locals, errors[index] as OSError[]),
  );
  const channel = delay === null ? yield* oneByOne(attempts) : yield* staggered(attempts, delay);
  if (channel === null) throw failureOf(errors.flat(), options.allErrors === true);
  return yield* serve(loop, channel, factory, tls, WHERE);
}

function* resolve(
  loop: Scheduler,
  host: string | null,
  port: Port,
  family: Family,
): Coroutine<readonly Endpoint[]> {
  const network = networkOf(loop, 'createConnection');
  const request = { host: checkHost(host, WHERE), port: toPort(port, WHERE), family, passive: false };
  try {
    const endpoints = yield* operate<readonly Endpoint[]>(
      loop,
      (done) => network.resolve(request, done),
      ignore,
    );
    if (endpoints.length === 0) throw new OSError('getaddrinfo() returned empty list');
    return endpoints;
  } catch (error) {
    throw toOSError(error);
  }
}

/** The addresses of all families in turn. */
export function interleaved(endpoints: readonly Endpoint[], firstFamilyCount: number): readonly Endpoint[] {
  const families = [...new Set(endpoints.map(({ family }) => family))];
  const [first = [], ...others] = families.map((family) => endpoints.filter((e) => e.family === family));
  const ahead = first.splice(0, firstFamilyCount - 1);
  const rounds = Math.max(0, ...[first, ...others].map(({ length }) => length));
  for (let i = 0; i < rounds; i++) {
    for (const list of [first, ...others]) if (list[i] !== undefined) ahead.push(list[i] as Endpoint);
  }
  return ahead;
}

function checkLocal(local: ConnectOptions['localAddr']): readonly [string | null, Port] | null {
  if (local === undefined || local === null) return null;
  if (Array.isArray(local) && local.length === 2) return local as readonly [string | null, Port];
  throw new TypeError(`${WHERE}: localAddr must be [host, port], not ${describe(local)}`);
}

function checkDelay(delay: number | null | undefined): number | null {
  if (delay === null || delay === undefined) return null;
  if (typeof delay !== 'number') {
    throw new TypeError(`${WHERE}: happyEyeballsDelay must be a number of seconds, not ${describe(delay)}`);
  }
  if (!Number.isNaN(delay)) return delay;
  throw new ValueError(`${WHERE}: happyEyeballsDelay must be a number of seconds, not NaN (not a number)`);
}

type Attempt = () => Coroutine<Channel>;

/** The first channel that can be had, or `null`. */
function* oneByOne(attempts: readonly Attempt[]): Coroutine<Channel | null> {
  for (const connect of attempts) {
    try {
      return yield* connect();
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
    }
  }
  return null;
}

/** The same, not waiting long for any. */
function* staggered(attempts: readonly Attempt[], delay: number): Coroutine<Channel | null> {
  const opened: Channel[] = [];
  const contestants = attempts.map(
    (connect) =>
      function* createConnection(): Coroutine<Channel> {
        const channel = yield* connect();
        opened.push(channel);
        return channel;
      },
  );
  let won: Channel | null = null;
  try {
    const { winner, errors } = yield* staggeredRace(contestants, delay);
    won = winner?.value ?? null;
    if (won === null) for (const error of errors) if (isMistake(error)) throw error;
    return won;
  } finally {
    for (const channel of opened) if (channel !== won) channel.close();
  }
}

/** Is it something else than a failure to connect? */
function isMistake(error: unknown): boolean {
  return !(error instanceof OSError || error instanceof CancelledError);
}

/** What is told where no address could be connected to. */
function failureOf(errors: readonly OSError[], all: boolean): Error {
  const [first] = errors;
  if (first === undefined) return new TimeoutError('createConnection failed');
  if (all) return new ExceptionGroup('createConnection failed', errors);
  if (errors.every(({ message }) => message === first.message)) return first;
  return new OSError(`Multiple exceptions: ${errors.map(({ message }) => message).join(', ')}`, {
    cause: new ExceptionGroup('createConnection failed', errors),
  });
}

/** Connect to one address, from the first local address that can be had. Every failure is written down in `errors`; the last one is thrown. */
function* connectOne(
  loop: Scheduler,
  remote: Endpoint,
  locals: readonly Endpoint[] | null,
  errors: OSError[],
): Coroutine<Channel> {
  const candidates = locals?.filter(({ family }) => family === remote.family) ?? [null];
  let last = new OSError(`no matching local address with family=${remote.family} found`);
  if (candidates.length === 0) errors.push(last);
  for (const local of candidates) {
    try {
      return yield* attempt(loop, remote, local);
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      errors.push(error);
      last = error;
      // The next local address can help only where this one could not be had.
      if (error.syscall !== 'bind') break;
    }
  }
  throw last;
}

function* attempt(loop: Scheduler, remote: Endpoint, local: Endpoint | null): Coroutine<Channel> {
  const network = networkOf(loop, 'createConnection');
  try {
    return yield* operate<Channel>(
      loop,
      (done) => network.connect(remote, local, done),
      (channel) => channel.close(),
    );
  } catch (error) {
    if (local !== null && (error as { readonly syscall?: unknown } | null)?.syscall === 'bind') {
      const where = `error while attempting to bind on address ${formatAddress(addressOf(local))}`;
      throw toOSError(error, (text, errno) => `${where}: [errno ${errno}] ${text.toLowerCase()}`);
    }
    throw toOSError(error, () => `Connect call failed ${formatAddress(addressOf(remote))}`);
  }
}

/** Give a connection to the protocol that `factory` makes, secured if that is asked for, and wait until it knows. Whatever goes wrong, it is closed. */
export function* serve<P extends StreamProtocol>(
  loop: Scheduler,
  channel: Channel,
  factory: () => P,
  tls: Tls | null,
  where: string,
): Coroutine<[StreamTransport, P]> {
  let protocol: P;
  try {
    protocol = makeProtocol(factory, where);
  } catch (error) {
    channel.close();
    throw error;
  }
  const waiter = loop.createFuture<void>();
  const transport =
    tls === null
      ? new StreamTransport(loop, channel, protocol, { waiter })
      : new TlsTransport(loop, yield* handshake(loop, channel, tls), protocol, { waiter });
  try {
    yield* waiter;
  } catch (error) {
    transport.close();
    throw error;
  }
  return [transport, protocol];
}

/** @throws {TypeError} where `factory` makes no protocol. */
export function makeProtocol<P extends StreamProtocol>(factory: () => P, where: string): P {
  const protocol: unknown = factory();
  if (typeof (protocol as Partial<P> | null | undefined)?.connectionMade === 'function') return protocol as P;
  throw new TypeError(
    `${where} needs a function that returns a protocol, such as () => new MyProtocol(); it returned ${describe(protocol)}`,
  );
}

function ignore(): void {}
