/**
 * The chain once more, through `asyncio.coroutine`: Python's old decorator for generators, with `yield*` for `yield from`.
 *
 * Plain generator functions are coroutine functions already. What the decorator adds: the coroutine can be awaited with `await` as well as with
 * `yield*`, it has a name, it shows in the printed stack of its task, and it is reported if it is never awaited.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'generator functions marked as coroutines';

export async function generators() {
  const outer = asyncio.coroutine(function* outer(): asyncio.Coroutine<[string, string]> {
    console.log('in outer');
    console.log('waiting for result1');
    const result1 = yield* phase1();
    console.log('waiting for result2');
    const result2 = yield* phase2(result1);
    return [result1, result2];
  });

  const phase1 = asyncio.coroutine(function* phase1() {
    console.log(' - in phase1');
    return 'result1';
  });

  const phase2 = asyncio.coroutine(function* phase2(arg: string) {
    console.log(' - in phase2');
    return `result2 derived from ${arg}`;
  });

  const eventLoop = asyncio.newEventLoop();
  try {
    const [result1, result2] = await eventLoop.runUntilComplete(outer());
    console.log(`return value : ('${result1}', '${result2}')`);
  } finally {
    eventLoop.close();
  }
}

export const output = [
  'in outer',
  'waiting for result1',
  ' - in phase1',
  'waiting for result2',
  ' - in phase2',
  "return value : ('result1', 'result2 derived from result1')",
];
