/** Programs that take signals: what keeps them alive, who takes Ctrl-C, and what a signal does when nobody wants it any more. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Child, runProgram } from '../child.ts';

suite('a program', () => {
  test('that waits for a signal alone is no deadlock, and goes on when it comes', async () => {
    const child = new Child(`
      await asyncio.run(async () => {
        const loop = asyncio.getRunningLoop();
        const stop = new asyncio.Event();
        loop.addSignalHandler('SIGTERM', () => stop.set());
        console.log('ready');
        await stop.wait();
        console.log('stopped');
      });`);
    await child.says('ready');
    child.kill('SIGTERM');
    const { status, stdout, stderr } = await child.ended();
    assert.deepEqual([status, stdout, stderr], [0, 'ready\nstopped\n', '']);
  });

  test('can take Ctrl-C away from run(), and give it back', async () => {
    const child = new Child(`
      await asyncio.run(async () => {
        const loop = asyncio.getRunningLoop();
        const come = loop.createFuture();
        loop.addSignalHandler('SIGINT', () => come.setResult('mine'));
        console.log('ready');
        console.log(await come);
        loop.removeSignalHandler('SIGINT');
        const busy = setInterval(() => {}, 1000);
        console.log('again');
        await loop.createFuture().finally(() => console.log('cancelled'));
      }).catch((error) => console.log(error.name));
      process.exit();`);
    await child.says('ready');
    child.kill('SIGINT');
    await child.says('again');
    child.kill('SIGINT');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [0, 'ready\nmine\nagain\ncancelled\nKeyboardInterrupt\n']);
  });

  test('takes SIGTERM and SIGINT from an iterator in for await', async () => {
    const child = new Child(`
      await asyncio.run(async () => {
        const seen = [];
        const source = asyncio.signals('SIGTERM', 'SIGINT');
        console.log('ready');
        for await (const signal of source) {
          console.log(signal);
          seen.push(signal);
          if (seen.length === 2) break;
        }
      }, { handleSigterm: true });`);
    await child.says('ready');
    child.kill('SIGINT');
    await child.says('SIGINT');
    child.kill('SIGTERM');
    const { status, stdout } = await child.ended();
    assert.deepEqual([status, stdout], [0, 'ready\nSIGINT\nSIGTERM\n']);
  });

  test('is ended by a signal whose handler was removed', async () => {
    const child = new Child(`
      await asyncio.run(async () => {
        const loop = asyncio.getRunningLoop();
        loop.addSignalHandler('SIGTERM', () => {});
        loop.removeSignalHandler('SIGTERM');
        setInterval(() => {}, 1000);
        console.log('ready');
        await loop.createFuture();
      });`);
    await child.says('ready');
    child.kill('SIGTERM');
    assert.equal((await child.ended()).status, 'SIGTERM');
  });

  test('cannot handle signals in a worker thread', async () => {
    const ended = await runProgram(`
      import { isMainThread, Worker } from 'node:worker_threads';
      const code = 'const asyncio = await import(' + JSON.stringify(import.meta.resolve('${new URL('../../src/index.ts', import.meta.url).href}')) + ');' +
        'await asyncio.run(async () => { try { asyncio.getRunningLoop().addSignalHandler("SIGTERM", () => {}); } catch (error) { console.log(String(error)); } });';
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(code)));`);
    assert.equal(
      ended.stdout,
      'RuntimeError: signals can be handled in the main thread only\n',
      ended.stderr,
    );
  });
});
