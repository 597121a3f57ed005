/**
 * The order of effects is the same whatever a program is written in: generator coroutines, coroutine objects, async functions, or all of them
 * mixed. Traces are compared effect by effect, with the loop's iteration in which each happened, or its (virtual) time.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { asyncTwin, check } from '../both-styles.ts';
import {
  describe,
  interpret,
  KINDS,
  type Kind,
  note,
  type Op,
  type Part,
  programs,
  type World,
} from './programs.ts';

const twin = await asyncTwin<{ interpret: typeof interpret }>(new URL('programs.ts', import.meta.url).href);
const asObject = asyncio.coroutine(interpret);
const asAsyncObject = asyncio.coroutine(twin.interpret);

function begin(world: World, { kind, body }: Part, name: string): asyncio.CoroutineLike<void> {
  if (kind === 'generator') return interpret(world, kind, name, body);
  if (kind === 'object') return asObject(world, kind, name, body);
  return () => twin.interpret(world, kind, name, body);
}

function call(world: World, from: Kind, { kind, body }: Part, name: string): asyncio.Coroutine<void> {
  if (kind === 'async') {
    // An async function awaits another one directly; a generator through a coroutine object.
    return (from === 'async' ? twin.interpret : asAsyncObject)(
      world,
      kind,
      name,
      body,
    ) as asyncio.Coroutine<void>;
  }
  return (from === 'async' || kind === 'object' ? asObject : interpret)(
    world,
    kind,
    name,
    body,
  ) as asyncio.Coroutine<void>;
}

interface How {
  /** The kind of the outermost coroutine. */
  readonly kind?: Kind;
  /** Every coroutine is of this kind, instead of what the program says. */
  readonly only?: Kind;
  /** Note iterations, and stop after so many; without it, note times. */
  readonly iterations?: number;
  readonly debug?: boolean;
  /** On the loop of the host, instead of the virtual one. */
  readonly host?: boolean;
}

const GENERATORS: How = { kind: 'generator', only: 'generator' };

/** Run `program`. @returns the trace. */
async function run(program: readonly Op[], how: How): Promise<string[]> {
  const { kind = 'generator', only, iterations, debug = false, host = false } = how;
  const loop = host ? asyncio.newEventLoop() : newVirtualLoop();
  loop.setDebug(debug);
  loop.slowCallbackDuration = 3600;
  const trace: string[] = [];
  let iteration = 0;
  const choose = (part: Part): Part => ({ ...part, kind: only ?? part.kind });
  const world: World = {
    trace,
    now: () => (iterations === undefined ? `${loop.time()}s` : `#${iteration}`),
    locks: [new asyncio.Lock(), new asyncio.Lock()],
    events: [new asyncio.Event(), new asyncio.Event()],
    queues: [new asyncio.Queue(1), new asyncio.Queue(2)],
    tasks: [],
    begin: (part, name) => begin(world, choose(part), name),
    call: (from, part, name) => call(world, from, choose(part), name),
  };
  loop.setExceptionHandler((_loop, { message, exception }) =>
    note(world, `reported ${message}: ${describe(exception)}`),
  );
  const count = () => {
    iteration++;
    if (iterations !== undefined) loop.callSoon(count);
  };
  const main = loop.createTask(world.begin({ kind, body: program }, 'main'), { name: 'main' });
  world.tasks.push(main);
  loop.callSoon(count);
  await loop.runUntilComplete(function* () {
    if (iterations === undefined) yield* asyncio.sleep(20);
    else while (iteration < iterations) yield* asyncio.sleep(0);
    for (let rounds = 0; rounds < 200 && asyncio.allTasks().size > 1; rounds++) {
      for (const task of asyncio.allTasks())
        if (task !== asyncio.currentTask()) task.cancel(`round ${rounds}`);
      yield* asyncio.sleep(0);
    }
    note(world, `left ${asyncio.allTasks().size - 1}`);
  });
  for (const task of world.tasks)
    note(
      world,
      `${task.getName()} ${task.cancelled() ? 'cancelled' : describe(task.exception())} ${task.cancelling()}`,
    );
  loop.close();
  return trace;
}

suite('the order of effects is the same', () => {
  const kinds = fc.constantFrom(...KINDS);
  const runs = Number(process.env['ASYNCIO_TEST_RUNS'] ?? 300);

  /** Each program leaves one trace, in whichever of these ways it is run. */
  function agree(name: string, sleeps: boolean, ways: readonly How[], all: How = {}): void {
    test(name, () =>
      check(
        fc.tuple(programs(sleeps), kinds),
        async ([program, kind]) => {
          const expected = await run(program, { ...all, ...GENERATORS });
          for (const way of ways)
            assert.deepEqual(await run(program, { kind, ...all, ...way }), expected, JSON.stringify(way));
        },
        runs,
      ),
    );
  }

  const styles: readonly How[] = [{ kind: 'async', only: 'async' }, { kind: 'object', only: 'object' }, {}];

  agree('in any mixture of styles, iteration by iteration', false, styles, { iterations: 30 });

  agree('in any mixture of styles, at the same times', true, styles);

  agree('in debug mode, which only looks on', true, [{ ...GENERATORS, debug: true }, { debug: true }]);

  agree('on the loop of the host', false, [{ ...GENERATORS, host: true }, { host: true }], {
    iterations: 30,
  });
});
