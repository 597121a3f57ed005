/**
 * A future is awaited like a coroutine, so the same code can often take either.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a future is set from a callback, and awaited';

export async function generators() {
  function markDone(future: asyncio.Future<string>, result: string) {
    console.log(`setting future result to '${result}'`);
    future.setResult(result);
  }

  function* main(loop: asyncio.EventLoop): asyncio.Coroutine<void> {
    const allDone = new asyncio.Future<string>();

    console.log('scheduling mark_done');
    loop.callSoon(markDone, allDone, 'the result');

    const result = yield* allDone;
    console.log(`returned result '${result}'`);
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    await eventLoop.runUntilComplete(main(eventLoop));
  } finally {
    eventLoop.close();
  }
}

export async function asyncFunctions() {
  function markDone(future: asyncio.Future<string>, result: string) {
    console.log(`setting future result to '${result}'`);
    future.setResult(result);
  }

  async function main() {
    const loop = asyncio.getRunningLoop();
    const allDone = new asyncio.Future<string>();

    console.log('scheduling mark_done');
    loop.callSoon(markDone, allDone, 'the result');

    const result = await allDone;
    console.log(`returned result '${result}'`);
  }

  await asyncio.run(main);
}

export const output = [
  'scheduling mark_done',
  "setting future result to 'the result'",
  "returned result 'the result'",
];
