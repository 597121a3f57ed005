/** Loops of either reactor, and what a process has open. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { loadLibc } from '../../src/host/libc.ts';
import * as asyncio from '../../src/index.ts';
import { obstacleToEpoll } from '../../src/loop/choose-reactor.ts';
import { EpollReactor } from '../../src/reactors/epoll/reactor.ts';
import { LibuvReactor } from '../../src/reactors/libuv/reactor.ts';

export const HOST = '127.0.0.1';

/** Why there is no epoll here, or `false`. */
export const noEpoll: string | false = obstacleToEpoll() ?? whyNotLoaded();

function whyNotLoaded(): string | false {
  try {
    loadLibc();
    return false;
  } catch (error) {
    return String(error);
  }
}

export function epollLoop(): asyncio.EventLoop {
  return new asyncio.EventLoop({ reactor: new EpollReactor() });
}

export function libuvLoop(): asyncio.EventLoop {
  return new asyncio.EventLoop({ reactor: new LibuvReactor() });
}

/** What the descriptors of this process are. */
export function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      // That of the listing itself.
      return [];
    }
  });
}

/** Run `main` on a loop of its own; the loop is closed, and Node has let go of it, when this ends. */
export async function onLoop<T>(
  loop: asyncio.EventLoop,
  main: (loop: asyncio.EventLoop) => asyncio.Coroutine<T>,
): Promise<T> {
  try {
    return await loop.runUntilComplete(main(loop));
  } finally {
    loop.close();
    await turn();
    await turn();
  }
}

/** A protocol that sends back what it gets. */
export class Echo extends asyncio.Protocol {
  transport: asyncio.Transport | null = null;

  override connectionMade(transport: asyncio.Transport): void {
    this.transport = transport;
  }

  override dataReceived(data: Uint8Array): void {
    this.transport?.write(data);
  }
}

export function portOf(server: asyncio.Server): number {
  return server.sockets[0]!.getsockname()[1];
}
