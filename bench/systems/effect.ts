/**
 * Effect 4: fibers written with `Effect.gen` and `Effect.fnUntraced`, which its own guide names for hot paths, and with its
 * combinators where those are quicker.
 *
 * What is not equal, in favour of Effect: `Effect.all` and `Effect.forEach` start each fiber at once instead of on the next
 * turn. The timers are sleeping fibers that are interrupted: Effect offers no bare timer.
 */
import { Deferred, Effect, Fiber, Queue, Semaphore } from 'effect';
import { reportSleepers } from '../memory.ts';
import {
  cancelTreeChildren,
  LEAF_SLEEP,
  now,
  type Sample,
  type Scenario,
  SWITCHERS,
  type System,
  TREE_BRANCHES,
  TREE_KINDS,
  type TreeKind,
  TreeWork,
  timerDelay,
} from '../work.ts';

const AT_ONCE = { concurrency: 'unbounded', discard: true } as const;

function scenario(effect: (size: number) => Effect.Effect<Sample>): Scenario {
  return (size) => Effect.runPromise(effect(size));
}

const taskSwitch = Effect.fnUntraced(function* (rounds: number) {
  let switches = 0;
  const switcher = Effect.suspend(() => {
    let i = 0;
    return Effect.whileLoop({
      while: () => i < rounds,
      body: () => Effect.yieldNow,
      step: () => {
        i++;
        switches++;
      },
    });
  });
  const start = now();
  yield* Effect.all(Array<typeof switcher>(SWITCHERS).fill(switcher), AT_ONCE);
  return { seconds: now() - start, count: switches };
});

const spawn = Effect.fnUntraced(function* (size: number) {
  const identity = Effect.fnUntraced(function* (i: number) {
    return i;
  });
  const start = now();
  const fibers: Fiber.Fiber<number>[] = [];
  for (let i = 0; i < size; i++) fibers.push(yield* Effect.forkChild(identity(1)));
  let count = 0;
  for (const fiber of fibers) count += yield* Fiber.join(fiber);
  return { seconds: now() - start, count };
});

const gather = Effect.fnUntraced(function* (size: number) {
  const identity = Effect.fnUntraced(function* (i: number) {
    return i;
  });
  const start = now();
  const effects: Effect.Effect<number>[] = [];
  for (let i = 0; i < size; i++) effects.push(identity(i));
  const results = yield* Effect.all(effects, { concurrency: 'unbounded' });
  return { seconds: now() - start, count: results.length };
});

const queue = Effect.fnUntraced(function* (trips: number) {
  const there = yield* Queue.unbounded<number>();
  const back = yield* Queue.unbounded<number>();
  let count = 0;
  const ping = Effect.gen(function* () {
    for (let i = 0; i < trips; i++) {
      yield* Queue.offer(there, i);
      if ((yield* Queue.take(back)) === i) count++;
    }
  });
  const pong = Effect.gen(function* () {
    for (let i = 0; i < trips; i++) {
      yield* Queue.offer(back, yield* Queue.take(there));
      count++;
    }
  });
  const start = now();
  yield* Effect.all([ping, pong], AT_ONCE);
  return { seconds: now() - start, count };
});

const lock = Effect.fnUntraced(function* (waiters: number) {
  const mutex = yield* Semaphore.make(1);
  let count = 0;
  const waiter = mutex.withPermit(
    Effect.sync(() => {
      count++;
    }),
  );
  yield* mutex.take(1);
  const fibers: Fiber.Fiber<void>[] = [];
  for (let i = 0; i < waiters; i++) fibers.push(yield* Effect.forkChild(waiter));
  yield* Effect.yieldNow;
  const start = now();
  yield* mutex.release(1);
  yield* Fiber.joinAll(fibers);
  return { seconds: now() - start, count };
});

const timers = Effect.fnUntraced(function* (size: number) {
  const start = now();
  const fibers: Fiber.Fiber<void>[] = [];
  for (let i = 0; i < size; i++) fibers.push(yield* Effect.forkChild(Effect.sleep(timerDelay(i) * 1000)));
  yield* Effect.yieldNow;
  yield* Fiber.interruptAll(fibers);
  return { seconds: now() - start, count: fibers.length };
});

const cancelTree = Effect.fnUntraced(function* (size: number) {
  let begun = 0;
  let cancelled = 0;
  const ready = yield* Deferred.make<void>();
  const count = Effect.sync(() => {
    cancelled++;
  });
  const node = (id: number): Effect.Effect<void> => {
    const [first, end] = cancelTreeChildren(id, size);
    if (first === end) return Effect.onInterrupt(wait, () => count);
    return Effect.onInterrupt(
      Effect.gen(function* () {
        const children: Fiber.Fiber<void>[] = [];
        for (let child = first; child < end; child++) children.push(yield* Effect.forkChild(node(child)));
        begin();
        yield* Fiber.joinAll(children);
      }),
      () => count,
    );
  };
  const begin = (): void => {
    if (++begun === size) Deferred.doneUnsafe(ready, Effect.void);
  };
  const wait = Effect.andThen(Effect.sync(begin), Effect.never);
  const root = yield* Effect.forkChild(node(0));
  yield* Deferred.await(ready);
  const start = now();
  yield* Fiber.interrupt(root);
  return { seconds: now() - start, count: cancelled };
});

function treeGather(kind: TreeKind): Scenario {
  return scenario(
    Effect.fnUntraced(function* (levels) {
      const work = new TreeWork(kind, levels);
      const branches = Array.from({ length: TREE_BRANCHES }, (_, i) => i);
      const leaf = Effect.suspend(() => (work.leaf() ? Effect.sleep(LEAF_SLEEP * 1000) : Effect.void));
      const walk = (level: number): Effect.Effect<void> =>
        level === 0 ? leaf : Effect.forEach(branches, () => walk(level - 1), AT_ONCE);
      const start = now();
      yield* walk(levels);
      return { seconds: now() - start, count: work.finish() };
    }),
  );
}

function treeGroup(kind: TreeKind): Scenario {
  return scenario(
    Effect.fnUntraced(function* (levels) {
      const work = new TreeWork(kind, levels);
      const leaf = Effect.suspend(() => (work.leaf() ? Effect.sleep(LEAF_SLEEP * 1000) : Effect.void));
      const walk = Effect.fnUntraced(function* (level: number): Effect.fn.Return<void> {
        if (level === 0) return yield* leaf;
        const fibers: Fiber.Fiber<void>[] = [];
        for (let i = 0; i < TREE_BRANCHES; i++) fibers.push(yield* Effect.forkChild(walk(level - 1)));
        yield* Fiber.joinAll(fibers);
      });
      const start = now();
      yield* walk(levels);
      return { seconds: now() - start, count: work.finish() };
    }),
  );
}

const memory = Effect.fnUntraced(function* (size: number) {
  let asleep = 0;
  const sleeper = Effect.suspend(() => {
    asleep++;
    return Effect.sleep(3_600_000);
  });
  const fibers: Fiber.Fiber<void>[] = [];
  for (let i = 0; i < size; i++) fibers.push(yield* Effect.forkChild(sleeper));
  yield* Effect.yieldNow;
  return reportSleepers(Math.min(asleep, fibers.length));
});

export const system: System = {
  taskSwitch: scenario(taskSwitch),
  spawn: scenario(spawn),
  gather: scenario(gather),
  queue: scenario(queue),
  lock: scenario(lock),
  timers: scenario(timers),
  cancelTree: scenario(cancelTree),
  memory: scenario(memory),
  none_eager: treeGather('none'),
  ...Object.fromEntries(
    TREE_KINDS.flatMap((kind) => [
      [`${kind}_gather`, treeGather(kind)],
      [`${kind}_group`, treeGroup(kind)],
    ]),
  ),
};
