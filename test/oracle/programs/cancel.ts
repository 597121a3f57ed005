/**
 * Cancellation at every point of a task's life: what is raised where, in which iteration, and what is left.
 *
 * The twin of cancel.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, kind, me, only, print, program, show, state, type Waited } from '../kit.ts';
import { cleaning, forever, outcome, spin, stubborn, ticker } from './common.ts';

program('cancel before the first step: the body never runs', function* () {
  const work = co(function* () {
    print('never');
  });

  const task = asyncio.createTask(work());
  print(task.cancel(), task.cancelled(), task.done());
  yield* asyncio.sleep(0);
  print(task.cancelled(), task.done());
  print(yield* outcome(task));
});

program('cancel in the middle of sleep', function* () {
  const work = co(function* () {
    try {
      print('sleeps');
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled at', at());
      throw error;
    } finally {
      print('finally');
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  print(task.cancel(), task.done());
  yield* ticker(2);
  print(state(task), at());
});

program('cancel in the middle of sleep(0)', function* () {
  const work = co(function* () {
    for (let step = 0; step < 5; step++) {
      print('step', step);
      yield* asyncio.sleep(0);
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  print(task.cancel());
  yield* ticker(2);
  print(state(task));
});

program('cancel in the middle of awaiting a future', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  const work = co(function* () {
    try {
      yield* future;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('work', show(error));
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  task.cancel('stop');
  print(state(future), state(task));
  yield* ticker(2);
  print(state(task));
});

program('cancel in the middle of awaiting a task, three deep', function* () {
  const link = co(function* (name: string, awaitable: Waited) {
    try {
      print(name, 'waits');
      yield* awaitable;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(name, show(error));
      throw error;
    } finally {
      print(name, 'finally');
    }
  });

  const inner = asyncio.createTask(link('inner', asyncio.sleep(10)));
  const middle = asyncio.createTask(link('middle', inner));
  const outer = asyncio.createTask(link('outer', middle));
  yield* spin(2);
  print(outer.cancel('from the top'));
  print(inner.cancelling(), middle.cancelling(), outer.cancelling());
  yield* ticker(4);
  print(state(inner), state(middle), state(outer));
});

program('cancel the inner task: the outer one is cancelled by it, without having been asked', function* () {
  const outer = co(function* (inner: asyncio.Task<unknown>) {
    try {
      yield* inner;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('outer', show(error), me().cancelling());
      throw error;
    }
  });

  const inner = asyncio.createTask(forever('inner'));
  const task = asyncio.createTask(outer(inner));
  yield* spin(2);
  inner.cancel('inner only');
  yield* asyncio.wait([task]);
  print(state(inner), state(task), task.cancelling());
});

program('a message of cancel arrives, and none is none', function* () {
  for (const message of [[], ['text'], [null], [17]]) {
    const task = asyncio.createTask(forever('task'));
    yield* asyncio.sleep(0);
    task.cancel(...message);
    try {
      yield* task;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(error.args.length, show(error));
    }
  }
});

program('of two messages the last one counts before the task has run', function* () {
  const work = co(function* () {
    yield* asyncio.sleep(10);
  });

  const task = asyncio.createTask(work());
  task.cancel('first');
  task.cancel('second');
  print(task.cancelling());
  print(yield* outcome(task), task.cancelling());
});

program('cancel twice while waiting: one CancelledError, two requests', function* () {
  const work = co(function* () {
    for (let i = 0; i < 3; i++) {
      try {
        yield* asyncio.sleep(10);
        print('slept');
        return 'value';
      } catch (error) {
        only(error, asyncio.CancelledError);
        print(show(error), me().cancelling(), at());
      }
    }
    return 'never';
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  print(task.cancel('one'), task.cancel('two'));
  print(yield* outcome(task), at(), task.cancelling());
});

program('cancel, and again at the next sleep', function* () {
  const work = co(function* () {
    for (let round = 0; round < 3; round++) {
      try {
        yield* asyncio.sleep(10);
      } catch (error) {
        only(error, asyncio.CancelledError);
        print('round', round, show(error), at());
      }
    }
    return 'survived';
  });

  const task = asyncio.createTask(work());
  for (const message of ['one', 'two', 'three']) {
    yield* asyncio.sleep(1);
    task.cancel(message);
  }
  print(yield* outcome(task), task.cancelled(), task.cancelling());
  print(task.cancel());
});

program('a swallowed cancellation leaves a result', function* () {
  const task = asyncio.createTask(stubborn('task', 1, 'kept'));
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task), at());
  print(task.cancelled(), task.cancelling());
});

program('a cancellation answered by another exception', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
      throw new asyncio.ValueError('instead', { cause: error });
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  task.cancel();
  print(yield* outcome(task), task.cancelled());
  print(kind((task.exception() as Error).cause));
});

program('a cancelled task that returns from its finally', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      return 'from finally';
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  task.cancel();
  print(yield* outcome(task), state(task));
});

program('cancel during the clean-up interrupts the clean-up', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      try {
        print('cleaning from', at());
        yield* asyncio.sleep(10);
        print('never clean');
      } finally {
        print('interrupted at', at());
      }
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('first');
  yield* asyncio.sleep(1);
  task.cancel('second');
  print(yield* outcome(task), at());
});

program('a cancelled task is awaited until it is clean', function* () {
  const task = asyncio.createTask(cleaning('task', 2));
  yield* asyncio.sleep(1);
  task.cancel();
  yield* asyncio.sleep(1);
  print(task.done(), at());
  print(yield* outcome(task), at());
});

program('a cancelled task calls its callbacks in the iteration after', function* () {
  const task = asyncio.createTask(forever('task'));
  task.addDoneCallback((done) => print('callback', state(done)));
  yield* asyncio.sleep(0);
  task.cancel();
  yield* ticker(4);
});

program('many tasks cancelled at once end in the order they wait', function* () {
  const tasks = [...'abcd'].map((name) => asyncio.createTask(forever(name)));
  yield* asyncio.sleep(0);
  for (const task of tasks.toReversed()) {
    task.cancel();
  }
  const results = yield* asyncio.gather(...tasks, { returnExceptions: true });
  print(results.map((result) => show(result)));
});

program('cancel of a task in a coroutine chain unwinds from the inside', function* () {
  const level: (depth: number) => asyncio.Coroutine<void> = co(function* (depth: number) {
    try {
      if (depth === 0) {
        yield* asyncio.sleep(10);
      } else {
        yield* level(depth - 1);
      }
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('level', depth, 'cancelled');
      throw error;
    } finally {
      yield* asyncio.sleep(0);
      print('level', depth, 'left');
    }
  });

  const task = asyncio.createTask(level(2));
  yield* spin(2);
  task.cancel();
  yield* ticker(5);
  print(state(task));
});

program('a coroutine may raise CancelledError by itself', function* () {
  const work = co(function* () {
    yield* asyncio.sleep(0);
    throw new asyncio.CancelledError('of my own');
  });

  const task = asyncio.createTask(work());
  print(yield* outcome(task), task.cancelled(), task.cancelling());
});
