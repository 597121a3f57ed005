/**
 * Conditions, events and barriers under random schedules: a notification is never lost, a waiter has the lock again whatever happened, and a
 * barrier holds its parties together or breaks for all of them.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';
import { at, type Moment, moments } from '../moments.ts';

const { scenario, property, co } = await inBothStyles(import.meta.url);

interface Consumer {
  readonly arrive: number;
  readonly patience: number | null;
  readonly cancelled: readonly Moment[];
}

interface Producer {
  readonly when: number;
  readonly amount: number;
  readonly linger: number;
}

const consumers = fc.array(
  fc.record({
    arrive: fc.nat(4),
    patience: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 2 }),
    cancelled: fc.array(moments, { maxLength: 2 }),
  }) as fc.Arbitrary<Consumer>,
  { minLength: 1, maxLength: 8, size: 'max' },
);
const producers = fc.array(
  fc.record({
    when: fc.nat(4),
    amount: fc.integer({ min: 1, max: 3 }),
    linger: fc.nat(2),
  }) as fc.Arbitrary<Producer>,
  { maxLength: 6, size: 'max' },
);

property(
  'no notification is lost: while there is something, nobody waits',
  fc.tuple(consumers, producers),
  function* (scene, [takers, givers]) {
    const condition = new asyncio.Condition();
    let stock = 0;
    let taken = 0;
    const consume = co(function* ({ arrive, patience }: Consumer) {
      yield* asyncio.sleep(arrive);
      using _held = yield* condition.guard();
      const some = () => stock > 0;
      try {
        if (patience === null) yield* condition.waitFor(some);
        else yield* asyncio.waitFor(condition.waitFor(some), patience);
      } finally {
        assert.ok(condition.locked(), 'it has the lock again, whatever happened');
      }
      stock--;
      taken++;
    });
    const produce = co(function* ({ when, amount, linger }: Producer) {
      yield* asyncio.sleep(when);
      using _held = yield* condition.guard();
      stock += amount;
      condition.notify(amount);
      yield* asyncio.sleep(linger);
    });
    const tasks = takers.map((plan) => {
      const task = asyncio.createTask(consume(plan));
      for (const moment of plan.cancelled) at(scene.loop, moment, () => task.cancel());
      return task;
    });
    yield* asyncio.gather(...givers.map((plan) => asyncio.createTask(produce(plan))));
    yield* asyncio.sleep(20);
    const waiting = tasks.filter((task) => !task.done());
    assert.equal(condition.statistics().waiting, waiting.length);
    assert.ok(waiting.length === 0 || stock === 0, `${waiting.length} wait though there are ${stock}`);
    assert.equal(
      stock + taken,
      givers.reduce((sum, { amount }) => sum + amount, 0),
    );
    assert.equal(condition.locked(), false);
    for (const task of waiting) task.cancel();
    yield* asyncio.gather(...tasks, { returnExceptions: true });
  },
);

property(
  'notify(n) wakes the n that came first, and for each that was cancelled at most one more',
  fc.record({
    waiters: fc.integer({ min: 0, max: 8 }),
    cancelled: fc.array(fc.nat(7), { maxLength: 4 }),
    count: fc.nat(9),
  }),
  function* (_scene, { waiters, cancelled, count }) {
    const condition = new asyncio.Condition();
    const woken: number[] = [];
    const wait = co(function* (index: number) {
      using _held = yield* condition.guard();
      yield* condition.wait();
      woken.push(index);
    });
    const tasks = Array.from({ length: waiters }, (_, index) => asyncio.createTask(wait(index)));
    yield* asyncio.sleep(1);
    assert.deepEqual(condition.statistics(), { locked: false, waiting: waiters });
    const held = yield* condition.guard();
    for (const index of cancelled) tasks[index]?.cancel();
    condition.notify(count);
    held.release();
    yield* asyncio.sleep(1);
    const left = tasks.map((_, index) => index).filter((index) => !cancelled.includes(index));
    const spurious = tasks.length - left.length;
    assert.deepEqual(woken, left.slice(0, woken.length), 'in the order they came');
    assert.ok(woken.length >= Math.min(count, left.length), 'as many as were asked for');
    assert.ok(woken.length <= count + spurious, 'and hardly more');
    const rest = yield* condition.guard();
    condition.notifyAll();
    rest.release();
    yield* asyncio.sleep(1);
    assert.deepEqual(woken, left);
    yield* asyncio.gather(...tasks, { returnExceptions: true });
    assert.deepEqual(condition.statistics(), { locked: false, waiting: 0 });
  },
);

scenario('a lock can be shared by conditions', function* () {
  const lock = new asyncio.Lock();
  const [full, empty] = [new asyncio.Condition(lock), new asyncio.Condition(lock)];
  const held = yield* full.guard();
  assert.equal(empty.locked() && lock.locked(), true);
  empty.notifyAll();
  held.release();
  assert.equal(lock.locked(), false);
});

scenario('an event wakes everyone, also those who come in the meantime, and can be lowered', function* () {
  const event = new asyncio.Event();
  const order: number[] = [];
  const wait = co(function* (index: number) {
    assert.equal(yield* event.wait(), true);
    order.push(index);
  });
  const tasks = [0, 1, 2].map((index) => asyncio.createTask(wait(index)));
  yield* asyncio.sleep(0);
  assert.deepEqual(event.statistics(), { set: false, waiting: 3 });
  tasks[1]?.cancel();
  event.set();
  event.set();
  event.clear();
  assert.equal(event.isSet(), false);
  const late = asyncio.createTask(wait(3));
  yield* asyncio.sleep(1);
  assert.deepEqual(order, [0, 2], 'those who waited have been woken, the one who came later waits');
  event.set();
  yield* late;
  yield* event.wait();
  assert.deepEqual(order, [0, 2, 3]);
});

property(
  'a barrier lets its parties through together, round after round, each with its own number',
  fc.record({
    parties: fc.integer({ min: 1, max: 4 }),
    rounds: fc.integer({ min: 1, max: 4 }),
    late: fc.array(fc.nat(3)),
  }),
  function* (_scene, { parties, rounds, late }) {
    const barrier = new asyncio.Barrier(parties);
    const seen: string[][] = Array.from({ length: rounds }, () => []);
    let arrived = 0;
    const walk = co(function* (index: number) {
      for (let round = 0; round < rounds; round++) {
        yield* asyncio.sleep(late[(index + round) % Math.max(1, late.length)] ?? 0);
        arrived++;
        const number = yield* barrier.wait();
        assert.ok(arrived >= (round + 1) * parties, 'nobody passes before all are there');
        seen[round]?.push(String(number));
      }
    });
    yield* asyncio.gather(...Array.from({ length: parties }, (_, index) => asyncio.createTask(walk(index))));
    const numbers = Array.from({ length: parties }, (_, index) => String(index));
    for (const round of seen) assert.deepEqual(round.toSorted(), numbers);
    assert.deepEqual(barrier.statistics(), { parties, waiting: 0, broken: false });
  },
);

scenario(
  'a barrier that is aborted breaks for those who wait and those who come, until it is reset',
  function* () {
    const barrier = new asyncio.Barrier(3);
    const waiting = [0, 1].map(() => asyncio.createTask(barrier.wait()));
    yield* asyncio.sleep(0);
    assert.equal(barrier.nWaiting, 2);
    yield* barrier.abort();
    for (const task of waiting) assert.ok((yield* thrownBy(task)) instanceof asyncio.BrokenBarrierError);
    assert.equal(barrier.broken, true);
    assert.ok((yield* thrownBy(barrier.wait())) instanceof asyncio.BrokenBarrierError);
    yield* barrier.reset();
    assert.equal(barrier.broken, false);
    const again = yield* asyncio.gather(barrier.wait(), barrier.wait(), barrier.wait());
    assert.deepEqual(again.toSorted(), [0, 1, 2]);
  },
);

scenario('a barrier as a block gives each party its number', function* () {
  const barrier = new asyncio.Barrier(2);
  const enter = () =>
    asyncio.asyncWith(barrier, function* (index) {
      return index;
    });
  assert.deepEqual((yield* asyncio.gather(enter(), enter())).toSorted(), [0, 1]);
});
