/**
 * Making the socket of a connection: TCP or a Unix socket, a tunnel through a proxy where one is wanted, TLS where the URL asks for it.
 *
 * A step that is cancelled, or whose time is up, destroys its socket at once; nothing that it opened is left behind.
 * Source: aiohttp docs, "Client Reference", "Connectors"; RFC 9110, "CONNECT".
 */
import net from 'node:net';
import tls from 'node:tls';
import { captureScope } from '../core/async-scope.ts';
import type { Coroutine } from '../core/awaitable.ts';
import { ConnectionResetError, OSError } from '../core/errors.ts';
import { gaierror, toOSError } from '../net/os-error.ts';
import type { BasicAuth } from './basic-auth.ts';
import {
  ClientConnectorCertificateError,
  ClientConnectorDNSError,
  ClientConnectorError,
  ClientConnectorSSLError,
  ClientHttpProxyError,
  ClientProxyConnectionError,
  type ConnectionPlace,
  type RequestInfo,
  ServerFingerprintMismatch,
  UnixClientConnectorError,
} from './errors.ts';
import { CIMultiDict } from './multi-dict.ts';
import type { RequestClock } from './timeouts.ts';
import { Fingerprint, type SslOption, tlsOptionsOf } from './tls-options.ts';
import { Target } from './url.ts';

/** The proxy that a request goes through. */
export interface ProxyServer {
  readonly url: URL;
  readonly auth: BasicAuth | null;
  readonly headers: CIMultiDict | null;
}

/** Where a connection leads to, and how. */
export interface Route {
  /** Connections of one key can be exchanged. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly ssl: SslOption;
  /** The name that the certificate must be for; by default that of the host. */
  readonly serverHostname: string | null;
  readonly proxy: ProxyServer | null;
}

/** How a connector makes sockets. */
export interface OpenOptions {
  /** 4, 6, or 0 for either. */
  readonly family: 0 | 4 | 6;
  /** The address to connect from. */
  readonly localAddress: string | null;
  /** A Unix socket that stands for every host. */
  readonly path: string | null;
}

type Give<T> = (value: T) => void;
type Fail = (error: unknown) => void;

/** Wait for what `start` begins on `socket`; whatever goes wrong destroys the socket. */
function* step<S extends net.Socket, T>(
  clock: RequestClock,
  socket: S,
  start: (socket: S, give: Give<T>, fail: Fail) => void,
): Coroutine<T> {
  const future = clock.loop.createFuture<T>();
  const fail: Fail = (error) => {
    if (!future.done()) future._fail(error);
  };
  const onClose = (): void => fail(new ConnectionResetError('the connection was closed'));
  socket.on('error', fail);
  socket.on('close', onClose);
  clock.victim = fail;
  start(
    socket,
    (value) => {
      if (!future.done()) future.setResult(value);
    },
    fail,
  );
  try {
    // Its listener for errors stays: what fails later is told to whoever has the socket then, and must not end the process before.
    return yield* future;
  } catch (error) {
    future._markRetrieved();
    socket.destroy();
    throw error;
  } finally {
    clock.victim = null;
    socket.off('close', onClose);
  }
}

/** Make the socket of a connection along `route`. */
export function* openSocket(
  route: Route,
  options: OpenOptions,
  clock: RequestClock,
  info: () => RequestInfo,
): Coroutine<net.Socket> {
  const { proxy, secure } = route;
  if (proxy === null) {
    const socket = yield* connect(route, options, clock);
    return secure ? yield* secureSocket(socket, route, route, clock) : socket;
  }
  const place = placeOf(proxy.url, route.ssl);
  let socket = yield* connect({ ...place, proxy }, options, clock);
  if (proxy.url.protocol === 'https:') {
    socket = yield* secureSocket(socket, { ...place, serverHostname: null }, place, clock);
  }
  if (!secure) return socket;
  yield* tunnel(socket, route, proxy, clock, info);
  return yield* secureSocket(socket, route, route, clock);
}

function placeOf(url: URL, ssl: SslOption): { host: string; port: number; ssl: SslOption } {
  const { host, port } = new Target(url);
  return { host, port, ssl };
}

function* connect(
  place: ConnectionPlace & { readonly proxy: ProxyServer | null },
  options: OpenOptions,
  clock: RequestClock,
): Coroutine<net.Socket> {
  const { family, localAddress, path } = options;
  // What happens on the socket belongs to no task, whoever asks for it.
  const socket = captureScope().runInAsyncScope(() =>
    path === null
      ? net.connect({
          host: place.host,
          port: place.port,
          family,
          autoSelectFamily: family === 0,
          noDelay: true,
          ...(localAddress === null ? {} : { localAddress }),
        })
      : net.connect({ path }),
  );
  try {
    yield* step<net.Socket, void>(clock, socket, (made, give) => made.once('connect', () => give()));
    return socket;
  } catch (error) {
    throw connectError(error, place, path);
  }
}

function connectError(
  error: unknown,
  place: ConnectionPlace & { readonly proxy: ProxyServer | null },
  path: string | null,
): unknown {
  const first = error instanceof AggregateError ? error.errors.at(-1) : error;
  const known = toOSError(first);
  // A time limit that ran out and a cancellation pass as they are.
  if (!(known instanceof OSError) || first === known) return error;
  if (path !== null) return new UnixClientConnectorError(path, place, known);
  if (place.proxy !== null) return new ClientProxyConnectionError(place, known);
  return new (known instanceof gaierror ? ClientConnectorDNSError : ClientConnectorError)(place, known);
}

/** TLS over a socket that is connected. */
function* secureSocket(
  socket: net.Socket,
  { host, ssl, serverHostname }: { host: string; ssl: SslOption; serverHostname: string | null },
  place: ConnectionPlace,
  clock: RequestClock,
): Coroutine<net.Socket> {
  const name = serverHostname ?? host;
  const secured = captureScope().runInAsyncScope(() =>
    tls.connect({
      socket,
      host: name,
      ...(net.isIP(name) === 0 ? { servername: name } : {}),
      ALPNProtocols: ['http/1.1'],
      ...tlsOptionsOf(ssl),
    }),
  );
  try {
    yield* step<tls.TLSSocket, void>(clock, secured, (made, give) =>
      made.once('secureConnect', () => give()),
    );
  } catch (error) {
    socket.destroy();
    throw tlsError(error, place);
  }
  if (ssl instanceof Fingerprint) {
    const certificate = secured.getPeerX509Certificate();
    const got = certificate === undefined ? 'none' : Fingerprint._of(certificate);
    if (got !== ssl.sha256) {
      secured.destroy();
      throw new ServerFingerprintMismatch(ssl.sha256, got, place);
    }
  }
  return secured;
}

/** What OpenSSL says of certificates that are not to be trusted, as Node names it. */
const CERTIFICATE =
  /^(?:ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|HOSTNAME_MISMATCH|ERROR_IN_CERT|CRL_)/;

function tlsError(error: unknown, place: ConnectionPlace): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') {
    if (CERTIFICATE.test(code)) return new ClientConnectorCertificateError(place, error);
    if (code.startsWith('ERR_SSL') || code === 'EPROTO') return new ClientConnectorSSLError(place, error);
    const known = toOSError(error);
    if (known instanceof OSError && known !== error) return new ClientConnectorError(place, known);
    // Node's own words for a connection that ended in the handshake.
    if (code === 'ECONNRESET') return new ClientConnectorSSLError(place, error);
  }
  return error instanceof ConnectionResetError ? new ClientConnectorSSLError(place, error) : error;
}

/** The longest answer of a proxy. */
const LONGEST_ANSWER = 64 * 1024;

/** Ask a proxy for a tunnel. */
function* tunnel(
  socket: net.Socket,
  route: Route,
  proxy: ProxyServer,
  clock: RequestClock,
  info: () => RequestInfo,
): Coroutine<void> {
  const authority = `${route.host.includes(':') ? `[${route.host}]` : route.host}:${route.port}`;
  const headers = new CIMultiDict({ Host: authority });
  if (proxy.headers !== null) headers.update(proxy.headers);
  if (proxy.auth !== null) headers.set('Proxy-Authorization', proxy.auth.encode());
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  let received = Buffer.alloc(0);
  const head = yield* step<net.Socket, string>(clock, socket, (made, give, fail) => {
    const onReadable = (): void => {
      for (let chunk: Buffer | null = made.read(); chunk !== null; chunk = made.read()) {
        received = Buffer.concat([received, chunk]);
      }
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) {
        if (received.length > LONGEST_ANSWER) fail(new OSError('the answer of the proxy does not end'));
        return;
      }
      made.off('readable', onReadable);
      const rest = received.subarray(end + 4);
      if (rest.length > 0) made.unshift(rest);
      give(received.toString('latin1', 0, end));
    };
    made.on('readable', onReadable);
    made.write(`CONNECT ${authority} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  });
  const [statusLine = '', ...rest] = head.split('\r\n');
  const [, status, reason] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
  if (status === '200') return;
  socket.destroy();
  const answered = new CIMultiDict();
  for (const line of rest) {
    const at = line.indexOf(':');
    if (at > 0) answered.add(line.slice(0, at), line.slice(at + 1).trim());
  }
  throw new ClientHttpProxyError(info(), [], {
    status: status === undefined ? 0 : Number(status),
    reason: reason ?? `the proxy answered ${JSON.stringify(statusLine)}`,
    headers: answered,
  });
}
