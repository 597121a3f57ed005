/** Signals: handlers of a loop, and iterators over them. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { thrownBy } from '../both-styles.ts';
import { until, withProcesses } from './kit.ts';

const { scenario, co } = await withProcesses(import.meta.url);

function raise(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

scenario('a handler runs in the loop, with its arguments, each time the signal comes', function* ({ loop }) {
  const heard: unknown[] = [];
  const come = loop.createFuture<void>();
  const handler = (...args: unknown[]) => {
    heard.push(args, asyncio.getRunningLoop() === loop, asyncio.currentTask());
    if (heard.length === 6) come.setResult(undefined);
    else raise('SIGALRM');
  };
  loop.addSignalHandler('SIGALRM', handler, 1, 'two');
  raise('SIGALRM');
  assert.deepEqual(heard, []);
  yield* come;
  assert.deepEqual(heard, [[1, 'two'], true, null, [1, 'two'], true, null]);
  assert.equal(loop.removeSignalHandler('SIGALRM'), true);
  assert.equal(process.listenerCount('SIGALRM'), 0);
});

scenario('a handler runs in the context in which it was added', function* ({ loop }) {
  const variable = new asyncio.ContextVar<string>('variable', { default: 'none' });
  const come = loop.createFuture<string>();
  const token = variable.set('added');
  loop.addSignalHandler('SIGALRM', () => come.setResult(variable.get()));
  variable.reset(token);
  raise('SIGALRM');
  assert.equal(yield* come, 'added');
  loop.removeSignalHandler('SIGALRM');
});

scenario('a second handler takes the place of the first', function* ({ loop }) {
  const come = loop.createFuture<string>();
  loop.addSignalHandler('SIGALRM', () => come.setResult('first'));
  loop.addSignalHandler('SIGALRM', () => come.setResult('second'));
  raise('SIGALRM');
  assert.equal(yield* come, 'second');
  assert.equal(loop.removeSignalHandler('SIGALRM'), true);
  assert.equal(loop.removeSignalHandler('SIGALRM'), false);
});

scenario('a handler that fails is reported, and stays', function* ({ loop, reports }) {
  let count = 0;
  loop.addSignalHandler('SIGALRM', () => {
    count++;
    throw new asyncio.ValueError('no');
  });
  raise('SIGALRM');
  yield* until(() => count === 1);
  raise('SIGALRM');
  yield* until(() => count === 2);
  const messages = reports().map(({ exception }) => String(exception));
  assert.deepEqual(messages, ['ValueError: no', 'ValueError: no']);
  loop.removeSignalHandler('SIGALRM');
});

scenario('signals that cannot be handled are refused as in Python', function* ({ loop }) {
  for (const signal of ['SIGKILL', 'SIGSTOP', 9] as const) {
    assert.throws(() => loop.addSignalHandler(signal, () => {}), asyncio.RuntimeError);
    assert.throws(() => loop.addSignalHandler(signal, () => {}), /sig (9|19) cannot be caught/);
    assert.equal(loop.removeSignalHandler(signal), false);
  }
  for (const signal of ['boom', 0, -1, 65, 1.5, Number.NaN] as const) {
    assert.throws(() => loop.addSignalHandler(signal as 'SIGHUP', () => {}), asyncio.ValueError);
    assert.throws(() => loop.removeSignalHandler(signal as 'SIGHUP'), asyncio.ValueError);
    assert.throws(() => asyncio.signals(signal as 'SIGHUP'), asyncio.ValueError);
  }
  assert.throws(() => loop.addSignalHandler(null as never, () => {}), TypeError);
  assert.throws(() => loop.addSignalHandler('SIGALRM', null as never), /a callable object was expected/);
  assert.throws(
    () => loop.addSignalHandler('SIGALRM', async () => {}),
    /coroutines cannot be used with addSignalHandler\(\)/,
  );
  assert.throws(() => asyncio.signals(), asyncio.ValueError);
  assert.throws(() => asyncio.signals('SIGALRM', 'SIGKILL'), asyncio.RuntimeError);
  assert.equal(process.listenerCount('SIGALRM'), 0);
});

scenario('signals are iterated in the order in which they come, and no longer than the loop', function* () {
  const heard: string[] = [];
  const source = asyncio.signals('SIGALRM', 'SIGHUP');
  raise('SIGALRM');
  yield* asyncio.asyncFor(source, (signal) => {
    heard.push(signal);
    if (heard.length === 3) return asyncio.BREAK;
    raise(heard.length === 1 ? 'SIGHUP' : 'SIGALRM');
    return undefined;
  });
  assert.deepEqual(heard, ['SIGALRM', 'SIGHUP', 'SIGALRM']);
  assert.deepEqual([process.listenerCount('SIGALRM'), process.listenerCount('SIGHUP')], [0, 0]);
  assert.equal((yield* source.next()).done, true);
});

scenario('signals go to the handler and to every iterator', function* ({ loop }) {
  const come = loop.createFuture<void>();
  loop.addSignalHandler('SIGALRM', () => come.setResult(undefined));
  const [first, second] = [asyncio.signals('SIGALRM'), asyncio.signals('SIGALRM')];
  raise('SIGALRM');
  const answers = yield* asyncio.gather(first.next(), second.next(), come);
  assert.deepEqual(
    answers.map((answer) => (answer as IteratorResult<string> | undefined)?.value),
    ['SIGALRM', 'SIGALRM', undefined],
  );
  first.close();
  loop.removeSignalHandler('SIGALRM');
  assert.equal(process.listenerCount('SIGALRM'), 1);
  second[Symbol.dispose]();
  assert.equal(process.listenerCount('SIGALRM'), 0);
});

scenario(
  'a wait for a signal that is cancelled loses none, and one whose iterator is closed ends',
  function* () {
    const source = asyncio.signals('SIGALRM');
    const task = asyncio.createTask(source.next());
    yield* asyncio.sleep(0);
    task.cancel();
    assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    raise('SIGALRM');
    assert.deepEqual(yield* source.next(), { done: false, value: 'SIGALRM' });
    const close = co(function* () {
      yield* asyncio.sleep(0);
      source.close();
    });
    const [answer] = yield* asyncio.gather(source.next(), close());
    assert.equal(answer.done, true);
  },
);
