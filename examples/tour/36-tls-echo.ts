/**
 * TLS: the same echo, secured. The certificate is made on the spot, and signed by itself, so the client is told to trust exactly that one.
 *
 * What a client does not trust it does not speak to: a certificate that the host's authorities do not vouch for, or one for another name, ends
 * the handshake before a byte of the application has gone either way.
 */
import * as asyncio from 'asyncio-ts';
import selfsigned from 'selfsigned';

export const title = 'TLS echo, with a certificate made on the spot';

const { ssl } = asyncio;

/** A certificate for this machine, and its private key. */
function makeCertificate() {
  return selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
}

export async function generators() {
  function* handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    const line = yield* reader.readline();
    console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.write(line);
    yield* writer.drain();
    writer.close();
    yield* writer.waitClosed();
  }

  function* client(
    port: number,
    context: asyncio.ssl.SSLContext,
    serverHostname: string,
  ): asyncio.Coroutine<void> {
    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port, {
      ssl: context,
      serverHostname,
    });
    console.log(`client: speaks ${writer.getExtraInfo('ssl_object')?.version()}`);
    writer.write(new TextEncoder().encode('Hello\n'));
    const line = yield* reader.readline();
    console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const own = yield* asyncio.wrapFuture(makeCertificate());
    const serverContext = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    serverContext.loadCertChain(own.cert, own.private);
    const server = yield* asyncio.startServer(handleEcho, '127.0.0.1', 0, { ssl: serverContext });
    const [, port] = server.sockets[0]!.getsockname();

    const trusting = ssl.createDefaultContext({ cadata: own.cert });
    yield* client(port, trusting, 'localhost');
    for (const [context, name] of [
      [ssl.createDefaultContext(), 'localhost'],
      [trusting, 'example.org'],
    ] as const) {
      try {
        yield* client(port, context, name);
      } catch (error) {
        if (!(error instanceof ssl.SSLCertVerificationError)) throw error;
        console.log(`client: ${error.verifyMessage}`);
      }
    }
    server.close();
    yield* server.waitClosed();
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function handleEcho(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    const line = await reader.readline();
    console.log(`server: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.write(line);
    await writer.drain();
    writer.close();
    await writer.waitClosed();
  }

  async function client(port: number, context: asyncio.ssl.SSLContext, serverHostname: string) {
    const [reader, writer] = await asyncio.openConnection('127.0.0.1', port, {
      ssl: context,
      serverHostname,
    });
    console.log(`client: speaks ${writer.getExtraInfo('ssl_object')?.version()}`);
    writer.write(new TextEncoder().encode('Hello\n'));
    const line = await reader.readline();
    console.log(`client: received '${new TextDecoder().decode(line).trimEnd()}'`);
    writer.close();
    await writer.waitClosed();
  }

  async function main() {
    const own = await makeCertificate();
    const serverContext = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    serverContext.loadCertChain(own.cert, own.private);
    const server = await asyncio.startServer(handleEcho, '127.0.0.1', 0, { ssl: serverContext });
    const [, port] = server.sockets[0]!.getsockname();

    const trusting = ssl.createDefaultContext({ cadata: own.cert });
    await client(port, trusting, 'localhost');
    for (const [context, name] of [
      [ssl.createDefaultContext(), 'localhost'],
      [trusting, 'example.org'],
    ] as const) {
      try {
        await client(port, context, name);
      } catch (error) {
        if (!(error instanceof ssl.SSLCertVerificationError)) throw error;
        console.log(`client: ${error.verifyMessage}`);
      }
    }
    server.close();
    await server.waitClosed();
  }

  await asyncio.run(main);
}

export const output = [
  'client: speaks TLSv1.3',
  "server: received 'Hello'",
  "client: received 'Hello'",
  'client: self-signed certificate',
  "client: Hostname mismatch, certificate is not valid for 'example.org'.",
];
