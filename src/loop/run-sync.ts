/**
 * `runSync`: run a program to its end without returning to Node, and give its result: Python's `asyncio.run`, which blocks.
 *
 * The thread sleeps in `epoll_wait`. Nothing of Node's own makes progress meanwhile: no promise, no timer, no `fetch`, no lookup of a name in its threads; so only generator
 * coroutines can be run, and addresses must be given as such. Ctrl-C ends the process. Source: Python docs, "Runners".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, isCoroutine } from '../core/coroutine.ts';
import { NotImplementedError, RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import { cancelAllTasks } from './cancel-all.ts';
import type { EventLoop } from './event-loop.ts';
import { newEventLoop, setEventLoop } from './loops.ts';

/** How the loop is made. */
export interface RunSyncOptions {
  /** Debug mode; by default that of a new loop. */
  readonly debug?: boolean | null | undefined;
  /** Makes the loop; by default `newEventLoop`. */
  readonly loopFactory?: (() => EventLoop) | null | undefined;
}

/**
 * Run a generator coroutine in a loop of its own, blocking, and clean up after it.
 *
 * ```ts no-run: a name that stands for any
 * const answer = asyncio.runSync(main());    // no await
 * ```
 * @throws what the coroutine throws; {RuntimeError} inside of a running loop; {NotImplementedError} where the reactor cannot block;
 * {DeadlockError} where it waits for what can never come.
 */
export function runSync<T>(main: Coroutine<T> | CoroutineObject<T>, options: RunSyncOptions = {}): T {
  if (running.loop !== null) {
    throw new RuntimeError('asyncio.runSync() cannot be called from a running event loop');
  }
  if (!isCoroutine(main)) {
    throw new TypeError(
      `runSync() needs a generator coroutine, such as main() of function* main, not ${describe(main)}: an async function cannot go on while the thread is blocked`,
    );
  }
  const loop = (options.loopFactory ?? newEventLoop)();
  if (loop._reactor.block === undefined) {
    loop.close();
    throw new NotImplementedError(
      `runSync(): the ${loop._reactor.name} reactor cannot block; the epoll reactor can, on the main thread of Linux with the package koffi`,
    );
  }
  if (options.debug !== undefined && options.debug !== null) loop.setDebug(options.debug);
  setEventLoop(loop);
  try {
    return loop.runUntilCompleteSync(main);
  } finally {
    closeAfter(loop);
  }
}

function closeAfter(loop: EventLoop): void {
  try {
    if (loop._tasks().length > 0) loop.runUntilCompleteSync(cancelAllTasks(loop));
    loop.runUntilCompleteSync(loop.shutdownAsyncgens());
    loop.runUntilCompleteSync(loop.shutdownDefaultExecutor());
  } finally {
    setEventLoop(null);
    loop.close();
  }
}
