/**
 * Timeouts in timeouts, and timeouts beside a cancellation from outside.
 *
 * The twin of timeout-nested.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, only, print, program, show, state } from '../kit.ts';
import { cleaning, forever, outcome, ticker, valueAfter } from './common.ts';

program('nested timeouts: the inner one expires first', function* () {
  const outer = asyncio.timeout(5);
  const inner = asyncio.timeout(1);
  yield* asyncio.asyncWith(outer, function* () {
    try {
      yield* asyncio.asyncWith(inner, function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print('inner', inner.expired(), outer.expired(), at());
    }
    yield* asyncio.sleep(1);
  });
  print('outer', outer.expired(), at());
});

program('nested timeouts: the outer one expires first', function* () {
  const outer = asyncio.timeout(1);
  const inner = asyncio.timeout(5);
  try {
    yield* asyncio.asyncWith(outer, function* () {
      try {
        yield* asyncio.asyncWith(inner, function* () {
          yield* asyncio.sleep(10);
        });
      } catch (error) {
        print('between', show(error), inner.expired(), outer.expired(), at());
        throw error;
      }
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('outside', show(error), inner.expired(), outer.expired());
  }
  print(me().cancelling());
});

program('nested timeouts that expire in the same iteration, the outer one set for earlier', function* () {
  const outer = asyncio.timeout(-2);
  const inner = asyncio.timeout(-1);
  try {
    yield* asyncio.asyncWith(outer, function* () {
      try {
        yield* asyncio.asyncWith(inner, function* () {
          yield* asyncio.sleep(10);
        });
      } catch (error) {
        print('between', show(error), inner.expired(), me().cancelling());
        throw error;
      }
    });
  } catch (error) {
    print('outside', show(error));
  }
  print(inner.expired(), outer.expired(), me().cancelling());
});

program('nested timeouts that expire in the same iteration, the inner one set for earlier', function* () {
  const outer = asyncio.timeout(-1);
  const inner = asyncio.timeout(-2);
  try {
    yield* asyncio.asyncWith(outer, function* () {
      try {
        yield* asyncio.asyncWith(inner, function* () {
          yield* asyncio.sleep(10);
        });
      } catch (error) {
        print('between', show(error), inner.expired(), me().cancelling());
        throw error;
      }
    });
  } catch (error) {
    print('outside', show(error));
  }
  print(inner.expired(), outer.expired(), me().cancelling());
});

program('nested timeouts with the same deadline', function* () {
  const outer = asyncio.timeout(1);
  const inner = asyncio.timeoutAt(1);
  try {
    yield* asyncio.asyncWith(outer, function* () {
      try {
        yield* asyncio.asyncWith(inner, function* () {
          yield* asyncio.sleep(10);
        });
      } catch (error) {
        print('between', show(error), inner.expired(), me().cancelling());
        throw error;
      }
    });
  } catch (error) {
    print('outside', show(error));
  }
  print(inner.expired(), outer.expired(), me().cancelling(), at());
});

program('the outer timeout expires while the inner one is being handled', function* () {
  const outer = asyncio.timeout(2);
  const inner = asyncio.timeout(1);
  try {
    yield* asyncio.asyncWith(outer, function* () {
      try {
        yield* asyncio.asyncWith(inner, function* () {
          yield* asyncio.sleep(10);
        });
      } catch (error) {
        only(error, asyncio.TimeoutError);
        print('inner', at());
        yield* asyncio.sleep(10);
      }
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('outer', inner.expired(), outer.expired(), at());
  }
});

program('a timeout does not hide a cancellation from outside', function* () {
  const work = co(function* () {
    const limit = asyncio.timeout(5);
    try {
      yield* asyncio.asyncWith(limit, function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      print(show(error), limit.expired(), at());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel('from outside');
  print(yield* outcome(task), task.cancelling());
});

program('cancelled from outside just before the timeout expires', function* () {
  const work = co(function* () {
    const limit = asyncio.timeoutAt(-1);
    try {
      yield* asyncio.asyncWith(limit, function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      print(show(error), limit.expired(), me().cancelling());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  asyncio.getRunningLoop().callLater(-5, () => task.cancel('from outside'));
  print(yield* outcome(task), at());
});

program('cancelled from outside in the iteration in which the timeout expires', function* () {
  const loop = asyncio.getRunningLoop();

  const work = co(function* () {
    const limit = asyncio.timeoutAt(-1);
    try {
      yield* asyncio.asyncWith(limit, function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      print(show(error), limit.expired(), me().cancelling());
      throw error;
    }
  });

  for (const when of [-2, -0.5]) {
    const task = asyncio.createTask(work());
    yield* asyncio.sleep(0);
    loop.callAt(when, () => task.cancel(`from outside at ${when}`));
    print(yield* outcome(task), task.cancelling());
  }
});

program('cancelled from outside after the timeout has expired, during the clean-up', function* () {
  const work = co(function* () {
    const limit = asyncio.timeout(1);
    try {
      yield* asyncio.asyncWith(limit, function* () {
        yield* cleaning('body', 5);
      });
    } catch (error) {
      print(show(error), limit.expired(), at());
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(2);
  task.cancel('from outside');
  print(yield* outcome(task), task.cancelling());
});

program('a timeout in a task that was cancelled before and went on', function* () {
  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
    }
    try {
      yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      print(show(error), me().cancelling(), at());
    }
    return 'went on';
  });

  const task = asyncio.createTask(work());
  yield* asyncio.sleep(1);
  task.cancel();
  print(yield* outcome(task));
});

program('timeouts in several tasks at once', function* () {
  const work = co(function* (name: string, limit: number, delay: number) {
    try {
      yield* asyncio.asyncWith(asyncio.timeout(limit), function* () {
        yield* asyncio.sleep(delay);
        print(name, 'in time', at());
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print(name, 'too late', at());
    }
  });

  yield* asyncio.gather(work('a', 1, 2), work('b', 4, 3), work('c', 5, 6), ticker(2));
});

program('timeout around gather and wait', function* () {
  try {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      yield* asyncio.gather(forever('a'), cleaning('b', 1));
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('gather timed out', at());
  }
  yield* asyncio.sleep(2);
  const task = asyncio.createTask(valueAfter(2, 'value'));
  try {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      yield* asyncio.wait([task]);
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('wait timed out', state(task), at());
  }
  print(yield* task, at());
});
