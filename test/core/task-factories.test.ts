/**
 * Who makes the tasks: task factories, the eager ones, and task classes of one's own.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, co, style } = await inBothStyles(import.meta.url);

const one = co(function* () {
  yield* asyncio.sleep(0);
  return 1;
});
const atOnce = co(function* () {
  return 'at once';
});

scenario(
  'a task factory is given the loop, the coroutine and the options, and makes every task',
  function* ({ loop }) {
    const made: unknown[][] = [];
    const factory: asyncio.TaskFactory = (owner, coro, options) => {
      made.push([owner === loop, asyncio.isCoroutine(coro), options]);
      return new asyncio.Task(coro, { ...options, loop: owner });
    };
    assert.equal(loop.getTaskFactory(), null);
    loop.setTaskFactory(factory);
    assert.equal(loop.getTaskFactory(), factory);
    const context = asyncio.copyContext();
    yield* asyncio.createTask(one(), { name: 'named', context });
    yield* loop.createTask(one);
    yield* asyncio.gather(one());
    yield* asyncio.shield(one());
    yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
      group.createTask(one(), { name: 'member' });
    });
    assert.deepEqual(made, [
      [true, true, { name: 'named', context }],
      [true, true, {}],
      [true, true, {}],
      [true, true, {}],
      [true, true, { name: 'member' }],
    ]);
    loop.setTaskFactory(null);
    yield* asyncio.createTask(one());
    assert.equal(made.length, 5);
  },
);

scenario('a task class of one’s own can watch its tasks', function* ({ loop }) {
  const told: string[] = [];
  class Watched<T> extends asyncio.Task<T> {
    override cancel(message?: unknown): boolean {
      told.push(`${this.getName()} is asked to end`);
      return super.cancel(message);
    }
  }
  loop.setTaskFactory((owner, coro, options) => new Watched(coro, { ...options, loop: owner }));
  const outer = asyncio.createTask(
    co(function* () {
      yield* asyncio.createTask(asyncio.sleep(60), { name: 'inner' });
    })(),
    { name: 'outer' },
  );
  yield* asyncio.sleep(1);
  outer.cancel();
  assert.ok((yield* thrownBy(outer)) instanceof asyncio.CancelledError);
  assert.deepEqual(told, ['outer is asked to end', 'inner is asked to end']);
});

scenario('a factory that fails fails its caller, and nobody else', function* ({ loop }) {
  loop.setTaskFactory(() => {
    throw new asyncio.ValueError('no more tasks');
  });
  assert.throws(() => asyncio.createTask(asyncio.sleep(0)), { message: 'no more tasks' });
  loop.setTaskFactory(null);
  assert.equal(yield* asyncio.createTask(one()), 1);
});

scenario('an eager task runs its first part on the stack of its maker', function* ({ loop }) {
  loop.setTaskFactory(asyncio.eagerTaskFactory);
  const order: string[] = [];
  const work = co(function* () {
    order.push('first part');
    yield* asyncio.sleep(0);
    order.push('second part');
  });
  const task = asyncio.createTask(work());
  order.push('made');
  yield* task;
  assert.deepEqual(order, ['first part', 'made', 'second part']);
  assert.deepEqual(yield* asyncio.gather(atOnce(), atOnce()), ['at once', 'at once']);
});

if (style === 'generator') {
  scenario('an eager task that does not wait is done when it is made', function* ({ loop }) {
    loop.setTaskFactory(asyncio.eagerTaskFactory);
    const made = [atOnce, atOnce(), asyncio.coroutine(atOnce)(), new asyncio.Lock().acquire()].map((coro) =>
      asyncio.createTask<unknown>(coro),
    );
    assert.deepEqual(
      made.map((task) => task.done() && task.result()),
      ['at once', 'at once', 'at once', true],
    );
    assert.deepEqual(asyncio.allTasks().size, 1);
  });
}

scenario('an eager task takes a name and a context, and is current in its first step', function* () {
  const variable = new asyncio.ContextVar<string>('variable', { default: 'outside' });
  const context = asyncio.copyContext();
  context.run(() => variable.set('inside'));
  const seen: unknown[] = [];
  const look = co(function* () {
    seen.push(asyncio.currentTask()?.getName(), variable.get());
    yield* asyncio.sleep(0);
    seen.push(asyncio.currentTask()?.getName(), variable.get());
  });
  const me = asyncio.currentTask();
  const task = asyncio.createTask(look(), { name: 'eager', context, eagerStart: true });
  assert.equal(asyncio.currentTask(), me);
  assert.equal(variable.get(), 'outside');
  assert.deepEqual(seen, ['eager', 'inside']);
  yield* task;
  assert.deepEqual(seen, ['eager', 'inside', 'eager', 'inside']);
});

scenario('an eager task that fails at once is a failed task, not an error of its maker', function* () {
  const fail = co(function* () {
    throw new asyncio.ValueError('at once');
  });
  const task = asyncio.createTask(fail(), { eagerStart: true });
  assert.equal(String(yield* thrownBy(task)), 'ValueError: at once');
});

scenario('eagerStart: false makes an eager factory wait for the next iteration', function* ({ loop }) {
  loop.setTaskFactory(asyncio.eagerTaskFactory);
  const order: string[] = [];
  const work = co(function* () {
    order.push('work');
  });
  const task = asyncio.createTask(work(), { eagerStart: false });
  order.push('made');
  yield* task;
  assert.deepEqual(order, ['made', 'work']);
});

scenario('createEagerTaskFactory makes tasks of its class', function* ({ loop }) {
  class Special<T> extends asyncio.Task<T> {}
  loop.setTaskFactory(asyncio.createEagerTaskFactory(Special));
  const task = asyncio.createTask(asyncio.sleep(0, 'special'));
  assert.ok(task instanceof Special);
  assert.equal(yield* task, 'special');
});

scenario('an eager task of a loop that does not run starts when it does', function* () {
  const other = newVirtualLoop();
  const order: string[] = [];
  const work = co(function* () {
    order.push('started');
  });
  const task = other.createTask(work(), { eagerStart: true });
  assert.deepEqual([order, task.done()], [[], false]);
  task.cancel();
  other.setExceptionHandler(() => {});
  other.close();
});

scenario('wrong factories are refused', function* ({ loop }) {
  assert.throws(() => loop.setTaskFactory(5 as never), {
    name: 'TypeError',
    message: 'task factory must be a callable or null, got 5',
  });
  assert.throws(() => asyncio.createEagerTaskFactory(null as never), {
    name: 'TypeError',
    message: 'a task class is expected, got null',
  });
  assert.throws(() => asyncio.eagerTaskFactory(loop, Promise.resolve() as never, {}), {
    name: 'TypeError',
    message: 'a coroutine was expected, got <Promise>',
  });
  assert.throws(() => new asyncio.Task(5 as never), {
    name: 'TypeError',
    message: 'a coroutine was expected, got 5',
  });
});
