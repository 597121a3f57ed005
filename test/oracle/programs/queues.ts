/**
 * Queues: who gets what, getters and putters that are cancelled as they are woken, joining and shutting down.
 *
 * The twin of queues.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, only, print, program, range, show, state, type Waited } from '../kit.ts';
import { outcome, spin, ticker } from './common.ts';

program('a queue gives in the order of putting, to getters in the order of coming', function* () {
  const queue = new asyncio.Queue();

  const getter = co(function* (name: string) {
    for (let i = 0; i < 2; i++) {
      print(name, 'got', yield* queue.get());
    }
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(getter(name)));
  yield* asyncio.sleep(0);
  for (let number = 0; number < 4; number++) {
    yield* queue.put(number);
    print('put', number);
  }
  yield* asyncio.gather(...tasks);
  print(queue.qsize(), queue.empty());
});

program('a full queue makes putters wait, in order', function* () {
  const queue = new asyncio.Queue(1);

  const putter = co(function* (name: string) {
    yield* queue.put(name);
    print(name, 'was put', queue.full());
  });

  const tasks = [...'abc'].map((name) => asyncio.createTask(putter(name)));
  yield* asyncio.sleep(1);
  for (let i = 0; i < 3; i++) {
    print('got', yield* queue.get());
    yield* spin(2);
  }
  yield* asyncio.gather(...tasks);
});

program('producer and consumer step by step', function* () {
  const queue = new asyncio.Queue<number | null>(2);

  const producer = co(function* () {
    for (let number = 0; number < 5; number++) {
      yield* queue.put(number);
      print('put', number, queue.qsize());
    }
    yield* queue.put(null);
  });

  const consumer = co(function* () {
    for (;;) {
      const item = yield* queue.get();
      if (item === null) break;
      print('got', item, queue.qsize());
    }
  });

  yield* asyncio.gather(producer(), consumer(), ticker(3));
});

program('without waiting: empty and full', function* () {
  const queue = new asyncio.Queue(1);
  for (const action of [
    () => queue.getNowait(),
    () => queue.putNowait('one'),
    () => queue.putNowait('two'),
    () => queue.getNowait(),
  ]) {
    try {
      print(action());
    } catch (error) {
      only(error, asyncio.QueueEmpty, asyncio.QueueFull);
      print(show(error));
    }
  }
  print(queue.maxsize, queue.empty(), queue.full());
});

program('cancel in the middle of queue.get', function* () {
  const queue = new asyncio.Queue();
  const tasks = range(3).map(() => asyncio.createTask(queue.get()));
  yield* asyncio.sleep(0);
  tasks[0]?.cancel();
  yield* asyncio.sleep(0);
  queue.putNowait('first');
  queue.putNowait('second');
  yield* asyncio.wait(tasks);
  print(
    tasks.map((task) => state(task)),
    queue.qsize(),
  );
});

program('a getter cancelled as it is woken: the item goes to the next', function* () {
  const queue = new asyncio.Queue();

  const getter = co(function* (name: string) {
    print(name, 'got', yield* queue.get());
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(getter(name)));
  yield* asyncio.sleep(0);
  queue.putNowait('item');
  print(tasks[0]?.cancel());
  yield* ticker(3);
  print(
    tasks.map((task) => state(task)),
    queue.qsize(),
  );
});

program('the only getter cancelled as it is woken: the item stays', function* () {
  const queue = new asyncio.Queue();
  const task = asyncio.createTask(queue.get());
  yield* asyncio.sleep(0);
  queue.putNowait('item');
  task.cancel();
  print(yield* outcome(task), queue.qsize());
  print(yield* queue.get());
});

program('a putter cancelled as it is woken: the room goes to the next', function* () {
  const queue = new asyncio.Queue(1);
  queue.putNowait('first');

  const putter = co(function* (name: string) {
    yield* queue.put(name);
    print(name, 'was put');
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(putter(name)));
  yield* asyncio.sleep(0);
  print(queue.getNowait());
  tasks[0]?.cancel();
  yield* ticker(3);
  print(
    tasks.map((task) => state(task)),
    queue.qsize(),
    queue.getNowait(),
  );
});

program('cancel in the middle of queue.put: nothing was put', function* () {
  const queue = new asyncio.Queue(1);
  yield* queue.put('first');
  const task = asyncio.createTask(queue.put('second'));
  yield* asyncio.sleep(0);
  task.cancel('no more');
  print(yield* outcome(task), queue.qsize(), yield* queue.get(), queue.empty());
});

program('an item put between the wake-up and the run of a getter', function* () {
  const queue = new asyncio.Queue();

  const getter = co(function* () {
    print('getter got', yield* queue.get());
  });

  const task = asyncio.createTask(getter());
  yield* asyncio.sleep(0);
  queue.putNowait('first');
  print('taken away', queue.getNowait());
  yield* ticker(2);
  print(state(task));
  queue.putNowait('second');
  yield* task;
});

program('get with a timeout loses nothing', function* () {
  const queue = new asyncio.Queue();
  const loop = asyncio.getRunningLoop();
  loop.callLater(1.5, () => queue.putNowait('late'));
  for (let i = 0; i < 3; i++) {
    print(yield* outcome(asyncio.waitFor(queue.get(), 1)), at());
  }
  print(queue.qsize());
});

program('join waits until all is done', function* () {
  const queue = new asyncio.Queue<number>();

  const worker = co(function* (name: string) {
    while (true) {
      const item = yield* queue.get();
      yield* asyncio.sleep(item);
      print(name, 'did', item, at());
      queue.taskDone();
    }
  });

  for (const item of [3, 1.5, 1, 2]) {
    queue.putNowait(item);
  }
  const workers = [...'ab'].map((name) => asyncio.createTask(worker(name)));
  yield* queue.join();
  print('joined', at());
  for (const workerTask of workers) {
    workerTask.cancel();
  }
  print((yield* asyncio.gather(...workers, { returnExceptions: true })).map(show));
});

program('join of an empty queue, and task_done too often', function* () {
  const queue = new asyncio.Queue();
  const ticking = asyncio.createTask(ticker(1));
  yield* queue.join();
  print('joined');
  queue.putNowait(1);
  queue.getNowait();
  queue.taskDone();
  try {
    queue.taskDone();
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
  yield* ticking;
});

program('several tasks join', function* () {
  const queue = new asyncio.Queue();
  queue.putNowait('item');

  const joiner = co(function* (name: string) {
    yield* queue.join();
    print(name, 'joined', at());
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(joiner(name)));
  yield* asyncio.sleep(1);
  queue.putNowait('another');
  queue.taskDone();
  yield* asyncio.sleep(1);
  queue.taskDone();
  yield* asyncio.gather(...tasks);
});

program('a priority queue gives the least first', function* () {
  const queue = new asyncio.PriorityQueue<number>();
  for (const number of [5, 1, 4, 1, 3]) {
    queue.putNowait(number);
  }
  print(range(queue.qsize()).map(() => queue.getNowait()));
  const task = asyncio.createTask(queue.get());
  yield* asyncio.sleep(0);
  queue.putNowait(9);
  queue.putNowait(2);
  print(yield* task, yield* queue.get());
});

program('a lifo queue gives the last first', function* () {
  const queue = new asyncio.LifoQueue(3);
  for (const number of [1, 2, 3]) {
    queue.putNowait(number);
  }
  print(queue.full(), queue.getNowait(), queue.getNowait());
  yield* queue.put(4);
  print(yield* queue.get(), yield* queue.get(), queue.empty());
});

program('a queue of no or negative size never is full', function* () {
  for (const size of [0, -1]) {
    const queue = new asyncio.Queue(size);
    for (let number = 0; number < 100; number++) {
      queue.putNowait(number);
    }
    print(queue.full(), queue.qsize(), queue.maxsize);
  }
});

program('a storm of getters and putters loses nothing', function* () {
  const queue = new asyncio.Queue<number>(3);
  const got: number[] = [];

  const putter = co(function* (number: number) {
    yield* queue.put(number);
  });

  const getter = co(function* () {
    got.push(yield* queue.get());
  });

  const putters = range(30).map((number) => asyncio.createTask(putter(number)));
  const getters = range(30).map(() => asyncio.createTask(getter()));
  yield* asyncio.sleep(0);
  for (let number = 0; number < 30; number += 4) {
    putters[number]?.cancel();
    getters[(number * 7) % 30]?.cancel();
  }
  yield* asyncio.sleep(1);
  const kept = putters.filter((task) => !task.cancelled()).length;
  const ordered = got.every((item, index) => index === 0 || item > (got[index - 1] as number));
  print(kept, got.length, queue.qsize(), ordered);
  for (const task of getters) {
    task.cancel();
  }
  yield* asyncio.wait([...putters, ...getters]);
});

program('a queue that is shut down gives what it has, then refuses', function* () {
  const queue = new asyncio.Queue();
  queue.putNowait(1);
  queue.putNowait(2);
  queue.shutdown();
  print(yield* outcome(queue.put(3)));
  try {
    queue.putNowait(3);
  } catch (error) {
    only(error, asyncio.QueueShutDown);
    print(show(error));
  }
  print(yield* queue.get(), queue.getNowait());
  print(yield* outcome(queue.get()));
  try {
    queue.getNowait();
  } catch (error) {
    only(error, asyncio.QueueShutDown);
    print(show(error));
  }
});

program('shutdown wakes getters and putters', function* () {
  const empty = new asyncio.Queue();
  const full = new asyncio.Queue(1);
  full.putNowait('in');

  const report = co(function* (name: string, awaitable: Waited) {
    print(name, yield* outcome(awaitable), at());
  });

  const tasks = [
    asyncio.createTask(report('getter one', empty.get())),
    asyncio.createTask(report('putter', full.put('more'))),
    asyncio.createTask(report('getter two', empty.get())),
  ];
  yield* asyncio.sleep(1);
  empty.shutdown();
  full.shutdown();
  yield* asyncio.gather(...tasks);
  print(full.qsize(), full.getNowait());
});

program('shutdown and join: orderly and immediate', function* () {
  for (const immediate of [false, true]) {
    const queue = new asyncio.Queue();
    queue.putNowait(1);
    queue.putNowait(2);

    const joiner = co(function* () {
      yield* queue.join();
      print('joined', at());
    });

    const task = asyncio.createTask(joiner());
    yield* asyncio.sleep(0);
    queue.shutdown(immediate);
    queue.shutdown(immediate);
    yield* spin(3);
    print(immediate, state(task), queue.qsize());
    while (!queue.empty()) {
      queue.getNowait();
      queue.taskDone();
    }
    yield* task;
  }
});
