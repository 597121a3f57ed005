/**
 * Connections that are secured on the way, and files that are sent over connections.
 *
 * The twin of secured.py.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../../src/index.ts';
import { clientContext, serverContext } from '../../net/certificates.ts';
import { bytes, co, kind, live, only, print, text } from '../kit.ts';

const { ssl } = asyncio;
const HOST = '127.0.0.1';

function portOf(server: asyncio.Server): number {
  return (server.sockets[0] as asyncio.TransportSocket).getsockname()[1];
}

/** Keeps what comes. */
class Waiting extends asyncio.Protocol {
  received: Buffer = Buffer.alloc(0);
  readonly made: asyncio.Future<asyncio.StreamTransport> = new asyncio.Future();
  readonly lost: asyncio.Future<Error | null> = new asyncio.Future();

  override connectionMade(transport: asyncio.StreamTransport): void {
    this.made.setResult(transport);
  }

  override dataReceived(data: Uint8Array): void {
    this.received = Buffer.concat([this.received, data]);
  }

  override connectionLost(exc: Error | null): void {
    this.lost.setResult(exc);
  }
}

/** A plain connection, both ends of it, and its server. */
const connected = co(function* () {
  const loop = asyncio.getRunningLoop();
  const accepted = new Waiting();
  const server = yield* loop.createServer(() => accepted, HOST, 0);
  const [transport, protocol] = yield* loop.createConnection(() => new Waiting(), HOST, portOf(server));
  const far = yield* accepted.made;
  return [server, transport, protocol, far, accepted] as const;
});

live('both ends of a connection are secured on the way', function* () {
  const loop = asyncio.getRunningLoop();
  const [server, transport, protocol, far, accepted] = yield* connected();
  const securing = asyncio.createTask(loop.startTls(far, accepted, serverContext(), { serverSide: true }));
  yield* asyncio.sleep(0);
  const near = yield* loop.startTls(transport, protocol, clientContext(), { serverHostname: 'localhost' });
  const there = yield* securing;
  print((near as unknown) === transport, (near.getProtocol() as unknown) === protocol, near.isClosing());
  const peer = near.getExtraInfo('peername') as asyncio.SocketAddress;
  print(peer[1] === portOf(server), near.getExtraInfo('ssl_object') !== null);
  near.write(bytes('a secret'));
  near.close();
  print(yield* accepted.lost, text(accepted.received), there.isClosing());
  print(yield* protocol.lost);
  server.close();
});

live('a certificate that nobody vouches for', function* () {
  const loop = asyncio.getRunningLoop();
  const [server, transport, protocol, far, accepted] = yield* connected();
  const securing = asyncio.createTask(loop.startTls(far, accepted, serverContext(), { serverSide: true }));
  yield* asyncio.sleep(0);
  const stranger = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  try {
    yield* loop.startTls(transport, protocol, stranger, { serverHostname: 'localhost' });
  } catch (error) {
    only(error, ssl.SSLCertVerificationError);
    print(kind(error), error.verifyCode);
  }
  try {
    yield* securing;
  } catch (error) {
    print(error instanceof asyncio.OSError);
  }
  server.close();
});

live('streams that are secured on the way', function* () {
  const serve = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    writer.write(bytes('ready\n'));
    print(text(yield* reader.readline()));
    writer.write(bytes('go ahead\n'));
    yield* writer.startTls(serverContext());
    print(text(yield* reader.readline()));
    writer.write(bytes('thanks\n'));
    writer.close();
  });
  const server = yield* asyncio.startServer(serve, HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  print(text(yield* reader.readline()));
  writer.write(bytes('STARTTLS\n'));
  print(text(yield* reader.readline()));
  yield* writer.startTls(clientContext(), { serverHostname: 'localhost' });
  print(writer.getExtraInfo('cipher') !== null);
  writer.write(bytes('a secret\n'));
  print(text(yield* reader.read()));
  writer.close();
  yield* writer.waitClosed();
  server.close();
});

/** A file that is open, and removed afterwards. */
const withFile = co(function* (content: string, body: (file: { fd: number }) => asyncio.Coroutine<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-'));
  const path = join(folder, 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r+');
  try {
    yield* body({ fd });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

live('a file is sent over a connection', function* () {
  const loop = asyncio.getRunningLoop();
  const [server, transport, protocol, , accepted] = yield* connected();
  yield* withFile(
    '0123456789'.repeat(50_000),
    co(function* (file: { fd: number }) {
      transport.write(bytes('before '));
      print(yield* loop.sendfile(transport, file));
      transport.write(bytes(' between '));
      print(yield* loop.sendfile(transport, file, { offset: 499_995 }));
      print(yield* loop.sendfile(transport, file, { offset: 3, count: 4 }));
      print(yield* loop.sendfile(transport, file, { offset: 500_000 }));
      print((transport.getProtocol() as unknown) === protocol);
      transport.write(bytes(' after'));
      transport.close();
      yield* accepted.lost;
      const { received } = accepted;
      print(received.length, text(received.subarray(0, 12)), text(received.subarray(-24)));
      try {
        yield* loop.sendfile(transport, file);
      } catch (error) {
        only(error, asyncio.RuntimeError);
        print(error.message);
      }
    }),
  );
  server.close();
});

live('a connection is lost while a file is sent', function* () {
  const loop = asyncio.getRunningLoop();
  const [server, transport, , far, accepted] = yield* connected();
  far.pauseReading();
  yield* withFile(
    '',
    co(function* (file: { fd: number }) {
      ftruncateSync(file.fd, 64 * 1024 * 1024);
      const sending = asyncio.createTask(loop.sendfile(transport, file));
      yield* asyncio.sleep(0.01);
      print(sending.done());
      far.abort();
      try {
        yield* sending;
      } catch (error) {
        only(error, asyncio.OSError);
        print(error instanceof asyncio.ConnectionError);
      }
    }),
  );
  transport.abort();
  print(yield* accepted.lost);
  server.close();
});
