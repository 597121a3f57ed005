/**
 * Functions that run in executors: the loop's own, and one that is given.
 *
 * The twin of executors.py.
 */
import { ThreadPoolExecutor } from '../../../src/executors/index.ts';
import * as asyncio from '../../../src/index.ts';
import { co, live, only, print } from '../kit.ts';
import { outcome } from './common.ts';

/** Takes a while, without waiting. */
function total(count: number, step: number): number {
  let result = 0;
  for (let number = 0; number < count; number++) result += number * step;
  return result;
}

function shout(words: readonly string[], sign: string): string[] {
  return words.map((word) => word.toUpperCase() + sign);
}

function refuse(reason: string): never {
  throw Object.assign(new Error(reason), { name: 'ValueError' });
}

function nothing(): null {
  return null;
}

live('to_thread', function* () {
  print(yield* asyncio.toThread(total, 1000, 2));
  print(yield* asyncio.toThread(shout, ['one', 'two'], '!'));
  print(yield* asyncio.toThread(nothing));
  print(yield* outcome(asyncio.toThread(refuse, 'no')));
});

live('the loop goes on while a function runs in a thread', function* () {
  const task = asyncio.createTask(asyncio.toThread(total, 10_000, 1));
  yield* asyncio.sleep(0);
  print(task.done());
  print(yield* task);
});

live("run_in_executor, in the loop's own", function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.runInExecutor(null, total, 10, 3);
  print(asyncio.isFuture(future), future.done());
  print(yield* future);
  print(yield* outcome(loop.runInExecutor(null, refuse, 'not here')));
  const many = [10, 20, 30].map((count) => loop.runInExecutor(null, total, count, 1));
  print(...(yield* asyncio.gather(...many)));
});

live('run_in_executor, in a pool that is given', function* () {
  const loop = asyncio.getRunningLoop();
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  yield* asyncio.asyncWith(pool, function* () {
    print(yield* loop.runInExecutor(pool, shout, ['three'], '?'));
    print(yield* outcome(loop.runInExecutor(pool, refuse, 'never')));
  });
  print(yield* outcome(runLate(loop, pool)));
});

const runLate = co(function* (loop: asyncio.EventLoop, pool: ThreadPoolExecutor) {
  try {
    yield* loop.runInExecutor(pool, total, 1, 1);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print('RuntimeError');
  }
});

live('a task that waits for a thread is cancelled, and others are served', function* () {
  const task = asyncio.createTask(asyncio.toThread(total, 1000, 1));
  yield* asyncio.sleep(0);
  task.cancel();
  print(yield* outcome(task), task.cancelled());
  const before = asyncio.createTask(asyncio.toThread(total, 1000, 1));
  before.cancel();
  print(yield* outcome(before), before.cancelled());
  print(yield* asyncio.toThread(total, 10, 1));
});

live('the default executor is shut down', function* () {
  const loop = asyncio.getRunningLoop();
  print(yield* loop.runInExecutor(null, total, 10, 1));
  print(yield* loop.shutdownDefaultExecutor());
  try {
    yield* loop.runInExecutor(null, total, 10, 1);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(error.message);
  }
  try {
    yield* asyncio.toThread(total, 10, 1);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(error.message);
  }
});
