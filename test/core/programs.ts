/**
 * Small random programs and what runs them: the same program can be run with any mixture of generator coroutines, async functions and
 * coroutine objects, and must leave the same trace.
 *
 * The interpreter is written in generators and read a second time in async functions (see both-styles.ts). A program cannot hang: when its
 * time is over, all its tasks are cancelled until none is left.
 */
import assert from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import * as asyncio from '../../src/index.ts';

/** How a coroutine is written: a bare generator, an async function, or a generator under `coroutine()`. */
export const KINDS = ['generator', 'async', 'object'] as const;
export type Kind = (typeof KINDS)[number];

export interface Part {
  readonly kind: Kind;
  readonly body: readonly Op[];
}

export type Op =
  | { readonly do: 'yield' | 'throw' | 'callback' | 'uncancel' }
  | { readonly do: 'sleep'; readonly seconds: number }
  | { readonly do: 'call' | 'spawn' | 'shield'; readonly part: Part }
  | { readonly do: 'join' | 'cancel' | 'wait' | 'set' | 'clear' | 'put' | 'get'; readonly which: number }
  | { readonly do: 'locked'; readonly which: number; readonly body: readonly Op[] }
  | { readonly do: 'gather' | 'group' | 'first'; readonly parts: readonly Part[] }
  | { readonly do: 'timeout'; readonly seconds: number; readonly part: Part }
  | { readonly do: 'catch' | 'finally'; readonly body: readonly Op[] };

/** What the coroutines of one program share. */
export interface World {
  readonly trace: string[];
  /** When it is, as the trace tells it. */
  readonly now: () => string;
  readonly locks: readonly asyncio.Lock[];
  readonly events: readonly asyncio.Event[];
  readonly queues: readonly asyncio.Queue<number>[];
  readonly tasks: asyncio.Task<unknown>[];
  /** A coroutine of the given kind, to make a task of or to wait for in a coroutine of kind `from`. */
  begin(part: Part, name: string): asyncio.CoroutineLike<void>;
  call(from: Kind, part: Part, name: string): asyncio.Coroutine<void>;
}

const which = fc.nat(2);

/** Programs; with `sleeps`, tasks also wait for time. */
export function programs(sleeps: boolean): Arbitrary<readonly Op[]> {
  const seconds = fc.integer({ min: 0, max: 3 });
  const { ops } = fc.letrec<{ op: Op; ops: readonly Op[]; part: Part }>((tie) => ({
    part: fc.record({ kind: fc.constantFrom(...KINDS), body: tie('ops') }),
    ops: fc.array(tie('op'), { maxLength: 4, size: 'max' }),
    op: fc.oneof(
      { depthSize: 'medium', maxDepth: 4 },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('yield', 'callback', 'throw', 'uncancel') }) },
      { weight: sleeps ? 2 : 0, arbitrary: fc.record({ do: fc.constant('sleep'), seconds }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom('join', 'cancel', 'wait', 'set', 'clear', 'put', 'get'),
          which,
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('call', 'spawn', 'shield'), part: tie('part') }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('locked'), which, body: tie('ops') }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('gather', 'group', 'first'),
          parts: fc.array(tie('part') as Arbitrary<Part>, { minLength: 1, maxLength: 3, size: 'max' }),
        }),
      },
      {
        weight: sleeps ? 2 : 0,
        arbitrary: fc.record({ do: fc.constant('timeout'), seconds, part: tie('part') }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('catch', 'finally'), body: tie('ops') }) },
    ) as Arbitrary<Op>,
  }));
  return ops;
}

/** Run the operations of one coroutine. */
export function* interpret(
  world: World,
  kind: Kind,
  name: string,
  body: readonly Op[],
): asyncio.Coroutine<void> {
  for (const [index, op] of body.entries()) {
    const here = `${name}.${index}`;
    note(world, `${here} ${op.do}`);
    yield* perform(world, kind, here, op);
  }
  note(world, `${name} ends`);
}

function* perform(world: World, kind: Kind, here: string, op: Op): asyncio.Coroutine<void> {
  switch (op.do) {
    case 'yield':
      return yield* asyncio.sleep(0);
    case 'sleep':
      return yield* asyncio.sleep(op.seconds);
    case 'throw':
      throw new asyncio.ValueError(here);
    case 'callback':
      asyncio.getRunningLoop().callSoon(note, world, `${here} called`);
      return;
    case 'uncancel':
      note(world, `${here} left ${asyncio.currentTask()?.uncancel()}`);
      return;
    case 'call':
      return yield* world.call(kind, op.part, here);
    case 'spawn':
      world.tasks.push(asyncio.createTask(world.begin(op.part, here), { name: here }));
      return;
    case 'join': {
      // Only what this coroutine made itself, so that there is no circle.
      const own = world.tasks.filter((task) => task.getName().startsWith(`${here.slice(0, -2)}.`));
      const task = own[op.which];
      if (task !== undefined) yield* task;
      return;
    }
    case 'cancel':
      note(world, `${here} ${world.tasks.at(-1 - op.which)?.cancel(here)}`);
      return;
    default:
      return yield* performMore(world, kind, here, op);
  }
}

function* performMore(world: World, kind: Kind, here: string, op: Op): asyncio.Coroutine<void> {
  switch (op.do) {
    case 'wait':
      yield* at(world.events, op.which).wait();
      return;
    case 'set':
      at(world.events, op.which).set();
      return;
    case 'clear':
      at(world.events, op.which).clear();
      return;
    case 'put':
      return yield* at(world.queues, op.which).put(op.which);
    case 'get':
      yield* at(world.queues, op.which).get();
      return;
    case 'locked': {
      const lock = at(world.locks, op.which);
      yield* lock.acquire();
      try {
        yield* perBody(world, kind, here, op.body);
      } finally {
        lock.release();
      }
      return;
    }
    case 'shield':
      return yield* asyncio.shield(world.begin(op.part, here));
    case 'gather':
      yield* asyncio.gather(...op.parts.map((part, index) => world.begin(part, `${here}.${index}`)));
      return;
    default:
      return yield* performBlock(world, kind, here, op);
  }
}

function* performBlock(world: World, kind: Kind, here: string, op: Op): asyncio.Coroutine<void> {
  switch (op.do) {
    case 'first': {
      const tasks = op.parts.map((part, index) => asyncio.createTask(world.begin(part, `${here}.${index}`)));
      const [done] = yield* asyncio.wait(tasks, { returnWhen: asyncio.FIRST_COMPLETED });
      for (const task of tasks) task.cancel();
      note(world, `${here} first ${tasks.map((task) => done.has(task))}`);
      yield* asyncio.gather(...tasks, { returnExceptions: true });
      return;
    }
    case 'group':
      yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
        for (const [index, part] of op.parts.entries())
          group.createTask(world.begin(part, `${here}.${index}`));
        yield* asyncio.sleep(0);
        note(world, `${here} body ends`);
      });
      return;
    case 'timeout':
      yield* asyncio.asyncWith(asyncio.timeout(op.seconds), function* () {
        yield* world.call(kind, op.part, here);
      });
      return;
    case 'catch':
      try {
        yield* perBody(world, kind, here, op.body);
      } catch (error) {
        note(world, `${here} caught ${describe(error)}`);
      }
      return;
    case 'finally':
      try {
        yield* perBody(world, kind, here, op.body);
      } finally {
        note(world, `${here} cleans up`);
        yield* asyncio.sleep(0);
        note(world, `${here} is clean`);
      }
      return;
    default:
      assert.fail(op.do);
  }
}

/** In the same coroutine function, as a nested call would. */
function* perBody(world: World, kind: Kind, here: string, body: readonly Op[]): asyncio.Coroutine<void> {
  yield* interpret(world, kind, here, body);
}

function at<T>(things: readonly T[], index: number): T {
  return things[index % things.length] as T;
}

export function note(world: World, text: string): void {
  world.trace.push(`${world.now()} ${text}`);
}

export function describe(error: unknown): string {
  if (error instanceof asyncio.BaseExceptionGroup)
    return `${error.name}[${error.exceptions.map(describe).join(', ')}]`;
  return error instanceof Error ? `${error.name}(${error.message})` : String(error);
}
