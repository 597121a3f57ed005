/**
 * TaskGroup.cancel: a group that is ended from inside or outside, and is left without an error.
 *
 * The twin of task-groups-cancel.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, leaves, me, only, print, program, state } from '../kit.ts';
import { cleaning, ending, failAfter, forever, outcome, stubborn, valueAfter } from './common.ts';

program('a body that cancels its group', function* () {
  const group = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(group, function* () {
    children.push(group.createTask(forever('child')));
    yield* asyncio.sleep(1);
    group.cancel();
    print('still in the body', me().cancelling());
    yield* asyncio.sleep(1);
    print('never');
  });
  print('left', ...children.map(state), at(), me().cancelling());
});

program('a body that cancels its group and does not wait any more', function* () {
  const group = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(group, function* () {
    children.push(group.createTask(cleaning('child', 1)));
    yield* asyncio.sleep(1);
    group.cancel();
    print('the body ends');
  });
  print('left', ...children.map(state), at(), me().cancelling());
  yield* asyncio.sleep(1);
  print('and goes on', at());
});

program('a child that cancels its group', function* () {
  const group = new asyncio.TaskGroup();

  const child = co(function* () {
    yield* asyncio.sleep(1);
    group.cancel();
    print('the child goes on to its next wait');
    yield* asyncio.sleep(1);
    print('never');
  });

  yield* asyncio.asyncWith(group, function* () {
    group.createTask(forever('brother'));
    group.createTask(child());
  });
  print('left', at());
});

program('a group that was cancelled before it was entered', function* () {
  const group = new asyncio.TaskGroup();
  group.cancel();
  yield* asyncio.asyncWith(group, function* () {
    print('the body starts');
    yield* asyncio.sleep(1);
    print('never');
  });
  print('left', at(), me().cancelling());
});

program('a group that is cancelled twice, and after its end', function* () {
  const group = new asyncio.TaskGroup();
  const loop = asyncio.getRunningLoop();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(group, function* () {
    children.push(group.createTask(stubborn('child', 1, 'kept')));
    loop.callLater(1, () => group.cancel());
    loop.callLater(1.5, () => group.cancel());
  });
  group.cancel();
  yield* asyncio.sleep(0);
  print('left', ...children.map(state), at(), me().cancelling());
});

program('a child that fails while its group is cancelled', function* () {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('in the clean-up');
    }
  });

  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(badLoser());
      yield* asyncio.sleep(0);
      group.cancel();
    });
  });

  yield* ending(body);
});

program('a group cancelled in the iteration in which its parent is', function* () {
  const parent = co(function* (group: asyncio.TaskGroup) {
    yield* asyncio.asyncWith(group, function* () {
      yield* asyncio.sleep(10);
    });
    print('left', me().cancelling());
    yield* asyncio.sleep(1);
    print('never');
  });

  for (const order of ['group first', 'parent first']) {
    const group = new asyncio.TaskGroup();
    const task = asyncio.createTask(parent(group));
    yield* asyncio.sleep(0);
    if (order === 'group first') {
      group.cancel();
      task.cancel('from outside');
    } else {
      task.cancel('from outside');
      group.cancel();
    }
    print(order, yield* outcome(task), task.cancelling());
  }
});

program('cancelling an inner group leaves the outer one alone', function* () {
  const outer = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(outer, function* () {
    children.push(outer.createTask(valueAfter(3, 'outer child')));
    const inner = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(inner, function* () {
      inner.createTask(forever('inner child'));
      yield* asyncio.sleep(1);
      inner.cancel();
    });
    print('inner left', at());
  });
  print(...children.map(state), at());
});

program('a group that failed, and is cancelled while it ends', function* () {
  const group = new asyncio.TaskGroup();
  try {
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(failAfter(1, 'boom'));
      group.createTask(cleaning('child', 2));
      asyncio.getRunningLoop().callLater(2, () => group.cancel());
    });
  } catch (error) {
    only(error, asyncio.ExceptionGroup);
    print(leaves(error), at());
  }
});
