/**
 * What only async functions can do: wait for several things at once in one task, wait for promises that know nothing of tasks, and lose
 * the stack at each `await`. Whatever they do, they are parts of their task, and cancelling the task reaches them.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { play } from '../both-styles.ts';
import { collect } from '../warnings.ts';

/** A scenario in an async function. */
function scene(name: string, body: (loop: asyncio.EventLoop) => Promise<unknown>): void {
  test(name, () => play(({ loop }) => body(loop) as never));
}

async function errorOf(awaitable: PromiseLike<unknown>): Promise<unknown> {
  try {
    await awaitable;
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

suite('several awaits of one async task', () => {
  scene('are all cancelled with it', async (loop) => {
    const futures = [loop.createFuture<number>(), loop.createFuture<number>(), loop.createFuture<number>()];
    const heard: string[] = [];
    const task = asyncio.createTask(async () => {
      await Promise.allSettled(
        futures.map(async (future, index) => {
          try {
            await future;
          } catch (error) {
            heard.push(`${index} ${String(error)}`);
          }
        }),
      );
      return 'all told';
    });
    await asyncio.sleep(0);
    assert.equal(task.cancel('stop'), true);
    assert.equal(await task, 'all told');
    assert.deepEqual(heard, ['0 CancelledError: stop', '1 CancelledError: stop', '2 CancelledError: stop']);
    assert.deepEqual(
      futures.map((future) => future.cancelled()),
      [true, true, true],
    );
  });

  scene('are cancelled with it also where one of them only gives way', async () => {
    const heard: string[] = [];
    const spin = asyncio.coroutine(function* () {
      try {
        for (let i = 0; i < 1000; i++) yield* asyncio.sleep(0);
        heard.push('spun to its end');
      } catch (error) {
        heard.push(String(error));
        throw error;
      }
    });
    const task = asyncio.createTask(async () => {
      await Promise.all([spin(), asyncio.sleep(60)]);
    });
    for (let i = 0; i < 5; i++) await asyncio.sleep(0);
    task.cancel('stop');
    assert.equal(String(await errorOf(task)), 'CancelledError: stop');
    await asyncio.sleep(1);
    assert.deepEqual(heard, ['CancelledError: stop']);
  });

  scene('hear of a cancellation by the task itself once, wherever in them it comes', async () => {
    const heard: string[] = [];
    const numbers = {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: asyncio.coroutine(async () => ({ done: false, value: 1 })),
      return: asyncio.coroutine(function* () {
        yield* asyncio.sleep(0.01);
        heard.push('closed');
        return { done: true, value: undefined };
      }),
    };
    let count = 0;
    const task = asyncio.createTask(async () => {
      await asyncio.asyncFor(numbers as never, async () => {
        if (++count === 3) asyncio.currentTask()?.cancel('enough');
        if (count > 2) await asyncio.sleep(0);
      });
    });
    assert.equal(String(await errorOf(task)), 'CancelledError: enough');
    assert.deepEqual(heard, ['closed']);
  });

  scene('end as Promise.all does, and the task goes on in the iteration of the last', async (loop) => {
    const task = asyncio.createTask(async () => {
      const results = await Promise.all([asyncio.sleep(2, 'a'), asyncio.sleep(1, 'b'), 'c']);
      return [results, loop.time()];
    });
    assert.deepEqual(await task, [['a', 'b', 'c'], 2]);
  });

  scene('that lose a race are left running, and end with the task', async (loop) => {
    const slow = loop.createFuture<string>();
    const task = asyncio.createTask(async () => {
      const first = await Promise.race([slow, asyncio.sleep(1, 'fast')]);
      const again = await slow;
      return [first, again];
    });
    await asyncio.sleep(2);
    slow.setResult('slow');
    assert.deepEqual(await task, ['fast', 'slow']);
  });

  scene('share the current task and its context', async () => {
    const variable = new asyncio.ContextVar<string>('strand');
    await asyncio.createTask(async () => {
      const task = asyncio.currentTask();
      variable.set('mine');
      const look = asyncio.coroutine(function* () {
        const before = [asyncio.currentTask() === task, variable.get()];
        yield* asyncio.sleep(1);
        return [...before, asyncio.currentTask() === task, variable.get()];
      });
      for (const seen of await Promise.all([look(), look()]))
        assert.deepEqual(seen, [true, 'mine', true, 'mine']);
    });
  });
});

suite('an async task that waits for a promise of its own', () => {
  scene('hears of a cancellation at its next await of something of the library', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const heard: unknown[] = [];
    const task = asyncio.createTask(async () => {
      heard.push(await promise);
      heard.push(await errorOf(asyncio.sleep(1)));
      heard.push(await asyncio.sleep(1, 'slept'));
    });
    await asyncio.sleep(0);
    assert.equal(task.cancel('late'), true);
    await asyncio.sleep(0);
    assert.deepEqual(heard, []);
    resolve('came first');
    await task;
    assert.deepEqual(heard.map(String), ['came first', 'CancelledError: late', 'slept']);
  });

  scene('is cancelled though it waits for nothing more', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const task = asyncio.createTask(async () => {
      await promise;
      return 'lost';
    });
    await asyncio.sleep(0);
    task.cancel();
    resolve();
    assert.ok((await errorOf(task)) instanceof asyncio.CancelledError);
    assert.equal(task.cancelled(), true);
  });

  scene('is cancelled at once where the promise is wrapped', async () => {
    const task = asyncio.createTask(async () => {
      await asyncio.wrapFuture(new Promise(() => {}));
    });
    await asyncio.sleep(0);
    task.cancel('now');
    assert.equal(String(await errorOf(task)), 'CancelledError: now');
  });

  scene('hears of it through its signal', async () => {
    let signal: AbortSignal | undefined;
    const task = asyncio.createTask(async () => {
      signal = asyncio.currentTask()?.signal;
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal?.reason));
      });
    });
    await asyncio.sleep(0);
    assert.equal(signal?.aborted, false);
    task.cancel();
    assert.equal(signal?.aborted, true);
    assert.ok(signal?.reason instanceof asyncio.CancelledError);
    assert.ok((await errorOf(task)) instanceof asyncio.CancelledError);
  });
});

suite('an async task', () => {
  scene('goes on in the iteration in which a promise of its own is settled', async (loop) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    const task = asyncio.createTask(async () => {
      await promise;
      order.push('went on');
      await null;
      order.push('and on');
    });
    await asyncio.sleep(0);
    loop.callSoon(() => {
      resolve();
      loop.callSoon(() => order.push('next iteration'));
    });
    loop.callSoon(() => order.push('this iteration'));
    await task;
    assert.deepEqual(order, ['this iteration', 'went on', 'and on', 'next iteration']);
  });

  scene('keeps nothing of what it has awaited', async () => {
    const make = () => {
      const awaited = asyncio.sleep(0);
      return { awaited, ref: new WeakRef(awaited) };
    };
    const wait = async () => {
      const { awaited, ref } = make();
      await awaited;
      return ref;
    };
    const refs = [await wait(), await wait()];
    await asyncio.sleep(1);
    await collect();
    assert.deepEqual(
      refs.map((ref) => ref.deref()),
      [undefined, undefined],
    );
  });
});

suite('then, catch and finally of an awaitable', () => {
  for (const when of ['first', 'after another await']) {
    for (const [method, use] of Object.entries({
      then: (awaitable: asyncio.CoroutineObject<unknown>) => awaitable.then((value) => value),
      catch: (awaitable: asyncio.CoroutineObject<unknown>) =>
        awaitable.catch((error: unknown) => {
          throw error;
        }),
      finally: (awaitable: asyncio.CoroutineObject<unknown>) => awaitable.finally(() => {}),
    })) {
      scene(`a task is cancelled in a wait through ${method}(), ${when}`, async (loop) => {
        const task = asyncio.createTask(async () => {
          if (when !== 'first') await asyncio.sleep(0);
          await use(asyncio.sleep(60));
        });
        await asyncio.sleep(1);
        task.cancel('stop');
        assert.equal(String(await errorOf(task)), 'CancelledError: stop');
        assert.equal(loop.time(), 1);
      });
    }
  }

  scene('give promises that settle as the awaitable does', async (loop) => {
    const future = loop.createFuture<number>();
    const promises = [future.then((value) => value + 1), future.catch(() => 0), future.finally(() => {})];
    future.setResult(1);
    assert.deepEqual(await Promise.all(promises), [2, 1, 1]);
    const failed = loop.createFuture<number>();
    failed.setException(new asyncio.ValueError('no'));
    assert.equal(await failed.catch((error: unknown) => String(error)), 'ValueError: no');
    assert.equal(String(await errorOf(failed.finally(() => {}))), 'ValueError: no');
  });
});

suite('the current task', () => {
  scene('is known after any await, of anything', async () => {
    const me = asyncio.currentTask();
    assert.equal(me?.getName(), 'scenario');
    await asyncio.sleep(1);
    assert.equal(asyncio.currentTask(), me);
    await null;
    assert.equal(asyncio.currentTask(), me);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asyncio.currentTask(), me);
    await Promise.all([Promise.resolve(), asyncio.sleep(0)]);
    assert.equal(asyncio.currentTask(), me);
    await asyncio.createTask(async () => {
      assert.notEqual(asyncio.currentTask(), me);
      await null;
      assert.notEqual(asyncio.currentTask(), me);
    });
    assert.equal(asyncio.currentTask(), me);
  });

  scene('is known in a function that runs in another context', async () => {
    const me = asyncio.currentTask();
    const inCopy = () => asyncio.copyContext().run(() => asyncio.currentTask()) === me;
    assert.ok(inCopy(), 'before the first await');
    await asyncio.sleep(0);
    assert.ok(inCopy(), 'after an await');
  });

  scene('is none in callbacks, of the loop or of the host', async (loop) => {
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      loop.callSoon(() => {
        seen.push(asyncio.currentTask());
        resolve();
      });
    });
    loop.callLater(1, () => seen.push(asyncio.currentTask()));
    await asyncio.sleep(2);
    assert.deepEqual(seen, [null, null]);
  });

  scene('is none for what a task that is over has left running', async (loop) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const seen = loop.createFuture<unknown>();
    await asyncio.createTask(async () => {
      void promise.then(() => seen.setResult(asyncio.currentTask()));
    });
    resolve();
    assert.equal(await seen, null);
  });
});
