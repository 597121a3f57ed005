/** `Future`, `wait` and `asCompleted` by themselves. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  asCompleted,
  CancelledError,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  InvalidStateError,
  ThreadPoolExecutor,
  TimeoutError,
  wait,
} from '../../src/executors/index.ts';
import { DeadlockError, ValueError } from '../../src/index.ts';
import { thrown } from './kit.ts';

suite('a future', () => {
  test('goes from pending to running to finished', () => {
    const future = new Future<number>();
    assert.deepEqual(
      [future.running(), future.done(), String(future)],
      [false, false, '<Future state=pending>'],
    );
    assert.equal(future.setRunningOrNotifyCancel(), true);
    assert.deepEqual(
      [future.running(), future.done(), String(future)],
      [true, false, '<Future state=running>'],
    );
    assert.equal(future.cancel(), false);
    future.setResult(3);
    assert.deepEqual(
      [future.running(), future.done(), future.result(), future.exception()],
      [false, true, 3, null],
    );
    assert.equal(String(future), '<Future state=finished returned number>');
    assert.equal(future.cancel(), false);
  });

  test('is cancelled only before it runs', () => {
    const future = new Future<number>();
    assert.equal(future.cancel(), true);
    assert.equal(future.cancel(), true);
    assert.deepEqual([future.cancelled(), future.done(), future.running()], [true, true, false]);
    assert.equal(future.setRunningOrNotifyCancel(), false);
    assert.ok(thrown(() => future.result()) instanceof CancelledError);
    assert.ok(thrown(() => future.exception()) instanceof CancelledError);
  });

  test('gives the exception it was given', () => {
    const future = new Future<number>();
    const error = new ValueError('no');
    future.setException(error);
    assert.equal(future.exception(), error);
    assert.equal(
      thrown(() => future.result()),
      error,
    );
    assert.equal(String(future), '<Future state=finished raised ValueError>');
  });

  test('is completed once', () => {
    const future = new Future<number>();
    future.setResult(1);
    assert.ok(thrown(() => future.setResult(2)) instanceof InvalidStateError);
    assert.ok(thrown(() => future.setException(new Error())) instanceof InvalidStateError);
    assert.equal(
      thrown(() => future.setResult(2)).message,
      'FINISHED: <Future state=finished returned number>',
    );
    assert.ok(thrown(() => future.setRunningOrNotifyCancel()) instanceof InvalidStateError);
  });

  test('waits no longer than the timeout', () => {
    assert.ok(thrown(() => new Future().result(0.01)) instanceof TimeoutError);
    assert.ok(thrown(() => new Future().exception(0)) instanceof TimeoutError);
    assert.ok(thrown(() => new Future().result(-1)) instanceof TimeoutError);
    assert.ok(thrown(() => new Future().result(Number.NaN)) instanceof ValueError);
    assert.ok(thrown(() => new Future().result('1' as never)) instanceof TypeError);
  });

  test('says that nobody could complete it, rather than to block forever', () => {
    const error = thrown(() => new Future().result());
    assert.ok(error instanceof DeadlockError);
    assert.match(error.message, /result\(\) of <Future state=pending> blocks this thread/);
  });

  test('calls its callbacks in order, at once where it is done, and tells of those that fail', (t) => {
    const errors = t.mock.method(console, 'error', () => {});
    const future = new Future<number>();
    const calls: string[] = [];
    const all = () => [...calls];
    future.addDoneCallback((done) => calls.push(`a ${done.result()}`));
    future.addDoneCallback(() => {
      throw new Error('mine');
    });
    const dropped = () => calls.push('never');
    future.addDoneCallback(dropped);
    assert.equal(future.removeDoneCallback(dropped), 1);
    future.addDoneCallback(() => calls.push('b'));
    assert.deepEqual(all(), []);
    future.setResult(1);
    assert.deepEqual(all(), ['a 1', 'b']);
    future.addDoneCallback(() => calls.push('c'));
    assert.deepEqual(all(), ['a 1', 'b', 'c']);
    assert.equal(errors.mock.callCount(), 1);
    assert.throws(() => future.addDoneCallback(null as never), TypeError);
  });

  test('is a promise outside of loops', async () => {
    const [good, bad, gone] = [new Future<number>(), new Future<number>(), new Future<number>()];
    const all = Promise.allSettled([good, bad.catch((error: unknown) => error), gone]);
    good.setResult(1);
    bad.setException(new ValueError('v'));
    gone.cancel();
    const [a, b, c] = await all;
    assert.deepEqual(a, { status: 'fulfilled', value: 1 });
    assert.ok(b?.status === 'fulfilled' && b.value instanceof ValueError);
    assert.ok(c?.status === 'rejected' && c.reason instanceof CancelledError);
  });
});

suite('wait', () => {
  const done = new Future<number>();
  done.setResult(1);
  const failed = new Future<number>();
  failed.setException(new Error());

  test('gives what is done and what is not, by position and by name', () => {
    const pending = new Future<number>();
    const result = wait([done, pending, done], { timeout: 0 });
    assert.deepEqual([...result[0]], [done]);
    assert.deepEqual([...result[1]], [pending]);
    assert.equal(result.done, result[0]);
    assert.equal(result.notDone, result[1]);
  });

  test('returns when it was told to', () => {
    const pending = new Future<number>();
    assert.equal(wait([done, pending], { returnWhen: FIRST_COMPLETED }).notDone.size, 1);
    assert.equal(wait([failed, pending], { returnWhen: FIRST_EXCEPTION }).notDone.size, 1);
    assert.ok(thrown(() => wait([done, pending], { returnWhen: FIRST_EXCEPTION })) instanceof DeadlockError);
    assert.equal(wait([]).done.size, 0);
    assert.match(thrown(() => wait([], { returnWhen: 'x' as never })).message, /Invalid return condition: x/);
  });

  test('takes futures of executors alone', () => {
    assert.match(
      thrown(() => wait([Promise.resolve() as never])).message,
      /futures of executors are expected/,
    );
  });
});

suite('asCompleted', () => {
  test('gives those that are done, then those that come, and says when it is too late', () => {
    const [first, second, third] = [new Future<number>(), new Future<number>(), new Future<number>()];
    second.setResult(2);
    const completed = asCompleted([first, second, third, second], { timeout: 0.05 });
    assert.equal(completed.next().value, second);
    first.setResult(1);
    assert.equal(completed.next().value, first);
    const late = thrown(() => completed.next());
    assert.ok(late instanceof TimeoutError);
    assert.equal(late.message, '1 (of 3) futures unfinished');
  });

  test('blocks for jobs in the order in which they end', () => {
    using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const jobs = [1, 2, 3].map((n) => pool.submit((n: number) => n, n));
    assert.deepEqual(
      [...asCompleted(jobs)].map((future) => future.result()),
      [1, 2, 3],
    );
  });

  test('waits without blocking, gives the futures themselves, and can be left', async () => {
    const [first, second] = [new Future<number>(), new Future<number>()];
    setImmediate(() => second.setResult(2));
    for await (const future of asCompleted([first, second])) {
      assert.equal(future, second);
      break;
    }
    await assert.rejects(
      async () => {
        for await (const _ of asCompleted([first], { timeout: 0.01 }));
      },
      { name: 'TimeoutError', message: '1 (of 1) futures unfinished' },
    );
  });
});
