/**
 * Together with pyzmq, in a process of its own: what one side sends, the other receives.
 */
import assert from 'node:assert/strict';
import { DEBIAN_PYTHON, skipWithout } from '../../scripts/programs.ts';
import * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { onSockets } from '../net/kit.ts';
import { quickContext } from './kit.ts';

const { scenario, co } = await onSockets(import.meta.url);
const skip = skipWithout('python3-zmq');

/** Run a program of Python that has `zmq`, a context `c` and the `port`; give what it printed. */
const python = co(function* (program: string, port: number) {
  const code = `import sys, json, zmq\nc = zmq.Context()\nport = int(sys.argv[1])\n${program}`;
  const { PIPE } = asyncio.subprocess;
  const child = yield* asyncio.createSubprocessExec(DEBIAN_PYTHON, '-c', code, String(port), {
    stdout: PIPE,
  });
  const [printed] = yield* child.communicate();
  assert.equal(child.returncode, 0);
  return String(printed).trim();
});

scenario(
  'a request goes to Python and its answer comes back',
  function* () {
    using context = quickContext();
    const client = context.socket(zmq.REQ);
    const port = client.bindToRandomPort('tcp://127.0.0.1');
    const server = asyncio.createTask(
      python(
        `s = c.socket(zmq.REP); s.connect(f'tcp://127.0.0.1:{port}')
for _ in range(100): s.send_json({'twice': s.recv_json() * 2})
c.destroy()`,
        port,
      ),
    );
    for (let i = 0; i < 100; i++) {
      yield* client.sendJson(i);
      assert.deepEqual(yield* client.recvJson(), { twice: 2 * i });
    }
    yield* server;
  },
  skip,
);

scenario(
  'Python asks, and is answered',
  function* () {
    using context = quickContext();
    const server = context.socket(zmq.REP);
    const port = server.bindToRandomPort('tcp://127.0.0.1');
    const client = asyncio.createTask(
      python(
        `s = c.socket(zmq.REQ); s.connect(f'tcp://127.0.0.1:{port}')
for word in ['a', 'b', 'ü']:
    s.send_multipart([word.encode(), b'', b'x' * 100000])
    print(s.recv_string(), end=' ')
c.destroy()`,
        port,
      ),
    );
    for (let i = 0; i < 3; i++) {
      const [word, empty, long] = yield* server.recvMultipart();
      assert.deepEqual([empty?.length, long?.length], [0, 100_000]);
      yield* server.sendString(`${word}${word}`);
    }
    assert.equal(yield* client, 'aa bb üü');
  },
  skip,
);

scenario(
  'Python subscribes',
  function* () {
    using context = quickContext();
    const publisher = context.socket(zmq.XPUB);
    const port = publisher.bindToRandomPort('tcp://127.0.0.1');
    const client = asyncio.createTask(
      python(
        `s = c.socket(zmq.SUB); s.connect(f'tcp://127.0.0.1:{port}'); s.subscribe('even')
print(*[s.recv_multipart()[1].decode() for _ in range(5)])
c.destroy(0)`,
        port,
      ),
    );
    assert.deepEqual(yield* publisher.recv(), Buffer.from('\x01even'));
    for (let i = 0; i < 10; i++)
      yield* publisher.sendMultipart([Buffer.from(i % 2 === 0 ? 'even' : 'odd'), Buffer.from(String(i))]);
    assert.equal(yield* client, '0 2 4 6 8');
  },
  skip,
);

scenario(
  'Python works through what is pushed, and pushes what came of it',
  function* () {
    using context = quickContext();
    const push = context.socket(zmq.PUSH);
    const pull = context.socket(zmq.PULL);
    const port = push.bindToRandomPort('tcp://127.0.0.1');
    const results = pull.bindToRandomPort('tcp://127.0.0.1');
    const worker = asyncio.createTask(
      python(
        `i = c.socket(zmq.PULL); i.connect(f'tcp://127.0.0.1:{port}')
o = c.socket(zmq.PUSH); o.connect('tcp://127.0.0.1:${results}')
while (n := i.recv_json()) is not None: o.send_json(n * n)
c.destroy()`,
        port,
      ),
    );
    for (let i = 0; i < 1000; i++) yield* push.sendJson(i);
    yield* push.sendJson(null);
    for (let i = 0; i < 1000; i++) assert.equal(yield* pull.recvJson(), i * i);
    yield* worker;
  },
  skip,
);

scenario(
  'a router here serves a dealer of zmq.asyncio there, under CURVE',
  function* () {
    using context = quickContext();
    const [publicKey, secretKey] = zmq.curveKeypair();
    const router = context.socket(zmq.ROUTER);
    router.curveServer = true;
    router.curveSecretkey = secretKey;
    const port = router.bindToRandomPort('tcp://127.0.0.1');
    const client = asyncio.createTask(
      python(
        `import asyncio, zmq.asyncio
async def main():
    context = zmq.asyncio.Context()
    s = context.socket(zmq.DEALER)
    s.identity = b'python'
    s.curve_serverkey = ${JSON.stringify(publicKey)}.encode()
    s.curve_publickey, s.curve_secretkey = zmq.curve_keypair()
    s.connect(f'tcp://127.0.0.1:{port}')
    await asyncio.gather(*[s.send_multipart([b'%d' % i, b'payload']) for i in range(50)])
    print(*sorted([int((await s.recv_multipart())[0]) for i in range(50)]))
    context.destroy(0)
asyncio.run(main())`,
        port,
      ),
    );
    for (let i = 0; i < 50; i++) {
      const [name, number, payload] = yield* router.recvMultipart();
      assert.deepEqual([String(name), String(payload)], ['python', 'payload']);
      yield* router.sendMultipart([name!, number!]);
    }
    assert.equal(yield* client, Array.from({ length: 50 }, (_, i) => i).join(' '));
  },
  skip,
);
