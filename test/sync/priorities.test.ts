/**
 * The order of priority and last-in-first-out queues, and that a comparison which fails costs nobody an item.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { defaultCompare, Heap } from '../../src/sync/heap.ts';
import { check } from '../both-styles.ts';

function drain<T>(queue: asyncio.Queue<T>): T[] {
  return Array.from({ length: queue.qsize() }, () => queue.getNowait());
}

suite('a priority queue', () => {
  test('gives the least first, of equal ones the one that came first', () =>
    check(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60, size: 'max' }), (numbers) => {
      const items = numbers.map((number, index) => ({ number, index }));
      const queue = new asyncio.PriorityQueue<{ number: number; index: number }>(
        0,
        (a, b) => a.number - b.number,
      );
      for (const item of items) queue.putNowait(item);
      assert.deepEqual(
        drain(queue),
        items.toSorted((a, b) => a.number - b.number),
      );
    }));

  test('keeps its order while items come and go', () =>
    check(fc.array(fc.option(fc.integer({ min: 0, max: 20 })), { maxLength: 80, size: 'max' }), (steps) => {
      const queue = new asyncio.PriorityQueue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step !== null) {
          queue.putNowait(step);
          model.push(step);
          model.sort((a, b) => a - b);
        } else if (model.length > 0) {
          assert.equal(queue.getNowait(), model.shift());
        }
        assert.equal(queue.qsize(), model.length);
      }
      assert.deepEqual(drain(queue), model);
    }));

  test('compares arrays item by item, as Python compares tuples', () => {
    const queue = new asyncio.PriorityQueue<readonly [number, string, number?]>();
    const sorted = [
      [-1, 'z'],
      [0, 'a'],
      [0, 'a', -5],
      [0, 'b', -9],
      [2, ''],
    ] as const;
    for (const index of [3, 0, 4, 2, 1]) queue.putNowait(sorted[index] as (typeof sorted)[0]);
    assert.deepEqual(drain(queue), sorted);
  });

  test('takes numbers, bigints, booleans, dates and strings, each with its like', () => {
    assert.deepEqual(
      [3, 1n, true, 2.5, new Date(2), -0].toSorted(defaultCompare).map(Number),
      [-0, 1, 1, 2, 2.5, 3],
    );
    assert.deepEqual(['b', 'a', ''].toSorted(defaultCompare), ['', 'a', 'b']);
    assert.equal(defaultCompare([1, [2, 'x']], [1, [2, 'x']]), 0);
    const same = {};
    assert.equal(defaultCompare([1, same], [1, same]), 0);
  });

  const INCOMPARABLE: readonly (readonly [unknown, unknown, string])[] = [
    [1, 'a', 'number and string'],
    [{}, {}, 'object and object'],
    [null, 1, 'null and number'],
    [undefined, 1, 'undefined and number'],
    [[1], 1, 'array and number'],
    [[1, 'a'], [1, 2], 'string and number'],
    [Symbol('s'), 1, 'symbol and number'],
    [Object.create(null), 1, 'object and number'],
  ];
  for (const [a, b, words] of INCOMPARABLE) {
    test(`refuses to compare ${words}, and says what to do`, () => {
      assert.throws(() => defaultCompare(a, b), {
        name: 'TypeError',
        message: `'<' not supported between ${words}: give the PriorityQueue a compare function`,
      });
    });
  }

  test('is left as it was by a put whose comparison fails', () => {
    const queue = new asyncio.PriorityQueue<unknown>();
    for (const item of [5, 3, 8, 1, 9, 7]) queue.putNowait(item);
    for (let i = 0; i < 3; i++) assert.throws(() => queue.putNowait('x'), { name: 'TypeError' });
    assert.deepEqual(queue.statistics(), { size: 6, unfinished: 6, getters: 0, putters: 0 });
    assert.deepEqual(drain(queue), [1, 3, 5, 7, 8, 9]);
  });

  test('is left as it was by a get whose comparison fails', () => {
    const queue = new asyncio.PriorityQueue<readonly [number, unknown]>();
    // The two objects are compared only when the first item is gone.
    for (const item of [
      [1, 'first'],
      [2, {}],
      [2, {}],
    ] as const)
      queue.putNowait(item);
    assert.throws(() => queue.getNowait(), { name: 'TypeError' });
    assert.equal(queue.qsize(), 3);
  });

  test('loses nothing, whenever a comparison fails', () =>
    check(
      fc.tuple(
        fc.array(fc.nat(30), { minLength: 1, maxLength: 30, size: 'max' }),
        fc.array(fc.nat(40), { maxLength: 8 }),
      ),
      ([numbers, failures]) => {
        let calls = 0;
        let armed = false;
        const heap = new Heap<number>((a, b) => {
          if (armed && failures.includes(calls++)) throw new RangeError('cannot compare now');
          return a - b;
        });
        const model: number[] = [];
        armed = true;
        for (const number of numbers) {
          try {
            heap.push(number);
            model.push(number);
          } catch (error) {
            assert.ok(error instanceof RangeError);
          }
          assert.equal(heap.size, model.length);
        }
        const out: number[] = [];
        while (heap.size > 0) {
          const before = heap.size;
          try {
            out.push(heap.take());
            assert.equal(heap.size, before - 1);
          } catch (error) {
            assert.ok(error instanceof RangeError);
            assert.equal(heap.size, before);
          }
        }
        assert.deepEqual(
          out,
          model.toSorted((a, b) => a - b),
        );
      },
    ));
});

suite('a queue of last in, first out', () => {
  test('behaves as a stack', () =>
    check(fc.array(fc.option(fc.integer()), { maxLength: 50, size: 'max' }), (steps) => {
      const queue = new asyncio.LifoQueue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step !== null) {
          queue.putNowait(step);
          model.push(step);
        } else if (model.length > 0) assert.equal(queue.getNowait(), model.pop());
      }
      assert.equal(queue.qsize(), model.length);
    }));

  test('is full at its size, as every queue', () => {
    for (const queue of [new asyncio.LifoQueue<number>(2), new asyncio.PriorityQueue<number>(2)]) {
      queue.putNowait(1);
      assert.equal(queue.full(), false);
      queue.putNowait(2);
      assert.equal(queue.full(), true);
      assert.throws(() => queue.putNowait(3), { name: 'QueueFull' });
    }
  });
});
