/**
 * `happyEyeballsDelay`, `interleave` and `allErrors` of `createConnection`: in virtual time, over a network whose hosts answer when they are told to.
 */
import assert from 'node:assert/strict';
import type { Channel, Done, Endpoint, Network, Operation, ResolveRequest } from '../../src/core/channel.ts';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { FakeChannel } from './fake-channel.ts';
import { HOST, onSockets, portOf, Recorder } from './kit.ts';

const { scenario } = await inBothStyles(import.meta.url);

/** How an address answers: when, in seconds after it was asked, and with what. */
type Answer = readonly [seconds: number, answer: 'accept' | 'refuse' | 'late accept'];

/** A network of one name and its addresses, each with its answer. Those with a colon are of IPv6. */
class FakeNetwork implements Network {
  readonly lines: string[] = [];
  readonly channels: FakeChannel[] = [];
  readonly #answers: Readonly<Record<string, Answer>>;
  readonly #loop: asyncio.EventLoop;

  constructor(loop: asyncio.EventLoop, answers: Readonly<Record<string, Answer>>) {
    this.#loop = loop;
    this.#answers = answers;
    Object.defineProperty(loop._reactor, 'network', { value: this });
  }

  get left(): number {
    return this.channels.filter((channel) => !channel.isClosed).length;
  }

  resolve({ host, port }: ResolveRequest, done: Done<readonly Endpoint[]>): Operation {
    const hosts = host === 'every.example' ? Object.keys(this.#answers) : [host as string];
    const value = hosts.map((one): Endpoint => ({ family: one.includes(':') ? 6 : 4, host: one, port }));
    return this.#after(0, () => done({ value }));
  }

  connect({ host, port }: Endpoint, _local: Endpoint | null, done: Done<Channel>): Operation {
    this.#note(`${host}?`);
    const [seconds, answer] = this.#answers[host] ?? [0, 'refuse'];
    let ended = false;
    const operation = this.#after(seconds, () => {
      ended = true;
      if (answer === 'refuse') {
        const error = new Error(`connect ECONNREFUSED ${host}:${port}`);
        done({ error: Object.assign(error, { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' }) });
        return;
      }
      const channel = new FakeChannel();
      this.channels.push(channel);
      done({ value: channel });
    });
    const cancel = () => {
      if (ended) return;
      this.#note(`${host} given up`);
      if (answer !== 'late accept') operation.cancel();
    };
    return { cancel };
  }

  listen(): Operation {
    throw new Error('nobody listens here');
  }

  #note(line: string): void {
    this.lines.push(`${this.#loop.time()}: ${line}`);
  }

  #after(seconds: number, callback: () => void): Operation {
    const timer = this.#loop.callLater(seconds, callback);
    return { cancel: () => timer.cancel() };
  }
}

const connect = (loop: asyncio.EventLoop, options: asyncio.ConnectOptions = {}) =>
  loop.createConnection(() => new Recorder(loop), 'every.example', 80, options);

scenario('an address that is slow to answer is not waited for alone', function* ({ loop }) {
  const network = new FakeNetwork(loop, {
    '2001:db8::1': [75, 'accept'],
    '192.0.2.1': [0.125, 'accept'],
    '192.0.2.2': [0, 'accept'],
  });
  const [transport, protocol] = yield* connect(loop, { happyEyeballsDelay: 0.25 });
  assert.deepEqual(network.lines, ['0: 2001:db8::1?', '0.25: 192.0.2.1?', '0.375: 2001:db8::1 given up']);
  assert.deepEqual([loop.time(), network.left], [0.375, 1]);
  transport.close();
  yield* protocol.lost;
  assert.equal(network.left, 0);
});

scenario('without a delay it is waited for, as long as it takes', function* ({ loop }) {
  const network = new FakeNetwork(loop, { '2001:db8::1': [75, 'refuse'], '192.0.2.1': [0, 'accept'] });
  const [transport, protocol] = yield* connect(loop);
  assert.deepEqual(network.lines, ['0: 2001:db8::1?', '75: 192.0.2.1?']);
  transport.close();
  yield* protocol.lost;
});

scenario('families take turns with a delay, and without one where that is asked for', function* ({ loop }) {
  const answers = {
    '2001:db8::1': [9, 'refuse'],
    '2001:db8::2': [9, 'refuse'],
    '2001:db8::3': [9, 'refuse'],
    '192.0.2.1': [9, 'refuse'],
    '192.0.2.2': [9, 'refuse'],
  } as const;
  const order = ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2', '2001:db8::3'];
  const network = new FakeNetwork(loop, answers);
  const asked = () => network.lines.splice(0).map((line) => line.replace(/^.*: |\?$/g, ''));
  for (const options of [
    { happyEyeballsDelay: 1 },
    { happyEyeballsDelay: 1, interleave: null },
    { interleave: 1 },
  ]) {
    yield* thrownBy(connect(loop, options));
    assert.deepEqual(asked(), order);
  }
  for (const options of [{}, { happyEyeballsDelay: 1, interleave: 0 }]) {
    yield* thrownBy(connect(loop, options));
    assert.deepEqual(asked(), Object.keys(answers));
  }
  yield* thrownBy(connect(loop, { happyEyeballsDelay: 1, interleave: 2 }));
  assert.deepEqual(asked(), ['2001:db8::1', '2001:db8::2', '192.0.2.1', '2001:db8::3', '192.0.2.2']);
});

scenario('a refusal lets the next begin at once, and all of them are told', function* ({ loop }) {
  const network = new FakeNetwork(loop, { '2001:db8::1': [0.5, 'refuse'], '192.0.2.1': [0, 'refuse'] });
  const error = yield* thrownBy(connect(loop, { happyEyeballsDelay: 0.25 }));
  assert.ok(error instanceof asyncio.OSError);
  const [six, four] = [
    "[Errno 111] Connect call failed ('2001:db8::1', 80, 0, 0)",
    "[Errno 111] Connect call failed ('192.0.2.1', 80)",
  ];
  assert.equal(error.message, `Multiple exceptions: ${six}, ${four}`);
  const group = yield* thrownBy(connect(loop, { happyEyeballsDelay: 0.25, allErrors: true }));
  assert.ok(group instanceof asyncio.ExceptionGroup);
  assert.match(group.message, /^createConnection failed/);
  assert.deepEqual(
    group.exceptions.map((one) => (one as Error).message),
    [six, four],
  );
  assert.equal(network.left, 0);
});

scenario('one error alone is told as it is, or as a group of one', function* ({ loop }) {
  new FakeNetwork(loop, { '192.0.2.1': [0, 'refuse'] });
  for (const happyEyeballsDelay of [null, 0.25]) {
    const error = yield* thrownBy(connect(loop, { happyEyeballsDelay }));
    assert.ok(error instanceof asyncio.ConnectionRefusedError);
    const group = yield* thrownBy(connect(loop, { happyEyeballsDelay, allErrors: true }));
    assert.ok(group instanceof asyncio.ExceptionGroup && group.exceptions.length === 1);
  }
});

scenario('who connects when another has won is closed', function* ({ loop }) {
  const network = new FakeNetwork(loop, {
    '2001:db8::1': [1, 'accept'],
    '192.0.2.1': [0.75, 'accept'],
    '192.0.2.2': [0.75, 'late accept'],
  });
  const [transport, protocol] = yield* connect(loop, { happyEyeballsDelay: 0.25, interleave: 0 });
  yield* asyncio.sleep(5);
  assert.equal(network.channels.length >= 2, true);
  assert.equal(network.left, 1);
  transport.close();
  yield* protocol.lost;
  assert.equal(network.left, 0);
});

scenario('what is given up at any moment leaves nothing open', function* ({ loop }) {
  const network = new FakeNetwork(loop, {
    '2001:db8::1': [0.5, 'accept'],
    '192.0.2.1': [0.25, 'late accept'],
    '2001:db8::2': [0.125, 'refuse'],
  });
  let completed = 0;
  for (let step = 0; completed < 3; step++) {
    assert.ok(step < 1000, 'the connection never came about');
    const task = loop.createTask(connect(loop, { happyEyeballsDelay: 0.25 }));
    // Some moments are iterations, others lie between the timers.
    for (let i = 0; i < step && !task.done(); i++) yield* asyncio.sleep(i % 8 === 7 ? 0.0625 : 0);
    if (task.cancel()) assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    else {
      const [transport, protocol] = yield* task;
      transport.close();
      yield* protocol.lost;
      completed++;
    }
    yield* asyncio.sleep(1);
    assert.equal(network.left, 0, `given up at ${step}`);
    assert.equal(asyncio.allTasks(loop).size, 1);
  }
});

scenario('what is no time is refused', function* ({ loop }) {
  new FakeNetwork(loop, {});
  const refused = yield* thrownBy(connect(loop, { happyEyeballsDelay: '1' as never }));
  assert.equal(
    String(refused),
    'TypeError: createConnection(): happyEyeballsDelay must be a number of seconds, not "1"',
  );
  const none = yield* thrownBy(connect(loop, { happyEyeballsDelay: Number.NaN }));
  assert.ok(none instanceof asyncio.ValueError);
});

const sockets = await onSockets(import.meta.url);

sockets.scenario('on real sockets, the family that is served is found', function* ({ loop }) {
  const server = yield* loop.createServer(() => new Recorder(loop), HOST, 0);
  const port = portOf(server);
  const options = { happyEyeballsDelay: 0.25 };
  const [transport, protocol] = yield* loop.createConnection(() => new Recorder(loop), null, port, options);
  assert.equal(transport.getExtraInfo('peername')?.[0], HOST);
  transport.close();
  yield* protocol.lost;
  const [reader, writer] = yield* asyncio.openConnection(HOST, port, {
    ...options,
    allErrors: true,
    limit: 10,
  });
  writer.close();
  yield* writer.waitClosed();
  assert.equal(reader.atEof(), true);
  server.close();
  yield* server.waitClosed();
  const group = yield* thrownBy(asyncio.openConnection(null, port, { ...options, allErrors: true }));
  assert.ok(group instanceof asyncio.ExceptionGroup);
  assert.equal(group.exceptions.length, 2);
});
