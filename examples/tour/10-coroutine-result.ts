/**
 * What a coroutine returns is what awaiting it gives; outside of the event loop, it is what `runUntilComplete` gives.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a coroutine with a result';

export async function generators() {
  function* coroutine(): asyncio.Coroutine<string> {
    console.log('in coroutine');
    return 'result';
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    const value = await eventLoop.runUntilComplete(coroutine());
    console.log(`it returned : '${value}'`);
  } finally {
    eventLoop.close();
  }
}

export async function asyncFunctions() {
  async function coroutine() {
    console.log('in coroutine');
    return 'result';
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    const value = await eventLoop.runUntilComplete(coroutine);
    console.log(`it returned : '${value}'`);
  } finally {
    eventLoop.close();
  }
}

export const output = ['in coroutine', "it returned : 'result'"];
