/**
 * A coroutine in an event loop made by hand: what `asyncio.run` does, step by step.
 *
 * `runUntilComplete` runs the loop until the coroutine has ended. It gives a promise, so it is awaited; the loop is closed by who made it.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'an event loop of your own, and a coroutine in it';

export async function generators() {
  function* coroutine(): asyncio.Coroutine<void> {
    console.log('in coroutine');
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    console.log('Starting coroutine');
    const coro = coroutine();
    console.log('entering event loop');
    await eventLoop.runUntilComplete(coro);
  } finally {
    console.log('closing event loop');
    eventLoop.close();
  }
}

export const output = ['Starting coroutine', 'entering event loop', 'in coroutine', 'closing event loop'];
