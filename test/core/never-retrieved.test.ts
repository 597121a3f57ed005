/**
 * Exceptions that nobody asks for: told once, when the future is collected or at the latest when the loop closes, and never where someone
 * has asked.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { collect } from '../warnings.ts';

interface Told {
  readonly loop: asyncio.EventLoop;
  readonly reports: asyncio.ExceptionContext[];
  readonly messages: () => string[];
}

function listen(options: { debug?: boolean } = {}): Told {
  const loop = newVirtualLoop(options);
  const reports: asyncio.ExceptionContext[] = [];
  loop.setExceptionHandler((_loop, context) => reports.push(context));
  return {
    loop,
    reports,
    messages: () => reports.map(({ message, exception }) => `${message}: ${String(exception)}`),
  };
}

function* fail(message: string): asyncio.Coroutine<void> {
  yield* asyncio.sleep(0);
  throw new asyncio.ValueError(message);
}

suite('an exception that nobody asks for', () => {
  test('is told when its task is collected, once', async () => {
    const { loop, messages } = listen();
    await loop.runUntilComplete(function* () {
      asyncio.createTask(fail('lost'));
      yield* asyncio.sleep(1);
    });
    assert.deepEqual(messages(), []);
    await collect();
    assert.deepEqual(messages(), ['Task exception was never retrieved: ValueError: lost']);
    loop.close();
    await collect();
    assert.equal(messages().length, 1);
  });

  test('is told when the loop closes, once, though the task is kept', async () => {
    const { loop, messages, reports } = listen();
    let task: asyncio.Task<void> | undefined;
    await loop.runUntilComplete(function* () {
      task = asyncio.createTask(fail('kept'));
      yield* asyncio.sleep(1);
    });
    await collect();
    assert.deepEqual(messages(), []);
    loop.close();
    assert.deepEqual(messages(), ['Task exception was never retrieved: ValueError: kept']);
    assert.equal(reports[0]?.future, task);
    task = undefined;
    await collect();
    assert.equal(messages().length, 1);
  });

  test('is told of a plain future too, and of one that fails after the loop has stopped', async () => {
    const { loop, messages } = listen();
    const future = loop.createFuture<number>();
    await loop.runUntilComplete(asyncio.sleep(0));
    future.setException(new asyncio.LookupError('nobody'));
    loop.close();
    assert.deepEqual(messages(), ['Future exception was never retrieved: LookupError: nobody']);
  });

  test('is told with where the future was made, in debug mode', async () => {
    const { loop, reports } = listen({ debug: true });
    await loop.runUntilComplete(function* () {
      asyncio.createTask(fail('lost'));
      yield* asyncio.sleep(1);
    });
    loop.close();
    assert.match(reports[0]?.sourceTraceback ?? '', /never-retrieved\.test\.ts:\d+:\d+/);
  });
});

suite('an exception is in good hands where', () => {
  const ASK: Readonly<Record<string, (task: asyncio.Task<void>) => asyncio.Coroutine<unknown>>> = {
    'somebody awaits the task': function* (task) {
      try {
        yield* task;
      } catch {}
    },
    'exception() is called': function* (task) {
      yield* asyncio.wait([task]);
      return task.exception();
    },
    'result() is called': function* (task) {
      yield* asyncio.wait([task]);
      assert.throws(() => task.result());
    },
    'the task is gathered with returnExceptions': function* (task) {
      yield* asyncio.gather(task, { returnExceptions: true });
    },
    'a gathering has failed before with another': function* (task) {
      const other = asyncio.createTask(fail('first'));
      try {
        yield* asyncio.gather(other, task);
      } catch {}
      yield* asyncio.sleep(1);
    },
    'the failed task is cancelled': function* (task) {
      yield* asyncio.wait([task]);
      task.cancel();
    },
    'a promise is made of the task': function* (task) {
      task.then(undefined, () => {});
      yield* asyncio.sleep(1);
    },
  };
  for (const [how, ask] of Object.entries(ASK)) {
    test(how, async () => {
      const { loop, messages } = listen();
      await loop.runUntilComplete(function* () {
        yield* ask(asyncio.createTask(fail('asked for')));
      });
      await collect();
      loop.close();
      assert.deepEqual(messages(), []);
    });
  }

  test('somebody asks after the loop had taken note of it', async () => {
    const { loop, messages } = listen();
    let task: asyncio.Task<void> | undefined;
    await loop.runUntilComplete(function* () {
      task = asyncio.createTask(fail('late'));
      yield* asyncio.sleep(1);
    });
    assert.equal(String(task?.exception()), 'ValueError: late');
    task = undefined;
    await collect();
    loop.close();
    assert.deepEqual(messages(), []);
  });
});

suite('an exception that is told does not stop', () => {
  test('the others from being told, when the handler fails', async (t) => {
    const printed = t.mock.method(console, 'error', () => {});
    const loop = newVirtualLoop();
    let calls = 0;
    loop.setExceptionHandler(() => {
      calls++;
      throw new Error('the handler fails');
    });
    await loop.runUntilComplete(function* () {
      asyncio.createTask(fail('one'));
      asyncio.createTask(fail('two'));
      yield* asyncio.sleep(1);
    });
    loop.close();
    assert.equal(calls, 2);
    assert.equal(printed.mock.callCount(), 2);
  });

  test('memory from being given back', async () => {
    const { loop, messages } = listen();
    await loop.runUntilComplete(function* () {
      for (let i = 0; i < 100; i++) asyncio.createTask(fail(String(i)));
      yield* asyncio.sleep(1);
    });
    await collect();
    assert.equal(messages().length, 100);
    loop.close();
    assert.equal(messages().length, 100);
  });
});
