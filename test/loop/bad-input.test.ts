/** Bad input to what is scheduled, and calls where no loop runs: the class of the error is Python's, and the message says what to do. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { bad, nothing, type Row, refuses } from '../bad-input.ts';

const noop = () => {};

const SCHEDULING: readonly Row[] = [
  [
    'a string given to callSoon()',
    (loop) => loop.callSoon(bad('x')),
    'TypeError',
    /^a callable object was expected by callSoon\(\), got "x"$/,
  ],
  [
    'a coroutine given to callSoon()',
    (loop) => loop.callSoon(bad(nothing())),
    'TypeError',
    /^a callable object was expected by callSoon\(\), got /,
  ],
  ...(['callSoon', 'callSoonThreadsafe'] as const).map(
    (method): Row => [
      `a coroutine function given to ${method}()`,
      (loop) => loop[method](nothing),
      'TypeError',
      new RegExp(
        `^coroutines cannot be used with ${method}\\(\\): nothing would wait for <function nothing>; use createTask\\(\\)$`,
      ),
    ],
  ),
  ...(['callLater', 'callAt'] as const).flatMap((method): Row[] => {
    const what = method === 'callLater' ? 'delay' : 'when';
    return [
      [
        `a coroutine function given to ${method}()`,
        (loop) => loop[method](1, nothing),
        'TypeError',
        /^coroutines cannot be used with call/,
      ],
      [
        `an async function given to ${method}()`,
        (loop) => loop[method](1, async () => {}),
        'TypeError',
        /^coroutines cannot be used with call/,
      ],
      [
        `NaN given to ${method}()`,
        (loop) => loop[method](Number.NaN, noop),
        'ValueError',
        new RegExp(`^${method}\\(\\) needs ${what} in seconds, not NaN`),
      ],
      [
        `a string given to ${method}()`,
        (loop) => loop[method](bad('1'), noop),
        'TypeError',
        new RegExp(`^${method}\\(\\) needs ${what} in seconds, as a number, not "1"$`),
      ],
      [
        `nothing to call given to ${method}()`,
        (loop) => loop[method](1, bad(undefined)),
        'TypeError',
        /^a callable object was expected by .*, got undefined$/,
      ],
    ];
  }),
  [
    'NaN given to sleep()',
    () => asyncio.sleep(Number.NaN),
    'ValueError',
    /^Invalid delay: NaN \(not a number\)$/,
  ],
  [
    'a string given to sleep()',
    () => asyncio.sleep(bad('1')),
    'TypeError',
    /^sleep\(\) needs a delay in seconds, as a number, not "1"$/,
  ],
  [
    'a number given to addDoneCallback()',
    (loop) => loop.createFuture().addDoneCallback(bad(5)),
    'TypeError',
    /^addDoneCallback\(\) needs a function, not 5$/,
  ],
  [
    'a string given to setException()',
    (loop) => loop.createFuture().setException(bad('no')),
    'TypeError',
    /^setException\(\) needs an Error or a class of errors, not "no"$/,
  ],
  [
    'an executor that is none',
    (loop) => loop.setDefaultExecutor(bad({})),
    'TypeError',
    /^executor must have submit\(\) and shutdown\(\), got <Object>$/,
  ],
  [
    'a context variable without a name',
    () => new asyncio.ContextVar(bad(5)),
    'TypeError',
    /^context variable name must be a string, not number$/,
  ],
  [
    'something else than a token given to reset()',
    () => new asyncio.ContextVar('v').reset(bad({})),
    'TypeError',
    /^expected an instance of Token: what ContextVar\.set\(\) returned$/,
  ],
];

const RUNNING: readonly Row[] = [
  [
    'run() in a running loop',
    () => asyncio.run(nothing()),
    'RuntimeError',
    /^asyncio\.run\(\) cannot be called from a running event loop$/,
  ],
  [
    'Runner.run() in a running loop',
    () => new asyncio.Runner().run(nothing()),
    'RuntimeError',
    /^Runner\.run\(\) cannot be called from a running event loop$/,
  ],
  [
    'attach() in a running loop',
    () => asyncio.attach(),
    'RuntimeError',
    /^attach\(\) cannot be called from a running event loop$/,
  ],
  [
    'setEventLoop() with something else',
    () => asyncio.setEventLoop(bad({})),
    'TypeError',
    /^loop must be an instance of EventLoop or null, not <Object>$/,
  ],
];

refuses({ scheduling: SCHEDULING, running: RUNNING });

suite('where no loop runs', () => {
  const none = { name: 'RuntimeError', message: /^no running event loop/ };
  const ACTS: Readonly<Record<string, () => unknown>> = {
    'getRunningLoop()': () => asyncio.getRunningLoop(),
    'currentTask()': () => asyncio.currentTask(),
    'allTasks()': () => asyncio.allTasks(),
    'createTask()': () => asyncio.createTask(nothing()),
    'gather() of coroutines': () => asyncio.gather(nothing()),
    'gather() of nothing': () => asyncio.gather(),
    'shield()': () => asyncio.shield(nothing()),
    'ensureFuture()': () => asyncio.ensureFuture(nothing()),
    'wrapFuture()': () => asyncio.wrapFuture(Promise.resolve()),
    'asCompleted()': () => asyncio.asCompleted([nothing()]),
    'timeout()': () => asyncio.timeout(1),
    'new Future()': () => new asyncio.Future(),
  };
  for (const [what, act] of Object.entries(ACTS)) {
    test(`${what} is a RuntimeError`, () => assert.throws(act, none));
  }
  for (const [what, make] of Object.entries({
    'sleep()': () => asyncio.sleep(1),
    'a coroutine object': () => asyncio.coroutine(nothing)(),
    'acquire()': () => new asyncio.Lock().acquire(),
  })) {
    test(`await of ${what} is a RuntimeError that tells of run() and attach()`, async () => {
      const awaitable = make();
      await assert.rejects(async () => await awaitable, {
        name: 'RuntimeError',
        message:
          'no running event loop: await inside asyncio.run(), or call asyncio.attach() once in this process',
      });
      awaitable.close();
    });
  }
  test('getEventLoop() is a RuntimeError that tells how to have one', () =>
    assert.throws(() => asyncio.getEventLoop(), {
      name: 'RuntimeError',
      message: 'There is no current event loop: use asyncio.run(), or newEventLoop() and setEventLoop()',
    }));
  for (const [what, main, advice] of [
    ['a number', 5, 'pass main\\(\\) of a generator function, or the function itself'],
    [
      'a promise',
      Promise.resolve(),
      'it has started already, outside of the loop; pass the async function itself',
    ],
    ['nothing', undefined, 'pass main\\(\\) of a generator function, or the function itself'],
  ] as const) {
    test(`run() of ${what} is a TypeError that tells what to pass`, () =>
      assert.throws(() => asyncio.run(bad(main)), {
        name: 'TypeError',
        message: new RegExp(`^An asyncio.Future, a coroutine or an awaitable is required, got .*: ${advice}`),
      }));
  }
});
