/**
 * Sockets of ZeroMQ: what is sent comes, in order and once; states, and what closing does.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { linked, quickContext } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);
const { sleep } = asyncio;

scenario('a request has its answer', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  for (const word of ['one', 'two', '']) {
    yield* client.sendString(word);
    assert.equal(yield* server.recvString(), word);
    yield* server.sendJson({ word, length: word.length });
    assert.deepEqual(yield* client.recvJson(), { word, length: word.length });
  }
});

scenario('a message keeps its frames', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const frames = [Buffer.from('first'), Buffer.alloc(0), Buffer.alloc(100_000, 7)];
  yield* push.sendMultipart(frames);
  assert.deepEqual(yield* pull.recvMultipart(), frames);

  yield* push.send(Buffer.from('a'), zmq.SNDMORE);
  yield* push.send(Buffer.from('b'), zmq.SNDMORE);
  yield* push.sendString('c');
  assert.equal(yield* pull.recvString(), 'a');
  assert.equal(pull.rcvmore, true);
  assert.deepEqual((yield* pull.recvMultipart()).map(String), ['b', 'c']);
  assert.equal(pull.getsockopt(zmq.RCVMORE), false);
});

scenario('a value goes through serializers of the user', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  yield* push.sendSerialized(new Date(86_400_000), (date) => [Buffer.from(date.toISOString())]);
  const date = yield* pull.recvSerialized(([frame]) => new Date(String(frame)));
  assert.equal(date.getTime(), 86_400_000);

  yield* push.sendString('no json');
  assert.match(String(yield* thrownBy(pull.recvJson())), /SyntaxError/);
  yield* push.send(Uint8Array.of(0xff));
  assert.match(String(yield* thrownBy(pull.recvString())), /TypeError/);
  yield* push.sendString('goes on');
  assert.equal(yield* pull.recvString(), 'goes on');
});

scenario('a frame may be changed after it was sent', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const frame = Buffer.alloc(10_000, 1);
  const sent = push.send(frame);
  frame.fill(2);
  yield* sent;
  assert.deepEqual(yield* pull.recv(), Buffer.alloc(10_000, 1));
});

scenario('subscribers get what they asked for', function* () {
  using context = quickContext();
  const [publisher, subscriber] = linked(context, zmq.XPUB, zmq.SUB);
  subscriber.subscribe('news.');
  subscriber.setsockopt(zmq.SUBSCRIBE, 'sport');
  assert.deepEqual(yield* publisher.recv(), Buffer.from('\x01news.'));
  assert.deepEqual(yield* publisher.recv(), Buffer.from('\x01sport'));
  for (const topic of ['weather: rain', 'news.today', 'sports']) yield* publisher.sendString(topic);
  assert.equal(yield* subscriber.recvString(), 'news.today');
  assert.equal(yield* subscriber.recvString(), 'sports');
  subscriber.unsubscribe('sport');
  assert.deepEqual(yield* publisher.recv(), Buffer.from('\0sport'));
  for (const topic of ['sports', 'news.tomorrow']) yield* publisher.sendString(topic);
  assert.equal(yield* subscriber.recvString(), 'news.tomorrow');
});

scenario('a router knows its dealers by their names', function* () {
  using context = quickContext();
  const router = context.socket(zmq.ROUTER);
  router.routerMandatory = true;
  const port = router.bindToRandomPort('tcp://127.0.0.1');
  const dealers = ['ann', 'bob'].map((name) => {
    const dealer = context.socket(zmq.DEALER);
    dealer.identity = name;
    dealer.connect(`tcp://127.0.0.1:${port}`);
    return dealer;
  });
  for (const dealer of dealers) yield* dealer.sendString(`I am ${dealer.identity}`);
  for (let i = 0; i < 2; i++) {
    const [name, words] = yield* router.recvMultipart();
    assert.equal(String(words), `I am ${name}`);
    yield* router.sendMultipart([name!, Buffer.from(`hello ${name}`)]);
  }
  for (const dealer of dealers) assert.equal(yield* dealer.recvString(), `hello ${dealer.identity}`);
  const error = yield* thrownBy(router.sendMultipart([Buffer.from('carl'), Buffer.from('hello?')]));
  assert.ok(error instanceof zmq.ZMQError);
  assert.equal(error.errno, zmq.EHOSTUNREACH);
  assert.equal(error.code, 'EHOSTUNREACH');
});

scenario('sockets of one process and of one machine find each other', function* () {
  using context = quickContext();
  const folder = mkdtempSync(join(tmpdir(), 'zmq-'));
  for (const address of ['inproc://inside', `ipc://${folder}/socket`]) {
    const one = context.socket(zmq.PAIR);
    const other = context.socket(zmq.PAIR);
    one.bind(address);
    other.connect(address);
    yield* one.sendString('to the other');
    assert.equal(yield* other.recvString(), 'to the other');
    yield* other.sendString('and back');
    assert.equal(yield* one.recvString(), 'and back');
    one.close();
    other.close();
  }
  rmSync(folder, { recursive: true });
});

scenario('a socket in the wrong state says so', function* () {
  using context = quickContext();
  const [server, client] = linked(context, zmq.REP, zmq.REQ);
  const early = yield* thrownBy(server.sendString('an answer to what?'));
  assert.ok(early instanceof zmq.ZMQError);
  assert.equal(early.errno, zmq.EFSM);
  yield* client.sendString('one');
  assert.equal(((yield* thrownBy(client.sendString('two'))) as zmq.ZMQError).code, 'EFSM');
  // What poll() has seen is not received yet.
  assert.equal(yield* server.poll(10), zmq.POLLIN);
  assert.equal(((yield* thrownBy(server.sendString('too soon'))) as zmq.ZMQError).code, 'EFSM');
  assert.equal(yield* server.recvString(), 'one');
  yield* server.sendString('in time');
  assert.equal(yield* client.poll(10), zmq.POLLIN);
  assert.equal(((yield* thrownBy(client.sendString('too soon'))) as zmq.ZMQError).code, 'EFSM');
  assert.equal(yield* client.recvString(), 'in time');
  yield* client.sendString('two');
  assert.equal(yield* server.recvString(), 'two');
});

scenario('what cannot be done now is Again', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  assert.ok((yield* thrownBy(pull.recv(zmq.DONTWAIT))) instanceof zmq.Again);
  pull.rcvtimeo = 5;
  assert.equal(pull.rcvtimeo, 5);
  assert.ok((yield* thrownBy(pull.recvMultipart())) instanceof zmq.Again);
  yield* push.sendString('now');
  assert.equal(yield* pull.poll(10), zmq.POLLIN);
  assert.equal(yield* pull.recvString(zmq.NOBLOCK), 'now');

  const alone = context.socket(zmq.PUSH);
  assert.ok((yield* thrownBy(alone.sendString('to nobody', zmq.DONTWAIT))) instanceof zmq.Again);
  alone.sndtimeo = 5;
  assert.ok((yield* thrownBy(alone.sendString('to nobody'))) instanceof zmq.Again);
});

scenario('a message waits for someone who takes it', function* () {
  using context = quickContext();
  const push = context.socket(zmq.PUSH);
  const pull = context.socket(zmq.PULL);
  const sent = asyncio.createTask(function* () {
    for (let i = 0; i < 3; i++) yield* push.sendJson(i);
  });
  assert.equal(yield* push.poll(0, zmq.POLLOUT), 0);
  const writable = push.poll(null, zmq.POLLOUT);
  assert.equal(sent.done(), false);
  push.connect(`tcp://127.0.0.1:${pull.bindToRandomPort('tcp://127.0.0.1')}`);
  for (let i = 0; i < 3; i++) assert.equal(yield* pull.recvJson(), i);
  yield* sent;
  assert.equal(yield* writable, zmq.POLLOUT);
});

scenario('a full socket holds back who sends, and loses nothing', function* () {
  using context = quickContext();
  const pull = context.socket(zmq.PULL);
  const push = context.socket(zmq.PUSH);
  pull.rcvhwm = 10;
  push.sndhwm = 10;
  push.connect(`tcp://127.0.0.1:${pull.bindToRandomPort('tcp://127.0.0.1')}`);
  const frame = Buffer.alloc(256 * 1024);
  let count = 0;
  const sender = asyncio.createTask(function* () {
    for (; count < 200; count++) {
      frame.writeUInt32LE(count);
      yield* push.send(frame);
    }
  });
  yield* asyncio.wait([sender], { timeout: 0.2 });
  assert.ok(count < 200, 'nothing held it back');
  for (let i = 0; i < 200; i++) assert.equal((yield* pull.recv()).readUInt32LE(), i);
  yield* sender;
});

scenario('closing cancels those who wait', function* () {
  using context = quickContext();
  const pull = context.socket(zmq.PULL);
  const push = context.socket(zmq.PUSH);
  const waiting = [
    pull.recv(),
    pull.recvMultipart(),
    pull.poll(),
    push.sendString('x'),
    push.poll(null, zmq.POLLOUT),
  ];
  yield* sleep(0);
  pull.close();
  push.close();
  for (const one of waiting) assert.ok((yield* thrownBy(one)) instanceof asyncio.CancelledError);
  for (const act of [
    () => pull.recv(),
    () => push.sendString('x'),
    () => pull.bind('inproc://x'),
    () => push.linger,
    () => pull.poll(),
  ]) {
    assert.throws(act, { name: 'ZMQError', code: 'ENOTSOCK' });
  }
  assert.equal(pull.closed, true);
  pull.close();
});

scenario('messages are iterated, one after the other', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  for (const word of ['a', 'b', 'c']) yield* push.sendString(word);
  const heard: string[] = [];
  yield* asyncio.asyncFor(pull, function* ([frame]) {
    heard.push(String(frame));
    if (heard.length === 3) return asyncio.BREAK;
    return undefined;
  });
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

scenario('the messages end when their socket is closed', function* ({ loop }) {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  yield* push.sendString('the only one');
  const heard: string[] = [];
  yield* asyncio.asyncFor(pull, function* ([frame]) {
    heard.push(String(frame));
    loop.callLater(0.001, () => pull.close());
  });
  assert.deepEqual(heard, ['the only one']);
});

scenario('who is cancelled as it iterates hears of it, though the socket was closed too', function* () {
  using context = quickContext();
  for (const closedFirst of [false, true]) {
    const pull = context.socket(zmq.PULL);
    const task = asyncio.createTask(
      co(function* () {
        yield* asyncio.asyncFor(pull, function* () {});
      })(),
    );
    yield* sleep(0.001);
    if (closedFirst) pull.close();
    task.cancel();
    pull.close();
    assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
  }
});
