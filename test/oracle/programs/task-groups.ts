/**
 * Task groups: failing and cancelled children, a failing body, and when a group takes children.
 *
 * The twin of task-groups.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, discard, kind, me, only, print, program, show, state } from '../kit.ts';
import { cleaning, ending, failAfter, forever, stubborn, ticker, valueAfter } from './common.ts';

program('a task group waits for its children', function* () {
  const group = new asyncio.TaskGroup();
  const [slow, fast] = yield* asyncio.asyncWith(group, function* () {
    const slow = group.createTask(valueAfter(2, 'slow'), { name: 'the slow one' });
    const fast = group.createTask(valueAfter(1, 'fast'));
    print('body ends', at(), slow.getName());
    return [slow, fast] as const;
  });
  print(state(slow), state(fast), at());
});

program('an empty task group', function* () {
  const ticking = asyncio.createTask(ticker(2));
  yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* () {
    print('body');
  });
  print('left');
  yield* ticking;
});

program('children of a group start in order, in the next iteration', function* () {
  const work = co(function* (name: string) {
    print(name, 'starts');
    yield* asyncio.sleep(0);
    print(name, 'ends');
  });

  const group = new asyncio.TaskGroup();
  yield* asyncio.asyncWith(group, function* () {
    for (const name of 'abc') {
      group.createTask(work(name));
    }
    print('body ends');
  });
  print('left');
});

program('a failing child cancels its brothers and the body', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(forever('brother'));
      group.createTask(failAfter(1, 'boom'));
      try {
        yield* asyncio.sleep(10);
      } catch (error) {
        only(error, asyncio.CancelledError);
        print('body', show(error), at(), me().cancelling());
        throw error;
      }
    });
  });

  yield* ending(body);
  print(me().cancelling());
});

program('a child fails after the body has ended', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(cleaning('brother', 1));
      group.createTask(failAfter(2, 'boom'));
      print('body ends');
    });
  });

  yield* ending(body);
});

program('the message of an exception group tells how many there are', function* () {
  for (const count of [1, 2]) {
    const group = new asyncio.TaskGroup();
    try {
      yield* asyncio.asyncWith(group, function* () {
        for (let number = 0; number < count; number++) {
          group.createTask(failAfter(0, `boom ${number}`));
        }
      });
    } catch (error) {
      only(error, asyncio.ExceptionGroup);
      print(
        show(error),
        error.exceptions.map((member) => (member as Error).message),
      );
    }
  }
});

program('two children fail in one iteration', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(failAfter(0, 'one'));
      group.createTask(failAfter(0, 'two'));
      group.createTask(forever('brother'));
    });
  });

  yield* ending(body);
});

program('a brother fails while it is being cancelled', function* () {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      yield* asyncio.sleep(1);
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.KeyError();
    }
  });

  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(failAfter(1, 'first'));
      group.createTask(badLoser());
    });
  });

  try {
    yield* body();
  } catch (error) {
    only(error, asyncio.ExceptionGroup);
    print(
      error.exceptions.map((member) => kind(member)),
      at(),
    );
  }
});

program('the body fails: children are cancelled, and the failure is in the group', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(forever('child'));
      yield* asyncio.sleep(1);
      throw new asyncio.ValueError('body');
    });
  });

  yield* ending(body);
});

program('the body fails before its children have started', function* () {
  const never = co(function* () {
    print('never');
  });

  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(never());
      throw new asyncio.ValueError('body');
    });
  });

  yield* ending(body);
});

program('the body and a child fail', function* () {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('child');
    }
  });

  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(badLoser());
      yield* asyncio.sleep(1);
      throw new asyncio.ValueError('body');
    });
  });

  try {
    yield* body();
  } catch (error) {
    only(error, asyncio.ExceptionGroup);
    print(error.exceptions.map((member) => show(member)));
  }
});

program('a cancelled child does not fail the group', function* () {
  const group = new asyncio.TaskGroup();
  const [child, other] = yield* asyncio.asyncWith(group, function* () {
    const child = group.createTask(forever('child'));
    const other = group.createTask(valueAfter(2, 'other'));
    yield* asyncio.sleep(1);
    child.cancel();
    return [child, other] as const;
  });
  print(state(child), state(other), at());
});

program('the body awaits a child that is cancelled', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      const child = group.createTask(forever('child'));
      group.createTask(forever('other'));
      yield* asyncio.sleep(1);
      child.cancel('the child');
      print('waiting for the child');
      yield* child;
    });
  });

  yield* ending(body);
  print(me().cancelling());
});

program('the body awaits a child that fails', function* () {
  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      const child = group.createTask(failAfter(1, 'boom'));
      try {
        yield* child;
      } catch (error) {
        print('body', show(error));
        throw error;
      }
    });
  });

  yield* ending(body);
  print(me().cancelling());
});

program('a child that ignores the cancellation of the group', function* () {
  const group = new asyncio.TaskGroup();
  const children: asyncio.Task<unknown>[] = [];

  const body = co(function* () {
    yield* asyncio.asyncWith(group, function* () {
      children.push(group.createTask(stubborn('child', 1, 'kept')));
      group.createTask(failAfter(1, 'boom'));
    });
  });

  yield* ending(body);
  print(children.map(state));
});

program('a child makes children', function* () {
  const group = new asyncio.TaskGroup();

  const child: (depth: number) => asyncio.Coroutine<void> = co(function* (depth: number) {
    print('depth', depth);
    if (depth < 2) {
      group.createTask(child(depth + 1));
      group.createTask(child(depth + 1));
    }
    yield* asyncio.sleep(1);
  });

  yield* asyncio.asyncWith(group, function* () {
    group.createTask(child(0));
  });
  print('left', at());
});

program('a group that is leaving takes no more children, nor one that has not begun', function* () {
  const late = co(function* (group: asyncio.TaskGroup) {
    try {
      yield* asyncio.sleep(10);
    } finally {
      const coroutine = valueAfter(0, 'no');
      try {
        group.createTask(coroutine);
      } catch (error) {
        only(error, asyncio.RuntimeError);
        print(error.message.includes('is shutting down'));
        discard(coroutine);
      }
    }
  });

  const body = co(function* () {
    const group = new asyncio.TaskGroup();
    yield* asyncio.asyncWith(group, function* () {
      group.createTask(late(group));
      group.createTask(failAfter(0, 'boom'));
    });
  });

  yield* ending(body);
  const group = new asyncio.TaskGroup();
  for (const reason of ['has not been entered', 'is finished']) {
    const coroutine = valueAfter(0, 'no');
    try {
      group.createTask(coroutine);
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(error.message.includes(reason));
      discard(coroutine);
    }
    if (reason === 'has not been entered') yield* asyncio.asyncWith(group, function* () {});
  }
});

program('a KeyboardInterrupt of a child is raised bare', function* () {
  const interrupted = co(function* () {
    yield* asyncio.sleep(1);
    throw new asyncio.KeyboardInterrupt('child');
  });

  const group = new asyncio.TaskGroup();
  yield* asyncio.asyncWith(group, function* () {
    group.createTask(forever('brother'));
    group.createTask(interrupted());
  });
});
