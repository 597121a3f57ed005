/**
 * `callLater`: a function that is called after a delay, in seconds.
 *
 * The order is that of the times, not that of the calls; soon comes before any delay.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'callLater: called in the order of their times, 3, 2, 1';

export async function generators() {
  function callback(n: number) {
    console.log(`callback ${n} invoked`);
  }

  function* main(loop: asyncio.EventLoop): asyncio.Coroutine<void> {
    console.log('registering callbacks');
    loop.callLater(0.2, callback, 1);
    loop.callLater(0.1, callback, 2);
    loop.callSoon(callback, 3);

    yield* asyncio.sleep(0.4);
  }

  const eventLoop = asyncio.newEventLoop();
  try {
    console.log('entering event loop');
    await eventLoop.runUntilComplete(main(eventLoop));
  } finally {
    console.log('closing event loop');
    eventLoop.close();
  }
}

export const output = [
  'entering event loop',
  'registering callbacks',
  'callback 3 invoked',
  'callback 2 invoked',
  'callback 1 invoked',
  'closing event loop',
];
