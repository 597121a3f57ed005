/**
 * `callAt`: a function that is called at a time of the loop's own clock.
 *
 * That clock, `loop.time()`, counts seconds and never jumps; it has nothing to do with the time of day, which may be set back.
 */
import * as asyncio from 'asyncio-ts';

export const title = "callAt, by the loop's clock";

export async function generators() {
  function* main(loop: asyncio.EventLoop): asyncio.Coroutine<void> {
    const now = loop.time();
    console.log(`clock time : ${Date.now() / 1000}`);
    console.log(`loop time  : ${now}`);

    function callback(n: number) {
      console.log(`callback ${n} invoked at now + ${(loop.time() - now).toFixed(3)}`);
    }

    console.log('registering callbacks');
    loop.callAt(now + 0.2, callback, 1);
    loop.callAt(now + 0.1, callback, 2);
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
  'clock time : {>=1700000000}',
  'loop time  : {>=0}',
  'registering callbacks',
  'callback 3 invoked at now + {>=0}',
  'callback 2 invoked at now + {>=0.1}',
  'callback 1 invoked at now + {>=0.2}',
  'closing event loop',
];
