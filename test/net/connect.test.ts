/** `loop.createConnection`: who is connected to, what goes wrong and how it is told, and that nothing is left of what was given up. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { interleaved } from '../../src/net/connect.ts';
import { thrownBy } from '../both-styles.ts';
import { BarePeer, bytes, Echo, HOST, noneOpen, onSockets, portOf, Recorder, text } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

/** A port at which nobody listens. */
function* deafPort(loop: asyncio.EventLoop): asyncio.Coroutine<number> {
  const server = yield* loop.createServer(() => new asyncio.Protocol(), HOST, 0);
  const port = portOf(server);
  server.close();
  return port;
}

scenario('a connection is made, used and closed by protocols', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const port = portOf(server);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port);
  assert.deepEqual(protocol.events, ['made']);
  assert.equal(protocol.transport, transport);
  assert.equal(transport.getProtocol(), protocol);
  assert.deepEqual(transport.getExtraInfo('peername'), [HOST, port]);
  const own = transport.getExtraInfo('sockname');
  assert.equal(own?.[0], HOST);
  const socket = transport.getExtraInfo('socket');
  assert.deepEqual([socket?.family, socket?.getpeername(), socket?.getsockname()], [4, [HOST, port], own]);
  assert.ok((socket?.fileno() ?? -1) >= 0);
  const echoed = loop.createFuture<void>();
  protocol.dataReceived = (data) => echoed.setResult(assert.equal(text(data), 'hello'));
  transport.write(bytes('hello'));
  yield* echoed;
  transport.close();
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(transport.getExtraInfo('peername'), [HOST, port]);
  assert.equal(socket?.fileno(), -1);
  server.close();
  yield* server.waitClosed();
});

scenario('a refusal is an error of its own class, with the address in it', function* ({ loop }) {
  const port = yield* deafPort(loop);
  const error = yield* thrownBy(loop.createConnection(() => new asyncio.Protocol(), HOST, port));
  assert.ok(error instanceof asyncio.ConnectionRefusedError && error instanceof asyncio.OSError);
  assert.equal(error.message, `[Errno 111] Connect call failed ('${HOST}', ${port})`);
  assert.deepEqual([error.code, error.errno, error.syscall], ['ECONNREFUSED', 111, 'connect']);
  assert.ok(error.cause instanceof Error);
});

scenario(
  'where several addresses fail, all reasons are told, as one error or as a group',
  function* ({ loop }) {
    const port = yield* deafPort(loop);
    const connect = (allErrors: boolean) =>
      loop.createConnection(() => new asyncio.Protocol(), null, port, { allErrors });
    const error = yield* thrownBy(connect(false));
    assert.ok(error instanceof asyncio.OSError);
    assert.equal(
      error.message,
      `Multiple exceptions: [Errno 111] Connect call failed ('::1', ${port}, 0, 0), [Errno 111] Connect call failed ('${HOST}', ${port})`,
    );
    const group = yield* thrownBy(connect(true));
    assert.ok(group instanceof asyncio.ExceptionGroup);
    assert.equal(group.exceptions.length, 2);
    assert.ok(group.exceptions.every((one) => one instanceof asyncio.ConnectionRefusedError));
  },
);

scenario('the next address is tried where one does not answer', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), null, portOf(server));
  assert.equal(transport.getExtraInfo('peername')?.[0], HOST);
  transport.close();
  yield* protocol.lost;
  server.close();
  yield* server.waitClosed();
});

scenario('addresses of IPv6 have four parts, and a family can be asked for', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), '::1', 0);
  const [, port, ...rest] = server.sockets[0]?.getsockname() ?? [];
  assert.deepEqual(rest, [0, 0]);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), '::1', port ?? 0, {
    family: 6,
  });
  assert.deepEqual(transport.getExtraInfo('peername'), ['::1', port, 0, 0]);
  assert.equal(transport.getExtraInfo('socket')?.family, 6);
  transport.close();
  yield* protocol.lost;
  const error = yield* thrownBy(
    loop.createConnection(() => new Recorder(loop), '::1', port ?? 0, { family: 4 }),
  );
  assert.ok(error instanceof asyncio.gaierror);
  assert.equal(error.message, '[Errno -9] Address family for hostname not supported');
  server.close();
  yield* server.waitClosed();
});

scenario('names are looked up, and ports may be digits', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), 'localhost', 0, { family: 4 });
  const [transport, protocol] = yield* loop.createConnection(
    () => new Recorder(loop),
    'localhost',
    String(portOf(server)),
  );
  transport.close();
  yield* protocol.lost;
  server.close();
  yield* server.waitClosed();
});

scenario('a name that does not exist is an error of the look-up', function* ({ loop }) {
  const error = yield* thrownBy(loop.createConnection(() => new Recorder(loop), 'nowhere.invalid', 80));
  assert.ok(error instanceof asyncio.gaierror && error instanceof asyncio.OSError);
  assert.match(
    error.message,
    /^\[Errno -[23]\] (Name or service not known|Temporary failure in name resolution)$/,
  );
  const empty = yield* thrownBy(loop.createConnection(() => new Recorder(loop), '', 80));
  assert.ok(empty instanceof asyncio.gaierror);
});

scenario('the address to connect from can be given', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const port = portOf(server);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port, {
    localAddr: ['127.0.0.2', 0],
  });
  assert.equal(transport.getExtraInfo('sockname')?.[0], '127.0.0.2');
  transport.close();
  yield* protocol.lost;
  const connectFrom = (host: string) =>
    loop.createConnection(() => new Recorder(loop), HOST, port, { localAddr: [host, 0] });
  const error = yield* thrownBy(connectFrom('192.0.2.1'));
  assert.ok(error instanceof asyncio.OSError);
  assert.match(
    error.message,
    /^\[Errno 99\] error while attempting to bind on address \('192\.0\.2\.1', 0\): \[errno 99\] cannot assign/,
  );
  const taken = yield* thrownBy(
    loop.createConnection(() => new Recorder(loop), HOST, port, { localAddr: [HOST, port] }),
  );
  assert.ok(taken instanceof asyncio.OSError);
  assert.deepEqual(
    [taken.code, taken.message],
    [
      'EADDRINUSE',
      `[Errno 98] error while attempting to bind on address ('${HOST}', ${port}): [errno 98] address already in use`,
    ],
  );
  const other = yield* thrownBy(connectFrom('::1'));
  assert.ok(other instanceof asyncio.OSError);
  assert.equal(other.message, 'no matching local address with family=4 found');
  server.close();
  yield* server.waitClosed();
});

scenario('what makes no sense is refused, and says why', function* ({ loop }) {
  const make = () => new asyncio.Protocol();
  const refused = co(function* (name: string, message: RegExp, connection: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(connection)) as Error;
    assert.equal(error.name, name);
    assert.match(error.message, message);
  });
  const { createConnection } = loop;
  const connect = createConnection.bind(loop, make);
  yield* refused('ValueError', /^host and port was not specified and no sock specified$/, connect());
  for (const port of [65536, -1, '70000']) {
    yield* refused('OverflowError', /port must be 0-65535, got (65536|-1|70000)$/, connect(HOST, port));
  }
  for (const port of [1.5, Number.NaN]) {
    yield* refused('ValueError', /port must be a whole number/, connect(HOST, port));
  }
  yield* refused('OverflowError', /port must be 0-65535/, connect(HOST, 80, { localAddr: [HOST, 70_000] }));
  yield* refused(
    'TypeError',
    /localAddr must be \[host, port\]/,
    connect(HOST, 80, { localAddr: HOST as never }),
  );
  yield* refused('gaierror', /\[Errno -8\] Servname not supported/, connect(HOST, 'http'));
  yield* refused('TypeError', /port must be a number/, connect(HOST, {} as never));
  yield* refused('TypeError', /host must be a string or null, not 5/, connect(5 as never, 80));
  yield* refused('ValueError', /family must be 4, 6, or 0/, connect(HOST, 80, { family: 2 as never }));
  yield* refused('TypeError', /unexpected option 'tls'/, connect(HOST, 80, { tls: true } as never));
});

scenario('a factory that makes no protocol, or fails, leaves no connection', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const connect = (factory: () => unknown) =>
    loop.createConnection(factory as () => asyncio.Protocol, HOST, portOf(server));
  const wrong = yield* thrownBy(connect(() => 'protocol'));
  assert.ok(wrong instanceof TypeError);
  assert.match(wrong.message, /needs a function that returns a protocol, .*it returned "protocol"/);
  const own = new Error('from the factory');
  const failed = yield* thrownBy(
    connect(() => {
      throw own;
    }),
  );
  assert.equal(failed, own);
  server.close();
  yield* server.waitClosed();
});

scenario('a connection given up at any step leaves nothing open', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0);
  const port = portOf(server);
  let completed = 0;
  for (let step = 0; completed < 3; step++) {
    assert.ok(step < 5000, 'the connection never came about');
    const task = loop.createTask(
      loop.createConnection(() => new Recorder(loop), 'localhost', port, { family: 4 }),
    );
    // Each turn of the loop is a place where the task may be; some wait for Node.
    for (let i = 0; i < step && !task.done(); i++) {
      if (i % 2 === 0) yield* asyncio.sleep(0);
      else yield* asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve)));
    }
    if (task.cancel()) assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    else {
      const [transport, protocol] = yield* task;
      transport.close();
      yield* protocol.lost;
      completed++;
    }
  }
  server.close();
  yield* server.waitClosed();
  yield* asyncio.wrapFuture(noneOpen());
});

scenario('a connection that is made as it is given up is closed', function* ({ loop }) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const task = loop.createTask(loop.createConnection(() => new Recorder(loop), HOST, port));
  const socket = yield* peer.accepted();
  task.cancel();
  assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.resume().on('end', resolve).on('close', resolve);
  yield* asyncio.wrapFuture(promise);
  socket.destroy();
  peer.close();
});

scenario('connections are made by the hundred at once', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Echo(loop), HOST, 0, { backlog: 500 });
  const port = portOf(server);
  const talk = co(function* (name: string) {
    const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port);
    const answer = loop.createFuture<string>();
    protocol.dataReceived = (data) => answer.setResult(text(data));
    transport.write(bytes(name));
    assert.equal(yield* answer, name);
    transport.close();
    yield* protocol.lost;
  });
  yield* asyncio.gather(...Array.from({ length: 300 }, (_, i) => talk(`client ${i}`)));
  server.close();
  yield* server.waitClosed();
});

scenario('a loop without a network says so', function* () {
  const { newVirtualLoop } = yield* asyncio.wrapFuture(import('../../src/testing/index.ts'));
  const loop = newVirtualLoop();
  const connection = loop.createConnection(() => new asyncio.Protocol(), HOST, 1);
  const error = yield* thrownBy(connection);
  assert.ok(error instanceof asyncio.NotImplementedError);
  assert.equal(error.message, 'createConnection(): the virtual reactor has no network');
  loop.close();
});

scenario('families are tried in turn where that is asked for', function* () {
  const endpoints = ([6, 6, 6, 4, 4] as const).map((family, i) => ({ family, host: String(i), port: 1 }));
  const order = (count: number) =>
    interleaved(endpoints, count)
      .map(({ host }) => host)
      .join('');
  assert.equal(order(1), '03142');
  assert.equal(order(2), '01324');
  assert.equal(order(9), '01234');
});
