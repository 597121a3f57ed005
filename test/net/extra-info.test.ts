/** What is told of a connection: each key that Python documents, on each kind of transport, and the options of its socket. */
import assert from 'node:assert/strict';
import { ChildProcess } from 'node:child_process';
import * as asyncio from '../../src/index.ts';
import { HOST, isRaw, onSockets, portOf, Recorder, until } from './kit.ts';

const { scenario } = await onSockets(import.meta.url);
const {
  AF_INET,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SO_BROADCAST,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_SNDBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} = asyncio.socket;

scenario('of a TCP connection: both addresses, and its socket', function* ({ loop }) {
  const served = new Recorder(loop);
  const server = yield* loop.createServer(() => served, HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  yield* served.made;
  const socket = transport.getExtraInfo('socket')!;
  assert.deepEqual(transport.getExtraInfo('peername'), [HOST, portOf(server)]);
  assert.deepEqual(served.transport.getExtraInfo('peername'), transport.getExtraInfo('sockname'));
  assert.deepEqual([socket.family, socket.type, socket.proto], [AF_INET, SOCK_STREAM, IPPROTO_TCP]);
  assert.equal(socket, transport.getExtraInfo('socket'));
  assert.equal(transport.getExtraInfo('pipe'), null);
  assert.equal(transport.getExtraInfo('subprocess', 'none'), 'none');
  const [listening] = server.sockets;
  assert.deepEqual([listening?.type, listening?.proto], [SOCK_STREAM, IPPROTO_TCP]);
  assert.throws(
    () => listening?.getsockopt(SOL_SOCKET, SO_KEEPALIVE),
    /^NotImplementedError: .*cannot be reached/,
  );
  assert.equal(listening?.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
  transport.close();
  yield* protocol.lost;
  server.close();
  yield* server.waitClosed();
});

scenario('options of a TCP connection: what Node can, and words for what it cannot', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Recorder(loop), HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  const socket = transport.getExtraInfo('socket')!;
  assert.equal(socket.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
  assert.equal(socket.getsockopt(SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
  assert.equal(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
  socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, false);
  assert.equal(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 0);
  const unknown = /^NotImplementedError: the libuv reactor cannot tell option 9 of level 1: /;
  if (isRaw(loop)) assert.equal(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 0);
  else assert.throws(() => socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), unknown);
  socket.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, true);
  assert.equal(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 1);
  assert.equal(socket.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE), 60);
  const unable = /^NotImplementedError: the libuv reactor cannot set option 8 of level 1: /;
  if (isRaw(loop)) socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 10_000);
  else assert.throws(() => socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 1000), unable);
  assert.throws(
    () => socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 'big' as never),
    /^TypeError: setsockopt\(\): value/,
  );
  assert.throws(() => socket.getsockopt('SO_TYPE' as never, 3), /^TypeError: getsockopt\(\): level/);
  assert.equal(socket.gettimeout(), 0);
  socket.settimeout(0);
  socket.setblocking(false);
  assert.throws(() => socket.settimeout(1), /^ValueError: settimeout\(\): only 0 timeout is allowed/);
  assert.throws(() => socket.setblocking(true), /^ValueError: setblocking\(\)/);
  transport.close();
  yield* protocol.lost;
  assert.equal(socket.fileno(), -1);
  assert.deepEqual(socket.getpeername(), [HOST, portOf(server)]);
  server.close();
  yield* server.waitClosed();
});

scenario('options of a socket of datagrams', function* ({ loop }) {
  const make = () => new asyncio.DatagramProtocol();
  const [transport] = yield* loop.createDatagramEndpoint(make, { localAddr: [HOST, 0] });
  const socket = transport.getExtraInfo('socket')!;
  assert.deepEqual([socket.family, socket.type, socket.proto], [AF_INET, SOCK_DGRAM, IPPROTO_UDP]);
  socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 100_000);
  // Linux doubles it.
  assert.ok(socket.getsockopt(SOL_SOCKET, SO_RCVBUF) >= 100_000);
  assert.ok(socket.getsockopt(SOL_SOCKET, SO_SNDBUF) > 0);
  socket.setsockopt(SOL_SOCKET, SO_BROADCAST, 1);
  socket.setsockopt(IPPROTO_IP, IP_TTL, 5);
  assert.equal(socket.getsockopt(IPPROTO_IP, IP_TTL), 5);
  assert.throws(() => socket.setsockopt(IPPROTO_IP, IP_TTL, 1000), /^OSError: \[Errno 22\] Invalid argument/);
  assert.throws(
    () => socket.getsockopt(SOL_SOCKET, 12_345),
    isRaw(loop) ? /^OSError/ : /^NotImplementedError/,
  );
  transport.close();
  yield* until(() => !process.getActiveResourcesInfo().includes('UDPWrap'));
});

scenario('of a subprocess and its pipes', function* ({ loop }) {
  const factory = () => new asyncio.SubprocessProtocol();
  const options = { stdin: asyncio.subprocess.PIPE, stdout: asyncio.subprocess.PIPE };
  const [transport] = yield* loop.subprocessExec(factory, process.execPath, '--version', options);
  assert.ok(transport.getExtraInfo('subprocess') instanceof ChildProcess);
  assert.equal(transport.getExtraInfo('pipe'), null);
  for (const fd of [0, 1]) {
    const pipe = transport.getPipeTransport(fd)!;
    assert.equal(typeof pipe.getExtraInfo('pipe'), 'number');
    for (const key of ['socket', 'peername', 'sockname', 'subprocess'] as const) {
      assert.equal(pipe.getExtraInfo(key), null, key);
    }
    assert.equal(pipe.getExtraInfo('anything', 5), 5);
  }
  transport.close();
  yield* transport._wait();
});
