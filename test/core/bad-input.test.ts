/**
 * Bad input: the class of the error is Python's, and the message says what was given and what to do. One table for the whole of core, sync,
 * structured and loop.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop, runVirtual } from '../../src/testing/index.ts';

/** What is done, in a running loop; the name of the error; what its message says. */
type Row = readonly [what: string, act: (loop: asyncio.EventLoop) => unknown, name: string, says: RegExp];

const bad = <T>(value: unknown): T => value as T;
const noop = () => {};
function* nothing(): asyncio.Coroutine<void> {}

const TASKS: readonly Row[] = [
  [
    'a promise given to createTask()',
    () => asyncio.createTask(bad(Promise.resolve(1))),
    'TypeError',
    /^a coroutine was expected, got <Promise>: it has already started.*pass the function itself.*ensureFuture\(\)/,
  ],
  [
    'a number given to createTask()',
    () => asyncio.createTask(bad(5)),
    'TypeError',
    /^a coroutine was expected, got 5: call a generator function, or pass a generator or async function$/,
  ],
  ['nothing given to createTask()', () => asyncio.createTask(bad(undefined)), 'TypeError', /got undefined/],
  [
    'a future given to createTask()',
    (loop) => asyncio.createTask(bad(loop.createFuture())),
    'TypeError',
    /got <Future pending>/,
  ],
  [
    'a function that returns no coroutine given to createTask()',
    () =>
      asyncio.createTask(
        bad(function plain() {
          return 5;
        }),
      ),
    'TypeError',
    /^a coroutine was expected from plain\(\), got 5: pass a generator or async function$/,
  ],
  [
    'an async generator function given to createTask()',
    () => asyncio.createTask(bad(async function* many() {})),
    'TypeError',
    /^a coroutine was expected from many\(\), got /,
  ],
  [
    'a number given to coroutine()',
    () => asyncio.coroutine(bad(5)),
    'TypeError',
    /^coroutine\(\) needs a generator function or an async function, not 5$/,
  ],
  [
    'setResult() of a task',
    () => asyncio.createTask(nothing()).setResult(bad(1)),
    'RuntimeError',
    /return from its coroutine instead$/,
  ],
  [
    'setException() of a task',
    () => asyncio.createTask(nothing()).setException(new Error('x')),
    'RuntimeError',
    /throw from its coroutine, or cancel\(\) the task$/,
  ],
  [
    'a task that awaits itself',
    function* () {
      const task: asyncio.Task<void> = asyncio.createTask(
        (function* (): asyncio.Coroutine<void> {
          yield* task;
        })(),
      );
      yield* task;
    },
    'RuntimeError',
    /^Task cannot await on itself: <Task pending/,
  ],
  [
    'a future handed out by yield instead of yield*',
    function* (loop) {
      yield* asyncio.createTask(
        (function* (): asyncio.Coroutine<void> {
          yield loop.createFuture();
        })(),
      );
    },
    'RuntimeError',
    /^yield was used instead of yield\* in .* with <Future pending>$/,
  ],
  [
    'a coroutine handed out by yield',
    function* () {
      yield* asyncio.createTask(
        (function* (): asyncio.Coroutine<void> {
          yield bad(nothing());
        })(),
      );
    },
    'RuntimeError',
    /was yielding from a generator without await: yield\* was meant for /,
  ],
  [
    'a number handed out by yield',
    function* () {
      yield* asyncio.createTask(
        (function* (): asyncio.Coroutine<void> {
          yield bad(7);
        })(),
      );
    },
    'RuntimeError',
    /^Task got bad yield: 7; write yield\* to await/,
  ],
  [
    'a future of another loop that is awaited',
    function* () {
      const other = newVirtualLoop();
      try {
        yield* other.createFuture();
      } finally {
        other.close();
      }
    },
    'RuntimeError',
    /got Future <Future pending> attached to a different loop$/,
  ],
  [
    'a number given to ensureFuture()',
    () => asyncio.ensureFuture(bad(5)),
    'TypeError',
    /^An asyncio\.Future, a coroutine or an awaitable is required, got 5: call the coroutine function, or pass a promise$/,
  ],
  [
    'a number given to wrapFuture()',
    () => asyncio.wrapFuture(bad(5)),
    'TypeError',
    /^a promise is expected, got 5$/,
  ],
  [
    'a future of another loop given to ensureFuture()',
    (loop) => asyncio.ensureFuture(new asyncio.Future({ loop: otherLoop }), { loop }),
    'ValueError',
    /^The future belongs to a different loop than the one specified as the loop argument$/,
  ],
];

const otherLoop = newVirtualLoop();
otherLoop.close();

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

const SYNC: readonly Row[] = [
  ['release of a lock not held', () => new asyncio.Lock().release(), 'RuntimeError', /^Lock is not acquired/],
  [
    'release of a condition not held',
    () => new asyncio.Condition().release(),
    'RuntimeError',
    /^Lock is not acquired/,
  ],
  [
    'wait on a condition not held',
    () => new asyncio.Condition().wait(),
    'RuntimeError',
    /^cannot wait on un-acquired lock$/,
  ],
  [
    'notify on a condition not held',
    () => new asyncio.Condition().notify(),
    'RuntimeError',
    /^cannot notify on un-acquired lock$/,
  ],
  [
    'a negative semaphore',
    () => new asyncio.Semaphore(-1),
    'ValueError',
    /^Semaphore initial value must be >= 0$/,
  ],
  [
    'a semaphore of a half',
    () => new asyncio.Semaphore(0.5),
    'TypeError',
    /^Semaphore needs a whole number of places, not 0\.5$/,
  ],
  [
    'a semaphore of NaN places',
    () => new asyncio.BoundedSemaphore(Number.NaN),
    'TypeError',
    /whole number of places, not NaN/,
  ],
  [
    'a bounded semaphore released too often',
    () => new asyncio.BoundedSemaphore().release(),
    'ValueError',
    /^BoundedSemaphore released too many times$/,
  ],
  ['a barrier of nobody', () => new asyncio.Barrier(0), 'ValueError', /^parties must be >= 1$/],
  ['a barrier of one and a half', () => new asyncio.Barrier(1.5), 'ValueError', /^parties must be >= 1$/],
  [
    'a queue of a size that is no number',
    () => new asyncio.Queue(bad('10')),
    'TypeError',
    /^Queue needs its maxsize as a number/,
  ],
  ['an empty queue', () => new asyncio.Queue().getNowait(), 'QueueEmpty', /^$/],
  [
    'taskDone() too often',
    () => new asyncio.Queue().taskDone(),
    'ValueError',
    /^task_done\(\) called too many times$/,
  ],
];

const STRUCTURED: readonly Row[] = [
  [
    'a number given to gather()',
    () => asyncio.gather(bad(5)),
    'TypeError',
    /^An asyncio\.Future, a coroutine or an awaitable is required, got 5/,
  ],
  [
    'unknown options given to gather()',
    () => asyncio.gather(nothing(), bad({ returnException: true })),
    'TypeError',
    /got <Object>/,
  ],
  ['a number given to shield()', () => asyncio.shield(bad(5)), 'TypeError', /is required, got 5/],
  [
    'a coroutine given to wait()',
    () => asyncio.wait([nothing()]),
    'TypeError',
    /^Passing coroutines is forbidden, use tasks explicitly\.$/,
  ],
  ['nothing to wait() for', () => asyncio.wait([]), 'ValueError', /^Set of Tasks\/Futures is empty\.$/],
  [
    'a future given to wait()',
    (loop) => asyncio.wait(bad(loop.createFuture())),
    'TypeError',
    /^expect a list of futures, not <Future pending>$/,
  ],
  [
    'an unknown returnWhen',
    (loop) => asyncio.wait([loop.createFuture()], { returnWhen: bad('SOON') }),
    'ValueError',
    /^Invalid return_when value: "SOON"$/,
  ],
  [
    'NaN as the timeout of wait()',
    (loop) => asyncio.wait([loop.createFuture()], { timeout: Number.NaN }),
    'ValueError',
    /NaN/,
  ],
  [
    'NaN given to waitFor()',
    () => asyncio.waitFor(asyncio.sleep(1), Number.NaN),
    'ValueError',
    /^waitFor\(\) needs a time limit in seconds, not NaN/,
  ],
  [
    'no limit given to waitFor()',
    () => asyncio.waitFor(asyncio.sleep(1), bad(undefined)),
    'TypeError',
    /^waitFor\(\) needs a time limit in seconds, as a number, or null, not undefined$/,
  ],
  ['a number to waitFor()', () => asyncio.waitFor(bad(5), 1), 'TypeError', /got 5/],
  [
    'a future given to asCompleted()',
    (loop) => asyncio.asCompleted(bad(loop.createFuture())),
    'TypeError',
    /^expect an iterable of futures, not <Future pending>$/,
  ],
  [
    'a coroutine given to asCompleted()',
    () => asyncio.asCompleted(bad(nothing())),
    'TypeError',
    /^expect an iterable of futures, not /,
  ],
  [
    'a string given to timeout()',
    () => asyncio.timeout(bad('1')),
    'TypeError',
    /^timeout\(\) needs seconds as a number, or null, not "1"$/,
  ],
  ['NaN given to timeout()', () => asyncio.timeout(Number.NaN), 'ValueError', /NaN/],
  [
    'NaN given to timeoutAt()',
    () => asyncio.timeoutAt(Number.NaN),
    'ValueError',
    /^a time in seconds is expected, not NaN/,
  ],
  [
    'reschedule() outside of the block',
    () => asyncio.timeout(1).reschedule(2),
    'RuntimeError',
    /^Timeout has not been entered$/,
  ],
  [
    'a task for a group that was not entered',
    () => new asyncio.TaskGroup().createTask(nothing()),
    'RuntimeError',
    /^<TaskGroup .*> has not been entered: use it through asyncWith\(\)$/,
  ],
  [
    'asyncWith() of something that is no manager',
    () => asyncio.asyncWith(bad(5), nothing),
    'TypeError',
    /^5 cannot be used with asyncWith\(\): it needs aenter\(\) and aexit\(error\), or Symbol\.asyncDispose$/,
  ],
  [
    'asyncWith() without a body',
    () => asyncio.asyncWith(new asyncio.Lock(), bad(undefined)),
    'TypeError',
    /^asyncWith\(\) needs a generator function or an async function as its body, not undefined$/,
  ],
  [
    'asyncWith() with a body that is no coroutine function',
    () =>
      asyncio.asyncWith(
        new asyncio.Lock(),
        bad(() => 5),
      ),
    'TypeError',
    /^a coroutine was expected from .*\(\), got 5/,
  ],
  [
    'asyncFor() of something that is not iterable',
    () => asyncio.asyncFor(bad(5), noop),
    'TypeError',
    /^asyncFor\(\) needs an async iterable or an iterable, not 5$/,
  ],
  [
    'asyncFor() without a body',
    () => asyncio.asyncFor([], bad(undefined)),
    'TypeError',
    /^asyncFor\(\) needs a function as its body, not undefined$/,
  ],
  [
    'an exception group without members',
    () => new asyncio.ExceptionGroup('none', []),
    'ValueError',
    /^second argument \(exceptions\) must be a non-empty sequence$/,
  ],
  [
    'a cancellation in an exception group',
    () => new asyncio.ExceptionGroup('x', [new asyncio.CancelledError()]),
    'TypeError',
    /use BaseExceptionGroup$/,
  ],
  [
    'an exception group split by a number',
    () => new asyncio.ExceptionGroup('x', [new Error('y')]).split(bad(5)),
    'TypeError',
    /^expected a class of errors, an array of such classes, or a function/,
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

/** Does what is asked, and awaits it where it can be awaited. */
function* perform(outcome: unknown): asyncio.Coroutine<void> {
  if (asyncio.isFuture(outcome) || asyncio.isCoroutine(outcome)) yield* outcome as asyncio.Coroutine<void>;
}

for (const [room, rows] of Object.entries({ TASKS, SCHEDULING, SYNC, STRUCTURED, RUNNING })) {
  suite(`bad input in ${room.toLowerCase()}`, () => {
    for (const [what, act, name, says] of rows) {
      test(`${what} is a ${name}`, async () => {
        const act_ = () =>
          runVirtual(function* () {
            yield* perform(act(asyncio.getRunningLoop()));
          });
        await assert.rejects(act_, (error: Error) => {
          assert.equal(error.name, name, String(error));
          assert.match(error.message, says);
          return true;
        });
      });
    }
  });
}

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
      await assert.rejects(async () => await make(), {
        name: 'RuntimeError',
        message:
          'no running event loop: await inside asyncio.run(), or call asyncio.attach() once in this process',
      });
    });
  }
  test('getEventLoop() is a RuntimeError that tells how to have one', () =>
    assert.throws(() => asyncio.getEventLoop(), {
      name: 'RuntimeError',
      message: 'There is no current event loop: use asyncio.run(), or newEventLoop() and setEventLoop()',
    }));
  for (const [what, main] of Object.entries({
    'a number': 5,
    'a promise': Promise.resolve(),
    nothing: undefined,
  })) {
    test(`run() of ${what} is a TypeError that tells what to pass`, () =>
      assert.throws(() => asyncio.run(bad(main)), {
        name: 'TypeError',
        message:
          /^a coroutine was expected, got .*: pass main\(\) of a generator function, or the function itself/,
      }));
  }
});
