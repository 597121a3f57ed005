/**
 * The HTTP client as the editor shows it; and what must not compile.
 */
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import { same } from './expect.ts';

declare const session: web.ClientSession;
declare const ws: web.ClientWebSocketResponse;
interface User {
  readonly name: string;
}

export function* generators(): asyncio.Coroutine<void> {
  const response = yield* session.get('http://x/');
  same<typeof response, web.ClientResponse>();
  const text = yield* response.text();
  same<typeof text, string>();
  const unknown = yield* response.json();
  same<typeof unknown, unknown>();
  const user = yield* response.json<User>();
  same<typeof user, User>();
  const loaded = yield* response.json({ loads: (json) => json.length });
  same<typeof loaded, number>();
  const length = yield* asyncio.asyncWith(session.get('http://x/'), function* (inner) {
    same<typeof inner, web.ClientResponse>();
    return (yield* inner.read()).length;
  });
  same<typeof length, number>();
  const inside = yield* asyncio.asyncWith(new web.ClientSession(), function* (own) {
    same<typeof own, web.ClientSession>();
    return own.closed;
  });
  same<typeof inside, boolean>();
  yield* asyncio.asyncWith(session.wsConnect('ws://x/'), function* (socket) {
    same<typeof socket, web.ClientWebSocketResponse>();
  });
  using released = yield* session.get('http://x/');
  same<typeof released, web.ClientResponse>();
  const both = yield* asyncio.gather(session.get('http://x/'), response.json<User>());
  same<typeof both, [web.ClientResponse, User]>();
}

export async function asyncFunctions(): Promise<void> {
  await using own = new web.ClientSession();
  await using response = await own.post('http://x/', { json: { a: 1 } });
  const text = await response.text();
  same<typeof text, string>();
  for await (const block of response.content.iterChunked(10)) same<typeof block, Uint8Array>();
  for await (const message of ws) {
    same<typeof message, web.WSMessage>();
    if (message.type === web.WSMsgType.TEXT) same<typeof message.data, string>();
    if (message.type === web.WSMsgType.BINARY) same<typeof message.data, Uint8Array>();
    if (message.type === web.WSMsgType.ERROR) same<typeof message.data, Error>();
  }
  try {
    await session.get('http://x/');
  } catch (error) {
    if (error instanceof web.ClientResponseError) same<typeof error.status, number>();
  }
}

session.get(new URL('http://x/'), { params: { a: [1, 'b'], c: 2n }, timeout: { total: 5 } });
session.get('x', { raiseForStatus: (response) => response.text() });
session.post('x', { data: [['a', 1]] });
session.post('x', { data: new web.FormData({ a: Buffer.from('b') }) });
// @ts-expect-error a boolean is no parameter
session.get('x', { params: { a: true } });
// @ts-expect-error nor is a number a body
session.post('x', { data: 5 });
// @ts-expect-error there is no such option
session.get('x', { allowRedirect: false });
// @ts-expect-error times are numbers
new web.ClientTimeout({ total: '5' });
// @ts-expect-error a response is made by a session only
new web.ClientResponse();
// @ts-expect-error text is sent by sendStr
ws.sendBytes('text');
