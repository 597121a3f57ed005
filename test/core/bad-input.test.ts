/** Bad input to tasks, futures and the loop: the class of the error is Python's, and the message says what was given and what to do. */
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { bad, nothing, type Row, refuses } from '../bad-input.ts';

const otherLoop = newVirtualLoop();
otherLoop.close();

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
      const own: asyncio.Task<void>[] = [];
      const task = asyncio.createTask(function* (): asyncio.Coroutine<void> {
        yield* own[0] as asyncio.Task<void>;
      });
      own.push(task);
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

refuses({ tasks: TASKS });
