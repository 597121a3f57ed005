/** `asyncio-ts/selectors`: Python's selectors over epoll. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { obstacleToEpoll } from '../../src/loop/choose-reactor.ts';
import {
  DefaultSelector,
  EpollSelector,
  EVENT_READ,
  EVENT_WRITE,
  type Socket,
  socketpair,
} from '../../src/net/selectors.ts';
import { pythonAnswer } from './python.ts';

suite('selectors', { skip: obstacleToEpoll() ?? false }, () => {
  /** A selector and a pair of sockets, closed afterwards. */
  function withPair(body: (selector: DefaultSelector<string>, a: Socket, b: Socket) => void): void {
    using selector = new DefaultSelector<string>();
    const [a, b] = socketpair();
    try {
      body(selector, a, b);
    } finally {
      a.close();
      b.close();
    }
  }

  test('what is ready is told, with its data, as long as it is', () =>
    withPair((selector, a, b) => {
      const key = selector.register(a, EVENT_READ, 'a');
      assert.deepEqual(key, { fileobj: a, fd: a.fileno(), events: EVENT_READ, data: 'a' });
      assert.deepEqual(selector.select(0), []);
      b.send(Buffer.from('x'));
      assert.deepEqual(selector.select(), [[key, EVENT_READ]]);
      assert.deepEqual(selector.select(-1), [[key, EVENT_READ]]);
      a.recv(10);
      assert.deepEqual(selector.select(0.001), []);
    }));

  test('only what was asked for is told, and a hang-up is both', () =>
    withPair((selector, a, b) => {
      selector.register(a, EVENT_READ | EVENT_WRITE, 'a');
      assert.deepEqual(
        selector.select(0).map(([, events]) => events),
        [EVENT_WRITE],
      );
      selector.modify(a, EVENT_READ, 'b');
      assert.deepEqual(selector.select(0), []);
      b.close();
      assert.deepEqual(
        selector.select(0).map(([{ data }, events]) => [data, events]),
        [['b', EVENT_READ]],
      );
      selector.modify(a, EVENT_READ | EVENT_WRITE);
      assert.deepEqual(
        selector.select(0).map(([, events]) => events),
        [EVENT_READ | EVENT_WRITE],
      );
    }));

  test('keys are found by object and by descriptor, also of a socket that was closed', () =>
    withPair((selector, a, b) => {
      const key = selector.register(a, EVENT_READ, 'a');
      const other = selector.register(b.fileno(), EVENT_WRITE);
      assert.equal(selector.getKey(a), key);
      assert.equal(selector.getKey(a.fileno()), key);
      assert.deepEqual([...selector.getMap().values()], [key, other]);
      const fd = a.fileno();
      a.close();
      assert.equal(selector.unregister(a), key);
      assert.deepEqual([...selector.getMap().keys()], [b.fileno()]);
      assert.throws(() => selector.getKey(fd), { name: 'KeyError' });
    }));

  test('what makes no sense is refused, and says why', () =>
    withPair((selector, a, b) => {
      selector.register(a, EVENT_READ);
      assert.throws(() => selector.register(a, EVENT_READ), {
        name: 'KeyError',
        message: /already registered/,
      });
      assert.throws(() => selector.register(b, 0), { name: 'ValueError', message: /Invalid events: 0/ });
      assert.throws(() => selector.register(b, 4), { name: 'ValueError' });
      assert.throws(() => selector.register('x' as never, 1), {
        name: 'ValueError',
        message: /Invalid file object/,
      });
      assert.throws(() => selector.unregister(b), { name: 'KeyError', message: /is not registered/ });
      assert.throws(() => selector.modify(b, EVENT_READ), { name: 'KeyError' });
      assert.throws(() => selector.select('1' as never), { name: 'TypeError' });
      assert.throws(() => selector.register(99_999, EVENT_READ), {
        name: 'OSError',
        message: /Bad file descriptor/,
      });
      selector.close();
      selector.close();
      assert.throws(() => selector.select(0), { name: 'RuntimeError', message: 'Selector is closed' });
      assert.equal(selector.fileno(), -1);
    }));

  test('many descriptors in one call', () => {
    using selector = new EpollSelector<number>();
    const pairs = Array.from({ length: 300 }, () => socketpair());
    pairs.forEach(([near, far], i) => {
      selector.register(near, EVENT_READ, i);
      if (i % 2 === 0) far.send(Buffer.from('x'));
    });
    const ready = selector.select(0).map(([{ data }]) => data);
    assert.deepEqual(
      ready.sort((a, b) => a - b),
      pairs.flatMap((_, i) => (i % 2 === 0 ? [i] : [])),
    );
    for (const one of pairs.flat()) one.close();
  });

  test('Python says the same of the same descriptors', () =>
    withPair((selector, a, b) => {
      const said: number[][] = [];
      const look = () => said.push(selector.select(0).map(([, events]) => events));
      selector.register(a, EVENT_READ | EVENT_WRITE);
      look();
      b.send(Buffer.from('x'));
      look();
      selector.modify(a, EVENT_WRITE);
      look();
      b.close();
      look();
      selector.modify(a, EVENT_READ);
      look();
      const python = pythonAnswer(`
import selectors, socket, json
a, b = socket.socketpair()
s = selectors.EpollSelector()
said = []
look = lambda: said.append([events for _, events in s.select(0)])
s.register(a, 3); look()
b.send(b'x'); look()
s.modify(a, 2); look()
b.close(); look()
s.modify(a, 1); look()
print(json.dumps(said))`);
      assert.deepEqual(said, python);
    }));
});
