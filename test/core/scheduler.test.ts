/**
 * The life of a loop: running until told to stop, running again, closing; and what each state refuses.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

function quietLoop(): { loop: asyncio.EventLoop; told: string[] } {
  const loop = newVirtualLoop();
  const told: string[] = [];
  loop.setExceptionHandler((_loop, { message }) => told.push(message));
  return { loop, told };
}

suite('runForever', () => {
  test('runs until stop(), and the iteration of stop() to its end', async () => {
    const { loop } = quietLoop();
    const order: string[] = [];
    loop.callSoon(() => {
      order.push('stop');
      loop.stop();
      loop.callSoon(() => order.push('next iteration'));
    });
    loop.callSoon(() => order.push('this iteration'));
    await loop.runForever();
    assert.deepEqual(order, ['stop', 'this iteration']);
    loop.callSoon(() => loop.stop());
    await loop.runForever();
    assert.deepEqual(order, ['stop', 'this iteration', 'next iteration']);
    loop.close();
  });

  test('runs one iteration where stop() came before', async () => {
    const { loop } = quietLoop();
    const order: string[] = [];
    loop.callSoon(() => {
      order.push('first');
      loop.callSoon(() => order.push('second'));
    });
    loop.stop();
    await loop.runForever();
    assert.deepEqual(order, ['first']);
    loop.stop();
    await loop.runForever();
    assert.deepEqual(order, ['first', 'second']);
    loop.close();
  });

  test('says whether it runs, and is the running loop meanwhile', async () => {
    const { loop } = quietLoop();
    assert.equal(loop.isRunning(), false);
    loop.callSoon(() => {
      assert.equal(loop.isRunning(), true);
      assert.equal(asyncio.getRunningLoop(), loop);
      loop.stop();
    });
    await loop.runForever();
    assert.equal(loop.isRunning(), false);
    assert.throws(() => asyncio.getRunningLoop(), { name: 'RuntimeError', message: 'no running event loop' });
    loop.close();
  });

  test('is ended by KeyboardInterrupt and SystemExit alone, and can run again', async () => {
    const { loop, told } = quietLoop();
    loop.callSoon(() => {
      throw new asyncio.CancelledError();
    });
    loop.callSoon(() => {
      throw new asyncio.SystemExit(4);
    });
    loop.callSoon(() => told.push('the rest ran later'));
    await assert.rejects(loop.runForever(), asyncio.SystemExit);
    assert.equal(loop.isRunning(), false);
    assert.deepEqual(told, ['Exception in callback <anonymous>()']);
    loop.callSoon(() => loop.stop());
    await loop.runForever();
    assert.equal(told.at(-1), 'the rest ran later');
    loop.close();
  });

  test('keeps tasks and timers for the next run', async () => {
    const { loop } = quietLoop();
    const task = loop.createTask(asyncio.sleep(5, 'slept'));
    loop.callLater(1, () => loop.stop());
    await loop.runForever();
    assert.equal(task.done(), false);
    assert.equal(loop.time(), 1);
    assert.equal(await loop.runUntilComplete(task), 'slept');
    assert.equal(loop.time(), 5);
    loop.close();
  });
});

suite('runUntilComplete', () => {
  test('takes everything that can be awaited', async () => {
    const { loop } = quietLoop();
    const future = loop.createFuture<string>();
    future.setResult('future');
    const generator = function* (): asyncio.Coroutine<string> {
      return 'generator';
    };
    assert.equal(await loop.runUntilComplete(future), 'future');
    assert.equal(await loop.runUntilComplete(generator()), 'generator');
    assert.equal(await loop.runUntilComplete(generator), 'generator');
    assert.equal(await loop.runUntilComplete(async () => 'async'), 'async');
    assert.equal(await loop.runUntilComplete(Promise.resolve('promise')), 'promise');
    assert.equal(await loop.runUntilComplete(asyncio.sleep(1, 'object')), 'object');
    loop.close();
  });

  test('fails as the awaitable does, and the loop runs on', async () => {
    const { loop, told } = quietLoop();
    const fail = function* (): asyncio.Coroutine<void> {
      throw new asyncio.ValueError('failed');
    };
    await assert.rejects(loop.runUntilComplete(fail()), { name: 'ValueError', message: 'failed' });
    assert.equal(await loop.runUntilComplete(asyncio.sleep(1, 'on')), 'on');
    loop.close();
    assert.deepEqual(told, []);
  });

  test('fails where the loop is stopped before', async () => {
    const { loop } = quietLoop();
    loop.callSoon(() => loop.stop());
    const task = loop.createTask(asyncio.sleep(5));
    await assert.rejects(loop.runUntilComplete(task), {
      name: 'RuntimeError',
      message: 'Event loop stopped before Future completed.',
    });
    await loop.runUntilComplete(task);
    loop.close();
  });

  test('runs the iteration in which the awaitable is done to its end', async () => {
    const { loop } = quietLoop();
    const order: string[] = [];
    await loop.runUntilComplete(function* () {
      loop.callSoon(() => order.push('same iteration as the end of the task'));
      yield* asyncio.sleep(0);
      loop.callSoon(() => order.push('next, with the stop'));
      loop.callSoon(() => loop.callSoon(() => order.push('too late')));
    });
    assert.deepEqual(order, ['same iteration as the end of the task', 'next, with the stop']);
    loop.close();
  });
});

suite('a loop that is closed', () => {
  test('refuses every kind of work', async () => {
    const { loop } = quietLoop();
    const future = loop.createFuture<void>();
    future.addDoneCallback(() => {});
    loop.close();
    assert.equal(loop.isClosed(), true);
    const closed = { name: 'RuntimeError', message: /^Event loop is closed/ };
    const work: (() => unknown)[] = [
      () => loop.callSoon(() => {}),
      () => loop.callSoonThreadsafe(() => {}),
      () => loop.callLater(1, () => {}),
      () => loop.callAt(1, () => {}),
      () => loop.createTask(asyncio.sleep(1)),
      () => loop.runForever(),
      () => loop.runUntilComplete(asyncio.sleep(1)),
      () => future.setResult(),
    ];
    for (const each of work) assert.throws(each, closed, String(each));
  });

  test('can be closed again', () => {
    const { loop } = quietLoop();
    loop.close();
    loop.close();
  });

  test('has dropped what was scheduled', async () => {
    const { loop, told } = quietLoop();
    const ran: string[] = [];
    loop.callSoon(() => ran.push('soon'));
    loop.callLater(0, () => ran.push('later'));
    loop.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([ran, told], [[], []]);
  });

  test('has told of each task that was pending', async () => {
    const { loop } = quietLoop();
    const told: asyncio.ExceptionContext[] = [];
    loop.setExceptionHandler((_loop, context) => told.push(context));
    const tasks = [loop.createTask(asyncio.sleep(1)), loop.createTask(asyncio.sleep(2))];
    loop.callSoon(() => loop.stop());
    await loop.runForever();
    loop.close();
    assert.deepEqual(
      told.map(({ message, task }) => [message, task]),
      tasks.map((task) => ['Task was destroyed but it is pending!', task]),
    );
  });

  test('cannot be closed while it runs', async () => {
    const { loop } = quietLoop();
    loop.callSoon(() => {
      assert.throws(() => loop.close(), {
        name: 'RuntimeError',
        message: 'Cannot close a running event loop: stop() it first',
      });
      loop.stop();
    });
    await loop.runForever();
    loop.close();
  });
});

suite('a loop that runs', () => {
  test('refuses to run again, and refuses another loop to run', async () => {
    const { loop } = quietLoop();
    const { loop: other } = quietLoop();
    loop.callSoon(() => {
      assert.throws(() => loop.runForever(), {
        name: 'RuntimeError',
        message: 'This event loop is already running',
      });
      assert.throws(() => loop.runUntilComplete(asyncio.sleep(1)), {
        message: 'This event loop is already running',
      });
      assert.throws(() => other.runForever(), {
        name: 'RuntimeError',
        message: 'Cannot run the event loop while another loop is running',
      });
      assert.throws(() => other.runUntilComplete(asyncio.sleep(1)), {
        message: 'Cannot run the event loop while another loop is running',
      });
      loop.stop();
    });
    await loop.runForever();
    for (const each of [loop, other]) each.close();
  });

  test('gives the host its turn though something is always ready', async () => {
    const loop = asyncio.newEventLoop();
    let spins = 0;
    let host = 0;
    const spin = () => {
      spins++;
      loop.callSoon(spin);
    };
    spin();
    setImmediate(() => host++);
    setTimeout(() => {
      host++;
      loop.stop();
    }, 1);
    await loop.runForever();
    assert.equal(host, 2);
    assert.ok(spins > 0);
    loop.close();
  });

  test('wakes for what the host schedules while it waits', async () => {
    const loop = asyncio.newEventLoop();
    const order: string[] = [];
    loop.callLater(3600, () => order.push('never'));
    setImmediate(() => {
      loop.callSoonThreadsafe(() => order.push('soon'));
      loop.callLater(0.001, () => loop.stop());
    });
    await loop.runForever();
    assert.deepEqual(order, ['soon']);
    loop.close();
  });
});
