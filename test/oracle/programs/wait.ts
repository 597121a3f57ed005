/**
 * wait and as_completed: what is done when, and what a timeout or a cancellation leaves running.
 *
 * The twin of wait.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, discard, only, print, program, show, state, type Waited } from '../kit.ts';
import { failAfter, outcome, spin, ticker, valueAfter } from './common.ts';

/** A task that ends after a delay and bears it as its name. */
function named(delay: number, { fail = false } = {}): asyncio.Task<number> {
  const work = fail ? failAfter(delay, `failed after ${delay}`) : valueAfter(delay, delay);
  return asyncio.createTask(work, { name: `${delay}` });
}

function names(tasks: Iterable<asyncio.Task<unknown>>): string {
  return (
    [...tasks]
      .map((task) => task.getName())
      .sort()
      .join(' ') || 'none'
  );
}

/** Cancels what is left, so that each program ends with nothing running. */
const drop = co(function* (tasks: Iterable<asyncio.Task<unknown>>) {
  for (const task of tasks) {
    task.cancel();
  }
  yield* asyncio.gather(...tasks, { returnExceptions: true });
});

program('wait for all', function* () {
  const [done, pending] = yield* asyncio.wait([named(2), named(1), named(3, { fail: true })]);
  print(names(done), '|', names(pending), at());
  print(
    [...done]
      .map((task) => state(task))
      .sort()
      .join(' / '),
  );
});

program('wait for the first', function* () {
  const [done, pending] = yield* asyncio.wait([named(2), named(1), named(3)], {
    returnWhen: asyncio.FIRST_COMPLETED,
  });
  print(names(done), '|', names(pending), at());
  yield* drop(pending);
});

program('wait for the first: two that end in one iteration are both done', function* () {
  const tasks = [named(0), named(-1), named(5)];
  const [done, pending] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_COMPLETED });
  print(names(done), '|', names(pending), at());
  yield* drop(pending);
});

program('wait for the first exception', function* () {
  const tasks = [named(1), named(2, { fail: true }), named(3)];
  const [done, pending] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_EXCEPTION });
  print(names(done), '|', names(pending), at());
  yield* drop(tasks);
});

program('wait for the first exception: a cancelled task is none', function* () {
  const tasks = [named(1), named(2), named(3)];
  asyncio.getRunningLoop().callLater(0.5, () => tasks[0]?.cancel());
  const [done, pending] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_EXCEPTION });
  print(names(done), '|', names(pending), at());
});

program('wait with a timeout leaves the rest running', function* () {
  const tasks = [named(1), named(2), named(3)];
  const [done, pending] = yield* asyncio.wait(tasks, { timeout: 1.5 });
  print(names(done), '|', names(pending), at());
  print(yield* asyncio.gather(...tasks), at());
});

program('wait with no time at all', function* () {
  const doneAlready = asyncio.getRunningLoop().createFuture();
  doneAlready.setResult('here');
  const task = named(1);
  const ticking = asyncio.createTask(ticker(4));
  const [done, pending] = yield* asyncio.wait([doneAlready, task], { timeout: 0 });
  print(done.size, pending.size, at());
  yield* ticking;
  yield* drop([task]);
});

program('wait for what is done already takes two iterations', function* () {
  const task = named(0);
  yield* spin(3);
  const ticking = asyncio.createTask(ticker(5));
  let [done, pending] = yield* asyncio.wait([task]);
  print(names(done), '|', names(pending));
  const later = named(1);
  [done, pending] = yield* asyncio.wait([task, later], { returnWhen: asyncio.FIRST_COMPLETED });
  print(names(done), '|', names(pending));
  yield* ticking;
  yield* drop([later]);
});

program('wait resumes one iteration after the last callback', function* () {
  const waits = co(function* () {
    yield* asyncio.wait([asyncio.createTask(spin(2)), asyncio.createTask(spin(1))]);
    print('wait ends');
  });

  yield* asyncio.gather(waits(), ticker(7));
});

program('cancel in the middle of wait leaves the tasks alone', function* () {
  const tasks = [named(2), named(3)];

  const work = co(function* () {
    try {
      yield* asyncio.wait(tasks);
    } finally {
      print('wait left at', at(), names(tasks));
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('the waiter only');
  print(
    yield* outcome(task),
    tasks.map((each) => state(each)),
  );
  print(yield* asyncio.gather(...tasks), at());
});

program('cancel comes in the iteration in which wait is done', function* () {
  const work = co(function* (inner: asyncio.Task<unknown>) {
    try {
      yield* asyncio.wait([inner]);
      print('never');
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled, the task has', state(inner));
      throw error;
    }
  });

  const inner = named(0);
  const task = asyncio.createTask(work(inner));
  inner.addDoneCallback(() => task.cancel());
  print(yield* outcome(task));
});

program('wait refuses nothing, coroutines and unknown conditions', function* () {
  const task = named(1);
  const coroutine = valueAfter(1, 1);
  for (const refused of [
    () => asyncio.wait([]),
    () => asyncio.wait([coroutine as never]),
    () => asyncio.wait([task], { returnWhen: 'SOON' as never }),
    () => asyncio.wait(task as never),
  ]) {
    print((yield* outcome(refused())).split(':')[0]);
  }
  discard(coroutine);
  yield* drop([task]);
});

program('wait takes a generator, and one task twice', function* () {
  const task = named(1);
  const [done, pending] = yield* asyncio.wait([task, task, named(2)]);
  print(names(done), '|', names(pending), at());
});

program('as_completed gives them as they end', function* () {
  for (const coroutine of asyncio.asCompleted([valueAfter(3, 'c'), valueAfter(1, 'a'), valueAfter(2, 'b')])) {
    print(yield* coroutine, at());
  }
});

program('as_completed gives failures where they happen', function* () {
  for (const coroutine of asyncio.asCompleted([valueAfter(2, 'b'), failAfter(1, 'a'), valueAfter(3, 'c')])) {
    print(yield* outcome(coroutine), at());
  }
});

program('as_completed of what ends in iterations that follow each other', function* () {
  const work = co(function* (name: string, steps: number) {
    yield* spin(steps);
    return name;
  });

  const works = [work('two', 2), work('one', 1), work('none', 0), work('three', 3)];
  const order: string[] = [];
  for (const coroutine of asyncio.asCompleted(works)) order.push(yield* coroutine);
  print(order);
});

program('as_completed with a timeout', function* () {
  const tasks = [named(1), named(3), named(4)];
  for (const coroutine of asyncio.asCompleted(tasks, { timeout: 2 })) {
    print(yield* outcome(coroutine), at());
  }
  print(tasks.map((task) => state(task)));
  yield* drop(tasks);
});

program('as_completed left in the middle lets the others run', function* () {
  const tasks = [named(2), named(1), named(3)];
  for (const coroutine of asyncio.asCompleted(tasks)) {
    print(yield* coroutine, at());
    break;
  }
  print(yield* asyncio.gather(...tasks), at());
});

program('as_completed of nothing, and of one thing twice', function* () {
  const task = named(1);
  for (const tasks of [[], [task, task]]) {
    const results: number[] = [];
    for (const coroutine of asyncio.asCompleted(tasks)) results.push(yield* coroutine);
    print(results);
  }
});

program('as_completed awaited from several tasks', function* () {
  const take = co(function* (name: string, coroutine: Waited) {
    print(name, 'got', yield* coroutine, at());
  });

  const coroutines = [...asyncio.asCompleted([valueAfter(2, 'second'), valueAfter(1, 'first')])];
  yield* asyncio.gather(...coroutines.map((coroutine, index) => take(index === 0 ? 'a' : 'b', coroutine)));
});

program('cancel in the middle of as_completed', function* () {
  const tasks = [named(1), named(3)];

  const work = co(function* () {
    for (const coroutine of asyncio.asCompleted(tasks)) {
      print(yield* coroutine, at());
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(2);
  task.cancel();
  print(
    yield* outcome(task),
    tasks.map((each) => state(each)),
  );
  print(yield* tasks[1] as asyncio.Task<number>, at());
});

program('as_completed as an asynchronous iterator gives the tasks themselves', function* () {
  let tasks = [named(2), named(1), named(3, { fail: true })];
  yield* asyncio.asyncFor(asyncio.asCompleted(tasks), function* (future) {
    const task = future as asyncio.Task<number>;
    print(task.getName(), tasks.indexOf(task as asyncio.Task<number>), state(task), at());
  });
  print('with a timeout');
  tasks = [named(1), named(5)];
  try {
    yield* asyncio.asyncFor(asyncio.asCompleted(tasks, { timeout: 2 }), function* (task) {
      print(state(task as asyncio.Task<number>));
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(show(error), at());
  }
  yield* drop(tasks);
});
