/**
 * Many connections, opening and closing at random; and both reactors side by side in one process, with everything else that Node does.
 *
 * The churn is short here. For longer: ASYNCIO_CHURN_SECONDS=60 node --expose-gc --test test/reactors/soak.test.ts
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Channel, Listener } from '../../src/core/channel.ts';
import * as asyncio from '../../src/index.ts';
import { LibuvNetwork } from '../../src/reactors/libuv/network.ts';
import { descriptors, Echo, epollLoop, HOST, noEpoll, onLoop, portOf } from './kit.ts';

const SECONDS = Number(process.env['ASYNCIO_CHURN_SECONDS'] ?? 0);
const CONNECTIONS = SECONDS > 0 ? Infinity : 2000;
const AT_ONCE = SECONDS > 0 ? 200 : 100;

/** The same numbers each time. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** One connection that does something, and ends in one of the many ways. */
function* visit(loop: asyncio.EventLoop, port: number, random: () => number): asyncio.Coroutine<void> {
  const connecting = loop.createTask(asyncio.openConnection(HOST, port));
  if (random() < 0.1) {
    yield* asyncio.sleep(0);
    connecting.cancel();
  }
  let reader: asyncio.StreamReader;
  let writer: asyncio.StreamWriter;
  try {
    [reader, writer] = yield* connecting;
  } catch (error) {
    if (error instanceof asyncio.CancelledError) return;
    throw error;
  }
  const size = Math.ceil(random() ** 4 * 100_000);
  const data = Buffer.alloc(size, 'abc');
  writer.write(data);
  const way = random();
  if (way < 0.2) writer.transport.abort();
  else if (way < 0.3) {
    yield* reader.read(100);
    writer.transport.abort();
  } else {
    const answer = yield* reader.readexactly(size);
    assert.ok(data.equals(answer), 'what came back is not what was sent');
    if (way < 0.5) {
      writer.writeEof();
      assert.equal((yield* reader.read()).length, 0);
    }
    writer.close();
  }
  try {
    yield* writer.waitClosed();
  } catch (error) {
    if (!(error instanceof asyncio.ConnectionError)) throw error;
  }
}

test('connections that open and close at random leave no descriptor and no memory', {
  skip: noEpoll,
}, async () => {
  const before = descriptors();
  const heap: number[] = [];
  let done = 0;
  await onLoop(epollLoop(), function* (loop) {
    const end = loop.time() + SECONDS;
    const server = yield* loop.createServer(() => new Echo(), HOST, 0, { backlog: 511 });
    const random = randoms(20_260_101);
    function* visitor(): asyncio.Coroutine<void> {
      while (SECONDS > 0 ? loop.time() < end : done < CONNECTIONS) {
        done++;
        yield* visit(loop, portOf(server), random);
        if (done % 1000 === 0) {
          globalThis.gc?.();
          const { heapUsed, arrayBuffers } = process.memoryUsage();
          heap.push(heapUsed + arrayBuffers);
        }
      }
    }
    yield* asyncio.gather(...Array.from({ length: AT_ONCE }, () => visitor()));
    server.close();
    yield* server.waitClosed();
  });
  assert.deepEqual(descriptors(), before);
  if (SECONDS > 0) {
    console.log(
      `${done} connections; MiB kept: ${heap.map((size) => (size / 2 ** 20).toFixed(0)).join(' ')}`,
    );
    const half = heap.slice(heap.length >> 1);
    assert.ok(Math.max(...half) < 2 * Math.max(...heap.slice(1, heap.length >> 1)), 'memory grows');
  }
});

const HTTP_REQUESTS = 30;

test("beside sockets of Node's, fetch, timers, files and worker threads nobody starves", {
  skip: noEpoll,
}, async () => {
  const count = { echo: 0, fetch: 0, timer: 0, file: 0, worker: 0, node: 0, immediate: 0 };
  const http = createServer((_, response) => response.end('ok')).listen(0, HOST);
  await once(http, 'listening');
  const worker = new Worker(
    "const { parentPort } = require('worker_threads'); parentPort.on('message', (n) => parentPort.postMessage(n + 1));",
    {
      eval: true,
    },
  );
  let over = false;
  /** Each does its thing a number of times at least, while all others are busy. */
  const others = [
    async () => {
      const { port } = http.address() as AddressInfo;
      while (count.fetch < HTTP_REQUESTS) {
        assert.equal(await (await fetch(`http://${HOST}:${port}/`)).text(), 'ok');
        count.fetch++;
      }
    },
    async () => {
      for (; count.timer < 50; count.timer++) await wait(1);
    },
    async () => {
      for (; count.file < 50; count.file++) await readFile(import.meta.filename);
    },
    async () => {
      for (; count.worker < 200; count.worker++) {
        worker.postMessage(count.worker);
        assert.deepEqual(await once(worker, 'message'), [count.worker + 1]);
      }
    },
    async () => {
      while (!over) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        count.immediate++;
      }
    },
  ];
  await onLoop(epollLoop(), function* (loop) {
    // The network of Node's, in the same process: that of the libuv reactor is used by hand, as only one loop runs at a time.
    const server = yield* loop.createServer(() => new Echo(), HOST, 0);
    function* chat(): asyncio.Coroutine<void> {
      const [reader, writer] = yield* asyncio.openConnection(HOST, portOf(server));
      while (!over) {
        writer.write(Buffer.from('ping'));
        yield* reader.readexactly(4);
        count.echo++;
      }
      writer.close();
      yield* writer.waitClosed();
    }
    function* spin(): asyncio.Coroutine<void> {
      while (!over) yield* asyncio.sleep(0);
    }
    const busy = [chat(), chat(), chat(), spin()].map((one) => loop.createTask(one));
    yield* asyncio.gather(
      ...others.slice(0, 4).map((one) => asyncio.wrapFuture(one())),
      asyncio.wrapFuture(nodeEcho(count)),
    );
    over = true;
    yield* asyncio.gather(...busy);
    server.close();
    yield* server.waitClosed();
  });
  http.close();
  http.closeAllConnections();
  await worker.terminate();
  assert.ok(count.echo > 100, `only ${count.echo} echoes meanwhile`);
  assert.equal(count.node, 100);
});

/** A conversation over sockets of Node's, as the libuv reactor has them. */
async function nodeEcho(count: { node: number }): Promise<void> {
  const network = new LibuvNetwork((channel) => channel._settle());
  const listening = Promise.withResolvers<Listener>();
  const options = { backlog: 10, keepAlive: false, reuseAddress: undefined, reusePort: false };
  network.listen({ family: 4, host: HOST, port: 0 }, options, (outcome) => {
    if ('value' in outcome) listening.resolve(outcome.value);
    else listening.reject(outcome.error);
  });
  const listener = await listening.promise;
  const ended = Promise.withResolvers<void>();
  const channels: Channel[] = [];
  const ignore = {
    channelBuffer: () => null,
    channelFilled() {},
    channelEof() {},
    channelWritable() {},
    channelFailed(error: unknown) {
      ended.reject(error);
    },
  };
  listener.accept({
    listenerAccepted(channel) {
      channels.push(channel);
      channel.attach({ ...ignore, channelData: (data) => void channel.write(data) });
      channel.resume();
    },
    listenerFailed: (error) => ended.reject(error),
    listenerClosed: () => ended.reject(new Error('closed')),
  });
  network.connect({ family: 4, host: HOST, port: listener.address[1] }, null, (outcome) => {
    if ('error' in outcome) {
      ended.reject(outcome.error);
      return;
    }
    const channel = outcome.value;
    channels.push(channel);
    channel.attach({
      ...ignore,
      channelData() {
        if (++count.node === 100) ended.resolve();
        else channel.write(Buffer.from('ping'));
      },
    });
    channel.resume();
    channel.write(Buffer.from('ping'));
  });
  await ended.promise;
  for (const channel of channels) channel.close();
  network.close();
}
