/**
 * timeout, timeout_at: what expires, who sees it, and how it mixes with other cancellations.
 *
 * The twin of timeout.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, kind, me, only, print, program, show } from '../kit.ts';
import { spin, stubborn, valueAfter } from './common.ts';

program('timeout that expires', function* () {
  const limit = asyncio.timeout(1);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      try {
        yield* asyncio.sleep(10);
      } catch (error) {
        only(error, asyncio.CancelledError);
        print('inside', show(error), at(), me().cancelling());
        throw error;
      }
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('outside', show(error), kind(error.cause), at());
  }
  print(limit.expired(), me().cancelling());
});

program('timeout that does not expire', function* () {
  const limit = asyncio.timeout(2);
  yield* asyncio.asyncWith(limit, function* () {
    print(yield* valueAfter(1, 'in time'), Math.trunc(limit.when() ?? 0));
  });
  print(limit.expired(), at());
  yield* asyncio.sleep(5);
  print('nothing comes later', at());
});

program('timeout of None never expires', function* () {
  const limit = asyncio.timeout(null);
  yield* asyncio.asyncWith(limit, function* () {
    print(limit.when() === null);
    yield* asyncio.sleep(1000);
  });
  print(limit.expired(), at());
});

program('timeout of zero and of the past: the first wait is interrupted', function* () {
  for (const delay of [0, -1]) {
    try {
      yield* asyncio.asyncWith(asyncio.timeout(delay), function* () {
        print('body runs');
        yield* asyncio.sleep(0);
        print('sleep(0) passes');
        yield* asyncio.sleep(0);
        print('twice');
        yield* asyncio.sleep(1);
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print(show(error), at());
    }
  }
});

program('timeout_at in the past', function* () {
  yield* asyncio.sleep(5);
  for (const when of [3, 5]) {
    const limit = asyncio.timeoutAt(when);
    try {
      yield* asyncio.asyncWith(limit, function* () {
        yield* asyncio.sleep(10);
      });
    } catch (error) {
      only(error, asyncio.TimeoutError);
      print('expired', limit.expired(), at());
    }
  }
  const limit = asyncio.timeoutAt(7);
  yield* asyncio.asyncWith(limit, function* () {
    yield* asyncio.sleep(1);
  });
  print(limit.expired(), at());
});

program('a body without waits cannot time out', function* () {
  const limit = asyncio.timeout(0);
  yield* asyncio.asyncWith(limit, function* () {
    print('body');
  });
  print(limit.expired());
  yield* spin(3);
  print('end');
});

program('reschedule to later, earlier and never', function* () {
  let limit = asyncio.timeout(1);
  yield* asyncio.asyncWith(limit, function* () {
    limit.reschedule(3);
    yield* asyncio.sleep(2);
    print('still here', at(), Math.trunc(limit.when() ?? 0));
    limit.reschedule(null);
    yield* asyncio.sleep(10);
    print('and here', at(), limit.when() === null);
  });
  limit = asyncio.timeout(100);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      limit.reschedule(asyncio.getRunningLoop().time() + 1);
      yield* asyncio.sleep(10);
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print('expired', at(), Math.trunc(limit.when() ?? 0));
  }
});

program('reschedule outside its time fails', function* () {
  const limit = asyncio.timeout(1);
  print(Math.trunc(limit.when() ?? 0), limit.expired());
  const attempts: string[] = [];

  function attempt() {
    try {
      limit.reschedule(5);
    } catch (error) {
      only(error, asyncio.RuntimeError);
      attempts.push(error.message);
    }
  }

  attempt();
  try {
    yield* asyncio.asyncWith(limit, function* () {
      yield* asyncio.sleep(10);
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    attempt();
  }
  print(attempts.join(' | '));
  try {
    yield* asyncio.asyncWith(limit, function* () {});
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  }
});

program('reschedule from another task', function* () {
  const limit = asyncio.timeout(10);
  yield* asyncio.asyncWith(limit, function* () {
    asyncio.getRunningLoop().callLater(1, () => limit.reschedule(2));
    try {
      yield* asyncio.sleep(20);
    } finally {
      print('cancelled', at());
    }
  });
});

program('the body ignores the expiry', function* () {
  const limit = asyncio.timeout(1);
  yield* asyncio.asyncWith(limit, function* () {
    print(yield* stubborn('body', 1, 'finished anyway'), at());
  });
  print(limit.expired(), me().cancelling());
});

program('the body answers the expiry with another exception', function* () {
  const limit = asyncio.timeout(1);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      try {
        yield* asyncio.sleep(10);
      } catch (error) {
        only(error, asyncio.CancelledError);
        throw new asyncio.ValueError('instead');
      }
    });
  } catch (error) {
    print(show(error), limit.expired(), me().cancelling());
  }
});

program('the body fails before the expiry', function* () {
  const limit = asyncio.timeout(1);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      throw new asyncio.KeyError();
    });
  } catch (error) {
    only(error, asyncio.KeyError);
    print(kind(error), limit.expired());
  }
  yield* asyncio.sleep(5);
  print('end', at());
});

program('the body raises a TimeoutError of its own', function* () {
  const limit = asyncio.timeout(5);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      throw new asyncio.TimeoutError('of my own');
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(show(error), limit.expired());
  }
});

program('the body raises CancelledError by itself', function* () {
  const limit = asyncio.timeout(5);
  try {
    yield* asyncio.asyncWith(limit, function* () {
      throw new asyncio.CancelledError('by hand');
    });
  } catch (error) {
    print(show(error), limit.expired(), me().cancelling());
  }
});
