/**
 * The loop itself: running, stopping, closing, and what leaves it.
 *
 * The twin of loop.py.
 */
import * as asyncio from '../../../src/index.ts';
import { co, only, print, script, show, virtualLoop } from '../kit.ts';

script('stop lets the iteration finish and keeps the rest for the next run', async () => {
  const loop = virtualLoop();

  function first() {
    print('first');
    loop.stop();
    loop.callSoon(print, 'added after stop');
  }

  loop.callSoon(first);
  loop.callSoon(print, 'second');
  await loop.runForever();
  print('stopped', loop.isRunning());
  loop.callSoon(() => loop.stop());
  await loop.runForever();
  loop.close();
});

script('stop before running runs one iteration', async () => {
  const loop = virtualLoop();
  loop.callSoon(print, 'one');
  loop.callSoon(() => loop.callSoon(print, 'two'));
  loop.stop();
  await loop.runForever();
  print('between');
  loop.stop();
  await loop.runForever();
  loop.close();
  print('closed', loop.isClosed());
});

script('stop with a timer pending: the clock does not move', async () => {
  const loop = virtualLoop();
  loop.callLater(5, print, 'timer');
  loop.callSoon(() => loop.stop());
  await loop.runForever();
  print(loop.time() < 1);
  loop.callLater(6, () => loop.stop());
  await loop.runForever();
  print(loop.time() >= 6);
  loop.close();
});

script('run_until_complete of a loop that is stopped fails', async () => {
  const loop = virtualLoop();
  const future = loop.createFuture<string>();
  loop.callSoon(() => loop.stop());
  try {
    await loop.runUntilComplete(future);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  }
  loop.callSoon(() => future.setResult('late'));
  print(await loop.runUntilComplete(future));
  print(await loop.runUntilComplete(future), 'again');
  loop.close();
});

script('run_until_complete raises what the task raised, and the loop runs on', async () => {
  const loop = virtualLoop();

  const bad = co(function* () {
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError('boom');
  });

  const good = co(function* () {
    yield* asyncio.sleep(1);
    return 'good';
  });

  try {
    await loop.runUntilComplete(bad());
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
  print(await loop.runUntilComplete(good()));
  print(Math.round(loop.time()));
  loop.close();
});

script('a running loop refuses to run again or to close', async () => {
  const loop = virtualLoop();

  const main = co(function* () {
    for (const refused of [() => loop.close(), () => loop.runForever()]) {
      try {
        refused();
      } catch (error) {
        only(error, asyncio.RuntimeError);
        print(error.message.slice(0, 33));
      }
      print(loop.isClosed());
    }
  });

  await loop.runUntilComplete(main());
  loop.close();
  loop.close();
  print(loop.isRunning(), loop.isClosed());
});

script('a closed loop refuses work', async () => {
  const loop = virtualLoop();
  loop.close();
  for (const refused of [
    () => loop.callSoon(print, 'no'),
    () => loop.callLater(1, print, 'no'),
    () => loop.callAt(1, print, 'no'),
    () => loop.callSoonThreadsafe(print, 'no'),
    () => loop.runForever(),
  ]) {
    try {
      await refused();
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(show(error));
    }
  }
});

script('KeyboardInterrupt and SystemExit in a callback leave run_forever', async () => {
  const loop = virtualLoop();

  function interrupt() {
    throw new asyncio.KeyboardInterrupt('by hand');
  }

  function leave() {
    throw new asyncio.SystemExit(3);
  }

  for (const bad of [interrupt, leave]) {
    loop.callSoon(bad);
    loop.callSoon(print, 'the one after', bad === leave);
    try {
      await loop.runForever();
    } catch (error) {
      print(show(error));
    }
  }
  loop.callSoon(() => loop.stop());
  await loop.runForever();
  loop.close();
});
