/**
 * `run` and `Runner`: a program's way into asyncio, and its way out.
 *
 * On the way out, whatever happened: the tasks that are left are cancelled and waited for, async generators are closed, the executor is shut down,
 * the loop is closed. The first Ctrl-C cancels the main task, which may clean up, and becomes a `KeyboardInterrupt`; the second one ends
 * the process. Source: Python docs, "Runners".
 */
import type { Awaitable, Coroutine, CoroutineLike } from '../core/awaitable.ts';
import { type Context, copyContext } from '../core/context.ts';
import {
  type CoroutineObject,
  isAwaitable,
  isCoroutine,
  isPromiseLike,
  toCoroutine,
} from '../core/coroutine.ts';
import { wrapAwaitable } from '../core/ensure-future.ts';
import { CancelledError, KeyboardInterrupt, RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import { cancelAllTasks } from './cancel-all.ts';
import type { EventLoop } from './event-loop.ts';
import { Interrupts } from './interrupts.ts';
import { newEventLoop, setEventLoop } from './loops.ts';

/** How a runner makes its loop. */
export interface RunnerOptions {
  /** Debug mode; by default that of a new loop. */
  readonly debug?: boolean | null | undefined;
  /** Makes the loop; by default `newEventLoop`. */
  readonly loopFactory?: (() => EventLoop) | null | undefined;
  /** Let SIGTERM end the program as SIGINT does: by cancelling the main task. */
  readonly handleSigterm?: boolean | undefined;
}

type State = 'created' | 'initialized' | 'closed';

/**
 * Several runs on one loop.
 *
 * ```ts
 * await using runner = new asyncio.Runner();
 * await runner.run(first());
 * await runner.run(second());
 * ```
 */
export class Runner implements AsyncDisposable {
  readonly #options: RunnerOptions;
  #state: State = 'created';
  #loop: EventLoop | null = null;
  #context: Context | null = null;
  #setLoop = false;

  constructor(options: RunnerOptions = {}) {
    this.#options = options;
  }

  /** The runner's loop; it is made when it is first needed. */
  getLoop(): EventLoop {
    return this.#initialize();
  }

  /**
   * Run a coroutine or coroutine function to its end.
   * @throws {RuntimeError} at once, where a loop is running already, or the runner is closed.
   */
  run<T>(
    main: CoroutineLike<T> | Awaitable<T>,
    options: { readonly context?: Context | null | undefined } = {},
  ): Promise<T> {
    if (running.loop !== null)
      throw new RuntimeError('Runner.run() cannot be called from a running event loop');
    const coro = runnable(main);
    const loop = this.#initialize();
    const task = loop.createTask<T>(coro, {
      context: options.context ?? this.#context ?? undefined,
    });
    const interrupts = new Interrupts(task, this.#options.handleSigterm === true);
    return loop.runUntilComplete(task).then(
      (value) => {
        interrupts.remove();
        return value;
      },
      (error: unknown) => {
        interrupts.remove();
        throw error instanceof CancelledError && interrupts.cancelled(task)
          ? new KeyboardInterrupt(interrupts.signal)
          : error;
      },
    );
  }

  /** Cancel what is left, and close the loop. */
  async close(): Promise<void> {
    if (this.#state !== 'initialized') {
      this.#state = 'closed';
      return;
    }
    const loop = this.#loop as EventLoop;
    this.#state = 'closed';
    try {
      if (loop._tasks().length > 0) await loop.runUntilComplete(cancelAllTasks(loop));
      await loop.runUntilComplete(loop.shutdownAsyncgens());
      await loop.runUntilComplete(loop.shutdownDefaultExecutor({ timeout: 300 }));
    } finally {
      if (this.#setLoop) setEventLoop(null);
      loop.close();
      this.#loop = null;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #initialize(): EventLoop {
    if (this.#state === 'closed') throw new RuntimeError('Runner is closed');
    if (this.#loop !== null) return this.#loop;
    const { loopFactory, debug } = this.#options;
    const loop = loopFactory?.() ?? newEventLoop();
    if (loopFactory === undefined || loopFactory === null) {
      setEventLoop(loop);
      this.#setLoop = true;
    }
    if (debug !== undefined && debug !== null) loop.setDebug(debug);
    this.#loop = loop;
    this.#context = copyContext();
    this.#state = 'initialized';
    return loop;
  }
}

function runnable<T>(main: CoroutineLike<T> | Awaitable<T>): Coroutine<T> | CoroutineObject<T> {
  if (typeof main === 'function' || isCoroutine(main)) return toCoroutine(main as CoroutineLike<T>);
  if (isAwaitable<T>(main)) return wrapAwaitable(main);
  const advice = isPromiseLike(main)
    ? 'it has started already, outside of the loop; pass the async function itself, run(main)'
    : 'pass main() of a generator function, or the function itself, run(main)';
  throw new TypeError(
    `An asyncio.Future, a coroutine or an awaitable is required, got ${describe(main)}: ${advice}`,
  );
}

/**
 * Run a coroutine, or a coroutine function without parameters, in a loop of its own, and clean up after it.
 *
 * ```ts
 * await asyncio.run(main());           // a generator function
 * await asyncio.run(async () => {});   // an async function
 * ```
 * @throws {RuntimeError} at once, inside of a running loop; {TypeError} where `main` is neither.
 */
export function run<T>(main: CoroutineLike<T> | Awaitable<T>, options: RunnerOptions = {}): Promise<T> {
  if (running.loop !== null)
    throw new RuntimeError('asyncio.run() cannot be called from a running event loop');
  const coro = runnable(main);
  const runner = new Runner(options);
  return runner.run(coro).finally(() => runner.close());
}
