/** Connections that begin plain and are secured on the way: both sides, by transports and by streams, and all that may happen meanwhile. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { clientContext, otherPair, serverContext } from './certificates.ts';
import {
  BarePeer,
  bytes,
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

/** A plain connection, both ends of it. */
const connected = co(function* (loop: asyncio.EventLoop) {
  const accepted = new Recorder(loop);
  const server = yield* loop.createServer(() => accepted, HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  yield* accepted.made;
  return { server, transport, protocol, accepted };
});

const SERVER = { serverSide: true };
const CLIENT = { serverHostname: 'localhost' };

/** Both ends secured: the server's first, so that nothing of the handshake comes before it. */
const secured = co(function* (
  loop: asyncio.EventLoop,
  client: Recorder,
  near: asyncio.Transport,
  server: Recorder,
  far: asyncio.Transport,
) {
  const [second, first] = yield* asyncio.gather(
    loop.startTls(far, server, serverContext(), SERVER),
    loop.startTls(near, client, clientContext(), CLIENT),
  );
  return [first, second] as const;
});

scenario('a connection is secured on the way, and its protocols keep it', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  transport.write(bytes('plain'));
  yield* until(() => accepted.events.length === 2);
  const [near, far] = yield* secured(loop, protocol, transport, accepted, accepted.transport);
  assert.ok(near instanceof asyncio.TlsTransport && far instanceof asyncio.TlsTransport);
  assert.ok(near !== transport);
  assert.equal(near.getExtraInfo('ssl_object')?.version(), 'TLSv1.3');
  assert.deepEqual(near.getExtraInfo('peername'), transport.getExtraInfo('peername'));
  assert.equal(transport.isClosing(), true);
  assert.throws(() => transport.write(bytes('x')), {
    name: 'RuntimeError',
    message: /was given to startTls\(\)/,
  });
  assert.equal(near.getProtocol(), protocol);
  near.write(bytes('secret'));
  yield* until(() => accepted.events.length === 3);
  assert.deepEqual(accepted.events, ['made', 'data plain', 'data secret']);
  far.close();
  assert.equal(yield* protocol.lost, null);
  assert.equal(yield* accepted.lost, null);
  assert.deepEqual(protocol.events, ['made', 'eof', 'lost null']);
  yield* end(server);
});

scenario('what waits to be sent is sent before, and plain', function* ({ loop }) {
  const total = 6 * 1024 * 1024;
  const server = yield* asyncio.startServer(
    co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      const plain = yield* reader.readexactly(total);
      assert.ok(plain.every((byte) => byte === 1));
      yield* writer.startTls(serverContext());
      writer.write(yield* reader.readexactly(5));
      writer.close();
      yield* writer.waitClosed();
    }),
    HOST,
    0,
  );
  const protocol = new Recorder(loop);
  const [transport] = yield* loop.createConnection(() => protocol, HOST, portOf(server));
  transport.write(Buffer.alloc(total, 1));
  assert.ok(transport.getWriteBufferSize() > 0);
  const near = yield* loop.startTls(transport, protocol, clientContext(), CLIENT);
  near.write(bytes('after'));
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'pause', 'resume', 'data after', 'eof', 'lost null']);
  yield* end(server);
});

scenario('closing the old transport closes the connection', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  const old = accepted.transport;
  yield* secured(loop, protocol, transport, accepted, old);
  transport.close();
  assert.equal(yield* protocol.lost, null);
  assert.equal(yield* accepted.lost, null);
  old.abort();
  yield* end(server);
});

scenario('a server knows its connections when they are secured', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  yield* secured(loop, protocol, transport, accepted, accepted.transport);
  server.close();
  const waiting = loop.createTask(server.waitClosed());
  yield* hostTurns();
  assert.equal(waiting.done(), false);
  server.closeClients();
  yield* waiting;
  assert.equal(yield* protocol.lost, null);
  assert.equal(yield* accepted.lost, null);
});

scenario('streams are secured, by whichever side speaks first', function* () {
  const server = yield* asyncio.startServer(
    co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      assert.equal(text(yield* reader.readline()), 'STARTTLS\n');
      writer.write(bytes('go\n'));
      yield* writer.startTls(serverContext());
      assert.equal(writer.getExtraInfo('ssl_object')?.serverSide, true);
      const line = yield* reader.readline();
      writer.write(bytes(text(line).toUpperCase()));
      yield* writer.drain();
      // More than the reader's limit: it has to pause the new transport.
      const much = yield* reader.readexactly(3_000_000);
      writer.write(bytes(`${much.length}\n`));
      writer.close();
      yield* writer.waitClosed();
    }),
    HOST,
    0,
  );
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  writer.write(bytes('STARTTLS\n'));
  assert.equal(text(yield* reader.readline()), 'go\n');
  yield* writer.startTls(clientContext(), CLIENT);
  assert.ok(writer.transport instanceof asyncio.TlsTransport);
  assert.equal(writer.canWriteEof(), false);
  writer.write(bytes('secret\n'));
  assert.equal(text(yield* reader.readline()), 'SECRET\n');
  writer.write(Buffer.alloc(3_000_000));
  yield* writer.drain();
  assert.equal(text(yield* reader.readline()), '3000000\n');
  assert.equal(text(yield* reader.read()), '');
  writer.close();
  yield* writer.waitClosed();
  yield* end(server);
});

scenario('a client that begins before it is told to is understood', function* ({ loop }) {
  const server = yield* asyncio.startServer(
    co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      yield* reader.readline();
      // By now the beginning of the handshake has been received with it, or soon after.
      yield* hostTurns();
      yield* writer.startTls(serverContext());
      writer.write(yield* reader.readline());
      writer.close();
      yield* writer.waitClosed();
    }),
    HOST,
    0,
  );
  const protocol = new Recorder(loop);
  const [transport] = yield* loop.createConnection(() => protocol, HOST, portOf(server));
  transport.write(bytes('STARTTLS\n'));
  const tls = yield* loop.startTls(transport, protocol, clientContext(), CLIENT);
  tls.write(bytes('early\n'));
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'data early\n', 'eof', 'lost null']);
  yield* end(server);
});

scenario('what is secured can be secured once more, inside', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  const [near, far] = yield* secured(loop, protocol, transport, accepted, accepted.transport);
  const [inner, opposite] = yield* secured(loop, protocol, near, accepted, far);
  assert.deepEqual(inner.getExtraInfo('peername'), transport.getExtraInfo('peername'));
  const size = 1024 * 1024;
  let got = 0;
  accepted.dataReceived = (data) => {
    got += data.length;
    if (got === size) opposite.write(bytes('all of it'));
  };
  inner.write(Buffer.alloc(size, 3));
  yield* until(() => protocol.events.includes('data all of it'));
  inner.close();
  assert.equal(yield* protocol.lost, null);
  assert.equal(yield* accepted.lost, null);
  yield* end(server);
});

scenario('what fails loses the connection, and the protocol is told', function* ({ loop }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const fails = co(function* (play: (socket: import('node:net').Socket) => void, options: object = {}) {
    const protocol = new Recorder(loop);
    const accepted = peer.accepted();
    const [transport] = yield* loop.createConnection(() => protocol, HOST, port);
    const socket = yield* accepted;
    const upgrade = loop.createTask(
      loop.startTls(transport, protocol, clientContext(), { ...CLIENT, ...options }),
    );
    yield* hostTurns();
    play(socket);
    const error = (yield* thrownBy(upgrade)) as Error;
    assert.equal(yield* protocol.lost, error);
    assert.deepEqual(protocol.events, ['made', `lost ${error.name}`]);
    socket.destroy();
    return error;
  });
  assert.equal(
    (yield* fails((socket) => socket.write('no TLS here\n'))).message,
    '[SSL: WRONG_VERSION_NUMBER] wrong version number',
  );
  assert.equal((yield* fails((socket) => socket.resume().end())).name, 'ConnectionResetError');
  assert.equal((yield* fails((socket) => socket.resetAndDestroy())).name, 'ConnectionResetError');
  const late = yield* fails(() => {}, { sslHandshakeTimeout: 0.03 });
  assert.ok(late instanceof asyncio.ConnectionAbortedError);
  assert.equal(late.message, 'SSL handshake is taking longer than 0.03 seconds: aborting the connection');
  peer.close();

  const { server, transport, protocol, accepted } = yield* connected(loop);
  const [, error] = yield* asyncio.gather(
    loop.startTls(accepted.transport, accepted, serverContext(otherPair), SERVER),
    loop.startTls(transport, protocol, clientContext(), CLIENT),
    { returnExceptions: true },
  );
  assert.ok(error instanceof ssl.SSLCertVerificationError);
  assert.equal(yield* protocol.lost, error);
  yield* accepted.lost;
  yield* end(server);
});

scenario('what cannot be sent before in time is given up too', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  accepted.transport.pauseReading();
  transport.write(Buffer.alloc(16 * 1024 * 1024));
  const options = { ...CLIENT, sslHandshakeTimeout: 0.03 };
  const error = (yield* thrownBy(loop.startTls(transport, protocol, clientContext(), options))) as Error;
  assert.equal(error.name, 'ConnectionAbortedError');
  assert.equal(yield* protocol.lost, error);
  accepted.transport.abort();
  yield* accepted.lost;
  yield* end(server);
});

scenario('cancelled at any step it leaves nothing open', function* ({ loop }) {
  let finished = 0;
  for (let hops = 0; hops < 60 && finished < 3; hops++) {
    const { server, transport, protocol, accepted } = yield* connected(loop);
    const other = loop.createTask(loop.startTls(accepted.transport, accepted, serverContext(), SERVER));
    const task = loop.createTask(loop.startTls(transport, protocol, clientContext(), CLIENT));
    for (let i = 0; i < hops && !task.done(); i++) yield* asyncio.wrapFuture(new Promise(setImmediate));
    if (task.done()) finished++;
    task.cancel();
    const [outcome] = yield* asyncio.gather(task, { returnExceptions: true });
    // Cancelled before it began, it leaves the connection as it is.
    if (hops === 0 || !(outcome instanceof asyncio.CancelledError)) transport.abort();
    yield* protocol.lost;
    accepted.transport.abort();
    yield* asyncio.gather(other, { returnExceptions: true });
    yield* protocol.lost;
    yield* accepted.lost;
    assert.equal(protocol.events.filter((what) => what.startsWith('lost')).length, 1);
    yield* end(server);
  }
  assert.equal(finished, 3);
});

scenario('closed meanwhile, it fails', function* ({ loop }) {
  for (const way of ['close', 'abort'] as const) {
    const { server, transport, protocol, accepted } = yield* connected(loop);
    const upgrade = loop.createTask(loop.startTls(transport, protocol, clientContext(), CLIENT));
    yield* hostTurns();
    transport[way]();
    const error = (yield* thrownBy(upgrade)) as Error;
    assert.equal(error.message, 'the connection was closed during startTls()');
    assert.equal(yield* protocol.lost, null);
    yield* accepted.lost;
    yield* end(server);
  }
});

scenario('what makes no sense is refused, and the connection stays', function* ({ loop }) {
  const { server, transport, protocol, accepted } = yield* connected(loop);
  const refused = co(function* (name: string, message: RegExp, awaitable: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(awaitable)) as Error;
    assert.equal(error.name, name, String(error));
    assert.match(error.message, message);
  });
  const start = (context: unknown, options: object = {}, on: unknown = transport) =>
    loop.startTls(on as asyncio.Transport, protocol, context as asyncio.ssl.SSLContext, options);
  yield* refused(
    'TypeError',
    /^sslcontext is expected to be an instance of ssl\.SSLContext, got true$/,
    start(true),
  );
  yield* refused(
    'TypeError',
    /^transport .* is not supported by startTls\(\)$/,
    start(clientContext(), {}, {}),
  );
  yield* refused('SSLError', /Cannot create a client socket/, start(serverContext()));
  yield* refused('SSLError', /Cannot create a server socket/, start(clientContext(), SERVER));
  yield* refused(
    'ValueError',
    /^sslHandshakeTimeout should be a positive number, got 0$/,
    start(clientContext(), { sslHandshakeTimeout: 0 }),
  );
  yield* refused(
    'ValueError',
    /^sslShutdownTimeout should be a positive number, got -1$/,
    start(clientContext(), { sslShutdownTimeout: -1 }),
  );
  yield* refused('TypeError', /unexpected option 'ssl'/, start(clientContext(), { ssl: true }));
  yield* refused(
    'TypeError',
    /^startTls\(\): its options are an object, .* not null$/,
    start(clientContext(), null as never),
  );
  transport.write(bytes('still there'));
  yield* until(() => accepted.events.length === 2);
  transport.writeEof();
  yield* refused('RuntimeError', /Cannot call startTls\(\) after writeEof\(\)/, start(clientContext()));
  transport.close();
  yield* refused('RuntimeError', /Cannot call startTls\(\) on a closed transport/, start(clientContext()));
  yield* protocol.lost;
  yield* accepted.lost;
  const second = yield* connected(loop);
  const first = loop.createTask(loop.startTls(second.transport, second.protocol, clientContext(), CLIENT));
  yield* hostTurns(1);
  yield* refused(
    'RuntimeError',
    /Cannot call startTls\(\) a second time/,
    start(clientContext(), CLIENT, second.transport),
  );
  first.cancel();
  yield* asyncio.gather(first, { returnExceptions: true });
  yield* second.protocol.lost;
  yield* second.accepted.lost;
  yield* end(second.server);
  yield* end(server);
});

scenario('one that is refused does not end the connection later', function* ({ loop }) {
  const soon = { ...CLIENT, sslHandshakeTimeout: 0.001 };
  const refused = co(function* (message: RegExp, on: asyncio.Transport, by: Recorder) {
    const error = (yield* thrownBy(loop.startTls(on, by, clientContext(), soon))) as Error;
    assert.ok(error instanceof asyncio.RuntimeError, String(error));
    assert.match(error.message, message);
    // Its time would be over by now.
    yield* asyncio.sleep(0.01);
  });
  const { server, transport, protocol, accepted } = yield* connected(loop);
  accepted.eofReceived = () => true;
  transport.writeEof();
  yield* refused(/after writeEof\(\)/, transport, protocol);
  assert.ok(!transport.isClosing());
  accepted.transport.write(bytes('still there'));
  yield* until(() => protocol.events.length > 1);
  assert.deepEqual(protocol.events, ['made', 'data still there']);
  accepted.transport.close();
  assert.equal(yield* protocol.lost, null);
  yield* accepted.lost;
  yield* end(server);

  // The other side does not read, so that what was written waits when it is closed.
  const second = yield* connected(loop);
  second.accepted.transport.pauseReading();
  const size = 16_000_000;
  second.transport.write(new Uint8Array(size));
  assert.ok(second.transport.getWriteBufferSize() > 0);
  second.transport.close();
  yield* refused(/on a closed transport/, second.transport, second.protocol);
  assert.ok(second.transport.getWriteBufferSize() > 0);
  let got = 0;
  second.accepted.dataReceived = (data) => {
    got += data.length;
  };
  second.accepted.transport.resumeReading();
  assert.equal(yield* second.protocol.lost, null);
  yield* second.accepted.lost;
  assert.equal(got, size);
  yield* end(second.server);

  // Another one is under way, and stays so.
  const third = yield* connected(loop);
  const first = loop.createTask(loop.startTls(third.transport, third.protocol, clientContext(), CLIENT));
  yield* hostTurns(1);
  yield* refused(/a second time/, third.transport, third.protocol);
  assert.ok(!first.done());
  first.cancel();
  assert.ok((yield* thrownBy(first)) instanceof asyncio.CancelledError);
  assert.equal(yield* third.protocol.lost, null);
  yield* third.accepted.lost;
  yield* end(third.server);
});

scenario(
  'a reactor that refuses the connection loses it, at once or when all has been sent',
  function* ({ loop }) {
    const network = loop._reactor.network;
    assert.ok(network !== undefined);
    const refusal = new RangeError('no');
    Object.defineProperty(network, 'secure', {
      configurable: true,
      value: () => {
        throw refusal;
      },
    });
    try {
      for (const waits of [false, true]) {
        const { server, transport, protocol, accepted } = yield* connected(loop);
        if (waits) {
          accepted.transport.pauseReading();
          transport.write(new Uint8Array(16_000_000));
          assert.ok(transport.getWriteBufferSize() > 0);
          accepted.dataReceived = () => {};
        }
        const upgrade = loop.createTask(loop.startTls(transport, protocol, clientContext(), CLIENT));
        yield* asyncio.sleep(0);
        accepted.transport.resumeReading();
        assert.equal(yield* thrownBy(upgrade), refusal);
        assert.equal(yield* protocol.lost, refusal);
        yield* accepted.lost;
        yield* end(server);
      }
    } finally {
      Reflect.deleteProperty(network, 'secure');
    }
  },
);
