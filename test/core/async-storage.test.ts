/**
 * `AsyncLocalStorage` of Node: each task runs in the storages of its creation, over every kind of wait, and keeps them to itself.
 */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { scenario, property, co } = await inBothStyles(import.meta.url);

scenario('a task keeps the storage of its creation over every kind of wait', function* ({ loop }) {
  const storage = new AsyncLocalStorage<string>();
  const lock = new asyncio.Lock();
  const event = new asyncio.Event();
  const work = co(function* () {
    const seen = [storage.getStore()];
    yield* asyncio.sleep(0);
    seen.push(storage.getStore());
    yield* asyncio.sleep(1);
    seen.push(storage.getStore());
    yield* asyncio.asyncWith(lock, function* () {
      yield* asyncio.sleep(0);
      seen.push(storage.getStore());
    });
    yield* event.wait();
    seen.push(storage.getStore());
    yield* asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve)));
    seen.push(storage.getStore());
    yield* asyncio.gather(asyncio.sleep(1), asyncio.sleep(2));
    seen.push(storage.getStore());
    return seen;
  });
  const tasks = ['one', 'two', 'three'].map((name) => storage.run(name, () => asyncio.createTask(work())));
  loop.callLater(3, () => event.set());
  for (const [index, name] of ['one', 'two', 'three'].entries()) {
    const seen = yield* tasks[index] as asyncio.Task<(string | undefined)[]>;
    assert.deepEqual(seen, Array(7).fill(name));
  }
  assert.equal(storage.getStore(), undefined);
});

scenario('a task inherits the storage of the task that made it', function* () {
  const storage = new AsyncLocalStorage<string>();
  const leaf = co(function* () {
    yield* asyncio.sleep(0);
    return storage.getStore();
  });
  const branch = co(function* () {
    yield* asyncio.sleep(1);
    return yield* asyncio.gather(leaf(), asyncio.createTask(leaf()), asyncio.waitFor(leaf(), 5));
  });
  const seen = yield* storage.run('root', () => asyncio.createTask(branch()));
  assert.deepEqual(seen, ['root', 'root', 'root']);
});

scenario('a task that changes its storage changes that of no other', function* () {
  const storage = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const change = co(function* () {
    storage.enterWith('changed');
    yield* asyncio.sleep(0);
  });
  const look = co(function* (name: string) {
    seen.push(`${name} ${storage.getStore()}`);
    yield* asyncio.sleep(0);
    seen.push(`${name} ${storage.getStore()}`);
  });
  const tasks = [asyncio.createTask(change()), asyncio.createTask(look('beside'))];
  yield* asyncio.gather(...tasks);
  yield* asyncio.createTask(look('after'));
  assert.deepEqual(seen, ['beside undefined', 'beside undefined', 'after undefined', 'after undefined']);
});

scenario('callbacks of the loop do not see the storage of a task', function* ({ loop }) {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const work = co(function* () {
    loop.callSoon(() => seen.push(['callback', storage.getStore()]));
    yield* asyncio.sleep(0);
    seen.push(['task', storage.getStore()]);
  });
  yield* storage.run('of the task', () => asyncio.createTask(work()));
  assert.deepEqual(seen, [
    ['callback', undefined],
    ['task', 'of the task'],
  ]);
});

property(
  'tasks in any interleaving see their own storages, several at a time',
  fc.array(fc.array(fc.constantFrom('yield', 'sleep', 'promise', 'task', 'lock'), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 6,
  }),
  function* (_scene, plans) {
    const number = new AsyncLocalStorage<number>();
    const word = new AsyncLocalStorage<string>();
    const lock = new asyncio.Lock();
    const expect = (index: number) => {
      assert.equal(number.getStore(), index);
      assert.equal(word.getStore(), index % 2 === 0 ? 'even' : undefined);
    };
    const child = co(function* (index: number) {
      yield* asyncio.sleep(0);
      expect(index);
    });
    const work = co(function* (index: number, plan: readonly string[]) {
      for (const step of plan) {
        expect(index);
        if (step === 'yield') yield* asyncio.sleep(0);
        if (step === 'sleep') yield* asyncio.sleep(index);
        if (step === 'promise') yield* asyncio.wrapFuture(Promise.resolve());
        if (step === 'task') yield* asyncio.createTask(child(index));
        if (step === 'lock') yield* asyncio.asyncWith(lock, () => child(index));
        expect(index);
      }
    });
    const tasks = plans.map((plan, index) =>
      number.run(index, () => {
        const make = () => asyncio.createTask(work(index, plan));
        return index % 2 === 0 ? word.run('even', make) : make();
      }),
    );
    yield* asyncio.gather(...tasks);
  },
);
