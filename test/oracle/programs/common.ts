/**
 * The coroutines that many programs use. The same names stand in kit.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, leaves, only, print, py, show, type Waited } from '../kit.ts';

/** Awaits, and tells how it ended, whatever it was. */
export const outcome = co(function* (awaitable: Waited) {
  try {
    const value = yield* awaitable;
    return `result ${typeof value === 'string' ? value : py(value)}`;
  } catch (error) {
    return show(error);
  }
});

/** Runs a coroutine function that ends with a group, and prints how it ended. */
export const ending = co(function* (body: () => Waited) {
  try {
    print('result', yield* body());
  } catch (error) {
    print(leaves(error), at());
  }
});

/** Prints one line an iteration: programs run it beside others to make iterations visible. */
export const ticker = co(function* (count: number) {
  for (let number = 0; number < count; number++) {
    print('tick', number);
    yield* asyncio.sleep(0);
  }
});

/** Lets that many iterations pass. */
export const spin = co(function* (count: number) {
  for (let number = 0; number < count; number++) yield* asyncio.sleep(0);
});

export const valueAfter = co(function* <T>(delay: number, value: T) {
  yield* asyncio.sleep(delay);
  return value;
}) as <T>(delay: number, value: T) => asyncio.Coroutine<T>;

export const failAfter = co(function* (delay: number, message: string) {
  yield* asyncio.sleep(delay);
  throw new asyncio.ValueError(message);
});

/** Sleeps until it is cancelled, and says so. */
export const forever = co(function* (name: string) {
  try {
    yield* asyncio.sleep(3600);
  } catch (error) {
    only(error, asyncio.CancelledError);
    print(name, 'cancelled');
    throw error;
  }
});

/** Answers a cancellation by a last sleep, and returns as if nothing had been. */
export const stubborn = co(function* (name: string, delay: number, value: unknown) {
  try {
    yield* asyncio.sleep(3600);
  } catch (error) {
    only(error, asyncio.CancelledError);
    print(name, 'ignores the cancellation');
    yield* asyncio.sleep(delay);
  }
  return value;
});

/** Takes its time to clean up when it is cancelled. */
export const cleaning = co(function* (name: string, delay: number) {
  try {
    yield* asyncio.sleep(3600);
  } finally {
    print(name, 'cleans up');
    yield* asyncio.sleep(delay);
    print(name, 'is clean');
  }
});
