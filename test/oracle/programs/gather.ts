/**
 * gather: results in order, the first failure, and cancellation from either side.
 *
 * The twin of gather.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, only, print, program, show, state } from '../kit.ts';
import { cleaning, failAfter, forever, outcome, spin, stubborn, ticker, valueAfter } from './common.ts';

/** The results of gather with return_exceptions, fit to print. */
function each(results: readonly unknown[]): string {
  return results.map((result) => (result instanceof Error ? show(result) : String(result))).join(', ');
}

program('gather gives results in the order of its arguments', function* () {
  print(yield* asyncio.gather(valueAfter(3, 'c'), valueAfter(1, 'a'), valueAfter(2, 'b')), at());
});

program('gather of nothing', function* () {
  const ticking = asyncio.createTask(ticker(2));
  print(yield* asyncio.gather());
  yield* ticking;
});

program('gather starts its coroutines in order, in the next iteration', function* () {
  const work = co(function* (name: string) {
    print(name, 'starts');
    yield* asyncio.sleep(0);
    print(name, 'ends');
  });

  const gathered = asyncio.gather(work('a'), work('b'));
  print('gathered', state(gathered));
  yield* ticker(4);
  print(state(gathered));
});

program('gather is done one iteration after its last child', function* () {
  const work = co(function* (steps: number) {
    yield* spin(steps);
    print('child ends');
  });

  const waits = co(function* () {
    yield* asyncio.gather(work(1), work(2));
    print('gather ends');
  });

  yield* asyncio.gather(waits(), ticker(8));
});

program('gather raises the first failure at once, and the others run on', function* () {
  const last = asyncio.createTask(valueAfter(3, 'last'));
  try {
    yield* asyncio.gather(valueAfter(1, 'first'), failAfter(2, 'second'), last);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error), at(), state(last));
  }
  print(yield* last, at());
});

program('gather keeps quiet about the failures after the first', function* () {
  const loop = asyncio.getRunningLoop();
  loop.setExceptionHandler((_, context) => print('reported', context.message));
  print(yield* outcome(asyncio.gather(failAfter(2, 'late'), failAfter(1, 'early'))), at());
  yield* asyncio.sleep(3);
  print('end');
});

program('gather with return_exceptions waits for all', function* () {
  const results = yield* asyncio.gather(
    valueAfter(1, 'first'),
    failAfter(2, 'second'),
    valueAfter(3, 'third'),
    { returnExceptions: true },
  );
  print(each(results), at());
});

program('gather with return_exceptions and a cancelled child', function* () {
  const task = asyncio.createTask(forever('child'));
  const gathered = asyncio.gather(valueAfter(2, 'other'), task, { returnExceptions: true });
  yield* asyncio.sleep(1);
  task.cancel('the child only');
  print(each(yield* gathered), at(), state(gathered) === 'cancelled');
});

program('cancel in the middle of gather reaches every child', function* () {
  const work = co(function* () {
    yield* asyncio.gather(forever('a'), forever('b'), cleaning('c', 0));
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  print(task.cancel('all of you'));
  print(yield* outcome(task), at());
});

program('cancel in the middle of gather waits for children that clean up', function* () {
  const gathered = asyncio.gather(cleaning('slow', 2), cleaning('fast', 1), valueAfter(5, 'never'));
  yield* asyncio.sleep(1);
  print(gathered.cancel());
  print(yield* outcome(gathered), at());
});

program('cancel of the future of gather, children that have ended stay', function* () {
  const first = asyncio.createTask(valueAfter(1, 'first'));
  const second = asyncio.createTask(forever('second'));
  const gathered = asyncio.gather(first, second);
  yield* asyncio.sleep(2);
  print(gathered.cancel('stop'), state(gathered));
  print(yield* outcome(gathered), gathered.cancelled(), state(first), state(second));
  print(gathered.cancel());
});

program('a child that ignores the cancellation of gather', function* () {
  const gathered = asyncio.gather(stubborn('child', 1, 'kept'), forever('other'));
  yield* asyncio.sleep(0);
  gathered.cancel();
  print(yield* outcome(gathered), gathered.cancelled(), at());
});

program('all children ignore the cancellation of gather: it is cancelled all the same', function* () {
  const gathered = asyncio.gather(stubborn('a', 1, 'a'), stubborn('b', 2, 'b'));
  yield* asyncio.sleep(0);
  gathered.cancel();
  print(yield* outcome(gathered), gathered.cancelled(), at());
});

program('cancel of gather with return_exceptions raises when the children have ended', function* () {
  const gathered = asyncio.gather(forever('a'), stubborn('b', 1, 'kept'), { returnExceptions: true });
  yield* asyncio.sleep(0);
  gathered.cancel();
  print(yield* outcome(gathered), gathered.cancelled(), at());
});

program('a cancelled child cancels the waiter of gather, not its brothers', function* () {
  const child = asyncio.createTask(forever('child'));
  const brother = asyncio.createTask(valueAfter(2, 'brother'));
  const gathered = asyncio.gather(child, brother);
  yield* asyncio.sleep(1);
  child.cancel('the child');
  print(yield* outcome(gathered), me().cancelling(), at());
  print(state(gathered), state(brother));
  print(yield* brother, at());
});

program('gather of one thing given twice', function* () {
  const calls: string[] = [];

  const work = co(function* () {
    calls.push('called');
    yield* asyncio.sleep(1);
    return calls.length;
  });

  const coroutine = work();

  const task = asyncio.createTask(work());
  print(yield* asyncio.gather(coroutine, task, coroutine, task), calls.length);
});

program('gather of futures, tasks and coroutines', function* () {
  const loop = asyncio.getRunningLoop();
  const future = loop.createFuture<string>();
  const done = loop.createFuture<string>();
  done.setResult('done before');
  loop.callLater(2, () => future.setResult('future'));
  const task = asyncio.createTask(valueAfter(1, 'task'));
  print(yield* asyncio.gather(future, task, valueAfter(3, 'coroutine'), done), at());
});

program('gather of what is done already is done at once', function* () {
  const task = asyncio.createTask(valueAfter(0, 'task'));
  yield* spin(3);
  const ticking = asyncio.createTask(ticker(4));
  print(yield* asyncio.gather(task, task));
  yield* ticking;
});

program('gather in gather', function* () {
  print(
    yield* asyncio.gather(
      asyncio.gather(valueAfter(1, 1), valueAfter(2, 2)),
      asyncio.gather(valueAfter(3, 3), valueAfter(0, 4)),
      valueAfter(0, 5),
    ),
    at(),
  );
  const inner = asyncio.gather(forever('inner a'), forever('inner b'));
  const outer = asyncio.gather(inner, forever('outer'));
  yield* asyncio.sleep(0);
  outer.cancel('the whole tree');
  print(yield* outcome(outer), state(inner));
});

program('gather that failed, and is cancelled afterwards', function* () {
  const other = asyncio.createTask(valueAfter(3, 'other'));
  const gathered = asyncio.gather(failAfter(1, 'boom'), other);
  print(yield* outcome(gathered), at());
  print(gathered.cancel(), state(other));
  print(yield* outcome(other), at());
});

program('cancel comes in the iteration in which the last child ended', function* () {
  const work = co(function* (children: asyncio.Task<unknown>[]) {
    try {
      return yield* asyncio.gather(...children);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print(
        'cancelled',
        children.map((child) => state(child)),
      );
      throw error;
    }
  });

  const children = [1, 2].map((number) => asyncio.createTask(valueAfter(0, number)));
  const task = asyncio.createTask(work(children));
  children[1]?.addDoneCallback(() => print('cancel', task.cancel()));
  print(yield* outcome(task));
});

program('failure and cancellation of children in one iteration: the first in order counts', function* () {
  const bad = co(function* (message: string) {
    yield* asyncio.sleep(0);
    throw new asyncio.ValueError(message);
  });

  const first = asyncio.createTask(bad('one'));

  const second = asyncio.createTask(forever('two'));
  const gathered = asyncio.gather(second, first);
  yield* asyncio.sleep(0);
  second.cancel();
  print(yield* outcome(gathered), state(first), state(second));
});

program('factorials gathered', function* () {
  const factorial = co(function* (name: string, number: number) {
    let result = 1;
    for (let factor = 2; factor < number + 1; factor++) {
      print(`Task ${name}: factorial(${number}), i=${factor}`);
      yield* asyncio.sleep(1);
      result *= factor;
    }
    print(`Task ${name}: factorial(${number}) = ${result}`);
    return result;
  });

  print(yield* asyncio.gather(factorial('A', 2), factorial('B', 3), factorial('C', 4)), at());
});
