/**
 * With programs that are not ours: socat over TCP, Unix sockets, abstract ones and UDP; curl against an HTTP/1.1 server written with the streams; CPython's
 * asyncio at the other end, as client and as server, with streams and with protocols.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipWithout } from '../../scripts/programs.ts';
import * as asyncio from '../../src/index.ts';
import { bytes, HOST, hostTurn, onSockets, portOf, text, until } from './kit.ts';

const { co, scenario } = await onSockets(import.meta.url);

const withSocat =
  skipWithout('socat') || (process.platform === 'linux' ? false : 'abstract sockets are Linux');
const withCurl = skipWithout('curl');
const withPython = skipWithout('python3');

/** A program that runs, what it prints, and how it ends. */
class Program {
  readonly #child;
  readonly #ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(file: string, ...args: readonly string[]) {
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('latin1').on('data', (data: string) => {
      this.stdout += data;
    });
    this.#child.stderr.setEncoding('latin1').on('data', (data: string) => {
      this.stderr += data;
    });
    this.#ended = once(this.#child, 'close').then(([status]) => status as number | null);
  }

  say(line: string): void {
    this.#child.stdin.write(line);
  }

  sayEnd(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Wait for the end, which must be a good one. */
  ended(): asyncio.Future<void> {
    const check = this.#ended.then((status) => assert.equal(status, 0, this.stderr));
    return asyncio.wrapFuture(check);
  }
}

/** Shout lines back until the end. */
const shout = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  yield* asyncio.asyncFor(reader, function* (line: Uint8Array) {
    writer.write(bytes(text(line).toUpperCase()));
    yield* writer.drain();
  });
  writer.close();
});

/** Talk with a server that repeats what it gets. */
const talk = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  const data = Buffer.alloc(1_000_000, 'all of this comes back\n');
  const send = co(function* () {
    writer.write(data);
    yield* writer.drain();
    writer.writeEof();
  });
  const sent = asyncio.createTask(send());
  assert.ok(Buffer.from(yield* reader.read()).equals(data));
  yield* sent;
  writer.close();
  yield* writer.waitClosed();
});

// ---- socat -----------------------------------------------------------------------------------------------------------------------

const clientOfSocat = co(function* (address: string) {
  const socat = new Program('socat', '-', address);
  socat.say('hello\nworld\n');
  yield* until(() => socat.stdout === 'HELLO\nWORLD\n');
  socat.sayEnd();
  yield* socat.ended();
});

scenario(
  'socat is a client over TCP, a Unix socket and an abstract one',
  function* () {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
    const path = join(directory, 'it.sock');
    const name = `asyncio-ts-${process.pid}`;
    const servers = [
      yield* asyncio.startServer(shout, HOST, 0),
      yield* asyncio.startUnixServer(shout, path),
      yield* asyncio.startUnixServer(shout, `\0${name}`),
    ] as const;
    yield* clientOfSocat(`TCP4:${HOST}:${portOf(servers[0])}`);
    yield* clientOfSocat(`UNIX-CONNECT:${path}`);
    yield* clientOfSocat(`ABSTRACT-CONNECT:${name}`);
    for (const server of servers) assert.equal(yield* server.shutdown({ grace: null }), true);
    rmSync(directory, { recursive: true });
  },
  withSocat,
);

/** Where a socat that listens says that it does. */
const listening = co(function* (socat: Program) {
  yield* until(() => /listening on/.test(socat.stderr));
  return Number(/listening on AF=2 [\d.]+:(\d+)/.exec(socat.stderr)?.[1] ?? 0);
});

scenario(
  'socat is a server over TCP, a Unix socket and an abstract one',
  function* () {
    const directory = mkdtempSync(join(tmpdir(), 'asyncio-ts-'));
    const path = join(directory, 'it.sock');
    const name = `asyncio-ts-${process.pid}-peer`;
    const tcp = new Program('socat', '-d', '-d', '-t', '30', `TCP4-LISTEN:0,bind=${HOST}`, 'EXEC:cat');
    yield* talk(...(yield* asyncio.openConnection(HOST, yield* listening(tcp))));
    yield* tcp.ended();
    for (const [where, at] of [
      [`UNIX-LISTEN:${path}`, path],
      [`ABSTRACT-LISTEN:${name}`, `\0${name}`],
    ] as const) {
      const socat = new Program('socat', '-d', '-d', '-t', '30', where, 'EXEC:cat');
      yield* listening(socat);
      yield* talk(...(yield* asyncio.openUnixConnection(at)));
      yield* socat.ended();
    }
    rmSync(directory, { recursive: true });
  },
  withSocat,
);

/** Shouts back, and knows what it heard. */
class Shouting extends asyncio.DatagramProtocol {
  #transport: asyncio.DatagramTransport | null = null;
  heard: string[] = [];
  override connectionMade(transport: asyncio.DatagramTransport): void {
    this.#transport = transport;
  }
  override datagramReceived(data: Uint8Array, address: asyncio.SocketAddress): void {
    this.heard.push(text(data));
    if (!text(data).startsWith('HELLO')) this.#transport?.sendto(bytes(text(data).toUpperCase()), address);
  }
}

scenario(
  'socat sends datagrams and answers them',
  function* ({ loop }) {
    const make = () => new Shouting();
    const [server] = yield* loop.createDatagramEndpoint(make, { localAddr: [HOST, 0] });
    const [, port] = server.getExtraInfo('sockname')!;
    const socat = new Program('socat', '-', `UDP4:${HOST}:${port}`);
    socat.say('hello\n');
    yield* until(() => socat.stdout === 'HELLO\n');
    socat.kill();
    server.close();
    // One that answers by itself: what it gets goes through tr.
    const free = yield* loop.createDatagramEndpoint(make, { localAddr: [HOST, 0] });
    const [, number] = free[0].getExtraInfo('sockname')!;
    free[0].abort();
    yield* hostTurn();
    const other = new Program('socat', '-d', '-d', `UDP4-LISTEN:${number},bind=${HOST}`, 'PIPE');
    yield* until(() => /listening on|starting|accepting/i.test(other.stderr));
    const remoteAddr = [HOST, number] as const;
    const [transport, protocol] = yield* loop.createDatagramEndpoint(make, { remoteAddr });
    while (protocol.heard.length === 0) {
      transport.sendto(bytes('HELLO'));
      yield* asyncio.sleep(0.02);
    }
    assert.equal(protocol.heard[0], 'HELLO');
    transport.close();
    other.kill();
    yield* until(() => !process.getActiveResourcesInfo().includes('UDPWrap'));
  },
  withSocat,
);

// ---- curl ------------------------------------------------------------------------------------------------------------------------

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

const readRequest = co(function* (reader: asyncio.StreamReader) {
  const line = text(yield* reader.readline());
  if (line === '') return null;
  const [method = '', path = ''] = line.split(' ');
  const headers = new Map<string, string>();
  for (;;) {
    const header = text(yield* reader.readuntil([bytes('\r\n'), bytes('\n')])).trim();
    if (header === '') return { method, path, headers } as Request;
    const [name = '', value = ''] = header.split(/: */);
    headers.set(name.toLowerCase(), value);
  }
});

const readBody = co(function* (reader: asyncio.StreamReader, headers: ReadonlyMap<string, string>) {
  if (headers.get('transfer-encoding') !== 'chunked') {
    return yield* reader.readexactly(Number(headers.get('content-length') ?? 0));
  }
  const chunks: Uint8Array[] = [];
  for (;;) {
    const size = Number.parseInt(text(yield* reader.readline()), 16);
    const chunk = yield* reader.readexactly(size);
    yield* reader.readline();
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
});

const http = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  for (;;) {
    const request = yield* readRequest(reader);
    if (request === null) break;
    if (request.headers.get('expect') === '100-continue')
      writer.write(bytes('HTTP/1.1 100 Continue\r\n\r\n'));
    const body = yield* readBody(reader, request.headers);
    if (request.path.startsWith('/chunked')) {
      writer.write(bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
      for (const part of ['one ', 'two ', 'three\n']) {
        writer.write(bytes(`${part.length.toString(16)}\r\n${part}\r\n`));
        yield* writer.drain();
      }
      writer.write(bytes('0\r\n\r\n'));
    } else {
      const answer = body.length > 0 ? body : bytes(`${request.method} ${request.path}\n`);
      writer.writelines([bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`), answer]);
    }
    yield* writer.drain();
  }
  writer.close();
});

scenario(
  'curl makes 100 requests on one connection',
  function* () {
    const server = yield* asyncio.startServer(http, HOST, 0);
    const url = `http://${HOST}:${portOf(server)}`;
    const curl = new Program(
      'curl',
      '-sS',
      '--max-time',
      '50',
      '-w',
      '%{num_connects}\n',
      `${url}/page/[1-100]`,
    );
    yield* curl.ended();
    const lines = curl.stdout.trim().split('\n');
    const expected = Array.from({ length: 100 }, (_, i) => [
      `GET /page/${i + 1}`,
      i === 0 ? '1' : '0',
    ]).flat();
    assert.deepEqual(lines, expected);
    assert.equal(yield* server.shutdown({ grace: null }), true);
  },
  withCurl,
);

scenario(
  'curl gets what comes in chunks, and sends a body, whole and in chunks, in parallel',
  function* () {
    const server = yield* asyncio.startServer(http, HOST, 0);
    const url = `http://${HOST}:${portOf(server)}`;
    const curl = (...args: readonly string[]) => new Program('curl', '-sS', '--max-time', '50', ...args);
    const body = 'x'.repeat(300_000);
    // Bodies that come in parallel may come in turns.
    const seen = '%{http_code} %{size_download}\\n';
    const programs = [
      curl(`${url}/chunked`),
      curl('--data-binary', '@-', `${url}/echo`),
      curl('-H', 'Transfer-Encoding: chunked', '--data-binary', '@-', `${url}/echo`),
      curl('--parallel', '--parallel-max', '20', '-o', '/dev/null', '-w', seen, `${url}/chunked/[1-50]`),
    ];
    for (const program of programs.slice(1, 3)) {
      program.say(body);
      program.sayEnd();
    }
    for (const program of programs) yield* program.ended();
    const outputs = programs.map(({ stdout }) => stdout);
    assert.deepEqual(outputs, ['one two three\n', body, body, '200 14\n'.repeat(50)]);
    assert.equal(yield* server.shutdown({ grace: null }), true);
  },
  withCurl,
);

// ---- CPython's asyncio -----------------------------------------------------------------------------------------------------------

const PYTHON = `
import asyncio, sys
kind, port = sys.argv[1], int(sys.argv[2])
HOST = '127.0.0.1'
DATA = b'all of this comes back\\n' * 50000

class Upper(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data): self.transport.write(data.upper())
    def eof_received(self): return None
    def connection_lost(self, exc): done.set_result(exc)

class Client(asyncio.Protocol):
    got = b''
    def connection_made(self, transport):
        self.transport = transport
        transport.write(DATA); transport.write_eof()
    def data_received(self, data): self.got += data
    def eof_received(self): return False
    def connection_lost(self, exc): done.set_result(exc)

async def handle(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper()); await writer.drain()
    writer.close(); await writer.wait_closed()
    done.set_result(None)

async def main():
    global done
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    if kind == 'streams-server':
        server = await asyncio.start_server(handle, HOST, 0)
        print(server.sockets[0].getsockname()[1], flush=True); assert await done is None
    elif kind == 'protocol-server':
        server = await loop.create_server(Upper, HOST, 0)
        print(server.sockets[0].getsockname()[1], flush=True); assert await done is None
    elif kind == 'streams-client':
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(DATA); writer.write_eof()
        assert await reader.read() == DATA.upper()
        writer.close(); await writer.wait_closed()
    elif kind == 'protocol-client':
        _, protocol = await loop.create_connection(Client, HOST, port)
        assert await done is None and protocol.got == DATA.upper()
asyncio.run(main())
`;

class Upper extends asyncio.Protocol {
  #transport: asyncio.Transport | null = null;
  override connectionMade(transport: asyncio.Transport): void {
    this.#transport = transport;
  }
  override dataReceived(data: Uint8Array): void {
    this.#transport?.write(bytes(text(data).toUpperCase()));
  }
}

for (const kind of ['streams-client', 'protocol-client']) {
  scenario(
    `CPython's asyncio is a client: ${kind}`,
    function* ({ loop }) {
      const servers = [
        yield* asyncio.startServer(shout, HOST, 0),
        yield* loop.createServer(() => new Upper(), HOST, 0),
      ];
      for (const server of servers) {
        const python = new Program('python3', '-c', PYTHON, kind, String(portOf(server)));
        yield* python.ended();
        assert.equal(yield* server.shutdown({ grace: null }), true);
      }
    },
    withPython,
  );
}

class Client extends asyncio.Protocol {
  readonly data = Buffer.alloc(1_000_000, 'all of this comes back\n');
  readonly lost: asyncio.Future<Error | null> = asyncio.getRunningLoop().createFuture<Error | null>();
  readonly got: Uint8Array[] = [];
  override connectionMade(transport: asyncio.Transport): void {
    transport.write(this.data);
    transport.writeEof();
  }
  override dataReceived(data: Uint8Array): void {
    this.got.push(data);
  }
  override connectionLost(exc: Error | null): void {
    this.lost.setResult(exc);
  }
}

for (const kind of ['streams-server', 'protocol-server']) {
  scenario(
    `CPython's asyncio is a server: ${kind}`,
    function* ({ loop }) {
      for (const ours of ['streams', 'protocol']) {
        const python = new Program('python3', '-c', PYTHON, kind, '0');
        yield* until(() => python.stdout.endsWith('\n'));
        const port = Number(python.stdout);
        if (ours === 'streams') {
          const [reader, writer] = yield* asyncio.openConnection(HOST, port);
          writer.write(bytes('hello\nworld\n'));
          assert.equal(text(yield* reader.readexactly(12)), 'HELLO\nWORLD\n');
          writer.writeEof();
          assert.equal(text(yield* reader.read()), '');
          writer.close();
          yield* writer.waitClosed();
        } else {
          const [, client] = yield* loop.createConnection(() => new Client(), HOST, port);
          assert.equal(yield* client.lost, null);
          assert.equal(text(Buffer.concat(client.got)), text(client.data).toUpperCase());
        }
        yield* python.ended();
      }
    },
    withPython,
  );
}
