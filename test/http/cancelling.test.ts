/**
 * Cancelling never leaves a connection out of step: whatever a request was doing when it was cancelled, the answers after it are those of the
 * requests after it.
 */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import zlib from 'node:zlib';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { until } from '../net/kit.ts';
import { bodyOf, failure, type Handler, withHttp } from './kit.ts';

const { scenario, co, style } = await withHttp(import.meta.url);

const TIMES = 1000;

/** The same numbers each time. Source: "Mulberry32", in the public domain. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Answers with what it was asked, in one of many ways: at once or later, in one piece or several, packed, with a redirect before. */
const answer: Handler = async (request, response) => {
  const url = new URL(request.url ?? '', 'http://x');
  const body = (await bodyOf(request)).toString();
  const text = `${url.searchParams.get('id')} ${body.length} `;
  const full = text + '.'.repeat(Number(url.searchParams.get('size')));
  switch (url.pathname) {
    case '/redirect':
      response.writeHead(307, { Location: `/plain${url.search}` }).end('moved');
      return;
    case '/slow':
      for (let i = 0; i < 3; i++) await turn();
      response.end(full);
      return;
    case '/pieces':
      for (let at = 0; at < full.length; at += 1 + (full.length >> 2)) {
        response.write(full.slice(at, at + 1 + (full.length >> 2)));
        await turn();
      }
      response.end();
      return;
    case '/packed':
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(zlib.gzipSync(full));
      return;
    case '/close':
      response.writeHead(200, { Connection: 'close' }).end(full);
      return;
    default:
      response.end(full);
  }
};

const KINDS = ['plain', 'redirect', 'slow', 'pieces', 'packed', 'close'] as const;

scenario(
  `a request cancelled at any moment, ${TIMES} times, spoils none of the next ${TIMES} answers`,
  answer,
  function* ({ session, base }) {
    const random = seeded(style === 'generator' ? 1 : 2);
    const below = (count: number): number => Math.floor(random() * count);
    let id = 0;

    const ask = co(function* (number: number, kind: string, size: number, sent: number) {
      const params = { id: number, size };
      async function* pieces() {
        for (let i = 0; i < sent; i++) yield 'x';
      }
      const data = number % 3 === 0 ? pieces() : 'x'.repeat(sent);
      const url = kind === 'redirect' && number % 3 === 0 ? `${base}plain` : base + kind;
      const text = yield* asyncio.asyncWith(
        session.post(url, { params, data }),
        co(function* (response: web.ClientResponse) {
          return yield* response.text();
        }),
      );
      assert.equal(text, `${number} ${sent} ${'.'.repeat(size)}`);
      return number;
    });
    const any = () =>
      ask(id++, KINDS[below(KINDS.length)] as string, [0, 10, 100_000][below(3)] as number, below(6));

    const outcomes = { cancelled: 0, done: 0 };
    for (let i = 0; i < TIMES; i++) {
      const task = asyncio.createTask(any());
      const moments = below(14);
      for (let k = 0; k < moments; k++) {
        if (random() < 0.5) yield* asyncio.sleep(0);
        else yield* asyncio.wrapFuture(turn());
      }
      task.cancel();
      yield* asyncio.wait([task]);
      if (task.cancelled()) outcomes.cancelled++;
      else {
        task.result();
        outcomes.done++;
      }
    }
    assert.ok(outcomes.cancelled > 300 && outcomes.done > 100, JSON.stringify(outcomes));

    for (let i = 0; i < TIMES; i += 20) {
      yield* asyncio.gather(...Array.from({ length: 20 }, () => asyncio.createTask(any())));
    }
    assert.equal(session.connector.statistics().acquired, 0);
    assert.ok(session.connector.statistics().idle <= 5);
  },
  { session: () => ({ connector: new web.TCPConnector({ limit: 5 }) }) },
);

scenario(
  'many requests at once, each cancelled at some moment, give all connections back',
  answer,
  function* ({ session, base }) {
    const random = seeded(3);
    const tasks: asyncio.Task<unknown>[] = [];
    const ask = co(function* (number: number) {
      const response = yield* session.get(`${base}pieces`, { params: { id: number, size: 1000 } });
      const text = yield* response.text();
      assert.ok(text.startsWith(`${number} 0 `));
    });
    for (let i = 0; i < 500; i++) tasks.push(asyncio.createTask(ask(i)));
    const waiting = new Set(tasks);
    while (waiting.size > 0) {
      for (const task of waiting) {
        if (random() < 0.02) task.cancel();
        if (task.done()) waiting.delete(task);
      }
      yield* asyncio.wrapFuture(turn());
    }
    for (const task of tasks) if (!task.cancelled()) task.result();
    assert.ok(tasks.some((task) => task.cancelled()) && tasks.some((task) => !task.cancelled()));
    const { acquired, waiting: left } = session.connector.statistics();
    assert.deepEqual([acquired, left], [0, 0]);
    const last = yield* session.get(`${base}plain`, { params: { id: 'last', size: 1 } });
    assert.equal(yield* last.text(), 'last 0 .');
  },
  { session: () => ({ connector: new web.TCPConnector({ limit: 7 }) }) },
);

scenario(
  'a request that is cancelled before it starts does nothing',
  answer,
  function* ({ session, base, peer }) {
    const task = asyncio.createTask(session.get(base));
    task.cancel();
    yield* asyncio.wait([task]);
    assert.ok(task.cancelled());
    assert.equal(peer.requests, 0);
    const request = session.get(base);
    yield* (yield* request).read();
    const again = yield* failure(request);
    assert.match(again.message, /cannot reuse already awaited coroutine/);
  },
);

scenario(
  'a reader that is cancelled can go on reading',
  (_request, response) => {
    response.write('first');
    release = () => response.end(' second');
  },
  function* ({ session, base }) {
    const response = yield* session.get(base);
    assert.equal(Buffer.from(yield* response.content.readexactly(5)).toString(), 'first');
    const task = asyncio.createTask(response.content.readany());
    yield* asyncio.sleep(0);
    task.cancel();
    yield* asyncio.wait([task]);
    assert.ok(task.cancelled());
    release();
    assert.equal(Buffer.from(yield* response.content.readany()).toString(), ' second');
    assert.deepEqual([...(yield* response.content.read())], []);
    yield* until(() => session.connector.statistics().idle === 1);
  },
);

let release = (): void => {};

scenario(
  'a cancelled upload stops whoever makes it',
  (request) => {
    request.pause();
  },
  function* ({ session, base, peer }) {
    let closed = false;
    const endless = {
      [Symbol.asyncIterator]: () => ({
        next: co(function* () {
          try {
            yield* asyncio.sleep(3600);
          } finally {
            closed = true;
          }
          return { done: true, value: undefined };
        }),
      }),
    } as unknown as AsyncIterable<string>;
    const task = asyncio.createTask(session.post(base, { data: endless }));
    yield* until(() => session.connector.statistics().acquired === 1 && asyncio.allTasks().size > 2);
    task.cancel();
    yield* asyncio.wait([task]);
    yield* until(() => closed);
    yield* until(() => peer.sockets.size === 0);
  },
);
