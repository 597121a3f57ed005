/**
 * Socket addresses as the kernel has them, for IPv4, IPv6 and Unix sockets, and back.
 *
 * The layouts are those of Linux, the same on x86-64 and arm64. Source: ip(7), ipv6(7), unix(7); RFC 4291, RFC 5952 as `inet_ntop` follows it.
 */
import type { Address, Endpoint, SocketAddress } from '../core/channel.ts';
import { AF_INET, AF_INET6, AF_UNIX } from './linux.ts';
import { fromZoned } from './zones.ts';

/** How many bytes the longest address takes: that of a Unix socket. */
export const LONGEST_ADDRESS = 110;

/** Write the address of an endpoint. @returns its length. */
export function encodeEndpoint(bytes: Buffer, { family, host, port }: Endpoint): number {
  return family === 4 ? encodeIPv4(bytes, host, port) : encodeIPv6(bytes, fromZoned(host, port));
}

export function encodeIPv4(bytes: Buffer, host: string, port: number): number {
  bytes.fill(0, 0, 16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  writeIPv4(bytes, 4, host);
  return 16;
}

export function encodeIPv6(bytes: Buffer, [host, port, flowinfo = 0, scope = 0]: SocketAddress): number {
  bytes.fill(0, 0, 28);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(flowinfo, 4);
  writeIPv6(bytes, 8, host);
  bytes.writeUInt32LE(scope, 24);
  return 28;
}

/** @param path as it stands in a directory, or 0 and a name; at most 108 bytes. */
export function encodeUnix(bytes: Buffer, path: Uint8Array): number {
  bytes.fill(0, 0, LONGEST_ADDRESS);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.set(path, 2);
  // A path ends with a zero; a name is as long as it is.
  return 2 + path.length + (path[0] === 0 ? 0 : 1);
}

/** Read an address that the kernel wrote; `null` where it is of another family, or there is none. */
export function decodeAddress(bytes: Buffer, length: number): Address | null {
  if (length < 2) return null;
  switch (bytes.readUInt16LE(0)) {
    case AF_INET:
      return [readIPv4(bytes, 4), bytes.readUInt16BE(2)];
    case AF_INET6:
      return [readIPv6(bytes, 8), bytes.readUInt16BE(2), bytes.readUInt32BE(4), bytes.readUInt32LE(24)];
    case AF_UNIX:
      return decodePath(bytes, Math.min(length, LONGEST_ADDRESS));
    default:
      return null;
  }
}

function decodePath(bytes: Buffer, length: number): string {
  if (length <= 2) return '';
  if (bytes[2] === 0) return bytes.toString('utf8', 2, length);
  const zero = bytes.indexOf(0, 2);
  return bytes.toString('utf8', 2, zero === -1 ? length : Math.min(zero, length));
}

function writeIPv4(bytes: Buffer, at: number, host: string): void {
  let place = at;
  for (const part of host.split('.')) bytes[place++] = Number(part);
}

function readIPv4(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** @param host an address that `isIPv6` has seen, without a zone. */
function writeIPv6(bytes: Buffer, at: number, host: string): void {
  const [head = '', tail] = host.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  front.forEach((group, i) => {
    bytes.writeUInt16BE(group, at + 2 * i);
  });
  back.forEach((group, i) => {
    bytes.writeUInt16BE(group, at + 16 - 2 * (back.length - i));
  });
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

function readIPv6(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + 2 * i));
  const [start, length] = longestZeros(groups);
  const last = (from: number) =>
    groups
      .slice(from)
      .map((group) => group.toString(16))
      .join(':');
  if (length < 2) return last(0);
  // What holds an IPv4 address shows it as such.
  if (start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))) {
    return `::${length === 5 ? 'ffff:' : ''}${readIPv4(bytes, at + 12)}`;
  }
  const front = groups
    .slice(0, start)
    .map((group) => group.toString(16))
    .join(':');
  return `${front}::${last(start + length)}`;
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [-1, 0];
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best[1]) best = [start, length];
    start += length;
  }
  return best;
}
