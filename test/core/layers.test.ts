/**
 * Coroutines of different kinds that call one another: a generator that awaits an async function that awaits a generator, and so on. Results,
 * errors and cancellations go through all layers, in both directions, and take no iteration of the loop on the way.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { check, play, thrownBy } from '../both-styles.ts';

type Layer = 'generator' | 'generator object' | 'async' | 'async object';
const LAYERS: readonly Layer[] = ['generator', 'generator object', 'async', 'async object'];

/** A call of one layer, as a generator makes it and as an async function does: neither can await what the other calls directly. */
interface Call {
  readonly fromGenerator: () => asyncio.Awaitable<unknown>;
  readonly fromAsync: () => PromiseLike<unknown>;
}

/** Calls of the given kinds around `core`; each writes down how it is entered and left. */
function nest(layers: readonly Layer[], heard: string[], core: () => asyncio.Awaitable<unknown>): Call {
  const [layer, ...rest] = layers;
  if (layer === undefined) return { fromGenerator: core, fromAsync: core };
  const inner = nest(rest, heard, core);
  const depth = rest.length;
  function* inGenerator(): asyncio.Coroutine<unknown> {
    heard.push(`in ${depth}`);
    try {
      return yield* inner.fromGenerator();
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
      return await inner.fromAsync();
    } catch (error) {
      heard.push(`${String(error)} in ${depth}`);
      throw error;
    } finally {
      heard.push(`out ${depth}`);
    }
  }
  const object = layer.startsWith('async') ? asyncio.coroutine(inAsync) : asyncio.coroutine(inGenerator);
  const generator = inGenerator as unknown as () => asyncio.Awaitable<unknown>;
  return {
    fromGenerator: layer === 'generator' ? generator : object,
    fromAsync: layer === 'async' ? inAsync : object,
  };
}

/** A task that makes the outermost call. */
function start({ fromGenerator, fromAsync }: Call, layers: readonly Layer[]): asyncio.Task<unknown> {
  return asyncio.createTask(
    layers[0] === 'async'
      ? () => fromAsync() as Promise<unknown>
      : (fromGenerator() as asyncio.CoroutineObject<unknown>),
  );
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
        const task = asyncio.createTask(function* () {
          const value = yield* nest(kinds, heard, () => future).fromGenerator();
          return [value, iteration];
        });
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
        assert.equal(yield* thrownBy(start(nest(kinds, heard, fail), kinds)), error);
        assert.deepEqual(heard, expected(kinds.length, 'ValueError: inner'));
      }),
    ));

  test('hand a cancellation down to the wait, and its error up', () =>
    check(layers, (kinds) =>
      play(function* ({ loop }) {
        const heard: string[] = [];
        const future = loop.createFuture<string>();
        const task = start(
          nest(kinds, heard, () => future),
          kinds,
        );
        yield* asyncio.sleep(0);
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
            return kind.startsWith('async') ? asyncio.coroutine(native) : asyncio.coroutine(generator);
          },
          () => asyncio.sleep(60),
        );
        const task = asyncio.createTask(wait as () => asyncio.CoroutineObject<unknown>);
        yield* asyncio.sleep(1);
        task.cancel();
        assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
        const innermostFirst = kinds.map((_, index) => `${kinds.length - 1 - index} at ${2 + index}`);
        assert.deepEqual(order, innermostFirst);
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
