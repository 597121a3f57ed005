/**
 * Who waits for whom: the call graph of a task or future, captured and printed, through tasks, gatherings, groups, shields and waits.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);

/** The names of those who wait, as nested arrays. */
type Names = readonly [name: string, ...by: Names[]];

function namesOf(graph: asyncio.FutureCallGraph | null): Names {
  assert.ok(graph !== null);
  const { future, awaitedBy } = graph;
  const name = future instanceof asyncio.Task ? future.getName() : future.constructor.name;
  return [name, ...awaitedBy.map(namesOf)];
}

const waiting = co(function* (awaitable: asyncio.Awaitable<unknown>) {
  yield* awaitable;
});

function named(name: string, awaitable: asyncio.Awaitable<unknown>): asyncio.Task<void> {
  return asyncio.createTask(waiting(awaitable), { name });
}

scenario('a future that nobody waits for stands alone', function* ({ loop }) {
  const graph = asyncio.captureCallGraph(loop.createFuture());
  assert.deepEqual(namesOf(graph), ['Future']);
  assert.deepEqual(graph?.callStack, []);
});

scenario('a chain of tasks is followed to its end', function* ({ loop }) {
  const future = loop.createFuture<void>();
  const first = named('first', future);
  const second = named('second', first);
  const third = named('third', second);
  yield* asyncio.sleep(1);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(future)), ['Future', ['first', ['second', ['third']]]]);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(second)), ['second', ['third']]);
  future.setResult();
  yield* third;
  assert.deepEqual(namesOf(asyncio.captureCallGraph(first)), ['first'], 'nobody waits any more');
});

scenario('all who wait for one future are shown, in the order they came', function* ({ loop }) {
  const future = loop.createFuture<void>();
  const tasks = ['a', 'b', 'c'].map((name) => named(name, future));
  yield* asyncio.sleep(1);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(future)), ['Future', ['a'], ['b'], ['c']]);
  future.setResult();
  yield* asyncio.gather(...tasks);
});

scenario('gather, wait, shield and groups are seen through', function* () {
  const event = new asyncio.Event();
  const leaf = asyncio.createTask(event.wait(), { name: 'leaf' });
  const gathering = asyncio.createTask(
    co(function* () {
      yield* asyncio.gather(leaf, asyncio.sleep(0));
    })(),
    { name: 'gathering' },
  );
  const expecting = asyncio.createTask(
    co(function* () {
      yield* asyncio.wait([leaf]);
    })(),
    { name: 'expecting' },
  );
  const shielding = asyncio.createTask(
    co(function* () {
      yield* asyncio.shield(leaf);
    })(),
    { name: 'shielding' },
  );
  const grouping = asyncio.createTask(
    co(function* () {
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        group.createTask(waiting(leaf), { name: 'member' });
      });
    })(),
    { name: 'grouping' },
  );
  yield* asyncio.sleep(1);
  const [name, ...waiters] = namesOf(asyncio.captureCallGraph(leaf));
  assert.equal(name, 'leaf');
  assert.deepEqual(waiters.toSorted(), [
    ['expecting'],
    ['gathering'],
    ['member', ['grouping']],
    ['shielding'],
  ]);
  event.set();
  yield* asyncio.wait([gathering, expecting, shielding, grouping]);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(leaf)), ['leaf']);
});

scenario('what was noted by hand is shown until it is taken back', function* ({ loop }) {
  const [a, b, c] = [loop.createFuture(), loop.createFuture(), loop.createFuture()] as const;
  const me = asyncio.currentTask() as asyncio.Task<unknown>;
  for (const waiter of [b, c, me, b]) asyncio.futureAddToAwaitedBy(a, waiter);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(a)), ['Future', ['Future'], ['Future'], ['scenario']]);
  asyncio.futureDiscardFromAwaitedBy(a, c);
  asyncio.futureDiscardFromAwaitedBy(a, c);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(a)), ['Future', ['Future'], ['scenario']]);
  asyncio.futureDiscardFromAwaitedBy(a, b);
  asyncio.futureDiscardFromAwaitedBy(a, me);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(a)), ['Future']);
});

scenario('a circle is shown once round', function* ({ loop }) {
  const [a, b] = [loop.createFuture(), loop.createFuture()] as const;
  asyncio.futureAddToAwaitedBy(a, b);
  asyncio.futureAddToAwaitedBy(b, a);
  assert.deepEqual(namesOf(asyncio.captureCallGraph(a)), ['Future', ['Future']]);
});

scenario('the current task is meant where none is given', function* () {
  const me = asyncio.currentTask();
  assert.equal(asyncio.captureCallGraph()?.future, me);
  yield* asyncio.sleep(0);
  assert.equal(asyncio.captureCallGraph()?.future, me);
  assert.match(asyncio.formatCallGraph(), /^\* Task\(name='scenario'\)/);
});

scenario('the graph is written as an indented tree with the stacks', function* ({ loop }) {
  const future = loop.createFuture<void>();
  const inner = asyncio.coroutine(function* inner() {
    yield* future;
  });
  const outer = asyncio.coroutine(function* outer() {
    yield* inner();
  });
  const first = asyncio.createTask(outer(), { name: 'first' });
  const second = named('second', first);
  yield* asyncio.sleep(1);
  const text = asyncio.formatCallGraph(future).split('\n');
  assert.deepEqual(text.slice(0, 6), [
    '* Future',
    '  + Awaited by:',
    "    * Task(name='first')",
    '      + Call stack:',
    '      |  at inner',
    '      |  at outer',
  ]);
  assert.deepEqual(text.slice(6, 8), ['      + Awaited by:', "        * Task(name='second')"]);
  const written: string[] = [];
  asyncio.printCallGraph(future, { file: { write: (part) => written.push(part) } });
  assert.equal(written.join(''), `${text.join('\n')}\n`);
  future.setResult();
  yield* second;
});

scenario('a limit shortens each stack, from either end', function* ({ loop }) {
  const future = loop.createFuture<void>();
  const three = asyncio.coroutine(function* three() {
    yield* future;
  });
  const two = asyncio.coroutine(function* two() {
    yield* three();
  });
  const one = asyncio.coroutine(function* one() {
    yield* two();
  });
  const task = asyncio.createTask(one());
  yield* asyncio.sleep(1);
  const names = (limit?: number) =>
    asyncio.captureCallGraph(task, { limit })?.callStack.map(({ frame }) => frame.name);
  assert.deepEqual(names(), ['three', 'two', 'one']);
  assert.deepEqual(names(1), ['three']);
  assert.deepEqual(names(2), ['three', 'two']);
  assert.deepEqual(names(-1), ['one']);
  assert.deepEqual(names(0), []);
  future.setResult();
  yield* task;
});

scenario('something else than a future is refused', function* () {
  assert.throws(() => asyncio.captureCallGraph(5 as never), {
    name: 'TypeError',
    message: /^a future or task is expected/,
  });
});
