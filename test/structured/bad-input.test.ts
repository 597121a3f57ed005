/** Bad input to gather, wait, timeouts, groups and blocks. */
import * as asyncio from '../../src/index.ts';
import { bad, nothing, type Row, refuses } from '../bad-input.ts';

const noop = () => {};

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
    /^<TaskGroup> has not been entered: use it through asyncWith\(\)$/,
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

refuses({ structure: STRUCTURED });
