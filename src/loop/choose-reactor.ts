/**
 * Which reactor a loop gets that was given none: `epoll` where it can be had, else `libuv`.
 *
 * The environment variable `ASYNCIO_REACTOR` names one, and then it is that or an error. Without it, what keeps the epoll reactor from being had is told in debug
 * mode alone: the libuv reactor does the same, only slower.
 */
import { isMainThread } from 'node:worker_threads';
import { RuntimeError, ValueError } from '../core/errors.ts';
import type { Reactor } from '../core/reactor.ts';
import { describe } from '../core/repr.ts';
import { warn } from '../core/warn.ts';
import { EpollReactor } from '../reactors/epoll/reactor.ts';
import { LibuvReactor } from '../reactors/libuv/reactor.ts';

/**
 * @param debug tell why the epoll reactor cannot be had.
 * @throws {RuntimeError} where `ASYNCIO_REACTOR` asks for one that cannot be had; {ValueError} where it names none.
 */
export function chooseReactor(debug: boolean): Reactor {
  const wanted = process.env['ASYNCIO_REACTOR'] ?? '';
  switch (wanted) {
    case 'libuv':
      return new LibuvReactor();
    case 'epoll':
      return epollOr((reason) => {
        throw new RuntimeError(`ASYNCIO_REACTOR=epoll: ${reason}`);
      });
    case '':
      return epollOr((reason) => {
        if (debug) warn(`the libuv reactor is used: ${reason}`, 'RuntimeWarning');
        return new LibuvReactor();
      });
    default:
      throw new ValueError(`ASYNCIO_REACTOR must be 'epoll' or 'libuv', not ${describe(wanted)}`);
  }
}

function epollOr(other: (reason: string) => Reactor): Reactor {
  const obstacle = obstacleToEpoll();
  if (obstacle !== null) return other(obstacle);
  let reactor: EpollReactor;
  try {
    reactor = new EpollReactor();
  } catch (error) {
    return other(`the epoll reactor could not be made (npm install koffi, if it is missing): ${error}`);
  }
  return reactor;
}

/** What keeps this program from using epoll, as far as is known without trying; `null`: nothing. */
export function obstacleToEpoll(): string | null {
  const { arch, platform, versions } = process;
  if (platform !== 'linux') return `epoll is Linux's, and this is ${platform}`;
  if (arch !== 'x64' && arch !== 'arm64') return `the layouts of ${arch} are not known`;
  for (const host of ['bun', 'deno', 'electron']) {
    if (versions[host] !== undefined) return `${host} has no loop of Node's that could be joined`;
  }
  return isMainThread ? null : "a worker thread's loop cannot be joined: only that of the main thread";
}
