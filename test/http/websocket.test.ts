/** WebSockets with servers that are silent, wrong, fast or slow; and what happens without undici. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type net from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { runProgram } from '../child.ts';
import { onSockets, until } from '../net/kit.ts';
import { failure, RawPeer } from './kit.ts';

const { scenario: bare, co } = await onSockets(import.meta.url);

const MIB = 1024 * 1024;

function accepts(request: string, more = ''): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
}

/** A frame of a server. */
function frame(first: number, payload: Uint8Array | string): Buffer {
  const data = Buffer.from(payload);
  const head = Buffer.alloc(data.length < 126 ? 2 : 10);
  head[0] = first;
  if (data.length < 126) head[1] = data.length;
  else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  return Buffer.concat([head, data]);
}

type Body = (
  session: web.ClientSession,
  url: string,
  sockets: () => net.Socket[],
) => asyncio.Coroutine<unknown>;

/** A scenario with a server that agrees to a WebSocket, and then does as `talk` says; without it, nothing at all. */
function scenario(name: string, talk: ((socket: net.Socket) => unknown) | string, body: Body): void {
  const play = asyncio.coroutine(body);
  bare(name, function* () {
    const peer = new RawPeer((socket, request) => {
      socket.removeAllListeners('data').resume();
      if (typeof talk === 'string') socket.write(talk);
      else {
        socket.write(accepts(request));
        talk(socket);
      }
    });
    const base = yield* asyncio.wrapFuture(peer.listen());
    try {
      yield* asyncio.asyncWith(
        new web.ClientSession(),
        co(function* (session: web.ClientSession) {
          yield* play(session, base, () => [...peer.sockets]);
          assert.equal(session.connector.statistics().acquired, 0, 'the slot was given back');
        }),
      );
    } finally {
      yield* asyncio.wrapFuture(peer.close());
    }
  });
}

const mute = (): void => {};

scenario('a heartbeat finds out a server that is gone', mute, function* (session, url) {
  const ws = yield* session.wsConnect(url, { heartbeat: 0.04 });
  const message = yield* ws.receive();
  assert.equal(message.type, web.WSMsgType.ERROR);
  assert.ok(message.data instanceof web.ServerTimeoutError, String(message.data));
  assert.equal(ws.closeCode, 1006);
  assert.equal(ws.exception(), message.data);
  assert.equal((yield* ws.receive()).type, web.WSMsgType.CLOSED);
});

scenario(
  'a heartbeat is content with any answer',
  (socket) => {
    socket.removeAllListeners('data');
    socket.on('data', (data) => {
      // Several frames may come at once.
      for (let at = 0; at < data.length; at += 6 + ((data[at + 1] as number) & 0x7f)) {
        if (data[at] === 0x89) socket.write(frame(0x8a, ''));
        if (data[at] === 0x88) socket.end(frame(0x88, Buffer.from([3, 232])));
      }
    });
  },
  function* (session, url) {
    const ws = yield* session.wsConnect(url, { heartbeat: 0.02 });
    assert.equal((yield* failure(ws.receive(0.2))).name, 'TimeoutError');
    assert.equal(yield* ws.close(), true);
    assert.equal(ws.closeCode, 1000);
  },
);

scenario('a server that never answers a close is left after a time', mute, function* (session, url) {
  const ws = yield* session.wsConnect(url, { closeTimeout: 0.03 });
  assert.equal(yield* ws.close({ code: 1001, message: 'going' }), true);
  assert.equal(ws.closeCode, 1006);
  assert.equal(ws.exception()?.name, 'TimeoutError');
  assert.throws(() => ws.close({ message: 'x'.repeat(124) }), { name: 'ValueError' });
});

scenario('a close that is cancelled closes all the same', mute, function* (session, url, sockets) {
  const ws = yield* session.wsConnect(url);
  const task = asyncio.createTask(ws.close());
  yield* asyncio.sleep(0);
  yield* asyncio.sleep(0);
  task.cancel();
  yield* asyncio.wait([task]);
  assert.ok(task.cancelled());
  assert.equal(ws.closed, true);
  yield* until(() => sockets().length === 0);
});

scenario(
  'a server that breaks the rules is told so',
  (socket) => socket.write(frame(0xf1, 'x')),
  function* (session, url) {
    const ws = yield* session.wsConnect(url, { closeTimeout: 0.05 });
    const message = yield* ws.receive();
    assert.equal(message.type, web.WSMsgType.ERROR);
    assert.ok(message.data instanceof web.WebSocketError);
    assert.deepEqual([message.data.code, ws.closeCode, ws.closed], [1002, 1002, true]);
  },
);

scenario(
  'pings can be received',
  (socket) => socket.write(Buffer.concat([frame(0x89, 'a'), frame(0x8a, 'b'), frame(0x88, '')])),
  function* (session, url) {
    const ws = yield* session.wsConnect(url, { autoping: false });
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { type, data } = yield* ws.receive();
      seen.push([type, String(data)]);
    }
    assert.deepEqual(seen, [
      [web.WSMsgType.PING, 'a'],
      [web.WSMsgType.PONG, 'b'],
      [web.WSMsgType.CLOSE, '1005'],
    ]);
  },
);

scenario(
  'a server that sends faster than anybody receives is slowed down',
  (socket) => {
    sent = 0;
    const more = (): void => {
      while (sent < 64) {
        sent++;
        if (!socket.write(frame(0x82, Buffer.alloc(MIB, sent)))) {
          socket.once('drain', more);
          return;
        }
      }
      socket.end(frame(0x88, Buffer.from([3, 232])));
    };
    more();
  },
  function* (session, url) {
    const ws = yield* session.wsConnect(url);
    for (let before = -1; sent !== before || sent === 0; ) {
      before = sent;
      for (let i = 0; i < 50; i++) yield* asyncio.wrapFuture(turn());
    }
    assert.ok(sent < 40, `${sent} of 64 MiB were sent to nobody`);
    let count = 0;
    yield* asyncio.asyncFor(ws, (message) => {
      const data = message.data as Uint8Array;
      count++;
      assert.deepEqual([data.length, data[0], data[MIB - 1]], [MIB, count, count]);
    });
    assert.equal(count, 64);
  },
);

let sent = 0;

scenario(
  'a send waits for a server that takes nothing, and may be cancelled',
  (socket) => socket.pause(),
  function* (session, url) {
    const ws = yield* session.wsConnect(url, { closeTimeout: 0.05 });
    const flood = co(function* () {
      for (;;) yield* ws.sendBytes(Buffer.alloc(MIB));
    });
    const task = asyncio.createTask(flood());
    for (let i = 0; i < 100; i++) yield* asyncio.wrapFuture(turn());
    assert.equal(task.done(), false);
    task.cancel();
    yield* asyncio.wait([task]);
    assert.ok(task.cancelled());
    const waiting = asyncio.createTask(ws.sendBytes(Buffer.alloc(MIB)));
    yield* asyncio.sleep(0);
    yield* session.close();
    assert.ok((yield* failure(waiting)) instanceof web.ClientConnectionResetError);
    assert.equal((yield* ws.receive()).type, web.WSMsgType.CLOSED);
  },
);

const answers: readonly (readonly [what: string, answer: string, reason: string])[] = [
  ['no upgrade', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'Invalid response status'],
  ['another key', accepts(''), 'Invalid challenge response'],
  ['another protocol', accepts('').replace('websocket', 'h2c'), 'Invalid upgrade header'],
];

for (const [what, answer, reason] of answers) {
  scenario(`a handshake that is answered with ${what} is refused`, answer, function* (session, url, sockets) {
    const error = yield* failure(session.wsConnect(url));
    assert.ok(error instanceof web.WSServerHandshakeError, String(error));
    assert.equal(error.reason, reason);
    if (error.status === 101) yield* until(() => sockets().length === 0);
  });
}

test('without undici the error says what to install', async () => {
  const http = new URL('../../src/http/index.ts', import.meta.url).href;
  const { stdout, stderr } = await runProgram(`
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => next(name === 'undici' ? 'no-such-package' : name, context) });
    const { ClientSession } = await import(${JSON.stringify(http)});
    await asyncio.run(async () => {
      await using session = new ClientSession();
      await session.get('http://127.0.0.1:9/').catch((error) => console.log(String(error)));
      await session.get('http://127.0.0.1:9/').catch((error) => console.log(String(error)));
      console.log(String(session.connector));
    });
  `);
  const says =
    'RuntimeError: asyncio-ts/http needs the package undici, which is not installed: npm install undici\n';
  assert.equal(stdout, `${says}${says}<TCPConnector acquired=0 idle=0 waiting=0>\n`, stderr);
});
