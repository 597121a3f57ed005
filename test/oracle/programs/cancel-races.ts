/**
 * Cancellation against completion: both in one iteration, in both orders; and taking a cancellation back.
 *
 * The twin of cancel-races.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, only, print, program, show, state } from '../kit.ts';
import { failAfter, forever, outcome, spin, stubborn, valueAfter } from './common.ts';

program('a task that cancels itself is cancelled at its next wait', function* () {
  const work = co(function* () {
    print(me().cancel('myself'));
    print('still running');
    try {
      yield* asyncio.sleep(0);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(show(error));
      yield* asyncio.sleep(1);
    }
    return 'went on';
  });

  print(yield* outcome(asyncio.createTask(work())), at());
});

program('a task that cancels itself and ends at once is cancelled', function* () {
  const returns = co(function* () {
    me().cancel('while returning');
    return 'lost';
  });

  const fails = co(function* () {
    me().cancel('while failing');
    throw new asyncio.ValueError('kept');
  });

  for (const work of [returns, fails]) {
    const task = asyncio.createTask(work());
    yield* asyncio.wait([task]);
    print(task.cancelled(), yield* outcome(task));
  }
});

program('a task that cancels itself does not wait on a done future', function* () {
  const work = co(function* (future: asyncio.Future<unknown>) {
    me().cancel();
    print('got', yield* future);
    yield* asyncio.sleep(0);
    print('never');
  });

  const future = asyncio.getRunningLoop().createFuture();
  future.setResult('at hand');
  print(yield* outcome(asyncio.createTask(work(future))));
});

program('cancel comes just after the awaited future was settled', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  const work = co(function* () {
    try {
      print('got', yield* future);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled although the future has', state(future));
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  future.setResult('value');
  print(task.cancel('too late for the future'));
  print(yield* outcome(task), task.cancelled());
});

program('cancel comes just before the awaited future is settled', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const work = co(function* () {
    return yield* future;
  });

  function settle() {
    print('settle finds', state(future));
  }

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  loop.callSoon(() => task.cancel());
  loop.callSoon(settle);
  print(yield* outcome(task));
});

program('cancel and a due timer in one iteration: the timer is first', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const work = co(function* () {
    try {
      return yield* future;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled, the future has', state(future));
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  loop.callLater(-2, () => future.setResult('in time'));
  loop.callLater(-1, () => task.cancel());
  print(yield* outcome(task));
});

program('cancel and a due timer in one iteration: the cancel is first', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture();

  const work = co(function* () {
    try {
      return yield* future;
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled', at());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  loop.callLater(-2, () => task.cancel());
  loop.callLater(-1, () => print('the timer finds', state(future)));
  print(yield* outcome(task));
});

program('the awaited task ended, and the waiter is cancelled before it wakes', function* () {
  const waiter = co(function* (inner: asyncio.Task<unknown>) {
    try {
      print('got', yield* inner);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelled, the inner task has', state(inner));
      throw error;
    }
  });

  const inner = asyncio.createTask(valueAfter(0, 'value'));
  const task = asyncio.createTask(waiter(inner));
  inner.addDoneCallback(() => print('cancel accepted', task.cancel()));
  print(yield* outcome(task), state(inner));
});

program('the awaited task failed, and the waiter is cancelled before it wakes', function* () {
  const inner = asyncio.createTask(failAfter(0, 'boom'));
  inner.addDoneCallback(() => task.cancel());

  const waiter = co(function* () {
    try {
      yield* inner;
    } catch (error) {
      print('waiter', show(error));
      throw error;
    }
  });

  const task = asyncio.createTask(waiter());
  print(yield* outcome(task), state(inner));
});

program('cancel a finished task', function* () {
  const good = asyncio.createTask(valueAfter(0, 'value'));
  const bad = asyncio.createTask(failAfter(0, 'boom'));
  yield* spin(3);
  print(good.cancel(), bad.cancel(), good.cancelling(), bad.cancelling());
  print(state(good), state(bad));
});

program('cancel from a done callback', function* () {
  const second = asyncio.createTask(forever('second'));
  const first = asyncio.createTask(valueAfter(1, 'first'));
  first.addDoneCallback(() => second.cancel('the first is done'));
  print(yield* outcome(first), state(second));
  print(yield* outcome(second), at());
});

program('awaiting a task that is already cancelled', function* () {
  const task = asyncio.createTask(forever('task'));
  yield* asyncio.sleep(0);
  task.cancel('long ago');
  yield* asyncio.wait([task]);
  print(yield* outcome(task));
  print(yield* outcome(task), me().cancelling());
});

program('uncancel counts down', function* () {
  const task = asyncio.createTask(forever('task'));
  yield* asyncio.sleep(0);
  print(task.cancelling(), task.uncancel());
  task.cancel();
  task.cancel();
  print(task.cancelling(), task.uncancel(), task.cancelling(), task.uncancel(), task.uncancel());
  print(yield* outcome(task));
});

program('a task that catches, uncancels and goes on', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('cancelling', me().cancelling());
      print('left', me().uncancel());
    }
    yield* asyncio.sleep(1);
    return 'went on';
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task), task.cancelling(), at());
});

program('uncancel before the task has run takes the cancellation back', function* () {
  const work = co(function* () {
    yield* asyncio.sleep(1);
    return 'ran';
  });

  const task = asyncio.createTask(work());
  task.cancel('first');
  print(task.uncancel(), task.cancelling());
  print(yield* outcome(task), at());
  const again = asyncio.createTask(work());
  again.cancel('one');
  again.cancel('two');
  print(again.uncancel());
  print(yield* outcome(again), again.cancelling());
});

program('a stubborn inner task: the outer one does not see the cancellation', function* () {
  const outer = co(function* (inner: asyncio.Task<unknown>) {
    print('outer got', yield* inner);
    yield* asyncio.sleep(1);
    return 'outer done';
  });

  const inner = asyncio.createTask(stubborn('inner', 1, 'anyway'));
  const task = asyncio.createTask(outer(inner));
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task), at(), task.cancelling(), inner.cancelling());
});

program('a sleep ends in the iteration of its cancellation, the sleep was set first', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(1);
      print('slept');
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(show(error), at());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  asyncio.getRunningLoop().callAt(1, () => task.cancel('at the same time'));
  print(yield* outcome(task));
});

program('a sleep ends in the iteration of its cancellation, the cancellation was set first', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(1);
      print('slept');
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(show(error), at());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  asyncio.getRunningLoop().callAt(1, () => task.cancel('at the same time'));
  print(yield* outcome(task));
});
