/**
 * gather, wait, waitFor and shield past what the oracle has: mixtures of everything that can be awaited, errors that come late, and cancellation
 * against completion.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, property, co, style } = await inBothStyles(import.meta.url);

const give = co(function* <T>(value: T, seconds = 0) {
  yield* asyncio.sleep(seconds);
  return value;
});
const fail = co(function* (message: string, seconds = 0) {
  yield* asyncio.sleep(seconds);
  throw new asyncio.ValueError(message);
});

scenario('gather takes everything that can be awaited, and keeps the order', function* ({ loop }) {
  const future = loop.createFuture<string>();
  loop.callLater(1, () => future.setResult('future'));
  const results = yield* asyncio.gather(
    give('coroutine', 2),
    asyncio.createTask(give('task')),
    async () => 'async function',
    asyncio.sleep(0.5, 'object'),
    Promise.resolve('promise'),
    future,
    asyncio.gather(give('nested')),
  );
  assert.deepEqual(results, [
    'coroutine',
    'task',
    'async function',
    'object',
    'promise',
    'future',
    ['nested'],
  ]);
  assert.equal(loop.time(), 2);
});

scenario('a gathering is a future: it can be awaited later, by several, and be cancelled', function* () {
  const gathering = asyncio.gather(give(1, 1), give(2, 2));
  assert.ok(asyncio.isFuture(gathering));
  const both = yield* asyncio.gather(gathering, asyncio.shield(gathering));
  assert.deepEqual(both, [
    [1, 2],
    [1, 2],
  ]);
  assert.equal(gathering.cancel(), false);
});

scenario('the errors of children of a cancelled gathering are not told of as lost', function* () {
  const stubborn = co(function* () {
    try {
      yield* asyncio.sleep(60);
    } catch {
      throw new asyncio.ValueError('while cancelled');
    }
  });
  for (const returnExceptions of [true, false]) {
    const task = asyncio.createTask(
      co(function* () {
        yield* asyncio.gather(stubborn(), stubborn(), { returnExceptions });
      })(),
    );
    yield* asyncio.sleep(1);
    task.cancel();
    const error = yield* thrownBy(task);
    assert.equal(error instanceof asyncio.CancelledError, returnExceptions, String(error));
  }
});

scenario('children that fail after the first failure are quiet, and run to their end', function* ({ loop }) {
  const ended: number[] = [];
  const last = co(function* () {
    yield* asyncio.sleep(3);
    ended.push(loop.time());
  });
  const error = yield* thrownBy(asyncio.gather(fail('first', 1), fail('second', 2), last()));
  assert.equal(String(error), 'ValueError: first');
  assert.equal(loop.time(), 1);
  yield* asyncio.sleep(5);
  assert.deepEqual(ended, [3]);
});

scenario('outcomes with returnExceptions stand in their places, cancellations among them', function* () {
  const task = asyncio.createTask(give(1, 60));
  const future = asyncio.getRunningLoop().createFuture<void>();
  for (const each of [task, future]) each.cancel('by hand');
  const outcomes = yield* asyncio.gather(give('a'), fail('b'), task, future, { returnExceptions: true });
  // A task keeps its message for the one who awaits it, as in Python.
  assert.deepEqual(outcomes.map(String), ['a', 'ValueError: b', 'CancelledError', 'CancelledError: by hand']);
});

type Member = { readonly seconds: number; readonly end: 'well' | 'fails' | 'refuses' };

property(
  'a gathering ends once, with its first failure or with its last child',
  fc.record({
    members: fc.array(
      fc.record({
        seconds: fc.nat(5),
        end: fc.constantFrom('well', 'well', 'fails', 'refuses'),
      }) as fc.Arbitrary<Member>,
      { minLength: 1, maxLength: 6 },
    ),
    returnExceptions: fc.boolean(),
    cancelAt: fc.option(fc.nat(6)),
  }),
  function* ({ loop }, { members, returnExceptions, cancelAt }) {
    const member = co(function* ({ seconds, end }: Member) {
      try {
        yield* asyncio.sleep(seconds);
      } catch (error) {
        if (end !== 'refuses') throw error;
        yield* asyncio.sleep(1);
      }
      if (end === 'fails') throw new asyncio.ValueError(`${seconds}`);
      return seconds;
    });
    const tasks = members.map((each) => asyncio.createTask(member(each)));
    const gathering = asyncio.gather(...tasks, { returnExceptions });
    let cancelled = false;
    if (cancelAt !== null) {
      loop.callAt(cancelAt, () => {
        cancelled = gathering.cancel('enough');
      });
    }
    yield* asyncio.wait([gathering]);
    const ended = loop.time();
    const failures = members.filter(({ end }) => end === 'fails').map(({ seconds }) => seconds);
    const firstFailure = Math.min(...failures);
    if (cancelled) {
      assert.ok(gathering.exception() instanceof asyncio.CancelledError || !returnExceptions);
      assert.ok(ended <= (cancelAt as number) + 1);
    } else if (returnExceptions || failures.length === 0) {
      assert.equal(ended, Math.max(...members.map(({ seconds }) => seconds)));
      assert.equal(gathering.result().length, members.length);
    } else {
      assert.equal(ended, firstFailure);
      assert.equal(String(gathering.exception()), `ValueError: ${firstFailure}`);
    }
    yield* asyncio.wait(tasks);
    assert.ok(tasks.every((task) => task.done()));
  },
);

scenario('wait takes promises and futures, and leaves what is pending alone', function* ({ loop }) {
  const slow = asyncio.createTask(give('slow', 5));
  const [done, pending] = yield* asyncio.wait([slow, Promise.resolve('promise')], {
    returnWhen: asyncio.FIRST_COMPLETED,
  });
  assert.deepEqual(
    [...done].map((future) => future.result()),
    ['promise'],
  );
  assert.deepEqual([...pending], [slow]);
  const [none, all] = yield* asyncio.wait([slow], { timeout: 1 });
  assert.deepEqual([none.size, all.size, loop.time()], [0, 1, 1]);
  assert.equal(yield* slow, 'slow');
});

scenario('wait takes any iterable, also one that gives each thing once', function* () {
  const make = (): Iterable<asyncio.Task<number>> => {
    const tasks = [1, 2].map((value) => asyncio.createTask(give(value)));
    return new Set(tasks).values();
  };
  const [done] = yield* asyncio.wait(make());
  assert.deepEqual([...done].map((task) => task.result()).toSorted(), [1, 2]);
});

scenario('waitFor of a promise stops the waiting, and tells what became of the promise', function* (scene) {
  const { promise, reject } = Promise.withResolvers<void>();
  assert.ok((yield* thrownBy(asyncio.waitFor(promise, 1))) instanceof asyncio.TimeoutError);
  reject(new asyncio.ValueError('too late'));
  yield* asyncio.sleep(1);
  assert.deepEqual(
    scene.reports().map(({ exception }) => String(exception)),
    ['ValueError: too late'],
  );
});

scenario('a timeout has the cancellation as its cause', function* () {
  for (const seconds of [0, 1]) {
    const error = yield* thrownBy(asyncio.waitFor(asyncio.sleep(60), seconds));
    assert.ok(error instanceof asyncio.TimeoutError);
    assert.ok(error.cause instanceof asyncio.CancelledError);
  }
});

scenario('waitFor runs coroutine functions of both styles, and gives their results', function* () {
  assert.equal(yield* asyncio.waitFor(async () => 'async', 1), 'async');
  assert.equal(yield* asyncio.waitFor(give('coroutine', 0.5), 1), 'coroutine');
  assert.equal(yield* asyncio.waitFor(give('at leisure', 100), null), 'at leisure');
  assert.equal(yield* asyncio.waitFor(Promise.resolve('promise'), Infinity), 'promise');
});

scenario(
  'a failure after its shields were cancelled is not told of where somebody asks for it',
  function* () {
    const inner = asyncio.createTask(fail('late', 2));
    assert.ok((yield* thrownBy(asyncio.waitFor(asyncio.shield(inner), 1))) instanceof asyncio.TimeoutError);
    assert.equal(String(yield* thrownBy(inner)), 'ValueError: late');
  },
);

if (style === 'generator') {
  test('a failure after its shields were cancelled is told of once where nobody asks for it', async () => {
    const told: string[] = [];
    const loop = newVirtualLoop();
    loop.setExceptionHandler((_loop, { message, exception }) =>
      told.push(`${message}: ${String(exception)}`),
    );
    await loop.runUntilComplete(function* () {
      const inner = asyncio.createTask(fail('late', 2));
      const shields = [asyncio.shield(inner), asyncio.shield(inner)];
      yield* asyncio.sleep(1);
      for (const shield of shields) shield.cancel();
      yield* asyncio.sleep(2);
    });
    loop.close();
    assert.deepEqual(told, ['Task exception was never retrieved: ValueError: late']);
  });
}

scenario('a shield hands on how the inner one ends, also its cancellation', function* () {
  const inner = asyncio.createTask(give(1, 60));
  const shield = asyncio.shield(inner);
  yield* asyncio.sleep(1);
  inner.cancel();
  assert.ok((yield* thrownBy(shield)) instanceof asyncio.CancelledError);
  assert.equal(shield.cancelled(), true);
  const done = asyncio.createTask(give(2));
  yield* done;
  assert.equal(asyncio.shield(done), done);
});
