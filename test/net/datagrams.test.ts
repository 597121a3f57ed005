/**
 * Datagrams on real sockets: what arrives, what does not, what is told of it, and that nothing is left open. The loopback drops datagrams where buffers
 * overflow, so no test has more under way than they hold.
 */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { DatagramChannel, DatagramSink, Endpoint } from '../../src/core/channel.ts';
import * as asyncio from '../../src/index.ts';
import { UdpTransport } from '../../src/net/datagram-transport.ts';
import { play, type Scene } from '../both-styles.ts';
import { bytes, event, HOST, hostTurn, type NetScene, onSockets, openHandles, text, until } from './kit.ts';

const { co, scenario, style } = await onSockets(import.meta.url);
const label = style === 'generator' ? 'generators' : 'async functions';

const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);
const hasPython = spawnSync('python3', ['-c', 'import asyncio']).status === 0;
const LINUX = process.platform === 'linux' ? false : 'counts on what Linux does';

function openEndpoints(): number {
  return openHandles().length;
}

/** What the descriptors of this process are, where the system shows it. */
function descriptors(): readonly string[] {
  if (LINUX !== false) return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one of the listing itself.
      return [];
    }
  });
}

/** A scenario that leaves no endpoint open. */
function datagrams(name: string, body: (scene: NetScene) => asyncio.Coroutine<unknown>): void {
  scenario(name, function* (scene) {
    const before = openEndpoints();
    yield* body(scene);
    yield* until(() => openEndpoints() <= before);
  });
}

/** A protocol that writes down what happens to it. */
class Recorder extends asyncio.DatagramProtocol {
  readonly events: string[] = [];
  readonly senders: asyncio.SocketAddress[] = [];
  readonly errors: Error[] = [];
  readonly lost = asyncio.getRunningLoop().createFuture<Error | null>();
  transport!: asyncio.DatagramTransport;

  override connectionMade(transport: asyncio.DatagramTransport): void {
    this.transport = transport;
    this.events.push('made');
  }

  override datagramReceived(data: Uint8Array, addr: asyncio.SocketAddress): void {
    this.events.push(`data ${text(data)}`);
    this.senders.push(addr);
  }

  override errorReceived(exc: Error): void {
    this.events.push(`error ${exc.name}`);
    this.errors.push(exc);
  }

  override connectionLost(exc: Error | null): void {
    this.events.push(`lost ${exc === null ? 'null' : exc.name}`);
    this.lost.setResult(exc);
  }

  override pauseWriting(): void {
    this.events.push('pause');
  }

  override resumeWriting(): void {
    this.events.push('resume');
  }
}

class Echo extends Recorder {
  override datagramReceived(data: Uint8Array, addr: asyncio.SocketAddress): void {
    this.transport.sendto(data, addr);
  }
}

function addressOf(transport: asyncio.DatagramTransport): asyncio.SocketAddress {
  const address = transport.getExtraInfo('sockname');
  assert.ok(address !== null);
  return address;
}

const bound = co(function* (loop: asyncio.EventLoop, host: string = HOST) {
  return yield* loop.createDatagramEndpoint(() => new Recorder(), { localAddr: [host, 0] });
});

const echoing = co(function* (loop: asyncio.EventLoop, host: string = HOST) {
  return yield* loop.createDatagramEndpoint(() => new Echo(), { localAddr: [host, 0] });
});

const connectedTo = co(function* (loop: asyncio.EventLoop, transport: asyncio.DatagramTransport) {
  const [host, port] = addressOf(transport);
  return yield* loop.createDatagramEndpoint(() => new Recorder(), { remoteAddr: [host, port] });
});

const closed = co(function* (...protocols: Recorder[]) {
  for (const { transport } of protocols) transport.close();
  for (const { lost } of protocols) assert.equal(yield* lost, null);
});

/** An iteration of the loop, or one of Node's. */
function turnOf(own: boolean): asyncio.Awaitable<void> {
  return own ? asyncio.sleep(0) : hostTurn();
}

/** What the coroutine throws. */
const thrownBy = co(function* (coroutine: asyncio.Waitable<unknown>) {
  try {
    yield* asyncio.ensureFuture(coroutine);
  } catch (error) {
    return error as Error & { readonly code?: string };
  }
  return assert.fail('nothing was thrown');
});

datagrams('datagrams come whole, empty ones too, and go back to where they came from', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const [client, protocol] = yield* bound(loop);
  assert.deepEqual(protocol.events, ['made']);
  const big = 'x'.repeat(9000);
  for (const data of ['a', '', 'bc', big]) client.sendto(bytes(data), addressOf(server));
  yield* until(() => protocol.events.length === 5);
  assert.deepEqual(protocol.events, ['made', 'data a', 'data ', 'data bc', `data ${big}`]);
  assert.deepEqual(protocol.senders[0], addressOf(server));
  yield* closed(protocol, echo);
  assert.equal(protocol.events.at(-1), 'lost null');
});

datagrams('a connected endpoint sends to its peer alone, and hears only it', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const [stranger, other] = yield* bound(loop);
  const [client, protocol] = yield* connectedTo(loop, server);
  assert.deepEqual(client.getExtraInfo('peername'), addressOf(server));
  assert.equal(addressOf(client)[0], HOST);
  stranger.sendto(bytes('psst'), addressOf(client));
  client.sendto(bytes('a'));
  client.sendto(bytes('b'), null);
  client.sendto(bytes('c'), addressOf(server));
  yield* until(() => protocol.events.length === 4);
  assert.deepEqual(protocol.events, ['made', 'data a', 'data b', 'data c']);
  const [, port] = addressOf(server);
  assert.throws(() => client.sendto(bytes('d'), addressOf(stranger)), {
    name: 'ValueError',
    message: `Invalid address: must be None or ('${HOST}', ${port})`,
  });
  yield* closed(protocol, echo, other);
});

datagrams('what can be asked of a transport', function* ({ loop }) {
  const [transport, protocol] = yield* bound(loop);
  assert.ok(transport instanceof asyncio.DatagramTransport);
  assert.equal(transport.getExtraInfo('peername'), null);
  assert.equal(transport.getExtraInfo('nothing', 7), 7);
  const socket = transport.getExtraInfo('socket');
  assert.deepEqual(socket?.getsockname(), addressOf(transport));
  assert.equal(socket?.getpeername(), null);
  assert.equal(transport.getProtocol(), protocol);
  assert.match(String(transport), /^<UdpTransport fd=\d+ read=polling write=<idle, bufsize=0>>$/);
  assert.deepEqual(transport.getWriteBufferLimits(), [16384, 65536]);
  assert.equal(transport.isClosing(), false);
  transport.close();
  transport.close();
  assert.equal(transport.isClosing(), true);
  assert.match(String(transport), /^<UdpTransport closing /);
  yield* protocol.lost;
  assert.equal(String(transport), '<UdpTransport closed fd=-1 read=idle write=<idle, bufsize=0>>');
  assert.equal(transport.getProtocol(), null);
});

datagrams('10,000 datagrams are echoed', function* ({ loop }) {
  const TOTAL = 10_000;
  const WINDOW = 32;
  const [server, echo] = yield* echoing(loop);
  const done = loop.createFuture<void>();
  let sent = 0;
  let received = 0;
  class Counting extends Recorder {
    send(): void {
      this.transport.sendto(bytes(String(sent++)));
    }

    override datagramReceived(data: Uint8Array): void {
      assert.equal(text(data), String(received++));
      if (sent < TOTAL) this.send();
      if (received === TOTAL) done.setResult(undefined);
    }
  }
  const remoteAddr = [HOST, addressOf(server)[1]] as const;
  const [, client] = yield* loop.createDatagramEndpoint(() => new Counting(), { remoteAddr });
  while (sent < WINDOW) client.send();
  yield* done;
  assert.deepEqual([sent, received], [TOTAL, TOTAL]);
  yield* closed(client, echo);
});

datagrams('a port where nobody listens is a refused connection, and not the end', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const [client, protocol] = yield* connectedTo(loop, server);
  server.abort();
  yield* until(() => server.getProtocol() === null);
  client.sendto(bytes('anyone?'));
  yield* until(() => protocol.errors.length > 0);
  const [error] = protocol.errors;
  assert.ok(error instanceof asyncio.ConnectionRefusedError);
  assert.deepEqual([error.code, error.errno], ['ECONNREFUSED', 111]);
  assert.equal(error.message, '[Errno 111] Connection refused');
  assert.equal(client.isClosing(), false);
  yield* closed(protocol);
  assert.equal(yield* echo.lost, null);
});

datagrams('a datagram that is too long is an error, told before the end', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const [client, protocol] = yield* connectedTo(loop, server);
  client.sendto(Buffer.alloc(70_000));
  client.sendto(bytes('short'));
  yield* until(() => protocol.events.length === 3);
  assert.deepEqual(protocol.events.sort(), ['data short', 'error OSError', 'made']);
  const [error] = protocol.errors as asyncio.OSError[];
  assert.deepEqual(
    [error?.code, error?.syscall, error?.message],
    ['EMSGSIZE', 'send', '[Errno 90] Message too long'],
  );
  client.sendto(Buffer.alloc(70_000));
  yield* closed(protocol, echo);
  assert.deepEqual(protocol.events.slice(-2), ['error OSError', 'lost null']);
});

datagrams('closing takes one turn of the loop', function* ({ loop }) {
  const [, protocol] = yield* bound(loop);
  protocol.transport.close();
  assert.deepEqual(protocol.events, ['made']);
  yield* asyncio.sleep(0);
  yield* asyncio.sleep(0);
  assert.deepEqual(protocol.events, ['made', 'lost null']);
});

datagrams('hosts are looked up by sendto, and the order is kept', function* ({ loop }) {
  const [server, receiver] = yield* bound(loop);
  const [client, protocol] = yield* bound(loop);
  const [, port] = addressOf(server);
  client.sendto(bytes('a'), ['localhost', port]);
  client.sendto(bytes('b'), [HOST, port]);
  assert.equal(client.getWriteBufferSize(), 18);
  client.sendto(bytes('c'), ['localhost', port]);
  client.sendto(bytes('d'), ['::1', port]);
  client.sendto(bytes('e'), [HOST, port]);
  client.close();
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events, ['made', 'error gaierror', 'lost null']);
  yield* until(() => receiver.events.length === 5);
  assert.deepEqual(receiver.events, ['made', 'data a', 'data b', 'data c', 'data e']);
  yield* closed(receiver);
});

datagrams('abort loses what waits', function* ({ loop }) {
  const [server, receiver] = yield* bound(loop);
  const [client, protocol] = yield* bound(loop);
  client.sendto(bytes('never'), ['localhost', addressOf(server)[1]]);
  client.abort();
  assert.equal(client.getWriteBufferSize(), 0);
  assert.equal(yield* protocol.lost, null);
  yield* closed(receiver);
  assert.deepEqual(receiver.events, ['made', 'lost null']);
});

datagrams('port 0 is an error of the system', function* ({ loop }) {
  const [client, protocol] = yield* bound(loop);
  client.sendto(bytes('a'), [HOST, 0]);
  yield* until(() => protocol.errors.length === 1);
  assert.equal(protocol.errors[0]?.message, '[Errno 22] Invalid argument');
  yield* closed(protocol);
});

datagrams(
  'what is sent after the end is dropped, and warned of when it does not stop',
  function* ({ loop, warnings }) {
    const [client, protocol] = yield* bound(loop);
    client.close();
    yield* protocol.lost;
    for (let i = 0; i < 10; i++) client.sendto(bytes('a'), [HOST, 9]);
    yield* hostTurn();
    const [warning, ...others] = warnings();
    assert.deepEqual(others, []);
    assert.match(String(warning), /RuntimeWarning: 5 datagrams to a closed endpoint were dropped/);
  },
);

datagrams('a protocol that fails is reported, and its endpoint stays', function* ({ loop, reports }) {
  class Picky extends Echo {
    override datagramReceived(data: Uint8Array, addr: asyncio.SocketAddress): void {
      if (text(data) === 'bad') throw new Error('bad data');
      super.datagramReceived(data, addr);
    }
  }
  const [server, picky] = yield* loop.createDatagramEndpoint(() => new Picky(), { localAddr: [HOST, 0] });
  const [client, protocol] = yield* connectedTo(loop, server);
  client.sendto(bytes('bad'));
  client.sendto(bytes('good'));
  yield* until(() => protocol.events.length === 2);
  assert.deepEqual(protocol.events, ['made', 'data good']);
  const [report, ...others] = reports();
  assert.deepEqual(others, []);
  assert.equal(report?.message, 'Exception in protocol.datagramReceived() call failed.');
  assert.equal(String(report?.exception), 'Error: bad data');
  assert.equal(report?.['transport'], server);
  yield* closed(protocol, picky);
});

datagrams('broadcast has to be allowed', function* ({ loop }) {
  const [, protocol] = yield* bound(loop);
  protocol.transport.sendto(bytes('a'), ['<broadcast>', 9]);
  yield* until(() => protocol.errors.length === 1);
  assert.ok(protocol.errors[0] instanceof asyncio.PermissionError);
  const remoteAddr = ['255.255.255.255', 9] as const;
  const error = yield* thrownBy(loop.createDatagramEndpoint(() => new Recorder(), { remoteAddr }));
  assert.ok(error instanceof asyncio.PermissionError, String(error));
  yield* closed(protocol);
});

if (LINUX === false) {
  datagrams('a broadcast reaches who listens, and anyone may answer', function* ({ loop }) {
    const [server, echo] = yield* echoing(loop, '0.0.0.0');
    const remoteAddr = ['127.255.255.255', addressOf(server)[1]] as const;
    const options = { remoteAddr, allowBroadcast: true };
    const [client, protocol] = yield* loop.createDatagramEndpoint(() => new Recorder(), options);
    assert.equal(client.getExtraInfo('peername'), null);
    client.sendto(bytes('to all'));
    yield* until(() => protocol.senders.length === 1);
    assert.deepEqual(protocol.events, ['made', 'data to all']);
    assert.notEqual(protocol.senders[0]?.[0], remoteAddr[0]);
    assert.throws(() => client.sendto(bytes('x'), [HOST, 9]), {
      message: /^Invalid address: must be None or /,
    });
    yield* closed(protocol, echo);
  });
}

datagrams('an address belongs to one endpoint, unless they share it', function* ({ loop }) {
  const shared = { localAddr: [HOST, 0] as readonly [string, number], reusePort: true };
  const [first, one] = yield* loop.createDatagramEndpoint(() => new Recorder(), shared);
  const localAddr = [HOST, addressOf(first)[1]] as const;
  const [, two] = yield* loop.createDatagramEndpoint(() => new Recorder(), { localAddr, reusePort: true });
  const error = yield* thrownBy(loop.createDatagramEndpoint(() => new Recorder(), { localAddr }));
  assert.ok(error instanceof asyncio.OSError);
  assert.deepEqual([error.code, error.syscall], ['EADDRINUSE', 'bind']);
  assert.match(error.message, /^\[Errno 98\] Address already in use$/);
  yield* closed(one, two);
});

if (hasIPv6) {
  datagrams('IPv6, by itself and for both families', function* ({ loop }) {
    const [server, echo] = yield* echoing(loop, '::1');
    const [client, protocol] = yield* connectedTo(loop, server);
    const address = addressOf(server);
    assert.deepEqual(address, ['::1', address[1], 0, 0]);
    client.sendto(bytes('six'));
    client.sendto(bytes('whole'), address);
    assert.throws(() => client.sendto(bytes('x'), ['::1', address[1]]), { name: 'ValueError' });
    yield* until(() => protocol.events.length === 3);
    assert.deepEqual(protocol.senders[0], address);
    assert.equal(client.getExtraInfo('socket')?.family, 6);
    const [dual, both] = yield* bound(loop, '::');
    const [four, protocol4] = yield* bound(loop);
    four.sendto(bytes('four'), [HOST, addressOf(dual)[1]]);
    yield* until(() => both.senders.length === 1);
    assert.equal(both.senders[0]?.[0], `::ffff:${HOST}`);
    yield* closed(protocol, echo, both, protocol4);
  });
}

datagrams('an endpoint of a family alone can send', function* ({ loop }) {
  const [server, receiver] = yield* bound(loop);
  const [client, protocol] = yield* loop.createDatagramEndpoint(() => new Recorder(), { family: 4 });
  client.sendto(bytes('a'), addressOf(server));
  yield* until(() => receiver.senders.length === 1);
  assert.equal(receiver.senders[0]?.[1], addressOf(client)[1]);
  yield* closed(protocol, receiver);
});

datagrams('both ends can be given, and a name for either', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const [host, port] = addressOf(server);
  const options = { localAddr: [HOST, '0'], remoteAddr: ['localhost', port], family: 4 } as const;
  const [client, protocol] = yield* loop.createDatagramEndpoint(() => new Recorder(), options);
  assert.deepEqual(client.getExtraInfo('peername'), [host, port]);
  client.sendto(bytes('a'));
  yield* until(() => protocol.senders.length === 1);
  yield* closed(protocol, echo);
});

datagrams('cancelled at any step, an endpoint that is being made leaves nothing', function* ({ loop }) {
  const [server, receiver] = yield* bound(loop);
  const remoteAddr = ['localhost', addressOf(server)[1]] as const;
  const options = { localAddr: [HOST, 0], remoteAddr, family: 4 } as const;
  const attempt = co(function* (steps: number) {
    const task = loop.createTask(loop.createDatagramEndpoint(() => new Recorder(), options));
    for (let i = 0; i < steps && !task.done(); i++) yield* turnOf(steps % 2 === 0);
    task.cancel();
    yield* asyncio.wait([task]);
    if (task.cancelled()) return false;
    yield* closed(task.result()[1]);
    return true;
  });
  // The first lookup starts threads, which have descriptors of their own.
  while (!(yield* attempt(1001)));
  yield* until(() => openEndpoints() === 1);
  const before = descriptors();
  for (let steps = 0, made = 0; made < 3; steps++) if (yield* attempt(steps)) made++;
  yield* until(() => openEndpoints() === 1);
  assert.deepEqual(descriptors(), before);
  yield* closed(receiver);
});

datagrams('a factory that fails leaves nothing', function* ({ loop }) {
  const fail = () => {
    throw new Error('no protocol today');
  };
  const localAddr = [HOST, 0] as const;
  const error = yield* thrownBy(loop.createDatagramEndpoint(fail, { localAddr }));
  assert.equal(error.message, 'no protocol today');
  const none = yield* thrownBy(loop.createDatagramEndpoint(() => ({}) as never, { localAddr }));
  assert.match(
    String(none),
    /^TypeError: createDatagramEndpoint\(\) needs a function that returns a protocol/,
  );
});

datagrams("bad input is refused with Python's class and what to do", function* ({ loop }) {
  const [transport, protocol] = yield* bound(loop);
  const send = (data: unknown, addr?: unknown) => () => transport.sendto(data as Uint8Array, addr as null);
  assert.throws(send('text', [HOST, 9]), {
    name: 'TypeError',
    message: /^sendto\(\) needs a Uint8Array .*encode it/,
  });
  assert.throws(send(bytes('a')), { name: 'TypeError', message: /needs an address.*without remoteAddr/ });
  assert.throws(send(bytes('a'), 'there'), { name: 'TypeError', message: /needs an address such as/ });
  assert.throws(send(bytes('a'), [HOST]), { name: 'TypeError', message: /needs an address such as/ });
  assert.throws(send(bytes('a'), [HOST, '9']), { name: 'TypeError', message: /port must be a number/ });
  assert.throws(send(bytes('a'), [HOST, 70_000]), { name: 'OverflowError', message: /port must be 0-65535/ });
  assert.throws(() => transport.setWriteBufferLimits({ high: 1, low: 2 }), { name: 'ValueError' });
  const rows: readonly [options: unknown, says: RegExp][] = [
    [{}, /^ValueError: unexpected address family/],
    [{ localAddr: [HOST] }, /^TypeError: 2-tuple is expected: localAddr must be \[host, port\]/],
    [{ remoteAddr: HOST }, /^TypeError: 2-tuple is expected: remoteAddr/],
    [{ localAddr: [HOST, 0], remoteAddr: ['::1', 9] }, /^ValueError: can not get address information/],
    [{ localAddr: [HOST, 0], family: 6 }, /^gaierror: \[Errno -9\]/],
    [{ localAddr: [HOST, -1] }, /^OverflowError: createDatagramEndpoint\(\): port must be 0-65535/],
    [{ localAddr: [7, 0] }, /^TypeError: createDatagramEndpoint\(\): host must be a string or null/],
    [{ family: 5 }, /^ValueError: .*family must be 4, 6/],
    [{ reuseAddress: true }, /^TypeError: .*unexpected option 'reuseAddress'/],
    [{ sock: {} }, /^TypeError: sock must be/],
    [{ sock: 5 }, /^TypeError: .*sock must be a socket.*not 5/],
    [[HOST, 0], /^TypeError: .*options must be an object/],
  ];
  for (const [options, says] of rows) {
    assert.match(
      String(yield* thrownBy(loop.createDatagramEndpoint(() => new Recorder(), options as never))),
      says,
    );
  }
  const none = yield* thrownBy(loop.createDatagramEndpoint('no' as never, { family: 4 }));
  assert.match(String(none), /^TypeError: createDatagramEndpoint\(\) needs a function/);
  yield* closed(protocol);
});

datagrams('what comes from other programs is received, and they receive', function* ({ loop }) {
  const [server, echo] = yield* echoing(loop);
  const bare = createSocket('udp4');
  const answer = event<Buffer>(bare, 'message');
  bare.send('hello', addressOf(server)[1], HOST);
  assert.equal(text(yield* answer), 'hello');
  bare.close();
  yield* closed(echo);
});

/** A program in Python that is told and tells by lines. */
class Python {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  readonly #lines: string[] = [];
  #rest = '';
  #over = false;

  constructor(code: string, ...args: readonly string[]) {
    this.#child = spawn('python3', ['-u', '-c', code, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8').on('data', (data: string) => {
      const lines = (this.#rest + data).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
    });
    this.#child.on('close', () => {
      this.#over = true;
    });
  }

  *line(): asyncio.Coroutine<string> {
    yield* until(() => this.#lines.length > 0 || this.#over);
    return this.#lines.shift() ?? assert.fail('the program has ended');
  }

  *ended(): asyncio.Coroutine<number | null> {
    if (!this.#over) yield* asyncio.wrapFuture(once(this.#child, 'close'));
    return this.#child.exitCode;
  }
}

const PYTHON_SERVER = `
import asyncio
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, data, addr):
        self.transport.sendto(data[::-1], addr)
        if data == b'end':
            self.transport.close()
    def connection_lost(self, exc):
        done.set_result(exc)
async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=('127.0.0.1', 0))
    print(transport.get_extra_info('sockname')[1])
    await done
asyncio.run(main())
`;

const PYTHON_CLIENT = `
import asyncio, sys
class Client(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
        self.count = 0
        transport.sendto(b'0')
    def datagram_received(self, data, addr):
        assert data == b'%d' % self.count, data
        self.count += 1
        if self.count == 500:
            self.transport.close()
        else:
            self.transport.sendto(b'%d' % self.count)
    def connection_lost(self, exc):
        print(self.count, exc)
        done.set_result(None)
async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    await loop.create_datagram_endpoint(Client, remote_addr=('127.0.0.1', int(sys.argv[1])))
    await done
asyncio.run(main())
`;

if (hasPython) {
  datagrams("Python's asyncio answers", function* ({ loop }) {
    const python = new Python(PYTHON_SERVER);
    const remoteAddr = [HOST, Number(yield* python.line())] as const;
    const [client, protocol] = yield* loop.createDatagramEndpoint(() => new Recorder(), { remoteAddr });
    for (const data of ['abc', 'x'.repeat(5000), 'end']) client.sendto(bytes(data));
    yield* until(() => protocol.senders.length === 3);
    assert.deepEqual(protocol.events, ['made', 'data cba', `data ${'x'.repeat(5000)}`, 'data dne']);
    assert.equal(yield* python.ended(), 0);
    yield* closed(protocol);
  });

  datagrams("Python's asyncio asks", function* ({ loop }) {
    const [server, echo] = yield* echoing(loop);
    const python = new Python(PYTHON_CLIENT, String(addressOf(server)[1]));
    assert.equal(yield* python.line(), '500 None');
    assert.equal(yield* python.ended(), 0);
    yield* closed(echo);
  });
} else {
  test(`Python's asyncio answers and asks (${label})`, { skip: 'python3 is missing' }, () => {});
}

// ---- a channel in the hands of the test ---------------------------------------------------------------------------------------------

class FakeDatagrams implements DatagramChannel {
  /** How many more datagrams it takes. */
  room = Infinity;
  unsent = 0;
  pending = 0;
  isPaused = true;
  isClosed = false;
  readonly sent: string[] = [];
  sink!: DatagramSink;

  attach(sink: DatagramSink): void {
    this.sink = sink;
  }

  info(): unknown {
    return undefined;
  }

  resume(): void {
    this.isPaused = false;
  }

  pause(): void {
    this.isPaused = true;
  }

  send(data: Uint8Array, to: Endpoint | null): boolean {
    if (this.room === 0) return false;
    this.room--;
    this.sent.push(`${text(data)} to ${to?.port}`);
    return true;
  }

  close(): void {
    this.isClosed = true;
  }

  drain(room: number = Infinity): void {
    this.unsent = 0;
    this.pending = 0;
    this.room = room;
    this.sink.channelWritable();
  }
}

interface Faked {
  readonly channel: FakeDatagrams;
  readonly transport: UdpTransport;
  readonly protocol: Recorder;
}

function faked(name: string, body: (parts: Faked, scene: Scene) => asyncio.Coroutine<unknown>): void {
  test(`${name} (${label})`, () =>
    play(
      co(function* (scene: Scene) {
        const channel = new FakeDatagrams();
        const protocol = new Recorder();
        const transport = new UdpTransport(scene.loop, channel, 4, protocol);
        assert.equal(channel.isPaused, true);
        yield* asyncio.sleep(0);
        assert.deepEqual([protocol.events, channel.isPaused], [['made'], false]);
        protocol.events.length = 0;
        yield* body({ channel, protocol, transport }, scene);
      }),
    ));
}

const THERE = [HOST, 9] as const;

faked(
  'above the high-water mark the protocol pauses, at the low one it goes on',
  function* ({ channel, protocol, transport }) {
    transport.setWriteBufferLimits({ high: 30, low: 10 });
    channel.room = 1;
    for (const data of ['a', 'bb', 'ccc']) transport.sendto(bytes(data), THERE);
    assert.deepEqual(channel.sent, ['a to 9']);
    assert.equal(transport.getWriteBufferSize(), 21);
    assert.deepEqual(protocol.events, []);
    transport.sendto(bytes('dddd'), THERE);
    transport.sendto(bytes('e'), THERE);
    assert.equal(transport.getWriteBufferSize(), 42);
    assert.deepEqual(protocol.events, ['pause']);
    channel.drain(2);
    assert.deepEqual(protocol.events, ['pause']);
    channel.drain(1);
    assert.deepEqual([protocol.events, transport.getWriteBufferSize()], [['pause', 'resume'], 9]);
    channel.drain();
    assert.deepEqual(channel.sent, ['a to 9', 'bb to 9', 'ccc to 9', 'dddd to 9', 'e to 9']);
  },
);

faked('who sends may use the array again', function* ({ channel, transport }) {
  channel.room = 0;
  const data = bytes('first');
  transport.sendto(data, THERE);
  data.fill(0);
  channel.drain();
  assert.deepEqual(channel.sent, ['first to 9']);
});

faked('closing sends what waits, and ends when it has gone', function* ({ channel, protocol, transport }) {
  channel.room = 0;
  transport.sendto(bytes('a'), THERE);
  transport.close();
  transport.sendto(bytes('b'), THERE);
  channel.sink.channelDatagram(bytes('late'), THERE);
  yield* asyncio.sleep(0.1);
  assert.deepEqual(protocol.events, []);
  channel.drain(1);
  yield* asyncio.sleep(0.1);
  assert.deepEqual(protocol.events, []);
  channel.drain();
  yield* protocol.lost;
  assert.deepEqual([channel.sent, protocol.events], [['a to 9', 'b to 9'], ['lost null']]);
  assert.equal(channel.isClosed, true);
});

faked('closing waits for the fate of the last datagram', function* ({ channel, protocol, transport }) {
  channel.pending = 1;
  transport.close();
  yield* asyncio.sleep(0.1);
  assert.deepEqual(protocol.events, []);
  channel.sink.channelError(new asyncio.OSError('[Errno 90] Message too long'));
  channel.drain();
  yield* protocol.lost;
  assert.deepEqual(protocol.events, ['error OSError', 'lost null']);
});

faked('aborting drops what waits', function* ({ channel, protocol, transport }) {
  channel.room = 0;
  transport.sendto(bytes('a'), THERE);
  transport.abort();
  transport.abort();
  yield* protocol.lost;
  channel.drain();
  assert.deepEqual([channel.sent, protocol.events], [[], ['lost null']]);
});

faked('another protocol can take over, and `using` closes', function* ({ channel, protocol, transport }) {
  const other = new Recorder();
  {
    using mine = transport;
    mine.setProtocol(other);
    channel.sink.channelDatagram(bytes('a'), THERE);
  }
  yield* other.lost;
  assert.deepEqual([protocol.events, other.events], [[], ['data a', 'lost null']]);
});

// ---- loops that do not run ----------------------------------------------------------------------------------------------------------

test(`what comes while the loop does not run is handed out when it does (${label})`, async () => {
  const loop = asyncio.newEventLoop();
  const make = co(function* () {
    const [, receiver] = yield* bound(loop);
    const [, sender] = yield* connectedTo(loop, receiver.transport);
    return [receiver, sender] as const;
  });
  const [receiver, sender] = await loop.runUntilComplete(make());
  for (const data of ['a', 'b', 'c']) sender.transport.sendto(bytes(data));
  const probe = createSocket('udp4').bind(0, HOST);
  await once(probe, 'listening');
  probe.send('self', probe.address().port, HOST);
  await once(probe, 'message');
  probe.close();
  assert.deepEqual(receiver.events, ['made']);
  const finish = co(function* () {
    yield* until(() => receiver.senders.length === 3);
    yield* closed(receiver, sender);
  });
  await loop.runUntilComplete(finish());
  assert.deepEqual(receiver.events, ['made', 'data a', 'data b', 'data c', 'lost null']);
  loop.close();
});

test(`an endpoint that is open when its loop closes is closed, and told of (${label})`, async () => {
  const loop = asyncio.newEventLoop();
  await loop.runUntilComplete(bound(loop));
  const warned = once(process, 'warning');
  loop.close();
  const [warning] = (await warned) as [Error];
  assert.match(String(warning), /^ResourceWarning: unclosed transport <UdpTransport fd=/);
  while (openEndpoints() > 0) await turn();
});
