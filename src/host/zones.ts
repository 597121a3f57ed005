/**
 * Zones of IPv6: the interface that a link-local address belongs to. Hosts write it into the address (`fe80::1%eth0`), Python as a number behind
 * it (`('fe80::1', 80, 0, 2)`).
 *
 * Only interfaces that have an IPv6 address are known; others have no use for a zone. Source: RFC 4007; Python docs, "socket", "Socket families".
 */
import { networkInterfaces } from 'node:os';
import type { SocketAddress } from '../core/channel.ts';

/** The address of an IPv6 host, its zone as a number. */
export function fromZoned(host: string, port: number): SocketAddress {
  const at = host.indexOf('%');
  return at === -1 ? [host, port, 0, 0] : [host.slice(0, at), port, 0, scopeOf(host.slice(at + 1))];
}

/** The host of an address, its zone written into it. */
export function toZoned(address: SocketAddress): string {
  const [host, , , scope] = address;
  return scope === undefined || scope === 0 || host.includes('%') ? host : `${host}%${zoneOf(scope)}`;
}

function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  for (const { scopeid } of networkInterfaces()[zone] ?? []) if (scopeid) return scopeid;
  return zone === loopback()?.[0] ? 1 : 0;
}

function zoneOf(scope: number): string {
  for (const [zone, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ scopeid }) => scopeid === scope)) return zone;
  }
  return (scope === 1 ? loopback()?.[0] : undefined) ?? String(scope);
}

/** The loopback interface is the first of every machine, and has no link-local address that would show its number. */
function loopback(): [zone: string, ...rest: unknown[]] | undefined {
  return Object.entries(networkInterfaces()).find(([, list]) => list?.some(({ internal }) => internal));
}
