/**
 * `startTls`: secure a connection that is plain so far, or secured already, by TLS.
 *
 * What was written before is sent first, and nothing is read until the handshake is over: no byte is lost, and nothing plain reaches the protocol
 * afterwards. The protocol keeps its connection, under another transport; it is told nothing unless that fails, which loses the connection.
 * Source: Python docs, "Event Loop", `loop.start_tls`; asyncio/base_events.py.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel, Done, Operation, Outcome } from '../core/channel.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ConnectionAbortedError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkOptions } from './address.ts';
import { beginHandshake, handshakeExpired, type Secured } from './handshake.ts';
import { operate } from './operation.ts';
import type { StreamProtocol } from './protocols.ts';
import { SSLContext } from './ssl-context.ts';
import { type Heir, StreamTransport, type TransportOwner } from './stream-transport.ts';
import { checkName, secured, TIMEOUT_OPTIONS, type Tls, type TlsTimeouts } from './tls-options.ts';
import { TlsTransport } from './tls-transport.ts';
import type { BaseTransport } from './transports.ts';

/** How to secure a connection. */
export interface StartTlsOptions extends TlsTimeouts {
  /** Is this the side that accepted the connection? */
  readonly serverSide?: boolean | undefined;
  /** On a client: the name that the certificate of the server must be valid for. Without it names are not checked. */
  readonly serverHostname?: string | null | undefined;
}

/** A protocol that keeps what has come until it is read: a reader's. */
interface Keeping {
  /** @internal Give out what was not read. */
  _takeUnread(): Uint8Array | null;
}

const OPTIONS = ['serverSide', 'serverHostname', ...TIMEOUT_OPTIONS] as const;
const WHERE = 'startTls()';

/**
 * Secure the connection of `transport`, which `protocol` serves from then on.
 * @returns the transport to use from now on; the old one only closes the connection.
 * @throws {SSLError} where the handshake fails; {ConnectionAbortedError} where it takes too long. The connection is lost then, also by cancelling this.
 */
export function startTls(
  loop: Scheduler,
  transport: BaseTransport,
  protocol: StreamProtocol,
  sslcontext: SSLContext,
  options: StartTlsOptions = {},
): CoroutineObject<TlsTransport> {
  return new LazyCoroutine<TlsTransport>(started as never, undefined, [
    loop,
    transport,
    protocol,
    sslcontext,
    options,
  ]);
}

Object.defineProperty(started, 'name', { value: 'startTls' });

function* started(
  loop: Scheduler,
  transport: BaseTransport,
  protocol: StreamProtocol,
  sslcontext: SSLContext,
  options: StartTlsOptions,
): Coroutine<TlsTransport> {
  checkOptions(options, OPTIONS, WHERE);
  if (!(sslcontext instanceof SSLContext)) {
    throw new TypeError(
      `sslcontext is expected to be an instance of ssl.SSLContext, got ${describe(sslcontext)}`,
    );
  }
  if (!(transport instanceof StreamTransport) || !transport._startsTls) {
    throw new TypeError(`transport ${describe(transport)} is not supported by startTls()`);
  }
  const name = checkName(options.serverHostname, WHERE);
  const tls = secured(loop, sslcontext, options.serverSide === true, name, options, WHERE);
  return yield* operate<TlsTransport>(
    loop,
    (done) => new Upgrade(loop, transport, protocol, tls, done),
    (late) => late.close(),
  );
}

class Upgrade implements Operation, Heir {
  readonly #loop: Scheduler;
  readonly #old: StreamTransport;
  readonly #protocol: StreamProtocol;
  readonly #tls: Tls;
  readonly #done: Done<TlsTransport>;
  readonly #owner: TransportOwner | null;
  /** What was written before must have been sent by then; `null` where it has been, and where this was refused. */
  #timer: { cancel(): void } | null = null;
  #handshake: Operation | null = null;
  #new: TlsTransport | null = null;
  #over = false;

  constructor(
    loop: Scheduler,
    old: StreamTransport,
    protocol: StreamProtocol,
    tls: Tls,
    done: Done<TlsTransport>,
  ) {
    this.#loop = loop;
    this.#old = old;
    this.#protocol = protocol;
    this.#tls = tls;
    this.#done = done;
    // It may be refused, or inherited at once: only what waits after that is limited.
    this.#owner = old._handOver(this);
    old.setProtocol(protocol);
    if (this.#handshake === null && !this.#over) {
      this.#timer = loop.callLater(tls.handshakeTimeout, () => this.#expire());
    }
  }

  inherit(channel: Channel): void {
    this.#timer?.cancel();
    try {
      // A client may have begun before it was told to.
      const keeping = this.#protocol as StreamProtocol & Partial<Keeping>;
      const unread = this.#tls.serverSide ? (keeping._takeUnread?.() ?? null) : null;
      this.#handshake = beginHandshake(this.#loop, channel, this.#tls, unread, this.#agreed);
    } catch (error) {
      // Neither transport would ever lose it.
      this.#fail(error, error instanceof Error ? error : null);
    }
  }

  readonly #agreed = (outcome: Outcome<Secured>): void => {
    if ('error' in outcome) {
      this.#fail(outcome.error, outcome.error instanceof Error ? outcome.error : null);
      return;
    }
    this.#over = true;
    this.#new = new TlsTransport(this.#loop, outcome.value, this.#protocol, {
      made: true,
      ...(this.#owner === null ? {} : { owner: this.#owner }),
    });
    this.#old._handedOver();
    this.#done({ value: this.#new });
  };

  #expire(): void {
    const error = handshakeExpired(this.#tls);
    this.#fail(error, error);
  }

  #fail(error: unknown, told: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#old._loseHandedOver(told);
    this.#done({ error });
  }

  /** The old transport loses the connection by itself. */
  disinherit(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#done({ error });
  }

  close(): void {
    if (this.#new !== null) this.#new.close();
    else this.#giveUp();
  }

  abort(): void {
    if (this.#new !== null) this.#new.abort();
    else this.#giveUp();
  }

  #giveUp(): void {
    if (this.#over) return;
    this.#handshake?.cancel();
    this.#fail(new ConnectionAbortedError('the connection was closed during startTls()'), null);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#handshake?.cancel();
    this.#old._loseHandedOver(null);
  }
}
