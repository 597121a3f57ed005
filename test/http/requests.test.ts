/** What requests bring to a server, and what responses bring back. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { type Echoed, echo, failure, type Handler, says, withHttp } from './kit.ts';

const { scenario, co } = await withHttp(import.meta.url);

scenario('each method reaches the server', echo, function* ({ session, base }) {
  for (const method of ['get', 'post', 'put', 'patch', 'delete', 'options'] as const) {
    const response = yield* session[method](base);
    const { method: seen } = yield* response.json<Echoed>();
    assert.equal(seen, method.toUpperCase());
  }
  const other = yield* session.request('propfind', base);
  assert.equal((yield* other.json<Echoed>()).method, 'PROPFIND');
  const head = yield* session.head(base);
  assert.deepEqual([head.status, (yield* head.read()).length], [200, 0]);
  assert.equal(session.connector.statistics().idle, 1, 'one connection did it all');
});

scenario('params join the query of the URL', echo, function* ({ session, base }) {
  const seen = co(function* (params: web.Params) {
    const response = yield* session.get(`${base}x?a=1#part`, { params });
    return (yield* response.json<Echoed>()).url;
  });
  assert.equal(yield* seen({ b: 2, c: ['x y', 'ü&='] }), '/x?a=1&b=2&c=x+y&c=%C3%BC%26%3D');
  assert.equal(
    yield* seen([
      ['b', 1],
      ['b', 2n],
    ]),
    '/x?a=1&b=1&b=2',
  );
  assert.equal(yield* seen('b=%20'), '/x?a=1&b=+');
  assert.equal(yield* seen(new URLSearchParams({ q: '1' })), '/x?a=1&q=1');
  assert.equal(yield* seen({}), '/x?a=1');
  const bad = yield* failure(session.get(base, { params: { on: true } as never }));
  assert.match(String(bad), /^TypeError: the parameter "on" must be a string or a number, not true/);
});

scenario(
  'headers of a request replace those of the session of the same name, in any case',
  echo,
  function* ({ session, base }) {
    const headers = new web.CIMultiDict([
      ['x-one', '1'],
      ['X-ONE', '2'],
    ]);
    const response = yield* session.get(base, { headers, skipAutoHeaders: ['user-agent'] });
    const seen = (yield* response.json<Echoed>()).headers;
    assert.equal(seen['x-one'], '1, 2');
    assert.equal(seen['x-two'], 'session');
    assert.equal(seen['accept'], '*/*');
    assert.equal(seen['accept-encoding'], 'gzip, deflate, br');
    assert.equal(seen['user-agent'], undefined);
    const invalid = yield* failure(session.get(base, { headers: { a: 'b\r\nc: d' } }));
    assert.ok(invalid instanceof asyncio.ValueError, String(invalid));
    assert.match(
      (yield* failure(session.get(base, { headers: { a: 1n } as never }))).message,
      /must be strings/,
    );
    assert.match((yield* failure(session.request('GE T', base))).message, /non-token/);
    assert.match((yield* failure(session.request('CONNECT', base))).message, /CONNECT is what proxies/);
  },
  { session: () => ({ headers: { 'X-One': 'session', 'X-Two': 'session' } }) },
);

scenario('bodies have the type that they are', echo, function* ({ session, base }) {
  const sent = co(function* (options: web.RequestOptions) {
    const response = yield* session.post(base, options);
    const { headers, body } = yield* response.json<Echoed>();
    const length = headers['content-length'] ?? headers['transfer-encoding'];
    return [headers['content-type'], length, body];
  });
  assert.deepEqual(yield* sent({ data: 'ü' }), ['text/plain; charset=utf-8', '2', 'Ã¼']);
  assert.deepEqual(yield* sent({ data: Buffer.from('ab') }), ['application/octet-stream', '2', 'ab']);
  assert.deepEqual(yield* sent({ data: new ArrayBuffer(1) }), ['application/octet-stream', '1', '\0']);
  assert.deepEqual(yield* sent({ json: { a: [1, null] } }), ['application/json', '14', '{"a":[1,null]}']);
  const form = 'application/x-www-form-urlencoded';
  assert.deepEqual(yield* sent({ data: { a: 1, b: ['x y', 'z'] } }), [form, '13', 'a=1&b=x+y&b=z']);
  assert.deepEqual(yield* sent({ data: [['a', '1']] }), [form, '3', 'a=1']);
  assert.deepEqual(yield* sent({ data: new URLSearchParams({ q: '1' }) }), [form, '3', 'q=1']);
  assert.deepEqual(yield* sent({ data: new Blob(['blob'], { type: 'image/x' }) }), [
    'image/x',
    'chunked',
    'blob',
  ]);
  assert.deepEqual(yield* sent({ data: Readable.from(['one', 'two']) }), [
    'application/octet-stream',
    'chunked',
    'onetwo',
  ]);
  assert.deepEqual(yield* sent({ data: 'abc', chunked: true }), [
    'text/plain; charset=utf-8',
    'chunked',
    'abc',
  ]);
  assert.deepEqual(yield* sent({ data: 'x', headers: { 'content-type': 'a/b' } }), ['a/b', '1', 'x']);
  assert.deepEqual(yield* sent({ data: 'x', skipAutoHeaders: ['Content-Type'] }), [undefined, '1', 'x']);
  assert.deepEqual(yield* sent({}), [undefined, '0', '']);
  assert.match(
    (yield* failure(session.post(base, { data: 'a', json: 1 }))).message,
    /can not be used at the same time/,
  );
  assert.match(
    (yield* failure(session.post(base, { data: 5 as never }))).message,
    /data must be a string, bytes/,
  );
  assert.match((yield* failure(session.post(base, { json: () => 1 }))).message, /cannot be written as JSON/);
});

scenario('a body may come from coroutines, piece by piece', echo, function* ({ session, base }) {
  const pieces = {
    [Symbol.asyncIterator]: () => {
      let count = 0;
      const next = co(function* () {
        yield* asyncio.sleep(0);
        return count++ < 3 ? { done: false, value: `piece ${count};` } : { done: true, value: undefined };
      });
      return { next };
    },
  } as unknown as AsyncIterable<string>;
  const response = yield* session.post(base, { data: pieces });
  assert.equal((yield* response.json<Echoed>()).body, 'piece 1;piece 2;piece 3;');
  const reader = new asyncio.StreamReader();
  reader.feedData(Buffer.from('all\nof it'));
  reader.feedEof();
  const streamed = yield* session.post(base, { data: reader });
  assert.equal((yield* streamed.json<Echoed>()).body, 'all\nof it');
});

scenario(
  'a body that fails fails the request, and is never taken for a whole one',
  echo,
  function* ({ session, base, peer }) {
    async function* broken() {
      yield 'begin';
      throw new RangeError('no more');
    }
    const error = yield* failure(session.post(base, { data: broken() }));
    assert.ok(error instanceof web.ClientConnectionError, String(error));
    assert.ok(error.cause instanceof RangeError);
    assert.match(error.message, /Can not write request body: .*no more/);
    const wrong = yield* failure(session.post(base, { data: Readable.from([{ a: 1 }]) }));
    assert.match(String((wrong as web.ClientError).cause), /pieces of a body must be bytes or strings/);
    const response = yield* session.get(base);
    assert.equal((yield* response.json<Echoed>()).method, 'GET');
    assert.equal(peer.connections, 3);
  },
);

scenario(
  'bodies can be compressed',
  (request, response) => {
    const unpack =
      request.headers['content-encoding'] === 'gzip' ? zlib.createGunzip() : zlib.createInflate();
    request.pipe(unpack).pipe(response);
  },
  function* ({ session, base }) {
    const text = 'a long text, '.repeat(10_000);
    for (const compress of [true, 'deflate', 'gzip'] as const) {
      const response = yield* session.post(base, { data: text, compress });
      assert.equal(yield* response.text(), text);
      const streamed = yield* session.post(base, { data: Readable.from([text, text]), compress });
      assert.equal(yield* streamed.text(), text + text);
    }
    assert.match(
      (yield* failure(session.post(base, { data: 'x', compress: 'br' as never }))).message,
      /must be true/,
    );
  },
);

const compressedIn: Handler = (request, response) => {
  const data = Buffer.from('packed '.repeat(1000));
  const packed: Record<string, () => Buffer> = {
    gzip: () => zlib.gzipSync(data),
    deflate: () => zlib.deflateSync(data),
    raw: () => zlib.deflateRawSync(data),
    br: () => zlib.brotliCompressSync(data),
    zstd: () => zlib.zstdCompressSync(data),
    broken: () => Buffer.from('this is not gzip'),
    cut: () => zlib.gzipSync(data).subarray(0, 30),
  };
  const kind = request.url?.slice(1) ?? '';
  const encoding = { raw: 'deflate', broken: 'gzip', cut: 'gzip' }[kind] ?? kind;
  response.writeHead(200, { 'Content-Encoding': encoding }).end(packed[kind]?.());
};

scenario('compressed responses are unpacked', compressedIn, function* ({ session, base, loop }) {
  for (const kind of ['gzip', 'deflate', 'raw', 'br', 'zstd']) {
    const response = yield* session.get(base + kind);
    assert.equal(yield* response.text(), 'packed '.repeat(1000), kind);
  }
  const packed = yield* session.get(`${base}gzip`, { autoDecompress: false });
  assert.equal(zlib.gunzipSync(yield* packed.read()).length, 7000);
  for (const kind of ['broken', 'cut']) {
    const response = yield* session.get(base + kind);
    const error = yield* failure(response.read());
    assert.ok(error instanceof web.ClientPayloadError, String(error));
    assert.match(error.message, /Can not decode content-encoding: gzip/);
  }
  const again = yield* session.get(`${base}br`);
  assert.equal((yield* again.read()).length, 7000);
  assert.equal(loop.statistics().timers, 0, 'no limit of time is left');
});

const typed: Handler = (request, response) => {
  const url = new URL(request.url ?? '', 'http://x');
  const type = url.searchParams.get('type');
  response.writeHead(200, 'Fine', {
    ...(type === null ? {} : { 'Content-Type': type }),
    'X-Many': ['a', 'b'],
  });
  response.end(Buffer.from(url.searchParams.get('body') ?? '', 'latin1'));
};

scenario('a response tells its head', typed, function* ({ session, base, peer }) {
  const response = yield* session.get(base, {
    params: { type: 'Text/Plain; Charset="latin1"', body: 'caf\xe9' },
  });
  assert.deepEqual([response.status, response.reason, response.ok], [200, 'Fine', true]);
  assert.deepEqual([response.contentType, response.charset], ['text/plain', 'latin1']);
  assert.deepEqual(response.headers.getAll('x-many'), ['a', 'b']);
  assert.equal(response.headers.get('X-MANY'), 'a');
  assert.ok([...response.headers.keys()].includes('X-Many'), 'in the case that it came in');
  assert.equal(response.host, `127.0.0.1:${peer.port}`);
  assert.equal(response.method, 'GET');
  assert.equal(response.requestInfo.headers.get('accept'), '*/*');
  assert.equal(yield* response.text(), 'café');
  assert.equal(yield* response.text(), 'café', 'what was read is kept');
  const strict = yield* failure(response.text({ encoding: 'utf-8' }));
  assert.ok(strict instanceof asyncio.ValueError, String(strict));
  assert.equal(yield* response.text({ encoding: 'utf-8', errors: 'replace' }), 'caf�');
  assert.ok((yield* failure(response.text({ encoding: 'klingon' }))) instanceof asyncio.LookupError);
  const nobodys = yield* session.get(base, { params: { type: 'text/x; charset=klingon', body: 'x\x80' } });
  assert.equal(nobodys.getEncoding(), 'utf-8');
  assert.equal(yield* nobodys.text({ encoding: 'latin1' }), 'x\x80');
  const fragment = yield* session.get(`${base}p?type=a#frag`);
  assert.equal(fragment.url.href, `${base}p?type=a`);
  assert.equal(fragment.realUrl.href, `${base}p?type=a#frag`);
  assert.equal(fragment.contentType, 'application/octet-stream');
  yield* fragment.read();
});

scenario('json wants the type of JSON', typed, function* ({ session, base }) {
  const get = (type: string, body: string) => session.get(base, { params: { type, body } });
  const plain = yield* get('text/plain', '{"a":1}');
  const error = yield* failure(plain.json());
  assert.ok(error instanceof web.ContentTypeError, String(error));
  assert.match(
    error.message,
    /^200, message='Attempt to decode JSON with unexpected mimetype: text\/plain', url='http/,
  );
  assert.deepEqual(yield* plain.json({ contentType: null }), { a: 1 });
  assert.deepEqual(yield* plain.json({ contentType: 'text/plain', loads: (text) => text.length }), 7);
  const problem = yield* get('application/problem+json', '[1]');
  assert.deepEqual(yield* problem.json(), [1]);
  const empty = yield* get('application/json', ' ');
  assert.equal(yield* empty.json(), null);
  const broken = yield* get('application/json', '{');
  assert.ok((yield* failure(broken.json())) instanceof SyntaxError);
});

scenario(
  'the body can be read as a stream, and in blocks',
  (_request, response) => {
    response.write('line 1\nline 2\n');
    response.end('x'.repeat(100_000));
  },
  function* ({ session, base }) {
    yield* asyncio.asyncWith(
      session.get(base),
      co(function* (response: web.ClientResponse) {
        assert.ok(response.content instanceof asyncio.StreamReader);
        assert.equal(Buffer.from(yield* response.content.readline()).toString(), 'line 1\n');
        assert.equal(Buffer.from(yield* response.content.readexactly(7)).toString(), 'line 2\n');
        let total = 0;
        yield* asyncio.asyncFor(response.content.iterChunked(1000), (block) => {
          assert.ok(block.length <= 1000);
          total += block.length;
        });
        assert.equal(total, 100_000);
        assert.ok(response.content.atEof());
        assert.deepEqual([...(yield* response.read())], []);
      }),
    );
    assert.equal(session.connector.statistics().idle, 1);
  },
);

scenario(
  'a status of 400 or above is an error where that is wanted',
  (request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end('no');
  },
  function* ({ session, base }) {
    const response = yield* session.get(`${base}404`);
    assert.equal(response.ok, false);
    assert.throws(() => response.raiseForStatus(), {
      name: 'ClientResponseError',
      status: 404,
      reason: 'Not Found',
    });
    assert.equal(response.closed, true);
    const error = yield* failure(session.get(`${base}503`, { raiseForStatus: true }));
    assert.ok(error instanceof web.ClientResponseError);
    assert.equal(error.message, `503, message='Service Unavailable', url='${base}503'`);
    assert.equal(error.requestInfo.method, 'GET');
    const judged = co(function* (answer: web.ClientResponse) {
      yield* asyncio.sleep(0);
      if (answer.status === 418) throw new asyncio.RuntimeError(yield* answer.text());
    });
    const own = yield* failure(session.get(`${base}418`, { raiseForStatus: judged }));
    assert.equal(String(own), 'RuntimeError: no');
    const fine = yield* session.get(`${base}404`, { raiseForStatus: judged });
    assert.equal(yield* fine.text(), 'no');
    (yield* session.get(`${base}200`)).raiseForStatus();
  },
);

scenario('a session may have a base URL and defaults', echo, function* ({ base, loop }) {
  void loop;
  const session = new web.ClientSession({
    baseUrl: `${base}api/`,
    auth: new web.BasicAuth('me', 'secret'),
    raiseForStatus: true,
  });
  yield* asyncio.asyncWith(
    session,
    co(function* (inside: web.ClientSession) {
      assert.equal(inside, session);
      const response = yield* session.get('users?id=1');
      const seen = yield* response.json<Echoed>();
      assert.equal(seen.url, '/api/users?id=1');
      assert.equal(seen.headers['authorization'], `Basic ${btoa('me:secret')}`);
      const rooted = yield* session.get('/users');
      assert.equal((yield* rooted.json<Echoed>()).url, '/users');
    }),
  );
  assert.equal(session.closed, true);
  const closed = yield* failure(session.get('users'));
  assert.equal(String(closed), 'RuntimeError: Session is closed');
  assert.throws(() => new web.ClientSession({ baseUrl: `${base}api` }), { name: 'ValueError' });
});

scenario(
  'credentials go as an argument, or in the URL, but not as both',
  echo,
  function* ({ session, base }) {
    const inUrl = base.replace('//', '//us%40er:pa%3Ass@');
    const response = yield* session.get(inUrl);
    assert.equal((yield* response.json<Echoed>()).headers['authorization'], `Basic ${btoa('us@er:pa:ss')}`);
    const auth = new web.BasicAuth('a', 'b');
    assert.match((yield* failure(session.get(inUrl, { auth }))).message, /Cannot combine AUTH argument/);
    const both = session.get(base, { auth, headers: { authorization: 'x' } });
    assert.match((yield* failure(both)).message, /Cannot combine AUTHORIZATION header/);
    assert.throws(() => new web.BasicAuth('a:b'), { name: 'ValueError' });
    assert.deepEqual(web.BasicAuth.decode(auth.encode()), auth);
  },
);

scenario('URLs that are none, or not of HTTP, are refused', says(''), function* ({ session }) {
  const none = yield* failure(session.get('no url'));
  assert.ok(
    none instanceof web.InvalidURL && none instanceof web.ClientError && none instanceof asyncio.ValueError,
  );
  assert.match(none.message, /it is relative: give the session a baseUrl/);
  const other = yield* failure(session.get('ftp://localhost/'));
  assert.ok(other instanceof web.NonHttpUrlClientError);
  assert.ok((yield* failure(session.get(5 as never))) instanceof TypeError);
  const typo = { name: 'TypeError', message: /got an unexpected option 'jsn': it knows .*json/ };
  assert.throws(() => session.get('/', { jsn: 1 } as never), typo);
  assert.throws(() => session.wsConnect('/', { jsn: 1 } as never), { name: 'TypeError' });
  assert.throws(
    () => new web.ClientSession({ base_url: 'x' } as never),
    /got an unexpected option 'base_url'/,
  );
});

scenario(
  'multipart forms carry fields and files',
  async (request, response) => {
    // Node's own parser of forms reads it.
    const parsed = await new Response(Readable.toWeb(request) as never, {
      headers: { 'Content-Type': request.headers['content-type'] ?? '' },
    }).formData();
    const fields = await Promise.all(
      [...parsed].map(async ([name, value]) =>
        typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
      ),
    );
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(fields));
  },
  function* ({ session, base }) {
    async function* file() {
      yield Buffer.from('streamed ');
      yield 'file';
    }
    const form = new web.FormData({ 'quo"te\r\n': 'value' })
      .addField('text', 'näme', { contentType: 'text/x-own' })
      .addField('file', Buffer.from('bytes'), { filename: 'ü "x".bin', contentType: 'image/png' })
      .addField('stream', file(), { filename: 's.txt' })
      .addField('blob', new File(['in a file'], 'f.txt', { type: 'text/plain' }));
    const response = yield* session.post(base, { data: form });
    assert.deepEqual(yield* response.json(), [
      ['quo"te\r\n', 'value'],
      ['text', 'näme'],
      ['file', 'ü "x".bin', 'image/png', 'bytes'],
      ['stream', 's.txt', 'application/octet-stream', 'streamed file'],
      ['blob', 'f.txt', 'text/plain', 'in a file'],
    ]);
    const native = new FormData();
    native.append('a', '1');
    const sent = yield* session.post(base, { data: native });
    assert.deepEqual(yield* sent.json(), [['a', '1']]);
    assert.throws(() => form.addField('x', {} as never), /the value of the field "x" must be a string/);
  },
);
