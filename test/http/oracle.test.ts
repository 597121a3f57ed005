/**
 * The same steps with aiohttp's client and with this one, on the same server: it must be asked for the same, and what comes of it must be the same.
 *
 * What differs by intention is left out of the comparison here, with the reason.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEBIAN_PYTHON, skipWithout } from '../../scripts/programs.ts';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { bodyOf, type Handler, Peer } from './kit.ts';

const PROGRAM = fileURLToPath(new URL('aiohttp_client.py', import.meta.url));
const DEAD = 'http://127.0.0.1:9/';

/** What each client says of itself, or what undici sends besides. */
const OWN: ReadonlySet<string> = new Set(['user-agent', 'connection', 'host', 'accept-encoding']);

const handler: Handler = async (request, response) => {
  const { method, url = '', headers } = request;
  const [path = '', query = ''] = url.split('?');
  const body = (await bodyOf(request)).toString('latin1');
  if (path.startsWith('/to/')) {
    response.writeHead(Number(path.slice(4)), { Location: decodeURIComponent(query) }).end('null');
  } else if (path === '/loop') response.writeHead(302, { Location: '/loop' }).end();
  else if (path === '/set') {
    response.writeHead(200, { 'Set-Cookie': query.split('&').map(decodeURIComponent) }).end('null');
  } else if (path === '/close') request.socket.destroy();
  else if (path === '/cut') {
    response.writeHead(200, { 'Content-Length': 100 }).write('cut');
    setImmediate(() => request.socket.destroy());
  } else if (path === '/fail') response.writeHead(500).end('null');
  else if (path !== '/hang') {
    const shown = Object.entries(headers).filter(([name]) => !OWN.has(name));
    response.end(JSON.stringify({ method, url, headers: Object.fromEntries(shown), body }));
  }
};

function* steps(session: web.ClientSession, base: string): Generator<web.RequestContext<web.ClientResponse>> {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      yield session.request(method, `${base}to/${status}?/end`, method === 'GET' ? {} : { data: 'body' });
    }
  }
  yield session.get(`${base}a b/ü?x=1&y=%20`, { params: { k: 'v w', ü: '&=?/' } });
  yield session.get(`${base}p`, {
    params: [
      ['a', 1],
      ['a', 2.5],
      ['b', ''],
    ],
  });
  yield session.get(`${base}p?a=1`, { params: 'b=2' });
  yield session.post(base, { json: { a: [1, 2, { b: null }], t: 'text' } });
  yield session.post(base, { data: { a: '1', b: 'x y&z', ü: 'ö' } });
  yield session.post(base, {
    data: [
      ['a', '1'],
      ['a', '2'],
    ],
  });
  yield session.post(base, { data: Buffer.from('bytes') });
  yield session.post(base, { data: 'text ü' });
  yield session.put(base);
  yield session.get(base, { auth: new web.BasicAuth('user', 'pass') });
  yield session.get(base.replace('//', '//us:pa@'));
  yield session.get(base, { headers: { 'x-one': 'own', Accept: 'text/x' } });
  yield session.get(base, { cookies: { one: '1', two: 'a b', three: 'x"y', four: 'p;q' } });
  yield session.get(`${base}set?a=1&b=%22q%20r%22&c=3%3B%20Path%3D%2Fdeep&d=4%3B%20Max-Age%3D0`);
  yield session.get(base);
  yield session.get(`${base}deep/er`);
  yield session.get(`${base}deeper`);
  yield session.get(`${base}loop`);
  yield session.get(`${base}to/302?ftp:%2F%2Fx%2F`, { allowRedirects: false });
  yield session.get(`${base}close`);
  yield session.get(`${base}cut`);
  yield session.get(DEAD);
  yield session.get(`${base}hang`, { timeout: { sockRead: 0.05 } });
  yield session.get(`${base}hang`, { timeout: { total: 0.05 } });
  yield session.get(`${base}fail`, { raiseForStatus: true });
}

interface Told {
  readonly status?: number;
  readonly history?: readonly number[];
  readonly seen?:
    | {
        readonly url: string;
        readonly headers: Record<string, string>;
        readonly body: string;
      }
    | null
    | undefined;
  /** The classes of aiohttp that the error is of. */
  readonly error?: readonly string[];
}

function* told(step: web.RequestContext<web.ClientResponse>): asyncio.Coroutine<Told> {
  try {
    return yield* asyncio.asyncWith(step, function* (response) {
      const seen = yield* response.json<Told['seen']>({ contentType: null });
      return { status: response.status, history: response.history.map(({ status }) => status), seen };
    });
  } catch (error) {
    const classes = Object.entries(web).filter(
      ([, type]) => typeof type === 'function' && error instanceof (type as new () => unknown),
    );
    return { error: classes.map(([name]) => name) };
  }
}

/** In a form in which nothing is left that may differ. */
function comparable(one: Told): Told {
  if (one.error !== undefined) return { error: one.error.toSorted() };
  if (one.seen === null || one.seen === undefined) return one;
  const { headers, url, body } = one.seen;
  const shown: Record<string, string | undefined> = { ...headers };
  if (headers['cookie'] !== undefined) shown['cookie'] = headers['cookie'].split('; ').sort().join('; ');
  const isJson = headers['content-type'] === 'application/json';
  // Python puts blanks into JSON.
  if (isJson) delete shown['content-length'];
  // aiohttp names a type for a body that is not there.
  if (body === '') delete shown['content-type'];
  // yarl leaves some characters of a query bare that URLSearchParams encodes.
  const bare = decodeURIComponent(url.replaceAll('+', '%20'));
  const seen = {
    ...one.seen,
    url: bare,
    body: isJson ? JSON.stringify(JSON.parse(body)) : body,
    headers: shown as Record<string, string>,
  };
  return { ...one, seen };
}

test("steps of aiohttp's client and of this one", { skip: skipWithout('python3-aiohttp') }, async () => {
  const peer = new Peer(handler);
  const base = await peer.listen();
  try {
    const { stdout } = await promisify(execFile)(DEBIAN_PYTHON, [PROGRAM, base, DEAD]);
    const theirs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Told);
    const ours: Told[] = [];
    const names: string[] = [];
    await asyncio.run(function* () {
      const jar = new web.CookieJar({ unsafe: true });
      yield* asyncio.asyncWith(
        new web.ClientSession({ cookieJar: jar, headers: { 'X-One': '1', 'X-Two': '2' } }),
        function* (session) {
          for (const step of steps(session, base)) ours.push(yield* told(step));
          names.push('done');
        },
      );
    });
    assert.equal(ours.length, theirs.length);
    for (const [index, one] of ours.entries()) {
      const their = comparable(theirs[index] as Told);
      const mine = comparable(one);
      // Classes that aiohttp got after 3.8 are named by more than those of 3.8.
      if (their.error !== undefined) {
        assert.ok(
          their.error.every((name) => mine.error?.includes(name)),
          `${index}: ${their.error} and ${mine.error}`,
        );
      } else assert.deepEqual(mine, their, `step ${index}`);
    }
  } finally {
    await peer.close();
  }
});
