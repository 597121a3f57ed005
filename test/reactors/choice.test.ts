/** Which reactor a loop gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../child.ts';
import { noEpoll } from './kit.ts';

const TELL = "const loop = asyncio.newEventLoop(); console.log('it is', loop._reactor.name); loop.close();";

async function said(code: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, stderr } = await runProgram(code, { ASYNCIO_REACTOR: '', ASYNCIO_DEBUG: '', ...env });
  return stdout + stderr;
}

/** Koffi cannot be had. */
const WITHOUT = `
  import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('there is no koffi'); return next(name, context); } });`;

test('epoll, where it can be had', { skip: noEpoll }, async () => {
  assert.match(await said(TELL, {}), /^it is epoll\n$/);
});

test('the one that ASYNCIO_REACTOR names', { skip: noEpoll }, async () => {
  assert.match(await said(TELL, { ASYNCIO_REACTOR: 'libuv' }), /^it is libuv\n$/);
  assert.match(await said(TELL, { ASYNCIO_REACTOR: 'epoll' }), /^it is epoll\n$/);
  assert.match(
    await said(TELL, { ASYNCIO_REACTOR: 'kqueue' }),
    /ValueError: ASYNCIO_REACTOR must be 'epoll' or 'libuv', not "kqueue"/,
  );
});

test('libuv without koffi: silently, told in debug mode, an error where epoll was asked for', {
  skip: noEpoll,
}, async () => {
  assert.match(await said(WITHOUT + TELL, {}), /^it is libuv\n$/);
  const debug = await said(WITHOUT + TELL, { ASYNCIO_DEBUG: '1' });
  assert.match(debug, /it is libuv/);
  assert.match(debug, /RuntimeWarning: the libuv reactor is used: .*npm install koffi.*there is no koffi/);
  const forced = await said(WITHOUT + TELL, { ASYNCIO_REACTOR: 'epoll' });
  assert.match(
    forced,
    /RuntimeError: ASYNCIO_REACTOR=epoll: the epoll reactor could not be made.*there is no koffi/,
  );
});

test('libuv in worker threads', { skip: noEpoll }, async () => {
  const index = new URL('../../src/index.ts', import.meta.url).href;
  const inWorker = (rest: string) => `
    import { Worker } from 'node:worker_threads';
    new Worker(${JSON.stringify(`import('${index}').then((asyncio) => { ${TELL} ${rest} })`)}, { eval: true });`;
  assert.match(await said(inWorker(''), {}), /it is libuv/);
  assert.match(
    await said(inWorker(''), { ASYNCIO_REACTOR: 'epoll' }),
    /RuntimeError\]?: ASYNCIO_REACTOR=epoll: a worker thread/,
  );
});

test('nothing of koffi is loaded before a loop is made', { skip: noEpoll }, async () => {
  const code =
    "console.log(process.report.getReport().sharedObjects.some((path) => path.includes('koffi')));";
  assert.match(await said(code, {}), /^false\n$/);
});
