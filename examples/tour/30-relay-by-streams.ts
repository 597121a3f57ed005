/**
 * A TCP relay in front of a server: what the client sends goes to the server, what the server sends goes to the client.
 *
 * Both ways run at once, and neither is read faster than the other end takes it: `drain` waits, so the reader fills up, so the transport stops
 * reading, and the sender feels it through TCP. That is backpressure, and it keeps the memory small however much passes. The end of one way
 * is passed on with `writeEof` and leaves the other way open: that is half-close. The server here is Node's own: it echoes, and after the end of
 * what it receives it sends the hash of it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import * as asyncio from 'asyncio-ts';

export const title = 'a TCP relay passes 100 MiB both ways, with backpressure and half-close';

export async function generators() {
  const MIB = 1024 * 1024;
  const TOTAL = 100 * MIB;

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
    writer.writeEof();
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

  function* client(port: number): asyncio.Coroutine<void> {
    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let sentBytes = 0;
    let receivedBytes = 0;

    function* send(): asyncio.Coroutine<void> {
      while (sentBytes < TOTAL) {
        const data = randomBytes(65536);
        sent.update(data);
        sentBytes += data.length;
        writer.write(data);
        yield* writer.drain();
      }
      writer.writeEof();
      console.log('client: sent everything, and said so');
    }

    function* receive(): asyncio.Coroutine<Uint8Array> {
      // As long as the client does not read, the echo gets stuck, then the relay, then the sending.
      yield* asyncio.sleep(0.5);
      console.log(`client: the sending was held back: ${sentBytes < TOTAL}`);
      while (receivedBytes < TOTAL) {
        const data = yield* reader.read(Math.min(65536, TOTAL - receivedBytes));
        if (data.length === 0) break;
        received.update(data);
        receivedBytes += data.length;
      }
      return yield* reader.read(); // what comes after the echo, to the end
    }

    const [, last] = yield* asyncio.gather(send(), receive());
    const hash = sent.digest('hex');
    console.log(
      `client: received ${receivedBytes / MIB} MiB, bit for bit as sent: ${received.digest('hex') === hash}`,
    );
    console.log(`client: the server received the same: ${new TextDecoder().decode(last) === hash}`);
    writer.close();
    yield* writer.waitClosed();
  }

  function* main(): asyncio.Coroutine<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (data) => {
        hash.update(data);
        if (!socket.write(data)) socket.pause();
      });
      socket.on('drain', () => socket.resume());
      socket.on('end', () => socket.end(hash.digest('hex')));
    });
    const listening = new asyncio.Future<void>();
    server.listen(0, '127.0.0.1', () => listening.setResult());
    yield* listening;
    const address = server.address();
    const serverPort = typeof address === 'object' && address !== null ? address.port : 0;

    const relaying = yield* asyncio.startServer(
      (reader, writer) => relay(reader, writer, serverPort),
      '127.0.0.1',
      0,
    );
    const [, port] = relaying.sockets[0]!.getsockname();

    const before = process.memoryUsage.rss();
    let highest = before;
    const watch = asyncio.createTask(function* () {
      for (;;) {
        highest = Math.max(highest, process.memoryUsage.rss());
        yield* asyncio.sleep(0.01);
      }
    });
    yield* client(port);
    watch.cancel();
    const kib = mostWaiting / 1024;
    console.log(`relay: at most ${kib.toFixed(0)} KiB waited to be passed, no more than 128: ${kib <= 128}`);
    // What it grows by is mostly read buffers that wait for the garbage collection; ten times as many bytes need no more.
    const mib = (highest - before) / MIB;
    console.log(`memory: grew by at most ${mib.toFixed(0)} MiB, no more than 150: ${mib <= 150}`);

    relaying.close();
    yield* relaying.waitClosed();
    server.close();
  }

  await asyncio.run(main());
}

export const output = [
  'client: the sending was held back: true',
  'client: sent everything, and said so',
  'client: received 100 MiB, bit for bit as sent: true',
  'client: the server received the same: true',
  'relay: at most {number} KiB waited to be passed, no more than 128: true',
  'memory: grew by at most {number} MiB, no more than 150: true',
];
