/**
 * Coroutines that were made and never awaited are told of as a warning: when they are collected, in debug mode at the latest when the loop
 * closes, with where they were made. What was awaited, made a task, or closed is not.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop, runVirtual } from '../../src/testing/index.ts';
import { warningsOf } from '../warnings.ts';

const greet = asyncio.coroutine(function* greet(name: string) {
  yield* asyncio.sleep(1);
  return `hello ${name}`;
});
const greetAsync = asyncio.coroutine(async function greetAsync(name: string) {
  await asyncio.sleep(1);
  return `hello ${name}`;
});

suite('a coroutine that was never awaited is told of', () => {
  for (const fn of [greet, greetAsync]) {
    test(`when it is collected: ${fn.name}`, async () => {
      const warnings = await warningsOf(() => {
        fn('nobody');
      });
      assert.equal(warnings.length, 1);
      assert.equal(warnings[0]?.name, 'RuntimeWarning');
      assert.equal(
        warnings[0]?.message,
        `coroutine '${fn.name}' was never awaited: put yield* or await before it, or give it to createTask()`,
      );
    });
  }

  test('when the loop closes, with where it was made, in debug mode', async () => {
    const kept: unknown[] = [];
    const warnings = await warningsOf(() =>
      runVirtual(
        function* () {
          kept.push(greet('nobody'), asyncio.sleep(5));
        },
        { debug: true },
      ),
    );
    assert.deepEqual(
      warnings.map(({ message }) => /^coroutine '(\w+)' was never awaited/.exec(message)?.[1]),
      ['greet', 'sleep'],
    );
    for (const { message } of warnings)
      assert.match(message, /\nCoroutine created at\n.*never-awaited\.test\.ts:\d+:\d+/);
    assert.equal(kept.length, 2);
  });

  test('once, though it is collected after the loop has closed', async () => {
    const warnings = await warningsOf(() =>
      runVirtual(
        function* () {
          greet('nobody');
        },
        { debug: true },
      ),
    );
    assert.equal(warnings.length, 1);
  });

  test('where the library has made it, in debug mode only', async () => {
    const forget = function* (): asyncio.Coroutine<void> {
      asyncio.sleep(1);
      new asyncio.Lock().acquire();
      asyncio.wait([]);
    };
    assert.deepEqual(await warningsOf(() => runVirtual(forget)), []);
    const warnings = await warningsOf(() => runVirtual(forget, { debug: true }));
    assert.deepEqual(
      warnings.map(({ message }) => /^coroutine '(\w+)'/.exec(message)?.[1]),
      ['sleep', 'acquire', 'wait'],
    );
  });
});

suite('nothing is told of a coroutine that', () => {
  const USE: Readonly<Record<string, () => asyncio.Coroutine<unknown>>> = {
    'was awaited': function* () {
      yield* greet('a');
    },
    'was awaited by an async function': function* () {
      yield* asyncio.coroutine(async () => await greet('a'))();
    },
    'was made a task': function* () {
      yield* asyncio.createTask(greet('a'));
    },
    'was gathered': function* () {
      yield* asyncio.gather(greet('a'), greetAsync('b'));
    },
    'had a time limit, whether met or not': function* () {
      yield* asyncio.waitFor(greet('a'), 5);
      yield* asyncio.gather(asyncio.waitFor(greet('b'), 0.5), asyncio.waitFor(greet('c'), 0), {
        returnExceptions: true,
      });
    },
    'was shielded': function* () {
      yield* asyncio.shield(greet('a'));
    },
    'was closed': function* () {
      greet('a').close();
    },
    'belonged to a task that was cancelled before it began': function* () {
      const task = asyncio.createTask(greet('a'));
      task.cancel();
      yield* asyncio.wait([task]);
    },
    'was refused by a group that is finished': function* () {
      const group = new asyncio.TaskGroup();
      assert.throws(() => group.createTask(greet('a')), { name: 'RuntimeError' });
      yield* asyncio.asyncWith(group, function* () {});
      assert.throws(() => group.createTask(greet('a')), { name: 'RuntimeError' });
    },
    'was waited for with asCompleted': function* () {
      for (const next of asyncio.asCompleted([greet('a'), greet('b')])) yield* next;
    },
    'is a body of a block': function* () {
      yield* asyncio.asyncWith(new asyncio.Lock(), async () => {});
      yield* asyncio.asyncFor([1, 2], function* () {});
    },
    'was used with then': function* () {
      yield* asyncio.wrapFuture(greet('a').then((value) => value));
    },
  };
  for (const debug of [false, true]) {
    for (const [how, use] of Object.entries(USE)) {
      test(`${how}${debug ? ', in debug mode' : ''}`, async () => {
        assert.deepEqual(await warningsOf(() => runVirtual(use, { debug })), []);
      });
    }
  }

  test('was given to createTask where no loop runs: that is an error already', async () => {
    const warnings = await warningsOf(() => {
      assert.throws(() => asyncio.createTask(greet('a')), {
        name: 'RuntimeError',
        message: /^no running event loop: createTask\(\) works inside of asyncio\.run\(\)$/,
      });
    });
    assert.deepEqual(warnings, []);
  });
});

suite('a coroutine object', () => {
  const MADE: Readonly<Record<string, () => asyncio.CoroutineObject<unknown>>> = {
    greet: () => greet('a'),
    greetAsync: () => greetAsync('a'),
    sleep: () => asyncio.sleep(1),
    acquire: () => new asyncio.Lock().acquire(),
    waitFor: () => asyncio.waitFor(greet('a'), 5),
  };
  for (const [name, make] of Object.entries(MADE)) {
    test(`can be awaited once: ${name}`, () =>
      runVirtual(function* () {
        const once = make();
        yield* once;
        const again = function* () {
          yield* once;
        };
        const outcomes = yield* asyncio.gather(
          again,
          async () => await once,
          once,
          asyncio.createTask(once),
          {
            returnExceptions: true,
          },
        );
        const refused = `RuntimeError: cannot reuse already awaited coroutine '${name}': call the function again for another one`;
        assert.deepEqual(outcomes.map(String), Array(4).fill(refused));
      }));
  }

  for (const name of ['greet', 'greetAsync', 'sleep', 'waitFor']) {
    test(`cannot be driven by two tasks: ${name}`, () =>
      runVirtual(function* () {
        const once = MADE[name]?.() as asyncio.CoroutineObject<unknown>;
        const first = asyncio.createTask(once);
        const second = asyncio.createTask(once);
        yield* asyncio.sleep(0);
        const third = asyncio.createTask(async () => await once);
        const [value, ...refused] = yield* asyncio.gather(first, second, third, { returnExceptions: true });
        assert.equal(value, name.startsWith('sleep') ? undefined : 'hello a');
        for (const error of refused) assert.match(String(error), /^RuntimeError: .*await/);
      }));
  }

  test('that is closed while it waits runs its finally blocks, and leaves its line', async () => {
    const heard: string[] = [];
    const careful = asyncio.coroutine(function* careful(awaitable: asyncio.Awaitable<unknown>) {
      try {
        yield* awaitable;
      } finally {
        heard.push('closed');
      }
    });
    await runVirtual(function* () {
      const suspended = careful(asyncio.sleep(60));
      suspended.next();
      suspended.close();
      suspended.close();
      assert.deepEqual(heard, ['closed']);
    });
  });

  test('knows its name, and shows it', () => {
    assert.equal(greet('a').name, 'greet');
    const coro = greet('b');
    assert.equal(String(coro), '<coroutine greet>');
    for (const each of [coro]) each.close();
    assert.equal(greet.length, 1);
    const loop = newVirtualLoop();
    const task = loop.createTask(greet('c'), { name: 'job' });
    assert.equal(String(task), "<Task pending name='job' coro=greet>");
    task.cancel();
    loop.setExceptionHandler(() => {});
    loop.close();
  });
});
