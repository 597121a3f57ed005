/**
 * `callSoon`: plain functions for the next iteration of the loop, called in the order in which they were scheduled.
 *
 * What follows the function is handed to it. Options are bound beforehand: a closure does what `functools.partial` does in Python, and so does `bind`.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'callSoon, with arguments and with bound ones';

export async function generators() {
  function callback(arg: number, { kwarg = 'default' } = {}) {
    console.log(`callback invoked with ${arg} and ${kwarg}`);
  }

  function* main(loop: asyncio.EventLoop): asyncio.Coroutine<void> {
    console.log('registering callbacks');
    loop.callSoon(callback, 1);
    const wrapped = (arg: number) => callback(arg, { kwarg: 'not default' });
    loop.callSoon(wrapped, 2);
    loop.callSoon(callback.bind(null, 3, { kwarg: 'bound' }));

    yield* asyncio.sleep(0.1);
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
  'callback invoked with 1 and default',
  'callback invoked with 2 and not default',
  'callback invoked with 3 and bound',
  'closing event loop',
];
