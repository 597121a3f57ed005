/** Redirects, and cookies along the way. */
import assert from 'node:assert/strict';
import * as web from '../../src/http/index.ts';
import { HOST } from '../net/kit.ts';
import { bodyOf, type Echoed, failure, type Handler, withHttp } from './kit.ts';

const { scenario, co } = await withHttp(import.meta.url);

/** `/to/STATUS?LOCATION` redirects; anything else is echoed. */
const redirecting: Handler = async (request, response) => {
  const { method, url = '', headers } = request;
  const match = /^\/to\/(\d+)(?:\?(.*))?$/.exec(url);
  const body = (await bodyOf(request)).toString();
  if (match !== null) {
    const [, status, location = ''] = match;
    response.writeHead(Number(status), location === '' ? {} : { Location: decodeURIComponent(location) });
    response.end('moved');
  } else if (url.startsWith('/set?')) {
    response.writeHead(200, { 'Set-Cookie': url.slice(5).split('&').map(decodeURIComponent) }).end();
  } else if (url === '/loop') {
    response.writeHead(302, { Location: '/loop' }).end();
  } else {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body }));
  }
};

scenario('the method of what follows depends on the status', redirecting, function* ({ session, base }) {
  const final = co(function* (status: number, method: string) {
    const response = yield* session.request(method, `${base}to/${status}?/end`, { data: 'body' });
    if (method === 'HEAD') return response.method;
    const seen = yield* response.json<Echoed>();
    return `${seen.method} ${seen.body} ${seen.headers['content-type'] ?? ''}`;
  });
  const kept = (method: string): string => `${method} body text/plain; charset=utf-8`;
  for (const status of [301, 302]) {
    assert.equal(yield* final(status, 'POST'), 'GET  ');
    assert.equal(yield* final(status, 'PUT'), kept('PUT'));
  }
  assert.equal(yield* final(303, 'POST'), 'GET  ');
  assert.equal(yield* final(303, 'PUT'), 'GET  ');
  assert.equal(yield* final(303, 'HEAD'), 'HEAD');
  for (const status of [307, 308]) {
    assert.equal(yield* final(status, 'POST'), kept('POST'));
    assert.equal(yield* final(status, 'DELETE'), kept('DELETE'));
  }
});

scenario('a response knows the redirects that led to it', redirecting, function* ({ session, base }) {
  const response = yield* session.get(`${base}to/302?${encodeURIComponent('301?/end%2520x%23part')}`);
  assert.equal(response.status, 200);
  assert.equal(response.url.href, `${base}end%20x`);
  assert.equal(response.realUrl.hash, '#part');
  assert.deepEqual(
    response.history.map(({ status }) => status),
    [302, 301],
  );
  assert.equal(response.history[0]?.url.pathname, '/to/302');
  yield* response.read();
  const plain = yield* session.get(`${base}to/302?/end`, { allowRedirects: false });
  assert.equal(plain.status, 302);
  assert.equal(yield* plain.text(), 'moved');
  const head = yield* session.head(`${base}to/302?/end`);
  assert.equal(head.status, 302);
  const nowhere = yield* session.get(`${base}to/302?`);
  assert.equal(nowhere.status, 302);
  yield* nowhere.read();
});

scenario('a loop of redirects comes to an end', redirecting, function* ({ session, base, peer }) {
  const error = yield* failure(session.get(`${base}loop`));
  assert.ok(error instanceof web.TooManyRedirects, String(error));
  assert.deepEqual([error.history.length, error.status, peer.requests], [10, 302, 10]);
  assert.equal(error.message, `302, message='Found', url='${base}loop'`);
  const few = yield* failure(session.get(`${base}loop`, { maxRedirects: 2 }));
  assert.equal((few as web.TooManyRedirects).history.length, 2);
  assert.equal(session.connector.statistics().acquired, 0);
});

scenario('redirects to what cannot be asked are errors', redirecting, function* ({ session, base }) {
  const ftp = yield* failure(session.get(`${base}to/302?ftp:%2F%2Fx%2F`));
  assert.ok(
    ftp instanceof web.NonHttpUrlRedirectClientError && ftp instanceof web.RedirectClientError,
    String(ftp),
  );
  assert.ok(ftp instanceof web.InvalidURL && ftp instanceof web.ClientError);
  const none = yield* failure(session.get(`${base}to/302?http:%2F%2F%5B`));
  assert.ok(none instanceof web.InvalidUrlRedirectClientError, String(none));
  async function* once() {
    yield 'once';
  }
  const consumed = yield* failure(session.post(`${base}to/307?/end`, { data: once() }));
  assert.ok(consumed instanceof web.ClientPayloadError, String(consumed));
  assert.match(consumed.message, /Cannot follow redirect with a consumed request body/);
  assert.equal(session.connector.statistics().acquired, 0);
});

scenario('what proves who we are stays with its origin', redirecting, function* ({ session, base }) {
  const secrets = {
    auth: new web.BasicAuth('a', 'b'),
    cookies: { secret: '1' },
    headers: { 'X-Kept': 'yes' },
  };
  const same = yield* session.get(`${base}to/302?/end`, secrets);
  const kept = (yield* same.json<Echoed>()).headers;
  assert.deepEqual([kept['authorization'], kept['cookie']], [`Basic ${btoa('a:b')}`, 'secret=1']);
  const elsewhere = encodeURIComponent(base.replace(HOST, 'localhost'));
  for (const options of [
    secrets,
    { headers: { Authorization: 'Bearer x', Cookie: 'secret=1', 'X-Kept': 'yes' } },
  ]) {
    const other = yield* session.get(`${base}to/302?${elsewhere}`, options);
    const { headers } = yield* other.json<Echoed>();
    assert.deepEqual(
      [headers['authorization'], headers['cookie'], headers['x-kept']],
      [undefined, undefined, 'yes'],
    );
  }
});

const unsafe = {
  session: () => ({ cookieJar: new web.CookieJar({ unsafe: true }), cookies: { shared: 'all' } }),
};

scenario(
  'cookies come back to who set them',
  redirecting,
  function* ({ session, base }) {
    const sent = co(function* (url: string, options?: web.RequestOptions) {
      const response = yield* session.get(url, options);
      return (yield* response.json<Echoed>()).headers['cookie'];
    });
    const set = co(function* (...cookies: string[]) {
      const response = yield* session.get(`${base}set?${cookies.map(encodeURIComponent).join('&')}`);
      yield* response.read();
      return response.cookies;
    });
    const cookies = yield* set('a=1; HttpOnly; SameSite=Lax', 'deep=2; Path=/deep', 'q="x y"; Max-Age=100');
    assert.equal(cookies.get('q')?.value, 'x y');
    assert.deepEqual([cookies.get('a')?.httponly, cookies.get('a')?.samesite], [true, 'Lax']);
    assert.equal(yield* sent(base), 'shared=all; a=1; q="x y"');
    assert.equal(yield* sent(`${base}deep/er`), 'shared=all; a=1; q="x y"; deep=2');
    assert.equal(yield* sent(`${base}deeper`), 'shared=all; a=1; q="x y"');
    assert.equal(
      yield* sent(base, { cookies: { a: 'mine', b: 'x;y' } }),
      'shared=all; a=mine; q="x y"; b="x\\073y"',
    );
    assert.equal(yield* sent(base.replace(HOST, 'localhost')), 'shared=all');
    yield* set(
      'a=; Max-Age=0',
      'q=; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      's=1; Secure',
      'x=1; Domain=example.com',
    );
    assert.equal(yield* sent(base), 'shared=all');
    session.cookieJar.clear((cookie) => cookie.name === 'shared');
    assert.equal(yield* sent(`${base}deep`), 'deep=2');
    session.cookieJar.clearDomain(HOST);
    assert.deepEqual(
      [...session.cookieJar].map(({ name }) => name),
      [],
    );
  },
  unsafe,
);

scenario(
  'a cookie set by a redirect goes with what follows',
  (request, response) => {
    if (request.url === '/login') response.writeHead(302, { Location: '/', 'Set-Cookie': 'in=yes' }).end();
    else response.end(request.headers.cookie ?? 'none');
  },
  function* ({ session, base }) {
    const response = yield* session.get(`${base}login`);
    assert.equal(yield* response.text(), 'shared=all; in=yes');
    const numbers = new web.ClientSession();
    const refused = yield* numbers.get(`${base}login`);
    assert.equal(yield* refused.text(), 'none', 'hosts that are numbers set no cookies');
    yield* numbers.close();
    const none = new web.ClientSession({ cookieJar: new web.DummyCookieJar() });
    assert.equal(yield* (yield* none.get(`${base.replace(HOST, 'localhost')}login`)).text(), 'none');
    yield* none.close();
  },
  unsafe,
);
