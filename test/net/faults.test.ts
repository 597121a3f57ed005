/** What the network does to a connection: resets, half-closes, floods, silence. Nothing is lost without a word, and nothing is left open. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import {
  BarePeer,
  bareClient,
  bytes,
  Echo,
  event,
  HOST,
  hostTurn,
  onSockets,
  portOf,
  Recorder,
  text,
  until,
} from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

const MIB = 1024 * 1024;

/** A connection of ours to a bare peer. */
const toPeer = co(function* (loop: asyncio.EventLoop) {
  const peer = new BarePeer();
  const port = yield* asyncio.wrapFuture(peer.listen());
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), HOST, port);
  const socket = yield* peer.accepted();
  const end = () => {
    socket.destroy();
    peer.close();
  };
  return { transport, protocol, socket, end };
});

scenario('a reset by the peer is told as such', function* ({ loop }) {
  const { protocol, socket, end } = yield* toPeer(loop);
  socket.resetAndDestroy();
  const error = yield* protocol.lost;
  assert.ok(error instanceof asyncio.ConnectionResetError && error instanceof asyncio.ConnectionError);
  assert.deepEqual([error.code, error.errno, error.syscall], ['ECONNRESET', 104, 'read']);
  assert.deepEqual(protocol.events, ['made', 'lost ConnectionResetError']);
  end();
});

scenario('a reset in the middle of a write ends the writing, and drops what waits', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  transport.write(Buffer.alloc(32 * MIB));
  assert.deepEqual(protocol.events, ['made', 'pause']);
  socket.resetAndDestroy();
  const error = yield* protocol.lost;
  assert.ok(
    error instanceof asyncio.ConnectionResetError || error instanceof asyncio.BrokenPipeError,
    String(error),
  );
  assert.deepEqual([transport.isClosing(), transport.getWriteBufferSize()], [true, 0]);
  end();
});

scenario('a reset while a closing transport flushes is the reason that is told', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  transport.write(Buffer.alloc(32 * MIB));
  transport.close();
  yield* hostTurn();
  assert.equal(protocol.lost.done(), false);
  socket.resetAndDestroy();
  assert.ok((yield* protocol.lost) instanceof asyncio.ConnectionError);
  end();
});

scenario('writing to a peer that went away fails with its error, not silently', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  transport.pauseReading();
  socket.destroy();
  yield* event(socket, 'close');
  const writing = co(function* () {
    while (!transport.isClosing()) {
      transport.write(bytes('x'));
      yield* hostTurn();
    }
  });
  yield* writing();
  const error = yield* protocol.lost;
  assert.ok(
    error instanceof asyncio.ConnectionResetError || error instanceof asyncio.BrokenPipeError,
    String(error),
  );
  end();
});

scenario('the peer ends its way first: what it is sent afterwards arrives', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  const ended = loop.createFuture<void>();
  protocol.eofReceived = () => {
    ended.setResult(undefined);
    return true;
  };
  socket.end('last words');
  yield* ended;
  assert.deepEqual(protocol.events, ['made', 'data last words']);
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  socket.resume();
  transport.write(Buffer.alloc(8 * MIB));
  transport.close();
  yield* event(socket, 'end');
  assert.equal(received, 8 * MIB);
  assert.equal(yield* protocol.lost, null);
  end();
});

scenario('we end our way first: what the peer sends afterwards arrives', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  transport.write(Buffer.alloc(8 * MIB, 'x'));
  transport.writeEof();
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  socket.resume();
  yield* event(socket, 'end');
  assert.equal(received, 8 * MIB);
  assert.equal(transport.isClosing(), false);
  socket.end('answer');
  assert.equal(yield* protocol.lost, null);
  assert.deepEqual(protocol.events.slice(-3), ['data answer', 'eof', 'lost null']);
  end();
});

scenario('both ways are ended, and the transport is ours to close', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  const ended = loop.createFuture<void>();
  protocol.eofReceived = () => {
    ended.setResult(undefined);
    return true;
  };
  transport.writeEof();
  socket.resume().end();
  yield* ended;
  yield* until(() => socket.readableEnded);
  yield* hostTurn();
  assert.deepEqual([transport.isClosing(), protocol.events], [false, ['made']]);
  transport.close();
  assert.equal(yield* protocol.lost, null);
  end();
});

scenario('the end of the stream waits behind data that is not wanted yet', function* ({ loop }) {
  const { transport, protocol, socket, end } = yield* toPeer(loop);
  transport.pauseReading();
  socket.end('data');
  yield* event(socket, 'finish');
  for (let i = 0; i < 10; i++) yield* hostTurn();
  assert.deepEqual(protocol.events, ['made']);
  transport.resumeReading();
  yield* protocol.lost;
  assert.deepEqual(protocol.events, ['made', 'data data', 'eof', 'lost null']);
  end();
});

scenario('a reader that stops reading stops the sender: what piles up is bounded', function* ({ loop }) {
  const server = yield* asyncio.startServer(
    function* (reader, writer) {
      yield* reader.readexactly(1);
      yield* stop;
      writer.close();
    },
    HOST,
    0,
    { limit: 1024 },
  );
  const stop = loop.createFuture<void>();
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  client.resume();
  const chunk = Buffer.alloc(MIB);
  let accepted = 0;
  client.on('drain', () => {
    accepted += MIB;
    client.write(chunk);
  });
  client.write(chunk);
  const before = process.memoryUsage().arrayBuffers;
  // When nothing more is taken for a while, all that the system and we may keep is full.
  for (let last = -1, quiet = 0; quiet < 200; quiet = last === accepted ? quiet + 1 : 0) {
    last = accepted;
    yield* hostTurn();
  }
  const piled = process.memoryUsage().arrayBuffers - before;
  assert.ok(accepted < 64 * MIB, `${accepted} bytes were taken from the sender`);
  assert.ok(piled < 4 * MIB, `${piled} bytes are kept`);
  stop.setResult(undefined);
  client.destroy();
  server.close();
  yield* server.waitClosed();
});

scenario('a protocol that pauses and resumes between every two packets loses nothing', function* ({ loop }) {
  let received = '';
  const done = loop.createFuture<void>();
  class Hesitant extends Recorder {
    override dataReceived(data: Uint8Array): void {
      received += text(data);
      this.transport.pauseReading();
      loop.callSoon(() => this.transport.resumeReading());
    }

    override eofReceived(): unknown {
      done.setResult(undefined);
      return false;
    }
  }
  const server = yield* loop.createServer(() => new Hesitant(loop), HOST, 0);
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  client.resume();
  let sent = '';
  for (let i = 0; i < 300; i++) {
    const piece = `${i};`.repeat(200);
    sent += piece;
    client.write(piece);
    if (i % 10 === 0) yield* hostTurn();
  }
  client.end();
  yield* done;
  assert.equal(received.length, sent.length);
  assert.equal(received, sent);
  server.close();
  yield* server.waitClosed();
  client.destroy();
});

scenario('a protocol that fails loses its connection, and no other', function* ({ loop, reports }) {
  class Picky extends Echo {
    override dataReceived(data: Uint8Array): void {
      if (text(data) === 'bad') throw new Error('bad data');
      super.dataReceived(data);
    }
  }
  const server = yield* loop.createServer(() => new Picky(loop), HOST, 0);
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  const [other, otherWriter] = yield* asyncio.openConnection(HOST, portOf(server));
  writer.write(bytes('bad'));
  assert.equal((yield* reader.read()).length, 0);
  const [report] = reports();
  assert.equal(report?.message, 'Fatal error: protocol.dataReceived() call failed.');
  assert.equal(String(report?.exception), 'Error: bad data');
  otherWriter.write(bytes('good'));
  assert.equal(text(yield* other.readexactly(4)), 'good');
  for (const one of [writer, otherWriter]) {
    one.close();
    yield* one.waitClosed();
  }
  server.close();
  yield* server.waitClosed();
});

scenario(
  'a protocol with a buffer of its own gets every byte, from clients and servers',
  function* ({ loop }) {
    class Buffered extends asyncio.BufferedProtocol {
      readonly #buffer = Buffer.alloc(1000);
      readonly received: Buffer[] = [];
      readonly lost = loop.createFuture<Error | null>();

      override getBuffer(sizeHint: number): Uint8Array {
        assert.ok(sizeHint > 0);
        return this.#buffer;
      }

      override bufferUpdated(count: number): void {
        this.received.push(Buffer.from(this.#buffer.subarray(0, count)));
      }

      override connectionLost(exc: Error | null): void {
        this.lost.setResult(exc);
      }
    }
    const served: Buffered[] = [];
    const make = () => {
      const protocol = new Buffered();
      served.push(protocol);
      return protocol;
    };
    const server = yield* loop.createServer(make, HOST, 0);
    const [transport, protocol] = yield* loop.createConnection(() => new Buffered(), HOST, portOf(server));
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i & 255));
    transport.write(sent);
    transport.writeEof();
    yield* until(() => served.length === 1);
    const [other] = served;
    assert.ok(other !== undefined);
    assert.equal(yield* other.lost, null);
    assert.ok(Buffer.concat(other.received).equals(sent));
    assert.equal(yield* protocol.lost, null);
    server.close();
    yield* server.waitClosed();
  },
);

scenario('a timeout around a connection that is never answered leaves nothing', function* ({ loop }) {
  const { transport, protocol, end } = yield* toPeer(loop);
  const asking = co(function* () {
    const answer = loop.createFuture<string>();
    protocol.dataReceived = (data) => answer.setResult(text(data));
    transport.write(bytes('anyone?'));
    try {
      return yield* answer;
    } finally {
      transport.abort();
    }
  });
  const error = yield* thrownBy(asyncio.waitFor(asyncio.createTask(asking()), 0.01));
  assert.ok(error instanceof asyncio.TimeoutError);
  assert.equal(yield* protocol.lost, null);
  end();
});
