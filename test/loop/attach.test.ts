/** `attach`: awaitables anywhere in a process that has its own life. Each program runs in a process of its own. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runProgram } from '../child.ts';

suite('an attached loop', () => {
  test('lets awaitables work anywhere, each await in a task of its own', async () => {
    const { status, stdout, stderr } = await runProgram(`
      const loop = asyncio.attach();
      console.log(loop === asyncio.attach(), loop.isRunning(), loop === asyncio.getRunningLoop());
      setTimeout(async () => {
        console.log(await asyncio.sleep(0.001, 'in a timer'), asyncio.currentTask());
      }, 1);
      const queue = new asyncio.Queue();
      setImmediate(async () => { await queue.put('item'); });
      console.log(await queue.get());
      const task = asyncio.createTask(function* () { yield* asyncio.sleep(0.005); return asyncio.currentTask() === task; });
      console.log(await task);
      console.log(await asyncio.gather(asyncio.sleep(0, 1), async () => 2));
    `);
    assert.equal(stderr, '');
    assert.equal(stdout, 'true true true\nitem\nin a timer null\ntrue\n[ 1, 2 ]\n');
    assert.equal(status, 0);
  });

  test('does not keep the process alive, but what it waits for does', async () => {
    const { status, stdout } = await runProgram(`
      asyncio.attach();
      asyncio.createTask(function* () {
        yield* asyncio.sleep(0.01);
        console.log('the timer was waited for');
        yield* new asyncio.Event().wait();
        console.log('never');
      });
    `);
    assert.deepEqual([status, stdout], [0, 'the timer was waited for\n']);
  });

  test('hands errors to whoever awaits, and lost ones to the handler of the loop', async () => {
    const { status, stdout, stderr } = await runProgram(`
      const loop = asyncio.attach();
      loop.setExceptionHandler((_loop, { message, exception }) => console.log(message, String(exception)));
      const fail = async (text) => { await asyncio.sleep(0); throw new asyncio.ValueError(text); };
      await asyncio.createTask(() => fail('awaited')).catch((error) => console.log(String(error)));
      loop.callSoon(() => { throw new asyncio.ValueError('in a callback'); });
      await asyncio.sleep(0.001);
    `);
    assert.equal(stderr, '');
    assert.equal(
      stdout,
      'ValueError: awaited\nException in callback <anonymous>() ValueError: in a callback\n',
    );
    assert.equal(status, 0);
  });

  test('is detached by stop(), and can be attached again', async () => {
    const { status, stdout, stderr } = await runProgram(`
      const first = asyncio.attach();
      await asyncio.sleep(0);
      first.stop();
      await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(first.isRunning(), first.isClosed());
      await asyncio.sleep(0).catch((error) => console.log(error.message));
      const second = asyncio.attach();
      console.log(second !== first, await asyncio.sleep(0, 'works again'));
    `);
    assert.equal(stderr, '');
    assert.equal(
      stdout,
      'false true\nno running event loop: await inside asyncio.run(), or call asyncio.attach() once in this process\n' +
        'true works again\n',
    );
    assert.equal(status, 0);
  });

  test('refuses run(), which would need a loop of its own', async () => {
    const { stdout } = await runProgram(`
      asyncio.attach();
      try { asyncio.run(async () => {}); } catch (error) { console.log(error.name, error.message); }
    `);
    assert.equal(stdout, 'RuntimeError asyncio.run() cannot be called from a running event loop\n');
  });

  test('tells of an exit that a task asked for', async () => {
    const { stdout, stderr } = await runProgram(`
      const loop = asyncio.attach();
      loop.setExceptionHandler((_loop, { message, exception }) => console.log(message, String(exception)));
      asyncio.createTask(function* () { throw new asyncio.SystemExit(3); });
      await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(loop.isClosed());
    `);
    assert.equal(stderr, '');
    assert.match(stdout, /^The attached loop was ended by an error SystemExit: 3$/m);
    assert.match(stdout, /true\n$/);
  });
});
