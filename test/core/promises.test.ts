/**
 * Promises as futures: `ensureFuture` and `wrapFuture`. A wrapped promise is followed, its cancellation stops the waiting alone, and what comes too
 * late is neither lost nor an unhandled rejection.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, co, style } = await inBothStyles(import.meta.url);

scenario('a wrapped promise hands its value over', function* ({ loop }) {
  assert.equal(yield* asyncio.wrapFuture(Promise.resolve('value')), 'value');
  const slow = Promise.withResolvers<number>();
  const future = asyncio.wrapFuture(slow.promise);
  assert.equal(future.done(), false);
  assert.equal(future.getLoop(), loop);
  slow.resolve(5);
  assert.equal(yield* future, 5);
});

scenario('a wrapped promise hands its reason over, whatever it is', function* () {
  const error = new TypeError('bad');
  assert.equal(yield* thrownBy(asyncio.wrapFuture(Promise.reject(error))), error);
  assert.equal(yield* thrownBy(asyncio.wrapFuture(Promise.reject('a string'))), 'a string');
});

scenario('a promise that was rejected with CancelledError makes a cancelled future', function* () {
  const future = asyncio.wrapFuture(Promise.reject(new asyncio.CancelledError('from afar')));
  assert.equal(String(yield* thrownBy(future)), 'CancelledError: from afar');
  assert.equal(future.cancelled(), true);
});

scenario('cancelling a wrapped promise stops the waiting, and its value is dropped', function* ({ loop }) {
  const { promise, resolve } = Promise.withResolvers<number>();
  const future = asyncio.wrapFuture(promise);
  future.cancel('enough');
  assert.equal(String(yield* thrownBy(future)), 'CancelledError: enough');
  resolve(1);
  yield* asyncio.sleep(1);
  assert.equal(future.cancelled(), true);
  assert.equal(loop.time(), 1);
});

scenario('a rejection that comes after the cancellation is reported', function* (scene) {
  const { promise, reject } = Promise.withResolvers<number>();
  const future = asyncio.wrapFuture(promise);
  future.cancel();
  reject(new asyncio.ValueError('late'));
  yield* asyncio.sleep(1);
  const [report, ...more] = scene.reports();
  assert.match(report?.message ?? '', /^A promise was rejected after the future that followed it/);
  assert.equal(String(report?.exception), 'ValueError: late');
  assert.equal(report?.future, future);
  assert.equal(more.length, 0);
});

scenario('a late rejection that only tells of the cancellation is not reported', function* () {
  const controller = new AbortController();
  for (const reason of [new asyncio.CancelledError(), new DOMException('stopped', 'AbortError')]) {
    const { promise, reject } = Promise.withResolvers<number>();
    asyncio.wrapFuture(promise).cancel();
    controller.abort();
    reject(reason);
  }
  yield* asyncio.sleep(1);
});

scenario('a wrapped promise whose rejection nobody asks for is reported', function* (scene) {
  asyncio.wrapFuture(Promise.reject(new asyncio.ValueError('lost')));
  yield* asyncio.sleep(1);
  scene.loop.callSoon(() => {});
  assert.deepEqual(scene.reports(), [], 'not before the loop closes or the future is collected');
  const kept = asyncio.wrapFuture(Promise.reject(new asyncio.ValueError('asked for')));
  yield* asyncio.sleep(1);
  assert.equal(String(kept.exception()), 'ValueError: asked for');
  scene.loop.setExceptionHandler((_loop, context) => {
    assert.match(context.message, /exception was never retrieved$/);
    assert.equal(String(context.exception), 'ValueError: lost');
  });
});

scenario('a future that is wrapped, or ensured, is that future', function* ({ loop }) {
  const future = loop.createFuture<number>();
  assert.equal(asyncio.wrapFuture(future), future);
  assert.equal(asyncio.ensureFuture(future), future);
  future.cancel();
  const task = asyncio.ensureFuture(co(function* () {})());
  assert.equal(asyncio.ensureFuture(task), task);
  yield* task;
});

scenario('ensureFuture makes a task of every kind of coroutine', function* () {
  const one = co(function* () {
    return 1;
  });
  const made = [
    asyncio.ensureFuture(one()),
    asyncio.ensureFuture(one),
    asyncio.ensureFuture(async () => 1),
    asyncio.ensureFuture(asyncio.sleep(0, 1)),
    asyncio.ensureFuture(asyncio.coroutine(async () => 1)()),
  ];
  for (const future of made) {
    assert.ok(future instanceof asyncio.Task);
    assert.equal(yield* future, 1);
  }
});

scenario('ensureFuture follows promises and other thenables', function* () {
  const thenable: PromiseLike<number> = {
    then: (resolve) => Promise.resolve(7).then(resolve) as never,
  };
  for (const promise of [Promise.resolve(7), thenable]) {
    const future = asyncio.ensureFuture(promise);
    assert.ok(asyncio.isFuture(future) && !(future instanceof asyncio.Task));
    assert.equal(yield* future, 7);
  }
});

scenario('ensureFuture makes a task for an awaitable of another make', function* () {
  const inner = co(function* () {
    return yield* asyncio.sleep(1, 'made by hand');
  });
  const awaitable: asyncio.Awaitable<string> = {
    then: () => assert.fail('it has an iterator'),
    [Symbol.iterator]: () =>
      asyncio
        .coroutine(inner as () => asyncio.Coroutine<string>)()
        [Symbol.iterator](),
  };
  const future = asyncio.ensureFuture(awaitable);
  assert.ok(future instanceof asyncio.Task);
  assert.equal(yield* future, 'made by hand');
});

if (style === 'generator') {
  suite('a promise that settles after its loop has closed', () => {
    for (const [how, settle] of Object.entries({
      'is fulfilled': ({ resolve }: PromiseWithResolvers<unknown>) => resolve(1),
      'is rejected': ({ reject }: PromiseWithResolvers<unknown>) =>
        reject(new asyncio.ValueError('too late')),
      'is rejected with CancelledError': ({ reject }: PromiseWithResolvers<unknown>) =>
        reject(new asyncio.CancelledError()),
    })) {
      test(`and ${how} disturbs nobody`, async (t) => {
        const unhandled: unknown[] = [];
        const note = (reason: unknown) => unhandled.push(reason);
        process.on('unhandledRejection', note);
        t.after(() => process.removeListener('unhandledRejection', note));
        const loop = newVirtualLoop();
        const reported: unknown[] = [];
        loop.setExceptionHandler((_loop, { exception }) => reported.push(String(exception)));
        const source = Promise.withResolvers<unknown>();
        const future = asyncio.wrapFuture(source.promise, { loop });
        future.addDoneCallback(() => {});
        await loop.runUntilComplete(asyncio.sleep(1));
        loop.close();
        settle(source);
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(unhandled, []);
        assert.deepEqual(reported, how === 'is rejected' ? ['ValueError: too late'] : []);
      });
    }
  });
}
