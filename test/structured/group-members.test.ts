/** What a task group holds: the tasks that are not done, in the order in which they were made, and no others. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { co, property, scenario } = await inBothStyles(import.meta.url);

/** Sleeps, and says when it is cancelled. */
const member = co(function* (number: number, delay: number, told: number[]) {
  try {
    yield* asyncio.sleep(delay);
  } catch (error) {
    told.push(number);
    throw error;
  }
});

const delays = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 150 });
const moments = fc.tuple(delays, fc.integer({ min: 0, max: 21 }), fc.boolean());

property(
  'a group that is cancelled cancels those of its tasks that are left, oldest first',
  moments,
  function* (_scene, [all, moment, growing]) {
    const told: number[] = [];
    const late = growing ? all.length >> 1 : 0;
    yield* asyncio.asyncWith(
      new asyncio.TaskGroup(),
      co(function* (group: asyncio.TaskGroup) {
        const early = all.length - late;
        for (let i = 0; i < early; i++) group.createTask(member(i, all[i] as number, told));
        yield* asyncio.sleep(moment + 0.5);
        for (let i = early; i < all.length; i++) group.createTask(member(i, all[i] as number, told));
        yield* asyncio.sleep(moment + 0.5);
        group.cancel();
      }),
    );
    const elapsed = 2 * moment + 1;
    const left = all.flatMap((delay, i) => {
      const from = i < all.length - late ? 0 : moment + 0.5;
      return from + delay > elapsed ? [i] : [];
    });
    assert.deepEqual(told, left);
  },
);

scenario('a group that stays open lets go of each task as it is done', function* () {
  const refs: WeakRef<object>[] = [];
  const forget = (task: asyncio.Task<unknown>) => refs.push(new WeakRef(task));
  yield* asyncio.asyncWith(
    new asyncio.TaskGroup(),
    co(function* (group: asyncio.TaskGroup) {
      const last = group.createTask(asyncio.sleep(100));
      for (let i = 0; i < 10; i++) forget(group.createTask(asyncio.sleep(1)));
      yield* asyncio.sleep(2);
      // Weak references stay alive until the host has had a turn.
      yield* asyncio.wrapFuture(new Promise<void>((resolve) => setImmediate(resolve)));
      globalThis.gc?.();
      assert.deepEqual(
        refs.map((ref) => ref.deref()),
        refs.map(() => undefined),
      );
      last.cancel();
    }),
  );
});
