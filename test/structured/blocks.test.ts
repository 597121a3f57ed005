/**
 * Blocks: asyncWith with managers of every make, timeouts that are moved, exit stacks. A manager is left whatever happened, sees the error, and may
 * swallow or replace it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { runVirtual } from '../../src/testing/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, property, co, style } = await inBothStyles(import.meta.url);
const { asyncWith } = asyncio;

/** A manager that writes down what happens to it. */
function manager(
  heard: string[],
  name: string,
  does: 'passes' | 'swallows' | 'replaces' | 'cannot enter' | 'cannot leave' = 'passes',
): asyncio.AsyncContextManager<string> {
  return {
    aenter: co(function* () {
      yield* asyncio.sleep(0);
      if (does === 'cannot enter') throw new asyncio.ValueError(`${name} cannot enter`);
      heard.push(`enter ${name}`);
      return name;
    }),
    aexit: co(function* (error?: unknown) {
      yield* asyncio.sleep(0);
      heard.push(`leave ${name}${error === undefined ? '' : ` with ${String(error)}`}`);
      if (does === 'cannot leave') throw new asyncio.ValueError(`${name} cannot leave`);
      if (does === 'replaces' && error !== undefined) throw new asyncio.LookupError(`${name} instead`);
      return does === 'swallows';
    }),
  };
}

scenario('a manager is entered, its value given to the body, and left', function* () {
  const heard: string[] = [];
  const result = yield* asyncWith(manager(heard, 'a'), function* (value) {
    heard.push(`body of ${value}`);
    return 7;
  });
  assert.equal(result, 7);
  assert.deepEqual(heard, ['enter a', 'body of a', 'leave a']);
});

scenario('bodies of both styles, and managers whose methods are plain promises', function* () {
  const promising: asyncio.AsyncContextManager<number> = {
    aenter: () => Promise.resolve(5),
    aexit: () => Promise.resolve(false),
  };
  assert.equal(yield* asyncWith(promising, async (value) => value + 1), 6);
  assert.equal(
    yield* asyncWith(promising, function* (value) {
      return value + 2;
    }),
    7,
  );
});

scenario('a swallowed error leaves undefined, a replaced one the other, any other passes', function* () {
  const heard: string[] = [];
  const failing = co(function* (): Generator<asyncio.Suspension, string, unknown> {
    throw new asyncio.ValueError('inner');
  });
  assert.equal(yield* asyncWith(manager(heard, 'a', 'swallows'), failing), undefined);
  assert.equal(
    String(yield* thrownBy(asyncWith(manager(heard, 'b', 'replaces'), failing))),
    'LookupError: b instead',
  );
  assert.equal(String(yield* thrownBy(asyncWith(manager(heard, 'c'), failing))), 'ValueError: inner');
  assert.ok(heard.includes('leave c with ValueError: inner'));
});

scenario('what cannot be entered is not left', function* () {
  const heard: string[] = [];
  const block = asyncWith(manager(heard, 'a', 'cannot enter'), function* () {});
  assert.equal(String(yield* thrownBy(block)), 'ValueError: a cannot enter');
  assert.deepEqual(heard, []);
});

scenario('disposables are managers too', function* () {
  const heard: string[] = [];
  const sync = { name: 'sync', [Symbol.dispose]: () => void heard.push('disposed') };
  const late = {
    name: 'async',
    [Symbol.asyncDispose]: () => asyncio.sleep(1).then(() => void heard.push('disposed later')),
  };
  yield* asyncWith(sync, function* (value) {
    assert.equal(value, sync);
  });
  yield* asyncWith(late, function* (value) {
    assert.equal(value.name, 'async');
  });
  const failing = asyncWith(late, function* () {
    throw new asyncio.ValueError('passes');
  });
  assert.equal(String(yield* thrownBy(failing)), 'ValueError: passes');
  assert.deepEqual(heard, ['disposed', 'disposed later', 'disposed later']);
});

scenario('a cancellation in the body is told to the manager, which may take its time', function* ({ loop }) {
  const heard: string[] = [];
  const slow: asyncio.AsyncContextManager<void> = {
    aenter: co(function* () {}),
    aexit: co(function* (error?: unknown) {
      yield* asyncio.sleep(2);
      heard.push(`${String(error)} at ${loop.time()}`);
    }),
  };
  const task = asyncio.createTask(
    co(function* () {
      yield* asyncWith(slow, function* () {
        yield* asyncio.sleep(60);
      });
    })(),
  );
  yield* asyncio.sleep(1);
  task.cancel('stop');
  assert.equal(String(yield* thrownBy(task)), 'CancelledError: stop');
  assert.deepEqual(heard, ['CancelledError: stop at 3']);
});

type Layer = 'passes' | 'swallows' | 'replaces' | 'cannot leave';
const layers = fc.array(fc.constantFrom<Layer>('passes', 'swallows', 'replaces', 'cannot leave'), {
  maxLength: 5,
});

property(
  'an exit stack does what nested blocks would do',
  fc.tuple(layers, fc.boolean()),
  function* (_scene, [kinds, fails]) {
    const inside = co(function* () {
      if (fails) throw new asyncio.ValueError('inside');
      return 'result';
    });
    const nested: string[] = [];
    const nest = co(function* (depth: number): Generator<asyncio.Suspension, string, unknown> {
      const kind = kinds[depth];
      if (kind === undefined) return yield* inside();
      return yield* asyncWith(manager(nested, String(depth), kind), function* () {
        return yield* nest(depth + 1);
      });
    });
    const stacked: string[] = [];
    const stack = co(function* () {
      return yield* asyncWith(new asyncio.AsyncExitStack(), function* (exits) {
        for (const [depth, kind] of kinds.entries())
          yield* exits.enterAsyncContext(manager(stacked, String(depth), kind));
        return yield* inside();
      });
    });
    const outcome = co(function* (block: () => asyncio.Awaitable<unknown>) {
      try {
        // In Python a block has no value, so only how it ended is compared.
        yield* block();
        return 'ended';
      } catch (error) {
        return String(error);
      }
    });
    const wanted = yield* outcome(() => asyncio.coroutine(nest)(0));
    assert.equal(yield* outcome(() => asyncio.coroutine(stack)()), wanted);
    assert.deepEqual(stacked, nested);
  },
);

scenario('an exit stack takes callbacks and exits of every kind, and leaves in reverse', function* () {
  const heard: string[] = [];
  const stack = new asyncio.AsyncExitStack();
  const add = (text: string) => heard.push(text);
  const addLater = co(function* (text: string) {
    yield* asyncio.sleep(1);
    heard.push(text);
  });
  assert.equal(stack.pushAsyncCallback(add, 'plain'), add);
  stack.pushAsyncCallback(addLater, 'coroutine');
  stack.pushAsyncCallback(async (text: string) => void heard.push(text), 'async function');
  stack.pushAsyncExit((error?: unknown) => void heard.push(`exit with ${String(error)}`));
  const entered = manager(heard, 'pushed');
  assert.equal(stack.pushAsyncExit(entered), entered);
  yield* stack.aclose();
  assert.deepEqual(heard, ['leave pushed', 'exit with undefined', 'async function', 'coroutine', 'plain']);
  yield* stack.aclose();
  assert.equal(heard.length, 5);
});

scenario('popAll hands everything to another stack', function* () {
  const heard: string[] = [];
  let kept: asyncio.AsyncExitStack | undefined;
  yield* asyncWith(new asyncio.AsyncExitStack(), function* (stack) {
    yield* stack.enterAsyncContext(manager(heard, 'a'));
    kept = stack.popAll();
  });
  assert.deepEqual(heard, ['enter a']);
  yield* (kept as asyncio.AsyncExitStack).aclose();
  assert.deepEqual(heard, ['enter a', 'leave a']);
});

scenario('a timeout can be moved, shown, and told to be none', function* ({ loop }) {
  const limit = asyncio.timeout(5);
  assert.equal(String(limit), '<Timeout [created]>');
  yield* asyncWith(limit, function* (same) {
    assert.equal(same, limit);
    assert.equal(limit.when(), 5);
    assert.equal(String(limit), '<Timeout [active] when=5.000>');
    limit.reschedule(null);
    yield* asyncio.sleep(10);
    limit.reschedule(loop.time() + 10);
    yield* asyncio.sleep(9);
  });
  assert.equal(limit.expired(), false);
  assert.equal(String(limit), '<Timeout [finished]>');
  assert.throws(() => limit.reschedule(30), { message: 'Cannot change state of finished Timeout' });
  assert.match(
    String(yield* thrownBy(asyncWith(limit, function* () {}))),
    /^RuntimeError: Timeout has already been entered/,
  );
  const past = asyncio.timeoutAt(0);
  const block = asyncWith(past, function* () {
    yield* asyncio.sleep(0);
    yield* asyncio.sleep(0);
  });
  assert.ok((yield* thrownBy(block)) instanceof asyncio.TimeoutError);
  assert.equal(past.expired(), true);
  assert.equal(String(past), '<Timeout [expired]>');
});

scenario('a timeout without end never comes', function* ({ loop }) {
  yield* asyncWith(asyncio.timeout(Infinity), function* () {
    yield* asyncio.sleep(1e6);
  });
  assert.equal(loop.time(), 1e6);
});

scenario('an error that the expiry has caused says so, also inside of a group', function* () {
  const convert = co(function* () {
    try {
      yield* asyncio.sleep(60);
    } catch (error) {
      throw new asyncio.ValueError('converted', { cause: error });
    }
  });
  const block = asyncWith(asyncio.timeout(1), function* () {
    yield* convert();
  });
  const error = yield* thrownBy(block);
  assert.ok(error instanceof asyncio.ValueError);
  assert.ok(error.cause instanceof asyncio.TimeoutError);
  assert.ok(error.cause.cause instanceof asyncio.CancelledError);
});

if (style === 'generator') {
  test('await using closes an exit stack in an async function', () =>
    runVirtual(async () => {
      const heard: string[] = [];
      {
        await using stack = new asyncio.AsyncExitStack();
        stack.pushAsyncCallback(async () => {
          await asyncio.sleep(1);
          heard.push('closed');
        });
        heard.push('in the block');
      }
      assert.deepEqual(heard, ['in the block', 'closed']);
    }));
}
