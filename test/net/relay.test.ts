/** Much data, and many clients: a relay with backpressure both ways passes everything on, unchanged, in little memory. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as asyncio from '../../src/index.ts';
import { bytes, HOST, onSockets, portOf, text } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

const MIB = 1024 * 1024;
const TOTAL = 100 * MIB;
/** What the relay, the two ends and their buffers may keep at once: far less than what passes through. */
const MOST_KEPT = 8 * MIB;

/** A block of bytes that do not repeat soon, different for each `seed`. */
function block(seed: number): Buffer {
  const data = Buffer.allocUnsafe(MIB);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < MIB; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data.writeInt32LE(state, i);
  }
  return data;
}

/** How much is held in buffers, garbage apart. */
function kept(): number {
  // What the first collection found is given back by the time that the second one ends.
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().arrayBuffers;
}

/** Pass everything on, then the end. */
const pump = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
  for (;;) {
    const data = yield* reader.read(64 * 1024);
    if (data.length === 0) break;
    writer.write(data);
    yield* writer.drain();
  }
  if (writer.canWriteEof()) writer.writeEof();
});

/** A server that relays each connection to `port`. */
const startRelay = co(function* (port: number) {
  return yield* asyncio.startServer(
    function* (reader, writer) {
      const [targetReader, targetWriter] = yield* asyncio.openConnection(HOST, port);
      yield* asyncio.gather(pump(reader, targetWriter), pump(targetReader, writer));
      for (const one of [writer, targetWriter]) {
        one.close();
        yield* one.waitClosed();
      }
    },
    HOST,
    0,
  );
});

scenario('100 MiB go through a relay and back, bit by bit the same, in a little memory', function* () {
  const echo = yield* asyncio.startServer(
    function* (reader, writer) {
      yield* pump(reader, writer);
      writer.close();
    },
    HOST,
    0,
  );
  const relay = yield* startRelay(portOf(echo));
  const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(relay));
  const sent = createHash('sha256');
  const received = createHash('sha256');
  const before = kept();
  let mostKept = 0;
  const send = co(function* () {
    for (let i = 0; i < TOTAL / MIB; i++) {
      const data = block(i + 1);
      sent.update(data);
      writer.write(data);
      yield* writer.drain();
      if (i % 10 === 0) mostKept = Math.max(mostKept, kept() - before);
    }
    writer.writeEof();
  });
  const sending = asyncio.createTask(send());
  let count = 0;
  for (;;) {
    const data = yield* reader.read(256 * 1024);
    if (data.length === 0) break;
    count += data.length;
    received.update(data);
    if (count % 7 === 0) yield* asyncio.sleep(0);
  }
  yield* sending;
  assert.equal(count, TOTAL);
  assert.equal(received.digest('hex'), sent.digest('hex'));
  assert.ok(mostKept < MOST_KEPT, `${mostKept} bytes were kept at once`);
  writer.close();
  yield* writer.waitClosed();
  for (const server of [relay, echo]) {
    server.close();
    yield* server.waitClosed();
  }
  // Those who served may have a few steps left.
  while (asyncio.allTasks().size > 1) yield* asyncio.sleep(0);
});

scenario('500 clients talk through a relay at once, each with its own words', function* () {
  const echo = yield* asyncio.startServer(
    function* (reader, writer) {
      yield* pump(reader, writer);
      writer.close();
    },
    HOST,
    0,
    { backlog: 511 },
  );
  const relay = yield* startRelay(portOf(echo));
  const talk = co(function* (name: string) {
    const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(relay));
    for (let i = 0; i < 5; i++) {
      writer.write(bytes(`${name} says ${i}\n`));
      assert.equal(text(yield* reader.readline()), `${name} says ${i}\n`);
    }
    writer.writeEof();
    assert.equal((yield* reader.read()).length, 0);
    writer.close();
    yield* writer.waitClosed();
    return name;
  });
  const names = Array.from({ length: 500 }, (_, i) => `client ${i}`);
  assert.deepEqual(yield* asyncio.gather(...names.map((name) => talk(name))), names);
  for (const server of [relay, echo]) {
    server.close();
    yield* server.waitClosed();
  }
  // Those who served may have a few steps left.
  while (asyncio.allTasks().size > 1) yield* asyncio.sleep(0);
});
