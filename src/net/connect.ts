/**
 * `createConnection`: look up a host, connect to the first of its addresses that answers, and give the connection to a protocol.
 *
 * Cancelled at any step, it leaves no socket open. Source: Python docs, "Event Loop", "Opening network connections"; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel, Endpoint, Family } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { OSError, ValueError } from '../core/errors.ts';
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
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import type { StreamProtocol } from './protocols.ts';
import { StreamTransport } from './stream-transport.ts';

/** How to connect. */
export interface ConnectOptions {
  /** Only addresses of this family; 0 for any. */
  readonly family?: Family | undefined;
  /** The address to connect from: a host and a port. */
  readonly localAddr?: readonly [host: string | null, port: Port] | undefined;
  /** Where several addresses failed, raise an `ExceptionGroup` of all errors rather than one that sums them up. */
  readonly allErrors?: boolean | undefined;
  /** Try the families in turn, this many addresses of the first one before the second. */
  readonly interleave?: number | null | undefined;
}

const OPTIONS = ['family', 'localAddr', 'allErrors', 'interleave'] as const;
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
  if (host === null && port === null) {
    throw new ValueError('host and port was not specified and no sock specified');
  }
  const family = checkFamily(options.family, WHERE);
  let remotes = yield* resolve(loop, host, port, family);
  const { localAddr, interleave } = options;
  const locals = localAddr === undefined ? null : yield* resolve(loop, localAddr[0], localAddr[1], family);
  if (interleave) remotes = interleaved(remotes, interleave);
  const channel = yield* connectFirst(loop, remotes, locals, options.allErrors === true);
  return yield* serve(loop, channel, factory);
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

function* connectFirst(
  loop: Scheduler,
  remotes: readonly Endpoint[],
  locals: readonly Endpoint[] | null,
  allErrors: boolean,
): Coroutine<Channel> {
  const errors: OSError[] = [];
  for (const remote of remotes) {
    try {
      return yield* connectOne(loop, remote, locals, errors);
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      errors.push(error);
    }
  }
  if (allErrors) throw new ExceptionGroup('createConnection failed', errors);
  const [first] = errors;
  if (first !== undefined && errors.every(({ message }) => message === first.message)) throw first;
  throw new OSError(`Multiple exceptions: ${errors.map(({ message }) => message).join(', ')}`, {
    cause: new ExceptionGroup('createConnection failed', errors),
  });
}

function* connectOne(
  loop: Scheduler,
  remote: Endpoint,
  locals: readonly Endpoint[] | null,
  errors: OSError[],
): Coroutine<Channel> {
  const candidates = locals?.filter(({ family }) => family === remote.family) ?? [null];
  for (const [index, local] of candidates.entries()) {
    try {
      return yield* attempt(loop, remote, local);
    } catch (error) {
      // The next local address can help only where this one could not be had.
      if (!(error instanceof OSError && error.syscall === 'bind') || index === candidates.length - 1)
        throw error;
      errors.push(error);
    }
  }
  throw new OSError(`no matching local address with family=${remote.family} found`);
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

function* serve<P extends StreamProtocol>(
  loop: Scheduler,
  channel: Channel,
  factory: () => P,
): Coroutine<[StreamTransport, P]> {
  let protocol: P;
  try {
    protocol = makeProtocol(factory, WHERE);
  } catch (error) {
    channel.close();
    throw error;
  }
  const waiter = loop.createFuture<void>();
  const transport = new StreamTransport(loop, channel, protocol, { waiter });
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
