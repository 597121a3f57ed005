/**
 * The handshake of TLS with its limit of time, and the verdict on whom it has met.
 *
 * A connection is given on only when the certificate of the other side was found good; nobody has read or written a byte by then. Whatever ends the
 * handshake otherwise closes the connection. Source: Python docs, "Event Loop", `start_tls`; "ssl", `SSLContext.verify_mode`, `check_hostname`;
 * asyncio/sslproto.py.
 */
import { isIP } from 'node:net';
import type { Coroutine } from '../core/awaitable.ts';
import type { Channel, Done, Operation, Outcome } from '../core/channel.ts';
import { isCoroutine, isPromiseLike } from '../core/coroutine.ts';
import { ConnectionAbortedError, NotImplementedError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { TlsSession, TlsSettings } from '../core/tls.ts';
import { networkOf, operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import { parseCertificate } from './peer-certificate.ts';
import { CERT_NONE } from './ssl-constants.ts';
import { SSLContext } from './ssl-context.ts';
import {
  FOUND_AFTER_THE_NAME,
  type Refusal,
  refusalOf,
  SSLCertVerificationError,
  wrongName,
} from './ssl-errors.ts';
import { SSLObject } from './ssl-object.ts';
import type { Tls } from './tls-options.ts';

/** A connection that is secured, and what is known of that. */
export interface Secured {
  readonly channel: Channel;
  readonly sslObject: SSLObject;
  readonly tls: Tls;
}

/**
 * Secure `channel`, which is paused and has sent everything; it is closed where that fails, and where it is cancelled.
 * @param received what has come already, and belongs to the handshake.
 */
export function beginHandshake(
  loop: Scheduler,
  channel: Channel,
  tls: Tls,
  received: Uint8Array | null,
  done: Done<Secured>,
): Operation {
  return new Handshake(loop, channel, tls, received, done);
}

/** Secure `channel`, and wait for that. */
export function* handshake(loop: Scheduler, channel: Channel, tls: Tls): Coroutine<Secured> {
  return yield* operate<Secured>(
    loop,
    (done) => beginHandshake(loop, channel, tls, null, done),
    (late) => late.channel.close(),
  );
}

class Handshake implements Operation {
  readonly #loop: Scheduler;
  readonly #tls: Tls;
  readonly #sslObject: SSLObject;
  readonly #done: Done<Secured>;
  readonly #operation: Operation;
  readonly #timer: { cancel(): void };
  #over = false;
  /** What `sniCallback` has thrown. */
  #mistake: { readonly error: unknown } | null = null;

  constructor(loop: Scheduler, channel: Channel, tls: Tls, received: Uint8Array | null, done: Done<Secured>) {
    const { context, serverSide, serverHostname } = tls;
    this.#loop = loop;
    this.#tls = tls;
    this.#done = done;
    this.#sslObject = new SSLObject(context, serverSide, serverHostname);
    this.#timer = loop.callLater(tls.handshakeTimeout, () => this.#expire());
    try {
      const network = networkOf(loop, 'startTls');
      if (network.secure === undefined) throw new NotImplementedError('startTls(): there is no TLS');
      const request = {
        serverSide,
        settings: context._settings,
        // An address is no name that a server could be asked for by.
        serverName: serverHostname === null || isIP(serverHostname) !== 0 ? null : serverHostname,
        received,
        chooseSettings:
          serverSide && context.sniCallback !== null ? (name: string) => this.#choose(name) : null,
      };
      this.#operation = network.secure(channel, request, (outcome) => this.#end(outcome));
    } catch (error) {
      this.#timer.cancel();
      channel.close();
      throw error;
    }
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#operation.cancel();
  }

  #expire(): void {
    if (this.#over) return;
    this.cancel();
    this.#done({ error: handshakeExpired(this.#tls) });
  }

  #choose(serverName: string): TlsSettings | null {
    const { context } = this.#tls;
    try {
      refuseToWait(context.sniCallback?.(this.#sslObject, serverName, context));
      const chosen: unknown = this.#sslObject.context;
      if (!(chosen instanceof SSLContext)) throw new TypeError('The value must be a SSLContext');
      return chosen === context ? null : chosen._settings;
    } catch (error) {
      this.#mistake = { error };
      const failure = new Error('callback failed');
      throw Object.assign(failure, {
        code: 'ERR_SSL_CALLBACK_FAILED',
        reason: 'callback failed',
        library: 'SSL routines',
      });
    }
  }

  #end(outcome: Outcome<Channel>): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    // Whoever waited has gone with the loop.
    if (this.#loop.isClosed()) {
      if ('value' in outcome) outcome.value.close();
      return;
    }
    if (this.#mistake !== null) {
      const message = 'Exception in sniCallback: the handshake was ended';
      this.#loop.callExceptionHandler({ message, exception: this.#mistake.error });
    }
    this.#done('error' in outcome ? { error: toOSError(outcome.error) } : this.#judge(outcome.value));
  }

  #judge(channel: Channel): Outcome<Secured> {
    const session = channel.info('tls') as TlsSession;
    const refusal = refusalBy(this.#tls, session);
    if (refusal === null) {
      this.#sslObject._agreed(session);
      return { value: { channel, sslObject: this.#sslObject, tls: this.#tls } };
    }
    channel.close();
    return { error: new SSLCertVerificationError(refusal) };
  }
}

/** @throws {TypeError} where `sniCallback` has answered with what would have to be waited for. */
function refuseToWait(answer: unknown): void {
  if (!isPromiseLike(answer) && !isCoroutine(answer)) return;
  // Nobody else looks at how it ends.
  if (answer instanceof Promise) answer.catch(() => {});
  throw new TypeError(
    `sniCallback must be a plain function that sets ssl.context before it returns, not an async or generator function: the handshake does not wait for ${describe(answer)}`,
  );
}

/** What is told where it took too long. */
export function handshakeExpired({ handshakeTimeout }: Tls): Error {
  const seconds = Number.isInteger(handshakeTimeout) ? `${handshakeTimeout}.0` : String(handshakeTimeout);
  return new ConnectionAbortedError(
    `SSL handshake is taking longer than ${seconds} seconds: aborting the connection`,
  );
}

/** What the certificate of the other side is refused for; `null`: it is good, or nobody asks. */
function refusalBy({ context, serverSide, serverHostname }: Tls, session: TlsSession): Refusal | null {
  const { peerCertificate, verifyError } = session;
  if (context.verifyMode === CERT_NONE || peerCertificate === null) return null;
  const refusal = verifyError === null ? null : refusalOf(verifyError);
  if (refusal !== null && !FOUND_AFTER_THE_NAME.has(refusal.verifyCode)) return refusal;
  if (serverSide || !context.checkHostname || serverHostname === null) return refusal;
  return nameRefusal(peerCertificate, serverHostname) ?? refusal;
}

function nameRefusal(der: Uint8Array, name: string): Refusal | null {
  const certificate = parseCertificate(der);
  const isAddress = isIP(name) !== 0;
  const holds = isAddress
    ? certificate.checkIP(name)
    : certificate.checkHost(name, { partialWildcards: false });
  return holds === undefined ? wrongName(name, isAddress) : null;
}
