/**
 * `run` and `Runner`: the way into a program and out of it. On the way out everything is ended in its order, whatever happened.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

interface Watched {
  readonly loopFactory: () => asyncio.EventLoop;
  readonly told: string[];
  readonly loops: asyncio.EventLoop[];
}

/** A factory of virtual loops that keeps what they report. */
function watched(): Watched {
  const told: string[] = [];
  const loops: asyncio.EventLoop[] = [];
  return {
    told,
    loops,
    loopFactory: () => {
      const loop = newVirtualLoop();
      loop.setExceptionHandler((_loop, { message, exception }) =>
        told.push(`${message}: ${String(exception)}`),
      );
      loops.push(loop);
      return loop;
    },
  };
}

const one = function* (): asyncio.Coroutine<number> {
  yield* asyncio.sleep(1);
  return 1;
};

suite('run', () => {
  test('takes coroutines and coroutine functions of every kind', async () => {
    const { loopFactory, loops } = watched();
    assert.equal(await asyncio.run(one(), { loopFactory }), 1);
    assert.equal(await asyncio.run(one, { loopFactory }), 1);
    assert.equal(await asyncio.run(asyncio.coroutine(one)(), { loopFactory }), 1);
    assert.equal(await asyncio.run(asyncio.coroutine(one), { loopFactory }), 1);
    assert.equal(await asyncio.run(async () => 1, { loopFactory }), 1);
    assert.equal(await asyncio.run(() => one(), { loopFactory }), 1);
    assert.equal(loops.length, 6);
    assert.ok(loops.every((loop) => loop.isClosed()));
  });

  test('cleans up in order: tasks, async generators, executor, loop', async () => {
    const { loopFactory, loops } = watched();
    const order: string[] = [];
    const numbers = async function* (): AsyncGenerator<number> {
      try {
        yield 1;
      } finally {
        order.push('generator closed');
      }
    };
    const main = function* (): asyncio.Coroutine<string> {
      const loop = asyncio.getRunningLoop();
      loop.setDefaultExecutor({
        submit: () => Promise.resolve(),
        shutdown: () => order.push('executor shut down'),
      });
      asyncio.createTask(async () => {
        try {
          await asyncio.sleep(60);
        } finally {
          await asyncio.sleep(1);
          order.push(`task ended at ${loop.time()}`);
        }
      });
      // Its iteration is stopped, not ended: nobody closes the generator but the loop.
      const step = asyncio.asyncFor(numbers(), function* () {
        yield* new asyncio.Event().wait();
      });
      step.next();
      yield* asyncio.sleep(1);
      return 'result';
    };
    assert.equal(await asyncio.run(main, { loopFactory }), 'result');
    assert.deepEqual(order.toSorted(), ['executor shut down', 'generator closed', 'task ended at 2']);
    assert.equal(order[0], 'task ended at 2');
    assert.equal(loops[0]?.isClosed(), true);
  });

  test('reports a task that fails as it is cancelled, and still gives its result', async () => {
    const { loopFactory, told } = watched();
    const main = function* (): asyncio.Coroutine<string> {
      asyncio.createTask(function* () {
        try {
          yield* asyncio.sleep(60);
        } catch {
          throw new asyncio.ValueError('while cancelled');
        }
      });
      yield* asyncio.sleep(1);
      return 'result';
    };
    assert.equal(await asyncio.run(main, { loopFactory }), 'result');
    assert.deepEqual(told, [
      'unhandled exception during asyncio.run() shutdown: ValueError: while cancelled',
    ]);
  });

  test('throws what main throws, after the clean-up', async () => {
    const { loopFactory, loops, told } = watched();
    const heard: string[] = [];
    const main = async (): Promise<void> => {
      asyncio.createTask(async () => {
        try {
          await asyncio.sleep(60);
        } finally {
          heard.push('ended');
        }
      });
      await asyncio.sleep(0);
      throw new asyncio.ValueError('main failed');
    };
    await assert.rejects(asyncio.run(main, { loopFactory }), { name: 'ValueError', message: 'main failed' });
    assert.deepEqual([heard, told, loops[0]?.isClosed()], [['ended'], [], true]);
  });

  test('turns debug mode on and off as it is told', async () => {
    const debug = async () => asyncio.getRunningLoop().getDebug();
    for (const wanted of [true, false]) {
      assert.equal(await asyncio.run(debug, { debug: wanted, loopFactory: newVirtualLoop }), wanted);
    }
  });

  test('sets no loop, and leaves none running', async () => {
    await asyncio.run(one, { loopFactory: newVirtualLoop });
    await asyncio.run(async () => {});
    assert.throws(() => asyncio.getRunningLoop(), { name: 'RuntimeError' });
    assert.throws(() => asyncio.getEventLoop(), { name: 'RuntimeError' });
  });

  test('gives way to a failing exit', async () => {
    const { loopFactory, loops } = watched();
    const main = function* (): asyncio.Coroutine<void> {
      yield* asyncio.sleep(1);
      throw new asyncio.SystemExit(3);
    };
    await assert.rejects(asyncio.run(main, { loopFactory }), (error) => {
      assert.ok(error instanceof asyncio.SystemExit);
      return error.code === 3;
    });
    assert.equal(loops[0]?.isClosed(), true);
  });
});

suite('a runner', () => {
  test('runs several times on one loop, in one context', async () => {
    const variable = new asyncio.ContextVar<number>('runs', { default: 0 });
    const count = async () => {
      variable.set(variable.get() + 1);
      return [variable.get(), asyncio.getRunningLoop()] as const;
    };
    const runner = new asyncio.Runner({ loopFactory: newVirtualLoop });
    const loop = runner.getLoop();
    assert.deepEqual(await runner.run(count), [1, loop]);
    assert.deepEqual(await runner.run(count), [2, loop]);
    const context = new asyncio.Context();
    assert.deepEqual(await runner.run(count, { context }), [1, loop]);
    assert.equal(context.get(variable), 1);
    await runner.close();
    assert.equal(variable.get(), 0);
    assert.equal(loop.isClosed(), true);
  });

  test('lets tasks live on between its runs, and ends them when it closes', async () => {
    const runner = new asyncio.Runner({ loopFactory: newVirtualLoop });
    const heard: string[] = [];
    await runner.run(function* () {
      asyncio.createTask(function* () {
        try {
          yield* asyncio.sleep(2);
          heard.push('slept');
          yield* asyncio.sleep(60);
        } finally {
          heard.push('ended');
        }
      });
      yield* asyncio.sleep(1);
    });
    assert.deepEqual(heard, []);
    await runner.run(asyncio.sleep(2));
    assert.deepEqual(heard, ['slept']);
    await runner.close();
    assert.deepEqual(heard, ['slept', 'ended']);
  });

  test('is closed at the end of an await using block, and can be closed again', async () => {
    let loop: asyncio.EventLoop | undefined;
    {
      await using runner = new asyncio.Runner({ loopFactory: newVirtualLoop });
      loop = runner.getLoop();
      assert.equal(await runner.run(one), 1);
      assert.equal(loop.isClosed(), false);
    }
    assert.equal(loop.isClosed(), true);
  });

  test('that is closed refuses to run', async () => {
    const runner = new asyncio.Runner({ loopFactory: newVirtualLoop });
    await runner.run(one);
    await runner.close();
    await runner.close();
    for (const act of [() => runner.run(one), () => runner.getLoop()]) {
      assert.throws(act, { name: 'RuntimeError', message: 'Runner is closed' });
    }
  });

  test('that made its own loop sets it, until it closes', async () => {
    const runner = new asyncio.Runner();
    const loop = runner.getLoop();
    assert.equal(asyncio.getEventLoop(), loop);
    assert.equal(await runner.run(async () => 1), 1);
    await runner.close();
    assert.throws(() => asyncio.getEventLoop(), { name: 'RuntimeError' });
  });
});

suite('the default executor', () => {
  test('is waited for at the end as long as it is told, then left with a warning', async (t) => {
    const warnings = t.mock.method(process, 'emitWarning', () => {});
    const loop = newVirtualLoop();
    const calls: unknown[] = [];
    loop.setDefaultExecutor({
      submit: () => Promise.resolve(),
      shutdown: (options) => {
        calls.push(options);
        return options?.wait === true ? new Promise(() => {}) : undefined;
      },
    });
    await loop.runUntilComplete(loop.shutdownDefaultExecutor({ timeout: 5 }));
    assert.equal(loop.time(), 5);
    assert.deepEqual(calls, [{ wait: true }, { wait: false }]);
    assert.match(
      String(warnings.mock.calls[0]?.arguments[0]),
      /did not finish joining its threads within 5 seconds/,
    );
    assert.throws(() => loop.setDefaultExecutor({ submit: () => Promise.resolve(), shutdown: () => {} }), {
      name: 'RuntimeError',
      message: 'Executor shutdown has been called',
    });
    loop.close();
  });

  test('that fails to shut down tells so', async () => {
    const loop = newVirtualLoop();
    loop.setDefaultExecutor({
      submit: () => Promise.resolve(),
      shutdown: () => Promise.reject(new asyncio.ValueError('no')),
    });
    await assert.rejects(loop.runUntilComplete(loop.shutdownDefaultExecutor()), { message: 'no' });
    loop.close();
  });
});
