/** `loop.createServer` and `Server`: where it listens, when it accepts, how it ends, and what becomes of its connections. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { FakeChannel } from './fake-channel.ts';
import {
  bareClient,
  bytes,
  Echo,
  event,
  HOST,
  hostTurn,
  isRaw,
  onSockets,
  portOf,
  Recorder,
  until,
} from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

scenario('a port is chosen by the system, and told', function* ({ loop }) {
  const server = yield* loop.createServer(() => new asyncio.Protocol(), HOST, 0);
  const [socket, ...others] = server.sockets;
  assert.deepEqual(others, []);
  assert.equal(socket?.getsockname()[0], HOST);
  assert.ok((socket?.getsockname()[1] ?? 0) > 0);
  assert.equal(socket?.getpeername(), null);
  assert.match(
    String(server),
    /^<Server sockets=\[<asyncio\.TransportSocket fd=\d+, family=4, type=1, proto=6, laddr=\('127\.0\.0\.1', \d+\)>\]>$/,
  );
  assert.equal(server.getLoop(), loop);
  assert.equal(server.isServing(), true);
  server.close();
  server.close();
  assert.deepEqual([server.isServing(), server.sockets, String(server)], [false, [], '<Server sockets=[]>']);
  yield* server.waitClosed();
});

scenario('no host means every interface of both families', function* ({ loop }) {
  for (const host of [null, '']) {
    const server = yield* loop.createServer(() => new Echo(loop), host, 0);
    assert.deepEqual(
      server.sockets.map((socket) => [socket.family, socket.getsockname()[0]]),
      [
        [4, '0.0.0.0'],
        [6, '::'],
      ],
    );
    for (const [index, address] of [HOST, '::1'].entries()) {
      const port = server.sockets[index]?.getsockname()[1] ?? 0;
      const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), address, port);
      transport.close();
      yield* protocol.lost;
    }
    server.close();
    yield* server.waitClosed();
  }
});

scenario('the same port serves both families, and one family can be asked for', function* ({ loop }) {
  const first = yield* loop.createServer(() => new Echo(loop), null, 0, { family: 4 });
  assert.equal(first.sockets.length, 1);
  const port = portOf(first);
  const second = yield* loop.createServer(() => new Echo(loop), null, port, { family: 6 });
  assert.deepEqual(second.sockets[0]?.getsockname(), ['::', port, 0, 0]);
  for (const server of [first, second]) {
    server.close();
    yield* server.waitClosed();
  }
});

scenario('several hosts are served by one server, each address once', function* ({ loop }) {
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.1'];
  const server = yield* loop.createServer(() => new Echo(loop), hosts, 0);
  assert.deepEqual(
    server.sockets.map((socket) => socket.getsockname()[0]),
    ['127.0.0.1', '127.0.0.2'],
  );
  server.close();
  yield* server.waitClosed();
});

scenario(
  'a port that is taken is an error with the address in it, and nothing is bound',
  function* ({ loop }) {
    const server = yield* loop.createServer(() => new Echo(loop), '127.0.0.2', 0);
    const port = portOf(server);
    const error = yield* thrownBy(loop.createServer(() => new Echo(loop), ['127.0.0.3', '127.0.0.2'], port));
    assert.ok(error instanceof asyncio.OSError);
    assert.equal(
      error.message,
      `[Errno 98] error while attempting to bind on address ('127.0.0.2', ${port}): [errno 98] address already in use`,
    );
    assert.equal(error.code, 'EADDRINUSE');
    const refused = yield* thrownBy(loop.createConnection(() => new Recorder(loop), '127.0.0.3', port));
    assert.ok(refused instanceof asyncio.ConnectionRefusedError);
    server.close();
    yield* server.waitClosed();
  },
);

scenario('several servers share a port where each allows it', function* ({ loop }) {
  const first = yield* loop.createServer(() => new Echo(loop), HOST, 0, { reusePort: true });
  const second = yield* loop.createServer(() => new Echo(loop), HOST, portOf(first), { reusePort: true });
  assert.equal(portOf(first), portOf(second));
  for (const server of [first, second]) {
    server.close();
    yield* server.waitClosed();
  }
});

scenario(
  'accepted connections are probed while they are idle, where that is asked for',
  function* ({ loop }) {
    for (const keepAlive of [true, false, null]) {
      const server = yield* loop.createServer(() => new Echo(loop), HOST, 0, { keepAlive });
      const port = portOf(server);
      const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port);
      const echoed = loop.createFuture<void>();
      protocol.dataReceived = () => echoed.setResult();
      transport.write(bytes('x'));
      yield* echoed;
      assert.equal(isProbed(port), keepAlive === true);
      transport.close();
      yield* protocol.lost;
      server.close();
      yield* server.waitClosed();
    }
  },
  process.platform === 'linux' ? false : 'the timers of sockets cannot be seen here',
);

/** Does the accepted end of a connection have a keep-alive timer? Source: the kernel's `Documentation/networking/proc_net_tcp.rst`. */
function isProbed(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const [, , , , , timer] =
    lines
      .map((line) => line.trim().split(/\s+/))
      .find((parts) => parts[1] === address && parts[3] === '01') ?? [];
  assert.ok(timer !== undefined, 'the connection was not found');
  return timer.startsWith('02:');
}

scenario('an address that this machine does not have is an error', function* ({ loop }) {
  const error = yield* thrownBy(loop.createServer(() => new Echo(loop), '192.0.2.1', 0));
  assert.ok(error instanceof asyncio.OSError);
  assert.equal(error.message, "could not bind on any address out of [('192.0.2.1', 0)]");
});

scenario('what makes no sense is refused, and says why', function* ({ loop }) {
  const make = () => new asyncio.Protocol();
  const refused = co(function* (name: string, message: RegExp, server: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(server)) as Error;
    assert.equal(error.name, name);
    assert.match(error.message, message);
  });
  const serve = loop.createServer.bind(loop, make);
  yield* refused('ValueError', /^Neither host\/port nor sock were specified$/, serve());
  yield* refused('OverflowError', /port must be 0-65535, got 65536/, serve(HOST, 65536));
  yield* refused(
    'ValueError',
    /backlog must be a positive whole number, not 0/,
    serve(HOST, 0, { backlog: 0 }),
  );
  yield* refused('TypeError', /host must be a string or null, not 1/, serve(1 as never, 0));
  yield* refused('TypeError', /unexpected option 'socket'/, serve(HOST, 0, { socket: 1 } as never));
  const alone = serve(HOST, 0, { reuseAddress: false });
  if (!isRaw(loop)) yield* refused('NotImplementedError', /reuseAddress: false/, alone);
  else (yield* alone).close();
  yield* refused(
    'TypeError',
    /needs a function that returns a protocol/,
    loop.createServer(5 as never, HOST, 0),
  );
});

scenario('waitClosed waits for the closing, then for the last connection', function* ({ loop }) {
  const protocols: Echo[] = [];
  const make = () => {
    protocols.push(new Echo(loop));
    return protocols.at(-1) as Echo;
  };
  const server = yield* loop.createServer(make, HOST, 0);
  const waiting = loop.createTask(server.waitClosed());
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  yield* until(() => protocols.length === 1);
  const [protocol] = protocols;
  assert.ok(protocol !== undefined);
  yield* protocol.made;
  server.close();
  yield* asyncio.sleep(0);
  assert.equal(waiting.done(), false);
  const again = loop.createTask(server.waitClosed());
  client.destroy();
  yield* protocol.lost;
  yield* waiting;
  yield* again;
  yield* server.waitClosed();
});

scenario('waitClosed does not end while the server is open, though no connection is', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  assert.ok((yield* thrownBy(asyncio.waitFor(server.waitClosed(), 0.01))) instanceof asyncio.TimeoutError);
  server.close();
  yield* server.waitClosed();
});

scenario('closing a server leaves its connections alone', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  const answer = loop.createFuture<string>();
  protocol.dataReceived = (data) => answer.setResult(String(data));
  transport.write(bytes('before'));
  yield* answer;
  server.close();
  const second = loop.createFuture<string>();
  protocol.dataReceived = (data) => second.setResult(String(data));
  transport.write(bytes('after'));
  assert.equal(yield* second, 'after');
  transport.close();
  yield* server.waitClosed();
});

/** A server and a client that takes nothing, so that megabytes wait to be sent to it. */
const clogged = co(function* (loop: asyncio.EventLoop) {
  const protocol = new Recorder(loop);
  const server = yield* loop.createServer(() => protocol, HOST, 0);
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  yield* protocol.made;
  const total = 32 * 1024 * 1024;
  protocol.transport.write(Buffer.alloc(total));
  assert.ok(protocol.transport.getWriteBufferSize() > 0);
  server.close();
  return { server, client, protocol, total };
});

scenario('closeClients sends what waits before it closes', function* ({ loop }) {
  const { server, client, total } = yield* clogged(loop);
  server.closeClients();
  yield* asyncio.sleep(0);
  let received = 0;
  client.on('data', (data) => {
    received += data.length;
  });
  client.resume();
  yield* event(client, 'end');
  assert.equal(received, total);
  client.destroy();
  yield* server.waitClosed();
});

scenario('abortClients does not wait for anything', function* ({ loop }) {
  const { server, client, protocol, total } = yield* clogged(loop);
  server.abortClients();
  assert.equal(yield* protocol.lost, null);
  yield* server.waitClosed();
  let received = 0;
  client.on('data', (data) => {
    received += data.length;
  });
  client.resume();
  yield* until(() => client.readableEnded || client.destroyed);
  assert.ok(received < total);
  client.destroy();
});

scenario(
  'serveForever serves until its task is cancelled, which closes the server and its connections',
  function* ({ loop }) {
    const server = yield* loop.createServer(() => new Echo(loop), HOST, 0, { startServing: false });
    assert.equal(server.isServing(), false);
    const task = loop.createTask(server.serveForever());
    yield* asyncio.sleep(0);
    assert.equal(server.isServing(), true);
    const twice = yield* thrownBy(server.serveForever());
    assert.ok(twice instanceof asyncio.RuntimeError);
    assert.match(twice.message, /is already being awaited on serveForever\(\)$/);
    const [transport, protocol] = yield* loop.createConnection(
      () => new Recorder(loop),
      HOST,
      portOf(server),
    );
    task.cancel();
    yield* asyncio.sleep(0);
    assert.equal(server.isServing(), false);
    assert.equal(task.done(), false);
    assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    assert.equal(yield* protocol.lost, null);
    assert.equal(transport.isClosing(), true);
    const closed = yield* thrownBy(server.serveForever());
    assert.ok(closed instanceof asyncio.RuntimeError);
    assert.match(closed.message, /is closed$/);
  },
);

scenario('serveForever ends with a CancelledError where the server is closed', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const task = loop.createTask(server.serveForever());
  yield* asyncio.sleep(0);
  server.close();
  assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
});

scenario('a server that does not serve yet keeps the connections that come', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0, { startServing: false });
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  const answer = loop.createFuture<string>();
  protocol.dataReceived = (data) => answer.setResult(String(data));
  transport.write(bytes('early'));
  yield* hostTurn();
  assert.equal(answer.done(), false);
  yield* server.startServing();
  yield* server.startServing();
  assert.equal(yield* answer, 'early');
  transport.close();
  yield* protocol.lost;
  server.close();
  yield* server.waitClosed();
});

scenario(
  'a server that is closed before it serves lets go of the connections that came',
  function* ({ loop }) {
    const server = yield* loop.createServer(() => new Echo(loop), HOST, 0, { startServing: false });
    const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
    server.close();
    client.resume();
    yield* until(() => client.readableEnded || client.destroyed);
    client.destroy();
    yield* server.waitClosed();
  },
);

scenario('a block closes the server at its end and waits for it, in each way', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const port = yield* asyncio.asyncWith(server, function* (same) {
    assert.equal(same, server);
    return portOf(server);
  });
  assert.equal(server.isServing(), false);
  assert.ok(
    (yield* thrownBy(loop.createConnection(() => new Recorder(loop), HOST, port))) instanceof asyncio.OSError,
  );
  const other = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  yield* other[Symbol.asyncDispose]();
  assert.deepEqual(other.sockets, []);
});

scenario('a factory that fails costs that connection, and is reported', function* ({ loop, reports }) {
  const error = new Error('from the factory');
  const server = yield* loop.createServer(
    () => {
      throw error;
    },
    HOST,
    0,
  );
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  client.resume();
  yield* event(client, 'end');
  client.destroy();
  const [report] = reports();
  assert.equal(report?.message, 'Error on transport creation for incoming connection');
  assert.equal(report?.exception, error);
  server.close();
  yield* server.waitClosed();
});

scenario('a connection that comes as the server closes is closed', function* ({ loop }) {
  const server = yield* loop.createServer(() => assert.fail('no protocol is needed'), HOST, 0);
  const channel = new FakeChannel();
  server.listenerAccepted(channel);
  server.close();
  yield* asyncio.sleep(0);
  assert.equal(channel.isClosed, true);
  yield* server.waitClosed();
});

scenario(
  'a connection that cannot be accepted is reported, and the server goes on',
  function* ({ loop, reports }) {
    const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
    const failures = { EMFILE: -24, ECONNABORTED: -103 };
    for (const [code, errno] of Object.entries(failures)) {
      server.listenerFailed(Object.assign(new Error(`accept ${code}`), { code, errno, syscall: 'accept' }));
    }
    assert.deepEqual(
      reports().map(({ message, exception }) => `${message}: ${String(exception)}`),
      [
        'socket.accept() out of system resource: OSError: [Errno 24] Too many open files',
        'A connection could not be accepted: ConnectionAbortedError: [Errno 103] Software caused connection abort',
      ],
    );
    assert.equal(server.isServing(), true);
    server.close();
    yield* server.waitClosed();
  },
);

scenario('a server of another kind has what all servers have', function* () {
  class Custom extends asyncio.AbstractServer {
    closed = false;

    override close(): void {
      this.closed = true;
    }

    override waitClosed(): asyncio.CoroutineObject<void> {
      return asyncio.sleep(0);
    }
  }
  const custom = new Custom();
  yield* asyncio.asyncWith(custom, function* (server) {
    assert.equal(server, custom);
  });
  assert.equal(custom.closed, true);
  const bare = new asyncio.AbstractServer();
  const calls = [bare.close, bare.closeClients, bare.abortClients, bare.getLoop, bare.isServing];
  for (const call of [...calls, bare.startServing, bare.serveForever, bare.waitClosed]) {
    assert.throws(() => call.call(bare), asyncio.NotImplementedError);
  }
});

scenario('a server given up while it binds leaves nothing open', function* ({ loop }) {
  let completed = 0;
  for (let step = 0; completed < 3; step++) {
    assert.ok(step < 5000, 'the server never came about');
    const task = loop.createTask(loop.createServer(() => new Echo(loop), ['localhost', '127.0.0.2'], 0));
    for (let i = 0; i < step && !task.done(); i++) {
      if (i % 2 === 0) yield* asyncio.sleep(0);
      else yield* hostTurn();
    }
    if (task.cancel()) assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    else {
      (yield* task).close();
      completed++;
    }
  }
});
