/**
 * The relay by protocols: backpressure and half-close as callbacks.
 *
 * Two protocols, one for each connection, are partners. When more waits to be sent to one than its transport holds well, `pauseWriting` stops the
 * reading from the other; `resumeWriting` lets it go on. `eofReceived` passes the end on, and returns true to keep the other way open.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as asyncio from 'asyncio-ts';

export const title = 'the same relay by protocols, in front of a server of streams';

export async function generators() {
  const MIB = 1024 * 1024;
  const TOTAL = 100 * MIB;

  let mostWaiting = 0;

  class RelayEnd extends asyncio.Protocol {
    transport: asyncio.Transport | null = null;
    partner: RelayEnd | null = null;
    ended = false;

    override connectionMade(transport: asyncio.Transport) {
      this.transport = transport;
    }

    override dataReceived(data: Uint8Array) {
      this.partner?.send(data);
    }

    send(data: Uint8Array) {
      this.transport?.write(data);
      mostWaiting = Math.max(mostWaiting, this.transport?.getWriteBufferSize() ?? 0);
    }

    override pauseWriting() {
      this.partner?.transport?.pauseReading();
    }

    override resumeWriting() {
      this.partner?.transport?.resumeReading();
    }

    override eofReceived() {
      this.ended = true;
      if (this.partner?.ended)
        this.transport?.close(); // both ways have ended: the connections do as well
      else this.partner?.transport?.writeEof();
      return true;
    }

    override connectionLost() {
      this.partner?.transport?.close();
    }
  }

  /** The end that faces the client: it connects to the server, and reads nothing before that is done. */
  class ClientEnd extends RelayEnd {
    readonly #serverPort: number;
    readonly #loop = asyncio.getRunningLoop();

    constructor(serverPort: number) {
      super();
      this.#serverPort = serverPort;
    }

    override connectionMade(transport: asyncio.Transport) {
      super.connectionMade(transport);
      transport.pauseReading();
      this.#loop.createTask(this.#connect(transport));
    }

    *#connect(transport: asyncio.Transport): asyncio.Coroutine<void> {
      try {
        const makeEnd = () => Object.assign(new RelayEnd(), { partner: this });
        [, this.partner] = yield* this.#loop.createConnection(makeEnd, '127.0.0.1', this.#serverPort);
        transport.resumeReading();
      } catch (error) {
        console.log(`relay: ${error}`);
        transport.abort();
      }
    }
  }

  /** A server that takes everything, and then answers with its hash. */
  function* handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): asyncio.Coroutine<void> {
    yield* asyncio.sleep(0.3); // a slow start: meanwhile the client is held back
    const hash = createHash('sha256');
    for (;;) {
      const data = yield* reader.read(65536);
      if (data.length === 0) break;
      hash.update(data);
    }
    writer.write(new TextEncoder().encode(hash.digest('hex')));
    yield* writer.drain();
    writer.close();
  }

  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();
    const server = yield* asyncio.startServer(handle, '127.0.0.1', 0);
    const [, serverPort] = server.sockets[0]!.getsockname();
    const relay = yield* loop.createServer(() => new ClientEnd(serverPort), '127.0.0.1', 0);
    const [, port] = relay.sockets[0]!.getsockname();

    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
    const hash = createHash('sha256');
    let sentBytes = 0;
    loop.callLater(0.1, () => console.log(`client: the sending is held back: ${sentBytes < TOTAL}`));
    while (sentBytes < TOTAL) {
      const data = randomBytes(65536);
      hash.update(data);
      sentBytes += data.length;
      writer.write(data);
      yield* writer.drain();
    }
    writer.writeEof();
    console.log(`client: sent ${sentBytes / MIB} MiB, and said that this was all`);

    const answer = new TextDecoder().decode(yield* reader.read());
    console.log(`client: the server received it bit for bit: ${answer === hash.digest('hex')}`);
    writer.close();
    yield* writer.waitClosed();

    for (const listening of [relay, server]) {
      listening.close();
      yield* listening.waitClosed();
    }
    const kib = mostWaiting / 1024;
    console.log(`relay: at most ${kib.toFixed(0)} KiB waited to be passed, no more than 512: ${kib <= 512}`);
  }

  await asyncio.run(main());
}

export const output = [
  'client: the sending is held back: true',
  'client: sent 100 MiB, and said that this was all',
  'client: the server received it bit for bit: true',
  'relay: at most {number} KiB waited to be passed, no more than 512: true',
];
