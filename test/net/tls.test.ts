/** Connections with TLS: how they are made, used and ended, what is known of them, and what goes wrong and how it is told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import {
  clientContext,
  clientPair,
  expiredPair,
  loner,
  otherPair,
  serverContext,
  strictContext,
} from './certificates.ts';
import {
  BarePeer,
  bareClient,
  bytes,
  Echo,
  HOST,
  hostTurns,
  type NetScene,
  onSockets,
  portOf,
  Recorder,
  socketsOpen,
  text,
  until,
} from './kit.ts';

const kit = await onSockets(import.meta.url);
const { co } = kit;
const { ssl } = asyncio;

/** A scenario that ends with as many sockets open as it began with. */
function scenario(name: string, body: (scene: NetScene) => asyncio.Coroutine<unknown>): void {
  const run = co(function* (scene: NetScene) {
    const before = socketsOpen();
    yield* body(scene);
    yield* until(() => socketsOpen() <= before);
  });
  kit.scenario(name, run);
}

const end = co(function* (server: asyncio.Server<asyncio.Address>) {
  server.close();
  yield* server.waitClosed();
});

/** Wait until the other side has closed the connection, in whichever way. */
const gone = co(function* (socket: net.Socket) {
  if (!socket.readableEnded && !socket.closed) {
    yield* asyncio.wrapFuture(Promise.race([once(socket, 'end'), once(socket, 'close')]));
  }
  socket.destroy();
});

/** An echo server with TLS, and who serves the connections that came. */
const serve = co(function* (loop: asyncio.EventLoop, context = serverContext(), options: object = {}) {
  const served: Echo[] = [];
  const make = () => {
    const echo = new Echo(loop);
    served.push(echo);
    return echo;
  };
  const server = yield* loop.createServer(make, HOST, 0, { ssl: context, ...options });
  return { server, served, port: portOf(server) };
});

/** Shout lines back, until the end. */
const shout = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  yield* asyncio.asyncFor(reader, function* (line: Uint8Array) {
    writer.write(bytes(text(line).toUpperCase()));
    yield* writer.drain();
  });
  writer.close();
  yield* writer.waitClosed();
});

scenario('a connection is made, used and closed by protocols', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const context = clientContext();
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), 'localhost', port, {
    ssl: context,
    family: 4,
  });
  assert.ok(transport instanceof asyncio.TlsTransport);
  assert.ok(transport.getExtraInfo('sslcontext') === context);
  const certificate = transport.getExtraInfo('peercert');
  assert.deepEqual(certificate?.subject, [[['commonName', 'localhost']]]);
  assert.deepEqual(certificate?.issuer, [[['commonName', 'Test Authority']]]);
  assert.equal(certificate?.version, 3);
  assert.match(String(certificate?.notAfter), /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/);
  assert.deepEqual(certificate?.subjectAltName?.slice(0, 2), [
    ['DNS', 'localhost'],
    ['IP Address', '127.0.0.1'],
  ]);
  assert.deepEqual(transport.getExtraInfo('cipher'), ['TLS_AES_256_GCM_SHA384', 'TLSv1.3', 256]);
  assert.equal(transport.getExtraInfo('compression', 'none'), null);
  const object = transport.getExtraInfo('ssl_object');
  assert.equal(object?.version(), 'TLSv1.3');
  assert.equal(object?.serverHostname, 'localhost');
  assert.ok(object?.getpeercert(true) instanceof Uint8Array);
  assert.deepEqual(transport.getExtraInfo('peername'), [HOST, port]);
  assert.ok((transport.getExtraInfo('socket')?.fileno() ?? -1) >= 0);
  assert.deepEqual(transport.getWriteBufferLimits(), [128 * 1024, 512 * 1024]);
  assert.equal(transport.canWriteEof(), false);
  assert.throws(() => transport.writeEof(), { name: 'NotImplementedError' });
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  assert.equal(at.transport.getExtraInfo('peercert'), null);
  assert.equal(at.transport.getExtraInfo('ssl_object')?.serverSide, true);
  const echoed = loop.createFuture<void>();
  protocol.dataReceived = (data) => echoed.setResult(assert.equal(text(data), 'hello'));
  transport.write(bytes('hello'));
  yield* echoed;
  transport.close();
  assert.equal(transport.isClosing(), true);
  assert.equal(yield* protocol.lost, null);
  assert.equal(yield* at.lost, null);
  // Whoever parts first is told of the end of the other by the loss alone.
  assert.deepEqual(protocol.events, ['made', 'lost null']);
  assert.deepEqual(at.events, ['made', 'eof', 'lost null']);
  assert.deepEqual(certificate, transport.getExtraInfo('peercert'));
  yield* end(server);
});

scenario('streams go there and back, and end both ways at once', function* () {
  const server = yield* asyncio.startServer(shout, HOST, 0, { ssl: serverContext(), limit: 1000 });
  const options = { ssl: clientContext(), serverHostname: 'localhost' };
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server), options);
  writer.write(bytes('one\ntwo\n'));
  assert.equal(text(yield* reader.readline()), 'ONE\n');
  writer.writelines([bytes('thr'), bytes('ee\n')]);
  assert.equal(text(yield* reader.readexactly(10)), 'TWO\nTHREE\n');
  assert.equal(writer.canWriteEof(), false);
  writer.close();
  yield* writer.waitClosed();
  yield* end(server);
});

scenario('a Unix socket can be secured as well', function* () {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
  const path = join(folder, 'it.sock');
  const server = yield* asyncio.startUnixServer(shout, path, { ssl: serverContext() });
  const options = { ssl: clientContext(), serverHostname: 'localhost' };
  const [reader, writer] = yield* asyncio.openUnixConnection(path, options);
  assert.equal(writer.getExtraInfo('peername'), path);
  writer.write(bytes('x\n'));
  assert.equal(text(yield* reader.readline()), 'X\n');
  writer.close();
  yield* writer.waitClosed();
  yield* end(server);
  rmSync(folder, { recursive: true });
});

scenario('a protocol with a buffer of its own is filled', function* ({ loop }) {
  class Filled extends asyncio.BufferedProtocol {
    readonly buffer = new Uint8Array(1000);
    readonly done = loop.createFuture<void>();
    got = '';
    getBuffer(): Uint8Array {
      return this.buffer;
    }
    bufferUpdated(count: number): void {
      this.got += text(this.buffer.subarray(0, count));
      if (this.got.length === 5000) this.done.setResult(undefined);
    }
  }
  const { server, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Filled(), HOST, port, {
    ssl: clientContext(),
  });
  const sent = Array.from({ length: 500 }, (_, i) => String(i).padStart(10, '.')).join('');
  transport.write(bytes(sent));
  yield* protocol.done;
  assert.equal(protocol.got, sent);
  transport.abort();
  yield* end(server);
});

scenario('much goes both ways, no faster than it is read', function* ({ loop }) {
  const total = 24 * 1024 * 1024;
  const { server, served, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  let got = 0;
  let sum = 0;
  const done = loop.createFuture<void>();
  protocol.dataReceived = (data) => {
    for (let i = 0; i < data.length; i += 1009) sum = (sum + (data[i] as number)) & 0xffff;
    got += data.length;
    if (got === total) done.setResult(undefined);
  };
  // The echo stops reading while it may not write: what waits is in this side's buffer, and in the kernel's.
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  at.pauseWriting = () => at.transport.pauseReading();
  at.resumeWriting = () => at.transport.resumeReading();
  let resumed = loop.createFuture<void>();
  let pauses = 0;
  protocol.pauseWriting = () => {
    pauses++;
    resumed = loop.createFuture();
  };
  protocol.resumeWriting = () => resumed.setResult(undefined);
  const chunk = Buffer.alloc(192 * 1024, 7);
  transport.pauseReading();
  let most = 0;
  let read = false;
  for (let sent = 0; sent < total; sent += chunk.length) {
    transport.write(chunk);
    most = Math.max(most, transport.getWriteBufferSize());
    if (sent > total / 2 && !read) {
      read = true;
      transport.resumeReading();
    }
    if (pauses > 0 && !resumed.done()) {
      if (!read) {
        assert.equal(got, 0);
        transport.resumeReading();
        read = true;
      }
      yield* resumed;
    }
  }
  yield* done;
  assert.equal(got, total);
  assert.ok(pauses > 3, `${pauses} pauses`);
  assert.ok(most <= 512 * 1024 + chunk.length, `${most} bytes waited`);
  transport.close();
  assert.equal(yield* protocol.lost, null);
  yield* end(server);
});

scenario('what was sent before the end is read, also by who was not reading', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  transport.pauseReading();
  at.transport.write(bytes('last words'));
  at.transport.close();
  yield* hostTurns();
  assert.deepEqual(protocol.events, ['made']);
  transport.resumeReading();
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'data last words', 'eof', 'lost null']);
  yield* end(server);
});

scenario('what comes after the own farewell breaks the connection, as in Python', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  transport.close();
  at.transport.write(bytes('too late'));
  const lost = yield* protocol.lost;
  assert.ok(lost instanceof ssl.SSLError);
  assert.equal(
    lost.message,
    '[SSL: APPLICATION_DATA_AFTER_CLOSE_NOTIFY] application data after close notify',
  );
  assert.equal(lost.reason, 'APPLICATION_DATA_AFTER_CLOSE_NOTIFY');
  yield* at.lost;
  yield* end(server);
});

scenario('a farewell that is not answered ends in time', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const options = { ssl: clientContext(), sslShutdownTimeout: 0.05 };
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, options);
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  at.transport.pauseReading();
  transport.close();
  const lost = yield* protocol.lost;
  assert.equal(lost?.name, 'TimeoutError');
  assert.equal(lost?.message, 'SSL shutdown timed out');
  at.transport.abort();
  yield* at.lost;
  yield* end(server);
});

scenario('abort says nothing, and does not wait', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  transport.write(Buffer.alloc(4 * 1024 * 1024));
  transport.abort();
  assert.equal(yield* protocol.lost, null);
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.lost;
  yield* end(server);
});

scenario('to want to go on after the end has no effect, and is told', function* ({ loop, warnings }) {
  const { server, served, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  protocol.eofReceived = () => true;
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  at.transport.close();
  assert.equal(yield* protocol.lost, null);
  assert.equal(transport.isClosing(), true);
  yield* until(() => true);
  assert.deepEqual(warnings().map(String), [
    'RuntimeWarning: returning true from eofReceived() has no effect when using ssl',
  ]);
  yield* end(server);
});

scenario('an end without a farewell is an end', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  // A relay in the middle cuts the connection off.
  const peer = new BarePeer();
  const middle = yield* asyncio.wrapFuture(peer.listen());
  const accepted = peer.accepted();
  const connecting = loop.createTask(
    loop.createConnection(() => new Recorder(loop), HOST, middle, { ssl: clientContext() }),
  );
  const near = yield* accepted;
  const far = yield* asyncio.wrapFuture(bareClient(port));
  near.pipe(far, { end: false });
  far.pipe(near, { end: false });
  const [, protocol] = yield* connecting;
  const [at] = served;
  assert.ok(at !== undefined);
  yield* at.made;
  near.end();
  far.end();
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'eof', 'lost null']);
  assert.equal(yield* at.lost, null);
  near.destroy();
  far.destroy();
  peer.close();
  yield* end(server);
});

/** What a connection to `port` fails with. */
const failure = co(function* (loop: asyncio.EventLoop, port: number, options: object) {
  const protocol = new Recorder(loop);
  const error = yield* thrownBy(loop.createConnection(() => protocol, HOST, port, options));
  assert.deepEqual(protocol.events, [], 'the protocol was told of a connection');
  return error as Error & { readonly verifyCode?: number; readonly verifyMessage?: string };
});

scenario('a certificate that is not good is refused, and why', function* ({ loop }) {
  const refused = co(function* (
    pair: Parameters<typeof serverContext>[0],
    code: number,
    words: string,
    options: object = {},
  ) {
    const { server, port } = yield* serve(loop, serverContext(pair));
    const error = yield* failure(loop, port, { ssl: clientContext(), ...options });
    assert.ok(
      error instanceof ssl.SSLCertVerificationError && error instanceof asyncio.OSError,
      String(error),
    );
    assert.equal(error.message, `[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ${words}`);
    assert.deepEqual(
      [error.verifyCode, error.verifyMessage, error.reason],
      [code, words, 'CERTIFICATE_VERIFY_FAILED'],
    );
    yield* end(server);
  });
  yield* refused(expiredPair, 10, 'certificate has expired');
  yield* refused(loner, 18, 'self-signed certificate');
  yield* refused(otherPair, 64, "IP address mismatch, certificate is not valid for '127.0.0.1'.");
  const named = { serverHostname: 'name.test' };
  yield* refused(otherPair, 62, "Hostname mismatch, certificate is not valid for 'name.test'.", named);
  yield* refused(expiredPair, 62, "Hostname mismatch, certificate is not valid for 'name.test'.", named);
  const stranger = { ssl: true, serverHostname: 'localhost' };
  yield* refused(undefined, 20, 'unable to get local issuer certificate', stranger);
});

scenario('what is not asked for is not checked', function* ({ loop }) {
  const accepted = co(function* (pair: Parameters<typeof serverContext>[0], options: object) {
    const { server, port } = yield* serve(loop, serverContext(pair));
    const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, options);
    const certificate = transport.getExtraInfo('peercert');
    transport.close();
    assert.equal(yield* protocol.lost, null);
    yield* end(server);
    return certificate;
  });
  const careless = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  careless.checkHostname = false;
  careless.verifyMode = ssl.CERT_NONE;
  assert.deepEqual(yield* accepted(expiredPair, { ssl: careless }), {});
  // An empty name is none to check, as in Python.
  const certificate = yield* accepted(otherPair, { ssl: clientContext(), serverHostname: '' });
  assert.ok(certificate !== null && 'subject' in certificate);
  assert.ok(
    'subject' in
      ((yield* accepted(otherPair, { ssl: clientContext(), serverHostname: 'a.wild.test' })) ?? {}),
  );
  const pinned = ssl.createDefaultContext({ cadata: loner.cert });
  assert.ok('subject' in ((yield* accepted(loner, { ssl: pinned })) ?? {}));
});

scenario('servers may want certificates too', function* ({ loop }) {
  const strict = yield* serve(loop, strictContext());
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, strict.port, {
    ssl: clientContext(clientPair),
  });
  const [at] = strict.served;
  assert.ok(at !== undefined);
  yield* at.made;
  assert.deepEqual(at.transport.getExtraInfo('peercert')?.subject, [[['commonName', 'client']]]);
  transport.close();
  yield* protocol.lost;
  // With TLS 1.3 a client learns that it should have shown one when it reads.
  const [, without] = yield* loop.createConnection(() => new Recorder(loop), HOST, strict.port, {
    ssl: clientContext(),
  });
  const lost = yield* without.lost;
  assert.ok(lost instanceof ssl.SSLError);
  assert.equal(lost.reason, 'TLSV13_ALERT_CERTIFICATE_REQUIRED');
  const before = clientContext();
  before.maximumVersion = ssl.TLSVersion.TLSv1_2;
  assert.match(
    (yield* failure(loop, strict.port, { ssl: before })).message,
    /^\[SSL: .*HANDSHAKE_FAILURE\] /,
  );
  // One that cannot be verified: the connection is over before the server's protocol knows of it.
  const stranger = clientContext(loner);
  const other = yield* thrownBy(
    asyncio.coroutine(function* () {
      const [, unknown] = yield* loop.createConnection(() => new Recorder(loop), HOST, strict.port, {
        ssl: stranger,
      });
      throw (yield* unknown.lost) ?? new asyncio.ConnectionResetError('ended');
    })(),
  );
  assert.ok(other instanceof asyncio.ConnectionError || other instanceof ssl.SSLError, String(other));
  assert.deepEqual(
    strict.served.map(({ events }) => events[0]),
    ['made', undefined, undefined, undefined],
  );
  yield* end(strict.server);

  const context = strictContext();
  context.verifyMode = ssl.CERT_OPTIONAL;
  const lenient = yield* serve(loop, context);
  const [anonymous, nobody] = yield* loop.createConnection(() => new Recorder(loop), HOST, lenient.port, {
    ssl: clientContext(),
  });
  anonymous.close();
  assert.equal(yield* nobody.lost, null);
  yield* end(lenient.server);
});

scenario('sides that cannot agree part, and say why', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const old = clientContext();
  old.minimumVersion = ssl.TLSVersion.TLSv1_2;
  old.maximumVersion = ssl.TLSVersion.TLSv1_2;
  old.setCiphers('AES256-SHA');
  const ciphers = yield* failure(loop, port, { ssl: old });
  assert.ok(ciphers instanceof ssl.SSLError && !(ciphers instanceof ssl.SSLCertVerificationError));
  assert.match(ciphers.message, /^\[SSL: \w*HANDSHAKE_FAILURE\] .*handshake failure$/);
  yield* end(server);
  const modern = serverContext();
  modern.minimumVersion = ssl.TLSVersion.TLSv1_3;
  const second = yield* serve(loop, modern);
  const version = yield* failure(loop, second.port, { ssl: old });
  assert.match(version.message, /^\[SSL: TLSV1_ALERT_PROTOCOL_VERSION\] tlsv1 alert protocol version$/);
  yield* end(second.server);
  // Protocols are made with the connection, and told of it only when it is secured.
  assert.deepEqual(
    [...served, ...second.served].map(({ events }) => events),
    [[], []],
  );
});

scenario('who does not speak TLS is told, or not understood', function* ({ loop }) {
  const { server, served, port } = yield* serve(loop);
  const plain = yield* asyncio.wrapFuture(bareClient(port));
  plain.write('GET / HTTP/1.0\r\n\r\n');
  plain.resume();
  yield* gone(plain);
  yield* end(server);
  assert.deepEqual(
    served.map(({ events }) => events),
    [[]],
  );

  const peer = new BarePeer();
  const deaf = yield* asyncio.wrapFuture(peer.listen());
  const accepted = peer.accepted();
  const failed = loop.createTask(failure(loop, deaf, { ssl: clientContext() }));
  const mail = yield* accepted;
  mail.end('220 mail.test ESMTP\r\n');
  const error = yield* failed;
  mail.destroy();
  assert.ok(error instanceof ssl.SSLError);
  assert.equal(error.message, '[SSL: WRONG_VERSION_NUMBER] wrong version number');
  assert.deepEqual([error.library, error.reason, error.errno], ['SSL', 'WRONG_VERSION_NUMBER', 1]);
  peer.close();
});

scenario('a peer that goes during the handshake is a reset', function* ({ loop }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const accepted = peer.accepted();
    const failed = loop.createTask(failure(loop, port, { ssl: clientContext() }));
    const socket = yield* accepted;
    if (leave === 'end') socket.resume();
    socket[leave]();
    const error = yield* failed;
    assert.equal(error.name, 'ConnectionResetError', `${leave}: ${error}`);
    socket.destroy();
  }
  peer.close();
  // The same on the other side leaves no trace.
  const { server, served, port: own } = yield* serve(loop);
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const socket = yield* asyncio.wrapFuture(bareClient(own));
    socket[leave]();
    yield* until(() => served.length > 0 && server.isServing());
    yield* hostTurns();
    socket.destroy();
  }
  yield* end(server);
  assert.deepEqual(
    served.map(({ events }) => events),
    [[], [], []],
  );
});

scenario('a handshake has a limit of time, on both sides', function* ({ loop }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const error = yield* failure(loop, port, { ssl: clientContext(), sslHandshakeTimeout: 0.03 });
  assert.ok(error instanceof asyncio.ConnectionAbortedError);
  assert.equal(error.message, 'SSL handshake is taking longer than 0.03 seconds: aborting the connection');
  peer.close();
  const { server, port: own } = yield* serve(loop, serverContext(), { sslHandshakeTimeout: 0.03 });
  const silent = yield* asyncio.wrapFuture(bareClient(own));
  silent.resume();
  yield* gone(silent);
  yield* end(server);
});

scenario('in debug mode a handshake that failed is reported', function* ({ loop, reports }) {
  loop.setDebug(true);
  const { server, port } = yield* serve(loop);
  const plain = yield* asyncio.wrapFuture(bareClient(port));
  plain.resume().end('not TLS at all');
  yield* gone(plain);
  yield* end(server);
  const [report, ...others] = reports();
  assert.equal(others.length, 0);
  assert.equal(report?.message, 'Error on transport creation for incoming connection');
  assert.ok(report?.exception instanceof ssl.SSLError);
});

scenario('a name that is asked for, and protocols that are offered, are agreed on', function* ({ loop }) {
  const asked: string[] = [];
  const context = serverContext();
  context.setAlpnProtocols(['h2', 'http/1.1']);
  const other = serverContext(otherPair);
  context.sniCallback = (object, name, of) => {
    asked.push(name);
    assert.ok(of === context && object.context === context && object.serverSide);
    if (name === 'other.test') object.context = other;
  };
  const { server, served, port } = yield* serve(loop, context);
  const talk = co(function* (serverHostname: string, protocols: string[]) {
    const mine = clientContext();
    mine.setAlpnProtocols(protocols);
    const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
      ssl: mine,
      serverHostname,
    });
    const agreed = transport.getExtraInfo('ssl_object')?.selectedAlpnProtocol();
    transport.close();
    assert.equal(yield* protocol.lost, null);
    return agreed;
  });
  assert.equal(yield* talk('other.test', ['http/1.1', 'h2']), 'h2');
  assert.equal(yield* talk('localhost', ['http/1.1']), 'http/1.1');
  assert.equal(yield* talk(HOST, []), null);
  assert.deepEqual(asked, ['other.test', 'localhost']);
  const [first] = served;
  assert.ok(first !== undefined);
  assert.ok(first.transport.getExtraInfo('sslcontext') === context);
  assert.ok(first.transport.getExtraInfo('ssl_object')?.context === other);
  const mine = clientContext();
  mine.setAlpnProtocols(['gopher']);
  assert.match(
    (yield* failure(loop, port, { ssl: mine, serverHostname: 'localhost' })).message,
    /NO_APPLICATION_PROTOCOL/,
  );
  yield* end(server);
});

scenario('a callback that fails ends that handshake, and is reported', function* ({ loop, reports }) {
  const context = serverContext();
  context.sniCallback = () => {
    throw new RangeError('no');
  };
  const { server, served, port } = yield* serve(loop, context);
  const error = yield* failure(loop, port, { ssl: clientContext(), serverHostname: 'localhost' });
  assert.ok(error instanceof asyncio.OSError, String(error));
  yield* end(server);
  assert.deepEqual(
    reports().map(({ message, exception }) => `${message}: ${exception}`),
    ['Exception in sniCallback: the handshake was ended: RangeError: no'],
  );
  assert.deepEqual(
    served.map(({ events }) => events),
    [[]],
  );
});

scenario(
  'a callback that cannot be waited for ends that handshake, and is told why',
  function* ({ loop, reports }) {
    const callbacks = [
      async () => {
        throw new RangeError('nobody sees it');
      },
      () => Promise.resolve(),
      asyncio.coroutine(function* choose(): asyncio.Coroutine<void> {}),
    ];
    for (const callback of callbacks) {
      const context = serverContext();
      let given: unknown;
      context.sniCallback = () => {
        given = callback();
        return given as never;
      };
      const { server, port } = yield* serve(loop, context);
      const error = yield* failure(loop, port, { ssl: clientContext(), serverHostname: 'localhost' });
      assert.ok(error instanceof asyncio.OSError, String(error));
      yield* end(server);
      const [report, ...others] = reports();
      assert.equal(others.length, 0);
      assert.equal(report?.message, 'Exception in sniCallback: the handshake was ended');
      assert.ok(report?.exception instanceof TypeError);
      assert.match(report.exception.message, /^sniCallback must be a plain function that sets ssl\.context/);
      // It was not begun, and need not be.
      if (given instanceof asyncio.CoroutineObject) given.close();
    }
  },
);

scenario('a server that closes its clients ends handshakes as well', function* ({ loop }) {
  const { server, port } = yield* serve(loop);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    ssl: clientContext(),
  });
  const silent = yield* asyncio.wrapFuture(bareClient(port));
  silent.resume();
  yield* hostTurns();
  server.close();
  const closed = loop.createTask(server.waitClosed());
  yield* hostTurns();
  assert.equal(closed.done(), false);
  server.closeClients();
  yield* closed;
  assert.equal(yield* protocol.lost, null);
  assert.equal(transport.isClosing(), true);
  yield* gone(silent);
});

scenario('what is given up at any step leaves nothing open', function* ({ loop }) {
  const { server, port } = yield* serve(loop);
  let finished = 0;
  for (let hops = 0; hops < 60 && finished < 3; hops++) {
    const protocol = new Recorder(loop);
    const task = loop.createTask(loop.createConnection(() => protocol, HOST, port, { ssl: clientContext() }));
    for (let i = 0; i < hops && !task.done(); i++) yield* asyncio.wrapFuture(new Promise(setImmediate));
    if (task.done()) finished++;
    task.cancel();
    const outcome = yield* asyncio.gather(task, { returnExceptions: true });
    if (!(outcome[0] instanceof asyncio.CancelledError)) {
      protocol.transport.abort();
      yield* protocol.lost;
    }
  }
  assert.equal(finished, 3);
  yield* end(server);
});

scenario('what makes no sense is refused, and says why', function* ({ loop }) {
  const make = () => new Recorder(loop);
  const context = clientContext();
  const refused = co(function* (
    name: string,
    message: RegExp | string,
    awaitable: asyncio.Awaitable<unknown>,
  ) {
    const error = (yield* thrownBy(awaitable)) as Error;
    assert.equal(error.name, name, String(error));
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
  });
  const connect = (host: string | null, options: object) => loop.createConnection(make, host, 1, options);
  const connectUnix = (options: object) => loop.createUnixConnection(make, '/nowhere', options);
  const listen = (options: object) => loop.createServer(make, HOST, 0, options);
  const listenUnix = (options: object) => loop.createUnixServer(make, '/nowhere/x', options);
  for (const at of [(o: object) => connect(HOST, o), connectUnix]) {
    yield* refused('ValueError', 'serverHostname is only meaningful with ssl', at({ serverHostname: 'x' }));
    yield* refused(
      'TypeError',
      /ssl must be an SSLContext, a boolean or null, not/,
      at({ ssl: {}, serverHostname: 'x' }),
    );
    yield* refused(
      'TypeError',
      /serverHostname must be a string or null, not 1/,
      at({ ssl: context, serverHostname: 1 }),
    );
    yield* refused(
      'SSLError',
      'Cannot create a client socket with a PROTOCOL_TLS_SERVER context',
      at({ ssl: serverContext(), serverHostname: 'x' }),
    );
  }
  for (const at of [listen, listenUnix]) {
    yield* refused('TypeError', 'ssl argument must be an SSLContext or null, not true', at({ ssl: true }));
    yield* refused(
      'SSLError',
      'Cannot create a server socket with a PROTOCOL_TLS_CLIENT context',
      at({ ssl: context }),
    );
    yield* refused(
      'TypeError',
      /unexpected option 'serverHostname'/,
      at({ ssl: serverContext(), serverHostname: 'x' }),
    );
  }
  yield* refused(
    'ValueError',
    'You must set serverHostname when using ssl without a host',
    connect(null, { ssl: true }),
  );
  yield* refused('ValueError', 'you have to pass serverHostname when using ssl', connectUnix({ ssl: true }));
  for (const name of ['sslHandshakeTimeout', 'sslShutdownTimeout']) {
    for (const at of [(o: object) => connect(HOST, o), connectUnix, listen, listenUnix]) {
      yield* refused('ValueError', `${name} is only meaningful with ssl`, at({ [name]: 10 }));
    }
    const at = (seconds: unknown) => connect(HOST, { ssl: context, [name]: seconds });
    yield* refused('ValueError', `${name} should be a positive number, got 0`, at(0));
    yield* refused('ValueError', `${name} should be a positive number, got -1`, at(-1));
    yield* refused('ValueError', `${name} should be a positive number, got NaN`, at(Number.NaN));
    yield* refused('TypeError', /must be a number of seconds, not "1"/, at('1'));
    const served = (seconds: unknown) => listen({ ssl: serverContext(), [name]: seconds });
    yield* refused('ValueError', `${name} should be a positive number, got 0`, served(0));
  }
});

test(`a loop that is closed over connections and handshakes lets go of them (${kit.style})`, async () => {
  const before = socketsOpen();
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on('warning', hear);
  const loop = asyncio.newEventLoop();
  const reports: string[] = [];
  loop.setExceptionHandler((_loop, { message }) => reports.push(String(message)));
  const peer = new BarePeer();
  const deaf = await peer.listen();
  const main = co(function* () {
    const { server, port } = yield* serve(loop);
    yield* loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: clientContext() });
    yield* asyncio.wrapFuture(bareClient(port).then((socket) => socket.unref()));
    yield* hostTurns();
    server.close();
    loop.createTask(server.waitClosed());
    loop.createTask(loop.createConnection(() => new Recorder(loop), HOST, deaf, { ssl: clientContext() }));
    const [plain, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, deaf);
    loop.createTask(loop.startTls(plain, protocol, clientContext()));
    yield* hostTurns();
  });
  await loop.runUntilComplete(loop.createTask(() => main()));
  loop.close();
  peer.close();
  for (let i = 0; i < 1000 && (i < 3 || socketsOpen() > before); i++) await new Promise(setImmediate);
  process.removeListener('warning', hear);
  assert.ok(socketsOpen() <= before + 1, 'sockets are left open');
  assert.deepEqual(reports, [
    'Task was destroyed but it is pending!',
    'Task was destroyed but it is pending!',
    'Task was destroyed but it is pending!',
  ]);
  const told = warnings.map(({ message }) => message);
  assert.ok(
    told.length > 0 && told.every((text) => /unclosed transport <TlsTransport/.test(text)),
    told.join('\n'),
  );
});
