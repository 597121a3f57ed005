/**
 * The endpoints of a host that is no name: an address, or this machine itself. Nothing has to be looked up for them.
 */
import { isIP } from 'node:net';
import type { Endpoint, ResolveRequest } from '../core/channel.ts';

/** @throws where the address is of another family than the one asked for. */
export function knownEndpoints({ host, port, family, passive }: ResolveRequest): readonly Endpoint[] {
  const hosts = host !== null ? [host] : passive ? ['0.0.0.0', '::'] : ['::1', '127.0.0.1'];
  const found = hosts
    .map((address) => endpointOf(address, port))
    .filter((endpoint) => family === 0 || endpoint.family === family);
  if (found.length > 0) return found;
  throw Object.assign(new Error('the address is of another family than the one asked for'), {
    code: 'EAI_ADDRFAMILY',
    syscall: 'getaddrinfo',
  });
}

export function endpointOf(host: string, port: number): Endpoint {
  return { family: isIP(host) === 6 ? 6 : 4, host, port };
}
