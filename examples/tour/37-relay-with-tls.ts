/**
 * A TLS relay in front of a plain server: clients speak TLS with the relay, the relay speaks plain with the server. That is TLS termination.
 *
 * Both ways run at once, and neither is read faster than the other end takes it, with TLS as without. What TLS does not have is half-close: a
 * connection ends both ways at once, so the client has to say by other means what belongs together; here it sends the length first.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as asyncio from 'asyncio-ts';
import selfsigned from 'selfsigned';

export const title = 'a relay ends TLS in front of a plain server, 32 MiB both ways with backpressure';

const { ssl } = asyncio;

export async function generators() {
  const MIB = 1024 * 1024;
  const TOTAL = 32 * MIB;

  let mostWaiting = 0;

  /** One way: all that comes, and then its end. */
  function* pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    for (;;) {
      const data = yield* reader.read(65536);
      if (data.length === 0) break;
      writer.write(data);
      mostWaiting = Math.max(mostWaiting, writer.transport.getWriteBufferSize());
      yield* writer.drain();
    }
    if (writer.canWriteEof()) writer.writeEof();
    else writer.close();
  }

  function* relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    serverPort: number,
  ): asyncio.Coroutine<void> {
    const [fromServer, toServer] = yield* asyncio.openConnection('127.0.0.1', serverPort);
    try {
      yield* asyncio.gather(pass(reader, toServer), pass(fromServer, writer));
    } finally {
      toServer.close();
      writer.close();
    }
  }

  /** The server behind the relay knows nothing of TLS: it sends back as many bytes as it is told will come, and then the hash of them. */
  function* serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    let left = Number(new TextDecoder().decode(yield* reader.readline()));
    const hash = createHash('sha256');
    while (left > 0) {
      const data = yield* reader.read(Math.min(left, 65536));
      left -= data.length;
      hash.update(data);
      writer.write(data);
      yield* writer.drain();
    }
    writer.write(new TextEncoder().encode(`${hash.digest('hex')}\n`));
    writer.close();
    yield* writer.waitClosed();
  }

  function* client(port: number, context: asyncio.ssl.SSLContext): asyncio.Coroutine<void> {
    const options = { ssl: context, serverHostname: 'localhost' };
    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port, options);
    const sent = createHash('sha256');
    let sentBytes = 0;

    function* send(): asyncio.Coroutine<void> {
      writer.write(new TextEncoder().encode(`${TOTAL}\n`));
      while (sentBytes < TOTAL) {
        const data = randomBytes(65536);
        sent.update(data);
        sentBytes += data.length;
        writer.write(data);
        yield* writer.drain();
      }
    }

    function* receive(): asyncio.Coroutine<string> {
      // As long as the client does not read, the server gets stuck, then the relay, then the sending.
      yield* asyncio.sleep(0.5);
      console.log(`client: the sending was held back: ${sentBytes < TOTAL}`);
      const received = createHash('sha256');
      for (let left = TOTAL; left > 0; ) {
        const data = yield* reader.read(Math.min(left, 65536));
        left -= data.length;
        received.update(data);
      }
      return received.digest('hex');
    }

    const [, received] = yield* asyncio.gather(send(), receive());
    const hash = sent.digest('hex');
    console.log(`client: received ${sentBytes / MIB} MiB, bit for bit as sent: ${received === hash}`);
    const told = new TextDecoder().decode(yield* reader.readline()).trimEnd();
    console.log(`client: the server received the same: ${told === hash}`);
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const own = yield* asyncio.wrapFuture(
      selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
        keyType: 'ec',
        algorithm: 'sha256',
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
      }),
    );
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    context.loadCertChain(own.cert, own.private);

    const server = yield* asyncio.startServer(serve, '127.0.0.1', 0);
    const [, serverPort] = server.sockets[0]!.getsockname();
    const relaying = yield* asyncio.startServer(
      (reader, writer) => relay(reader, writer, serverPort),
      '127.0.0.1',
      0,
      { ssl: context },
    );
    const [, port] = relaying.sockets[0]!.getsockname();

    yield* client(port, ssl.createDefaultContext({ cadata: own.cert }));
    const kib = mostWaiting / 1024;
    // With TLS more may wait than without: 512 KiB, and one piece.
    console.log(`relay: at most ${kib.toFixed(0)} KiB waited to be passed, no more than 576: ${kib <= 576}`);

    for (const each of [relaying, server]) {
      each.close();
      yield* each.waitClosed();
    }
  }

  await asyncio.run(main());
}

export const output = [
  'client: the sending was held back: true',
  'client: received 32 MiB, bit for bit as sent: true',
  'client: the server received the same: true',
  'relay: at most {number} KiB waited to be passed, no more than 576: true',
];
