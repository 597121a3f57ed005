/**
 * shield: the waiter may be cancelled, what it waits for may not.
 *
 * The twin of shield.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, only, print, program, show, state } from '../kit.ts';
import { cleaning, failAfter, forever, outcome, spin, ticker, valueAfter } from './common.ts';

program('shield passes the result and the failure on', function* () {
  print(yield* asyncio.shield(valueAfter(1, 'value')), at());
  print(yield* outcome(asyncio.shield(failAfter(1, 'boom'))), at());
});

program('shield of what is done', function* () {
  const task = asyncio.createTask(valueAfter(0, 'value'));
  yield* spin(3);
  const ticking = asyncio.createTask(ticker(2));
  print(asyncio.shield(task) === task, yield* asyncio.shield(task));
  yield* ticking;
});

program('cancel in the middle of shield: the inner task runs on', function* () {
  const inner = asyncio.createTask(valueAfter(2, 'inner'));

  const work = co(function* () {
    try {
      return yield* asyncio.shield(inner);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(show(error), at(), state(inner), inner.cancelling());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('the waiter only');
  print(yield* outcome(task));
  print(yield* inner, at());
});

program('a cancelled inner task cancels what shields it', function* () {
  const inner = asyncio.createTask(forever('inner'));
  const outer = asyncio.shield(inner);
  yield* asyncio.sleep(1);
  inner.cancel('inside');
  print(yield* outcome(outer), outer.cancelled(), me().cancelling());
});

program('shield is done one iteration after the task in it', function* () {
  const waits = co(function* () {
    yield* asyncio.shield(spin(1));
    print('shield ends');
  });

  yield* asyncio.gather(waits(), ticker(6));
});

program('cancel of the shield and the end of the inner task in one iteration', function* () {
  const inner = asyncio.createTask(valueAfter(0, 'inner'));

  const work = co(function* () {
    return yield* asyncio.shield(inner);
  });

  const task = asyncio.createTask(work());
  inner.addDoneCallback(() => print('cancel', task.cancel()));
  print(yield* outcome(task), state(inner));
});

program('shield shared by two waiters', function* () {
  const inner = asyncio.createTask(valueAfter(2, 'inner'));

  const work = co(function* (name: string) {
    print(name, yield* outcome(asyncio.shield(inner)), at());
  });

  const first = asyncio.createTask(work('first'));

  const second = asyncio.createTask(work('second'));
  yield* asyncio.sleep(1);
  first.cancel();
  yield* asyncio.gather(first, second);
  print(state(inner));
});

program('shield around the clean-up of a cancelled task', function* () {
  const clean = co(function* () {
    print('cleaning', at());
    yield* asyncio.sleep(2);
    print('clean', at());
  });

  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      const cleaner = asyncio.createTask(clean());
      try {
        yield* asyncio.shield(cleaner);
      } catch (error) {
        only(error, asyncio.CancelledError);
        print('cancelled again', at());
        yield* cleaner;
        // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
        throw error;
      }
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel();
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task), at());
});

program('shield of gather: cancelling the shield leaves the children running', function* () {
  const gathered = asyncio.gather(valueAfter(2, 'a'), valueAfter(3, 'b'));
  const outer = asyncio.shield(gathered);
  yield* asyncio.sleep(1);
  outer.cancel();
  print(yield* outcome(outer), state(gathered));
  print(yield* gathered, at());
});

program('shield in gather, the gather cancelled', function* () {
  const inner = asyncio.createTask(valueAfter(2, 'inner'));
  const gathered = asyncio.gather(asyncio.shield(inner), cleaning('other', 0));
  yield* asyncio.sleep(1);
  gathered.cancel();
  print(yield* outcome(gathered), state(inner), at());
  print(yield* inner, at());
});
