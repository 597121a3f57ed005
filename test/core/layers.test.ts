/**
 * Coroutines of different kinds that call one another: a generator that awaits an async function that awaits a generator, and so on. Results,
 * errors and cancellations go through all layers, in both directions, and take no iteration of the loop on the way.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { check, play, thrownBy } from '../both-styles.ts';

type Layer = 'generator' | 'async' | 'object' | 'native async';
const LAYERS: readonly Layer[] = ['generator', 'async', 'object', 'native async'];

/** Calls of the given kinds around `core`; each writes down how it is entered and left. */
function nest(
  layers: readonly Layer[],
  heard: string[],
  core: () => asyncio.Awaitable<unknown>,
): () => asyncio.Awaitable<unknown> {
  const [layer, ...rest] = layers;
  if (layer === undefined) return core;
  const inner = nest(rest, heard, core);
  const depth = rest.length;
  function* inGenerator(): asyncio.Coroutine<unknown> {
    heard.push(`in ${depth}`);
    try {
      return yield* inner();
    } catch (error) {
      heard.push(`${String(error)} in ${depth}`);
      throw error;
    } finally {
      heard.push(`out ${depth}`);
    }
  }
  async function inAsync(): Promise<unknown> {
    heard.push(`in ${depth}`);
    try {
      return await inner();
    } catch (error) {
      heard.push(`${String(error)} in ${depth}`);
      throw error;
    } finally {
      heard.push(`out ${depth}`);
    }
  }
  if (layer === 'generator') return asAwaitable(inGenerator);
  if (layer === 'object') return asyncio.coroutine(inGenerator);
  if (layer === 'async') return asyncio.coroutine(inAsync);
  return asAwaitable(inAsync);
}

/** Calls that can be awaited from every kind of layer: a bare generator has no `then`, a promise no iterator. */
function asAwaitable(
  fn: () => asyncio.Coroutine<unknown> | Promise<unknown>,
): () => asyncio.Awaitable<unknown> {
  return () => ({
    // biome-ignore lint/suspicious/noThenProperty: an awaitable by hand
    then: (resolve, reject) =>
      asyncio
        .coroutine(fn as () => Promise<unknown>)()
        .then(resolve, reject),
    [Symbol.iterator]: () =>
      asyncio
        .coroutine(fn as () => Promise<unknown>)()
        [Symbol.iterator](),
  });
}

function expected(depth: number, what: string | null): string[] {
  const down = Array.from({ length: depth }, (_, i) => `in ${depth - 1 - i}`);
  const up = Array.from({ length: depth }, (_, i) =>
    what === null ? [`out ${i}`] : [`${what} in ${i}`, `out ${i}`],
  );
  return [...down, ...up.flat()];
}

const layers = fc.array(fc.constantFrom(...LAYERS), { minLength: 1, maxLength: 6 });

suite('calls through layers of generators and async functions', () => {
  test('hand the result up in the iteration in which it comes', () =>
    check(layers, (kinds) =>
      play(function* ({ loop }) {
        const heard: string[] = [];
        const future = loop.createFuture<string>();
        let iteration = 0;
        const task = asyncio.createTask(
          asyncio.coroutine(function* () {
            const value = yield* nest(kinds, heard, () => future)();
            return [value, iteration];
          })(),
        );
        yield* asyncio.sleep(0);
        future.setResult('result');
        const count = () => {
          iteration++;
          if (!task.done()) loop.callSoon(count);
        };
        count();
        assert.deepEqual(yield* task, ['result', 1]);
        assert.deepEqual(heard, expected(kinds.length, null));
      }),
    ));

  test('hand an error up, the same one', () =>
    check(layers, (kinds) =>
      play(function* () {
        const heard: string[] = [];
        const error = new asyncio.ValueError('inner');
        const fail = asyncio.coroutine(function* () {
          yield* asyncio.sleep(0);
          throw error;
        });
        assert.equal(
          yield* thrownBy(asyncio.createTask(asyncio.coroutine(nest(kinds, heard, fail) as never)())),
          error,
        );
        assert.deepEqual(heard, expected(kinds.length, 'ValueError: inner'));
      }),
    ));

  test('hand a cancellation down to the wait, and its error up', () =>
    check(layers, (kinds) =>
      play(function* ({ loop }) {
        const heard: string[] = [];
        const future = loop.createFuture<string>();
        const task = asyncio.createTask(asyncio.coroutine(nest(kinds, heard, () => future) as never)());
        for (let i = 0; i < 3; i++) yield* asyncio.sleep(0);
        task.cancel('stop');
        assert.equal(future.cancelled(), true, 'what is waited for is cancelled at once');
        assert.equal(String(yield* thrownBy(task)), 'CancelledError: stop');
        assert.deepEqual(heard, expected(kinds.length, 'CancelledError: stop'));
        assert.equal(task.cancelled(), true);
      }),
    ));

  test('clean up layer by layer when they are cancelled, waiting in each', () =>
    check(layers, (kinds) =>
      play(function* ({ loop }) {
        const order: string[] = [];
        const wait = kinds.reduceRight<() => asyncio.Awaitable<unknown>>(
          (inner, kind, index) => {
            const generator = function* (): asyncio.Coroutine<void> {
              try {
                yield* inner();
              } finally {
                yield* asyncio.sleep(1);
                order.push(`${index} at ${loop.time()}`);
              }
            };
            const native = async (): Promise<void> => {
              try {
                await inner();
              } finally {
                await asyncio.sleep(1);
                order.push(`${index} at ${loop.time()}`);
              }
            };
            return asyncio.coroutine((kind.includes('async') ? native : generator) as () => Promise<void>);
          },
          () => asyncio.sleep(60),
        );
        const task = asyncio.createTask(wait as () => asyncio.CoroutineObject<unknown>);
        yield* asyncio.sleep(1);
        task.cancel();
        assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
        const expectedOrder = kinds.map((_, index) => `${kinds.length - 1 - index} at ${2 + index}`);
        assert.deepEqual(order, expectedOrder);
      }),
    ));

  test('a cancellation swallowed in the middle is not seen outside of it', () =>
    play(function* () {
      const inner = asyncio.coroutine(async () => {
        await asyncio.sleep(60);
      });
      const middle = asyncio.coroutine(function* () {
        try {
          yield* inner();
        } catch {
          asyncio.currentTask()?.uncancel();
          return 'saved';
        }
        return 'not cancelled';
      });
      const task = asyncio.createTask(async () => `${await middle()} and ${await asyncio.sleep(1, 'slept')}`);
      yield* asyncio.sleep(1);
      task.cancel();
      assert.equal(yield* task, 'saved and slept');
      assert.equal(task.cancelling(), 0);
    }));
});
