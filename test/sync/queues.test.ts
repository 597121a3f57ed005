/**
 * Queues under random schedules of producers and consumers: what goes in comes out once and in order, nobody waits while there is an item or a free
 * place, and join() ends when all is done. Then what shutdown and priorities mean.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { at, type Moment, moments } from '../moments.ts';

const { scenario, property, co } = await inBothStyles(import.meta.url);

interface Visit {
  readonly when: Moment;
  readonly patience: number | null;
  readonly cancelled: readonly Moment[];
}

const visits = fc.array(
  fc.record({
    when: moments,
    patience: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 2 }),
    cancelled: fc.array(moments, { maxLength: 2 }),
  }) as fc.Arbitrary<Visit>,
  { maxLength: 10, size: 'max' },
);

const until = co(function* ({ seconds, iterations }: Moment) {
  yield* asyncio.sleep(seconds);
  for (let i = 0; i < iterations; i++) yield* asyncio.sleep(0);
});

const limited = co(function* <T>(wait: asyncio.Awaitable<T>, patience: number | null) {
  return yield* patience === null ? wait : asyncio.waitFor(wait, patience);
});

property(
  'nothing is lost, nothing comes twice, and nobody waits in vain',
  fc.record({ maxsize: fc.nat(3), puts: visits, gets: visits }),
  function* (scene, { maxsize, puts, gets }) {
    const queue = new asyncio.Queue<number>(maxsize);
    const put: number[] = [];
    const got: number[] = [];
    const produce = co(function* (index: number, { when, patience }: Visit) {
      yield* until(when);
      yield* limited(queue.put(index), patience);
      put.push(index);
    });
    const consume = co(function* ({ when, patience }: Visit) {
      yield* until(when);
      got.push(yield* limited(queue.get(), patience));
    });
    const schedule = (task: asyncio.Task<unknown>, { cancelled }: Visit) => {
      for (const moment of cancelled) at(scene.loop, moment, () => task.cancel());
      return task;
    };
    const putters = puts.map((visit, index) => schedule(asyncio.createTask(produce(index, visit)), visit));
    const getters = gets.map((visit) => schedule(asyncio.createTask(consume(visit)), visit));
    yield* asyncio.sleep(20);
    const waiting = (tasks: asyncio.Task<unknown>[]) => tasks.filter((task) => !task.done()).length;
    assert.ok(queue.empty() || waiting(getters) === 0, 'an item lies there, and somebody waits for one');
    assert.ok(queue.full() || waiting(putters) === 0, 'there is room, and somebody waits to put');
    const { size, getters: standing, putters: queueing } = queue.statistics();
    assert.deepEqual([standing, queueing], [waiting(getters), waiting(putters)]);
    const left = Array.from({ length: size }, () => queue.getNowait());
    yield* asyncio.sleep(1);
    const later = Array.from({ length: queue.qsize() }, () => queue.getNowait());
    assert.deepEqual([...got, ...left, ...later], put, 'first in, first out');
    for (const task of [...putters, ...getters]) task.cancel();
    yield* asyncio.gather(...putters, ...getters, { returnExceptions: true });
    assert.deepEqual(queue.statistics(), {
      size: queue.qsize(),
      unfinished: put.length,
      getters: 0,
      putters: 0,
    });
  },
  { runs: 1000 },
);

property(
  'getters that wait are served in the order they came',
  fc.record({
    getters: fc.integer({ min: 1, max: 8 }),
    cancelled: fc.array(fc.nat(7), { maxLength: 3 }),
    burst: fc.nat(10),
  }),
  function* (_scene, { getters, cancelled, burst }) {
    const queue = new asyncio.Queue<number>();
    const got: [getter: number, item: number][] = [];
    const get = co(function* (index: number) {
      got.push([index, yield* queue.get()]);
    });
    const tasks = Array.from({ length: getters }, (_, index) => asyncio.createTask(get(index)));
    yield* asyncio.sleep(1);
    for (const index of cancelled) tasks[index]?.cancel();
    for (let item = 0; item < burst; item++) queue.putNowait(item);
    yield* asyncio.sleep(1);
    const served = tasks.map((_, index) => index).filter((index) => !cancelled.includes(index));
    assert.deepEqual(
      got,
      served.slice(0, burst).map((getter, item) => [getter, item]),
    );
    for (const task of tasks) task.cancel();
    yield* asyncio.gather(...tasks, { returnExceptions: true });
  },
);

property(
  'join() ends in the moment in which the last item is dealt with',
  fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }),
  function* ({ loop }, durations) {
    const queue = new asyncio.Queue<number>();
    for (const seconds of durations) queue.putNowait(seconds);
    const worker = co(function* () {
      while (!queue.empty()) {
        const seconds = yield* queue.get();
        yield* asyncio.sleep(seconds);
        queue.taskDone();
      }
    });
    const workers = [asyncio.createTask(worker()), asyncio.createTask(worker())];
    yield* queue.join();
    assert.equal(queue.statistics().unfinished, 0);
    const joined = loop.time();
    yield* asyncio.gather(...workers);
    assert.equal(joined, loop.time());
  },
);

const EVERY_SHUTDOWN = fc.record({
  maxsize: fc.nat(2),
  items: fc.nat(3),
  getters: fc.nat(3),
  putters: fc.nat(3),
  immediate: fc.boolean(),
});

property('shutdown wakes everyone, and leaves no one waiting', EVERY_SHUTDOWN, function* (_scene, plan) {
  const { maxsize, items, immediate } = plan;
  const queue = new asyncio.Queue<number>(maxsize);
  const fitting = maxsize === 0 ? items : Math.min(items, maxsize);
  for (let item = 0; item < fitting; item++) queue.putNowait(item);
  const getters = Array.from({ length: plan.getters }, () => asyncio.createTask(queue.get()));
  const putters = Array.from({ length: plan.putters }, (_, index) =>
    asyncio.createTask(queue.put(10 + index)),
  );
  const joiner = asyncio.createTask(queue.join());
  yield* asyncio.sleep(1);
  queue.shutdown(immediate);
  yield* asyncio.sleep(1);
  for (const task of [...getters, ...putters]) {
    assert.ok(task.done());
    const error = task.exception();
    assert.ok(error === null || error instanceof asyncio.QueueShutDown, String(error));
  }
  assert.ok((yield* thrownBy(queue.put(1))) instanceof asyncio.QueueShutDown);
  assert.throws(() => queue.putNowait(1), { name: 'QueueShutDown' });
  if (immediate) assert.equal(queue.empty(), true);
  for (let size = queue.qsize(); size > 0; size--) yield* queue.get();
  assert.ok((yield* thrownBy(queue.get())) instanceof asyncio.QueueShutDown);
  assert.throws(() => queue.getNowait(), { name: 'QueueShutDown' });
  while (queue.statistics().unfinished > 0) queue.taskDone();
  yield* joiner;
});

scenario('a queue shows what is in it, and who waits', function* () {
  const queue = new asyncio.Queue<number>(1);
  assert.equal(String(queue), '<Queue maxsize=1 qsize=0>');
  const getter = asyncio.createTask(queue.get());
  yield* asyncio.sleep(0);
  assert.equal(String(queue), '<Queue maxsize=1 qsize=0 getters[1]>');
  getter.cancel();
  queue.putNowait(1);
  const putter = asyncio.createTask(queue.put(2));
  yield* asyncio.sleep(0);
  assert.equal(String(queue), '<Queue maxsize=1 qsize=1 putters[1] tasks=1>');
  assert.deepEqual(queue.statistics(), { size: 1, unfinished: 1, getters: 0, putters: 1 });
  assert.ok(Object.isFrozen(queue.statistics()));
  assert.equal(queue.maxsize, 1);
  queue.shutdown();
  assert.ok((yield* thrownBy(putter)) instanceof asyncio.QueueShutDown);
  assert.equal(String(queue), '<Queue maxsize=1 qsize=1 tasks=1 shutdown>');
});
