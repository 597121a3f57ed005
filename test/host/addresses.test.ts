/** Socket addresses and epoll events as the kernel has them: what is encoded here, real sockets read back; what they say is decoded as Python's does. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Address, SocketAddress } from '../../src/core/channel.ts';
import { type Libc, loadLibc, systemError } from '../../src/host/libc.ts';
import * as linux from '../../src/host/linux.ts';
import { AddressBuffer, getsockname } from '../../src/host/names.ts';
import { decodeAddress, encodeIPv4, encodeIPv6, encodeUnix } from '../../src/host/sockaddr.ts';
import { obstacleToEpoll } from '../../src/loop/choose-reactor.ts';
import { Poller } from '../../src/reactors/epoll/poller.ts';
import { check } from '../both-styles.ts';

const obstacle = obstacleToEpoll() ?? (canLoad() ? false : 'koffi is not installed');

function canLoad(): boolean {
  try {
    loadLibc();
    return true;
  } catch {
    return false;
  }
}

/** What the kernel says that a socket is bound to, after it was bound to what `encode` wrote. */
function boundTo(
  libc: Libc,
  family: number,
  type: number,
  encode: (bytes: Buffer) => number,
): Address | null {
  const fd = libc.socket(family, type, 0);
  assert.ok(fd >= 0);
  try {
    const buffer = new AddressBuffer();
    const length = encode(buffer.bytes);
    const status = libc.bind(fd, buffer.address, length);
    assert.equal(status, 0, status === 0 ? '' : systemError('bind', libc.errno[0]!).message);
    return getsockname(libc, fd);
  } finally {
    libc.close(fd);
  }
}

const groups = fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0xab, 0x1234), { minLength: 8, maxLength: 8 });
/** One of the ways to write an address. */
const ipv6 = fc.tuple(groups, fc.boolean(), fc.nat(8)).map(([parts, dotted, at]) => {
  const [high = 0, low = 0] = parts.slice(6);
  const texts = dotted
    ? [...parts.slice(0, 6).map(hex), `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`]
    : parts.map(hex);
  let end = at;
  while (parts[end] === 0 && end < (dotted ? 6 : 8)) end++;
  if (end - at < 2) return texts.join(':');
  return `${texts.slice(0, at).join(':')}::${texts.slice(end).join(':')}`;
});

function hex(group: number): string {
  return group.toString(16);
}

/** An address as a URL has it: the shortest text of RFC 5952. */
function canonical(host: string): string {
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}

suite('addresses', { skip: obstacle }, () => {
  test('IPv4: the whole of 127/8 and every port can be bound and read back', () =>
    check(fc.tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 })), ([a, b, c]) => {
      const host = `127.${a}.${b}.${c}`;
      const address = boundTo(loadLibc(), linux.AF_INET, linux.SOCK_DGRAM, (bytes) =>
        encodeIPv4(bytes, host, 0),
      );
      assert.ok(Array.isArray(address));
      assert.deepEqual([address[0], address.length], [host, 2]);
      assert.ok((address as SocketAddress)[1] > 0);
    }));

  test('IPv4 and IPv6: what was encoded is decoded', () =>
    check(
      fc.tuple(
        fc.nat(65535),
        fc.nat(0xfffff),
        fc.nat(2 ** 31),
        fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
        ipv6,
      ),
      ([port, flow, scope, four, six]) => {
        const bytes = Buffer.alloc(128, 0xff);
        const host = four.join('.');
        assert.deepEqual(decodeAddress(bytes, encodeIPv4(bytes, host, port)), [host, port]);
        assert.equal(isIP(six), 6, six);
        const decoded = decodeAddress(bytes, encodeIPv6(bytes, [six, port, flow, scope])) as SocketAddress;
        assert.deepEqual(decoded.slice(1), [port, flow, scope]);
        assert.equal(canonical(decoded[0]), canonical(six));
      },
      1000,
    ));

  test('IPv6: the texts are those of inet_ntop', () => {
    const bytes = Buffer.alloc(128);
    const texts = [
      '::',
      '::1',
      '1::',
      'fe80::1',
      '::ffff:1.2.3.4',
      '::1.2.3.4',
      '1:0:0:2::3',
      '1:0:2:3:4:5:6:7',
      '2001:db8::1:0:0:1',
    ];
    for (const host of texts) {
      assert.deepEqual(decodeAddress(bytes, encodeIPv6(bytes, [host, 1])), [host, 1, 0, 0]);
    }
    const address = boundTo(loadLibc(), linux.AF_INET6, linux.SOCK_DGRAM, (all) =>
      encodeIPv6(all, ['::1', 0]),
    );
    assert.equal((address as SocketAddress)[0], '::1');
  });

  test('Unix: paths and names of every length', () => {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-'));
    try {
      for (let length = directory.length + 2; length <= 107; length++) {
        const path = join(directory, 'p'.repeat(length - directory.length - 1));
        const encode = (bytes: Buffer) => encodeUnix(bytes, Buffer.from(path));
        assert.equal(boundTo(loadLibc(), linux.AF_UNIX, linux.SOCK_STREAM, encode), path);
      }
      const unique = randomBytes(8).toString('hex');
      for (let length = unique.length + 1; length <= 107; length++) {
        const name = `\0${unique}${'n'.repeat(length - unique.length - 1)}`;
        const encode = (bytes: Buffer) => encodeUnix(bytes, Buffer.from(name));
        assert.equal(boundTo(loadLibc(), linux.AF_UNIX, linux.SOCK_STREAM, encode), name);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('a family that is not known, and no address at all, are none', () => {
    const bytes = Buffer.alloc(128);
    bytes.writeUInt16LE(16, 0);
    assert.equal(decodeAddress(bytes, 16), null);
    assert.equal(decodeAddress(bytes, 0), null);
    bytes.writeUInt16LE(linux.AF_UNIX, 0);
    assert.equal(decodeAddress(bytes, 2), '');
  });

  test('events reach the descriptor they are of, many in one round', () => {
    const libc = loadLibc();
    const poller = new Poller(libc);
    const pair = libc.memory(8);
    const told = new Map<number, number>();
    const fds: number[] = [];
    try {
      for (let i = 0; i < 200; i++) {
        assert.equal(
          libc.socketpair(linux.AF_UNIX, linux.SOCK_STREAM | linux.SOCK_CLOEXEC, 0, pair.address),
          0,
        );
        const [near, far] = [pair.words[0]!, pair.words[1]!];
        fds.push(near, far);
        poller.add(near, linux.EPOLLIN, { ready: (events) => told.set(near, events) });
        if (i % 3 === 0) libc.send(far, Buffer.from('x'), 1, 0);
      }
      assert.equal(poller.wait(0), 67);
      assert.deepEqual(
        [...told.keys()].sort((a, b) => a - b),
        fds.filter((_, i) => i % 6 === 0),
      );
      assert.deepEqual([...new Set(told.values())], [linux.EPOLLIN]);
    } finally {
      for (const fd of fds) libc.close(fd);
      poller.close();
    }
  });

  test('an event of a descriptor that was closed and opened anew in the same round is dropped', () => {
    const libc = loadLibc();
    const poller = new Poller(libc);
    const pair = libc.memory(8);
    const open = (): [number, number] => {
      libc.socketpair(linux.AF_UNIX, linux.SOCK_STREAM | linux.SOCK_CLOEXEC, 0, pair.address);
      return [pair.words[0]!, pair.words[1]!];
    };
    const pairs = [open(), open()] as const;
    const heard: string[] = [];
    let fresh: [number, number] | null = null;
    // Whichever is told first closes the other one, whose number the next socket gets.
    const watch = (self: 0 | 1) => ({
      ready: () => {
        heard.push('first');
        const [near, far] = pairs[1 - self]!;
        poller.remove(near, watchers[1 - self]!);
        libc.close(near);
        libc.close(far);
        fresh = open();
        assert.ok(fresh.includes(near), 'the number was not given again');
        poller.add(near, linux.EPOLLIN, { ready: () => heard.push('stale') });
      },
    });
    const watchers = [watch(0), watch(1)] as const;
    pairs.forEach(([near, far], i) => {
      poller.add(near, linux.EPOLLIN, watchers[i]!);
      libc.send(far, Buffer.from('x'), 1, 0);
    });
    assert.equal(poller.wait(0), 2);
    assert.deepEqual(heard, ['first']);
    for (const fd of new Set([...pairs.flat(), ...(fresh ?? [])])) libc.close(fd);
    poller.close();
  });
});
