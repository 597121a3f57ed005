/** TLS, proxies and Unix sockets. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import * as web from '../../src/http/index.ts';
import { proxyFromEnvironment } from '../../src/http/proxies.ts';
import * as asyncio from '../../src/index.ts';
import { HOST, onSockets } from '../net/kit.ts';
import { type Echoed, echo, failure, Peer, says, withHttp } from './kit.ts';

const { scenario, co } = await withHttp(import.meta.url);
const { scenario: bare } = await onSockets(import.meta.url);

const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
  keySize: 2048,
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
});
const tls = { cert: pems.cert, key: pems.private };
const fingerprint = new X509Certificate(pems.cert).fingerprint256;

scenario(
  'certificates are verified unless it is said otherwise',
  echo,
  function* ({ session, base, peer }) {
    const named = base.replace(HOST, 'localhost');
    const refused = yield* failure(session.get(named));
    assert.ok(refused instanceof web.ClientConnectorCertificateError, String(refused));
    assert.ok(refused instanceof web.ClientSSLError && refused instanceof web.ClientConnectorError);
    assert.match(refused.message, /^Cannot connect to host localhost:\d+ ssl:default \[.*self.signed/);
    const trusting: web.RequestOptions[] = [
      { ssl: false },
      { ssl: { ca: pems.cert } },
      { ssl: new web.Fingerprint(fingerprint) },
      { ssl: new web.Fingerprint(Buffer.from(fingerprint.replaceAll(':', ''), 'hex')) },
    ];
    for (const options of trusting) {
      const response = yield* session.get(named, options);
      assert.equal((yield* response.json<Echoed>()).method, 'GET');
    }
    const again = yield* failure(session.get(named));
    assert.ok(
      again instanceof web.ClientConnectorCertificateError,
      'no unverified connection is used for it',
    );
    const wrongName = yield* failure(session.get(base, { ssl: { ca: pems.cert } }));
    assert.ok(wrongName instanceof web.ClientConnectorCertificateError, String(wrongName));
    const otherName = yield* session.get(base, { ssl: { ca: pems.cert }, serverHostname: 'localhost' });
    yield* otherName.read();
    const mismatch = yield* failure(session.get(named, { ssl: new web.Fingerprint('00'.repeat(32)) }));
    assert.ok(mismatch instanceof web.ServerFingerprintMismatch, String(mismatch));
    assert.equal(mismatch.got, fingerprint.replaceAll(':', '').toLowerCase());
    assert.ok(peer.requests === 5);
    assert.throws(() => new web.Fingerprint('00'), { name: 'ValueError' });
    assert.match(
      (yield* failure(session.get(named, { ssl: 'no' as never }))).message,
      /ssl must be true, false/,
    );
  },
  { tls },
);

scenario(
  'a connector says for all how servers are verified',
  echo,
  function* ({ session, base, peer }) {
    for (let i = 0; i < 5; i++) yield* (yield* session.post(base, { data: 'x' })).read();
    assert.equal(peer.connections, 1);
  },
  { tls, session: () => ({ connector: new web.TCPConnector({ ssl: false }) }) },
);

scenario('a server without TLS is no server with TLS', says('plain'), function* ({ session, base }) {
  const error = yield* failure(session.get(base.replace('http:', 'https:')));
  assert.ok(error instanceof web.ClientConnectorSSLError, String(error));
  assert.equal(session.connector.statistics().acquired, 0);
});

/** A proxy of both kinds; it wants to be asked for with the credentials `me:secret`. */
class ProxyPeer {
  readonly seen: string[] = [];
  readonly server: http.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor() {
    const wanted = `Basic ${btoa('me:secret')}`;
    this.server = http.createServer((request, response) => {
      this.seen.push(`${request.method} ${request.url} ${request.headers['x-proxy'] ?? ''}`);
      if (request.headers['proxy-authorization'] !== wanted) {
        response.writeHead(407).end('who are you');
        return;
      }
      const { host, pathname, search } = new URL(request.url ?? '');
      const [hostname, port] = host.split(':');
      const { 'proxy-authorization': _secret, ...headers } = request.headers;
      const onward = http.request({
        hostname,
        port,
        path: pathname + search,
        method: request.method,
        headers,
        agent: false,
      });
      onward.on('response', (answer) =>
        answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers)),
      );
      request.pipe(onward);
    });
    this.server.on('connect', (request, socket: net.Socket) => {
      this.seen.push(`CONNECT ${request.url}`);
      socket.on('error', () => {});
      if (request.headers['proxy-authorization'] !== wanted) {
        socket.end('HTTP/1.1 407 Who Are You\r\nX-Why: none\r\n\r\n');
        return;
      }
      const [host, port] = (request.url ?? '').split(':');
      const onward = net.connect(Number(port), host);
      this.#sockets.add(onward);
      onward.on('error', () => {}).on('close', () => socket.destroy());
      socket.on('close', () => onward.destroy());
      socket.write('HTTP/1.1 200 Connection established\r\nX-Any: thing\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    this.server.on('connection', (socket: net.Socket) => this.#sockets.add(socket));
  }

  async listen(): Promise<string> {
    this.server.listen(0, HOST);
    await once(this.server, 'listening');
    return `http://${HOST}:${(this.server.address() as net.AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

scenario('a proxy is asked for what is plain', echo, function* ({ session, base }) {
  const proxyPeer = new ProxyPeer();
  const proxy = yield* asyncio.wrapFuture(proxyPeer.listen());
  const proxyAuth = new web.BasicAuth('me', 'secret');
  const response = yield* session.get(`${base}a?b=1`, {
    proxy,
    proxyAuth,
    proxyHeaders: { 'X-Proxy': 'yes' },
  });
  assert.equal((yield* response.json<Echoed>()).url, '/a?b=1');
  assert.deepEqual(proxyPeer.seen, [`GET ${base}a?b=1 yes`]);
  const inUrl = yield* session.get(base, { proxy: proxy.replace('//', '//me:secret@') });
  assert.equal(inUrl.status, 200);
  yield* inUrl.read();
  const refused = yield* session.get(base, { proxy });
  assert.equal(refused.status, 407);
  yield* refused.read();
  const nobody = yield* failure(session.get(base, { proxy: 'http://127.0.0.1:9' }));
  assert.ok(nobody instanceof web.ClientProxyConnectionError, String(nobody));
  assert.match(
    (yield* failure(session.get(base, { proxy: 'socks5://x' }))).message,
    /only http and https proxies/,
  );
  yield* session.close();
  yield* asyncio.wrapFuture(proxyPeer.close());
});

scenario(
  'a proxy makes a tunnel for TLS',
  echo,
  function* ({ session, base }) {
    const proxyPeer = new ProxyPeer();
    const proxy = yield* asyncio.wrapFuture(proxyPeer.listen());
    const options = { proxy, proxyAuth: new web.BasicAuth('me', 'secret'), ssl: { ca: pems.cert } };
    const named = base.replace(HOST, 'localhost');
    for (let i = 0; i < 3; i++) {
      const response = yield* session.get(named, options);
      assert.equal((yield* response.json<Echoed>()).method, 'GET');
    }
    assert.deepEqual(proxyPeer.seen, [`CONNECT ${new URL(named).host}`]);
    const refused = yield* failure(session.get(named, { proxy, ssl: false }));
    assert.ok(refused instanceof web.ClientHttpProxyError, String(refused));
    assert.deepEqual(
      [refused.status, refused.reason, refused.headers?.get('x-why')],
      [407, 'Who Are You', 'none'],
    );
    const late = yield* failure(asyncio.waitFor(session.get('https://localhost:9/', options), 5));
    assert.ok(late instanceof web.ClientConnectorError, String(late));
    yield* session.close();
    yield* asyncio.wrapFuture(proxyPeer.close());
  },
  { tls },
);

bare('the environment may name the proxy', function* () {
  const proxyFor = (url: string, env: Record<string, string>) =>
    proxyFromEnvironment(new URL(url), env)?.url.href ?? null;
  const env = { http_proxy: 'http://p:1', HTTPS_PROXY: 's:2', no_proxy: 'localhost, .internal,10.0.0.1:80' };
  assert.equal(proxyFor('http://a/', env), 'http://p:1/');
  assert.equal(proxyFor('ws://a/', env), 'http://p:1/');
  assert.equal(proxyFor('https://a/', env), 'http://s:2/');
  for (const url of ['http://localhost/', 'http://LOCALHOST:80/', 'http://x.internal/', 'http://internal/']) {
    assert.equal(proxyFor(url, env), null, url);
  }
  assert.equal(proxyFor('http://notinternal/', env), 'http://p:1/');
  assert.equal(proxyFor('http://a/', { http_proxy: 'http://p:1', no_proxy: '*' }), null);
  assert.equal(proxyFor('http://a/', {}), null);
  assert.equal(
    proxyFromEnvironment(new URL('http://a/'), { http_proxy: 'http://u:p@p:1' })?.auth?.login,
    'u',
  );
});

bare('a Unix socket may stand for every host', function* () {
  const folder = yield* asyncio.wrapFuture(mkdtemp(join(tmpdir(), 'http-')));
  const path = join(folder, 'http.sock');
  const peer = new Peer(echo);
  peer.server.listen(path);
  yield* asyncio.wrapFuture(once(peer.server, 'listening'));
  yield* asyncio.asyncWith(
    new web.ClientSession({ connector: new web.UnixConnector(path) }),
    co(function* (session: web.ClientSession) {
      const response = yield* session.get('http://any.host/x');
      const seen = yield* response.json<Echoed>();
      assert.deepEqual([seen.url, seen.headers['host']], ['/x', 'any.host']);
      yield* asyncio.wrapFuture(peer.close());
      yield* asyncio.wrapFuture(rm(folder, { recursive: true }));
      const gone = yield* failure(session.get('http://other.host/'));
      assert.ok(gone instanceof web.UnixClientConnectorError, String(gone));
      assert.equal(gone.path, path);
      assert.match(
        gone.message,
        /^Cannot connect to unix socket .*http\.sock ssl:default \[No such file or directory\]$/,
      );
    }),
  );
});
