/**
 * Task groups in groups and timeouts, and those whose parent is cancelled.
 *
 * The twin of task-groups-nested.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, leaves, me, only, print, program, show, state } from '../kit.ts';
import { cleaning, ending, failAfter, forever, outcome, valueAfter } from './common.ts';

program('the parent is cancelled while the body runs', function* () {
  const parent = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(forever('child'));
      try {
        yield* asyncio.sleep(10);
      } finally {
        print('body left');
      }
    });
  });

  const task = asyncio.createTask(parent());
  yield* asyncio.sleep(1);
  task.cancel('from outside');
  print(yield* outcome(task), task.cancelling(), at());
});

program('the parent is cancelled while it waits for its children', function* () {
  const parent = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(cleaning('child', 1));
      group.createTask(valueAfter(10, 'never'));
    });
  });

  const task = asyncio.createTask(parent());
  yield* asyncio.sleep(1);
  task.cancel('from outside');
  print(yield* outcome(task), at());
});

program('the parent is cancelled and a child fails while it cleans up', function* () {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('child');
    }
  });

  const parent = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(badLoser());
      yield* asyncio.sleep(10);
    });
  });

  const task = asyncio.createTask(parent());
  yield* asyncio.sleep(1);
  task.cancel('from outside');
  try {
    yield* task;
  } catch (error) {
    print(leaves(error), task.cancelling());
  }
});

program('nested groups: the inner one fails', function* () {
  const body = co(function* () {
    const outer = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(outer, function* () {
      outer.createTask(forever('outer child'));
      const inner = new asyncio.TaskGroup();
      yield* asyncio.asyncWith(inner, function* () {
        inner.createTask(forever('inner child'));
        inner.createTask(failAfter(1, 'boom'));
      });
      print('never');
    });
  });

  yield* ending(body);
});

program('nested groups: the outer one fails', function* () {
  const body = co(function* () {
    const outer = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(outer, function* () {
      outer.createTask(failAfter(1, 'boom'));
      const inner = new asyncio.TaskGroup();
      try {
        yield* asyncio.asyncWith(inner, function* () {
          inner.createTask(forever('inner child'));
        });
      } catch (error) {
        print('inner', leaves(error));
        throw error;
      }
    });
  });

  yield* ending(body);
  print(me().cancelling());
});

program('nested groups: the failure of the inner one is handled', function* () {
  const outer = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(outer, function* () {
    children.push(outer.createTask(valueAfter(3, 'outer child')));
    const inner = new asyncio.TaskGroup();
    try {
      yield* asyncio.asyncWith(inner, function* () {
        inner.createTask(failAfter(1, 'boom'));
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      only(error, asyncio.ExceptionGroup);
      print('handled', leaves(error), me().cancelling());
    }
    yield* asyncio.sleep(1);
    print('going on', at());
  });
  print(...children.map(state), at());
});

program('nested groups: both fail in one iteration', function* () {
  const body = co(function* () {
    const outer = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(outer, function* () {
      outer.createTask(failAfter(0, 'outer'));
      const inner = new asyncio.TaskGroup();
      yield* asyncio.asyncWith(inner, function* () {
        inner.createTask(failAfter(0, 'inner'));
        yield* asyncio.sleep(10);
      });
    });
  });

  yield* ending(body);
  print(me().cancelling());
});

program('a timeout around a group', function* () {
  try {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      const group = new asyncio.TaskGroup();
      yield* asyncio.asyncWith(group, function* () {
        group.createTask(cleaning('child', 1));
        group.createTask(valueAfter(10, 'never'));
      });
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(show(error), at());
  }
});

program('a timeout around a group whose child fails in the clean-up', function* () {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('child');
    }
  });

  try {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      const group = new asyncio.TaskGroup();
      yield* asyncio.asyncWith(group, function* () {
        group.createTask(badLoser());
      });
    });
  } catch (error) {
    print(leaves(error), me().cancelling());
  }
});

program('a group in a timeout in a group', function* () {
  const outer = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];
  yield* asyncio.asyncWith(outer, function* () {
    children.push(outer.createTask(valueAfter(3, 'outer child')));
    try {
      yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
        const inner = new asyncio.TaskGroup();
        yield* asyncio.asyncWith(inner, function* () {
          inner.createTask(forever('inner child'));
        });
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print('timed out', at());
    }
  });
  print(...children.map(state), at());
});

program('a group in a task that was cancelled before: it can be left', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('swallowed');
    }
    const group = new asyncio.TaskGroup();
    const children: asyncio.Task<unknown>[] = [];
    yield* asyncio.asyncWith(group, function* () {
      children.push(group.createTask(valueAfter(1, 'child')));
    });
    print(...children.map(state));
    return 'went on';
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(0);
  task.cancel();
  print(yield* outcome(task), at());
});

program('the parent is cancelled in the iteration in which a child fails', function* () {
  const parent = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      const child = group.createTask(failAfter(0, 'boom'));
      child.addDoneCallback(() => parentTask.cancel('from outside'));
    });
  });

  const after = co(function* () {
    try {
      yield* parent();
    } catch (error) {
      print(leaves(error), me().cancelling());
      print(yield* outcome(asyncio.sleep(1)));
      throw error;
    }
  });

  const parentTask = asyncio.createTask(after());
  try {
    yield* parentTask;
  } catch (error) {
    print(leaves(error), at());
  }
});
