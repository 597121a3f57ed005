/** The client with aiohttp's own server: what goes there arrives, and what comes back is understood. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { skipWithout } from '../../scripts/programs.ts';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { onSockets } from '../net/kit.ts';
import { AiohttpServer, failure } from './kit.ts';

const { scenario: bare, co } = await onSockets(import.meta.url);
const skip = skipWithout('python3-aiohttp');

let server: AiohttpServer;
before(async () => {
  if (skip === false) server = await AiohttpServer.start();
});
after(() => server?.stop());

type Body = (session: web.ClientSession, base: string) => asyncio.Coroutine<unknown>;

function scenario(name: string, body: Body, options: () => web.ClientSessionOptions = () => ({})): void {
  const play = asyncio.coroutine(body);
  bare(
    name,
    function* () {
      yield* asyncio.asyncWith(
        new web.ClientSession(options()),
        co(function* (session: web.ClientSession) {
          yield* play(session, server.base);
        }),
      );
    },
    skip,
  );
}

interface Seen {
  readonly method: string;
  readonly query: [string, string][];
  readonly headers: [string, string][];
  readonly cookies: Record<string, string>;
  readonly body: unknown;
}

scenario('requests arrive at aiohttp as they are meant', function* (session, base) {
  const ask = co(function* (method: string, options: web.RequestOptions) {
    const response = yield* session.request(method, `${base}echo`, options);
    return yield* response.json<Seen>();
  });
  const query = yield* ask('GET', { params: { a: ['1', 'x y'], ü: '&=+%' } });
  assert.deepEqual(query.query, [
    ['a', '1'],
    ['a', 'x y'],
    ['ü', '&=+%'],
  ]);
  assert.deepEqual((yield* ask('PUT', { json: { ü: 1 } })).body, '{"Ã¼":1}');
  assert.deepEqual((yield* ask('POST', { data: { a: 1, b: ['x y', 'ü'] } })).body, [
    ['a', '1'],
    ['b', 'x y'],
    ['b', 'ü'],
  ]);
  const form = new web.FormData({ a: '1' }).addField('f', Buffer.from('data'), {
    filename: 'n"am.txt',
    contentType: 'text/x',
  });
  assert.deepEqual((yield* ask('POST', { data: form })).body, [
    ['a', '1'],
    ['f', ['n%22am.txt', 'text/x', 'data']],
  ]);
  for (const compress of ['gzip', 'deflate'] as const) {
    assert.equal((yield* ask('POST', { data: 'packed', compress })).body, 'packed');
  }
  async function* pieces() {
    for (let i = 0; i < 5; i++) yield `${i};`;
  }
  const streamed = yield* ask('PATCH', { data: pieces() });
  assert.equal(streamed.body, '0;1;2;3;4;');
  assert.ok(
    streamed.headers.some(
      ([name, value]) => name.toLowerCase() === 'transfer-encoding' && value === 'chunked',
    ),
  );
  const large = yield* ask('POST', { data: Buffer.alloc(3_000_000, 'x') });
  assert.equal((large.body as string).length, 3_000_000);
});

scenario('bodies in chunks, packed or not, are whole', function* (session, base) {
  const whole = Array.from({ length: 5000 }, (_, i) => `${i};`).join('');
  for (const query of ['', '?gzip=1']) {
    const response = yield* session.get(`${base}chunked/5000${query}`);
    assert.equal(yield* response.text(), whole);
  }
  assert.equal(session.connector.statistics().idle, 1);
});

scenario('redirects lead on, and end', function* (session, base) {
  const response = yield* session.get(`${base}redirect/5`);
  assert.equal(response.history.length, 6);
  assert.equal((yield* response.json<Seen>()).method, 'GET');
  const error = yield* failure(session.get(`${base}redirect/20`));
  assert.ok(error instanceof web.TooManyRedirects);
});

scenario(
  'cookies that aiohttp sets come back to it',
  function* (session, base) {
    const set = yield* session.get(`${base}cookies`);
    assert.deepEqual([...set.cookies.keys()], ['plain', 'quoted', 'other']);
    assert.equal(set.cookies.get('quoted')?.value, 'a b;c,d');
    yield* set.read();
    const response = yield* session.get(`${base}echo`);
    assert.deepEqual((yield* response.json<Seen>()).cookies, { plain: '1', quoted: 'a b;c,d' });
  },
  () => ({ cookieJar: new web.CookieJar({ unsafe: true }) }),
);

scenario('many requests take the time of the longest', function* (session, base) {
  const get = co(function* (id: number) {
    const response = yield* session.get(`${base}slow/0.05`, { params: { id } });
    return Number(yield* response.text());
  });
  const ids = Array.from({ length: 60 }, (_, i) => i);
  assert.deepEqual(yield* asyncio.gather(...ids.map((id) => get(id))), ids);
});

scenario('a connection that aiohttp closes in the middle is an error', function* (session, base) {
  const response = yield* session.get(`${base}broken`);
  const error = yield* failure(response.read());
  assert.ok(error instanceof web.ClientPayloadError, String(error));
  assert.ok((yield* session.get(`${base}echo`)).ok);
});

// ---- websockets -------------------------------------------------------------------------------------------------------------------

scenario('messages go both ways', function* (session, base) {
  yield* asyncio.asyncWith(
    session.wsConnect(`${base.replace('http', 'ws')}ws`, { protocols: ['other', 'chat'] }),
    co(function* (ws: web.ClientWebSocketResponse) {
      assert.equal(ws.protocol, 'chat');
      assert.equal(ws.closed, false);
      yield* ws.sendStr('grüße');
      assert.equal(yield* ws.receiveStr(), 'grüße');
      yield* ws.sendJson({ a: [1] });
      assert.deepEqual(yield* ws.receiveJson(), { a: [1] });
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
        const data = Buffer.alloc(size, 'ab');
        yield* ws.sendBytes(data);
        assert.equal(Buffer.compare(yield* ws.receiveBytes(), data), 0, String(size));
      }
      yield* ws.ping();
      yield* ws.sendStr('ping');
      assert.equal(yield* ws.receiveStr(), 'pinged');
      yield* ws.sendStr('text');
      const wrong = yield* failure(ws.receiveBytes());
      assert.match(wrong.message, /Received message TEXT:"text" is not bytes/);
    }),
  );
  assert.equal(session.connector.statistics().acquired, 0);
});

scenario('a WebSocket is iterated to its end', function* (session, base) {
  const ws = yield* session.wsConnect(`${base}ws`);
  yield* ws.sendStr('many 2000');
  const got: string[] = [];
  yield* asyncio.asyncFor(
    ws,
    co(function* (message: web.WSMessage) {
      assert.equal(message.type, web.WSMsgType.TEXT);
      got.push(message.data as string);
      if (got.length === 2000) yield* ws.sendStr('close');
    }),
  );
  assert.deepEqual(
    got,
    Array.from({ length: 2000 }, (_, i) => String(i)),
  );
  assert.deepEqual([ws.closed, ws.closeCode], [true, 4321]);
  assert.equal((yield* ws.receive()).type, web.WSMsgType.CLOSED);
  assert.equal(yield* ws.close(), false);
  const late = yield* failure(ws.sendStr('late'));
  assert.ok(late instanceof web.ClientConnectionResetError);
});

scenario('a close tells its code and reason', function* (session, base) {
  const ws = yield* session.wsConnect(`${base}ws`);
  yield* ws.sendStr('close');
  assert.deepEqual({ ...(yield* ws.receive()) }, { type: web.WSMsgType.CLOSE, data: 4321, extra: 'läter' });
  const own = yield* session.wsConnect(`${base}closes`);
  assert.equal(yield* own.close({ code: 3000, message: 'bye' }), true);
  assert.equal(own.closeCode, 1000, "the server's own");
  const counts = yield* session.get(`${base}counts`);
  assert.deepEqual((yield* counts.json<[number, null][]>()).at(-1), [3000, null]);
});

scenario('a connection that is lost ends the messages', function* (session, base) {
  const ws = yield* session.wsConnect(`${base}ws`);
  yield* ws.sendStr('one');
  assert.equal(yield* ws.receiveStr(), 'one');
  yield* ws.sendStr('abort');
  assert.equal((yield* ws.receive()).type, web.WSMsgType.CLOSED);
  assert.equal(ws.closeCode, 1006);
  yield* ws.close();
  assert.equal(session.connector.statistics().acquired, 0);
});

scenario('a receive that is cancelled or late loses nothing', function* (session, base) {
  const ws = yield* session.wsConnect(`${base}ws`);
  assert.equal((yield* failure(ws.receive(0.01))).name, 'TimeoutError');
  for (let i = 0; i < 200; i++) {
    const task = asyncio.createTask(ws.receiveStr());
    yield* asyncio.sleep(0);
    yield* ws.sendStr(String(i));
    if (i % 3 > 0) {
      for (let k = 0; k < i % 7; k++) yield* asyncio.sleep(0);
      task.cancel();
      yield* asyncio.wait([task]);
    }
    assert.equal(task.cancelled() ? yield* ws.receiveStr() : yield* task, String(i));
  }
  const first = asyncio.createTask(ws.receive());
  yield* asyncio.sleep(0);
  assert.match((yield* failure(ws.receive())).message, /Concurrent call to receive/);
  yield* ws.close();
  assert.ok([web.WSMsgType.CLOSING, web.WSMsgType.CLOSED].includes((yield* first).type as never));
});

scenario('a handshake that is refused is an error', function* (session, base) {
  const error = yield* failure(session.wsConnect(`${base}echo`));
  assert.ok(error instanceof web.WSServerHandshakeError, String(error));
  assert.deepEqual([error.status, error.reason], [200, 'Invalid response status']);
  const missing = yield* failure(session.wsConnect(`${base}nowhere`));
  assert.equal((missing as web.WSServerHandshakeError).status, 404);
  assert.equal(session.connector.statistics().acquired, 0);
});

scenario('a message may be too long', function* (session, base) {
  const ws = yield* session.wsConnect(`${base}ws`, { maxMsgSize: 100 });
  yield* ws.sendStr('x'.repeat(101));
  const message = yield* ws.receive();
  assert.equal(message.type, web.WSMsgType.ERROR);
  assert.ok(message.data instanceof web.WebSocketError);
  assert.deepEqual([message.data.code, ws.closeCode], [1009, 1009]);
});
