/**
 * Sockets of ZeroMQ as the editor shows them; and what must not compile.
 */
import type * as asyncio from '../../src/index.ts';
import * as zmq from '../../src/zmq/index.ts';
import { same } from './expect.ts';

declare const socket: zmq.Socket;
declare const context: zmq.Context;

export function* generators(): asyncio.Coroutine<void> {
  const frames = yield* socket.recvMultipart();
  same<typeof frames, Buffer[]>();
  const frame = yield* socket.recv();
  same<typeof frame, Buffer>();
  const text = yield* socket.recvString();
  same<typeof text, string>();
  const json = yield* socket.recvJson();
  same<typeof json, unknown>();
  const date = yield* socket.recvSerialized(([first]) => new Date(String(first)));
  same<typeof date, Date>();
  const events = yield* socket.poll(1);
  same<typeof events, number>();
  const ready = yield* new zmq.Poller().poll();
  same<typeof ready, [socket: zmq.Socket, events: number][]>();
  yield* socket.sendSerialized(new Date(), (value) => [Buffer.from(value.toISOString())]);
}

export async function asyncFunctions(): Promise<void> {
  const frames = await socket.recvMultipart();
  same<typeof frames, Buffer[]>();
  for await (const message of socket) same<typeof message, Buffer[]>();
}

same<typeof socket.linger, number>();
same<typeof socket.rcvmore, boolean>();
same<typeof socket.curveServerkey, string | Uint8Array | null>();

// @ts-expect-error: text is sent by sendString()
socket.send('text');
// @ts-expect-error: there are twelve kinds of sockets
context.socket(99);
// @ts-expect-error: an option that there is not
socket.lingers = 0;
// @ts-expect-error: a switch is no text
socket.immediate = 'yes';
