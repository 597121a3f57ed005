/**
 * Debug mode: what took too long, and where things were made and are suspended. Outside of it none of that is known, and costs nothing.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop, runVirtual } from '../../src/testing/index.ts';
import { warningsOf } from '../warnings.ts';

const HERE = /debug\.test\.ts:\d+:\d+/;

suite('in debug mode', () => {
  test('callbacks and steps that take too long are told of, with where they were made', async () => {
    const warnings = await warningsOf(async () => {
      const loop = newVirtualLoop({ debug: true });
      assert.equal(loop.slowCallbackDuration, 0.1);
      loop.slowCallbackDuration = 0;
      const task = loop.createTask(
        (function* () {
          yield* asyncio.sleep(0);
        })(),
        { name: 'slow task' },
      );
      loop.callSoon(function slowCallback() {});
      await loop.runUntilComplete(task);
      loop.close();
    });
    const texts = warnings.map(({ message }) => message);
    const slow = texts.find((text) => text.includes('slowCallback')) ?? '';
    assert.match(
      slow,
      /^Executing <Handle slowCallback\(\) created at .* took \d\.\d{3} seconds\n {2}created at\n/,
    );
    assert.match(slow, HERE);
    assert.ok(texts.some((text) => /^Executing <Task pending name='slow task' .* took/.test(text)));
    assert.ok(warnings.every(({ name }) => name === 'RuntimeWarning'));
  });

  test('what is fast enough is not told of', async () => {
    const warnings = await warningsOf(async () => {
      const loop = newVirtualLoop({ debug: true });
      loop.slowCallbackDuration = 3600;
      await loop.runUntilComplete(asyncio.sleep(1));
      loop.close();
    });
    assert.deepEqual(warnings, []);
  });

  test('futures, tasks and handles show where they were made', async () => {
    await runVirtual(
      function* () {
        const loop = asyncio.getRunningLoop();
        const future = loop.createFuture<number>();
        const task = asyncio.createTask(asyncio.sleep(0));
        for (const made of [future, task, loop.callSoon(() => {}), loop.callLater(1, () => {})]) {
          assert.match(String(made), / created at .*debug\.test\.ts:\d+:\d+\)?>$/);
        }
        yield* task;
      },
      { debug: true },
    );
  });

  test('is off by default, and then nothing is noted', async () => {
    const warnings = await warningsOf(() =>
      runVirtual(function* () {
        const loop = asyncio.getRunningLoop();
        assert.equal(loop.getDebug(), false);
        loop.slowCallbackDuration = 0;
        assert.equal(String(loop.createFuture()), '<Future pending>');
        yield* asyncio.sleep(0);
      }),
    );
    assert.deepEqual(warnings, []);
  });

  test('can be switched while the loop runs', async () => {
    await runVirtual(function* () {
      const loop = asyncio.getRunningLoop();
      loop.setDebug(true);
      assert.equal(loop.getDebug(), true);
      assert.match(String(loop.createFuture()), /created at/);
      loop.setDebug(false);
      assert.equal(String(loop.createFuture()), '<Future pending>');
      yield* asyncio.sleep(0);
    });
  });

  test('cancelled errors have a stack that leads to the wait', async () => {
    await runVirtual(
      function* () {
        const task = asyncio.createTask(asyncio.sleep(1));
        yield* asyncio.sleep(0);
        task.cancel();
        yield* asyncio.wait([task]);
        assert.throws(
          () => task.result(),
          (error: Error) => (error.stack?.split('\n').length ?? 0) > 1,
        );
      },
      { debug: true },
    );
  });
});

function* inner(until: asyncio.Awaitable<unknown>): asyncio.Coroutine<void> {
  yield* until;
}

function* middle(until: asyncio.Awaitable<unknown>): asyncio.Coroutine<void> {
  yield* inner(until);
}

function* outer(until: asyncio.Awaitable<unknown>): asyncio.Coroutine<void> {
  yield* middle(until);
}

suite('the stack of a task', () => {
  const UNTIL: Readonly<Record<string, (loop: asyncio.EventLoop) => asyncio.Awaitable<unknown>>> = {
    'a future': (loop) => loop.createFuture(),
    'a sleep': () => asyncio.sleep(60),
    'an event': () => new asyncio.Event().wait(),
    'a task': (loop) => loop.createFuture(),
  };
  for (const [what, until] of Object.entries(UNTIL)) {
    test(`that waits for ${what} has every generator, with file and line, in debug mode`, async () => {
      await runVirtual(
        function* () {
          const task = asyncio.createTask(outer(until(asyncio.getRunningLoop())));
          yield* asyncio.sleep(0);
          const stack = task.getStack();
          assert.deepEqual(
            stack.map(({ name }) => name),
            ['outer', 'middle', 'inner'],
          );
          for (const frame of stack) {
            assert.match(frame.file ?? '', /debug\.test\.ts$/);
            assert.ok((frame.line ?? 0) > 100 && (frame.column ?? 0) > 0, `${frame.line}:${frame.column}`);
          }
          assert.deepEqual(task.getStack({ limit: 1 }), stack.slice(-1), 'the newest');
          task.cancel();
          yield* asyncio.wait([task]);
        },
        { debug: true },
      );
    });
  }

  for (const debug of [false, true]) {
    test(`has the coroutines that were made by coroutine(), through async functions${debug ? ', in debug mode' : ''}`, async () => {
      const until = asyncio.coroutine(function* until() {
        yield* asyncio.sleep(60);
      });
      const between = asyncio.coroutine(async function between() {
        await until();
      });
      const around = asyncio.coroutine(function* around() {
        yield* between();
      });
      await runVirtual(
        function* () {
          const task = asyncio.createTask(around());
          yield* asyncio.sleep(1);
          const names = task.getStack().map(({ name }) => name);
          assert.deepEqual(names, ['around', 'between', 'until']);
          task.cancel();
          yield* asyncio.wait([task]);
        },
        { debug },
      );
    });
  }

  test('that runs is its call stack', async () => {
    await runVirtual(function* () {
      const task = asyncio.createTask(function* running(): asyncio.Coroutine<readonly string[]> {
        return (function look() {
          return (
            asyncio
              .currentTask()
              ?.getStack()
              .map(({ name }) => name) ?? []
          );
        })();
      });
      const names = yield* task;
      assert.deepEqual(names.slice(-2), ['running', 'look']);
    });
  });

  test('that failed is where it failed, and of one that is over is empty', async () => {
    await runVirtual(function* () {
      const fail = function* (): asyncio.Coroutine<void> {
        throw new asyncio.ValueError('here');
      };
      const failed = asyncio.createTask(fail());
      const finished = asyncio.createTask(asyncio.sleep(0));
      yield* asyncio.wait([failed, finished]);
      assert.equal(failed.getStack().at(-1)?.name, 'fail');
      assert.deepEqual(finished.getStack(), []);
      assert.equal(String(failed.exception()), 'ValueError: here');
    });
  });
});

suite('printStack', () => {
  async function printed(task: () => asyncio.Task<unknown>, seconds = 0): Promise<string> {
    const texts: string[] = [];
    await runVirtual(
      function* () {
        const one = task();
        yield* asyncio.sleep(seconds);
        one.printStack({ file: { write: (text) => texts.push(text) } });
        if (one.done() && !one.cancelled()) one.exception();
        one.cancel();
        yield* asyncio.wait([one]);
      },
      { debug: true },
    );
    return texts.join('');
  }

  test('writes the stack of one that waits to the file', async () => {
    const text = await printed(() => asyncio.createTask(outer(asyncio.sleep(60)), { name: 'waiting' }));
    const [title, ...frames] = text.split('\n');
    assert.match(title ?? '', /^Stack for <Task pending name='waiting' /);
    assert.deepEqual(
      frames.map((frame) => /^ {2}at (\w+) \(.*debug\.test\.ts:\d+:\d+\)$/.exec(frame)?.[1]),
      ['outer', 'middle', 'inner', undefined],
    );
    assert.ok(text.endsWith('\n'));
  });

  test('says so where the task failed, and where there is none', async () => {
    const fail = function* (): asyncio.Coroutine<void> {
      throw new asyncio.ValueError('here');
    };
    assert.match(
      await printed(() => asyncio.createTask(fail()), 1),
      /^Traceback for <Task finished .*\n {2}at /,
    );
    assert.match(
      await printed(() => asyncio.createTask(asyncio.sleep(0)), 1),
      /^No stack for <Task finished name='Task-\d+' coro=sleep result=undefined.*>\n$/,
    );
  });

  test('writes to the standard error output where no file is given', async (t) => {
    const error = t.mock.method(console, 'error', () => {});
    await runVirtual(function* () {
      const task = asyncio.createTask(asyncio.sleep(5), { name: 'sleeper' });
      task.printStack();
      yield* task;
    });
    assert.match(String(error.mock.calls[0]?.arguments[0]), /^Stack for <Task pending name='sleeper'/);
  });
});
