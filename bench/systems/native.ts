/**
 * Native promises, written as one writes them without a library: async functions, `Promise.all`, `AbortSignal`, and the few
 * lines of queue and lock that the platform does not have.
 *
 * What is not equal, in favour of native promises: giving way is the `await` of a settled promise, which lets other promises
 * run but no I/O and no timer; an async function starts at once instead of on the next turn; nothing can be cancelled
 * but by a signal that is passed along.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { reportSleepers } from '../memory.ts';
import {
  cancelTreeChildren,
  LEAF_SLEEP,
  now,
  type Scenario,
  SWITCHERS,
  type System,
  TREE_BRANCHES,
  TREE_KINDS,
  type TreeKind,
  TreeWork,
  timerDelay,
} from '../work.ts';

class PromiseQueue<T> {
  readonly #items: T[] = [];
  readonly #getters: Array<(item: T) => void> = [];

  put(item: T): void {
    const getter = this.#getters.shift();
    if (getter === undefined) this.#items.push(item);
    else getter(item);
  }

  async get(): Promise<T> {
    if (this.#items.length > 0) return this.#items.shift() as T;
    return new Promise<T>((resolve) => this.#getters.push(resolve));
  }
}

class PromiseLock {
  #held = false;
  /** A ring would be quicker past some thousands of waiters; `head` keeps `shift` from copying the array. */
  readonly #waiters: Array<() => void> = [];
  #head = 0;

  async acquire(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.#held = true;
  }

  release(): void {
    const waiter = this.#waiters[this.#head];
    if (waiter === undefined) this.#held = false;
    else {
      this.#head++;
      waiter();
    }
  }
}

async function identity(i: number): Promise<number> {
  return i;
}

const taskSwitch: Scenario = async (rounds) => {
  let switches = 0;
  async function switcher(): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      await null;
      switches++;
    }
  }
  const start = now();
  await Promise.all(Array.from({ length: SWITCHERS }, switcher));
  return { seconds: now() - start, count: switches };
};

const spawn: Scenario = async (size) => {
  const start = now();
  const promises: Promise<number>[] = [];
  for (let i = 0; i < size; i++) promises.push(identity(1));
  let count = 0;
  for (const promise of promises) count += await promise;
  return { seconds: now() - start, count };
};

const gather: Scenario = async (size) => {
  const start = now();
  const promises: Promise<number>[] = [];
  for (let i = 0; i < size; i++) promises.push(identity(i));
  const results = await Promise.all(promises);
  return { seconds: now() - start, count: results.length };
};

const queue: Scenario = async (trips) => {
  const there = new PromiseQueue<number>();
  const back = new PromiseQueue<number>();
  let count = 0;
  async function ping(): Promise<void> {
    for (let i = 0; i < trips; i++) {
      there.put(i);
      if ((await back.get()) === i) count++;
    }
  }
  async function pong(): Promise<void> {
    for (let i = 0; i < trips; i++) {
      back.put(await there.get());
      count++;
    }
  }
  const start = now();
  await Promise.all([ping(), pong()]);
  return { seconds: now() - start, count };
};

const lock: Scenario = async (waiters) => {
  const mutex = new PromiseLock();
  let count = 0;
  async function waiter(): Promise<void> {
    await mutex.acquire();
    try {
      count++;
    } finally {
      mutex.release();
    }
  }
  await mutex.acquire();
  const tasks = Array.from({ length: waiters }, waiter);
  const start = now();
  mutex.release();
  await Promise.all(tasks);
  return { seconds: now() - start, count };
};

const timers: Scenario = async (size) => {
  const nothing = (): void => {};
  const start = now();
  const handles: NodeJS.Timeout[] = [];
  for (let i = 0; i < size; i++) handles.push(setTimeout(nothing, timerDelay(i) * 1000));
  for (const handle of handles) clearTimeout(handle);
  return { seconds: now() - start, count: handles.length };
};

const manyTasks: Scenario = async (size) => {
  let count = 0;
  async function task(): Promise<void> {
    await null;
    count++;
  }
  const start = now();
  await Promise.all(Array.from({ length: size }, task));
  return { seconds: now() - start, count };
};

const cancelTree: Scenario = async (size) => {
  const controller = new AbortController();
  const { signal } = controller;
  let cancelled = 0;
  async function node(id: number): Promise<void> {
    try {
      const [first, end] = cancelTreeChildren(id, size);
      if (first === end) await untilAborted(signal);
      const children: Promise<void>[] = [];
      for (let child = first; child < end; child++) children.push(node(child));
      await Promise.allSettled(children);
      signal.throwIfAborted();
    } finally {
      cancelled++;
    }
  }
  const root = node(0);
  await delay(0);
  const start = now();
  controller.abort();
  await root.catch(() => {});
  return { seconds: now() - start, count: cancelled };
};

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function tree(kind: TreeKind): Scenario {
  return async (levels) => {
    const work = new TreeWork(kind, levels);
    async function walk(level: number): Promise<void> {
      if (level === 0) {
        if (work.leaf()) await delay(LEAF_SLEEP * 1000);
        return;
      }
      const branches: Promise<void>[] = [];
      for (let i = 0; i < TREE_BRANCHES; i++) branches.push(walk(level - 1));
      await Promise.all(branches);
    }
    const start = now();
    await walk(levels);
    return { seconds: now() - start, count: work.finish() };
  };
}

const memory: Scenario = async (size) => {
  let asleep = 0;
  async function sleeper(): Promise<void> {
    asleep++;
    await delay(3_600_000);
  }
  const tasks = Array.from({ length: size }, sleeper);
  await delay(1);
  return reportSleepers(Math.min(asleep, tasks.length));
};

export const system: System = {
  taskSwitch,
  spawn,
  gather,
  queue,
  lock,
  timers,
  manyTasks,
  cancelTree,
  memory,
  none_eager: tree('none'),
  ...Object.fromEntries(TREE_KINDS.map((kind) => [`${kind}_gather`, tree(kind)])),
};
