/** A flood of bytes: reading it as fast as it comes starves nobody, and nobody gets bytes who has asked for none. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { bytes, HOST, onSockets, portOf, Recorder, until } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

const MIB = 1024 * 1024;

/** A server that sends so many bytes to whoever connects. */
const flooding = co(function* (size: number) {
  const piece = Buffer.alloc(4 * MIB);
  return yield* asyncio.startServer(
    function* (_reader, writer) {
      try {
        for (let left = size; left > 0; left -= piece.length) {
          writer.write(piece);
          yield* writer.drain();
        }
      } catch (error) {
        // Who has had enough goes away.
        assert.ok(error instanceof asyncio.ConnectionError);
      }
      writer.close();
    },
    HOST,
    0,
  );
});

scenario('a stream that is read as fast as it comes starves no one', function* ({ loop }) {
  const size = 256 * MIB;
  const server = yield* flooding(size);
  const echo = yield* asyncio.startServer(
    function* (reader, writer) {
      for (let data = yield* reader.read(10); data.length > 0; data = yield* reader.read(10))
        writer.write(data);
      writer.close();
    },
    HOST,
    0,
  );
  let [pings, timers, turns, received, over] = [0, 0, 0, 0, false];
  const ping = co(function* () {
    const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(echo));
    while (!over) {
      writer.write(bytes('ping'));
      yield* reader.readexactly(4);
      pings++;
    }
    writer.close();
    yield* writer.waitClosed();
  });
  const count = () => {
    timers++;
    if (!over) loop.callLater(0.001, count);
  };
  const turn = () => {
    turns++;
    if (!over) setImmediate(turn);
  };
  const pinging = asyncio.createTask(ping());
  count();
  turn();
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
  for (let data = yield* reader.read(size); data.length > 0; data = yield* reader.read(size)) {
    received += data.length;
  }
  over = true;
  assert.equal(received, size);
  // Eight chunks of 256 KiB at most come between two turns of the host's.
  assert.ok(turns >= size / MIB / 2 / 2, `the host had ${turns} turns`);
  assert.ok(pings > 10, `${pings} pings`);
  assert.ok(timers > 10, `${timers} timers`);
  yield* pinging;
  writer.close();
  yield* writer.waitClosed();
  for (const one of [server, echo]) {
    one.close();
    yield* one.waitClosed();
  }
});

for (const [when, resume] of [
  ['in the same iteration', (loop: asyncio.EventLoop, go: () => void) => loop.callSoon(go)],
  ['a few iterations later', (loop: asyncio.EventLoop, go: () => void) => later(loop, 5, go)],
  ['in time', (loop: asyncio.EventLoop, go: () => void) => loop.callLater(0.0001, go)],
] as const) {
  scenario(`a protocol that pauses, and resumes ${when}, gets nothing meanwhile`, function* ({ loop }) {
    const size = 32 * MIB;
    const server = yield* flooding(size);
    let received = 0;
    class Pausing extends Recorder {
      override dataReceived(data: Uint8Array): void {
        assert.equal(this.transport.isReading(), true, 'data came though reading is paused');
        received += data.length;
        this.transport.pauseReading();
        resume(loop, () => this.transport.resumeReading());
      }
    }
    const [, protocol] = yield* loop.createConnection(() => new Pausing(loop), HOST, portOf(server));
    assert.equal(yield* protocol.lost, null);
    assert.equal(received, size);
    server.close();
    yield* server.waitClosed();
  });
}

scenario('a protocol that pauses for good gets nothing more, whatever comes', function* ({ loop }) {
  const server = yield* flooding(32 * MIB);
  let calls = 0;
  class Full extends Recorder {
    override dataReceived(): void {
      calls++;
      this.transport.pauseReading();
    }
  }
  const [transport, protocol] = yield* loop.createConnection(() => new Full(loop), HOST, portOf(server));
  yield* until(() => calls > 0);
  for (let i = 0; i < 100; i++) yield* asyncio.sleep(0);
  assert.equal(calls, 1);
  transport.abort();
  yield* protocol.lost;
  server.abortClients();
  server.close();
  yield* server.waitClosed();
});

function later(loop: asyncio.EventLoop, iterations: number, go: () => void): void {
  if (iterations === 0) go();
  else loop.callSoon(() => later(loop, iterations - 1, go));
}
