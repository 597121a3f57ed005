/** How connections are shared, limited, kept, lost and timed. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { HOST, onSockets, until } from '../net/kit.ts';
import { warningsOf } from '../warnings.ts';
import { bodyOf, echo, failure, type Handler, Peer, RawPeer, says, withHttp } from './kit.ts';

const { scenario, co } = await withHttp(import.meta.url);
const { scenario: bare } = await onSockets(import.meta.url);

const MIB = 1024 * 1024;
const ok = (text: string, more = '') =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${text.length}\r\n\r\n${text}`;

/** Answers when it is told to. */
class Gate {
  readonly #held: (() => void)[] = [];

  readonly handler: Handler = (request, response) => {
    this.#held.push(() => response.end(request.url));
  };

  get size(): number {
    return this.#held.length;
  }

  open(): void {
    for (const answer of this.#held.splice(0)) answer();
  }
}

scenario('requests one after the other share a connection', echo, function* ({ session, base, peer }) {
  for (let i = 0; i < 20; i++) {
    const response = yield* session.post(base, { data: `${i}` });
    yield* response.read();
  }
  assert.equal(peer.connections, 1);
  assert.deepEqual({ ...session.connector.statistics() }, { acquired: 0, idle: 1, waiting: 0 });
});

scenario(
  'a body that has come is no reason to close; one that has not is',
  (request, response) => {
    response.write('begin');
    if (request.url === '/short') response.end();
  },
  function* ({ session, base, peer }) {
    for (let i = 0; i < 3; i++) {
      const response = yield* session.get(`${base}short`);
      yield* asyncio.wrapFuture(until(() => response.content.atEof() || peer.requests > i));
      yield* response.content.readexactly(5);
      yield* response.content.read();
      response.release();
    }
    assert.equal(peer.connections, 1);
    const long = yield* session.get(`${base}long`);
    long.release();
    assert.equal(session.connector.statistics().idle, 0);
    assert.match(String(yield* failure(long.read())), /^ClientConnectionError: Connection closed/);
    yield* asyncio.asyncWith(
      session.get(`${base}long`),
      co(function* (response: web.ClientResponse) {
        assert.equal(Buffer.from(yield* response.content.readany()).toString(), 'begin');
      }),
    );
    yield* until(() => peer.sockets.size === 0);
    assert.equal(peer.connections, 2);
  },
);

{
  const gate = new Gate();
  scenario(
    'the connector limits how many requests are under way, and serves those who wait in turn',
    gate.handler,
    function* ({ session, base, peer }) {
      const order: string[] = [];
      const get = co(function* (name: string) {
        const response = yield* session.get(base + name);
        order.push(yield* response.text());
      });
      const tasks = Array.from({ length: 12 }, (_, i) => asyncio.createTask(get(String(i))));
      while (order.length < 12) {
        yield* until(() => gate.size === Math.min(3, 12 - order.length));
        const { acquired, waiting } = session.connector.statistics();
        assert.deepEqual(
          [acquired, waiting],
          [Math.min(3, 12 - order.length), Math.max(0, 9 - order.length)],
        );
        const before = order.length;
        gate.open();
        yield* until(() => order.length === Math.min(12, before + 3));
      }
      yield* asyncio.gather(...tasks);
      assert.deepEqual(
        order.map((path) => Math.floor(Number(path.slice(1)) / 3)),
        [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3],
      );
      assert.deepEqual([peer.most, peer.connections], [3, 3]);
    },
    { session: () => ({ connector: new web.TCPConnector({ limit: 3 }) }) },
  );
}

{
  const gate = new Gate();
  scenario(
    'a limit per host holds for each host alone',
    gate.handler,
    function* ({ session, base, peer }) {
      const other = base.replace(HOST, 'localhost');
      const tasks = [base, base, base, other, other].map((url) => asyncio.createTask(session.get(url)));
      yield* until(() => gate.size === 4);
      assert.deepEqual({ ...session.connector.statistics() }, { acquired: 4, idle: 0, waiting: 1 });
      gate.open();
      yield* until(() => gate.size === 1);
      gate.open();
      for (const response of yield* asyncio.gather(...tasks)) yield* response.read();
      assert.equal(peer.requests, 5);
    },
    { session: () => ({ connector: new web.TCPConnector({ limitPerHost: 2 }) }) },
  );
}

{
  const gate = new Gate();
  scenario(
    'one who waits for a connection and is cancelled takes nothing with it',
    gate.handler,
    function* ({ session, base }) {
      const first = asyncio.createTask(session.get(`${base}1`));
      yield* until(() => gate.size === 1);
      const second = asyncio.createTask(session.get(`${base}2`));
      const third = asyncio.createTask(session.get(`${base}3`));
      yield* until(() => session.connector.statistics().waiting === 2);
      second.cancel();
      gate.open();
      yield* (yield* first).read();
      // It is given the slot in the very moment in which it is cancelled.
      third.cancel();
      yield* asyncio.wait([second, third]);
      assert.ok(second.cancelled() && third.cancelled());
      assert.deepEqual({ ...session.connector.statistics(), idle: 0 }, { acquired: 0, idle: 0, waiting: 0 });
      const last = asyncio.createTask(session.get(`${base}4`));
      yield* until(() => {
        gate.open();
        return last.done();
      });
      assert.equal(yield* (yield* last).text(), '/4');
    },
    { session: () => ({ connector: new web.TCPConnector({ limit: 1 }) }) },
  );
}

scenario(
  'forceClose closes each connection',
  echo,
  function* ({ session, base, peer }) {
    for (let i = 0; i < 3; i++) {
      const response = yield* session.get(base);
      const { headers } = yield* response.json<{ headers: Record<string, string> }>();
      assert.equal(headers['connection'], 'close');
    }
    yield* until(() => peer.sockets.size === 0);
    assert.equal(peer.connections, 3);
  },
  { session: () => ({ connector: new web.TCPConnector({ forceClose: true }) }) },
);

scenario(
  'a server that closes is believed',
  says('bye', { Connection: 'close' }),
  function* ({ session, base, peer }) {
    for (let i = 0; i < 3; i++) {
      const response = yield* session.get(base);
      assert.equal(yield* response.text(), 'bye');
    }
    assert.equal(peer.connections, 3);
  },
);

scenario(
  'an idle connection is closed after its time',
  echo,
  function* ({ session, base, peer }) {
    yield* (yield* session.get(base)).read();
    assert.equal(peer.sockets.size, 1);
    yield* until(() => peer.sockets.size === 0);
    assert.equal(session.connector.statistics().idle, 0);
    yield* (yield* session.get(base)).read();
    assert.equal(peer.connections, 2);
  },
  { session: () => ({ connector: new web.TCPConnector({ keepaliveTimeout: 0.05 }) }) },
);

bare('a connection that the server closed while it was idle is replaced, also for a POST', function* () {
  const peer = new RawPeer((socket, request) => {
    socket.write(ok(request.slice(0, 4)));
    // As servers do whose patience ends: just when the next request may come.
    setImmediate(() => socket.end());
  });
  const base = yield* asyncio.wrapFuture(peer.listen());
  const session = new web.ClientSession();
  for (let i = 0; i < 50; i++) {
    const response = yield* session.post(base, { data: '' });
    assert.equal(yield* response.text(), 'POST');
    for (let turns = 0; turns < i % 5; turns++) yield* asyncio.wrapFuture(turn());
    if (i % 5 === 0) yield* until(() => session.connector.statistics().idle === 0);
  }
  yield* session.close();
  yield* asyncio.wrapFuture(peer.close());
});

bare(
  'what may be sent twice is sent again when an old connection breaks under it; a POST is not',
  function* () {
    const seen: string[] = [];
    const peer = new RawPeer((socket, request, connection) => {
      const [line = ''] = request.split('\r\n');
      seen.push(`${connection} ${line.split(' ', 1)[0]}`);
      // The second request on a connection finds it broken.
      if (seen.filter((other) => other.startsWith(`${connection} `)).length > 1) socket.destroy();
      else socket.write(ok('fine'));
    });
    const base = yield* asyncio.wrapFuture(peer.listen());
    const session = new web.ClientSession();
    for (let i = 0; i < 2; i++) assert.equal(yield* (yield* session.get(base)).text(), 'fine');
    assert.deepEqual(seen, ['0 GET', '0 GET', '1 GET']);
    const error = yield* failure(session.post(base, { data: 'x' }));
    assert.ok(
      error instanceof web.ServerDisconnectedError && error instanceof web.ClientConnectionError,
      String(error),
    );
    assert.equal(error.message, 'Server disconnected');
    assert.deepEqual(seen.slice(3), ['1 POST']);
    // On a new connection nothing is sent twice.
    const fresh = yield* session.get(base);
    assert.equal(yield* fresh.text(), 'fine');
    yield* session.close();
    yield* asyncio.wrapFuture(peer.close());
  },
);

/** What a broken server says; what the request or the body fails with. */
const BROKEN: readonly (readonly [name: string, says: string | null, error: RegExp])[] = [
  ['closes without an answer', null, /^ServerDisconnectedError: Server disconnected$/],
  [
    'closes in the middle of the head',
    'HTTP/1.1 200 OK\r\nConte',
    /^(?:ServerDisconnectedError|ClientResponseError)/,
  ],
  ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', /^ClientResponseError: 400, message='.*HTTP\/1.1 protocol/],
  [
    'closes in the middle of the body',
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345',
    /^ClientPayloadError: Response payload is not completed/,
  ],
  [
    'closes in the middle of a chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc',
    /^ClientPayloadError/,
  ],
  [
    'closes without a last chunk',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    /^ClientPayloadError/,
  ],
  [
    'sends a chunk of no length',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    /^(?:ClientPayloadError|ClientResponseError)/,
  ],
];

for (const [name, text, expected] of BROKEN) {
  bare(`a server that ${name} is an error, and the next request is served`, function* () {
    const peer = new RawPeer((socket, request) => {
      if (request.includes('/good')) socket.write(ok('good'));
      else socket.end(text ?? '', 'latin1');
    });
    const base = yield* asyncio.wrapFuture(peer.listen());
    const session = new web.ClientSession();
    const act = co(function* () {
      const response = yield* session.get(base);
      yield* response.read();
    });
    const error = yield* failure(asyncio.createTask(act()));
    assert.match(`${error.name}: ${error.message}`, expected);
    assert.ok(error instanceof web.ClientError);
    assert.equal(yield* (yield* session.get(`${base}good`)).text(), 'good');
    yield* session.close();
    yield* asyncio.wrapFuture(peer.close());
  });
}

bare('a body without a length ends with the connection', function* () {
  const peer = new RawPeer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
  const base = yield* asyncio.wrapFuture(peer.listen());
  const session = new web.ClientSession();
  assert.equal(yield* (yield* session.get(base)).text(), 'all of it');
  yield* session.close();
  yield* asyncio.wrapFuture(peer.close());
});

bare('an answer that comes byte by byte is whole; interim answers are passed over', function* () {
  const peer = new RawPeer(async (socket) => {
    for (const byte of `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok('slowly', 'Set-Cookie: a=1\r\nset-cookie: b=2\r\n')}`) {
      socket.write(byte);
      await turn();
    }
  });
  const base = yield* asyncio.wrapFuture(peer.listen());
  const session = new web.ClientSession({ cookieJar: new web.CookieJar({ unsafe: true }) });
  const response = yield* session.get(base);
  assert.equal(response.status, 200);
  assert.deepEqual([...response.cookies.keys()], ['a', 'b']);
  assert.equal(yield* response.text(), 'slowly');
  yield* session.close();
  yield* asyncio.wrapFuture(peer.close());
});

bare('unasked bytes on an idle connection are not taken for an answer', function* () {
  const peer = new RawPeer((socket, request) => {
    socket.write(ok('mine'));
    if (request.includes('/poison')) setImmediate(() => socket.write(ok('evil')));
  });
  const base = yield* asyncio.wrapFuture(peer.listen());
  const session = new web.ClientSession();
  for (let i = 0; i < 10; i++) {
    assert.equal(yield* (yield* session.get(`${base}poison`)).text(), 'mine');
    // They are seen when they come, and the connection is closed.
    yield* until(() => session.connector.statistics().idle === 0);
    assert.equal(yield* (yield* session.get(`${base}next`)).text(), 'mine', `round ${i}`);
  }
  yield* session.close();
  yield* asyncio.wrapFuture(peer.close());
});

scenario(
  'heads may be large, up to a limit',
  (request, response) => {
    response.writeHead(200, { 'X-Large': 'x'.repeat(Number(request.url?.slice(1))) }).end('fine');
  },
  function* ({ session, base }) {
    const large = yield* session.get(`${base}50000`);
    assert.equal(large.headers.get('x-large')?.length, 50_000);
    assert.equal(yield* large.text(), 'fine');
    const error = yield* failure(session.get(`${base}70000`));
    assert.ok(error instanceof web.ClientResponseError, String(error));
    assert.equal(error.status, 400);
    assert.match(error.reason, /maxHeadersSize/);
  },
);

scenario(
  'a server may answer before it has the whole body',
  (request, response) => {
    if (request.url === '/early') response.writeHead(413).end('too large');
    else void echo(request, response);
  },
  function* ({ session, base }) {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(MIB);
      } finally {
        closed = true;
      }
    }
    const response = yield* session.post(`${base}early`, { data: endless() });
    assert.deepEqual([response.status, yield* response.text()], [413, 'too large']);
    yield* until(() => closed);
    assert.equal(
      (yield* (yield* session.post(base, { data: 'next' })).json<{ body: string }>()).body,
      'next',
    );
  },
);

scenario(
  'a reader that does not read stops the server',
  (_request, response) => {
    const block = Buffer.alloc(MIB);
    let sent = 0;
    const more = (): void => {
      while (sent < 64) {
        sent++;
        if (!response.write(block)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    response.setHeader('X-Sent', '0');
    response.on('query', (tell: (count: number) => void) => tell(sent));
    more();
    stalled = response;
  },
  function* ({ session, base }) {
    const response = yield* session.get(base);
    let before = -1;
    // It sends until nothing goes any more.
    for (let count = sentBy(); count !== before || count === 0; count = sentBy()) {
      before = count;
      for (let i = 0; i < 50; i++) yield* asyncio.wrapFuture(turn());
    }
    assert.ok(before < 40, `${before} MiB of 64 were sent to nobody`);
    let total = 0;
    yield* asyncio.asyncFor(response.content.iterAny(), (block) => {
      total += block.length;
    });
    assert.equal(total, 64 * MIB);
  },
);

const signal = new EventEmitter();
let stalled: NodeJS.EventEmitter;
function sentBy(): number {
  let count = 0;
  stalled.emit('query', (now: number) => {
    count = now;
  });
  return count;
}

scenario(
  'a server that takes its time stops the body that is sent',
  async (request, response) => {
    request.pause();
    await once(signal, 'go');
    response.end(String((await bodyOf(request)).length));
  },
  function* ({ session, base }) {
    let made = 0;
    async function* body() {
      for (; made < 64; made++) yield Buffer.alloc(MIB);
    }
    const task = asyncio.createTask(session.post(base, { data: body() }));
    let before = -1;
    while (made !== before || made === 0) {
      before = made;
      for (let i = 0; i < 50; i++) yield* asyncio.wrapFuture(turn());
    }
    assert.ok(made < 40, `${made} MiB of 64 were made for nobody`);
    signal.emit('go');
    assert.equal(yield* (yield* task).text(), String(64 * MIB));
  },
);

// ---- time -----------------------------------------------------------------------------------------------------------------------

const never: Handler = () => {};

scenario(
  'the whole of a request may take its total',
  (request, response) => {
    if (request.url === '/body') response.write('begin');
  },
  function* ({ session, base, peer }) {
    const head = yield* failure(session.get(base, { timeout: { total: 0.05 } }));
    assert.ok(head instanceof asyncio.TimeoutError, String(head));
    assert.ok(!(head instanceof web.ClientError));
    const response = yield* session.get(`${base}body`, { timeout: { total: 0.05 } });
    assert.equal(Buffer.from(yield* response.content.readany()).toString(), 'begin');
    assert.equal((yield* failure(response.read())).name, 'TimeoutError');
    yield* until(() => peer.sockets.size === 0);
  },
);

scenario(
  'silence of a server may take sockRead',
  (request, response) => {
    if (request.url === '/') return;
    response.write('begin');
  },
  function* ({ session, base }) {
    async function* pieces() {
      yield 'a';
      yield 'b';
    }
    const streamed = yield* failure(session.post(base, { data: pieces(), timeout: { sockRead: 0.05 } }));
    assert.ok(streamed instanceof web.SocketTimeoutError, String(streamed));
    for (const path of ['', 'body']) {
      const act = co(function* () {
        yield* (yield* session.get(base + path, { timeout: { sockRead: 0.05 } })).read();
      });
      const error = yield* failure(asyncio.createTask(act()));
      assert.ok(
        error instanceof web.SocketTimeoutError && error instanceof web.ServerTimeoutError,
        String(error),
      );
      assert.ok(error instanceof asyncio.TimeoutError && error instanceof web.ClientError);
      assert.ok(error instanceof web.ServerConnectionError && error instanceof web.ClientConnectionError);
      assert.ok(!((error as unknown) instanceof web.ClientOSError));
    }
  },
);

scenario(
  'a slow reader is no silence of the server',
  (_request, response) => response.end(Buffer.alloc(4 * MIB)),
  function* ({ session, base }) {
    const response = yield* session.get(base, { timeout: { sockRead: 0.05 } });
    yield* asyncio.sleep(0.2);
    assert.equal((yield* response.read()).length, 4 * MIB);
  },
);

scenario(
  'waiting for a connection may take its time',
  never,
  function* ({ session, base }) {
    const first = asyncio.createTask(session.get(base));
    yield* until(() => session.connector.statistics().acquired === 1);
    const error = yield* failure(session.get(base, { timeout: { connect: 0.02 } }));
    assert.ok(error instanceof web.ConnectionTimeoutError, String(error));
    assert.match(error.message, /^Connection timeout to host http:/);
    assert.equal((yield* failure(session.get(base, { timeout: { total: 0.02 } }))).name, 'TimeoutError');
    assert.equal(session.connector.statistics().waiting, 0);
    first.cancel();
    yield* asyncio.wait([first]);
    assert.deepEqual({ ...session.connector.statistics() }, { acquired: 0, idle: 0, waiting: 0 });
  },
  { session: () => ({ connector: new web.TCPConnector({ limit: 1 }) }) },
);

bare('connecting may take its time', function* () {
  // A TLS handshake that nobody answers.
  const silent = net.createServer((socket) => socket.resume().on('error', () => {})).listen(0, HOST);
  yield* asyncio.wrapFuture(once(silent, 'listening'));
  const { port } = silent.address() as net.AddressInfo;
  const session = new web.ClientSession();
  for (const timeout of [{ sockConnect: 0.02 }, { connect: 0.02 }]) {
    const error = yield* failure(session.get(`https://${HOST}:${port}/`, { timeout }));
    assert.ok(error instanceof web.ConnectionTimeoutError, String(error));
  }
  assert.equal(
    (yield* failure(session.get(`https://${HOST}:${port}/`, { timeout: { total: 0.02 } }))).name,
    'TimeoutError',
  );
  assert.equal(
    (yield* failure(asyncio.waitFor(session.get(`https://${HOST}:${port}/`), 0.02))).name,
    'TimeoutError',
  );
  assert.equal(session.connector.statistics().acquired, 0);
  yield* session.close();
  silent.close();
  yield* asyncio.wrapFuture(once(silent, 'close'));
});

bare('limits of time must be numbers of seconds', function* () {
  assert.throws(() => new web.ClientTimeout({ total: -1 }), { name: 'ValueError' });
  assert.throws(() => new web.ClientTimeout({ total: '5' as never }), { name: 'TypeError' });
  assert.throws(() => new web.ClientSession({ timeout: 5 as never }), /such as \{ total: 30 \}/);
  assert.throws(() => new web.TCPConnector({ limit: -1 }), { name: 'ValueError' });
  assert.throws(() => new web.TCPConnector({ keepaliveTimeout: Number.NaN }), { name: 'ValueError' });
});

// ---- the end ----------------------------------------------------------------------------------------------------------------------

scenario(
  'closing the session ends what is under way',
  never,
  function* ({ session, base, peer }) {
    const tasks = [1, 2, 3].map(() => asyncio.createTask(session.get(base)));
    yield* until(() => peer.requests === 2);
    yield* session.close();
    const errors = yield* asyncio.gather(...tasks, { returnExceptions: true });
    for (const error of errors) assert.ok(error instanceof web.ClientConnectionError, String(error));
    yield* until(() => peer.sockets.size === 0);
    yield* session.close();
  },
  { session: () => ({ connector: new web.TCPConnector({ limit: 2 }) }) },
);

scenario('a connector may outlive its sessions', echo, function* ({ base, peer }) {
  const connector = new web.TCPConnector();
  for (let i = 0; i < 2; i++) {
    const session = new web.ClientSession({ connector, connectorOwner: false });
    yield* (yield* session.get(base)).read();
    yield* session.close();
  }
  assert.equal(peer.connections, 1);
  assert.equal(connector.closed, false);
  yield* connector.close();
  assert.equal(connector.closed, true);
});

bare('connections that cannot be made say why', function* () {
  const session = new web.ClientSession();
  const refused = yield* failure(session.get('http://127.0.0.1:9/'));
  assert.ok(refused instanceof web.ClientConnectorError && refused instanceof web.ClientOSError);
  assert.ok(refused instanceof asyncio.OSError && refused instanceof web.ClientConnectionError);
  assert.equal(refused.message, 'Cannot connect to host 127.0.0.1:9 ssl:default [Connection refused]');
  assert.deepEqual([refused.host, refused.port, refused.code], ['127.0.0.1', 9, 'ECONNREFUSED']);
  const unknown = yield* failure(session.get('http://no-such-host.invalid/'));
  assert.ok(unknown instanceof web.ClientConnectorDNSError, String(unknown));
  assert.equal(session.connector.statistics().acquired, 0);
  yield* session.close();
});

test('a session belongs to the loop that it was made in', async () => {
  let session: web.ClientSession | undefined;
  await asyncio.run(function* () {
    session = new web.ClientSession();
  });
  await asyncio.run(function* () {
    assert.ok(session !== undefined);
    const error = yield* failure(session.get('http://127.0.0.1:9/'));
    assert.match(String(error), /^RuntimeError: the session belongs to another event loop/);
    yield* session.close();
  });
});

scenario(
  'a server that hardly waits for the next request loses none',
  echo,
  function* ({ session, base, peer }) {
    peer.server.keepAliveTimeout = 1;
    (peer.server as { keepAliveTimeoutBuffer?: number }).keepAliveTimeoutBuffer = 0;
    for (let i = 0; i < 100; i++) {
      const response = yield* session.put(base, { data: `${i}` });
      assert.equal((yield* response.json<{ body: string }>()).body, String(i));
      yield* asyncio.sleep((i % 10) / 2000);
    }
  },
);

scenario('what is left open is told', never, function* ({ base, reports, session }) {
  void session;
  const make = () => {
    const forgotten = new web.ClientSession();
    void forgotten;
  };
  yield* asyncio.wrapFuture(warningsOf(make));
  assert.deepEqual(
    reports().map(({ message }) => message),
    ['Unclosed client session: close() it, or use it in asyncWith() or await using'],
  );
  void base;
});

scenario(
  'a response that is left unread is told, and its connection closed',
  (_request, response) => {
    response.write('begin');
  },
  function* ({ session, base, peer }) {
    const get = co(function* () {
      const response = yield* session.get(base);
      return response.status;
    });
    const warnings = yield* asyncio.wrapFuture(
      warningsOf(async () => {
        assert.equal(await asyncio.createTask(get()), 200);
      }),
    );
    assert.equal(warnings.length, 1, String(warnings));
    assert.match(warnings[0]?.message ?? '', /^Unclosed response <http:.*read\(\) it, release\(\) it/);
    yield* until(() => peer.sockets.size === 0);
  },
);

bare('a server that closes every connection at once is an error each time, and leaves nothing', function* () {
  let accepted = 0;
  const server = net.createServer((socket) => {
    accepted++;
    if (accepted % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  });
  server.listen(0, HOST);
  yield* asyncio.wrapFuture(once(server, 'listening'));
  const { port } = server.address() as net.AddressInfo;
  const session = new web.ClientSession();
  for (let i = 0; i < 100; i++) {
    const error = yield* failure(session.get(`http://${HOST}:${port}/`));
    assert.ok(error instanceof web.ClientConnectionError, `${error.name}: ${error.message}`);
  }
  assert.deepEqual({ ...session.connector.statistics() }, { acquired: 0, idle: 0, waiting: 0 });
  yield* session.close();
  server.close();
  yield* asyncio.wrapFuture(once(server, 'close'));
});

test('a limit of time of one request leaves alone those that the same task awaits beside it', async () => {
  let answer = (): void => {};
  const peer = new Peer((request, response) => {
    if (request.url === '/late') answer = () => response.end('late');
  });
  const base = await peer.listen();
  await asyncio.run(async () => {
    await using session = new web.ClientSession();
    const late = session.get(`${base}late`);
    const never = session.get(base, { timeout: { total: 0.03 } });
    const watch = never.catch((error: unknown) => {
      answer();
      return error;
    });
    const [response, error] = await Promise.all([late, watch]);
    assert.equal((error as Error).name, 'TimeoutError');
    assert.equal(await response.text(), 'late');
  });
  await peer.close();
});
