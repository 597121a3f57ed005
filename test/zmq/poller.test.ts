/**
 * `Poller` and `proxy`: several sockets at once.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { linked, quickContext } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);

scenario('two sockets and a poller end both sides together', function* () {
  using context = quickContext();
  const [work, ventilator] = linked(context, zmq.PULL, zmq.PUSH);
  const [control, controller] = linked(context, zmq.PAIR, zmq.PAIR);
  const worker = asyncio.createTask(
    co(function* () {
      const poller = new zmq.Poller();
      poller.register(work, zmq.POLLIN);
      poller.register(control, zmq.POLLIN);
      let sum = 0;
      while (true) {
        const ready = new Map(yield* poller.poll());
        if (ready.get(work) === zmq.POLLIN) sum += (yield* work.recvJson()) as number;
        else if (ready.has(control)) return [yield* control.recvString(), sum] as const;
      }
    })(),
  );
  for (let i = 1; i <= 100; i++) yield* ventilator.sendJson(i);
  while (!worker.done() && (yield* work.poll(0.001)) !== 0) yield* asyncio.sleep(0);
  yield* controller.sendString('the end');
  assert.deepEqual(yield* worker, ['the end', 5050]);
});

scenario('a poller knows what it waits for', function* () {
  using context = quickContext();
  const [pull, push] = linked(context, zmq.PULL, zmq.PUSH);
  const poller = new zmq.Poller();
  assert.deepEqual(yield* poller.poll(0), []);
  poller.register(pull);
  poller.register(push, zmq.POLLIN);
  poller.modify(push, zmq.POLLOUT);
  assert.deepEqual(poller.sockets, [
    [pull, zmq.POLLIN | zmq.POLLOUT],
    [push, zmq.POLLOUT],
  ]);
  assert.deepEqual(yield* poller.poll(), [[push, zmq.POLLOUT]]);
  poller.unregister(push);
  assert.equal(poller.has(push), false);
  assert.deepEqual(yield* poller.poll(0.002), []);
  yield* push.sendString('x');
  assert.deepEqual(yield* poller.poll(10), [[pull, zmq.POLLIN]]);
  assert.deepEqual(yield* poller.poll(0), [[pull, zmq.POLLIN]]);
  assert.throws(() => poller.unregister(push), { name: 'KeyError' });
  assert.throws(() => poller.register({} as never), /register\(\) needs a socket of asyncio-ts\/zmq/);
  assert.throws(() => poller.register(pull, 64), /needs zmq.POLLIN, zmq.POLLOUT or both, not 64/);
  poller.register(pull, 0);
  assert.deepEqual(poller.sockets, []);
});

scenario('polling a socket that is closed fails, and one that is being closed ends', function* () {
  using context = quickContext();
  const pull = context.socket(zmq.PULL);
  const poller = new zmq.Poller();
  poller.register(pull, zmq.POLLIN);
  const waiting = poller.poll();
  yield* asyncio.sleep(0);
  pull.close();
  assert.ok((yield* thrownBy(waiting)) instanceof asyncio.CancelledError);
  assert.throws(() => poller.poll(), { code: 'ENOTSOCK' });
});

scenario('a proxy passes on both ways, and a copy to a third', function* () {
  using context = quickContext();
  const [frontend, client] = linked(context, zmq.ROUTER, zmq.REQ);
  const [backend, worker] = linked(context, zmq.DEALER, zmq.REP);
  const [capture, listener] = linked(context, zmq.PUSH, zmq.PULL);
  const proxy = asyncio.createTask(zmq.proxy(frontend, backend, capture));
  for (const word of ['a', 'b', 'c']) {
    yield* client.sendString(word);
    yield* worker.sendString(`${yield* worker.recvString()}!`);
    assert.equal(yield* client.recvString(), `${word}!`);
    assert.equal(String((yield* listener.recvMultipart()).at(-1)), word);
    assert.equal(String((yield* listener.recvMultipart()).at(-1)), `${word}!`);
  }
  proxy.cancel();
  assert.ok((yield* thrownBy(proxy)) instanceof asyncio.CancelledError);
});

scenario('a proxy that is ended while it cannot pass on keeps the message', function* () {
  using context = quickContext();
  const [frontend, client] = linked(context, zmq.PULL, zmq.PUSH);
  const backend = context.socket(zmq.PUSH);
  const proxy = asyncio.createTask(zmq.proxy(frontend, backend));
  yield* client.sendString('kept');
  yield* asyncio.sleep(0.02);
  proxy.cancel();
  yield* asyncio.wait([proxy]);
  assert.equal(yield* frontend.recvString(), 'kept');
});

scenario('a proxy that is ended at any moment passes each message on once', function* () {
  using context = quickContext();
  const [frontend, client] = linked(context, zmq.DEALER, zmq.DEALER);
  const backend = context.socket(zmq.ROUTER);
  const worker = context.socket(zmq.DEALER);
  worker.identity = 'worker';
  worker.connect(`tcp://127.0.0.1:${backend.bindToRandomPort('tcp://127.0.0.1')}`);
  yield* worker.sendString('here');
  yield* backend.recvMultipart();
  for (let i = 0; i < 20; i++) {
    yield* client.sendMultipart([Buffer.from('worker'), Buffer.from(String(i))]);
    yield* frontend.poll();
    const proxy = asyncio.createTask(zmq.proxy(frontend, backend));
    for (let turns = i % 10; turns > 0; turns--) yield* asyncio.sleep(0);
    proxy.cancel();
    yield* asyncio.wait([proxy]);
  }
  const proxy = asyncio.createTask(zmq.proxy(frontend, backend));
  yield* client.sendMultipart([Buffer.from('worker'), Buffer.from('20')]);
  for (let i = 0; i <= 20; i++) assert.equal(yield* worker.recvString(), String(i));
  proxy.cancel();
  yield* asyncio.wait([proxy]);
});

scenario('who has no key is not heard', function* () {
  using context = quickContext();
  const [serverPublic, serverSecret] = zmq.curveKeypair();
  const [clientPublic, clientSecret] = zmq.curveKeypair();
  const server = context.socket(zmq.REP);
  server.curveServer = true;
  server.curveSecretkey = serverSecret;
  const port = server.bindToRandomPort('tcp://127.0.0.1');
  const client = context.socket(zmq.REQ);
  client.curveServerkey = serverPublic;
  client.curvePublickey = clientPublic;
  client.curveSecretkey = clientSecret;
  client.connect(`tcp://127.0.0.1:${port}`);
  yield* client.sendString('secret');
  assert.equal(yield* server.recvString(), 'secret');
  yield* server.sendString('heard');
  assert.equal(yield* client.recvString(), 'heard');

  const stranger = context.socket(zmq.DEALER);
  stranger.connect(`tcp://127.0.0.1:${port}`);
  const knocks = stranger.sendMultipart([Buffer.alloc(0), Buffer.from('let me in')]);
  assert.equal(yield* server.poll(0.1), 0);
  knocks.cancel();
  assert.equal(zmq.has('curve'), true);
  assert.match(zmq.zmqVersion(), /^4\./);
});
