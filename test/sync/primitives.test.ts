/**
 * What all primitives share: guards that give back at the end of a block, frozen statistics, the loop they belong to, and cost that does not grow
 * with the number of those who wait.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { scenario, co, style } = await inBothStyles(import.meta.url);

const HOLDABLE = {
  Lock: () => new asyncio.Lock(),
  Condition: () => new asyncio.Condition(),
  Semaphore: () => new asyncio.Semaphore(),
  BoundedSemaphore: () => new asyncio.BoundedSemaphore(),
} as const;

for (const [name, make] of Object.entries(HOLDABLE)) {
  scenario(`a guard of a ${name} gives it back at the end of the block`, function* () {
    const held = make();
    {
      using guard = yield* held.guard();
      assert.ok(guard instanceof asyncio.Guard);
      assert.equal(held.locked(), true);
      yield* asyncio.sleep(1);
      assert.equal(held.locked(), true);
    }
    assert.equal(held.locked(), false);
  });

  scenario(`a guard of a ${name} gives it back when the block fails, or its task is cancelled`, function* () {
    const held = make();
    const work = co(function* (fails: boolean) {
      using _guard = yield* held.guard();
      yield* asyncio.sleep(1);
      if (fails) throw new asyncio.ValueError('in the block');
      yield* asyncio.sleep(60);
    });
    const [failing, endless] = [asyncio.createTask(work(true)), asyncio.createTask(work(false))];
    yield* asyncio.wait([failing]);
    assert.equal(String(failing.exception()), 'ValueError: in the block');
    assert.equal(held.locked(), true, 'the second one has it now');
    yield* asyncio.sleep(2);
    endless.cancel();
    yield* asyncio.wait([endless]);
    assert.equal(held.locked(), false);
  });

  scenario(`a guard of a ${name} gives it back once, and earlier where it is told to`, function* () {
    const held = make();
    {
      using guard = yield* held.guard();
      guard.release();
      assert.equal(held.locked(), false);
      yield* held.acquire();
      guard.release();
      assert.equal(held.locked(), true, 'what another holds is not given back');
    }
    assert.equal(held.locked(), true);
    held.release();
  });

  scenario(`a ${name} is held in a block of asyncWith, also with await using in mind`, function* () {
    const held = make();
    const result = yield* asyncio.asyncWith(held, function* (value) {
      assert.equal(value, true);
      assert.equal(held.locked(), true);
      return 'from the block';
    });
    assert.equal(result, 'from the block');
    assert.equal(held.locked(), false);
  });

  scenario(`the coroutine of ${name}.acquire() that is closed as it waits leaves the line`, function* () {
    const held = make();
    yield* held.acquire();
    const closed = held.acquire();
    closed.next();
    const waiting = asyncio.createTask(held.acquire());
    yield* asyncio.sleep(0);
    closed.close();
    held.release();
    yield* waiting;
    assert.equal(held.statistics().waiting, 0);
    held.release();
  });
}

scenario('the coroutine of a get or put that is closed as it waits leaves the line', function* () {
  const queue = new asyncio.Queue<number>(1);
  const closedGet = queue.get();
  closedGet.next();
  const getter = asyncio.createTask(queue.get());
  yield* asyncio.sleep(0);
  closedGet.close();
  queue.putNowait(1);
  assert.equal(yield* getter, 1);
  queue.putNowait(2);
  const closedPut = queue.put(3);
  closedPut.next();
  const putter = asyncio.createTask(queue.put(4));
  yield* asyncio.sleep(0);
  closedPut.close();
  assert.equal(queue.getNowait(), 2);
  yield* putter;
  assert.equal(queue.getNowait(), 4);
});

scenario('statistics are frozen snapshots', function* () {
  const lock = new asyncio.Lock();
  const before = lock.statistics();
  yield* lock.acquire();
  const task = asyncio.createTask(lock.acquire());
  yield* asyncio.sleep(0);
  assert.deepEqual(before, { locked: false, waiting: 0 });
  assert.deepEqual(lock.statistics(), { locked: true, waiting: 1 });
  const all = [
    lock,
    new asyncio.Event(),
    new asyncio.Condition(),
    new asyncio.Semaphore(3),
    new asyncio.Barrier(2),
    new asyncio.Queue(),
  ];
  for (const primitive of all) assert.ok(Object.isFrozen(primitive.statistics()), String(primitive));
  assert.deepEqual(
    all.slice(1).map((primitive) => ({ ...primitive.statistics() })),
    [
      { set: false, waiting: 0 },
      { locked: false, waiting: 0 },
      { value: 3, waiting: 0 },
      { parties: 2, waiting: 0, broken: false },
      { size: 0, unfinished: 0, getters: 0, putters: 0 },
    ],
  );
  lock.release();
  yield* task;
  lock.release();
});

scenario('primitives show their state', function* () {
  const lock = new asyncio.Lock();
  assert.equal(String(lock), '<Lock unlocked>');
  yield* lock.acquire();
  const waiting = asyncio.createTask(lock.acquire());
  yield* asyncio.sleep(0);
  assert.equal(String(lock), '<Lock locked waiters:1>');
  lock.release();
  yield* waiting;
  assert.equal(String(new asyncio.Event()), '<Event unset>');
  assert.equal(String(new asyncio.Condition()), '<Condition unlocked>');
  assert.equal(String(new asyncio.Semaphore(2)), '<Semaphore unlocked value:2>');
  assert.equal(String(new asyncio.BoundedSemaphore(0)), '<BoundedSemaphore locked>');
  assert.equal(String(new asyncio.Barrier(2)), '<Barrier filling waiters:0/2>');
});

if (style === 'generator') {
  suite('a primitive belongs to the loop in which it first had to wait', () => {
    const WAITS: Readonly<Record<string, () => () => asyncio.Awaitable<unknown>>> = {
      Lock: () => {
        const lock = new asyncio.Lock();
        return () => lock.acquire();
      },
      Event: () => {
        const event = new asyncio.Event();
        return () => event.wait();
      },
      Semaphore: () => {
        const semaphore = new asyncio.Semaphore(0);
        return () => semaphore.acquire();
      },
      Queue: () => {
        const queue = new asyncio.Queue();
        return () => queue.get();
      },
    };
    for (const [name, make] of Object.entries(WAITS)) {
      test(name, async () => {
        const wait = make();
        const inLoop = async () => {
          const loop = newVirtualLoop();
          try {
            await loop.runUntilComplete(function* () {
              // Two, because the first one may take a free lock without waiting.
              yield* asyncio.gather(asyncio.waitFor(wait(), 1), asyncio.waitFor(wait(), 1));
            });
          } finally {
            await loop.runUntilComplete(asyncio.sleep(2));
            loop.close();
          }
        };
        await assert.rejects(inLoop, asyncio.TimeoutError);
        await assert.rejects(inLoop, {
          name: 'RuntimeError',
          message: new RegExp(`^<${name} .*> is bound to a different event loop: make one for each loop$`),
        });
      });
    }
  });
}
