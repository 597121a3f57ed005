/** The ready queue against an array: first in, first out, whatever its ring has been through. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../../src/core/handle.ts';
import { ReadyQueue } from '../../src/core/ready.ts';
import { check } from '../both-styles.ts';

interface Numbered extends Entry {
  readonly number: number;
}

function entry(number: number): Numbered {
  return { number, _run() {} };
}

suite('the ready queue', () => {
  test('behaves as an array does', () => {
    const push = fc.record({ push: fc.integer({ min: 1, max: 400 }) });
    const shift = fc.record({ shift: fc.integer({ min: 1, max: 400 }) });
    const clear = fc.constant({ clear: true } as const);
    const steps = fc.array(
      fc.oneof(
        { arbitrary: push, weight: 5 },
        { arbitrary: shift, weight: 4 },
        { arbitrary: clear, weight: 1 },
      ),
      { maxLength: 30 },
    );
    return check(steps, (all) => {
      const queue = new ReadyQueue();
      const model: Numbered[] = [];
      let next = 0;
      for (const step of all) {
        if ('push' in step) {
          for (let i = 0; i < step.push; i++) {
            const added = entry(next++);
            queue.push(added);
            model.push(added);
          }
        } else if ('shift' in step) {
          for (let i = 0; i < step.shift && model.length > 0; i++) assert.equal(queue.shift(), model.shift());
        } else {
          queue.clear();
          model.length = 0;
        }
        assert.equal(queue.size, model.length);
        assert.ok([...queue].every((one, index) => one === model[index]));
      }
    });
  });

  test('keeps its order while it grows around the end of its ring', () => {
    const queue = new ReadyQueue();
    for (let i = 0; i < 200; i++) queue.push(entry(i));
    for (let i = 0; i < 200; i++) queue.shift();
    for (let i = 0; i < 5000; i++) queue.push(entry(i));
    for (let i = 0; i < 5000; i++) assert.equal((queue.shift() as Numbered).number, i);
    assert.equal(queue.size, 0);
  });

  test('keeps nothing alive that was taken', async () => {
    const queue = new ReadyQueue();
    const fill = () =>
      Array.from({ length: 100 }, (_, i) => {
        const added = entry(i);
        queue.push(added);
        return new WeakRef(added);
      });
    const taken = fill();
    for (let i = 0; i < 50; i++) queue.shift();
    queue.clear();
    await new Promise((resolve) => setImmediate(resolve));
    global.gc?.();
    assert.equal(taken.filter((ref) => ref.deref() !== undefined).length, 0);
    assert.equal(queue.size, 0);
  });
});
