/**
 * Cancelling: at whatever moment it comes, no message is lost, none comes twice, and none is sent that was taken back.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { linked, quickContext, random } from './kit.ts';

const { scenario, co, style } = await onSockets(import.meta.url);
const ROUNDS = 1000;

scenario('a message for one who is cancelled goes to the next', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const receivers = [1, 2, 3].map(() =>
    asyncio.createTask(
      co(function* () {
        return yield* pull.recvString();
      })(),
    ),
  );
  yield* asyncio.sleep(0);
  receivers[0]!.cancel();
  for (const word of ['one', 'two']) yield* push.sendString(word);
  assert.deepEqual(yield* asyncio.gather(receivers[1]!, receivers[2]!), ['one', 'two']);
  assert.equal(receivers[0]!.cancelled(), true);
});

scenario('a message that came for one who is cancelled before it ran again is not lost', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const first = pull.recvString();
  // In the very iteration in which the message came, before the task runs.
  first.addDoneCallback(() => task.cancel('too late'));
  const task = asyncio.createTask(
    co(function* () {
      return yield* first;
    })(),
  );
  yield* asyncio.sleep(0);
  for (const word of ['one', 'two']) yield* push.sendString(word);
  assert.match(String(yield* thrownBy(task)), /CancelledError: too late/);
  assert.equal(first.cancelled(), true);
  assert.equal(yield* pull.recvString(), 'one');
  assert.equal(yield* pull.recvString(), 'two');
});

scenario('a thousand cancelled requests leave no answer behind', function* () {
  using context = quickContext();
  const [router, dealer] = linked(context, zmq.ROUTER, zmq.DEALER);
  const server = asyncio.createTask(
    co(function* () {
      while (true) yield* router.sendMultipart(yield* router.recvMultipart());
    })(),
  );
  const next = random(style === 'generator' ? 1 : 2);
  const heard: number[] = [];
  const receive = co(function* () {
    while (true) heard.push(Number(yield* dealer.recvString()));
  });
  for (let i = 0; i < ROUNDS; i++) {
    const receiver = asyncio.createTask(receive());
    yield* dealer.sendString(String(i));
    // At any moment: some iterations later, or once the answer has come.
    for (let turns = Math.floor(next() * 6); turns > 0; turns--)
      yield* asyncio.sleep(next() < 0.5 ? 0 : 0.0002);
    receiver.cancel();
    yield* asyncio.wait([receiver]);
  }
  while (heard.length < ROUNDS) heard.push(Number(yield* dealer.recvString()));
  assert.deepEqual(
    heard,
    Array.from({ length: ROUNDS }, (_, i) => i),
  );

  for (let i = 0; i < ROUNDS; i++) {
    yield* dealer.sendString(`again ${i}`);
    assert.equal(yield* dealer.recvString(), `again ${i}`);
  }
  server.cancel();
  yield* asyncio.wait([server]);
});

scenario('a message that is taken back is not sent', function* () {
  using context = quickContext();
  const push = context.socket(zmq.PUSH);
  const sends = ['kept', 'taken back', 'kept too'].map((word) => push.sendString(word));
  yield* asyncio.sleep(0.002);
  assert.equal(sends[1]!.cancel(), true);
  const pull = context.socket(zmq.PULL);
  pull.connect(`tcp://127.0.0.1:${push.bindToRandomPort('tcp://127.0.0.1')}`);
  assert.equal(yield* pull.recvString(), 'kept');
  assert.equal(yield* pull.recvString(), 'kept too');
  assert.equal(yield* pull.poll(0.01), 0);
  assert.ok(sends[1]!.cancelled());
});

scenario('many receive and many send on one socket, each message once', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const heard: number[] = [];
  const receive = co(function* () {
    while (heard.length < 500) {
      const receiver = pull.recvJson();
      heard.push((yield* receiver) as number);
    }
  });
  const send = co(function* (from: number) {
    for (let i = from; i < 500; i += 5) yield* push.sendJson(i);
  });
  const receivers = Array.from({ length: 5 }, () => asyncio.createTask(receive()));
  yield* asyncio.gather(...[0, 1, 2, 3, 4].map((from) => send(from)));
  yield* asyncio.wait(receivers, { returnWhen: asyncio.FIRST_COMPLETED });
  for (const receiver of receivers) receiver.cancel();
  yield* asyncio.wait(receivers);
  assert.deepEqual(
    heard.sort((a, b) => a - b),
    Array.from({ length: 500 }, (_, i) => i),
  );
});

scenario('a time limit on receiving leaves the next message to the next', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  for (let i = 0; i < 3; i++) {
    assert.ok((yield* thrownBy(asyncio.waitFor(pull.recv(), 0.002))) instanceof asyncio.TimeoutError);
  }
  yield* push.sendString('late');
  assert.equal(yield* asyncio.waitFor(pull.recvString(), 10), 'late');
});

scenario('a cancelled poll is forgotten', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const poll = pull.poll();
  yield* asyncio.sleep(0);
  poll.cancel();
  assert.ok((yield* thrownBy(poll)) instanceof asyncio.CancelledError);
  yield* push.sendString('unseen');
  assert.equal(yield* pull.recvString(), 'unseen');
});

scenario('a message that was handed on does not come a second time', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const ways = [
    co(function* (message: asyncio.Future<string>) {
      return (yield* asyncio.gather(message))[0];
    }),
    co(function* (message: asyncio.Future<string>) {
      return (yield* asyncio.gather(message, { returnExceptions: true }))[0];
    }),
    co(function* (message: asyncio.Future<string>) {
      return yield* asyncio.shield(message);
    }),
    co(function* (message: asyncio.Future<string>) {
      return yield* asyncio.waitFor(message, 10);
    }),
    co(function* (message: asyncio.Future<string>) {
      return yield* message;
    }),
  ];
  for (const [i, way] of ways.entries()) {
    const message = pull.recvString();
    yield* push.sendString(String(i));
    assert.equal(yield* way(message), String(i));
    assert.equal(message.cancel(), false);
    assert.equal(message.cancelled(), false);
  }
  yield* push.sendString('the last');
  assert.equal(yield* pull.recvString(), 'the last');
});

scenario('a gathering that is cancelled gives back what had come for it', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const [first, second] = [pull.recvString(), pull.recvString()];
  const both = asyncio.gather(first, second);
  yield* push.sendString('one');
  yield* asyncio.wait([first]);
  assert.equal(both.cancel(), true);
  assert.ok((yield* thrownBy(both)) instanceof asyncio.CancelledError);
  assert.equal(yield* pull.recvString(), 'one');
});

scenario('whether a message of a router was sent is what cancel() says', function* () {
  using context = quickContext();
  const [router, dealer] = linked(context, zmq.ROUTER, zmq.DEALER);
  yield* dealer.sendString('I am here');
  const [name] = yield* router.recvMultipart();
  const sent = router.sendMultipart([name!, Buffer.from('on its way')]);
  assert.equal(sent.cancel('too late'), false);
  yield* sent;
  assert.equal(yield* dealer.recvString(), 'on its way');
});

scenario('a message that is cancelled while it is tried, and cannot go, is cancelled', function* () {
  using context = quickContext();
  const push = context.socket(zmq.PUSH);
  const sent = push.sendString('taken back');
  sent.cancel('too early');
  assert.match(String(yield* thrownBy(sent)), /CancelledError: too early/);
  const task = asyncio.createTask(
    co(function* () {
      yield* push.sendString('taken back too', zmq.DONTWAIT);
    })(),
  );
  task.addDoneCallback(() => {});
  yield* asyncio.sleep(0);
  task.cancel();
  yield* asyncio.wait([task]);
  const pull = context.socket(zmq.PULL);
  pull.connect(`tcp://127.0.0.1:${push.bindToRandomPort('tcp://127.0.0.1')}`);
  yield* push.sendString('the first');
  assert.equal(yield* pull.recvString(), 'the first');
});

scenario('a poll waits on where another took what it saw', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const seen = pull.poll();
  const message = pull.recvString();
  yield* push.sendString('taken');
  assert.equal(yield* message, 'taken');
  for (let i = 0; i < 5; i++) yield* asyncio.sleep(0);
  assert.equal(seen.done(), false);
  yield* push.sendString('left');
  assert.equal(yield* seen, zmq.POLLIN);
  assert.equal(yield* pull.recvString(), 'left');
});

scenario('a message that is given back does not get between the frames of another', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const [all, frame] = [pull.recvMultipart(), pull.recvString()];
  for (const words of ['ab', 'cd']) yield* push.sendMultipart([...words].map((word) => Buffer.from(word)));
  assert.equal(yield* frame, 'c');
  assert.equal(pull.rcvmore, true);
  assert.equal(all.cancel(), true);
  assert.equal(yield* pull.recvString(), 'd');
  assert.equal(pull.rcvmore, false);
  assert.deepEqual((yield* pull.recvMultipart()).map(String), ['a', 'b']);
});
