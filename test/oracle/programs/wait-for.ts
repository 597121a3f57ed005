/**
 * wait_for: the limit, the result that comes at the last moment, and whom a cancellation reaches.
 *
 * The twin of wait-for.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, print, program, show, state } from '../kit.ts';
import { cleaning, failAfter, forever, outcome, spin, stubborn, ticker, valueAfter } from './common.ts';

program('wait_for in time and too late', function* () {
  print(yield* asyncio.waitFor(valueAfter(1, 'in time'), 2), at());
  print(yield* outcome(asyncio.waitFor(valueAfter(5, 'late'), 2)), at());
  print(yield* outcome(asyncio.waitFor(failAfter(1, 'boom'), 2)), at());
});

program('wait_for without a limit', function* () {
  const ticking = asyncio.createTask(ticker(2));
  print(yield* asyncio.waitFor(valueAfter(100, 'value'), null), at());
  yield* ticking;
});

program('wait_for cancels what takes too long', function* () {
  const task = asyncio.createTask(forever('task'));
  print(yield* outcome(asyncio.waitFor(task, 1)), state(task), at(), task.cancelling());
});

program('wait_for waits until what it cancelled is clean', function* () {
  const task = asyncio.createTask(cleaning('task', 2));
  print(yield* outcome(asyncio.waitFor(task, 1)), state(task), at());
});

program('wait_for of what ignores its cancellation gives the result', function* () {
  const task = asyncio.createTask(stubborn('task', 2, 'kept'));
  print(yield* outcome(asyncio.waitFor(task, 1)), at());
});

program('wait_for of what fails when it is cancelled', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('instead');
    }
  });

  print(yield* outcome(asyncio.waitFor(work(), 1)), at());
});

program('wait_for of no time', function* () {
  const work = co(function* () {
    print('never');
  });

  const loop = asyncio.getRunningLoop();
  const done = loop.createFuture();
  let pending = loop.createFuture();
  done.setResult('done before');
  for (const limit of [0, -1]) {
    print(yield* outcome(asyncio.waitFor(done, limit)));
    print(yield* outcome(asyncio.waitFor(pending, limit)), state(pending));
    print(yield* outcome(asyncio.waitFor(asyncio.createTask(work()), limit)));
    pending = loop.createFuture();
  }
});

program('wait_for of a coroutine and no time at all', function* () {
  const work = co(function* () {
    print('runs up to its first wait');
    yield* asyncio.sleep(0);
    print('never');
  });

  print(yield* outcome(asyncio.waitFor(work(), 0)), at());
});

program('cancel in the middle of wait_for', function* () {
  const inner = asyncio.createTask(cleaning('inner', 1));

  const work = co(function* () {
    try {
      yield* asyncio.waitFor(inner, 10);
    } catch (error) {
      print('work', show(error), at(), state(inner));
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('from outside');
  print(yield* outcome(task), at());
});

program('what wait_for waits for is cancelled by someone else', function* () {
  const inner = asyncio.createTask(forever('inner'));
  asyncio.getRunningLoop().callLater(1, () => inner.cancel());
  print(yield* outcome(asyncio.waitFor(inner, 10)), me().cancelling(), at());
});

program('what wait_for waits for is cancelled already', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  future.cancel('before');
  print(yield* outcome(asyncio.waitFor(future, 1)), at());
  print(yield* outcome(asyncio.waitFor(future, null)));
});

program('the result and a cancellation from outside in one iteration', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  const work = co(function* () {
    return yield* asyncio.waitFor(future, 1);
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  future.setResult('value');
  print(task.cancel());
  print(yield* outcome(task), state(future));
});

program('wait_for runs its coroutine in the task of its caller', function* () {
  const work = co(function* () {
    return me().getName();
  });

  me().setName('main');
  print(yield* asyncio.waitFor(work(), 5));
  const ticking = asyncio.createTask(ticker(2));
  print(yield* asyncio.waitFor(work(), 5));
  yield* ticking;
});

program('wait_for of a task that is done takes no iteration', function* () {
  const task = asyncio.createTask(valueAfter(0, 'value'));
  yield* spin(3);
  const ticking = asyncio.createTask(ticker(1));
  print(yield* asyncio.waitFor(task, 5));
  yield* ticking;
});

program('wait_for in wait_for', function* () {
  print(yield* outcome(asyncio.waitFor(asyncio.waitFor(valueAfter(5, 'x'), 3), 1)), at());
  print(yield* outcome(asyncio.waitFor(asyncio.waitFor(valueAfter(5, 'x'), 1), 3)), at());
});

program('wait_for of a shield lets the work go on', function* () {
  const inner = asyncio.createTask(valueAfter(2, 'inner'));
  print(yield* outcome(asyncio.waitFor(asyncio.shield(inner), 1)), state(inner), at());
  print(yield* inner, at());
});

program('wait_for in a loop: what ends first is what counts', function* () {
  for (const [delay, limit] of [
    [1, 2],
    [2, 1],
    [0.5, 0.75],
    [0.75, 0.5],
    [0, 1],
  ] as const) {
    print(yield* outcome(asyncio.waitFor(valueAfter(delay, Math.trunc(delay * 100)), limit)), at());
  }
});

program('the result and the limit have the same deadline, the limit was set first', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const work = co(function* () {
    return yield* asyncio.waitFor(future, 1);
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  loop.callAt(1, () => print('the result comes', state(future)));
  print(yield* outcome(task), at(), state(future));
});

program('the result and the limit have the same deadline, the result was set first', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture<string>();
  loop.callAt(1, () => future.setResult('just in time'));
  print(yield* outcome(asyncio.waitFor(future, 1)), at(), state(future));
});
