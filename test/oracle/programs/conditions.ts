/**
 * Conditions and barriers: notify with cancelled waiters, predicates, breaking and resetting.
 *
 * The twin of conditions.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, kind, only, print, program, show, state } from '../kit.ts';
import { outcome, spin } from './common.ts';

program('notify wakes in order, as many as asked for', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(condition, function* () {
      yield* condition.wait();
      print(name, 'woken', condition.locked());
    });
  });

  const tasks = [...'abcde'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  for (const count of [1, 2]) {
    yield* asyncio.asyncWith(condition, function* () {
      condition.notify(count);
      print('notified', count);
    });
    yield* spin(4);
  }
  yield* asyncio.asyncWith(condition, function* () {
    condition.notifyAll();
    print('notified all');
  });
  yield* asyncio.gather(...tasks);
});

program('a waiter wakes only when the lock is free', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* () {
    yield* asyncio.asyncWith(condition, function* () {
      print(yield* condition.wait(), at());
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  yield* asyncio.asyncWith(condition, function* () {
    condition.notify();
    yield* asyncio.sleep(1);
    print('leaving the lock');
  });
  yield* task;
});

program('a condition without its lock refuses', function* () {
  const condition = new asyncio.Condition();
  for (const refused of [() => condition.notify(), () => condition.notifyAll(), () => condition.release()]) {
    try {
      refused();
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(show(error));
    }
  }
  print(yield* outcome(condition.wait()));
});

program('wait_for a predicate', function* () {
  const condition = new asyncio.Condition();
  const stock: number[] = [];

  const consumer = co(function* () {
    yield* asyncio.asyncWith(condition, function* () {
      const value = yield* condition.waitFor(() => stock.length >= 3 && 'enough');
      print(value, stock.length, at());
    });
  });

  const task = asyncio.createTask(consumer());
  for (let number = 0; number < 4; number++) {
    yield* asyncio.sleep(1);
    yield* asyncio.asyncWith(condition, function* () {
      stock.push(number);
      condition.notify();
    });
  }
  yield* task;
});

program('notify when the first waiter has been cancelled', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(condition, function* () {
      yield* condition.wait();
      print(name, 'woken');
    });
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  tasks[0]?.cancel();
  yield* asyncio.asyncWith(condition, function* () {
    condition.notify();
  });
  yield* spin(5);
  print(tasks.map((task) => state(task)));
  yield* asyncio.asyncWith(condition, function* () {
    condition.notifyAll();
  });
  yield* asyncio.wait(tasks);
});

program('a waiter cancelled after notify, before it has run, passes the notification on', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(condition, function* () {
      try {
        yield* condition.wait();
        print(name, 'woken');
      } catch (error) {
        only(error, asyncio.CancelledError);
        print(name, 'cancelled', condition.locked());
        throw error;
      }
    });
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  yield* asyncio.asyncWith(condition, function* () {
    condition.notify();
  });
  tasks[0]?.cancel();
  yield* spin(6);
  print(tasks.map((task) => state(task)));
  yield* asyncio.asyncWith(condition, function* () {
    condition.notifyAll();
  });
  yield* asyncio.wait(tasks);
});

program('a cancelled waiter takes the lock again before it leaves', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* () {
    yield* asyncio.asyncWith(condition, function* () {
      try {
        yield* condition.wait();
      } finally {
        print('left the wait', condition.locked(), at());
      }
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  yield* asyncio.asyncWith(condition, function* () {
    task.cancel('early');
    yield* asyncio.sleep(1);
    print('the lock is still ours', at());
  });
  print(yield* outcome(task));
});

program('a waiter cancelled twice, the second time while it waits for the lock', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* () {
    yield* asyncio.asyncWith(condition, function* () {
      try {
        yield* condition.wait();
      } finally {
        print('left the wait', condition.locked(), at());
      }
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  yield* asyncio.asyncWith(condition, function* () {
    task.cancel('one');
    yield* asyncio.sleep(1);
    task.cancel('two');
    yield* asyncio.sleep(1);
  });
  try {
    yield* task;
  } catch (error) {
    only(error, asyncio.CancelledError);
    print('cancelled', task.cancelling(), condition.locked());
  }
});

program('two conditions on one lock', function* () {
  const lock = new asyncio.Lock();
  const notEmpty = new asyncio.Condition(lock);
  const notFull = new asyncio.Condition(lock);
  const items: number[] = [];

  const producer = co(function* () {
    for (let number = 0; number < 4; number++) {
      yield* asyncio.asyncWith(notFull, function* () {
        yield* notFull.waitFor(() => items.length < 1);
        items.push(number);
        print('put', number);
        notEmpty.notify();
      });
    }
  });

  const consumer = co(function* () {
    for (let i = 0; i < 4; i++) {
      yield* asyncio.asyncWith(notEmpty, function* () {
        yield* notEmpty.waitFor(() => items.length > 0);
        print('got', items.pop());
        notFull.notify();
      });
    }
  });

  yield* asyncio.gather(consumer(), producer());
  print(lock.locked());
});

program('condition.wait with a timeout', function* () {
  const condition = new asyncio.Condition();
  yield* asyncio.asyncWith(condition, function* () {
    try {
      yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
        yield* condition.wait();
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print('timed out', condition.locked(), at());
    }
  });
  print(condition.locked());
});

program('a barrier lets its parties through together', function* () {
  const barrier = new asyncio.Barrier(3);

  const work = co(function* (name: string, delay: number) {
    yield* asyncio.sleep(delay);
    print(name, 'comes', barrier.nWaiting, at());
    const index = yield* barrier.wait();
    print(name, 'passes as', index, at());
  });

  yield* asyncio.gather(work('a', 1), work('b', 2), work('c', 3));
  print(barrier.nWaiting, barrier.broken, barrier.parties);
});

program('a barrier is used again and again', function* () {
  const barrier = new asyncio.Barrier(2);
  const log: string[] = [];

  const work = co(function* () {
    for (let turn = 0; turn < 3; turn++) {
      yield* barrier.wait();
      log.push(`${turn}`);
    }
  });

  yield* asyncio.gather(work(), work());
  print(log.join(' '));
});

program('a barrier as a context manager gives the index', function* () {
  const barrier = new asyncio.Barrier(2);

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(barrier, function* (index) {
      print(name, index);
    });
  });

  yield* asyncio.gather(work('a'), work('b'));
});

program('an aborted barrier breaks for all', function* () {
  const barrier = new asyncio.Barrier(3);

  const work = co(function* (name: string) {
    print(name, (yield* outcome(barrier.wait())).split(':')[0], barrier.broken);
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(1);
  yield* barrier.abort();
  yield* asyncio.wait(tasks);
  print(barrier.broken, barrier.nWaiting);
  yield* work('late');
  yield* barrier.reset();
  print(barrier.broken);
});

program('a barrier that is reset breaks for those who wait, and works again', function* () {
  const barrier = new asyncio.Barrier(2);

  const work = co(function* (name: string) {
    print(name, (yield* outcome(barrier.wait())).split(':')[0]);
  });

  const first = asyncio.createTask(work('first'));
  yield* asyncio.sleep(1);
  yield* barrier.reset();
  yield* first;
  print(barrier.broken, barrier.nWaiting);
  yield* asyncio.gather(work('a'), work('b'));
});

program('a cancelled waiter leaves the barrier whole', function* () {
  const barrier = new asyncio.Barrier(2);

  const work = co(function* (name: string) {
    print(name, 'passes as', yield* barrier.wait());
  });

  const first = asyncio.createTask(work('first'));
  yield* asyncio.sleep(0);
  print(barrier.nWaiting);
  first.cancel();
  yield* asyncio.wait([first]);
  print(state(first), barrier.nWaiting, barrier.broken);
  yield* asyncio.gather(work('second'), work('third'));
});

program('a waiter that is cancelled while the barrier drains', function* () {
  const barrier = new asyncio.Barrier(3);

  const work = co(function* (name: string) {
    try {
      print(name, 'passes as', yield* barrier.wait());
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(name, 'cancelled');
      throw error;
    }
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  const last = asyncio.createTask(work('c'));
  last.addDoneCallback(() => tasks[0]?.cancel());
  yield* asyncio.wait([...tasks, last]);
  yield* spin(2);
  print(
    tasks.map((task) => state(task)),
    barrier.nWaiting,
    barrier.broken,
  );
  yield* asyncio.gather(...[...'xyz'].map((name) => work(name)));
});

program('a barrier of no parties is refused', function* () {
  try {
    new asyncio.Barrier(0);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(kind(error));
  }
  print(yield* new asyncio.Barrier(1).wait());
});
