/**
 * A coroutine that awaits others: a piece of work cut into parts that can be used again.
 *
 * The parts run in the task that awaits them. No task is made for them, and none is needed: `outer` is in the loop's hands already.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a coroutine awaits another, whose result a third one needs';

export async function generators() {
  function* outer(): asyncio.Coroutine<[string, string]> {
    console.log('in outer');
    console.log('waiting for result1');
    const result1 = yield* phase1();
    console.log('waiting for result2');
    const result2 = yield* phase2(result1);
    return [result1, result2];
  }

  function* phase1(): asyncio.Coroutine<string> {
    console.log(' - in phase1');
    return 'result1';
  }

  function* phase2(arg: string): asyncio.Coroutine<string> {
    console.log(' - in phase2');
    return `result2 derived from ${arg}`;
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    const [result1, result2] = await eventLoop.runUntilComplete(outer());
    console.log(`return value : ('${result1}', '${result2}')`);
  } finally {
    eventLoop.close();
  }
}

export async function asyncFunctions() {
  async function outer() {
    console.log('in outer');
    console.log('waiting for result1');
    const result1 = await phase1();
    console.log('waiting for result2');
    const result2 = await phase2(result1);
    return [result1, result2];
  }

  async function phase1() {
    console.log(' - in phase1');
    return 'result1';
  }

  async function phase2(arg: string) {
    console.log(' - in phase2');
    return `result2 derived from ${arg}`;
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    const [result1, result2] = await eventLoop.runUntilComplete(outer);
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
