/**
 * Contexts against a plain model: random programs of tasks, callbacks and contexts that set, reset and read variables, in any mixture of styles.
 * The model copies a map for each task and callback; the library shares and copies only when it must, and nobody may see the difference.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { asyncTwin, check, play } from '../both-styles.ts';
import type { interpret, Op, World } from './context-programs.ts';
import * as generators from './context-programs.ts';

const twin = await asyncTwin<{ interpret: typeof interpret }>(
  new URL('context-programs.ts', import.meta.url).href,
);

const which = fc.nat(2);
const { ops } = fc.letrec<{ op: Op; ops: readonly Op[] }>((tie) => ({
  ops: fc.array(tie('op'), { maxLength: 6, size: 'max' }),
  op: fc.oneof(
    { depthSize: 'medium', maxDepth: 4 },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom('set', 'reset', 'look', 'keep', 'yield'), which }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('call', 'spawn', 'eager', 'given', 'callback', 'run', 'enter'),
        async: fc.boolean(),
        which,
        body: tie('ops'),
      }),
    },
  ) as Arbitrary<Op>,
}));

suite('contexts', () => {
  test('behave as copied maps do', () =>
    check(
      ops,
      (program) =>
        play(function* ({ loop }) {
          const world: World = {
            loop,
            variables: [0, 1, 2].map((n) => new asyncio.ContextVar<number>(`v${n}`, { default: -1 })),
            counter: { value: 0 },
            kept: [],
            begin: (async, ...args) =>
              asyncio.coroutine(async ? twin.interpret : generators.interpret)(
                ...args,
              ) as asyncio.CoroutineObject<void>,
          };
          yield* world.begin(false, world, new Map(), program);
          // Longer than all of it takes.
          yield* asyncio.sleep(1e6);
          for (const { context, values } of world.kept)
            assert.deepEqual(generators.read(context, world), values);
        }),
      Number(process.env['ASYNCIO_TEST_RUNS'] ?? 300),
    ));
});
