/** What the programs on raw sockets need of the machine. */
import * as asyncio from 'asyncio-ts';

/** Why there are no raw sockets here: they need Linux, the package koffi, and its reactor; `false` where there are. */
export function whyNoRawSockets(): string | false {
  const loop = asyncio.newEventLoop();
  const text = String(loop);
  loop.close();
  return text.includes('epoll') ? false : `it needs the epoll reactor, and this is ${text}`;
}
