/**
 * Ctrl-C and its kin, in processes of their own: the first one cancels the main task, which may clean up; the second one ends the process at
 * once; nothing of it outlives the run.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Child, runProgram } from '../child.ts';

const unix = { skip: process.platform === 'win32' && 'signals cannot be sent to processes on Windows' };

/** A main that says when it is ready, and cleans up when it is cancelled. */
const MAIN: Readonly<Record<string, string>> = {
  'a generator': `
    const main = function* () {
      try { console.log('ready'); yield* asyncio.sleep(3600); }
      finally { yield* asyncio.sleep(0.001); console.log('cleaned up'); }
    };`,
  'an async function': `
    const main = async () => {
      try { console.log('ready'); await asyncio.sleep(3600); }
      finally { await asyncio.sleep(0.001); console.log('cleaned up'); }
    };`,
};

/** Tell the class of the error, and end with 130 where it is a KeyboardInterrupt. */
const REPORT = `
  .catch((error) => {
    console.log(error.name, error.message);
    process.exitCode = error instanceof asyncio.KeyboardInterrupt ? 130 : 1;
  })`;

suite('one SIGINT', unix, () => {
  for (const [what, main] of Object.entries(MAIN)) {
    test(`cancels ${what}, which cleans up, and becomes a KeyboardInterrupt`, async () => {
      const child = new Child(`${main} await asyncio.run(main)${REPORT};`);
      await child.says('ready');
      child.kill('SIGINT');
      const { status, stdout } = await child.ended();
      assert.equal(stdout, 'ready\ncleaned up\nKeyboardInterrupt SIGINT\n');
      assert.equal(status, 130);
    });
  }

  test('that nobody catches ends the process with the error', async () => {
    const child = new Child(`${MAIN['a generator']} await asyncio.run(main);`);
    await child.says('ready');
    child.kill('SIGINT');
    const { status, stderr } = await child.ended();
    assert.notEqual(status, 0);
    assert.match(stderr, /KeyboardInterrupt/);
  });

  test('cancels what the main task waits for, and the tasks that are left', async () => {
    const child = new Child(`
      const work = asyncio.coroutine(function* (name) {
        try { yield* asyncio.sleep(3600); } finally { console.log(name, 'ends'); }
      });
      await asyncio.run(function* () {
        asyncio.createTask(work('left over'));
        const inner = asyncio.createTask(work('awaited'));
        yield* asyncio.sleep(0);
        console.log('ready');
        yield* inner;
      })${REPORT};
    `);
    await child.says('ready');
    child.kill('SIGINT');
    const { stdout } = await child.ended();
    assert.equal(stdout, 'ready\nawaited ends\nleft over ends\nKeyboardInterrupt SIGINT\n');
  });

  test('that the main task swallows lets it go on to its result', async () => {
    const child = new Child(`
      const result = await asyncio.run(function* () {
        try { console.log('ready'); yield* asyncio.sleep(3600); } catch (error) { console.log(error.name); }
        return 'went on';
      });
      console.log(result);
    `);
    await child.says('ready');
    child.kill('SIGINT');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [0, 'ready\nCancelledError\nwent on\n']);
  });

  test('is left to the program where it has a handler of its own', async () => {
    const child = new Child(`
      process.on('SIGINT', () => console.log('mine'));
      await asyncio.run(function* () {
        const event = new asyncio.Event();
        process.on('SIGINT', () => event.set());
        const waiting = asyncio.createTask(event.wait());
        yield* asyncio.sleep(0);
        console.log('ready');
        yield* asyncio.waitFor(waiting, 3600);
        console.log('went on');
      });
      process.exit(0);
    `);
    await child.says('ready');
    child.kill('SIGINT');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [0, 'ready\nmine\nwent on\n']);
  });

  test('of another run of the same runner cancels that one alone', async () => {
    const child = new Child(`
      const runner = new asyncio.Runner();
      const wait = function* () { console.log('ready', count++); yield* asyncio.sleep(3600); };
      let count = 0;
      for (let i = 0; i < 2; i++) await runner.run(wait)${REPORT};
      console.log(await runner.run(async () => 'third'));
      await runner.close();
      console.log(process.listenerCount('SIGINT'), 'listeners');
    `);
    for (let i = 0; i < 2; i++) {
      await child.says(`ready ${i}`);
      child.kill('SIGINT');
    }
    const { stdout } = await child.ended();
    const interrupted = 'KeyboardInterrupt SIGINT';
    assert.equal(stdout, `ready 0\n${interrupted}\nready 1\n${interrupted}\nthird\n0 listeners\n`);
  });
});

suite('a second SIGINT', unix, () => {
  test('ends a process whose clean-up takes too long, with 130', async () => {
    const child = new Child(`
      await asyncio.run(function* () {
        try { console.log('ready'); yield* asyncio.sleep(3600); }
        finally { console.log('cleaning'); yield* asyncio.sleep(3600); console.log('never'); }
      });
    `);
    await child.says('ready');
    child.kill('SIGINT');
    await child.says('cleaning');
    child.kill('SIGINT');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [130, 'ready\ncleaning\n']);
  });
});

suite('SIGTERM', unix, () => {
  const program = (options: string) => `
    await asyncio.run(function* () {
      try { console.log('ready'); yield* asyncio.sleep(3600); } finally { console.log('cleaned up'); }
    }, ${options})${REPORT};
  `;

  test('ends the process as always, where nobody asked for it', async () => {
    const child = new Child(program('{}'));
    await child.says('ready');
    child.kill('SIGTERM');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], ['SIGTERM', 'ready\n']);
  });

  test('cancels the main task as SIGINT does, where it is asked for', async () => {
    const child = new Child(program('{ handleSigterm: true }'));
    await child.says('ready');
    child.kill('SIGTERM');
    const { stdout } = await child.ended();
    assert.equal(stdout, 'ready\ncleaned up\nKeyboardInterrupt SIGTERM\n');
  });

  test('the second time ends the process with 143', async () => {
    const child = new Child(`
      await asyncio.run(async () => {
        try { console.log('ready'); await asyncio.sleep(3600); }
        finally { console.log('cleaning'); await asyncio.sleep(3600); }
      }, { handleSigterm: true });
    `);
    await child.says('ready');
    child.kill('SIGTERM');
    await child.says('cleaning');
    child.kill('SIGTERM');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [143, 'ready\ncleaning\n']);
  });
});

suite('after a run', unix, () => {
  test('no listener is left, whether it ended well or not', async () => {
    const { stdout } = await runProgram(`
      const options = { handleSigterm: true };
      await asyncio.run(async () => console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')), options);
      await asyncio.run(function* () { throw new asyncio.ValueError('x'); }, options).catch(() => {});
      console.log(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
    `);
    assert.equal(stdout, '1 1\n0 0\n');
  });
});
