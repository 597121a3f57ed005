/**
 * Callbacks: what runs in which iteration, and what a failing one reports.
 *
 * The twin of callbacks.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, kind, only, print, program, show, state } from '../kit.ts';
import { outcome, spin, ticker } from './common.ts';

program('callbacks run in the order they were scheduled, with their arguments', function* () {
  const loop = asyncio.getRunningLoop();
  for (const name of ['a', 'b', 'c']) {
    loop.callSoon(print, 'callback', name, 1);
  }
  print('scheduled');
  yield* asyncio.sleep(0);
  print('after one iteration');
});

program('callbacks added during a callback run in the next iteration', function* () {
  const loop = asyncio.getRunningLoop();

  function step(name: string, number: number) {
    print(name, number);
    if (number < 3) {
      loop.callSoon(step, name, number + 1);
    }
  }

  loop.callSoon(step, 'first', 0);
  loop.callSoon(step, 'second', 0);
  yield* ticker(5);
});

program('one callback that adds two: both wait for the iteration after', function* () {
  const loop = asyncio.getRunningLoop();

  function fork(name: string) {
    print('fork', name);
    if (name.length < 2) {
      loop.callSoon(fork, `${name}l`);
      loop.callSoon(fork, `${name}r`);
    }
  }

  loop.callSoon(fork, '');
  yield* ticker(4);
});

program('a failing callback is reported and those after it run', function* () {
  const loop = asyncio.getRunningLoop();

  function report(reportingLoop: unknown, context: asyncio.ExceptionContext) {
    print(reportingLoop === loop, Object.keys(context).sort(), show(context.exception));
    print(context.message.startsWith('Exception in callback'));
  }

  function bad() {
    throw new asyncio.ValueError('boom');
  }

  loop.setExceptionHandler(report);
  loop.callSoon(bad);
  loop.callSoon(print, 'the next one');
  yield* asyncio.sleep(0);
  loop.callLater(1, bad);
  yield* asyncio.sleep(2);
  print('at', at());
});

program('an exception handler that fails does not stop the loop', function* () {
  const loop = asyncio.getRunningLoop();

  function report(_loop: unknown, context: asyncio.ExceptionContext) {
    print('handler', show(context.exception));
    throw new asyncio.RuntimeError('the handler is broken');
  }

  function bad(number: number) {
    throw new asyncio.ValueError(`boom ${number}`);
  }

  loop.setExceptionHandler(report);
  loop.callSoon(bad, 1);
  loop.callSoon(bad, 2);
  loop.callSoon(print, 'still running');
  yield* spin(2);
  print('done');
});

program('the exception handler can be read, replaced and called by hand', function* () {
  const loop = asyncio.getRunningLoop();

  function report(_loop: unknown, context: asyncio.ExceptionContext) {
    print('reported', Object.keys(context).sort(), context.message);
  }

  print(loop.getExceptionHandler() === null);
  loop.setExceptionHandler(report);
  print(loop.getExceptionHandler() === report);
  loop.callExceptionHandler({ message: 'by hand', extra: 1 });
  loop.setExceptionHandler(null);
  print(loop.getExceptionHandler() === null);
  try {
    loop.setExceptionHandler('no function' as never);
  } catch (error) {
    only(error, TypeError);
    print(kind(error));
  }
});

program('a handle cancelled by the callback before it does not run', function* () {
  const loop = asyncio.getRunningLoop();
  const handles: asyncio.Handle[] = [];

  function first() {
    print('first');
    handles[0]?.cancel();
    handles[0]?.cancel();
    print(handles[0]?.cancelled());
  }

  loop.callSoon(first);
  handles.push(loop.callSoon(print, 'never'));
  loop.callSoon(print, 'third');
  print(handles[0]?.cancelled());
  yield* asyncio.sleep(0);
  print('end');
});

program('callbacks scheduled thread-safely keep their place in the queue', function* () {
  const loop = asyncio.getRunningLoop();
  loop.callSoon(print, 'a');
  loop.callSoonThreadsafe(print, 'b');
  loop.callSoon(print, 'c');
  yield* asyncio.sleep(0);
  print('end');
});

program('a CancelledError raised by a callback is reported like any other', function* () {
  const loop = asyncio.getRunningLoop();
  loop.setExceptionHandler((_loop, context) => print('reported', show(context.exception)));

  function cancelled() {
    throw new asyncio.CancelledError('from a callback');
  }

  loop.callSoon(cancelled);
  loop.callSoon(print, 'the next one');
  yield* spin(2);
  print('end');
});

program('a task factory makes the tasks of the loop', function* () {
  const loop = asyncio.getRunningLoop();
  const made: boolean[] = [];

  const factory: asyncio.TaskFactory = (factoryLoop, coro, options) => {
    made.push(factoryLoop === loop);
    return new asyncio.Task(coro, { loop: factoryLoop, ...options });
  };

  const work = co(function* (value: unknown) {
    yield* asyncio.sleep(0);
    return value;
  });

  print(loop.getTaskFactory() === null);
  loop.setTaskFactory(factory);
  print(loop.getTaskFactory() === factory);
  const first = asyncio.createTask(work(1));
  const second = loop.createTask(work(2));
  print(yield* asyncio.gather(first, second), made.length, made[0], made[1]);
  loop.setTaskFactory(null);
  print(yield* outcome(asyncio.createTask(work(3))), made.length);
  print(state(first));
});
