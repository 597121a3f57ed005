/** Sockets that somebody else has made, given as `sock`: objects of Node's, objects with a descriptor, and descriptors that a parent process hands over. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { skipWithout } from '../../scripts/programs.ts';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { clientContext, serverContext } from './certificates.ts';
import { BarePeer, bareClient, bytes, Echo, event, HOST, onSockets, Recorder, text, until } from './kit.ts';

const { co, scenario, style } = await onSockets(import.meta.url);

/** A peer of bare Node, and a socket that is connected to it. */
const connected = co(function* () {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const near = yield* asyncio.wrapFuture(bareClient(port));
  const far = yield* peer.accepted();
  return { peer, port, near, far };
});

const listening = co(function* (at: string | number) {
  const server = net.createServer();
  if (typeof at === 'string') server.listen(at);
  else server.listen(at, HOST);
  yield* event(server, 'listening');
  return server;
});

scenario('a connected socket of Node serves a protocol, which owns it', function* ({ loop }) {
  const { peer, port, near, far } = yield* connected();
  const [transport, protocol] = yield* loop.createConnection(() => new Echo(loop), null, null, {
    sock: near,
  });
  assert.deepEqual(transport.getExtraInfo('peername'), [HOST, port]);
  assert.equal(transport.getExtraInfo('socket')?.type, asyncio.socket.SOCK_STREAM);
  far.write('hello');
  assert.equal(String(yield* event(far.resume(), 'data')), 'hello');
  far.end();
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'eof', 'lost null']);
  assert.ok(near.destroyed);
  peer.close();
});

scenario(
  'a connected socket of Node serves streams, half-closes, and loses nothing that came before',
  function* () {
    const { peer, near, far } = yield* connected();
    near.resume();
    far.write('early\n');
    near.pause();
    const [reader, writer] = yield* asyncio.openConnection(null, null, { sock: near });
    assert.equal(text(yield* reader.readline()), 'early\n');
    far.end('last');
    assert.equal(text(yield* reader.read()), 'last');
    writer.write(bytes('still'));
    writer.writeEof();
    assert.equal(String(yield* event(far.resume(), 'data')), 'still');
    writer.close();
    yield* writer.waitClosed();
    peer.close();
  },
);

scenario('a socket that was accepted outside is served by a protocol', function* ({ loop }) {
  const { peer, near, far } = yield* connected();
  const [transport, protocol] = yield* loop.connectAcceptedSocket(() => new Recorder(loop), far);
  assert.equal(protocol.transport, transport);
  near.end('hello');
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'data hello', 'eof', 'lost null']);
  yield* event(near.resume(), 'close');
  peer.close();
});

scenario('given sockets are secured by TLS, on both sides, and a file goes over them', function* ({ loop }) {
  const { peer, near, far } = yield* connected();
  const made = [
    loop.connectAcceptedSocket(() => new Recorder(loop), far, { ssl: serverContext() }),
    loop.createConnection(() => new Recorder(loop), null, null, {
      sock: near,
      ssl: clientContext(),
      serverHostname: 'localhost',
    }),
  ] as const;
  const [[served, received], [client, sender]] = yield* asyncio.gather(...made);
  assert.ok(served instanceof asyncio.TlsTransport && client instanceof asyncio.TlsTransport);
  const file = { fd: openSync(new URL(import.meta.url), 'r'), position: 0 };
  const refused = (yield* thrownBy(loop.sendfile(client, file, { fallback: false }))) as Error;
  assert.match(
    String(refused),
    /^RuntimeError: fallback is disabled and native sendfile is not supported for transport <Tls/,
  );
  assert.equal(yield* loop.sendfile(client, file, { count: 7 }), 7);
  yield* until(() => received.events.length === 2);
  assert.deepEqual(received.events, ['made', 'data /** Soc']);
  closeSync(file.fd);
  client.close();
  assert.equal(yield* received.lost, null);
  assert.equal(yield* sender.lost, null);
  peer.close();
});

scenario(
  'a TLS connection without a name to check is refused before the socket is taken',
  function* ({ loop }) {
    const { peer, near, far } = yield* connected();
    const options = { sock: near, ssl: clientContext() };
    const make = () => new asyncio.Protocol();
    const unnamed = yield* thrownBy(loop.createConnection(make, null, null, options));
    assert.match(String(unnamed), /^ValueError: You must set serverHostname when using ssl without a host/);
    assert.ok(!near.destroyed);
    near.destroy();
    far.destroy();
    peer.close();
  },
);

scenario('an error of a given socket is the error of its connection', function* ({ loop }) {
  const { peer, near, far } = yield* connected();
  const [, protocol] = yield* loop.connectAcceptedSocket(() => new Recorder(loop), far);
  near.resetAndDestroy();
  assert.ok((yield* protocol.lost) instanceof asyncio.ConnectionResetError);
  peer.close();
});

scenario('a server of Node is taken over: it listens, and is closed with ours', function* ({ loop }) {
  const bare = yield* listening(0);
  const { port } = bare.address() as net.AddressInfo;
  const served = new Echo(loop);
  const server = yield* loop.createServer(() => served, null, null, { sock: bare });
  assert.deepEqual(server.sockets[0]?.getsockname(), [HOST, port]);
  const [reader, writer] = yield* asyncio.openConnection(HOST, port);
  writer.write(bytes('hello'));
  assert.equal(text(yield* reader.readexactly(5)), 'hello');
  writer.writeEof();
  assert.equal(text(yield* reader.read()), '');
  writer.close();
  server.close();
  yield* server.waitClosed();
  assert.equal(bare.listening, false);
});

scenario('Unix sockets of Node, on both sides; the file goes or stays as it is told', function* () {
  const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
  const path = join(directory, 'it.sock');
  for (const cleanupSocket of [true, false]) {
    const bare = yield* listening(path);
    const answer = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      writer.write(yield* reader.readline());
      writer.close();
    });
    const server = yield* asyncio.startUnixServer(answer, null, { sock: bare, cleanupSocket });
    assert.equal(server.sockets[0]?.getsockname(), path);
    const sock = net.connect(path);
    yield* event(sock, 'connect');
    const [reader, writer] = yield* asyncio.openUnixConnection(null, { sock });
    assert.equal(writer.getExtraInfo('socket')?.family, asyncio.socket.AF_UNIX);
    writer.write(bytes('hello\n'));
    assert.equal(text(yield* reader.read()), 'hello\n');
    writer.close();
    yield* writer.waitClosed();
    server.close();
    yield* server.waitClosed();
    assert.equal(existsSync(path), !cleanupSocket);
  }
  rmSync(directory, { recursive: true });
});

class Datagrams extends asyncio.DatagramProtocol {
  readonly came: asyncio.Future<string> = asyncio.getRunningLoop().createFuture<string>();
  override datagramReceived(data: Uint8Array): void {
    this.came.setResult(text(data));
  }
}

scenario('sockets of datagrams of Node: unbound, being bound, bound, connected', function* ({ loop }) {
  const make = () => new Datagrams();
  const [one, receiver] = yield* loop.createDatagramEndpoint(make, { sock: createSocket('udp4') });
  const port = one.getExtraInfo('sockname')![1];
  assert.ok(port > 0);
  const binding = createSocket('udp4').bind(0, HOST);
  const [two, other] = yield* loop.createDatagramEndpoint(make, { sock: binding });
  two.sendto(bytes('to one'), [HOST, port]);
  assert.equal(yield* receiver.came, 'to one');
  const sock = createSocket('udp4');
  sock.connect(two.getExtraInfo('sockname')![1], HOST);
  yield* event(sock, 'connect');
  const [three] = yield* loop.createDatagramEndpoint(make, { sock });
  assert.deepEqual(three.getExtraInfo('peername'), two.getExtraInfo('sockname'));
  three.sendto(bytes('to two'));
  assert.equal(yield* other.came, 'to two');
  assert.equal(three.getExtraInfo('socket')?.type, asyncio.socket.SOCK_DGRAM);
  for (const transport of [one, two, three]) transport.close();
  yield* until(() => !process.getActiveResourcesInfo().includes('UDPWrap'));
});

scenario(
  'what is not that kind of socket is refused with the words of Python, and left alone',
  function* ({ loop }) {
    const { peer, port, near, far } = yield* connected();
    const make = () => new asyncio.Protocol();
    const udp = createSocket('udp4');
    const file = { fd: openSync('/dev/null', 'r') };
    const refused = co(function* (name: string, message: RegExp, awaitable: asyncio.Awaitable<unknown>) {
      const error = (yield* thrownBy(awaitable)) as Error;
      assert.equal(error.name, name, String(error));
      assert.match(error.message, message);
    });
    const both = /^(host\/port|path) and sock can not be specified at the same time$/;
    yield* refused('ValueError', both, loop.createConnection(make, HOST, port, { sock: near }));
    yield* refused('ValueError', both, loop.createConnection(make, null, port, { sock: near }));
    yield* refused('ValueError', both, loop.createServer(make, HOST, 0, { sock: peer.server }));
    yield* refused('ValueError', both, loop.createUnixConnection(make, '/x', { sock: near }));
    yield* refused('ValueError', both, loop.createUnixServer(make, '/x', { sock: peer.server }));
    const stream = /^A Stream Socket was expected, got /;
    for (const sock of [udp, peer.server, file] as unknown as readonly net.Socket[]) {
      yield* refused('ValueError', stream, loop.createConnection(make, null, null, { sock }));
      yield* refused('ValueError', stream, loop.connectAcceptedSocket(make, sock));
    }
    for (const sock of [udp, near, file] as unknown as readonly net.Server[]) {
      yield* refused('ValueError', stream, loop.createServer(make, null, null, { sock }));
    }
    for (const sock of [near, peer.server, file] as never[]) {
      const options = { sock };
      yield* refused(
        'ValueError',
        /^A UDP Socket was expected, got /,
        loop.createDatagramEndpoint(make as never, options),
      );
    }
    yield* refused(
      'OSError',
      /^\[Errno 9\] Bad file descriptor: 12345$/,
      loop.connectAcceptedSocket(make, { fd: 12345 }),
    );
    yield* refused(
      'OSError',
      /^\[Errno 9\] Bad file descriptor: -1$/,
      loop.connectAcceptedSocket(make, { fd: -1 }),
    );
    yield* refused('TypeError', /sock must be a socket.*not 7/, loop.connectAcceptedSocket(make, 7 as never));
    yield* refused(
      'TypeError',
      /sock must be a Socket or Server/,
      loop.connectAcceptedSocket(make, {} as never),
    );
    yield* refused(
      'TypeError',
      /cannot be of type TLSSocket/,
      loop.connectAcceptedSocket(make, new tls.TLSSocket(near)),
    );
    yield* refused(
      'TypeError',
      /cannot be of type tls.Server/,
      loop.createServer(make, null, null, { sock: tls.createServer() }),
    );
    const read = far.on('data', () => {});
    yield* refused(
      'ValueError',
      /a socket that nobody reads was expected/,
      loop.connectAcceptedSocket(make, read),
    );
    const unconnected = new net.Socket();
    yield* refused(
      'ValueError',
      /a connected socket was expected.*not connected/,
      loop.connectAcceptedSocket(make, unconnected),
    );
    yield* refused(
      'ValueError',
      /a server that nobody serves/,
      loop.createServer(make, null, null, { sock: peer.server }),
    );
    const idle = net.createServer();
    yield* refused(
      'ValueError',
      /a listening server was expected/,
      loop.createServer(make, null, null, { sock: idle }),
    );
    const options = { sock: udp, localAddr: [HOST, 0], reusePort: true } as const;
    const modifiers =
      /^socket modifier keyword arguments can not be used when sock is specified\. \(localAddr=.*reusePort=true\)$/;
    yield* refused('ValueError', modifiers, loop.createDatagramEndpoint(make as never, options));
    const factory = 5 as never;
    yield* refused('TypeError', /needs a function/, loop.connectAcceptedSocket(factory, near));
    assert.ok(!near.destroyed && peer.server.listening);
    for (const socket of [near, far, udp]) 'destroy' in socket ? socket.destroy() : socket.close();
    peer.close();
  },
);

scenario('cancelled as it takes a socket, it closes the socket', function* ({ loop }) {
  const { peer, near, far } = yield* connected();
  const bare = yield* listening(0);
  const udp = createSocket('udp4');
  const make = () => new asyncio.Protocol();
  const tasks = [
    loop.createTask(loop.createConnection(make, null, null, { sock: near })),
    loop.createTask(loop.createServer(make, null, null, { sock: bare })),
    loop.createTask(loop.createDatagramEndpoint(() => new Datagrams(), { sock: udp })),
  ];
  yield* asyncio.sleep(0);
  for (const task of tasks) task.cancel();
  yield* asyncio.wait(tasks);
  assert.ok(tasks.every((task) => task.cancelled()));
  yield* until(() => near.destroyed && !bare.listening);
  yield* until(() => !process.getActiveResourcesInfo().includes('UDPWrap'));
  far.destroy();
  peer.close();
});

// ---- descriptors from a parent process -------------------------------------------------------------------------------------------

const index = new URL('../../src/index.ts', import.meta.url).href;

/** What the child does in each style: `await` stands for `yield*` where that is the style. */
function childProgram(body: string): string {
  const main =
    style === 'generator'
      ? `function* () { ${body} }`
      : `async () => { ${body.replaceAll('yield*', 'await')} }`;
  return `
    import { readdirSync, readlinkSync } from 'node:fs';
    import * as asyncio from ${JSON.stringify(index)};
    const sockets = () => readdirSync('/proc/self/fd').filter((fd) => {
      try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:') && Number(fd) > 2; } catch { return false; }
    }).length;
    const fd = Number(process.env.GIVEN_FD);
    class Detachable { fd_ = fd; fileno() { return this.fd_; } detach() { this.fd_ = -1; return fd; } }
    await asyncio.run(${main});
    setImmediate(() => console.log('open', sockets()));
  `;
}

const PARENT = `
import os, socket, subprocess, sys
kind, node, code = sys.argv[1:]
def sock(family=socket.AF_INET, type=socket.SOCK_STREAM): return socket.socket(family, type)
near = None
if kind == 'listener': given = sock(); given.bind(('127.0.0.1', 0))
elif kind == 'unix-listener': given = sock(socket.AF_UNIX); given.bind('\\0asyncio-ts-%d' % os.getpid()); given.listen()
elif kind == 'connected': given, near = socket.socketpair(socket.AF_UNIX)
elif kind == 'tcp-connected':
    server = sock(); server.bind(('127.0.0.1', 0)); server.listen()
    near = sock(); near.connect(server.getsockname()); given, _ = server.accept(); server.close()
elif kind in ('udp', 'udp-connected'): given = sock(type=socket.SOCK_DGRAM); given.bind(('127.0.0.1', 0))
elif kind == 'udp6': given = sock(socket.AF_INET6, socket.SOCK_DGRAM); given.bind(('::1', 0))
if kind == 'udp-connected': given.connect(given.getsockname())
address = given.getsockname()
env = dict(os.environ, GIVEN_FD=str(given.fileno()), NODE_OPTIONS='', NODE_TEST_CONTEXT='')
child = subprocess.Popen([node, '--input-type=module', '-e', code], pass_fds=[given.fileno()], stdout=subprocess.PIPE, env=env)
given.close()
ready = child.stdout.readline().decode().strip()
if ready != 'ready': print(ready); print(child.stdout.read().decode().strip()); sys.exit(child.wait())
if kind.startswith('udp'):
    near = sock(socket.AF_INET6 if kind == 'udp6' else socket.AF_INET, socket.SOCK_DGRAM)
    near.sendto(b'hello', address); print('got', near.recv(100).decode())
else:
    if near is None: near = sock(given.family); near.connect(address)
    near.sendall(b'hello\\n'); near.shutdown(socket.SHUT_WR)
    data = b''
    while (piece := near.recv(100)): data += piece
    print('got', data.decode().strip())
print(child.stdout.read().decode().strip())
sys.exit(child.wait())
`;

/** What the parent and the child print, and how they end. */
async function handedOver(kind: string, body: string): Promise<string[]> {
  const child = spawn('python3', ['-c', PARENT, kind, process.execPath, childProgram(body)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += String(data);
  });
  const [status] = await once(child, 'close');
  return [...printed.trim().split('\n'), `status ${status}`];
}

const SERVE = `
  const handle = asyncio.coroutine(function* (reader, writer) {
    writer.write(yield* reader.readline());
    writer.close();
    server.close();
  });
  console.log('ready');
  yield* server.waitClosed();
`;

const ECHO_DATAGRAM = `
  const loop = asyncio.getRunningLoop();
  const lost = loop.createFuture();
  class Echo extends asyncio.DatagramProtocol {
    connectionMade(transport) { this.transport = transport; }
    datagramReceived(data, address) { this.transport.sendto(data, address); this.transport.close(); }
    connectionLost() { lost.setResult(); }
  }
`;

const skip = skipWithout('python3') || (process.platform === 'linux' ? false : 'looks into /proc');

function handover(name: string, kind: string, body: string, expected: readonly string[]): void {
  const label = style === 'generator' ? 'generators' : 'async functions';
  test(`${name} (${label})`, { skip }, async () => {
    assert.deepEqual(await handedOver(kind, body), expected);
  });
}

for (const [shape, sock] of [
  ['{ fd }', '{ fd }'],
  ['an object with fileno() and detach()', 'new Detachable()'],
] as const) {
  handover(
    `a TCP socket that a parent has bound is served: ${shape}`,
    'listener',
    `let server;
     const handle = (reader, writer) => serve(reader, writer);
     ${SERVE.replace('const handle', 'const serve').replace(
       "console.log('ready');",
       `server = yield* asyncio.startServer(serve, null, null, { sock: ${sock} });
        if (server.sockets[0].getsockname()[0] !== '127.0.0.1') throw new Error('what address?');
        console.log('ready');`,
     )}`,
    ['got hello', 'open 0', 'status 0'],
  );
}

handover(
  'an abstract Unix socket at which a parent listens is served, and its name is known',
  'unix-listener',
  `let server;
   ${SERVE.replace(
     "console.log('ready');",
     `server = yield* asyncio.startUnixServer(handle, null, { sock: { fd } });
      if (!server.sockets[0].getsockname().startsWith('\\0asyncio-ts-')) throw new Error('what name?');
      console.log('ready');`,
   )}`,
  ['got hello', 'open 0', 'status 0'],
);

for (const [kind, open] of [
  ['connected', 'openUnixConnection(null, { sock: { fd } })'],
  ['connected', 'openConnection(null, null, { sock: { fd } })'],
  ['tcp-connected', 'openConnection(null, null, { sock: { fd } })'],
] as const) {
  handover(
    `a connected socket of a parent is a connection (${kind}, ${open})`,
    kind,
    `const [reader, writer] = yield* asyncio.${open};
     console.log('ready');
     writer.write(yield* reader.readline());
     writer.close();
     yield* writer.waitClosed();`,
    ['got hello', 'open 0', 'status 0'],
  );
}

for (const kind of ['udp', 'udp6']) {
  handover(
    `a socket of datagrams of a parent is an endpoint (${kind})`,
    kind,
    `${ECHO_DATAGRAM}
     yield* loop.createDatagramEndpoint(() => new Echo(), { sock: { fd } });
     console.log('ready');
     yield* lost;`,
    ['got hello', 'open 0', 'status 0'],
  );
}

handover(
  'what the descriptor is not is refused, and left open; what Node cannot use is said to be so',
  'udp-connected',
  `const loop = asyncio.getRunningLoop();
   const make = () => new asyncio.Protocol();
   const told = asyncio.coroutine(function* (awaitable) {
     try { yield* awaitable; } catch (error) { console.log(error.name, error.message.slice(0, 40), sockets()); }
   });
   const sock = new Detachable();
   yield* told(loop.createConnection(make, null, null, { sock }));
   console.log(sock.fileno() === fd);
   yield* told(loop.createDatagramEndpoint(() => new asyncio.DatagramProtocol(), { sock: { fd } }));`,
  [
    'ValueError A Stream Socket was expected, got <Detac 1',
    'true',
    'NotImplementedError the libuv reactor cannot use the descrip 0',
    'open 0',
    'status 0',
  ],
);
