/** `staggeredRace`, in virtual time: who begins when, who wins, and that nobody runs on. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { type Contestant, type RaceResult, staggeredRace } from '../../src/net/staggered-race.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);

/** What happened, each thing with its second. */
const diaryOf = (loop: asyncio.EventLoop) => {
  const lines: string[] = [];
  const note = (line: string) => lines.push(`${loop.time()}: ${line}`);
  /** A contestant that takes `seconds`, and then succeeds with its name or fails with `error`. */
  const contestant = (name: string, seconds: number, error?: unknown): Contestant<string> =>
    co(function* contestant() {
      note(`${name} begins`);
      try {
        yield* asyncio.sleep(seconds);
        if (error !== undefined) throw error;
        note(`${name} succeeds`);
        return name;
      } catch (failure) {
        note(`${name} ends, ${(failure as Error).name}`);
        throw failure;
      }
    }) as never;
  return { lines, contestant };
};

/** A race as something to wait for in either style. */
const race = asyncio.coroutine(staggeredRace) as <T>(
  contestants: Iterable<Contestant<T>>,
  delay: number | null,
) => asyncio.CoroutineObject<RaceResult<T>>;

const refusal = () => new asyncio.ConnectionRefusedError('refused');

scenario('without contestants nobody wins', function* () {
  assert.deepEqual(yield* race([], 1), { winner: null, errors: [] });
});

scenario('the first wins where it is quick, and the others never begin', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const result = yield* race([contestant('A', 0.2), contestant('B', 0)], 0.25);
  assert.deepEqual(result, { winner: { value: 'A', index: 0 }, errors: [null] });
  assert.deepEqual(lines, ['0: A begins', '0.2: A succeeds']);
  assert.equal(loop.time(), 0.2);
});

scenario('the next begins at once where one fails', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const error = refusal();
  const result = yield* race([contestant('A', 0.125, error), contestant('B', 0.5)], 10);
  assert.deepEqual(result.winner, { value: 'B', index: 1 });
  assert.deepEqual(result.errors, [error, null]);
  assert.deepEqual(lines, [
    '0: A begins',
    '0.125: A ends, ConnectionRefusedError',
    '0.125: B begins',
    '0.625: B succeeds',
  ]);
});

scenario(
  'the next begins where one is slow, and the slow one is cancelled if it loses',
  function* ({ loop }) {
    const { lines, contestant } = diaryOf(loop);
    const contestants = [
      contestant('A', 60),
      contestant('B', 60),
      contestant('C', 0.125),
      contestant('D', 0),
    ];
    const { winner, errors } = yield* race(contestants, 0.25);
    assert.deepEqual(winner, { value: 'C', index: 2 });
    assert.deepEqual(
      errors.map((error) => (error === null ? null : (error as Error).name)),
      ['CancelledError', 'CancelledError', null],
    );
    assert.deepEqual(lines, [
      '0: A begins',
      '0.25: B begins',
      '0.5: C begins',
      '0.625: C succeeds',
      '0.625: A ends, CancelledError',
      '0.625: B ends, CancelledError',
    ]);
  },
);

scenario('a slow one may still win, while others run and after others failed', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const { winner } = yield* race(
    [contestant('A', 1), contestant('B', 0, refusal()), contestant('C', 9)],
    0.25,
  );
  assert.deepEqual(winner, { value: 'A', index: 0 });
  assert.deepEqual(lines.slice(1), [
    '0.25: B begins',
    '0.25: B ends, ConnectionRefusedError',
    '0.25: C begins',
    '1: A succeeds',
    '1: C ends, CancelledError',
  ]);
});

scenario('where all fail, every error is told in the order of the contestants', function* ({ loop }) {
  const { contestant } = diaryOf(loop);
  const all = [refusal(), refusal(), new asyncio.TimeoutError('late')] as const;
  const { winner, errors } = yield* race(
    [contestant('A', 3, all[0]), contestant('B', 1, all[1]), contestant('C', 0, all[2])],
    0.25,
  );
  assert.equal(winner, null);
  assert.equal(errors.length, 3);
  for (const [index, error] of errors.entries()) assert.equal(error, all[index]);
});

scenario('without a delay one begins only where the one before has failed', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const { winner } = yield* race([contestant('A', 100, refusal()), contestant('B', 100)], null);
  assert.equal(winner?.index, 1);
  assert.deepEqual([lines[2], loop.time()], ['100: B begins', 200]);
});

scenario('with a delay of nothing all begin, each an iteration or more after the last', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const { winner } = yield* race([contestant('A', 3), contestant('B', 2), contestant('C', 1)], 0);
  assert.equal(winner?.value, 'C');
  assert.deepEqual(lines.slice(0, 4), ['0: A begins', '0: B begins', '0: C begins', '1: C succeeds']);
});

scenario('of two that succeed at the same moment one wins', function* ({ loop }) {
  const { contestant } = diaryOf(loop);
  const { winner, errors } = yield* race([contestant('A', 1), contestant('B', 0.75)], 0.25);
  assert.ok(winner !== null);
  assert.equal(errors[winner.index], null);
  // Both, even one that does not let itself be stopped.
  const future = loop.createFuture<string>();
  const stubborn: Contestant<string> = co(function* () {
    try {
      return yield* future;
    } catch {
      return 'late';
    }
  }) as never;
  loop.callLater(1, () => future.setResult('in time'));
  const other = yield* race([stubborn, stubborn], 0.25);
  assert.deepEqual(other.winner, { value: 'in time', index: 0 });
  assert.deepEqual(other.errors, [null, null]);
});

scenario('cancelling the race cancels all of them, and waits until they have ended', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const slowEnd: Contestant<string> = co(function* () {
    try {
      return yield* contestant('A', 60)();
    } finally {
      yield* asyncio.sleep(2);
      lines.push(`${loop.time()}: A has cleaned up`);
    }
  }) as never;
  const task = loop.createTask(race([slowEnd, contestant('B', 60), contestant('C', 0)], 0.25));
  yield* asyncio.sleep(0.375);
  task.cancel('enough');
  const error = (yield* thrownBy(task)) as Error;
  assert.ok(error instanceof asyncio.CancelledError);
  assert.equal(error.message, 'enough');
  assert.deepEqual(lines, [
    '0: A begins',
    '0.25: B begins',
    '0.375: A ends, CancelledError',
    '0.375: B ends, CancelledError',
    '2.375: A has cleaned up',
  ]);
  assert.equal(asyncio.allTasks(loop).size, 1);
});

scenario('eager tasks race as others do', function* ({ loop }) {
  loop.setTaskFactory(asyncio.eagerTaskFactory);
  const { lines, contestant } = diaryOf(loop);
  const { winner } = yield* race([contestant('A', 60), contestant('B', 1), contestant('C', 60)], 0.25);
  assert.deepEqual(winner, { value: 'B', index: 1 });
  assert.deepEqual(lines.slice(0, 4), ['0: A begins', '0.25: B begins', '0.5: C begins', '1.25: B succeeds']);
  const at = loop.time();
  const quick: Contestant<number> = co(function* () {
    return 1;
  }) as never;
  assert.deepEqual((yield* race([quick, quick], 0.25)).winner, { value: 1, index: 0 });
  assert.equal(loop.time(), at);
  loop.setTaskFactory(null);
});

scenario('an iterable of contestants that fails fails the race', function* ({ loop }) {
  const { lines, contestant } = diaryOf(loop);
  const error = new Error('from the iterable');
  const contestants = {
    [Symbol.iterator]: () => {
      let count = 0;
      return {
        next: () => {
          if (count++ === 0) return { done: false as const, value: contestant('A', 1) };
          throw error;
        },
      };
    },
  };
  const failure = yield* thrownBy(race(contestants, 0.25));
  assert.ok(failure instanceof asyncio.ExceptionGroup);
  assert.deepEqual(failure.exceptions, [error]);
  assert.deepEqual(lines, ['0: A begins', '1: A succeeds']);
});
