/**
 * asyncio-ts, in generator coroutines: the built package, imported by its name as users do.
 */
import * as asyncio from 'asyncio-ts';
import { reportSleepers } from '../memory.ts';
import {
  cancelTreeChildren,
  LEAF_SLEEP,
  now,
  overdue,
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

function scenario(coroutine: (size: number) => asyncio.Coroutine<Sample>): Scenario {
  return (size) => asyncio.run(coroutine(size));
}

function* identity(i: number): asyncio.Coroutine<number> {
  return i;
}

function* taskSwitch(rounds: number): asyncio.Coroutine<Sample> {
  let switches = 0;
  function* switcher(): asyncio.Coroutine<void> {
    for (let i = 0; i < rounds; i++) {
      yield* asyncio.sleep(0);
      switches++;
    }
  }
  const start = now();
  yield* asyncio.gather(...Array.from({ length: SWITCHERS }, switcher));
  return { seconds: now() - start, count: switches };
}

function* spawn(size: number): asyncio.Coroutine<Sample> {
  const start = now();
  const tasks: asyncio.Task<number>[] = [];
  for (let i = 0; i < size; i++) tasks.push(asyncio.createTask(identity(1)));
  let count = 0;
  for (const task of tasks) count += yield* task;
  return { seconds: now() - start, count };
}

function* gather(size: number): asyncio.Coroutine<Sample> {
  const start = now();
  const coroutines: asyncio.Coroutine<number>[] = [];
  for (let i = 0; i < size; i++) coroutines.push(identity(i));
  const results = yield* asyncio.gather(...coroutines);
  return { seconds: now() - start, count: results.length };
}

function* queue(trips: number): asyncio.Coroutine<Sample> {
  const there = new asyncio.Queue<number>();
  const back = new asyncio.Queue<number>();
  let count = 0;
  function* ping(): asyncio.Coroutine<void> {
    for (let i = 0; i < trips; i++) {
      yield* there.put(i);
      if ((yield* back.get()) === i) count++;
    }
  }
  function* pong(): asyncio.Coroutine<void> {
    for (let i = 0; i < trips; i++) {
      yield* back.put(yield* there.get());
      count++;
    }
  }
  const start = now();
  yield* asyncio.gather(ping(), pong());
  return { seconds: now() - start, count };
}

function* lock(waiters: number): asyncio.Coroutine<Sample> {
  const mutex = new asyncio.Lock();
  let count = 0;
  function* waiter(): asyncio.Coroutine<void> {
    yield* mutex.acquire();
    try {
      count++;
    } finally {
      mutex.release();
    }
  }
  yield* mutex.acquire();
  const tasks: asyncio.Task<void>[] = [];
  for (let i = 0; i < waiters; i++) tasks.push(asyncio.createTask(waiter()));
  yield* asyncio.sleep(0);
  const start = now();
  mutex.release();
  for (const task of tasks) yield* task;
  return { seconds: now() - start, count };
}

function* timers(size: number): asyncio.Coroutine<Sample> {
  const loop = asyncio.getRunningLoop();
  const nothing = (): void => {};
  const start = now();
  const handles: asyncio.TimerHandle[] = [];
  for (let i = 0; i < size; i++) handles.push(loop.callLater(timerDelay(i), nothing));
  for (const handle of handles) handle.cancel();
  yield* asyncio.sleep(0);
  return { seconds: now() - start, count: handles.length };
}

function* timersFired(size: number): asyncio.Coroutine<Sample> {
  const loop = asyncio.getRunningLoop();
  const done = loop.createFuture<void>();
  let fired = 0;
  const fire = (): void => {
    if (++fired === size) done.setResult(undefined);
  };
  const start = now();
  const time = loop.time();
  for (let i = 0; i < size; i++) loop.callAt(time - overdue(i), fire);
  yield* done;
  return { seconds: now() - start, count: fired };
}

function* manyTasks(size: number): asyncio.Coroutine<Sample> {
  let count = 0;
  function* task(): asyncio.Coroutine<void> {
    yield* asyncio.sleep(0);
    count++;
  }
  const start = now();
  const tasks: asyncio.Task<void>[] = [];
  for (let i = 0; i < size; i++) tasks.push(asyncio.createTask(task()));
  for (const each of tasks) yield* each;
  return { seconds: now() - start, count };
}

function* cancelTree(size: number): asyncio.Coroutine<Sample> {
  let begun = 0;
  let cancelled = 0;
  function* node(id: number): asyncio.Coroutine<void> {
    begun++;
    try {
      const [first, end] = cancelTreeChildren(id, size);
      if (first === end) yield* new asyncio.Future<void>();
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        for (let child = first; child < end; child++) group.createTask(node(child));
      });
    } finally {
      cancelled++;
    }
  }
  const root = asyncio.createTask(node(0));
  while (begun < size) yield* asyncio.sleep(0);
  const start = now();
  root.cancel();
  try {
    yield* root;
  } catch (error) {
    if (!(error instanceof asyncio.CancelledError)) throw error;
  }
  return { seconds: now() - start, count: cancelled };
}

function treeGather(kind: TreeKind, eager = false): Scenario {
  return scenario(function* (levels) {
    if (eager) asyncio.getRunningLoop().setTaskFactory(asyncio.eagerTaskFactory);
    const work = new TreeWork(kind, levels);
    function* walk(level: number): asyncio.Coroutine<void> {
      if (level === 0) {
        if (work.leaf()) yield* asyncio.sleep(LEAF_SLEEP);
        return;
      }
      const branches: asyncio.Coroutine<void>[] = [];
      for (let i = 0; i < TREE_BRANCHES; i++) branches.push(walk(level - 1));
      yield* asyncio.gather(...branches);
    }
    const start = now();
    yield* walk(levels);
    return { seconds: now() - start, count: work.finish() };
  });
}

function treeGroup(kind: TreeKind): Scenario {
  return scenario(function* (levels) {
    const work = new TreeWork(kind, levels);
    function* walk(level: number): asyncio.Coroutine<void> {
      if (level === 0) {
        if (work.leaf()) yield* asyncio.sleep(LEAF_SLEEP);
        return;
      }
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        for (let i = 0; i < TREE_BRANCHES; i++) group.createTask(walk(level - 1));
      });
    }
    const start = now();
    yield* walk(levels);
    return { seconds: now() - start, count: work.finish() };
  });
}

function* memory(size: number): asyncio.Coroutine<Sample> {
  let asleep = 0;
  function* sleeper(): asyncio.Coroutine<void> {
    asleep++;
    yield* asyncio.sleep(3600);
  }
  const tasks: asyncio.Task<void>[] = [];
  for (let i = 0; i < size; i++) tasks.push(asyncio.createTask(sleeper()));
  yield* asyncio.sleep(0);
  return reportSleepers(Math.min(asleep, tasks.length));
}

export const system: System = {
  taskSwitch: scenario(taskSwitch),
  spawn: scenario(spawn),
  gather: scenario(gather),
  queue: scenario(queue),
  lock: scenario(lock),
  timers: scenario(timers),
  timersFired: scenario(timersFired),
  manyTasks: scenario(manyTasks),
  cancelTree: scenario(cancelTree),
  memory: scenario(memory),
  none_eager: treeGather('none', true),
  ...Object.fromEntries(
    TREE_KINDS.flatMap((kind) => [
      [`${kind}_gather`, treeGather(kind)],
      [`${kind}_group`, treeGroup(kind)],
    ]),
  ),
};
