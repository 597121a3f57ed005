/** TLS with programs that are not ours, on both sides: OpenSSL, curl, and CPython's asyncio. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { skipWithout } from '../../scripts/programs.ts';
import * as asyncio from '../../src/index.ts';
import {
  certificateFiles,
  clientContext,
  clientPair,
  type Files,
  otherPair,
  serverContext,
  strictContext,
} from './certificates.ts';
import { bytes, HOST, type NetScene, onSockets, portOf, text, until } from './kit.ts';

const kit = await onSockets(import.meta.url);
const { co } = kit;

/** A program of the machine, what it has said so far, and how it ended. */
class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: asyncio.Future<number | null>;
  output = '';

  constructor(name: string, args: readonly string[]) {
    this.child = spawn(name, args);
    this.child.stdin.on('error', () => {});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (said: string) => {
        this.output += said;
      });
    }
    const ended = once(this.child, 'close').then(([status]) => status as number | null);
    this.ended = asyncio.wrapFuture(ended);
  }
}

/** A scenario with certificates in files, skipped where `program` is missing. */
function scenario(
  name: string,
  program: string,
  body: (scene: NetScene, files: Files) => asyncio.Coroutine<unknown>,
): void {
  const run = co(function* (scene: NetScene) {
    const files = certificateFiles();
    try {
      yield* body(scene, files);
    } finally {
      files[Symbol.dispose]();
    }
  });
  kit.scenario(name, run, skipWithout(program));
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

scenario('openssl s_client is a client of ours', 'openssl', function* (_scene, files) {
  const context = strictContext();
  context.setAlpnProtocols(['shout', 'h2']);
  // Whom to trust goes with the context, as in OpenSSL.
  const other = strictContext(otherPair);
  const asked: string[] = [];
  context.sniCallback = (object, name) => {
    asked.push(name);
    if (name === 'other.test') object.context = other;
  };
  const server = yield* asyncio.startServer(shout, HOST, 0, { ssl: context });
  for (const version of ['-tls1_2', '-tls1_3']) {
    for (const name of ['localhost', 'other.test']) {
      const program = new Program('openssl', [
        ...[
          's_client',
          '-connect',
          `${HOST}:${portOf(server)}`,
          '-servername',
          name,
          '-alpn',
          'h2,shout',
          version,
        ],
        ...['-CAfile', files.ca, '-verify_return_error', '-verify_hostname', name],
        ...['-cert', files.clientCert, '-key', files.clientKey, '-quiet'],
      ]);
      program.child.stdin.write('hello\n');
      yield* until(() => program.output.includes('HELLO\n') || program.child.exitCode !== null);
      assert.match(program.output, /HELLO\n/);
      program.child.stdin.end();
      program.child.kill();
      yield* program.ended;
    }
  }
  assert.deepEqual(asked, ['localhost', 'other.test', 'localhost', 'other.test']);
  yield* end(server);
});

scenario('openssl s_server is a server for ours', 'openssl', function* (_scene, files) {
  for (const version of ['-tls1_2', '-tls1_3']) {
    const program = new Program('openssl', [
      ...[
        's_server',
        '-accept',
        `${HOST}:0`,
        '-cert',
        files.cert,
        '-key',
        files.key,
        '-alpn',
        'rev',
        version,
      ],
      ...['-Verify', '1', '-verify_return_error', '-CAfile', files.ca, '-rev'],
    ]);
    yield* until(() => /^ACCEPT \S*:\d+$/m.test(program.output) || program.child.exitCode !== null);
    const port = Number(/^ACCEPT \S*:(\d+)$/m.exec(program.output)?.[1]);
    const context = clientContext(clientPair);
    context.setAlpnProtocols(['other', 'rev']);
    const [reader, writer] = yield* asyncio.openConnection(HOST, port, {
      ssl: context,
      serverHostname: 'localhost',
    });
    assert.equal(writer.getExtraInfo('ssl_object')?.selectedAlpnProtocol(), 'rev');
    assert.equal(writer.getExtraInfo('ssl_object')?.version(), version === '-tls1_2' ? 'TLSv1.2' : 'TLSv1.3');
    writer.write(bytes('hello\n'));
    assert.equal(text(yield* reader.readline()), 'olleh\n');
    writer.close();
    yield* writer.waitClosed();
    program.child.kill();
    yield* program.ended;
  }
});

scenario('curl is a client of ours', 'curl', function* (_scene, files) {
  const body = 'x'.repeat(300_000);
  const server = yield* asyncio.startServer(
    co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
      yield* reader.readuntil(bytes('\r\n\r\n'));
      writer.write(
        bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
      );
      yield* writer.drain();
      writer.close();
      yield* writer.waitClosed();
    }),
    HOST,
    0,
    { ssl: serverContext() },
  );
  const url = `https://localhost:${portOf(server)}/`;
  const good = new Program('curl', ['--silent', '--show-error', '--ipv4', '--cacert', files.ca, url]);
  assert.equal(yield* good.ended, 0, good.output);
  assert.equal(good.output, body);
  const suspicious = new Program('curl', ['--silent', '--show-error', '--ipv4', url]);
  assert.equal(yield* suspicious.ended, 60, suspicious.output);
  yield* end(server);
});

const PYTHON = `
import asyncio, ssl, sys
role, port, ca, cert, key = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
server.load_cert_chain(cert, key)
client = ssl.create_default_context(cafile=ca)

async def serve(upgrade):
    done = asyncio.Event()
    async def one(reader, writer):
        if upgrade:
            assert await reader.readline() == b'STARTTLS\\n'
            writer.write(b'go\\n')
            await writer.start_tls(server)
        data = await reader.readexactly(1000000)
        writer.write(data.upper())
        await writer.drain()
        print('rest', await reader.read(), flush=True)
        writer.close()
        done.set()
    srv = await asyncio.start_server(one, '127.0.0.1', 0, ssl=None if upgrade else server)
    print('port', srv.sockets[0].getsockname()[1], flush=True)
    await done.wait()
    srv.close()

async def connect(upgrade):
    reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=None if upgrade else client, server_hostname=None if upgrade else 'localhost')
    if upgrade:
        writer.write(b'STARTTLS\\n')
        assert await reader.readline() == b'go\\n'
        await writer.start_tls(client, server_hostname='localhost')
    writer.write(b'x' * 1000000)
    await writer.drain()
    data = await reader.readexactly(1000000)
    print(data == b'X' * 1000000, writer.get_extra_info('cipher')[1], flush=True)
    writer.close()
    await writer.wait_closed()

asyncio.run({'serve': serve, 'connect': connect}[role.removeprefix('upgrade-')](role.startswith('upgrade-')))
`;

function python(role: string, port: number, files: Files): Program {
  return new Program('python3', ['-c', PYTHON, role, String(port), files.ca, files.cert, files.key]);
}

for (const upgrade of ['', 'upgrade-']) {
  const how = upgrade === '' ? '' : ', secured on the way';

  scenario(`CPython's asyncio is a client of ours${how}`, 'python3', function* (_scene, files) {
    const server = yield* asyncio.startServer(
      co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
        if (upgrade !== '') {
          assert.equal(text(yield* reader.readline()), 'STARTTLS\n');
          writer.write(bytes('go\n'));
          yield* writer.startTls(serverContext());
        }
        const data = yield* reader.readexactly(1_000_000);
        writer.write(bytes(text(data).toUpperCase()));
        yield* writer.drain();
        assert.equal((yield* reader.read()).length, 0);
        writer.close();
        yield* writer.waitClosed();
      }),
      HOST,
      0,
      upgrade === '' ? { ssl: serverContext() } : {},
    );
    const program = python(`${upgrade}connect`, portOf(server), files);
    assert.equal(yield* program.ended, 0, program.output);
    assert.equal(program.output, 'True TLSv1.3\n');
    yield* end(server);
  });

  scenario(`CPython's asyncio is a server for ours${how}`, 'python3', function* (_scene, files) {
    const program = python(`${upgrade}serve`, 0, files);
    yield* until(() => program.output.startsWith('port') || program.child.exitCode !== null);
    const port = Number(program.output.split(' ')[1]);
    const options = { ssl: clientContext(), serverHostname: 'localhost' };
    const [reader, writer] = yield* asyncio.openConnection(HOST, port, upgrade === '' ? options : {});
    if (upgrade !== '') {
      writer.write(bytes('STARTTLS\n'));
      assert.equal(text(yield* reader.readline()), 'go\n');
      yield* writer.startTls(options.ssl, { serverHostname: 'localhost' });
    }
    writer.write(Buffer.alloc(1_000_000, 'x'));
    yield* writer.drain();
    assert.equal(text(yield* reader.readexactly(1_000_000)), 'X'.repeat(1_000_000));
    writer.close();
    yield* writer.waitClosed();
    assert.equal(yield* program.ended, 0, program.output);
    assert.match(program.output, /^port \d+\nrest b''\n$/);
  });
}
