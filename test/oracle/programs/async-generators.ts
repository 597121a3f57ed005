/**
 * Asynchronous generators: waits between the items, leaving early, errors and cancellation on either side.
 *
 * They are JavaScript's own in every style, so they await; what loops over them is of the style in use. The twin of async-generators.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, only, print, program, show } from '../kit.ts';
import { outcome, ticker } from './common.ts';

/** Gives 0, 1, ... with a wait before each, and says when it is left. */
async function* counting(name: string, count: number, delay: number): AsyncGenerator<number> {
  try {
    for (let number = 0; number < count; number++) {
      await asyncio.sleep(delay);
      yield number;
    }
  } finally {
    print(name, 'closed', at());
  }
}

program('async for over an asynchronous generator', function* () {
  yield* asyncio.asyncFor(counting('generator', 3, 1), function* (number) {
    print(number, at());
  });
  print('left', at());
});

program('items that are at hand are taken without giving way', function* () {
  async function* atHand(): AsyncGenerator<number> {
    for (let number = 0; number < 3; number++) yield number;
  }

  const ticking = asyncio.createTask(ticker(2));
  yield* asyncio.asyncFor(atHand(), function* (number) {
    print(number);
  });
  print('left');
  yield* ticking;
});

program('two loops over two generators take turns', function* () {
  const work = co(function* (name: string, delay: number) {
    yield* asyncio.asyncFor(counting(name, 3, delay), function* (number) {
      print(name, number, at());
    });
  });

  yield* asyncio.gather(work('slow', 2), work('fast', 1.25));
});

program('leaving a loop early with aclosing closes the generator', function* () {
  yield* asyncio.asyncWith(asyncio.aclosing(counting('generator', 5, 1)), function* (numbers) {
    yield* asyncio.asyncFor(numbers, function* (number) {
      print(number, at());
      return number === 1 ? asyncio.BREAK : undefined;
    });
  });
  print('left', at());
});

program('an error in the loop, with aclosing', function* () {
  try {
    yield* asyncio.asyncWith(asyncio.aclosing(counting('generator', 5, 1)), function* (numbers) {
      yield* asyncio.asyncFor(numbers, function* (number) {
        throw new asyncio.ValueError(`at ${number}`);
      });
    });
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error), at());
  }
});

program('an error in the generator', function* () {
  async function* broken(): AsyncGenerator<string> {
    yield 'first';
    await asyncio.sleep(1);
    throw new asyncio.ValueError('broken');
  }

  try {
    yield* asyncio.asyncFor(broken(), function* (item) {
      print(item);
    });
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error), at());
  }
});

program('cancel while the generator waits', function* () {
  const work = co(function* () {
    yield* asyncio.asyncFor(counting('generator', 5, 1), function* (number) {
      print(number, at());
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(2.5);
  task.cancel('stop');
  print(yield* outcome(task), at());
});

program('cancel while the body of the loop waits, with aclosing', function* () {
  const work = co(function* () {
    yield* asyncio.asyncWith(asyncio.aclosing(counting('generator', 5, 1)), function* (numbers) {
      yield* asyncio.asyncFor(numbers, function* (number) {
        print(number, at());
        yield* asyncio.sleep(10);
      });
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(2);
  task.cancel('stop');
  print(yield* outcome(task), at());
});

program('a timeout around a loop over a generator', function* () {
  try {
    yield* asyncio.asyncWith(asyncio.timeout(2.5), function* () {
      yield* asyncio.asyncFor(counting('generator', 5, 1), function* (number) {
        print(number, at());
      });
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(show(error), at());
  }
});

program('a generator that waits while it is closed', function* () {
  async function* slowToClose(): AsyncGenerator<string> {
    try {
      yield 'first';
      yield 'second';
    } finally {
      await asyncio.sleep(2);
      print('closed', at());
    }
  }

  yield* asyncio.asyncWith(asyncio.aclosing(slowToClose()), function* (items) {
    yield* asyncio.asyncFor(items, function* (item) {
      print(item);
      return asyncio.BREAK;
    });
  });
  print('left', at());
});

program('a loop over a generator whose event loop is shut down by hand', function* () {
  const loop = asyncio.getRunningLoop();
  const looping = co(function* () {
    yield* asyncio.asyncFor(counting('generator', 5, 1), function* (number) {
      print(number, at());
      yield* asyncio.sleep(10);
    });
    print('looped', at());
  });
  const task = asyncio.createTask(looping());
  yield* asyncio.sleep(2);
  print(yield* loop.shutdownAsyncgens());
  print(yield* loop.shutdownAsyncgens());
  print(yield* loop.shutdownDefaultExecutor(), at());
  yield* task;
});
