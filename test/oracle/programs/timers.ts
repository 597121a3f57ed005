/**
 * Timers: in which order they fire, when the clock moves, and what a cancelled one does.
 *
 * The twin of timers.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, print, program, range } from '../kit.ts';
import { ticker } from './common.ts';

program('timers fire in the order of their deadlines, not of their making', function* () {
  const loop = asyncio.getRunningLoop();
  for (const delay of [3, 1, 2, 0.5, 2.5]) {
    loop.callLater(delay, (d) => print('timer', Math.trunc(d * 10), 'at', at()), delay);
  }
  loop.callAt(loop.time() + 1.5, () => print('call_at', at()));
  yield* asyncio.sleep(4);
  print('end', at());
});

program('a timer of no delay runs after the callbacks that are already ready', function* () {
  const loop = asyncio.getRunningLoop();
  loop.callLater(0, print, 'call_later 0');
  loop.callSoon(print, 'call_soon');
  loop.callAt(loop.time() - 5, print, 'call_at in the past');
  yield* ticker(3);
});

program('a negative delay is due at once, and before shorter ones', function* () {
  const loop = asyncio.getRunningLoop();
  loop.callLater(-1, print, 'one second ago');
  loop.callLater(-2, print, 'two seconds ago');
  loop.callLater(0.001, print, 'soon');
  yield* ticker(2);
  yield* asyncio.sleep(1);
  print('slept', at());
});

program('time stands still while something is ready', function* () {
  const loop = asyncio.getRunningLoop();
  loop.callLater(1, () => print('timer', at()));
  for (let i = 0; i < 50; i++) {
    yield* asyncio.sleep(0);
  }
  print('after fifty iterations', at());
  yield* asyncio.sleep(1.5);
  print('then', at());
});

program('a timer made in a timer callback, for now, runs in the next iteration', function* () {
  const loop = asyncio.getRunningLoop();

  function first() {
    print('first', at());
    loop.callLater(0, print, 'nested timer');
    loop.callSoon(print, 'nested callback');
  }

  loop.callLater(1, first);
  loop.callLater(1.5, print, 'later');
  yield* asyncio.sleep(1.0000005);
  print('sleeper');
  yield* ticker(3);
});

program('timer handles know when they are due and can be cancelled', function* () {
  const loop = asyncio.getRunningLoop();
  const first = loop.callLater(2, print, 'never');
  const second = loop.callLater(3, print, 'second');
  print(Math.trunc(first.when()), Math.trunc(second.when()), first.cancelled());
  first.cancel();
  print(first.cancelled(), second.cancelled());
  yield* asyncio.sleep(4);
  second.cancel();
  print('cancelling one that has run does no harm', second.cancelled());
});

program('a timer cancelled in the iteration it is due does not run', function* () {
  const loop = asyncio.getRunningLoop();
  const handles: asyncio.TimerHandle[] = [];

  function first() {
    print('first');
    handles[0]?.cancel();
  }

  loop.callLater(-2, first);
  handles.push(loop.callLater(-1, print, 'never'));
  yield* asyncio.sleep(2);
  print('end', at());
});

program('many timers, most of them cancelled', function* () {
  const loop = asyncio.getRunningLoop();
  const handles = range(1000).map((i) => loop.callLater(1 + ((i * 7919) % 1000) / 1000, print, 'timer', i));
  for (const [number, handle] of handles.entries()) {
    if (number % 100 !== 0) {
      handle.cancel();
    }
  }
  yield* asyncio.sleep(3);
  print('end');
});
