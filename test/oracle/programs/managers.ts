/**
 * Asynchronous context managers: the order of entering and leaving, and what becomes of an error on its way out.
 *
 * The twin of managers.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, only, print, program, show } from '../kit.ts';
import { outcome } from './common.ts';

interface Behaviour {
  readonly swallow?: boolean;
  readonly enterFails?: boolean;
  readonly exitFails?: boolean;
}

/** A context manager that says what happens to it. */
function managed(
  name: string,
  { swallow, enterFails, exitFails }: Behaviour = {},
): asyncio.AsyncContextManager<string> {
  return {
    aenter: co(function* () {
      yield* asyncio.sleep(0);
      if (enterFails === true) throw new asyncio.ValueError(`${name} does not open`);
      print('enter', name);
      return name;
    }),
    aexit: co(function* (error?: unknown) {
      yield* asyncio.sleep(0);
      print('exit', name, error === undefined ? null : show(error));
      if (exitFails === true) throw new asyncio.RuntimeError(`${name} does not close`);
      return swallow;
    }),
  };
}

program('async with enters and leaves, with and without an error', function* () {
  yield* asyncio.asyncWith(managed('plain'), function* (value) {
    print('body of', value);
  });
  try {
    yield* asyncio.asyncWith(managed('failing'), function* () {
      throw new asyncio.ValueError('body');
    });
  } catch (error) {
    only(error, asyncio.ValueError);
    print('outside', show(error));
  }
  yield* asyncio.asyncWith(managed('swallowing', { swallow: true }), function* () {
    throw new asyncio.ValueError('body');
  });
  print('went on');
});

program('async with that does not open, and one that does not close', function* () {
  try {
    yield* asyncio.asyncWith(managed('first', { enterFails: true }), function* () {
      print('never');
    });
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
  try {
    yield* asyncio.asyncWith(managed('second', { exitFails: true }), function* () {
      throw new asyncio.ValueError('body');
    });
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  }
});

program('cancel in the body of async with', function* () {
  const work = co(function* () {
    yield* asyncio.asyncWith(managed('outer'), function* () {
      yield* asyncio.asyncWith(managed('inner'), function* () {
        print('body');
        yield* asyncio.sleep(10);
      });
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('stop');
  print(yield* outcome(task), at());
});

program('cancel while async with is entered', function* () {
  const slow: asyncio.AsyncContextManager<string> = {
    aenter: co(function* () {
      yield* asyncio.sleep(2);
      return 'never';
    }),
    aexit: co(function* () {
      print('never');
    }),
  };

  const work = co(function* () {
    yield* asyncio.asyncWith(managed('outer'), function* () {
      yield* asyncio.asyncWith(slow, function* () {
        print('never');
      });
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task), at());
});

program('an exit stack leaves in reverse', function* () {
  const later = co(function* (...values: unknown[]) {
    yield* asyncio.sleep(0);
    print('async callback', ...values);
  });

  const stack = new asyncio.AsyncExitStack();
  yield* asyncio.asyncWith(stack, function* () {
    print('got', yield* stack.enterAsyncContext(managed('a')));
    stack.pushAsyncCallback(print, 'callback', 1);
    stack.pushAsyncCallback(later, 2, 'x');
    yield* stack.enterAsyncContext(managed('b'));
    print('body');
  });
  print('left');
});

program('an exit stack: who swallows an error hides it from those outside', function* () {
  const stack = new asyncio.AsyncExitStack();
  yield* asyncio.asyncWith(stack, function* () {
    yield* stack.enterAsyncContext(managed('outer'));
    yield* stack.enterAsyncContext(managed('swallower', { swallow: true }));
    yield* stack.enterAsyncContext(managed('inner'));
    throw new asyncio.ValueError('body');
  });
  print('went on');
});

program('an exit stack: an error in leaving takes the place of the first', function* () {
  try {
    const stack = new asyncio.AsyncExitStack();
    yield* asyncio.asyncWith(stack, function* () {
      yield* stack.enterAsyncContext(managed('outer'));
      yield* stack.enterAsyncContext(managed('broken', { exitFails: true }));
      yield* stack.enterAsyncContext(managed('inner'));
      throw new asyncio.ValueError('body');
    });
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print('outside', show(error));
  }
});

program('an exit stack that fails half way leaves what it has entered', function* () {
  try {
    const stack = new asyncio.AsyncExitStack();
    yield* asyncio.asyncWith(stack, function* () {
      for (const name of ['a', 'b', 'c']) {
        yield* stack.enterAsyncContext(managed(name, { enterFails: name === 'c' }));
      }
    });
  } catch (error) {
    only(error, asyncio.ValueError);
    print('outside', show(error));
  }
});

program('pop_all moves what an exit stack holds, aclose leaves it', function* () {
  const stack = new asyncio.AsyncExitStack();
  const kept = yield* asyncio.asyncWith(stack, function* () {
    yield* stack.enterAsyncContext(managed('a'));
    stack.pushAsyncCallback(print, 'callback');
    const kept = stack.popAll();
    print('popped');
    return kept;
  });
  print('the first stack left nothing');
  yield* kept.aclose();
  yield* kept.aclose();
  print('closed');
});

program('cancel in an exit stack reaches each manager', function* () {
  const work = co(function* () {
    const stack = new asyncio.AsyncExitStack();
    yield* asyncio.asyncWith(stack, function* () {
      yield* stack.enterAsyncContext(managed('a'));
      yield* stack.enterAsyncContext(managed('b'));
      yield* asyncio.sleep(10);
    });
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('stop');
  print(yield* outcome(task), at());
});
