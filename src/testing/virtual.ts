/**
 * Running coroutines on a clock that jumps: `runVirtual`, and `virtualTest` for `node:test`.
 */
import type { test as nodeTest, TestContext } from 'node:test';
import type { Awaitable, CoroutineLike, Suspension } from '../core/awaitable.ts';
import { toCoroutine } from '../core/coroutine.ts';
import { cancelAllTasks } from '../loop/cancel-all.ts';
import { EventLoop } from '../loop/event-loop.ts';
import { run } from '../loop/runner.ts';
import { VirtualClock, VirtualReactor } from '../reactors/virtual/reactor.ts';

/** How a virtual loop is made. */
export interface VirtualOptions {
  /** The clock; by default a new one that starts at 0. */
  readonly clock?: VirtualClock | undefined;
  /** Debug mode. */
  readonly debug?: boolean | undefined;
}

/** A loop whose clock jumps. */
export function newVirtualLoop(options: VirtualOptions = {}): EventLoop {
  const loop = new EventLoop({ reactor: new VirtualReactor(options.clock ?? new VirtualClock()) });
  if (options.debug !== undefined) loop.setDebug(options.debug);
  return loop;
}

/**
 * `asyncio.run` on a clock that jumps: waits take no real time.
 *
 * ```ts
 * await runVirtual(function* () {
 *   yield* asyncio.sleep(3600);   // at once
 * });
 * ```
 */
export function runVirtual<T>(main: CoroutineLike<T>, options: VirtualOptions = {}): Promise<T> {
  return run(main, { loopFactory: () => newVirtualLoop(options) });
}

/** The same on the caller's stack, for generator coroutines only: gives the result, not a promise. */
export function runVirtualSync<T>(main: CoroutineLike<T>, options: VirtualOptions = {}): T {
  const loop = newVirtualLoop(options);
  try {
    return loop.runUntilCompleteSync<T>(toCoroutine(main));
  } finally {
    try {
      loop.runUntilCompleteSync(cancelAllTasks(loop));
    } finally {
      loop.close();
    }
  }
}

/** A test function of `node:test`, or one like it. */
type Test<C> = (name: string, fn: (context: C) => Promise<void>) => unknown;
/** The body of a test: a coroutine function of either style. */
type Body<C> = (
  context: C,
) => Generator<Suspension, unknown, unknown> | Awaitable<unknown> | PromiseLike<unknown>;

/**
 * A test whose body is a coroutine function on a clock that jumps.
 *
 * ```ts
 * import { test } from 'node:test';
 * const vtest = virtualTest(test);
 * vtest('a timeout of an hour', function* () { ... });
 * ```
 */
export function virtualTest(
  test: typeof nodeTest,
  options?: Omit<VirtualOptions, 'clock'>,
): (name: string, body: Body<TestContext>) => void;
export function virtualTest<C>(
  test: Test<C>,
  options?: Omit<VirtualOptions, 'clock'>,
): (name: string, body: Body<C>) => void;
export function virtualTest<C>(
  test: Test<C>,
  options: Omit<VirtualOptions, 'clock'> = {},
): (name: string, body: Body<C>) => void {
  return (name, body) => {
    test(name, async (context) => {
      await runVirtual((() => body(context)) as () => Promise<unknown>, options);
    });
  };
}
