/** The parts that know no sockets: headers, cookies, frames, the hierarchy of errors. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseDate, parseSetCookie } from '../../src/http/cookies.ts';
import * as web from '../../src/http/index.ts';
import { encodeFrame, FrameReader } from '../../src/http/ws-frames.ts';
import * as asyncio from '../../src/index.ts';
import { check } from '../both-styles.ts';

suite('CIMultiDict', () => {
  test('finds names in any case, and keeps the case and order that they were given in', () => {
    const dict = new web.CIMultiDict({ 'X-A': ['1', '2'], b: 3 }).add('x-a', '4');
    assert.deepEqual(
      [...dict],
      [
        ['X-A', '1'],
        ['X-A', '2'],
        ['b', '3'],
        ['x-a', '4'],
      ],
    );
    assert.deepEqual(dict.getAll('X-a'), ['1', '2', '4']);
    assert.equal(dict.get('none', 'fallback'), 'fallback');
    assert.deepEqual(
      [...dict.set('x-A', 'one')],
      [
        ['X-A', 'one'],
        ['b', '3'],
      ],
    );
    assert.equal(dict.setDefault('B', '5'), '3');
    assert.deepEqual(
      [
        ...dict.update([
          ['B', '6'],
          ['b', '7'],
        ]),
      ],
      [
        ['X-A', 'one'],
        ['B', '6'],
        ['b', '7'],
      ],
    );
    assert.deepEqual([dict.delete('b'), dict.delete('b'), dict.size], [true, false, 1]);
    assert.equal(String(dict), "<CIMultiDict('X-A': 'one')>");
    assert.throws(() => dict.add('x', 1 as never), { name: 'TypeError' });
    assert.throws(() => new web.CIMultiDict('text' as never), { name: 'TypeError' });
  });
});

suite('cookies', () => {
  test('are read as servers write them', () => {
    const cookie = parseSetCookie(
      'a="x \\"y\\" \\054"; Domain=.Example.com; Path=/p; Secure; Max-Age=5; Unknown',
    );
    assert.deepEqual(
      [cookie?.value, cookie?.domain, cookie?.path, cookie?.secure, cookie?.maxAge],
      ['x "y" ,', '.example.com', '/p', true, 5],
    );
    for (const bad of ['', 'no equals', '=x', 'a b=x', 'a=\u0001'])
      assert.equal(parseSetCookie(bad), null, bad);
    for (const text of [
      'Wed, 21 Oct 2015 07:28:00 GMT',
      'Wednesday, 21-Oct-15 07:28:00 GMT',
      'Wed Oct 21 07:28:00 2015',
    ]) {
      assert.equal(parseDate(text), Date.UTC(2015, 9, 21, 7, 28), text);
    }
    assert.equal(parseDate('soon'), null);
  });

  test('go where they belong', () => {
    const jar = new web.CookieJar({ treatAsSecureOrigin: 'http://safe.example.com' });
    const sent = (url: string) => [...jar.filterCookies(new URL(url)).keys()].sort().join();
    const set = (text: string, url: string) => {
      const cookie = parseSetCookie(text);
      jar.updateCookies(cookie === null ? {} : new Map([[cookie.name, cookie]]), new URL(url));
    };
    set('host=1', 'http://example.com/a/b');
    set('domain=1; Domain=example.com', 'http://www.example.com/');
    set('tld=1; Domain=com', 'http://example.com/');
    set('foreign=1; Domain=other.com', 'http://example.com/');
    set('below=1; Domain=www.example.com', 'http://example.com/');
    set('secure=1; Domain=example.com; Secure', 'https://example.com/');
    assert.equal(sent('http://example.com/'), 'domain');
    assert.equal(sent('http://example.com/a/c'), 'domain,host');
    assert.equal(sent('http://example.com/ab'), 'domain');
    assert.equal(sent('https://www.example.com/a/'), 'domain,secure');
    assert.equal(sent('http://safe.example.com/'), 'domain,secure');
    assert.equal(sent('http://badexample.com/'), '');
    assert.equal(sent('http://other.com/'), '');
    const list = new web.CookieJar({ isPublicSuffix: (domain) => domain === 'co.uk' });
    list.updateCookies(
      new Map([['x', parseSetCookie('x=1; Domain=co.uk') as web.Cookie]]),
      new URL('http://a.co.uk/'),
    );
    assert.equal(list.size, 0);
  });
});

suite('frames', () => {
  const frame = (first: number, payload: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const read = (data: Uint8Array, maxSize = 0): web.WSMessage[] => {
    const reader = new FrameReader(maxSize);
    reader.push(data);
    return [
      ...(function* () {
        for (let message = reader.next(); message !== null; message = reader.next()) yield message;
      })(),
    ];
  };

  test('are read however they are cut', () =>
    check(
      fc.tuple(fc.array(fc.string({ maxLength: 200 })), fc.integer({ min: 1, max: 50 })),
      ([texts, size]) => {
        // A server's frames are those of a client without the mask.
        const all = Buffer.concat(texts.map((text) => unmasked(encodeFrame(1, Buffer.from(text)))));
        const reader = new FrameReader(0);
        const got: unknown[] = [];
        for (let at = 0; at < all.length; at += size) {
          reader.push(Buffer.from(all.subarray(at, at + size)));
          for (let message = reader.next(); message !== null; message = reader.next()) got.push(message.data);
        }
        assert.deepEqual(got, texts);
      },
    ));

  test('of a message are put together, with others between', () => {
    const data = Buffer.concat([
      frame(0x01, Buffer.from('one ')),
      frame(0x89, Buffer.from('p')),
      frame(0x80, Buffer.from('two')),
    ]);
    assert.deepEqual(
      read(data).map((message) => String(message.data)),
      ['p', 'one two'],
    );
  });

  for (const [what, data, code] of [
    ['a reserved bit', frame(0xc1, Buffer.alloc(0)), 1002],
    ['an unknown opcode', frame(0x83, Buffer.alloc(0)), 1002],
    ['a mask', Buffer.from([0x81, 0x80, 0, 0, 0, 0]), 1002],
    ['a fragmented ping', frame(0x09, Buffer.alloc(0)), 1002],
    ['a continuation of nothing', frame(0x80, Buffer.alloc(0)), 1002],
    [
      'a message in a message',
      Buffer.concat([frame(0x01, Buffer.alloc(0)), frame(0x81, Buffer.alloc(0))]),
      1002,
    ],
    ['a close with half a code', frame(0x88, Buffer.from([3])), 1002],
    ['a close with a code that is none', frame(0x88, Buffer.from([3, 0xed])), 1002],
    ['text that is none', frame(0x81, Buffer.from([0xff])), 1007],
    ['a message that is too long', frame(0x82, Buffer.alloc(100)), 1009],
  ] as const) {
    test(`with ${what} are refused`, () => {
      assert.throws(() => read(data, 99), { name: 'WebSocketError', code });
    });
  }
});

function unmasked(frame: Buffer): Buffer {
  const short = (frame[1] as number) & 0x7f;
  const at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  const mask = frame.subarray(at, at + 4);
  const payload = frame.subarray(at + 4).map((byte, i) => byte ^ (mask[i & 3] as number));
  const head = Buffer.from(frame.subarray(0, at));
  head[1] = short;
  return Buffer.concat([head, payload]);
}

suite('errors', () => {
  test('are of all the classes that they are of in aiohttp', () => {
    const place = { host: 'h', port: 1, ssl: true };
    const os = new asyncio.OSError('[Errno 5] why', { errno: 5 });
    const rows: [Error, ...(abstract new (...args: never[]) => Error)[]][] = [
      [
        new web.ClientConnectorError(place, os),
        web.ClientOSError,
        asyncio.OSError,
        web.ClientConnectionError,
        web.ClientError,
      ],
      [
        new web.ClientConnectorCertificateError(place, os),
        web.ClientSSLError,
        web.ClientConnectorError,
        web.ClientError,
      ],
      [
        new web.ConnectionTimeoutError(''),
        web.ServerTimeoutError,
        asyncio.TimeoutError,
        web.ServerConnectionError,
        web.ClientError,
      ],
      [
        new web.ServerDisconnectedError(),
        web.ServerConnectionError,
        web.ClientConnectionError,
        web.ClientError,
      ],
      [
        new web.InvalidUrlRedirectClientError('x'),
        web.InvalidURL,
        asyncio.ValueError,
        web.RedirectClientError,
        web.ClientError,
      ],
      [new web.ClientPayloadError(''), web.ClientError],
    ];
    for (const [error, ...classes] of rows) {
      for (const type of classes) assert.ok(error instanceof type, `${error.name} is a ${type.name}`);
      assert.equal(error.name, error.constructor.name);
    }
    assert.ok(!((new asyncio.OSError('') as Error) instanceof web.ClientError));
    assert.ok(!((new web.ClientPayloadError('') as Error) instanceof web.ClientConnectionError));
    assert.ok(!((new web.ServerTimeoutError('') as Error) instanceof web.ClientOSError));
    assert.ok(!(({ name: 'ClientError' } as unknown) instanceof web.ClientError));
    assert.equal((new web.ClientConnectorError(place, os) as asyncio.OSError).errno, 5);
  });
});

test('sessions need a running loop', () => {
  assert.throws(() => new web.ClientSession(), { name: 'RuntimeError', message: /no running event loop/ });
});
