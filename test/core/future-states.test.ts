/**
 * What each method of a future does in each of its states, as one table; and that a future changes its state once.
 */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

const loop = newVirtualLoop();
loop.setExceptionHandler(() => {});
after(() => loop.close());

const STATES = ['pending', 'cancelled', 'finished', 'failed'] as const;
type State = (typeof STATES)[number];

function futureIn(state: State): asyncio.Future<number> {
  const future = loop.createFuture<number>();
  if (state === 'cancelled') future.cancel('stop');
  if (state === 'finished') future.setResult(1);
  if (state === 'failed') future.setException(new asyncio.ValueError('broken'));
  return future;
}

function stateOf(future: asyncio.Future<unknown>): State {
  if (!future.done()) return 'pending';
  if (future.cancelled()) return 'cancelled';
  return future.exception() === null ? 'finished' : 'failed';
}

interface Row {
  readonly method: string;
  readonly call: (future: asyncio.Future<number>) => unknown;
  /** What the call gives: a value, or an error as `Class: message`; and the state afterwards, where it is another one. */
  readonly expected: { readonly [S in State]: readonly [outcome: unknown, then?: State] };
}

const ONCE = 'a future can be completed only once';
const IS_CANCELLED = `InvalidStateError: CANCELLED: <Future cancelled>; ${ONCE}`;
const IS_FINISHED = `InvalidStateError: FINISHED: <Future finished result=1>; ${ONCE}`;
const IS_FAILED = `InvalidStateError: FINISHED: <Future finished exception=ValueError("broken")>; ${ONCE}`;

const TABLE: readonly Row[] = [
  {
    method: 'done()',
    call: (future) => future.done(),
    expected: { pending: [false], cancelled: [true], finished: [true], failed: [true] },
  },
  {
    method: 'cancelled()',
    call: (future) => future.cancelled(),
    expected: { pending: [false], cancelled: [true], finished: [false], failed: [false] },
  },
  {
    method: 'result()',
    call: (future) => future.result(),
    expected: {
      pending: ['InvalidStateError: Result is not ready.'],
      cancelled: ['CancelledError: stop'],
      finished: [1],
      failed: ['ValueError: broken'],
    },
  },
  {
    method: 'exception()',
    call: (future) => future.exception(),
    expected: {
      pending: ['InvalidStateError: Exception is not set.'],
      cancelled: ['CancelledError: stop'],
      finished: [null],
      failed: [new asyncio.ValueError('broken')],
    },
  },
  {
    method: 'setResult()',
    call: (future) => future.setResult(2),
    expected: {
      pending: [undefined, 'finished'],
      cancelled: [IS_CANCELLED],
      finished: [IS_FINISHED],
      failed: [IS_FAILED],
    },
  },
  {
    method: 'setException()',
    call: (future) => future.setException(new asyncio.LookupError('other')),
    expected: {
      pending: [undefined, 'failed'],
      cancelled: [IS_CANCELLED],
      finished: [IS_FINISHED],
      failed: [IS_FAILED],
    },
  },
  {
    method: 'cancel()',
    call: (future) => future.cancel('again'),
    expected: { pending: [true, 'cancelled'], cancelled: [false], finished: [false], failed: [false] },
  },
  {
    method: 'getLoop()',
    call: (future) => future.getLoop() === loop,
    expected: { pending: [true], cancelled: [true], finished: [true], failed: [true] },
  },
  {
    method: 'removeDoneCallback() of one that was never added',
    call: (future) => future.removeDoneCallback(() => {}),
    expected: { pending: [0], cancelled: [0], finished: [0], failed: [0] },
  },
  {
    method: 'addDoneCallback()',
    call: (future) => future.addDoneCallback(() => {}),
    expected: { pending: [undefined], cancelled: [undefined], finished: [undefined], failed: [undefined] },
  },
  {
    method: 'toString()',
    call: (future) => String(future),
    expected: {
      pending: ['<Future pending>'],
      cancelled: ['<Future cancelled>'],
      finished: ['<Future finished result=1>'],
      failed: ['<Future finished exception=ValueError("broken")>'],
    },
  },
];

function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${error.name}: ${error.message}`;
  }
}

for (const { method, call, expected } of TABLE) {
  suite(`Future.${method}`, () => {
    for (const state of STATES) {
      const [wanted, next = state] = expected[state];
      test(`of a ${state} future${next === state ? '' : ` makes it ${next}`}`, () => {
        const future = futureIn(state);
        assert.deepEqual(
          outcome(() => call(future)),
          wanted,
        );
        assert.equal(stateOf(future), next);
      });
    }
  });
}

suite('a future', () => {
  test('takes a class of errors as its exception', () => {
    const future = futureIn('pending');
    future.setException(asyncio.QueueEmpty);
    assert.ok(future.exception() instanceof asyncio.QueueEmpty);
  });

  test('takes its loop from the one that was set, where none runs', () => {
    asyncio.setEventLoop(loop);
    try {
      assert.equal(new asyncio.Future().getLoop(), loop);
    } finally {
      asyncio.setEventLoop(null);
    }
    assert.throws(() => new asyncio.Future(), {
      name: 'RuntimeError',
      message: /^no running event loop: make futures inside a coroutine/,
    });
  });

  test('is removed from its callbacks as often as it was added', () => {
    const future = futureIn('pending');
    const callback = () => {};
    const other = () => {};
    for (const each of [callback, other, callback, callback]) future.addDoneCallback(each);
    assert.equal(future.removeDoneCallback(callback), 3);
    assert.equal(future.removeDoneCallback(callback), 0);
    assert.equal(future.removeDoneCallback(other), 1);
    assert.equal(String(future), '<Future pending>');
  });

  test('shows two of its callbacks, and how many more there are', () => {
    const future = futureIn('pending');
    for (let i = 0; i < 4; i++) future.addDoneCallback(function notify() {});
    assert.equal(String(future), '<Future pending cb=[<function notify>, <function notify>, and 2 more]>');
  });

  test('that was cancelled without a message makes an error without arguments, a new one each time', () => {
    const future = futureIn('pending');
    future.cancel();
    const errors = [1, 2].map(() => {
      try {
        return future.result();
      } catch (error) {
        return error as asyncio.CancelledError;
      }
    }) as asyncio.CancelledError[];
    assert.deepEqual(
      errors.map((error) => error.args),
      [[], []],
    );
    assert.notEqual(errors[0], errors[1]);
  });
});
