/**
 * Options, and what is said where something is used wrongly.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { thrownBy } from '../both-styles.ts';
import { onSockets } from '../net/kit.ts';
import { quickContext } from './kit.ts';

const { scenario } = await onSockets(import.meta.url);

scenario('what cannot be waited for, or passed on, is said', function* () {
  using context = quickContext();
  const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
  for (const flags of [0, 4, 'x', null, 1.5])
    assert.throws(() => pull.poll(null, flags as never), /TypeError: poll\(\) needs zmq.POLLIN, zmq.POLLOUT/);
  for (const [proxy, said] of [
    [zmq.proxy(pull, pull), /ValueError: proxy\(\) cannot pass on anything between <zmq.Socket PULL> and/],
    [zmq.proxy(push, push), /ValueError: proxy\(\) cannot pass on/],
    [zmq.proxy(null as never, push), /TypeError: proxy\(\): frontend must be a socket .* not null/],
    [zmq.proxy(pull, 5 as never), /TypeError: proxy\(\): backend must be a socket .* not 5/],
    [zmq.proxy(pull, push, 5 as never), /TypeError: proxy\(\): capture must be a socket .* not 5/],
    [zmq.proxy(pull, push, pull), /ValueError: proxy\(\): <zmq.Socket PULL> cannot be sent the copies/],
  ] as const)
    assert.match(String(yield* thrownBy(proxy)), said);
});

suite('options', () => {
  test('have pyzmq names, numbers and properties', () => {
    using context = quickContext();
    context.setsockopt(zmq.LINGER, 0);
    const socket = context.socket(zmq.DEALER);
    assert.equal(socket.linger, 0);
    socket.linger = 250;
    assert.equal(socket.getsockopt(zmq.LINGER), 250);
    socket.sndhwm = 7;
    assert.equal(socket.get(zmq.SNDHWM), 7);
    socket.set(zmq.IMMEDIATE, 1);
    assert.equal(socket.immediate, true);
    socket.maxmsgsize = 2 ** 40;
    assert.equal(socket.maxmsgsize, 2 ** 40);
    assert.equal(socket.type, zmq.DEALER);
    assert.equal(socket.socketType, zmq.DEALER);
  });

  test('refuse numbers that libzmq cannot hold', () => {
    using context = quickContext();
    const socket = context.socket(zmq.PULL);
    const { rcvhwm } = socket;
    for (const set of [
      () => (socket.rcvhwm = 2 ** 33),
      () => (socket.linger = 3e9),
      () => (socket.linger = -(2 ** 31) - 1),
      () => (socket.rcvtimeo = 2 ** 40),
      () => (socket.affinity = -1),
      () => (socket.maxmsgsize = 2 ** 60),
      () => context.setsockopt(zmq.LINGER, 2 ** 31),
    ])
      assert.throws(set, /OverflowError: [A-Z]+ must be a number from -?\d+ to \d+, not -?\d+/);
    assert.deepEqual([socket.rcvhwm, socket.linger, socket.affinity], [rcvhwm, 0, 0]);
    socket.linger = 2 ** 31 - 1;
    assert.equal(socket.linger, 2 ** 31 - 1);
  });

  test('of a context are for the kinds that have them', () => {
    using context = new zmq.Context();
    assert.throws(() => context.setsockopt(zmq.LINGER, 'x'), /LINGER must be a whole number, not "x"/);
    context.setsockopt(zmq.SUBSCRIBE, 'news');
    context.setsockopt(zmq.RCVHWM, 7);
    assert.equal(context.socket(zmq.PUSH).rcvhwm, 7);
    assert.equal(context.socket(zmq.SUB).rcvhwm, 7);
  });

  test('refuse what they cannot be', () => {
    using context = quickContext();
    const socket = context.socket(zmq.PUSH);
    assert.throws(() => socket.setsockopt(9999, 1), /ValueError: there is no socket option 9999/);
    assert.throws(
      () => socket.setsockopt(zmq.LINGER, 'long'),
      /TypeError: LINGER must be a whole number, not "long"/,
    );
    assert.throws(
      () => socket.setsockopt(zmq.RCVTIMEO, -2),
      /RCVTIMEO must be a whole number of milliseconds/,
    );
    assert.throws(() => socket.setsockopt(zmq.SUBSCRIBE, 'x'), {
      name: 'ZMQError',
      code: 'EINVAL',
      message: 'Invalid argument: SUBSCRIBE cannot be these 1 bytes here',
    });
    assert.throws(() => (socket.linger = -5), /Invalid argument: LINGER cannot be -5 here/);
    assert.throws(() => (socket.curveSecretkey = 'secret'), /: CURVE_SECRETKEY cannot be these 6 bytes here/);
    assert.throws(
      () => socket.setsockopt(zmq.PLAIN_USERNAME, 5),
      /PLAIN_USERNAME must be text or bytes, not 5/,
    );
  });
});

suite('a wrong use', () => {
  test('is explained', async () => {
    using context = quickContext();
    const socket = context.socket(zmq.PUSH);
    assert.throws(() => socket.recv(), /RuntimeError: no running event loop/);
    assert.throws(
      () => context.socket(99 as never),
      /socket\(\) needs a kind of socket such as zmq.REQ, not 99/,
    );
    assert.throws(() => socket.bind(5555 as never), /bind\(\) needs an address such as/);
    assert.throws(() => socket.bind('nonsense'), { name: 'ZMQError', code: 'EINVAL' });
    await asyncio.run(async () => {
      assert.throws(() => socket.send('text' as never), /needs bytes, not a string: use sendString/);
      assert.throws(() => socket.sendMultipart([]), /ValueError: sendMultipart\(\) needs one frame at least/);
      assert.throws(() => socket.sendJson(undefined), /cannot write undefined as JSON/);
      assert.throws(() => socket.poll('1' as never), /the timeout must be a number of seconds/);
      const error = await thrownBy(context.socket(zmq.PUSH).recv());
      assert.ok(error instanceof zmq.ZMQError);
      assert.equal(error.code, 'ENOTSUP');
    });
  });

  test('of a time to linger is explained, and the socket stays open', () => {
    using context = quickContext();
    const socket = context.socket(zmq.PUSH);
    assert.throws(
      () => socket.close('x' as never),
      /TypeError: close\(\) needs a number of seconds to linger, not "x"/,
    );
    assert.throws(() => socket.close(Number.NaN), /TypeError: close\(\) needs/);
    assert.throws(
      () => socket.close(3e6),
      /OverflowError: close\(\) can linger for 2147483.647 seconds, or Infinity/,
    );
    assert.equal(socket.closed, false);
    socket.close(Infinity);
    assert.equal(socket.closed, true);
  });

  test('of an address, or of ports, is explained', () => {
    using context = quickContext();
    const socket = context.socket(zmq.PUSH);
    assert.throws(
      () => socket.bind('127.0.0.1:5'),
      /Invalid argument \(addr='127.0.0.1:5'\): it must begin as 'tcp:\/\/' does/,
    );
    for (const address of ['ipc:///tmp/nowhere', 'inproc://x', '127.0.0.1', 5])
      assert.throws(
        () => socket.bindToRandomPort(address as string),
        /ValueError: .* an address that has ports/,
      );
    const from = (minPort: number, maxPort: number, maxTries = 1) =>
      socket.bindToRandomPort('tcp://127.0.0.1', { minPort, maxPort, maxTries });
    assert.throws(() => from(10, 5), /ValueError: .* from 10 to below 5 are none: give minPort < maxPort/);
    assert.throws(() => from(60_000, 65_537), /ValueError/);
    assert.throws(() => from(0, 10), /ValueError/);
    assert.throws(() => from('a' as never, 10), /TypeError: .* minPort must be a whole number, not "a"/);
    assert.throws(() => from(1, 10, 0), /ValueError: .* maxTries must be 1 or more, not 0/);
    assert.equal(socket.lastEndpoint, null);
  });

  test('of an address that is taken is an error of its name', async () => {
    using context = quickContext();
    const one = context.socket(zmq.PULL);
    const port = one.bindToRandomPort('tcp://127.0.0.1');
    const other = context.socket(zmq.PULL);
    assert.throws(() => other.bind(`tcp://127.0.0.1:${port}`), { name: 'ZMQError', code: 'EADDRINUSE' });
    assert.throws(
      () => other.bindToRandomPort('tcp://127.0.0.1', { minPort: port, maxPort: port + 1, maxTries: 3 }),
      { name: 'ZMQBindError' },
    );
    one.unbind(one.lastEndpoint as string);
    // libzmq gives the port back in a thread of its own.
    while (!binds(other, `tcp://127.0.0.1:${port}`)) await turn();
    assert.equal(other.lastEndpoint, `tcp://127.0.0.1:${port}`);
  });

  test('of a context that is closed is an error', () => {
    const context = new zmq.Context();
    const socket = context.socket(zmq.REP);
    assert.throws(() => context.term(), /1 sockets of the context are open \(<zmq.Socket REP>\)/);
    socket.close(0);
    context.term();
    assert.throws(() => context.socket(zmq.REP), { name: 'ContextTerminated' });
    assert.notEqual(zmq.Context.instance(), context);
    assert.equal(zmq.Context.instance(), zmq.Context.instance());
  });
});

function binds(socket: zmq.Socket, address: string): boolean {
  try {
    socket.bind(address);
    return true;
  } catch (error) {
    assert.equal((error as zmq.ZMQError).code, 'EADDRINUSE');
    return false;
  }
}
