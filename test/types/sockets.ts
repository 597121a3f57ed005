/**
 * Raw sockets, watched descriptors, selectors and `runSync` as the editor shows them; and what must not compile.
 */
import * as asyncio from '../../src/index.ts';
import { DefaultSelector, EVENT_READ, type SelectorKey } from '../../src/net/selectors.ts';
import { same } from './expect.ts';

declare const loop: asyncio.EventLoop;
declare const sock: asyncio.Socket;

const received = loop.sockRecv(sock, 1);
same<typeof received, asyncio.CoroutineObject<Uint8Array>>();
const datagram = loop.sockRecvfrom(sock, 1);
same<typeof datagram, asyncio.CoroutineObject<[data: Uint8Array, address: asyncio.Address | null]>>();
const accepted = loop.sockAccept(sock);
same<typeof accepted, asyncio.CoroutineObject<[connection: asyncio.Socket, address: asyncio.Address]>>();
const sent = loop.sockSendfile(sock, { fd: 3 });
same<typeof sent, asyncio.CoroutineObject<number>>();

loop.addReader(sock, (name: string, count: number) => name.repeat(count), 'x', 2);
// @ts-expect-error: the callback takes a string first
loop.addReader(sock, (name: string) => name, 2);
// @ts-expect-error: text is no bytes
loop.sockSendall(sock, 'text');

function* answer(): asyncio.Coroutine<42> {
  return 42;
}
const value = asyncio.runSync(answer());
same<typeof value, 42>();
// @ts-expect-error: an async function cannot go on while the thread is blocked
asyncio.runSync(async () => 42);

const option = sock.getsockopt(1, 2);
same<typeof option, number>();
const bytes = sock.getsockopt(1, 2, 8);
same<typeof bytes, Uint8Array>();

const selector = new DefaultSelector<string>();
const ready = selector.select();
same<typeof ready, [key: SelectorKey<string>, events: number][]>();
// @ts-expect-error: its data are strings
selector.register(sock, EVENT_READ, 1);
