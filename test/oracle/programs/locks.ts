/**
 * Locks, events and semaphores: who is next, and what a waiter that is cancelled at the moment of its wake passes on.
 *
 * The twin of locks.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, only, print, program, range, show, state } from '../kit.ts';
import { outcome, ticker } from './common.ts';

program('a lock is handed over in the order of asking', function* () {
  const lock = new asyncio.Lock();

  const work = co(function* (name: string, delay: number) {
    print(name, 'asks');
    yield* asyncio.asyncWith(lock, function* () {
      print(name, 'holds', at());
      yield* asyncio.sleep(delay);
    });
    print(name, 'left', at());
  });

  yield* asyncio.gather(work('a', 3), work('b', 1), work('c', 2));
  print(lock.locked());
});

program('a free lock is taken without giving way', function* () {
  const lock = new asyncio.Lock();
  const ticking = asyncio.createTask(ticker(2));
  print(yield* lock.acquire(), lock.locked());
  lock.release();
  print(lock.locked());
  yield* ticking;
});

program('a lock that is released is not taken past those who wait', function* () {
  const lock = new asyncio.Lock();

  const work = co(function* (name: string) {
    for (let turn = 0; turn < 2; turn++) {
      yield* asyncio.asyncWith(lock, function* () {
        print(name, turn);
      });
    }
  });

  const greedy = co(function* () {
    for (let turn = 0; turn < 3; turn++) {
      yield* lock.acquire();
      print('greedy', turn);
      yield* asyncio.sleep(0);
      lock.release();
    }
  });

  yield* asyncio.gather(greedy(), work('a'), work('b'));
});

program('a lock not held cannot be released', function* () {
  const lock = new asyncio.Lock();
  try {
    lock.release();
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  }
  yield* asyncio.asyncWith(lock, function* () {
    print(lock.locked());
  });
  print(lock.locked());
});

program('a waiter of a lock that is cancelled leaves the queue', function* () {
  const lock = new asyncio.Lock();
  yield* lock.acquire();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(lock, function* () {
      print(name, 'holds');
    });
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  tasks[1]?.cancel();
  yield* asyncio.sleep(0);
  lock.release();
  yield* asyncio.wait(tasks);
  print(
    tasks.map((task) => state(task)),
    lock.locked(),
  );
});

program('a waiter cancelled as it is woken passes the lock on', function* () {
  const lock = new asyncio.Lock();
  yield* lock.acquire();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(lock, function* () {
      print(name, 'holds');
      yield* asyncio.sleep(0);
    });
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  lock.release();
  print(tasks[0]?.cancel(), lock.locked());
  yield* ticker(4);
  print(
    tasks.map((task) => state(task)),
    lock.locked(),
  );
});

program('all waiters of a lock cancelled as the first is woken', function* () {
  const lock = new asyncio.Lock();
  yield* lock.acquire();
  const tasks = range(3).map(() => asyncio.createTask(lock.acquire()));
  yield* asyncio.sleep(0);
  lock.release();
  for (const task of tasks) {
    task.cancel();
  }
  yield* asyncio.wait(tasks);
  print(
    lock.locked(),
    tasks.map((task) => state(task)),
  );
  print(yield* lock.acquire());
  lock.release();
});

program('a lock is released when its holder is cancelled', function* () {
  const lock = new asyncio.Lock();

  const holder = co(function* () {
    yield* asyncio.asyncWith(lock, function* () {
      yield* asyncio.sleep(10);
    });
  });

  const task = asyncio.createTask(holder());
  const waiter = asyncio.createTask(lock.acquire());
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* waiter, at(), lock.locked(), state(task));
});

program('asking for a lock in the iteration of its hand-over', function* () {
  const lock = new asyncio.Lock();
  yield* lock.acquire();

  const work = co(function* (name: string) {
    print(name, 'asks', lock.locked());
    yield* asyncio.asyncWith(lock, function* () {
      print(name, 'holds');
    });
  });

  const first = asyncio.createTask(work('waiter'));
  yield* asyncio.sleep(0);
  lock.release();
  print('released', lock.locked());
  yield* work('releaser');
  yield* first;
});

program('an event wakes all its waiters, in order', function* () {
  const event = new asyncio.Event();

  const work = co(function* (name: string) {
    print(name, yield* event.wait(), event.isSet());
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(1);
  event.set();
  event.set();
  print('set');
  yield* asyncio.gather(...tasks);
  const ticking = asyncio.createTask(ticker(1));
  print(yield* event.wait());
  yield* ticking;
});

program('an event cleared at once still wakes who waited', function* () {
  const event = new asyncio.Event();

  const work = co(function* (name: string) {
    yield* event.wait();
    print(name, 'woken', event.isSet());
  });

  const early = asyncio.createTask(work('early'));
  yield* asyncio.sleep(0);
  event.set();
  event.clear();
  const late = asyncio.createTask(work('late'));
  yield* ticker(3);
  print(state(early), state(late));
  event.set();
  yield* late;
});

program('a waiter of an event cancelled before and after set', function* () {
  const event = new asyncio.Event();

  const work = co(function* (name: string) {
    yield* event.wait();
    print(name, 'woken');
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  tasks[0]?.cancel();
  event.set();
  tasks[1]?.cancel();
  yield* asyncio.wait(tasks);
  print(tasks.map((task) => state(task)));
});

program('a semaphore lets so many in, in order', function* () {
  const semaphore = new asyncio.Semaphore(2);

  const work = co(function* (name: string, delay: number) {
    yield* asyncio.asyncWith(semaphore, function* () {
      print(name, 'in', at(), semaphore.locked());
      yield* asyncio.sleep(delay);
    });
    print(name, 'out', at());
  });

  yield* asyncio.gather(work('a', 3), work('b', 1), work('c', 1.5), work('d', 1));
  print(semaphore.locked());
});

program('a semaphore can be released beyond its value, a bounded one cannot', function* () {
  const semaphore = new asyncio.Semaphore(0);
  print(semaphore.locked());
  semaphore.release();
  semaphore.release();
  print(yield* semaphore.acquire(), semaphore.locked(), yield* semaphore.acquire(), semaphore.locked());
  const bounded = new asyncio.BoundedSemaphore(1);
  yield* bounded.acquire();
  bounded.release();
  try {
    bounded.release();
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
  try {
    new asyncio.Semaphore(-1);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
});

program('a waiter of a semaphore cancelled as it is woken', function* () {
  const semaphore = new asyncio.Semaphore(1);
  yield* semaphore.acquire();

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(semaphore, function* () {
      print(name, 'in');
      yield* asyncio.sleep(0);
    });
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  semaphore.release();
  tasks[0]?.cancel();
  yield* ticker(5);
  print(
    tasks.map((task) => state(task)),
    semaphore.locked(),
  );
});

program('two releases, two waiters woken, the first is cancelled', function* () {
  const semaphore = new asyncio.Semaphore(0);

  const work = co(function* (name: string) {
    yield* semaphore.acquire();
    print(name, 'in');
  });

  const tasks = [...'abcd'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0);
  semaphore.release();
  semaphore.release();
  tasks[0]?.cancel();
  yield* ticker(3);
  print(
    tasks.map((task) => state(task)),
    semaphore.locked(),
  );
  tasks[3]?.cancel();
  yield* asyncio.wait(tasks);
});

program('a semaphore is not taken past those who wait', function* () {
  const semaphore = new asyncio.Semaphore(1);
  yield* semaphore.acquire();

  const work = co(function* (name: string) {
    yield* semaphore.acquire();
    print(name, 'in');
    yield* asyncio.sleep(1);
    semaphore.release();
  });

  const first = asyncio.createTask(work('first'));
  yield* asyncio.sleep(0);
  semaphore.release();
  print('locked', semaphore.locked());
  const second = asyncio.createTask(work('second'));
  yield* work('releaser');
  yield* asyncio.gather(first, second);
  print(at());
});

program('a cancelled waiter in the middle of the queue of a semaphore', function* () {
  const semaphore = new asyncio.Semaphore(1);
  const order: string[] = [];

  const work = co(function* (name: string) {
    yield* asyncio.asyncWith(semaphore, function* () {
      order.push(name);
      yield* asyncio.sleep(1);
    });
  });

  const tasks = [...'abcdef'].map((name) => asyncio.createTask(work(name)));
  yield* asyncio.sleep(0.5);
  for (const number of [2, 4]) {
    tasks[number]?.cancel();
  }
  yield* asyncio.wait(tasks);
  print(order, at());
});

program('a semaphore under a storm of cancellations keeps its count', function* () {
  const semaphore = new asyncio.Semaphore(3);
  let inside = 0;
  let most = 0;

  const work = co(function* (number: number) {
    yield* asyncio.asyncWith(semaphore, function* () {
      inside += 1;
      most = Math.max(most, inside);
      try {
        yield* asyncio.sleep(0.5 + (number % 4));
      } finally {
        inside -= 1;
      }
    });
  });

  const tasks = range(40).map((number) => asyncio.createTask(work(number)));
  const loop = asyncio.getRunningLoop();
  for (let number = 0; number < 40; number += 3) {
    loop.callLater(0.123 + number * 0.2171, () => tasks[number]?.cancel());
  }
  yield* asyncio.wait(tasks);
  print(inside, most, tasks.filter((task) => task.cancelled()).length, at());
  for (let i = 0; i < 3; i++) {
    yield* semaphore.acquire();
  }
  print(semaphore.locked());
});

program('a guard lets go at the end of its block', function* () {
  const lock = new asyncio.Lock();
  const semaphore = new asyncio.Semaphore(2);

  const work = co(function* (name: string) {
    {
      using _holding = yield* lock.guard();
      print(name, 'holds the lock', lock.locked());
      yield* asyncio.sleep(1);
      using _inside = yield* semaphore.guard();
      print(name, 'in', semaphore.locked(), at());
    }
    print(name, 'left', lock.locked());
  });

  yield* asyncio.gather(work('a'), work('b'));
  print(lock.locked(), semaphore.locked());
});

program('a guard lets go when its holder is cancelled or fails', function* () {
  const condition = new asyncio.Condition();

  const work = co(function* (message: string) {
    using _holding = yield* condition.guard();
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError(message);
  });

  const first = asyncio.createTask(work('never'));
  const second = asyncio.createTask(work('second'));
  yield* asyncio.sleep(0.5);
  first.cancel('stop');
  print(yield* outcome(first), condition.locked());
  print(yield* outcome(second), condition.locked(), at());
});
