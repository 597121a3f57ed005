/**
 * Futures: settling once, callbacks in order, what waits for them, and what is lost if no one asks.
 *
 * The twin of futures.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, kind, only, print, program, range, show, state } from '../kit.ts';
import { forever, outcome, spin, ticker } from './common.ts';

/** Says how a call that may fail ended. */
function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return kind(error);
  }
}

program('a pending future refuses to tell', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  for (const ask of [() => future.result(), () => future.exception()]) {
    try {
      ask();
    } catch (error) {
      only(error, asyncio.InvalidStateError);
      print(kind(error));
    }
  }
  print(future.done(), future.cancelled(), state(future));
  future.cancel();
});

program('a future is settled once', function* () {
  const loop = asyncio.getRunningLoop();
  const settle: Record<string, (future: asyncio.Future<unknown>) => unknown> = {
    result: (future) => future.setResult('first'),
    exception: (future) => future.setException(new asyncio.ValueError('first')),
    cancel: (future) => future.cancel(),
  };
  for (const [name, first] of Object.entries(settle)) {
    const future = loop.createFuture<unknown>();
    first(future);
    print(name, future.done(), future.cancelled());
    print(attempt(() => future.setResult('second')));
    print(attempt(() => future.setException(new asyncio.ValueError('second'))));
    print(future.cancel(), state(future));
  }
});

program('callbacks of a future run in the next iteration, in order', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();
  for (const name of ['a', 'b', 'c']) {
    future.addDoneCallback((done) => print('callback', name, state(done)));
  }
  loop.callSoon(print, 'scheduled before the result');
  future.setResult(42);
  loop.callSoon(print, 'scheduled after the result');
  print('set');
  yield* asyncio.sleep(0);
  print('end');
});

program('a callback added to a done future is not called at once', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  future.setResult(1);
  future.addDoneCallback(() => print('callback'));
  print('added');
  yield* asyncio.sleep(0);
  print('end');
});

program('a callback added by a callback runs one iteration later', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  function first(done: asyncio.Future<unknown>) {
    print('first');
    done.addDoneCallback(() => print('third'));
  }

  future.addDoneCallback(first);
  future.addDoneCallback(() => print('second'));
  future.setResult(null);
  yield* ticker(3);
});

program('a callback added twice runs twice, and both are removed at once', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  function callback() {
    print('called');
  }

  future.addDoneCallback(callback);
  future.addDoneCallback(callback);
  future.setResult(null);
  yield* asyncio.sleep(0);
  const other = loop.createFuture();
  other.addDoneCallback(callback);
  other.addDoneCallback(() => print('kept'));
  other.addDoneCallback(callback);
  print(other.removeDoneCallback(callback), other.removeDoneCallback(callback));
  other.setResult(null);
  yield* asyncio.sleep(0);
  print('end');
});

program('a callback that is removed after the future is done still runs', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  function callback() {
    print('called');
  }

  future.addDoneCallback(callback);
  future.setResult(null);
  print(future.removeDoneCallback(callback));
  yield* asyncio.sleep(0);
  print('end');
});

program('a failing callback of a future is reported, and the others run', function* () {
  const loop = asyncio.getRunningLoop();
  loop.setExceptionHandler((_, context) => print('reported', show(context.exception)));
  const future = loop.createFuture();

  function bad() {
    throw new asyncio.ValueError('boom');
  }

  future.addDoneCallback(bad);
  future.addDoneCallback(() => print('second'));
  future.setResult('fine');
  print(yield* outcome(future));
  yield* asyncio.sleep(0);
  print('end');
});

program('awaiting a done future takes no iteration', function* () {
  const loop = asyncio.getRunningLoop();
  const ticking = asyncio.createTask(ticker(2));
  for (let number = 0; number < 3; number++) {
    const future = loop.createFuture();
    future.setResult(number);
    print('got', yield* future);
  }
  const failed = loop.createFuture();
  failed.setException(new asyncio.ValueError('boom'));
  print(yield* outcome(failed));
  yield* ticking;
});

program('tasks that await one future wake in the order they came', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const waiter = co(function* (name: string) {
    print(name, yield* future);
  });

  const tasks = [...'abcd'].map((name) => asyncio.createTask(waiter(name)));
  yield* asyncio.sleep(0);
  future.addDoneCallback(() => print('callback'));
  loop.callSoon(print, 'before');
  future.setResult('woken');
  loop.callSoon(print, 'after');
  yield* asyncio.gather(...tasks);
});

program('an exception reaches each waiter as the same object', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  const error = new asyncio.ValueError('boom');
  const caught: boolean[] = [];

  const waiter = co(function* () {
    try {
      yield* future;
    } catch (failure) {
      only(failure, asyncio.ValueError);
      caught.push(failure === error);
    }
  });

  const tasks = range(3).map(() => asyncio.createTask(waiter()));
  yield* asyncio.sleep(0);
  future.setException(error);
  yield* asyncio.wait(tasks);
  print(caught, future.exception() === error);
  try {
    future.result();
  } catch (failure) {
    only(failure, asyncio.ValueError);
    print(failure === error);
  }
});

program('set_exception takes a class too', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  future.setException(asyncio.ValueError as never);
  print(show(future.exception()), yield* outcome(future));
});

program('cancelling a future wakes its waiters, and keeps the message', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  const waiter = co(function* (name: string) {
    try {
      yield* future;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(name, show(error));
    }
    return name;
  });

  const tasks = [...'ab'].map((name) => asyncio.createTask(waiter(name)));
  yield* asyncio.sleep(0);
  print(future.cancel('enough'), future.cancel('again'));
  print(yield* asyncio.gather(...tasks));
  print(
    attempt(() => future.result()),
    attempt(() => future.exception()),
  );
});

program('asking a cancelled future', function* () {
  const future = asyncio.getRunningLoop().createFuture();
  future.cancel('why');
  for (const ask of [() => future.result(), () => future.exception()]) {
    try {
      ask();
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(show(error));
    }
  }
  print(future.done(), future.cancelled());
});

program('a chain of futures takes one iteration a link', function* () {
  const loop = asyncio.getRunningLoop();
  const chain = range(4).map(() => loop.createFuture<number>());
  for (const [index, here] of chain.slice(0, -1).entries()) {
    here.addDoneCallback((done) => chain[index + 1]?.setResult(done.result() + 1));
  }
  const ticking = asyncio.createTask(ticker(6));
  yield* asyncio.sleep(0);
  chain[0]?.setResult(0);
  print('the end of the chain', yield* chain.at(-1) as asyncio.Future<number>);
  yield* ticking;
});

program('one waiter cancelled takes the shared future with it', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  const waiter = co(function* (name: string) {
    print(name, yield* outcome(future));
  });

  const first = asyncio.createTask(waiter('first'));
  const second = asyncio.createTask(waiter('second'));
  yield* asyncio.sleep(0);
  print(first.cancel('me only'));
  yield* asyncio.wait([first, second]);
  print(state(future), state(first), state(second));
});

program('a future settled between cancel and wake-up', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const waiter = co(function* () {
    return yield* future;
  });

  const task = asyncio.createTask(waiter());
  yield* asyncio.sleep(0);
  task.cancel();
  print(
    state(future),
    attempt(() => future.setResult('too late')),
  );
  print(yield* outcome(task));
});

program('an exception that no one asked for is reported', function* () {
  const loop = asyncio.getRunningLoop();
  loop.setExceptionHandler((_, context) => print('reported', context.message, show(context.exception)));
  const asked = loop.createFuture();
  asked.setException(new asyncio.ValueError('asked for'));
  asked.exception();
  const future = loop.createFuture();
  future.setException(new asyncio.ValueError('lost'));
  print('end');
});

program('a future knows its loop, and ensure_future leaves it alone', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();
  print(future.getLoop() === loop, asyncio.ensureFuture(future) === future, asyncio.isFuture(future));
  print(asyncio.isFuture(1), asyncio.isFuture(null), asyncio.isFuture(loop));
  const task = asyncio.ensureFuture(forever('task'));
  print(asyncio.isFuture(task), asyncio.ensureFuture(task) === task);
  yield* asyncio.sleep(0);
  task.cancel();
  yield* asyncio.wait([task]);
  print(attempt(() => asyncio.ensureFuture(5 as never)));
});

program('a timer and a callback race to settle a future', function* () {
  const loop = asyncio.getRunningLoop();

  function settle(future: asyncio.Future<unknown>, value: unknown) {
    if (future.done()) {
      print('too late:', value);
    } else {
      future.setResult(value);
    }
  }

  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const future = loop.createFuture<unknown>();
    loop.callLater(first, settle, future, `after ${first}`);
    loop.callLater(second, settle, future, `after ${second}`);
    print(yield* future, at());
  }
  yield* asyncio.sleep(3);
  yield* spin(1);
});
