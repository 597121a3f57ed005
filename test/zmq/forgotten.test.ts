/**
 * What a program leaves behind: forgotten sockets are told of, and nobody who has stopped waiting keeps the process alive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../child.ts';

const zmq = new URL('../../src/zmq/index.ts', import.meta.url).href;

test('a socket that is collected unclosed is told of, and closed', async () => {
  const { status, stderr } = await runProgram(
    `import * as zmq from ${JSON.stringify(zmq)};
    import { setTimeout as wait } from 'node:timers/promises';
    import { setFlagsFromString } from 'node:v8';
    setFlagsFromString('--expose-gc');
    const context = new zmq.Context();
    (() => context.socket(zmq.DEALER).bindToRandomPort('tcp://127.0.0.1'))();
    for (let i = 0; i < 10; i++) { await wait(5); globalThis.gc ? gc() : (await import('node:vm')).runInNewContext('gc')(); }
    context.term();`,
  );
  assert.equal(status, 0);
  assert.match(stderr, /ResourceWarning: unclosed socket <zmq.Socket DEALER>/);
});

test('a program whose receiver was cancelled ends', async () => {
  const { status, stdout } = await runProgram(
    `import * as zmq from ${JSON.stringify(zmq)};
    const context = new zmq.Context();
    const socket = context.socket(zmq.PULL);
    socket.bindToRandomPort('tcp://127.0.0.1');
    await asyncio.run(function* () {
      try { yield* asyncio.waitFor(socket.recv(), 0.01); } catch (error) { console.log(error.name); }
    });
    globalThis.kept = socket;`,
  );
  assert.equal(status, 0);
  assert.equal(stdout.trim(), 'TimeoutError');
});

for (const [style, head, wait] of [
  ['generators', 'function* ()', 'yield*'],
  ['async functions', 'async () =>', 'await'],
] as const) {
  /** Two sockets; `left` is begun on one loop, which is closed then, and `after` runs on the next. */
  const twoLoops = (left: string, after: string) =>
    runProgram(
      `import * as zmq from ${JSON.stringify(zmq)};
      const context = new zmq.Context();
      const [pull, push] = [context.socket(zmq.PULL), context.socket(zmq.PUSH)];
      push.linger = 0;
      const port = pull.bindToRandomPort('tcp://127.0.0.1');
      await asyncio.run(${head} { ${left} });
      await asyncio.run(${head} { ${after.replaceAll('wait ', `${wait} `)} });
      globalThis.kept = context;`,
    );

  test(`who waits on a loop that was closed gets nothing, and keeps nobody (${style})`, async () => {
    const { status, stdout, stderr } = await twoLoops(
      'pull.recvString(); pull.rcvtimeo = 20; pull.recvString(); pull.poll(); pull.poll(0.02);',
      `push.connect('tcp://127.0.0.1:' + port); pull.rcvtimeo = -1;
      wait push.sendString('whose?'); console.log(wait pull.recvString());`,
    );
    assert.deepEqual([stdout.trim(), stderr, status], ['whose?', '', 0]);
  });

  test(`what waited to be sent on a loop that was closed is not sent (${style})`, async () => {
    const { status, stdout, stderr } = await twoLoops(
      `push.sendString('one'); push.sendString('two'); push.poll(null, zmq.POLLOUT);`,
      `push.connect('tcp://127.0.0.1:' + port); wait push.sendString('three'); console.log(wait pull.recvString());`,
    );
    assert.deepEqual([stdout.trim(), stderr, status], ['three', '', 0]);
  });

  test(`sockets are closed though someone waits on a loop that was closed (${style})`, async () => {
    const { status, stdout, stderr } = await twoLoops(
      'pull.poll(); pull.recv().addDoneCallback(() => {}); push.sendString("x").addDoneCallback(() => {}); push.poll(null, zmq.POLLOUT);',
      'context.destroy(0); console.log(pull.closed, push.closed, context.closed);',
    );
    assert.deepEqual([stdout.trim(), stderr, status], ['true true true', '', 0]);
  });
}

test('waiting for a message that nobody can send is no deadlock, as others may connect', async () => {
  const { status, stdout } = await runProgram(
    `import * as zmq from ${JSON.stringify(zmq)};
    const context = new zmq.Context();
    const pull = context.socket(zmq.PULL);
    const port = pull.bindToRandomPort('tcp://127.0.0.1');
    const push = context.socket(zmq.PUSH);
    await asyncio.run(function* () {
      const receiver = asyncio.createTask(function* () { return yield* pull.recvString(); });
      setTimeout(() => { push.connect('tcp://127.0.0.1:' + port); }, 150);
      const sender = asyncio.createTask(function* () { yield* push.sendString('at last'); });
      console.log(yield* receiver);
      yield* sender;
    });
    context.destroy(0);`,
  );
  assert.equal(status, 0);
  assert.equal(stdout.trim(), 'at last');
});

test('waiting for the answer to a question that nobody sends is a deadlock', async () => {
  const { status, stdout } = await runProgram(
    `import * as zmq from ${JSON.stringify(zmq)};
    const context = new zmq.Context();
    const client = context.socket(zmq.REQ);
    client.bindToRandomPort('tcp://127.0.0.1');
    try { await asyncio.run(function* () { yield* client.recv(); }); } catch (error) { console.log(error.name); }
    context.destroy(0);`,
  );
  assert.equal(status, 0);
  assert.equal(stdout.trim(), 'DeadlockError');
});

test('without its package it says what to install', async () => {
  const { status, stdout } = await runProgram(
    `import { registerHooks } from 'node:module';
    import * as zmq from ${JSON.stringify(zmq)};
    registerHooks({
      resolve: (specifier, context, next) => next(specifier === 'zeromq' ? 'no-such-package' : specifier, context),
    });
    try { new zmq.Context(); } catch (error) { console.log(String(error)); }`,
  );
  assert.equal(status, 0);
  assert.equal(stdout.trim(), 'RuntimeError: asyncio-ts/zmq needs the package zeromq: npm install zeromq');
});
