/** Graceful shutdown of servers: what may end by itself does, what does not is aborted, and nothing is left. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { bareClient, bytes, event, HOST, onSockets, portOf, text, until } from './kit.ts';

const { co, scenario } = await onSockets(import.meta.url);

/** A server whose handlers answer a line when `gate` opens, and say in `events` how they end. */
const gated = co(function* (gate: asyncio.Event, events: string[]) {
  const handle = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    try {
      const line = yield* reader.readline();
      events.push(`asked ${text(line).trim()}`);
      yield* gate.wait();
      writer.write(line);
      yield* writer.drain();
      events.push('answered');
    } catch (error) {
      events.push(String((error as Error).name));
      throw error;
    } finally {
      writer.close();
    }
  });
  return yield* asyncio.startServer(handle, HOST, 0);
});

const ask = co(function* (port: number, line: string) {
  const [reader, writer] = yield* asyncio.openConnection(HOST, port);
  writer.write(bytes(`${line}\n`));
  return [reader, writer] as const;
});

scenario('requests in flight are finished within the grace period', function* () {
  const gate = new asyncio.Event();
  const events: string[] = [];
  const server = yield* gated(gate, events);
  const [reader, writer] = yield* ask(portOf(server), 'one');
  yield* until(() => events.length === 1);
  const shutdown = asyncio.createTask(server.shutdown({ grace: 60 }));
  yield* asyncio.sleep(0);
  assert.equal(server.isServing(), false);
  assert.ok(!shutdown.done());
  gate.set();
  assert.equal(text(yield* reader.read()), 'one\n');
  writer.close();
  assert.equal(yield* shutdown, true);
  assert.deepEqual(events, ['asked one', 'answered']);
});

scenario('what outlives the grace period is aborted and cancelled', function* () {
  const events: string[] = [];
  const server = yield* gated(new asyncio.Event(), events);
  const [reader, writer] = yield* ask(portOf(server), 'slow');
  yield* until(() => events.length === 1);
  assert.equal(yield* server.shutdown({ grace: 0.01 }), false);
  assert.deepEqual(events, ['asked slow', 'CancelledError']);
  assert.equal(text(yield* reader.read()), '');
  writer.close();
});

scenario('a handler that works on after its connection is waited for too', function* () {
  const gate = new asyncio.Event();
  const events: string[] = [];
  const handle = co(function* (_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    writer.close();
    yield* writer.waitClosed();
    events.push('closed');
    yield* gate.wait();
    events.push('saved');
  });
  const server = yield* asyncio.startServer(handle, HOST, 0);
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  yield* until(() => events.length === 1);
  const shutdown = asyncio.createTask(server.shutdown({ grace: null }));
  yield* asyncio.wrapFuture(turn());
  assert.ok(!shutdown.done());
  gate.set();
  assert.equal(yield* shutdown, true);
  assert.deepEqual(events, ['closed', 'saved']);
  client.destroy();
});

scenario('a handler may clean up when it is cancelled, and is not cancelled twice', function* () {
  const events: string[] = [];
  const handle = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    try {
      yield* reader.readline();
    } finally {
      yield* asyncio.sleep(0.01);
      events.push('cleaned up');
      writer.close();
    }
  });
  const server = yield* asyncio.startServer(handle, HOST, 0);
  const client = yield* asyncio.wrapFuture(bareClient(portOf(server)));
  const accepted = event(client, 'close');
  client.resume();
  yield* until(() => server._handlers.size === 1);
  assert.equal(yield* server.shutdown({ grace: 0 }), false);
  assert.deepEqual(events, ['cleaned up']);
  client.destroy();
  yield* accepted;
});

scenario('a second shutdown without grace ends the waiting of the first', function* () {
  const events: string[] = [];
  const server = yield* gated(new asyncio.Event(), events);
  const [reader, writer] = yield* ask(portOf(server), 'one');
  yield* until(() => events.length === 1);
  const first = asyncio.createTask(server.shutdown({ grace: 3600 }));
  yield* asyncio.sleep(0);
  assert.equal(yield* server.shutdown({ grace: 0 }), false);
  assert.equal(yield* first, false);
  assert.equal(text(yield* reader.read()), '');
  writer.close();
});

scenario('a shutdown that is cancelled aborts at once', function* () {
  const events: string[] = [];
  const server = yield* gated(new asyncio.Event(), events);
  const [reader, writer] = yield* ask(portOf(server), 'one');
  yield* until(() => events.length === 1);
  const shutdown = asyncio.createTask(server.shutdown({ grace: null }));
  yield* asyncio.sleep(0);
  shutdown.cancel('enough');
  const error = yield* thrownBy(shutdown);
  assert.ok(error instanceof asyncio.CancelledError && error.message === 'enough');
  assert.equal(text(yield* reader.read()), '');
  writer.close();
  yield* server.waitClosed();
  yield* until(() => server._handlers.size === 0);
  assert.deepEqual(events, ['asked one', 'CancelledError']);
});

scenario('a server without connections is shut down at once, also without grace, and twice', function* () {
  const server = yield* gated(new asyncio.Event(), []);
  assert.equal(yield* server.shutdown({ grace: 0 }), true);
  assert.equal(yield* server.shutdown({ grace: 3600 }), true);
  yield* server.waitClosed();
});

scenario('idle connections that the program knows of do not hold it up', function* () {
  const idle = new Set<asyncio.StreamWriter>();
  const handle = co(function* (reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    for (;;) {
      idle.add(writer);
      const line = yield* reader.readline();
      idle.delete(writer);
      if (line.length === 0) break;
      writer.write(line);
    }
    writer.close();
  });
  const server = yield* asyncio.startServer(handle, HOST, 0);
  const [reader, writer] = yield* ask(portOf(server), 'one');
  assert.equal(text(yield* reader.readline()), 'one\n');
  for (const one of idle) one.close();
  assert.equal(yield* server.shutdown({ grace: 3600 }), true);
  assert.equal(text(yield* reader.read()), '');
  writer.close();
});

scenario('servers of protocols are shut down too', function* ({ loop }) {
  const made = loop.createFuture<void>();
  class Quiet extends asyncio.Protocol {
    override connectionMade(): void {
      made.setResult(undefined);
    }
  }
  const server = yield* loop.createServer(() => new Quiet(), HOST, 0);
  const [transport] = yield* loop.createConnection(() => new asyncio.Protocol(), HOST, portOf(server));
  yield* made;
  assert.equal(yield* server.shutdown({ grace: 0.01 }), false);
  yield* until(() => transport.isClosing());
});

scenario('what is no time is refused before anything is closed', function* () {
  const server = yield* gated(new asyncio.Event(), []);
  for (const grace of ['10', Number.NaN, undefined] as unknown as readonly number[]) {
    const error = yield* thrownBy(server.shutdown({ grace }));
    assert.ok(error instanceof TypeError || error instanceof asyncio.ValueError, String(error));
  }
  const wrong = [
    [undefined, /^shutdown\(\): its options are an object, \{ grace \}, not undefined$/],
    [{}, /^shutdown\(\): grace must be a number of seconds, or null .* not undefined$/],
    [{ graec: 1 }, /^shutdown\(\) got an unexpected option 'graec': it knows grace$/],
  ] as const;
  for (const [options, message] of wrong) {
    const error = (yield* thrownBy(server.shutdown(options as never))) as Error;
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, message);
  }
  assert.ok(server.isServing());
  server.close();
});
