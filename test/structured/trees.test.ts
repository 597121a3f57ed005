/**
 * Random trees of task groups, timeouts, gatherings and leaves that fail or refuse to die, cancelled from outside at random moments: a block never
 * ends before what it started, nothing is left, and the count of requests to cancel is what was asked from outside.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';
import { at, moments } from '../moments.ts';

const { property, co } = await inBothStyles(import.meta.url);

type Tree =
  | {
      readonly kind: 'leaf';
      readonly seconds: number;
      readonly end: 'well' | 'fails' | 'stubborn' | 'tidies up';
    }
  | {
      readonly kind: 'group';
      readonly body: number;
      readonly fails: boolean;
      readonly trees: readonly Tree[];
    }
  | { readonly kind: 'timeout'; readonly seconds: number; readonly moved: number | null; readonly tree: Tree }
  | { readonly kind: 'sequence'; readonly trees: readonly Tree[] }
  | { readonly kind: 'gather'; readonly keep: boolean; readonly trees: readonly Tree[] }
  | { readonly kind: 'cancelled group'; readonly when: number; readonly trees: readonly Tree[] };

const moment = fc.nat(6);

const { tree } = fc.letrec<{ tree: Tree; trees: readonly Tree[] }>((tie) => ({
  trees: fc.array(tie('tree'), { maxLength: 3, size: 'max' }),
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({
      kind: fc.constant('leaf'),
      seconds: moment,
      end: fc.constantFrom('well', 'well', 'fails', 'stubborn', 'tidies up'),
    }),
    fc.record({ kind: fc.constant('group'), body: moment, fails: fc.boolean(), trees: tie('trees') }),
    fc.record({
      kind: fc.constant('timeout'),
      seconds: moment,
      moved: fc.option(moment),
      tree: tie('tree'),
    }),
    fc.record({ kind: fc.constant('sequence'), trees: tie('trees') }),
    fc.record({ kind: fc.constant('gather'), keep: fc.boolean(), trees: tie('trees') }),
    fc.record({ kind: fc.constant('cancelled group'), when: moment, trees: tie('trees') }),
  ) as fc.Arbitrary<Tree>,
}));

class Leaf extends Error {}

/** Is anything in it slow to end when it is cancelled? */
function isSlow(part: Tree): boolean {
  if (part.kind === 'leaf') return part.end === 'stubborn' || part.end === 'tidies up';
  if (part.kind === 'timeout') return isSlow(part.tree);
  return part.trees.some(isSlow);
}

const leaf = co(function* ({ seconds, end }: Tree & { kind: 'leaf' }) {
  try {
    yield* asyncio.sleep(seconds);
    if (end === 'fails') throw new Leaf();
  } catch (error) {
    if (end === 'stubborn' && error instanceof asyncio.CancelledError) yield* asyncio.sleep(1);
    else throw error;
  } finally {
    if (end === 'tidies up') yield* asyncio.sleep(1);
  }
});

function now(): number {
  return asyncio.getRunningLoop().time();
}

const grow: (part: Tree) => asyncio.Coroutine<void> = co(function* (part: Tree) {
  switch (part.kind) {
    case 'leaf':
      return yield* leaf(part);
    case 'gather':
      yield* asyncio.gather(...part.trees.map(grow), { returnExceptions: part.keep });
      return;
    case 'sequence':
      for (const each of part.trees) yield* grow(each);
      return;
    case 'timeout':
      return yield* within(part);
    default:
      return yield* together(part);
  }
});

const together = co(function* (part: Tree & { kind: 'group' | 'cancelled group' }) {
  const tasks: asyncio.Task<void>[] = [];
  const group = new asyncio.TaskGroup();
  const timer =
    part.kind === 'group' ? null : asyncio.getRunningLoop().callLater(part.when, () => group.cancel());
  try {
    yield* asyncio.asyncWith(group, function* () {
      for (const each of part.trees) tasks.push(group.createTask(grow(each)));
      if (part.kind !== 'group') return;
      yield* asyncio.sleep(part.body);
      if (part.fails) throw new Leaf();
    });
  } finally {
    timer?.cancel();
    for (const task of tasks) assert.ok(task.done(), `${task} outlives its group`);
  }
});

const within = co(function* (part: Tree & { kind: 'timeout' }) {
  const begun = now();
  const me = asyncio.currentTask() as asyncio.Task<unknown>;
  const asked = me.cancelling();
  const block = asyncio.timeout(part.seconds);
  let ends = begun + part.seconds;
  try {
    yield* asyncio.asyncWith(block, function* () {
      if (part.moved !== null) {
        ends = begun + part.moved;
        block.reschedule(ends);
      }
      yield* grow(part.tree);
    });
    assert.equal(block.expired() && !isSlow(part.tree), false, 'it expired, and nobody was told');
  } catch (error) {
    if (error instanceof asyncio.TimeoutError && block.expired()) assert.ok(now() >= ends);
    if (error instanceof asyncio.CancelledError && block.expired())
      assert.ok(me.cancelling() > asked, 'it expired, and only it asked for a cancellation');
    throw error;
  } finally {
    if (!isSlow(part.tree))
      assert.ok(now() <= ends, `it ended at ${now()}, though its time was over at ${ends}`);
  }
});

/** Nothing but leaves, timeouts and cancellations went wrong. */
function isExpected(error: unknown): boolean {
  if (error instanceof asyncio.BaseExceptionGroup) return error.exceptions.every(isExpected);
  return (
    error === null ||
    error instanceof Leaf ||
    error instanceof asyncio.TimeoutError ||
    error instanceof asyncio.CancelledError
  );
}

property(
  'a tree leaves nothing behind, and its requests to cancel are balanced',
  fc.tuple(tree, fc.array(moments, { maxLength: 3 })),
  function* (scene, [root, cancellations]) {
    const task = asyncio.createTask(grow(root), { name: 'root' });
    let asked = 0;
    for (const moment of cancellations) {
      at(scene.loop, moment, () => {
        if (task.cancel()) asked++;
      });
    }
    yield* asyncio.wait([task]);
    assert.equal(task.cancelling(), asked);
    if (asked === 0 && root.kind !== 'leaf') assert.equal(task.cancelled(), false, 'nobody asked for it');
    const error = task.cancelled() ? null : task.exception();
    assert.ok(isExpected(error), String(error));
    // What a gathering that failed has left running ends by itself.
    while (asyncio.allTasks().size > 1) {
      for (const left of asyncio.allTasks()) if (left !== asyncio.currentTask()) left.cancel();
      yield* asyncio.sleep(1);
    }
    assert.deepEqual(scene.reports(), []);
  },
  { runs: Number(process.env['ASYNCIO_TEST_RUNS'] ?? 300) },
);
