/**
 * asyncFor over everything that can be iterated, left in every way; and aclosing. An iterator that is left early is closed, before the loop ends.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, co, style } = await inBothStyles(import.meta.url);
const { asyncFor, BREAK } = asyncio;

/** Numbers from an async generator, which writes down when it is closed. */
async function* count(heard: string[], until = Infinity): AsyncGenerator<number, void, undefined> {
  try {
    for (let i = 0; i < until; i++) {
      await asyncio.sleep(1);
      yield i;
    }
    heard.push('ran out');
  } finally {
    await asyncio.sleep(1);
    heard.push('closed');
  }
}

/** The same as an iterator whose next() gives coroutines of the library. */
function countByHand(heard: string[], until = Infinity): AsyncIterable<number> {
  let i = 0;
  const next = asyncio.coroutine(function* () {
    yield* asyncio.sleep(1);
    if (i === until) heard.push('ran out');
    return i < until ? { done: false, value: i++ } : { done: true, value: undefined };
  });
  const end = asyncio.coroutine(function* () {
    yield* asyncio.sleep(1);
    heard.push('closed');
    return { done: true, value: undefined };
  });
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) as never };
}

const SOURCES = { 'an async generator': count, 'an iterator by hand': countByHand } as const;

for (const [name, source] of Object.entries(SOURCES)) {
  const closedAtEnd = name === 'an async generator' ? ['ran out', 'closed'] : ['ran out'];

  scenario(`${name} is run to its end`, function* () {
    const heard: string[] = [];
    const got: number[] = [];
    yield* asyncFor(source(heard, 3), function* (item) {
      yield* asyncio.sleep(0);
      got.push(item);
    });
    assert.deepEqual([got, heard], [[0, 1, 2], closedAtEnd]);
  });

  scenario(`${name} is closed when the body says BREAK`, function* ({ loop }) {
    const heard: string[] = [];
    const got: number[] = [];
    yield* asyncFor(source(heard), function* (item) {
      got.push(item);
      return item === 1 ? BREAK : undefined;
    });
    assert.deepEqual([got, heard, loop.time()], [[0, 1], ['closed'], 3]);
  });

  scenario(`${name} is closed when the body fails, and the error passes`, function* () {
    const heard: string[] = [];
    const loop = asyncFor(source(heard), function* (item) {
      if (item === 1) throw new asyncio.ValueError('in the body');
    });
    assert.equal(String(yield* thrownBy(loop)), 'ValueError: in the body');
    assert.deepEqual(heard, ['closed']);
  });

  for (const [where, seconds] of [
    ['the body', 1.5],
    ['the step', 2.5],
  ] as const) {
    scenario(`${name} is closed when the loop is cancelled in ${where}`, function* () {
      const heard: string[] = [];
      const task = asyncio.createTask(
        co(function* () {
          yield* asyncFor(source(heard), function* () {
            yield* asyncio.sleep(1);
          });
        })(),
      );
      yield* asyncio.sleep(seconds);
      task.cancel('stop');
      assert.equal(String(yield* thrownBy(task)), 'CancelledError: stop');
      // An iterator that fails in its own step has closed itself.
      const closed = where === 'the body' || name === 'an async generator';
      assert.deepEqual(heard, closed ? ['closed'] : []);
    });
  }
}

scenario('plain iterables, and bodies that are plain functions', function* () {
  const got: unknown[] = [];
  yield* asyncFor([1, 2, 3], (item) => {
    got.push(item);
    return item === 2 ? BREAK : undefined;
  });
  yield* asyncFor(new Map([['key', 'value']]), (entry) => void got.push(entry));
  yield* asyncFor('ab', async (letter) => void got.push(letter));
  assert.deepEqual(got, [1, 2, ['key', 'value'], 'a', 'b']);
});

scenario('a plain iterator that is left is closed too', function* () {
  const heard: string[] = [];
  const letters = ['a', 'b'].values().map((letter) => letter.toUpperCase());
  const closing: Iterable<string> = {
    [Symbol.iterator]: () => ({
      next: () => letters.next(),
      return: () => {
        heard.push('closed');
        return { done: true, value: undefined };
      },
    }),
  };
  yield* asyncFor(closing, (letter) => {
    heard.push(letter);
    return BREAK;
  });
  assert.deepEqual(heard, ['A', 'closed']);
});

scenario('an iterator that fails ends the loop with its error, and is not closed again', function* () {
  const heard: string[] = [];
  const failing: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new asyncio.ValueError('in the step')),
      return: () => {
        heard.push('closed');
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  assert.equal(String(yield* thrownBy(asyncFor(failing, () => {}))), 'ValueError: in the step');
  assert.deepEqual(heard, []);
});

scenario('other values than BREAK go on', function* () {
  const got: number[] = [];
  for (const value of [undefined, null, false, 0, 'BREAK', Symbol('asyncio.BREAK')]) {
    yield* asyncFor([1], (item) => {
      got.push(item);
      return value;
    });
  }
  assert.equal(got.length, 6);
});

scenario('aclosing closes at the end of the block, whatever happened', function* () {
  const heard: string[] = [];
  yield* asyncio.asyncWith(asyncio.aclosing(count(heard)), function* (numbers) {
    const first = yield* asyncio.wrapFuture(numbers.next());
    assert.equal(first.value, 0);
  });
  assert.deepEqual(heard, ['closed']);
  const failing = asyncio.asyncWith(
    asyncio.aclosing({ aclose: () => asyncio.sleep(1).then(() => heard.push('by aclose')) }),
    function* () {
      throw new asyncio.ValueError('passes');
    },
  );
  assert.equal(String(yield* thrownBy(failing)), 'ValueError: passes');
  assert.deepEqual(heard, ['closed', 'by aclose']);
});

if (style === 'generator') {
  test('shutdownAsyncgens closes what a stopped program has left open, and reports what fails', async () => {
    const loop = newVirtualLoop();
    const told: string[] = [];
    loop.setExceptionHandler((_loop, { message, exception }) =>
      told.push(`${message}: ${String(exception)}`),
    );
    const heard: string[] = [];
    const stubborn = async function* (): AsyncGenerator<number> {
      try {
        yield 1;
      } finally {
        heard.push('fails to close');
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw new asyncio.ValueError('cannot close');
      }
    };
    const iterate = (source: AsyncIterable<number>) =>
      loop.createTask(
        (function* (): asyncio.Coroutine<void> {
          yield* asyncFor(source, function* () {
            yield* asyncio.getRunningLoop().createFuture();
          });
        })(),
      );
    const tasks = [iterate(count(heard)), iterate(stubborn())];
    loop.callLater(5, () => loop.stop());
    await loop.runForever();
    assert.deepEqual(heard, []);
    await loop.runUntilComplete(loop.shutdownAsyncgens());
    assert.deepEqual(heard.toSorted(), ['closed', 'fails to close']);
    assert.match(
      told[0] ?? '',
      /^an error occurred during closing of asynchronous generator .*: ValueError: cannot close$/,
    );
    await loop.runUntilComplete(loop.shutdownAsyncgens());
    assert.equal(heard.length, 2);
    for (const task of tasks) task.cancel();
    await loop.runUntilComplete(asyncio.sleep(1));
    loop.close();
  });
}
