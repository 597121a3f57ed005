/**
 * Sockets that receive and send in turn: who waits while it is the other's turn waits on, and is told when there is something.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { linked, quickContext } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);
/** Longer than the engine waits before it says that it cannot receive now, in seconds. */
const LONG = 0.12;

scenario('an answer can be polled for before the question is sent', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  const seen = client.poll();
  const poller = new zmq.Poller();
  poller.register(client, zmq.POLLIN);
  const polled = poller.poll();
  yield* asyncio.sleep(LONG);
  assert.deepEqual([seen.done(), polled.done()], [false, false]);
  yield* client.sendString('question');
  yield* server.sendString(yield* server.recvString());
  assert.equal(yield* seen, zmq.POLLIN);
  assert.deepEqual(yield* polled, [[client, zmq.POLLIN]]);
  assert.equal(yield* client.recvString(), 'question');
});

scenario('the next question can be polled for before the last one is answered', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  yield* client.sendString('one');
  assert.equal(yield* server.recvString(), 'one');
  const seen = server.poll();
  yield* asyncio.sleep(LONG);
  assert.equal(seen.done(), false);
  yield* server.sendString('answer');
  assert.equal(yield* client.recvString(), 'answer');
  yield* client.sendString('two');
  assert.equal(yield* seen, zmq.POLLIN);
  assert.equal(yield* server.recvString(), 'two');
});

scenario('who waits for an answer before the question is sent gets it', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  const answer = client.recvString();
  yield* asyncio.sleep(LONG);
  assert.equal(answer.done(), false);
  yield* client.sendString('question');
  yield* server.sendString(yield* server.recvString());
  assert.equal(yield* answer, 'question');
});

scenario('several who answer at one socket take turns', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  const serve = co(function* (name: string) {
    while (true) {
      const question = yield* server.recvString();
      yield* asyncio.sleep(0.06);
      yield* server.sendString(`${name}${question}`);
    }
  });
  const servers = ['A', 'B'].map((name) => asyncio.createTask(serve(name)));
  const heard: string[] = [];
  for (let i = 0; i < 4; i++) {
    yield* client.sendString(String(i));
    heard.push(yield* asyncio.waitFor(client.recvString(), 10));
  }
  assert.deepEqual(heard, ['A0', 'B1', 'A2', 'B3']);
  assert.deepEqual(
    servers.map((task) => task.done()),
    [false, false],
  );
  for (const task of servers) task.cancel();
  yield* asyncio.wait(servers);
});

scenario('a time limit ends a wait for an answer to no question', function* () {
  using context = quickContext();
  const [, client] = linked(context, zmq.REP, zmq.REQ);
  client.rcvtimeo = 80;
  assert.ok((yield* thrownBy(client.recv())) instanceof zmq.Again);
  assert.equal(yield* client.poll(0.08), 0);
});
