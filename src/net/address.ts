/**
 * Hosts, ports and families as callers give them, and addresses as messages show them.
 *
 * Source: Python docs, "Event Loop", `create_connection`, `create_server`; "socket", "Socket families".
 */
import type { Address, Endpoint, Family, SocketAddress } from '../core/channel.ts';
import { OverflowError, ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { gaierror } from './os-error.ts';

/** A port as callers may give it: a number, digits, or nothing. */
export type Port = number | string | null;

/** An address the way Python writes it: `('127.0.0.1', 80)`, and `'/run/it.sock'` for a Unix socket. */
export function formatAddress(address: Address): string {
  if (typeof address === 'string') return `'${address.replaceAll('\0', '\\x00')}'`;
  return `(${address.map((part) => (typeof part === 'string' ? `'${part}'` : part)).join(', ')})`;
}

/** The address of an endpoint. */
export function addressOf({ family, host, port }: Endpoint): SocketAddress {
  return family === 6 ? [host, port, 0, 0] : [host, port];
}

/**
 * The number of a port.
 * @throws {OverflowError} where there is no such port; {ValueError} where it is not whole; {gaierror} for the name of a service.
 */
export function toPort(port: Port | undefined, where: string): number {
  if (port === null || port === undefined || port === '') return 0;
  const number = typeof port === 'string' ? parsePort(port) : port;
  if (typeof number !== 'number') {
    throw new TypeError(`${where}: port must be a number, a string of digits or null, not ${describe(port)}`);
  }
  if (!Number.isInteger(number)) {
    throw new ValueError(`${where}: port must be a whole number, got ${describe(port)}`);
  }
  if (number < 0 || number > 65535) throw new OverflowError(`${where}: port must be 0-65535, got ${number}`);
  return number;
}

function parsePort(port: string): number {
  if (/^\s*\d+\s*$/.test(port)) return Number(port);
  throw new gaierror(
    `[Errno -8] Servname not supported for ai_socktype: ${describe(port)} is not a number, and names of services are not looked up`,
    { code: 'EAI_SERVICE', errno: -8, syscall: 'getaddrinfo' },
  );
}

/** @throws {TypeError} where `host` is no name; {gaierror} where it is empty. */
export function checkHost(host: unknown, where: string): string | null {
  if (host === null || host === undefined) return null;
  if (typeof host !== 'string') {
    throw new TypeError(`${where}: host must be a string or null, not ${describe(host)}`);
  }
  if (host === '') {
    throw new gaierror('[Errno -2] Name or service not known: the host is an empty string', {
      code: 'EAI_NONAME',
      errno: -2,
      syscall: 'getaddrinfo',
    });
  }
  return host;
}

/** @throws {ValueError} where `family` is none that is known. */
export function checkFamily(family: Family | undefined, where: string): Family {
  if (family === undefined) return 0;
  if (family !== 0 && family !== 4 && family !== 6) {
    throw new ValueError(`${where}: family must be 4, 6, or 0 for any, not ${describe(family)}`);
  }
  return family;
}

/** @throws {TypeError} where `options` is no object of options, or has a name that the function does not know. */
export function checkOptions(options: unknown, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${where}: its options are an object, { ${known.join(', ')} }, not ${describe(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    throw new TypeError(`${where} got an unexpected option '${name}': it knows ${known.join(', ')}`);
  }
}
