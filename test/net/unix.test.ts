/** Unix sockets: connections and servers at a path, what becomes of the file, what goes wrong and how it is told; and with CPython's asyncio. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import {
  bytes,
  Echo,
  event,
  hostTurn,
  isRaw,
  type NetScene,
  onSockets,
  Recorder,
  text,
  until,
} from './kit.ts';

const kit = await onSockets(import.meta.url);
const { co } = kit;

const onLinux = process.platform === 'linux';
const skipWithoutPython = spawnSync('python3', ['--version']).status === 0 ? false : 'python3 is missing';

/** A scenario in a directory of its own, which it leaves as empty as it was. */
function scenario(
  name: string,
  body: (scene: NetScene, path: string, directory: string) => asyncio.Coroutine<unknown>,
  skip: string | false = false,
): void {
  const run = co(function* (scene: NetScene) {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
    const before = socketsOpen();
    try {
      yield* body(scene, join(directory, 'it.sock'), directory);
      yield* until(() => socketsOpen() <= before);
      assert.deepEqual(readdirSync(directory), [], 'files are left');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
  kit.scenario(name, run, skip);
}

/** How many sockets this process has open, where that can be counted. */
function socketsOpen(): number {
  if (!onLinux) return 0;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

const end = co(function* (server: asyncio.Server<asyncio.Address>) {
  server.close();
  yield* server.waitClosed();
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

/** Leave the socket of a server that is gone at `path`. */
function leaveStale(path: string): void {
  const made = spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  assert.equal(made.signal, 'SIGKILL');
  assert.ok(statSync(path).isSocket());
}

scenario('a connection is made, used and closed by protocols', function* ({ loop }, path) {
  const served = new Echo(loop);
  const server = yield* loop.createUnixServer(() => served, path);
  assert.ok(statSync(path).isSocket());
  assert.equal(server.sockets[0]?.getsockname(), path);
  assert.match(
    String(server),
    /^<Server sockets=\[<asyncio\.TransportSocket fd=\d+, family=1, type=1, proto=0, laddr='.*it\.sock'>\]>$/,
  );
  const [transport, protocol] = yield* loop.createUnixConnection(() => new Recorder(loop), path);
  assert.ok(transport instanceof asyncio.StreamTransport);
  assert.equal(transport.getExtraInfo('peername'), path);
  assert.equal(transport.getExtraInfo('sockname'), '');
  const socket = transport.getExtraInfo('socket');
  assert.deepEqual(
    [socket?.family, socket?.getpeername(), socket?.getsockname()],
    [asyncio.socket.AF_UNIX, path, ''],
  );
  assert.ok((socket?.fileno() ?? -1) >= 0);
  yield* served.made;
  assert.equal(served.transport.getExtraInfo('sockname'), path);
  assert.equal(served.transport.getExtraInfo('peername'), '');
  const echoed = loop.createFuture<void>();
  protocol.dataReceived = (data) => echoed.setResult(assert.equal(text(data), 'hello'));
  transport.write(bytes('hello'));
  yield* echoed;
  transport.close();
  assert.equal(yield* protocol.lost, null);
  assert.equal(transport.getExtraInfo('peername'), path);
  assert.equal(socket?.fileno(), -1);
  yield* end(server);
  assert.equal(existsSync(path), false);
});

scenario('streams go there and back, and each side can end its way first', function* (_scene, path) {
  const server = yield* asyncio.startUnixServer(shout, Buffer.from(path), { limit: 1000 });
  const [reader, writer] = yield* asyncio.openUnixConnection(Buffer.from(path), { limit: 1000 });
  assert.equal(writer.getExtraInfo('peername'), path);
  writer.write(bytes('one\ntwo\n'));
  assert.equal(text(yield* reader.readline()), 'ONE\n');
  writer.write(bytes('three'));
  assert.equal(writer.canWriteEof(), true);
  writer.writeEof();
  assert.equal(text(yield* reader.read()), 'TWO\nTHREE');
  writer.close();
  yield* writer.waitClosed();
  yield* end(server);
});

scenario('much goes through, no faster than it is read', function* ({ loop }, path) {
  const total = 32 * 1024 * 1024;
  const server = yield* asyncio.startUnixServer(
    co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      for (;;) {
        const data = yield* reader.read(1 << 18);
        if (data.length === 0) break;
        writer.write(data);
        yield* writer.drain();
      }
      writer.close();
    }),
    path,
  );
  const [reader, writer] = yield* asyncio.openUnixConnection(path);
  const sending = loop.createTask(
    co(function* () {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (let sent = 0; sent < total; sent += chunk.length) {
        writer.write(chunk);
        yield* asyncio.sleep(0);
        assert.ok(writer.transport.getWriteBufferSize() <= 2 * chunk.length);
        yield* writer.drain();
      }
      writer.writeEof();
    })(),
  );
  let received = 0;
  for (;;) {
    const data = yield* reader.read(1 << 20);
    if (data.length === 0) break;
    received += data.length;
  }
  assert.equal(received, total);
  yield* sending;
  writer.close();
  yield* writer.waitClosed();
  yield* end(server);
});

scenario(
  'a name that begins with zero is in no directory',
  function* ({ loop }, _path, directory) {
    const path = `\0${directory}/abstract`;
    const server = yield* loop.createUnixServer(() => new Echo(loop), path);
    assert.equal(server.sockets[0]?.getsockname(), path);
    const taken = yield* thrownBy(loop.createUnixServer(() => new Echo(loop), Buffer.from(path)));
    assert.ok(taken instanceof asyncio.OSError);
    assert.equal(taken.message, `[Errno 98] Address '\\x00${directory}/abstract' is already in use`);
    const [transport, protocol] = yield* loop.createUnixConnection(
      () => new Recorder(loop),
      Buffer.from(path),
    );
    assert.equal(transport.getExtraInfo('peername'), path);
    transport.close();
    yield* protocol.lost;
    yield* end(server);
    const gone = yield* thrownBy(loop.createUnixConnection(() => new Recorder(loop), path));
    assert.ok(gone instanceof asyncio.ConnectionRefusedError);
  },
  onLinux ? false : 'Linux alone has such names',
);

scenario(
  'a socket that a server before left is removed, also one that is served',
  function* ({ loop }, path) {
    leaveStale(path);
    const first = yield* loop.createUnixServer(() => new Echo(loop), path);
    const second = yield* loop.createUnixServer(() => new Echo(loop), path);
    const [transport, protocol] = yield* loop.createUnixConnection(() => new Recorder(loop), path);
    transport.close();
    yield* protocol.lost;
    yield* end(first);
    assert.ok(statSync(path).isSocket(), 'the first server has removed the socket of the second');
    yield* end(second);
  },
);

scenario('whatever else is at the path stays, and is an error', function* ({ loop }, path) {
  const serve = () => loop.createUnixServer(() => new Echo(loop), path);
  const refused = co(function* () {
    const error = yield* thrownBy(serve());
    assert.ok(error instanceof asyncio.OSError);
    assert.equal(error.message, `[Errno 98] Address '${path}' is already in use`);
    assert.deepEqual([error.code, error.errno], ['EADDRINUSE', 98]);
  });
  writeFileSync(path, 'mine');
  yield* refused();
  assert.equal(statSync(path).size, 4);
  rmSync(path);
  mkdirSync(path);
  yield* refused();
  rmSync(path, { recursive: true });
  symlinkSync('nowhere', path);
  yield* refused();
  rmSync(path);
});

scenario('a socket stays where that is asked for, or where it was exchanged', function* ({ loop }, path) {
  const keeping = yield* loop.createUnixServer(() => new Echo(loop), path, { cleanupSocket: false });
  yield* end(keeping);
  assert.ok(statSync(path).isSocket());
  const refused = yield* thrownBy(loop.createUnixConnection(() => new Recorder(loop), path));
  assert.ok(refused instanceof asyncio.ConnectionRefusedError);
  const server = yield* loop.createUnixServer(() => new Echo(loop), path);
  rmSync(path);
  writeFileSync(path, 'exchanged');
  yield* end(server);
  assert.equal(statSync(path).size, 9);
  rmSync(path);
  const other = yield* loop.createUnixServer(() => new Echo(loop), path);
  rmSync(path);
  yield* end(other);
});

scenario('a server that does not serve yet lets connections wait', function* ({ loop }, path) {
  const server = yield* loop.createUnixServer(() => new Echo(loop), path, {
    startServing: false,
    backlog: 5,
  });
  assert.equal(server.isServing(), false);
  const [transport, protocol] = yield* loop.createUnixConnection(() => new Recorder(loop), path);
  const answer = loop.createFuture<string>();
  protocol.dataReceived = (data) => answer.setResult(text(data));
  transport.write(bytes('early'));
  yield* hostTurn();
  assert.equal(answer.done(), false);
  yield* server.startServing();
  assert.equal(yield* answer, 'early');
  transport.close();
  yield* protocol.lost;
  yield* end(server);
});

scenario('what cannot be had is told by classes and words of Python', function* ({ loop }, path, directory) {
  const told = co(function* (name: string, message: string, awaitable: asyncio.Awaitable<unknown>) {
    const error = yield* thrownBy(awaitable);
    assert.ok(error instanceof asyncio.OSError, String(error));
    assert.deepEqual([error.name, error.message], [name, message]);
  });
  const connect = (to: string) => loop.createUnixConnection(() => new Recorder(loop), to);
  const serve = (at: string) => loop.createUnixServer(() => new Echo(loop), at);
  const absent = '[Errno 2] No such file or directory';
  yield* told('FileNotFoundError', absent, connect(path));
  yield* told('FileNotFoundError', absent, asyncio.openUnixConnection(path));
  yield* told('FileNotFoundError', absent, serve(join(directory, 'none', 'it.sock')));
  leaveStale(path);
  yield* told('ConnectionRefusedError', '[Errno 111] Connection refused', connect(path));
  rmSync(path);
  writeFileSync(path, '');
  yield* told('ConnectionRefusedError', '[Errno 111] Connection refused', connect(path));
  rmSync(path);
  const long = join(directory, 'x'.repeat(108));
  const tooLong = `AF_UNIX path too long: ${long.length} bytes, where 107 are the most`;
  yield* told('OSError', tooLong, connect(long));
  yield* told('OSError', tooLong, serve(long));
});

scenario(
  'what is not allowed is a PermissionError',
  function* ({ loop, reports }, _path, directory) {
    const inner = join(directory, 'inner');
    mkdirSync(inner);
    const path = join(inner, 'it.sock');
    leaveStale(path);
    chmodSync(directory, 0o755);
    chmodSync(inner, 0o555);
    chmodSync(path, 0o000);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      const connecting = yield* thrownBy(loop.createUnixConnection(() => new Recorder(loop), path));
      assert.ok(connecting instanceof asyncio.PermissionError);
      assert.equal(connecting.message, '[Errno 13] Permission denied');
      const other = join(inner, 'other.sock');
      const binding = yield* thrownBy(loop.createUnixServer(() => new Echo(loop), other));
      assert.ok(binding instanceof asyncio.PermissionError);
      assert.equal(binding.message, '[Errno 13] Permission denied');
      // The socket that is there cannot be removed either: that is reported, and then it is in the way.
      const taken = yield* thrownBy(loop.createUnixServer(() => new Echo(loop), path));
      assert.ok(taken instanceof asyncio.OSError);
      assert.equal(taken.message, `[Errno 98] Address '${path}' is already in use`);
      const [report] = reports();
      assert.equal(report?.message, `Unable to check or remove stale UNIX socket '${path}'`);
      assert.ok(report.exception instanceof asyncio.PermissionError);
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(inner, 0o755);
    }
    rmSync(inner, { recursive: true });
  },
  process.platform === 'win32' && 'Windows has no such rights',
);

scenario('what makes no sense is refused, and says why', function* ({ loop }, path) {
  const make = () => new asyncio.Protocol();
  const refused = co(function* (name: string, message: RegExp, awaitable: asyncio.Awaitable<unknown>) {
    const error = (yield* thrownBy(awaitable)) as Error;
    assert.equal(error.name, name);
    assert.match(error.message, message);
  });
  const connect = (to: unknown, options?: object) =>
    loop.createUnixConnection(make, to as string, options as never);
  const serve = (at: unknown, options?: object) =>
    loop.createUnixServer(make, at as string, options as asyncio.UnixServeOptions);
  for (const at of [connect, serve]) {
    const nothing = /^(no path and sock were specified|path was not specified, and no sock specified)$/;
    yield* refused('ValueError', nothing, at(null));
    yield* refused('ValueError', nothing, at(undefined));
    yield* refused('ValueError', /path must not be empty/, at(''));
    yield* refused('ValueError', /embedded null byte in path/, at('/tmp/a\0b'));
    yield* refused('TypeError', /path must be a string or bytes, not 5/, at(5));
    yield* refused('TypeError', /unexpected option 'tls'/, at(path, { tls: true }));
    if (!isRaw(loop)) {
      yield* refused('NotImplementedError', /a path that is not UTF-8/, at(Buffer.from([0x2f, 0xff])));
    }
  }
  yield* refused('ValueError', /backlog must be a positive whole number, not 0/, serve(path, { backlog: 0 }));
  yield* refused(
    'TypeError',
    /createUnixServer\(\) needs a function that returns a protocol, not 5/,
    loop.createUnixServer(5 as never, path),
  );
  yield* refused(
    'TypeError',
    /startUnixServer\(\) needs a function of a reader and a writer, not 5/,
    asyncio.startUnixServer(5 as never, path),
  );
});

scenario(
  'a factory that makes no protocol, or fails, leaves no connection',
  function* ({ loop, reports }, path) {
    const server = yield* loop.createUnixServer(() => 'protocol' as never, path);
    const own = new Error('from the factory');
    const failed = yield* thrownBy(
      loop.createUnixConnection(() => {
        throw own;
      }, path),
    );
    assert.equal(failed, own);
    const seen: asyncio.ExceptionContext[] = [];
    yield* until(() => seen.push(...reports()) > 0);
    assert.match(String(seen[0]?.exception), /TypeError: createUnixServer\(\) needs a function that returns/);
    const wrong = yield* thrownBy(loop.createUnixConnection(() => null as never, path));
    assert.match(String(wrong), /TypeError: createUnixConnection\(\) needs a function that returns/);
    yield* until(() => seen.push(...reports()) > 1);
    yield* end(server);
  },
);

scenario('there are no Unix sockets on Windows, and in virtual time', function* ({ loop }, path) {
  const { newVirtualLoop } = yield* asyncio.wrapFuture(import('../../src/testing/index.ts'));
  const virtual = newVirtualLoop();
  const nowhere = yield* thrownBy(virtual.createUnixConnection(() => new asyncio.Protocol(), path));
  assert.equal(
    String(nowhere),
    'NotImplementedError: createUnixConnection(): the virtual reactor has no network',
  );
  virtual.close();
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  const onWindows = co(function* (awaitable: asyncio.Awaitable<unknown>) {
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      return yield* thrownBy(awaitable);
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  });
  const connecting = yield* onWindows(loop.createUnixConnection(() => new asyncio.Protocol(), path));
  const message = 'there are no Unix sockets on Windows';
  assert.equal(String(connecting), `NotImplementedError: createUnixConnection(): ${message}`);
  const serving = yield* onWindows(loop.createUnixServer(() => new asyncio.Protocol(), path));
  assert.equal(String(serving), `NotImplementedError: createUnixServer(): ${message}`);
});

scenario('a reset by the peer is told, and what waits is dropped', function* ({ loop }, path) {
  const { promise, resolve } = Promise.withResolvers<net.Socket>();
  const peer = net.createServer({ pauseOnConnect: true }, resolve).listen(path);
  yield* event(peer, 'listening');
  const [transport, protocol] = yield* loop.createUnixConnection(() => new Recorder(loop), path);
  transport.write(Buffer.alloc(8 * 1024 * 1024));
  assert.deepEqual(protocol.events, ['made', 'pause']);
  (yield* asyncio.wrapFuture(promise)).destroy();
  const error = yield* protocol.lost;
  assert.ok(
    error instanceof asyncio.BrokenPipeError || error instanceof asyncio.ConnectionResetError,
    String(error),
  );
  assert.equal(transport.getWriteBufferSize(), 0);
  peer.close();
});

scenario(
  'what is given up at any step leaves nothing open, and no file',
  function* ({ loop }, path, directory) {
    const server = yield* loop.createUnixServer(() => new Echo(loop), path);
    const other = join(directory, 'other.sock');
    const operations = [
      () => loop.createUnixConnection(() => new Recorder(loop), path),
      () => loop.createUnixServer(() => new Echo(loop), other),
    ] as const;
    for (const operation of operations) {
      let completed = 0;
      for (let step = 0; completed < 3; step++) {
        assert.ok(step < 5000, 'it never came about');
        const task: asyncio.Task<unknown> = loop.createTask<unknown>(operation());
        for (let i = 0; i < step && !task.done(); i++) {
          if (i % 2 === 0) yield* asyncio.sleep(0);
          else yield* hostTurn();
        }
        if (task.cancel()) {
          assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
          assert.equal(existsSync(other), false);
          continue;
        }
        const made = yield* task;
        if (made instanceof asyncio.Server) yield* end(made);
        else {
          const [transport, protocol] = made as [asyncio.StreamTransport, Recorder];
          transport.close();
          yield* protocol.lost;
        }
        completed++;
      }
    }
    yield* end(server);
  },
);

scenario('connections are made by the hundred at once', function* (_scene, path) {
  const server = yield* asyncio.startUnixServer(shout, path, { backlog: 500 });
  const talk = co(function* (name: string) {
    const [reader, writer] = yield* asyncio.openUnixConnection(path);
    writer.write(bytes(`${name}\n`));
    assert.equal(text(yield* reader.readline()), `${name.toUpperCase()}\n`);
    writer.close();
    yield* writer.waitClosed();
  });
  yield* asyncio.gather(...Array.from({ length: 300 }, (_, i) => talk(`client ${i}`)));
  yield* end(server);
});

// ---- with CPython's asyncio -----------------------------------------------------------------------------------------------------------

const PYTHON_CLIENT = `
import asyncio, sys
async def main():
    reader, writer = await asyncio.open_unix_connection(sys.argv[1])
    print('peername', writer.get_extra_info('peername'))
    writer.write(b'hello\\n' + b'x' * 1_000_000 + b'\\n')
    writer.write_eof()
    data = await reader.read()
    print('received', len(data), data[:6], data.isupper())
    writer.close()
    await writer.wait_closed()
asyncio.run(main())
`;

const PYTHON_SERVER = `
import asyncio, sys
async def shout(reader, writer):
    data = await reader.read()
    writer.write(data.upper())
    await writer.drain()
    writer.close()
    done.set()
async def main():
    global done
    done = asyncio.Event()
    server = await asyncio.start_unix_server(shout, sys.argv[1])
    print('ready', flush=True)
    await done.wait()
    server.close()
    await server.wait_closed()
asyncio.run(main())
`;

interface Program {
  readonly child: ReturnType<typeof spawn>;
  output: string;
}

function python(program: string, path: string): Program {
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const running: Program = { child, output: '' };
  child.stdout.on('data', (data: Buffer) => {
    running.output += String(data);
  });
  return running;
}

scenario(
  "CPython's asyncio is a client of ours",
  function* (_scene, path) {
    const server = yield* asyncio.startUnixServer(shout, path, { limit: 2_000_000 });
    const program = python(PYTHON_CLIENT, path);
    assert.equal(yield* event(program.child, 'close'), 0);
    assert.equal(program.output, `peername ${path}\nreceived 1000007 b'HELLO\\n' True\n`);
    yield* end(server);
  },
  skipWithoutPython,
);

scenario(
  "CPython's asyncio is a server for ours",
  function* (_scene, path) {
    const program = python(PYTHON_SERVER, path);
    const ended = event(program.child, 'close');
    yield* until(() => program.output !== '');
    const [reader, writer] = yield* asyncio.openUnixConnection(path);
    const sent = Buffer.alloc(1_000_000, 'x');
    writer.write(sent);
    writer.writeEof();
    yield* writer.drain();
    assert.equal(text(yield* reader.read()), text(sent).toUpperCase());
    writer.close();
    yield* writer.waitClosed();
    assert.equal(yield* ended, 0);
    // CPython removes its socket since 3.13.
    rmSync(path, { force: true });
  },
  skipWithoutPython,
);
