/**
 * What becomes of errors that nobody else can take: the handler of one's own, the handler that fails, and what is printed without one.
 */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

/** A loop whose prints are kept. */
function quiet(t: TestContext, options: { debug?: boolean } = {}) {
  const print = t.mock.method(console, 'error', () => {});
  const loop = newVirtualLoop(options);
  t.after(() => loop.close());
  const printed = () => print.mock.calls.map(({ arguments: values }) => values as unknown[]);
  return { loop, printed };
}

function failing(): never {
  throw new asyncio.ValueError('in a callback');
}

const done = function* (): asyncio.Coroutine<void> {
  yield* asyncio.sleep(1);
};

suite('the exception handler', () => {
  test('is given the loop and what is known', async (t) => {
    const { loop, printed } = quiet(t);
    const told: unknown[][] = [];
    const handler: asyncio.ExceptionHandler = (...args) => told.push(args);
    assert.equal(loop.getExceptionHandler(), null);
    loop.setExceptionHandler(handler);
    assert.equal(loop.getExceptionHandler(), handler);
    const handle = loop.callSoon(failing);
    await loop.runUntilComplete(done());
    assert.equal(told.length, 1);
    const [owner, context] = told[0] as [unknown, asyncio.ExceptionContext];
    assert.equal(owner, loop);
    assert.equal(context.message, 'Exception in callback failing()');
    assert.equal(String(context.exception), 'ValueError: in a callback');
    assert.equal(context.handle, handle);
    assert.deepEqual(printed(), []);
  });

  test('is told of callbacks of every kind that fail, and those after them run', async (t) => {
    const { loop } = quiet(t);
    const told: string[] = [];
    let after = 0;
    loop.setExceptionHandler((_loop, { message }) => told.push(message));
    const future = loop.createFuture<number>();
    future.addDoneCallback(failing);
    future.addDoneCallback(() => after++);
    loop.callSoon(failing);
    loop.callLater(0.5, failing);
    loop.callSoon(() => after++);
    future.setResult(1);
    await loop.runUntilComplete(done());
    assert.equal(after, 2);
    assert.deepEqual(told, [
      'Exception in callback failing()',
      'Exception in callback failing(<Future finished result=1>)',
      'Exception in callback failing()',
    ]);
  });

  test('that fails is told of with what it was told', async (t) => {
    const { loop, printed } = quiet(t);
    loop.setExceptionHandler(() => {
      throw new TypeError('the handler fails');
    });
    loop.callSoon(failing);
    await loop.runUntilComplete(done());
    assert.equal(printed().length, 1);
    const [text] = printed()[0] as [string];
    assert.match(
      text,
      /^Unhandled error in exception handler\ncontext: \n {2}Exception in callback failing\(\)\n/,
    );
    assert.match(text, /\n {2}ValueError: in a callback\n/);
    assert.match(text, /\nTypeError: the handler fails\n {4}at /);
  });

  test('can be called by hand, with anything', (t) => {
    const { loop } = quiet(t);
    const told: asyncio.ExceptionContext[] = [];
    loop.setExceptionHandler((_loop, context) => told.push(context));
    loop.callExceptionHandler({ message: 'look', weather: 'fine' });
    assert.deepEqual(told, [{ message: 'look', weather: 'fine' }]);
  });

  test('may end the program', async (t) => {
    const { loop } = quiet(t);
    loop.setExceptionHandler(() => {
      throw new asyncio.SystemExit(3);
    });
    loop.callSoon(failing);
    await assert.rejects(
      loop.runForever(),
      (error) => error instanceof asyncio.SystemExit && error.code === 3,
    );
  });

  test('can be taken away', async (t) => {
    const { loop, printed } = quiet(t);
    loop.setExceptionHandler(() => assert.fail('it was taken away'));
    loop.setExceptionHandler(null);
    loop.callSoon(failing);
    await loop.runUntilComplete(done());
    assert.equal(printed().length, 1);
  });

  test('must be a function', (t) => {
    const { loop } = quiet(t);
    assert.throws(() => loop.setExceptionHandler(5 as never), {
      name: 'TypeError',
      message: 'A callable object or null is expected, got 5',
    });
  });
});

suite('the default handler prints', () => {
  test('the message, what is known in alphabetical order, and the error with its stack', async (t) => {
    const { loop, printed } = quiet(t);
    loop.callSoon(failing);
    await loop.runUntilComplete(done());
    const [[text]] = printed() as [[string]];
    assert.match(
      text,
      /^Exception in callback failing\(\)\nhandle: <Handle failing\(\)>\nValueError: in a callback\n {4}at failing .*error-reports\.test\.ts:\d+:\d+\)$/,
    );
  });

  test('the message alone where there is no error', (t) => {
    const { loop, printed } = quiet(t);
    const future = loop.createFuture<number>();
    loop.callExceptionHandler({ message: 'Odd', zebra: [1, 2], future, ape: 'x' });
    assert.deepEqual(printed(), [['Odd\nape: "x"\nfuture: <Future pending>\nzebra: <array of 2>']]);
    loop.callExceptionHandler({ message: '' });
    assert.deepEqual(printed()[1], ['Unhandled exception in event loop']);
  });

  test('where the callback was scheduled, in debug mode', async (t) => {
    const { loop, printed } = quiet(t, { debug: true });
    loop.callSoon(failing);
    await loop.runUntilComplete(done());
    const [[text]] = printed() as [[string]];
    assert.match(text, /\ncreated at\n +at .*error-reports\.test\.ts:\d+:\d+/);
    assert.match(text, /\nhandle: <Handle failing\(\) created at /);
  });

  test('though a value cannot be shown, or a subclass fails', async (t) => {
    const { loop, printed } = quiet(t);
    const broken = {
      toString(): string {
        throw new Error('cannot be shown');
      },
    };
    loop.callExceptionHandler({ message: 'Odd', broken });
    assert.equal(printed().length, 1);
    class Fussy extends asyncio.EventLoop {
      override defaultExceptionHandler(): void {
        throw new Error('fussy');
      }
    }
    const fussy = new Fussy();
    fussy.callExceptionHandler({ message: 'Odd' });
    assert.equal(printed()[1]?.[0], 'Exception in default exception handler');
    fussy.close();
  });
});
