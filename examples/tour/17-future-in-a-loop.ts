/**
 * A future is a result that is not there yet; the loop can run until it is.
 *
 * A callback sets the result. The future keeps it: it can be asked for after the loop is closed.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a future is set from a callback, and the loop runs until it is';

export async function generators() {
  function markDone(future: asyncio.Future<string>, result: string) {
    console.log(`setting future result to '${result}'`);
    future.setResult(result);
  }

  const eventLoop = asyncio.newEventLoop();
  const allDone = eventLoop.createFuture<string>();
  try {
    console.log('scheduling mark_done');
    eventLoop.callSoon(markDone, allDone, 'the result');

    console.log('entering event loop');
    const result = await eventLoop.runUntilComplete(allDone);
    console.log(`returned result '${result}'`);
  } finally {
    console.log('closing event loop');
    eventLoop.close();
  }

  console.log(`future result : '${allDone.result()}'`);
}

export const output = [
  'scheduling mark_done',
  'entering event loop',
  "setting future result to 'the result'",
  "returned result 'the result'",
  'closing event loop',
  "future result : 'the result'",
];
