/**
 * Locks and semaphores under random schedules of arrivals, releases, cancellations and time limits, many of which fall into the same moment:
 * never more holders than places, nobody overtakes, nobody is forgotten, and every place comes back.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, type Scene } from '../both-styles.ts';
import { at, type Moment, moments } from '../moments.ts';

const { property, co } = await inBothStyles(import.meta.url);

/** What one task does. Times are in seconds; small numbers, so that things fall together. */
interface Plan {
  readonly arrive: number;
  readonly hold: number;
  /** It gives up after so long. */
  readonly patience: number | null;
  readonly cancelled: readonly Moment[];
  /** How it takes and gives back what it holds. */
  readonly how: 'acquire' | 'guard' | 'asyncWith';
}

const plans = fc.array(
  fc.record({
    arrive: fc.nat(4),
    hold: fc.nat(2),
    patience: fc.option(fc.integer({ min: -1, max: 4 }), { freq: 2 }),
    cancelled: fc.array(moments, { maxLength: 2 }),
    how: fc.constantFrom('acquire', 'guard', 'asyncWith'),
  }) as fc.Arbitrary<Plan>,
  { minLength: 1, maxLength: 10, size: 'max' },
);

/** What these primitives have in common. */
interface Holdable {
  acquire(): asyncio.CoroutineObject<true>;
  release(): void;
  guard(): asyncio.CoroutineObject<asyncio.Guard>;
  locked(): boolean;
  statistics(): { readonly waiting: number };
  aenter(): asyncio.CoroutineObject<true>;
  aexit(): asyncio.Coroutine<void>;
}

class Watch {
  holders = 0;
  /** In the order in which they asked, and got it. */
  readonly asked: number[] = [];
  readonly got: number[] = [];
  readonly #places: number;

  constructor(places: number) {
    this.#places = places;
  }

  take(index: number): void {
    this.got.push(index);
    this.holders++;
    assert.ok(this.holders <= this.#places, `${this.holders} hold what has ${this.#places} places`);
  }
}

const limited = co(function* <T>(wait: asyncio.Awaitable<T>, patience: number | null) {
  return yield* patience === null ? wait : asyncio.waitFor(wait, patience);
});

const hold = co(function* (watch: Watch, index: number, seconds: number) {
  watch.take(index);
  try {
    yield* asyncio.sleep(seconds);
  } finally {
    watch.holders--;
  }
});

const work = co(function* (held: Holdable, watch: Watch, index: number, plan: Plan) {
  yield* asyncio.sleep(plan.arrive);
  watch.asked.push(index);
  if (plan.how === 'asyncWith') {
    yield* asyncio.asyncWith(held, function* () {
      yield* hold(watch, index, plan.hold);
    });
  } else if (plan.how === 'guard') {
    using _held = yield* limited(held.guard(), plan.patience);
    yield* hold(watch, index, plan.hold);
  } else {
    yield* limited(held.acquire(), plan.patience);
    try {
      yield* hold(watch, index, plan.hold);
    } finally {
      held.release();
    }
  }
});

const storm = co(function* (scene: Scene, held: Holdable, places: number, all: readonly Plan[]) {
  const watch = new Watch(places);
  const tasks = all.map((plan, index) => {
    const task = asyncio.createTask(work(held, watch, index, plan), { name: String(index) });
    for (const moment of plan.cancelled) at(scene.loop, moment, () => task.cancel());
    return task;
  });
  const outcomes = yield* asyncio.gather(...tasks, { returnExceptions: true });
  for (const [index, outcome] of outcomes.entries()) {
    const { cancelled, patience } = all[index] as Plan;
    if (cancelled.length === 0)
      assert.ok(!(outcome instanceof asyncio.CancelledError), `${index} ${outcome}`);
    if (patience === null) assert.ok(!(outcome instanceof asyncio.TimeoutError), `${index} ${outcome}`);
    const fair =
      outcome === undefined ||
      outcome instanceof asyncio.CancelledError ||
      outcome instanceof asyncio.TimeoutError;
    assert.ok(fair, `${index} ${outcome}`);
    if (outcome === undefined) assert.ok(watch.got.includes(index), `${index} ended without having had it`);
  }
  const inOrder = watch.asked.filter((index) => watch.got.includes(index));
  assert.deepEqual(watch.got, inOrder, 'somebody was overtaken');
  assert.equal(watch.holders, 0);
  assert.equal(held.locked(), false);
  assert.equal(held.statistics().waiting, 0);
});

property('a lock is fair under cancellation and time limits', plans, function* (scene, all) {
  yield* storm(scene, new asyncio.Lock(), 1, all);
});

property('the lock of a condition is fair too', plans, function* (scene, all) {
  yield* storm(scene, new asyncio.Condition(), 1, all);
});

const places = fc.integer({ min: 1, max: 3 });

property('a semaphore is fair and keeps its count', fc.tuple(places, plans), function* (scene, [count, all]) {
  const semaphore = new asyncio.Semaphore(count);
  yield* storm(scene, semaphore, count, all);
  assert.equal(semaphore.statistics().value, count);
});

property(
  'a bounded semaphore is never released too often',
  fc.tuple(places, plans),
  function* (scene, [count, all]) {
    const semaphore = new asyncio.BoundedSemaphore(count);
    yield* storm(scene, semaphore, count, all);
    assert.equal(semaphore.statistics().value, count);
    assert.throws(() => semaphore.release(), { name: 'ValueError' });
  },
);

property(
  'several places that are given back at once go to as many who wait, first come first served',
  fc.array(fc.record({ wait: fc.boolean(), cancel: fc.boolean(), release: fc.nat(3) }), {
    minLength: 1,
    maxLength: 12,
  }),
  function* (_scene, steps) {
    const semaphore = new asyncio.Semaphore(0);
    const got: number[] = [];
    const waiters: asyncio.Task<unknown>[] = [];
    let released = 0;
    const take = co(function* (index: number) {
      yield* semaphore.acquire();
      got.push(index);
    });
    for (const step of steps) {
      if (step.wait) waiters.push(asyncio.createTask(take(waiters.length)));
      if (step.cancel) waiters.find((task) => !task.done())?.cancel();
      for (let i = 0; i < step.release; i++) semaphore.release();
      released += step.release;
      yield* asyncio.sleep(0);
    }
    yield* asyncio.sleep(1);
    const standing = waiters.filter((task) => !task.done()).length;
    assert.equal(semaphore.statistics().waiting, standing);
    assert.equal(semaphore.statistics().value, released - got.length);
    assert.ok(standing === 0 || semaphore.statistics().value === 0, 'there is a place, and somebody waits');
    assert.deepEqual(
      got,
      got.toSorted((a, b) => a - b),
    );
    for (const task of waiters) task.cancel();
    yield* asyncio.gather(...waiters, { returnExceptions: true });
  },
);
