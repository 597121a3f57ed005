/**
 * asCompleted in its two ways of iteration: plainly it gives coroutines of results, asynchronously the futures themselves, in the order in which
 * they end; leaving early, errors, time limits and cancellation lose nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, play, thrownBy } from '../both-styles.ts';

const { scenario, property, co, style } = await inBothStyles(import.meta.url);

const give = co(function* <T>(value: T, seconds: number) {
  yield* asyncio.sleep(seconds);
  return value;
});

const delays = fc.array(fc.nat(5), { maxLength: 8 });

property('results come in the order of their ends, plainly', delays, function* ({ loop }, seconds) {
  const got: number[] = [];
  for (const next of asyncio.asCompleted(seconds.map((each) => give(each, each)))) {
    got.push(yield* next);
    assert.equal(loop.time(), got.at(-1));
  }
  assert.deepEqual(got, seconds.toSorted());
});

property('the futures themselves come, asynchronously', delays, function* ({ loop }, seconds) {
  const tasks = seconds.map((each) => asyncio.createTask(give(each, each)));
  const got: unknown[] = [];
  yield* asyncio.asyncFor(asyncio.asCompleted(tasks), function* (task) {
    assert.ok(task.done());
    assert.equal(loop.time(), task.result());
    got.push(task);
  });
  assert.deepEqual(new Set(got), new Set(tasks));
  assert.equal(got.length, tasks.length);
});

scenario('what was given as a coroutine or promise comes as the future made of it', function* () {
  const future = asyncio.getRunningLoop().createFuture<string>();
  future.setResult('future');
  const seen: string[] = [];
  yield* asyncio.asyncFor(
    asyncio.asCompleted([give('coroutine', 2), Promise.resolve('promise'), future]),
    function* (each) {
      assert.ok(asyncio.isFuture(each));
      seen.push(each.result());
    },
  );
  assert.deepEqual(seen.toSorted(), ['coroutine', 'future', 'promise']);
  assert.equal(seen.at(-1), 'coroutine');
});

scenario('leaving early leaves the others running', function* ({ loop }) {
  const tasks = [1, 2, 3].map((each) => asyncio.createTask(give(each, each)));
  yield* asyncio.asyncFor(asyncio.asCompleted(tasks), function* () {
    return asyncio.BREAK;
  });
  assert.equal(loop.time(), 1);
  assert.deepEqual(
    tasks.map((task) => task.done()),
    [true, false, false],
  );
  yield* asyncio.wait(tasks);
});

scenario('a time limit makes what is missing fail, each in its turn', function* ({ loop }) {
  const tasks = [1, 5, 6].map((each) => asyncio.createTask(give(each, each)));
  const got: string[] = [];
  for (const next of asyncio.asCompleted(tasks, { timeout: 2 })) {
    try {
      got.push(String(yield* next));
    } catch (error) {
      got.push(`${(error as Error).name} at ${loop.time()}`);
    }
  }
  assert.deepEqual(got, ['1', 'TimeoutError at 2', 'TimeoutError at 2']);
  yield* asyncio.wait(tasks);
});

scenario('the time limit ends asynchronous iteration with its error', function* () {
  const tasks = [1, 5].map((each) => asyncio.createTask(give(each, each)));
  const got: number[] = [];
  const iteration = asyncio.asyncFor(asyncio.asCompleted(tasks, { timeout: 2 }), function* (task) {
    got.push(task.result());
  });
  assert.ok((yield* thrownBy(iteration)) instanceof asyncio.TimeoutError);
  assert.deepEqual(got, [1]);
  yield* asyncio.wait(tasks);
});

scenario('a failure comes in its turn, and the rest after it', function* () {
  const fail = co(function* () {
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError('in its turn');
  });
  const got: string[] = [];
  for (const next of asyncio.asCompleted([give('first', 0), fail(), give('last', 2)])) {
    try {
      got.push(yield* next);
    } catch (error) {
      got.push(String(error));
    }
  }
  assert.deepEqual(got, ['first', 'ValueError: in its turn', 'last']);
});

scenario('a wait for the next one that is cancelled passes its turn on', function* () {
  const tasks = [1, 2].map((each) => asyncio.createTask(give(each, each)));
  const [first, second] = [...asyncio.asCompleted(tasks)];
  assert.ok(first !== undefined && second !== undefined);
  const [one, two] = [asyncio.createTask(first), asyncio.createTask(second)];
  yield* asyncio.sleep(0.5);
  one.cancel();
  assert.equal(yield* two, 1);
  yield* asyncio.wait([...tasks, one]);
});

scenario('cancelled as its future ends, a wait passes it to the next', function* ({ loop }) {
  const futures = [loop.createFuture<number>(), loop.createFuture<number>()] as const;
  const [first, second] = [...asyncio.asCompleted(futures)];
  assert.ok(first !== undefined && second !== undefined);
  const [one, two] = [asyncio.createTask(first), asyncio.createTask(second)];
  yield* asyncio.sleep(0);
  futures[1].setResult(7);
  loop.callSoon(() => one.cancel());
  assert.equal(yield* two, 7);
  assert.equal(one.cancelled(), true);
  futures[0].cancel();
});

if (style === 'generator') {
  test('for await works on it in async functions, also where it is left by break', () =>
    play((({ loop }: { loop: asyncio.EventLoop }) =>
      (async () => {
        const tasks = [3, 1, 2].map((each) =>
          asyncio.createTask(async () => {
            await asyncio.sleep(each);
            return each;
          }),
        );
        const got: number[] = [];
        for await (const task of asyncio.asCompleted(tasks)) {
          got.push(task.result());
          if (got.length === 2) break;
        }
        assert.deepEqual([got, loop.time()], [[1, 2], 2]);
        await asyncio.wait(tasks);
      })()) as never));
}
