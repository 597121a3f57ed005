/**
 * The life of a task: when it starts, when it is woken, who is current, and what it leaves behind.
 *
 * The twin of tasks.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, kind, me, only, print, program, run, script, show, state, virtualLoop } from '../kit.ts';
import { failAfter, outcome, spin, ticker, valueAfter } from './common.ts';

program('the first step of a task is the next iteration', function* () {
  const work = co(function* (name: string) {
    print(name, 'starts');
    yield* asyncio.sleep(0);
    print(name, 'ends');
  });

  const loop = asyncio.getRunningLoop();
  loop.callSoon(print, 'callback before');
  const first = asyncio.createTask(work('first'));
  loop.callSoon(print, 'callback between');
  const second = asyncio.createTask(work('second'));
  loop.callSoon(print, 'callback after');
  print('created');
  yield* first;
  print('first awaited');
  yield* second;
});

program('sleep(0) is one iteration, fair to all', function* () {
  const work = co(function* (name: string, steps: number) {
    for (let step = 0; step < steps; step++) {
      print(name, step);
      yield* asyncio.sleep(0);
    }
    return name;
  });

  const tasks = Object.entries({ a: 3, b: 1, c: 2 }).map(([name, steps]) =>
    asyncio.createTask(work(name, steps)),
  );
  print(yield* asyncio.gather(...tasks));
});

program('an awaited coroutine runs in the iteration of its caller', function* () {
  const inner: (number: number) => asyncio.Coroutine<number> = co(function* (number: number) {
    if (number > 0) {
      print('depth', number);
      return (yield* inner(number - 1)) + 1;
    }
    return 0;
  });

  const ticking = asyncio.createTask(ticker(2));
  print('depth reached', yield* inner(4));
  yield* ticking;
});

program('a coroutine that is not awaited does not run', function* () {
  const work = co(function* () {
    print('runs');
    return 'done';
  });

  const coroutine = work();
  yield* asyncio.sleep(1);
  print('created a second ago');
  print(yield* coroutine);
});

program('outer, phase one, phase two', function* () {
  const phaseOne = co(function* () {
    print('in phase one');
    yield* asyncio.sleep(0.5);
    return 'one';
  });

  const phaseTwo = co(function* (argument: string) {
    print('in phase two', at());
    yield* asyncio.sleep(0.25);
    return `two after ${argument}`;
  });

  print('waiting for phase one');
  const one = yield* phaseOne();
  print('waiting for phase two');
  print(one, '-', yield* phaseTwo(one), at());
});

program('a task that awaits a task resumes one iteration after it ended', function* () {
  const inner = co(function* () {
    print('inner starts');
    yield* asyncio.sleep(0);
    print('inner ends');
    return 'value';
  });

  const outer = co(function* () {
    print('outer starts');
    const value = yield* asyncio.createTask(inner());
    print('outer has', value);
  });

  yield* asyncio.gather(ticker(5), outer());
});

program('awaiting a finished task takes no iteration', function* () {
  const task = asyncio.createTask(valueAfter(0, 'value'));
  yield* spin(3);
  const ticking = asyncio.createTask(ticker(1));
  print(yield* task, yield* task);
  yield* ticking;
});

program('callbacks and waiters of a task are served in the order they came', function* () {
  const waitForIt = co(function* (name: string, task: asyncio.Task<unknown>) {
    print(name, yield* task);
  });

  const task = asyncio.createTask(valueAfter(1, 'value'));
  const first = asyncio.createTask(waitForIt('first waiter', task));
  yield* asyncio.sleep(0);
  task.addDoneCallback(() => print('callback'));
  const second = asyncio.createTask(waitForIt('second waiter', task));
  yield* spin(2);
  task.addDoneCallback(() => print('last callback'));
  yield* asyncio.gather(first, second);
});

program('a task wakes at its place among callbacks', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const work = co(function* () {
    print('waits');
    yield* future;
    print('woken');
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);

  function settle() {
    loop.callSoon(print, 'callback before the wake-up');
    future.setResult(null);
    loop.callSoon(print, 'callback after the wake-up');
  }

  loop.callSoon(settle);
  yield* ticker(3);
  yield* task;
});

program('a failing task hands the same exception to each that awaits it', function* () {
  const error = new asyncio.ValueError('boom');

  const bad = co(function* () {
    yield* asyncio.sleep(0);
    throw error;
  });

  const task = asyncio.createTask(bad());
  const seen: boolean[] = [];
  for (let i = 0; i < 2; i++) {
    try {
      yield* task;
    } catch (failure) {
      only(failure, asyncio.ValueError);
      seen.push(failure === error);
    }
  }
  print(seen, task.exception() === error, task.done(), task.cancelled(), state(task));
});

program('a task cannot be settled from outside', function* () {
  const task = asyncio.createTask(valueAfter(0, 'value'));
  for (const settle of [() => task.setResult('no'), () => task.setException(new asyncio.ValueError('no'))]) {
    try {
      settle();
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(kind(error), error.message.startsWith('Task does not support'));
    }
  }
  print(yield* task);
});

program('a pending task has no result yet', function* () {
  const task = asyncio.createTask(valueAfter(1, 'value'));
  for (const ask of [() => task.result(), () => task.exception()]) {
    try {
      ask();
    } catch (error) {
      only(error, asyncio.InvalidStateError);
      print(kind(error));
    }
  }
  print(yield* task, task.result(), task.exception() === null);
});

program('names of tasks', function* () {
  const named = asyncio.createTask(valueAfter(0, 1), { name: 'worker' });
  print(named.getName());
  named.setName('renamed');
  print(named.getName());
  named.setName(17 as unknown as string);
  print(named.getName() === '17');
  const first = asyncio.createTask(valueAfter(0, 2));
  const second = asyncio.createTask(valueAfter(0, 3));
  const [one, two] = [first.getName(), second.getName()];
  print(one.startsWith('Task-'), Number(two.slice(5)) - Number(one.slice(5)));
  yield* asyncio.gather(named, first, second);
});

program('current_task in tasks, coroutines and callbacks', function* () {
  const loop = asyncio.getRunningLoop();

  const nameOfCurrent = co(function* () {
    return me().getName();
  });

  const work = co(function* () {
    print('in a task', yield* nameOfCurrent());
    yield* asyncio.sleep(0);
    print('after a wait', yield* nameOfCurrent());
  });

  me().setName('main');
  print(yield* nameOfCurrent());
  const task = asyncio.createTask(work(), { name: 'worker' });
  loop.callSoon(() => print('in a callback', asyncio.currentTask() === null));
  task.addDoneCallback(() => print('in a done callback', asyncio.currentTask() === null));
  yield* task;
  yield* asyncio.sleep(0);
  print(yield* nameOfCurrent());
});

program('all_tasks holds those that are not done', function* () {
  function names() {
    return [...asyncio.allTasks()]
      .map((task) => task.getName())
      .sort()
      .join(' ');
  }

  me().setName('main');
  print(names());
  const tasks = [1, 2, 3].map((delay) =>
    asyncio.createTask(valueAfter(delay, delay), { name: `after ${delay}` }),
  );
  print(names());
  yield* tasks[1] as asyncio.Task<number>;
  print(names());
  tasks[2]?.cancel();
  print(names());
  yield* asyncio.wait(tasks);
  print(names());
});

program('a task that awaits itself fails', function* () {
  const work = co(function* () {
    yield* me();
  });

  try {
    yield* asyncio.createTask(work());
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(kind(error), error.message.includes('Task cannot await on itself'));
  }
});

script('a future of another loop is refused', async () => {
  const other = virtualLoop();
  const future = other.createFuture();

  const main = co(function* () {
    try {
      yield* future;
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(error.message.includes('attached to a different loop'));
    }
  });

  await run(main());
  future.cancel();
  other.close();
});

program('a result of sleep, and sleeps in order', function* () {
  const sleeper = co(function* (delay: number) {
    const value = yield* asyncio.sleep(delay, `slept ${delay}`);
    print(value, at());
  });

  yield* asyncio.gather(...[3, 1, 2, 0, -1].map((delay) => sleeper(delay)));
});

program('a coroutine that fails before its first wait', function* () {
  const bad = co(function* () {
    print('starts');
    throw new asyncio.ValueError('at once');
  });

  const task = asyncio.createTask(bad());
  print('created');
  yield* asyncio.sleep(0);
  print(task.done());
  print(yield* outcome(task));
});

program('the exception of a task that nobody awaited is reported', function* () {
  const loop = asyncio.getRunningLoop();
  loop.setExceptionHandler((_, context) => print('reported', context.message, show(context.exception)));
  const task = asyncio.createTask(failAfter(0, 'lost'));
  yield* spin(3);
  print('end', task.done());
});

program('a done callback of a task that asks for the exception', function* () {
  const task = asyncio.createTask(failAfter(1, 'boom'));
  task.addDoneCallback((done) => print('callback', show(done.exception()), at()));
  yield* asyncio.sleep(2);
  print('end');
});

program('tasks made by tasks, breadth first', function* () {
  const grow: (name: string) => asyncio.Coroutine<void> = co(function* (name: string) {
    print(name);
    if (name.length < 3) {
      const children = [...'lr'].map((side) => asyncio.createTask(grow(name + side)));
      for (const child of children) {
        yield* child;
      }
    }
    print('end of', name);
  });

  yield* grow('x');
});

script('SystemExit and KeyboardInterrupt of a task leave the loop at once', async () => {
  for (const Leaving of [asyncio.KeyboardInterrupt, asyncio.SystemExit]) {
    const bad = co(function* () {
      yield* asyncio.sleep(0);
      throw new Leaving('out');
    });

    const main = co(function* () {
      const task = asyncio.createTask(bad());
      try {
        yield* asyncio.sleep(5);
      } catch (error) {
        only(error, asyncio.CancelledError);
        print('main cancelled', at(), kind(task.exception()));
        throw error;
      }
    });

    try {
      await run(main());
    } catch (error) {
      print('left with', show(error));
    }
  }
});
