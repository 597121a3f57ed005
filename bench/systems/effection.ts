/**
 * Effection 4: operations written as generators, its only style.
 *
 * Two things that Effection does not have are built from what it has: giving way is an `action` over `setImmediate` (its
 * `sleep(0)` takes a whole millisecond), and the lock is a queue that holds one token. The timers are sleeping tasks that are
 * halted. A task starts at once instead of on the next turn, in favour of Effection.
 */
import {
  action,
  all,
  createQueue,
  spawn as fork,
  type Operation,
  run,
  sleep,
  suspend,
  type Task,
} from 'effection';
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

function scenario(operation: (size: number) => Operation<Sample>): Scenario {
  return async (size) => await run(() => operation(size));
}

function giveWay(): Operation<void> {
  return action<void>((resolve) => {
    const immediate = setImmediate(resolve);
    return () => clearImmediate(immediate);
  });
}

function* identity(i: number): Operation<number> {
  return i;
}

function* taskSwitch(rounds: number): Operation<Sample> {
  let switches = 0;
  function* switcher(): Operation<void> {
    for (let i = 0; i < rounds; i++) {
      yield* giveWay();
      switches++;
    }
  }
  const start = now();
  yield* all(Array.from({ length: SWITCHERS }, switcher));
  return { seconds: now() - start, count: switches };
}

function* spawn(size: number): Operation<Sample> {
  const start = now();
  const tasks: Task<number>[] = [];
  for (let i = 0; i < size; i++) tasks.push(yield* fork(() => identity(1)));
  let count = 0;
  for (const task of tasks) count += yield* task;
  return { seconds: now() - start, count };
}

function* gather(size: number): Operation<Sample> {
  const start = now();
  const operations: Operation<number>[] = [];
  for (let i = 0; i < size; i++) operations.push(identity(i));
  const results = yield* all(operations);
  return { seconds: now() - start, count: results.length };
}

function* queue(trips: number): Operation<Sample> {
  const there = createQueue<number, never>();
  const back = createQueue<number, never>();
  let count = 0;
  function* ping(): Operation<void> {
    for (let i = 0; i < trips; i++) {
      there.add(i);
      if ((yield* back.next()).value === i) count++;
    }
  }
  function* pong(): Operation<void> {
    for (let i = 0; i < trips; i++) {
      back.add((yield* there.next()).value);
      count++;
    }
  }
  const start = now();
  yield* all([ping(), pong()]);
  return { seconds: now() - start, count };
}

function* lock(waiters: number): Operation<Sample> {
  const token = createQueue<void, never>();
  let count = 0;
  function* waiter(): Operation<void> {
    yield* token.next();
    try {
      count++;
    } finally {
      token.add();
    }
  }
  const tasks: Task<void>[] = [];
  for (let i = 0; i < waiters; i++) tasks.push(yield* fork(waiter));
  yield* giveWay();
  const start = now();
  token.add();
  for (const task of tasks) yield* task;
  return { seconds: now() - start, count };
}

function* timers(size: number): Operation<Sample> {
  const start = now();
  const tasks: Task<void>[] = [];
  for (let i = 0; i < size; i++) tasks.push(yield* fork(() => sleep(timerDelay(i) * 1000)));
  for (const task of tasks) yield* task.halt();
  return { seconds: now() - start, count: tasks.length };
}

function* cancelTree(size: number): Operation<Sample> {
  let cancelled = 0;
  function* node(id: number): Operation<void> {
    try {
      const [first, end] = cancelTreeChildren(id, size);
      for (let child = first; child < end; child++) yield* fork(() => node(child));
      yield* suspend();
    } finally {
      cancelled++;
    }
  }
  const root = yield* fork(() => node(0));
  yield* giveWay();
  const start = now();
  yield* root.halt();
  return { seconds: now() - start, count: cancelled };
}

function treeGather(kind: TreeKind): Scenario {
  return scenario(function* (levels) {
    const work = new TreeWork(kind, levels);
    function* walk(level: number): Operation<void> {
      if (level === 0) {
        if (work.leaf()) yield* sleep(LEAF_SLEEP * 1000);
        return;
      }
      const branches: Operation<void>[] = [];
      for (let i = 0; i < TREE_BRANCHES; i++) branches.push(walk(level - 1));
      yield* all(branches);
    }
    const start = now();
    yield* walk(levels);
    return { seconds: now() - start, count: work.finish() };
  });
}

function treeGroup(kind: TreeKind): Scenario {
  return scenario(function* (levels) {
    const work = new TreeWork(kind, levels);
    function* walk(level: number): Operation<void> {
      if (level === 0) {
        if (work.leaf()) yield* sleep(LEAF_SLEEP * 1000);
        return;
      }
      const tasks: Task<void>[] = [];
      for (let i = 0; i < TREE_BRANCHES; i++) tasks.push(yield* fork(() => walk(level - 1)));
      for (const task of tasks) yield* task;
    }
    const start = now();
    yield* walk(levels);
    return { seconds: now() - start, count: work.finish() };
  });
}

function* memory(size: number): Operation<Sample> {
  let asleep = 0;
  function* sleeper(): Operation<void> {
    asleep++;
    yield* sleep(3_600_000);
  }
  const tasks: Task<void>[] = [];
  for (let i = 0; i < size; i++) tasks.push(yield* fork(sleeper));
  yield* giveWay();
  return reportSleepers(Math.min(asleep, tasks.length));
}

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
