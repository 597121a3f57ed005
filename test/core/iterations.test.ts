/**
 * How many iterations of the loop each kind of wait takes, as measured in CPython 3.12 and 3.13 by the same program: a callback that schedules itself
 * anew counts them. Async functions go on in microtasks, and take not one iteration more.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);

type Loop = asyncio.EventLoop;
type Make = (loop: Loop) => asyncio.Awaitable<unknown>;

const nothing = asyncio.coroutine(
  co(function* () {
    return 1;
  }),
);
const two = asyncio.coroutine(
  co(function* () {
    yield* asyncio.sleep(0);
    yield* asyncio.sleep(0);
  }),
);
const fail = asyncio.coroutine(
  co(function* () {
    throw new asyncio.ValueError('at once');
  }),
);

function done(loop: Loop): asyncio.Future<number> {
  const future = loop.createFuture<number>();
  future.setResult(1);
  return future;
}

function soon(loop: Loop): asyncio.Future<number> {
  const future = loop.createFuture<number>();
  loop.callSoon(() => future.setResult(1));
  return future;
}

/** A wait that is a program of several lines. */
function program(body: (loop: Loop) => asyncio.Coroutine<unknown>): Make {
  return (loop) => asyncio.coroutine(body)(loop);
}

const WAITS: Readonly<Record<string, readonly [iterations: number, make: Make]>> = {
  'sleep(0)': [1, () => asyncio.sleep(0)],
  'a coroutine that returns at once': [0, () => nothing()],
  'a coroutine of two sleeps': [2, () => two()],
  'a done future': [0, done],
  'a future that is set in the next iteration': [1, soon],
  'a task of a coroutine that returns at once': [1, (loop) => loop.createTask(nothing())],
  'a task of two sleeps': [3, (loop) => loop.createTask(two())],
  'a task that fails at once': [1, (loop) => loop.createTask(fail())],
  'a task that is cancelled in the next iteration': [
    2,
    (loop) => {
      const task = loop.createTask(asyncio.sleep(100));
      loop.callSoon(() => task.cancel());
      return task;
    },
  ],
  'gather of two': [2, () => asyncio.gather(nothing(), nothing())],
  'gather of nothing': [0, () => asyncio.gather()],
  'gather of done futures': [0, (loop) => asyncio.gather(done(loop), done(loop))],
  'a shielded coroutine': [2, () => asyncio.shield(nothing())],
  'waitFor a coroutine': [0, () => asyncio.waitFor(nothing(), 5)],
  'waitFor a task': [1, (loop) => asyncio.waitFor(loop.createTask(nothing()), 5)],
  'waitFor with no time': [3, () => asyncio.waitFor(asyncio.sleep(5), 0)],
  'wait for a task': [2, (loop) => asyncio.wait([loop.createTask(nothing())])],
  'wait for the first': [
    3,
    program(function* (loop) {
      yield* asyncio.wait([loop.createTask(nothing()), loop.createFuture()], {
        returnWhen: asyncio.FIRST_COMPLETED,
      });
    }),
  ],
  'asCompleted of two': [
    3,
    program(function* () {
      for (const next of asyncio.asCompleted([nothing(), nothing()])) yield* next;
    }),
  ],
  'a group of two': [
    3,
    program(function* () {
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        for (let i = 0; i < 2; i++) group.createTask(nothing());
      });
    }),
  ],
  'a group that fails': [
    3,
    program(function* () {
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        group.createTask(fail());
        yield* asyncio.sleep(100);
      });
    }),
  ],
  'a timeout of zero': [
    2,
    program(function* () {
      yield* asyncio.asyncWith(asyncio.timeout(0), function* () {
        yield* asyncio.sleep(100);
      });
    }),
  ],
  'a free lock': [
    0,
    program(function* () {
      yield* asyncio.asyncWith(new asyncio.Lock(), function* () {});
    }),
  ],
  'a lock that is released in the next iteration': [
    2,
    program(function* (loop) {
      const lock = new asyncio.Lock();
      yield* lock.acquire();
      loop.callSoon(() => lock.release());
      yield* lock.acquire();
    }),
  ],
  'a semaphore that is released in the next iteration': [
    2,
    program(function* (loop) {
      const semaphore = new asyncio.Semaphore(0);
      loop.callSoon(() => semaphore.release());
      yield* semaphore.acquire();
    }),
  ],
  'a queue that is filled in the next iteration': [
    2,
    program(function* (loop) {
      const queue = new asyncio.Queue<number>();
      loop.callSoon(() => queue.putNowait(1));
      yield* queue.get();
    }),
  ],
  'an event that is set in the next iteration': [
    2,
    program(function* (loop) {
      const event = new asyncio.Event();
      loop.callSoon(() => event.set());
      yield* event.wait();
    }),
  ],
  'a condition that a task notifies': [
    2,
    program(function* (loop) {
      const condition = new asyncio.Condition();
      const notify = co(function* () {
        using _held = yield* condition.guard();
        condition.notify();
      });
      yield* condition.acquire();
      loop.createTask(notify());
      yield* condition.wait();
      condition.release();
    }),
  ],
  'a barrier of two': [
    2,
    program(function* (loop) {
      const barrier = new asyncio.Barrier(2);
      loop.createTask(barrier.wait());
      yield* barrier.wait();
    }),
  ],
};

for (const [name, [iterations, make]] of Object.entries(WAITS)) {
  scenario(`${name} takes ${iterations} iterations`, function* ({ loop }) {
    let count = 0;
    let over = false;
    const tick = () => {
      count++;
      if (!over) loop.callSoon(tick);
    };
    const awaitable = make(loop);
    loop.callSoon(tick);
    try {
      yield* awaitable;
    } catch {}
    over = true;
    assert.equal(count, iterations);
    yield* asyncio.sleep(0);
    yield* asyncio.sleep(0);
  });
}
