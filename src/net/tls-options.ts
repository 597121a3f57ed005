/**
 * The options of TLS as callers give them, checked the way Python checks them.
 *
 * Source: Python docs, "Event Loop", `create_connection`, `create_server`; asyncio/base_events.py, asyncio/unix_events.py, asyncio/sslproto.py.
 */
import { NotImplementedError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { networkOf } from './operation.ts';
import { createDefaultContext, SSLContext } from './ssl-context.ts';

/** Limits of time that connections with TLS have. */
export interface TlsTimeouts {
  /** How long the handshake may take before the connection is given up, in seconds; 60 by default. */
  readonly sslHandshakeTimeout?: number | null | undefined;
  /** How long closing may take before the connection is given up, in seconds; 30 by default. */
  readonly sslShutdownTimeout?: number | null | undefined;
}

/** Options of servers. */
export interface ServerTlsOptions extends TlsTimeouts {
  /** Secure the connections with TLS, as this context has it. */
  readonly ssl?: SSLContext | null | undefined;
}

/** Options of clients. */
export interface ClientTlsOptions extends TlsTimeouts {
  /** Secure the connection with TLS: as this context has it, or as `ssl.createDefaultContext()` where it is `true`. */
  readonly ssl?: SSLContext | boolean | null | undefined;
  /** The name that the certificate of the server must be valid for; by default the host. An empty string leaves it unchecked. */
  readonly serverHostname?: string | null | undefined;
}

/** How a connection is secured: everything that was asked for, or stands in for it. */
export interface Tls {
  readonly context: SSLContext;
  readonly serverSide: boolean;
  /** `null`: the name of the server is neither told nor checked. */
  readonly serverHostname: string | null;
  /** In seconds. */
  readonly handshakeTimeout: number;
  /** In seconds. */
  readonly shutdownTimeout: number;
}

export const TIMEOUT_OPTIONS: readonly (keyof TlsTimeouts)[] = ['sslHandshakeTimeout', 'sslShutdownTimeout'];
export const SERVER_TLS_OPTIONS: readonly (keyof ServerTlsOptions)[] = ['ssl', ...TIMEOUT_OPTIONS];
export const CLIENT_TLS_OPTIONS: readonly (keyof ClientTlsOptions)[] = [
  'ssl',
  'serverHostname',
  ...TIMEOUT_OPTIONS,
];

const HANDSHAKE_TIMEOUT = 60;
const SHUTDOWN_TIMEOUT = 30;

/**
 * @param host what is connected to; `null` where it has no name to check.
 * @param unnamed what is told where neither it nor the options have a name.
 * @returns `null` where no TLS is asked for.
 */
export function clientTls(
  loop: Scheduler,
  options: ClientTlsOptions,
  host: string | null,
  unnamed: string,
  where: string,
): Tls | null {
  const { ssl = null, serverHostname = null } = options;
  if (ssl === null || ssl === false) {
    if (serverHostname !== null) throw new ValueError('serverHostname is only meaningful with ssl');
    refuseTimeouts(options);
    return null;
  }
  if (ssl !== true && !(ssl instanceof SSLContext)) {
    throw new TypeError(`${where}: ssl must be an SSLContext, a boolean or null, not ${describe(ssl)}`);
  }
  const name = checkName(serverHostname, where) ?? host;
  if (name === null || (serverHostname === null && name === '')) throw new ValueError(unnamed);
  let context: SSLContext;
  if (ssl === true) {
    context = createDefaultContext();
    if (name === '') context.checkHostname = false;
  } else context = ssl;
  return secured(loop, context, false, name, options, where);
}

/** @returns `null` where no TLS is asked for. */
export function serverTls(loop: Scheduler, options: ServerTlsOptions, where: string): Tls | null {
  const { ssl = null } = options;
  if (ssl === null) {
    refuseTimeouts(options);
    return null;
  }
  if (!(ssl instanceof SSLContext)) {
    throw new TypeError(`ssl argument must be an SSLContext or null, not ${describe(ssl)}`);
  }
  return secured(loop, ssl, true, null, options, where);
}

/** @throws {NotImplementedError} where the loop has no TLS; {SSLError} where the context is for the other side. */
export function secured(
  loop: Scheduler,
  context: SSLContext,
  serverSide: boolean,
  serverHostname: string | null,
  timeouts: TlsTimeouts,
  where: string,
): Tls {
  if (networkOf(loop, where).secure === undefined) {
    throw new NotImplementedError(`${where}: the ${loop._reactor.name} reactor has no TLS`);
  }
  context._checkSide(serverSide);
  return {
    context,
    serverSide,
    serverHostname: serverSide || serverHostname === '' ? null : serverHostname,
    handshakeTimeout: checkTimeout(timeouts.sslHandshakeTimeout, 'sslHandshakeTimeout', HANDSHAKE_TIMEOUT),
    shutdownTimeout: checkTimeout(timeouts.sslShutdownTimeout, 'sslShutdownTimeout', SHUTDOWN_TIMEOUT),
  };
}

/** @throws {TypeError} where `name` is none. */
export function checkName(name: unknown, where: string): string | null {
  if (name === null || name === undefined) return null;
  if (typeof name === 'string') return name;
  throw new TypeError(`${where}: serverHostname must be a string or null, not ${describe(name)}`);
}

function refuseTimeouts(options: TlsTimeouts): void {
  for (const name of TIMEOUT_OPTIONS) {
    if (options[name] !== undefined && options[name] !== null) {
      throw new ValueError(`${name} is only meaningful with ssl`);
    }
  }
}

function checkTimeout(seconds: number | null | undefined, name: string, fallback: number): number {
  if (seconds === null || seconds === undefined) return fallback;
  if (typeof seconds !== 'number') {
    throw new TypeError(`${name} must be a number of seconds, not ${describe(seconds)}`);
  }
  if (seconds > 0) return seconds;
  throw new ValueError(`${name} should be a positive number, got ${seconds}`);
}
