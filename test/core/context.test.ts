/**
 * Context variables, after PEP 567: each task has its own, callbacks inherit, copies go apart, tokens take back once.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);
const { ContextVar, Token, copyContext } = asyncio;

function messageOf(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
}

scenario('a variable gives its value, else the fallback, else its default, else it fails', function* () {
  const bare = new ContextVar<number | undefined>('bare');
  assert.equal(bare.get(7), 7);
  assert.equal(bare.get(undefined), undefined);
  assert.equal(
    messageOf(() => bare.get()),
    "LookupError: <ContextVar name='bare'>: has no value in this context; set one, or give the variable a default",
  );
  bare.set(undefined);
  assert.equal(bare.get(7), undefined, 'undefined is a value as any other');
  const withDefault = new ContextVar<number | undefined>('with', { default: undefined });
  assert.equal(withDefault.get(), undefined);
  assert.equal(withDefault.get(3), 3, 'a fallback comes before the default');
  assert.equal(bare.name, 'bare');
});

scenario('a token takes the value back, once, in its own context, and for its own variable', function* () {
  const variable = new ContextVar<string>('variable');
  const other = new ContextVar<string>('other');
  const first = variable.set('one');
  const second = variable.set('two');
  assert.equal(first.oldValue, Token.MISSING);
  assert.equal(second.oldValue, 'one');
  assert.equal(second.var, variable);
  assert.match(
    messageOf(() => other.reset(second)),
    /^ValueError: <Token var=<ContextVar name='variable'>> was created by a different ContextVar$/,
  );
  assert.match(
    messageOf(() => copyContext().run(() => variable.reset(second))),
    /^ValueError: .* was created in a different Context$/,
  );
  variable.reset(second);
  assert.equal(variable.get(), 'one');
  assert.match(
    messageOf(() => variable.reset(second)),
    /^RuntimeError: .* has already been used once$/,
  );
  variable.reset(first);
  assert.equal(variable.get('none'), 'none');
});

scenario('a token takes the value back at the end of a using block', function* () {
  const variable = new ContextVar<string>('variable', { default: 'outside' });
  {
    using token = variable.set('inside');
    assert.equal(token.oldValue, Token.MISSING);
    assert.equal(variable.get(), 'inside');
    yield* asyncio.sleep(1);
    assert.equal(variable.get(), 'inside');
  }
  assert.equal(variable.get(), 'outside');
});

scenario('tasks keep their own values, over every kind of wait', function* ({ loop }) {
  const variable = new ContextVar<number>('variable', { default: -1 });
  const event = new asyncio.Event();
  const queue = new asyncio.Queue<number>();
  const seen: number[][] = [];
  const work = co(function* (own: number) {
    const values = [variable.get()];
    variable.set(own);
    yield* asyncio.sleep(0);
    values.push(variable.get());
    yield* asyncio.sleep(1);
    values.push(variable.get());
    yield* event.wait();
    values.push(variable.get());
    yield* queue.get();
    values.push(variable.get());
    yield* asyncio.wrapFuture(Promise.resolve());
    values.push(variable.get());
    seen.push(values);
  });
  variable.set(100);
  const tasks = [1, 2, 3].map((own) => loop.createTask(work(own)));
  variable.set(200);
  yield* asyncio.sleep(2);
  event.set();
  for (const task of tasks) {
    queue.putNowait(0);
    yield* task;
  }
  assert.deepEqual(
    seen,
    [1, 2, 3].map((own) => [100, own, own, own, own, own]),
  );
  assert.equal(variable.get(), 200);
});

scenario('what an awaited coroutine sets stays set for its caller', function* () {
  const variable = new ContextVar<string>('variable', { default: 'unset' });
  const inner = asyncio.coroutine(function* () {
    variable.set('by inner');
    yield* asyncio.sleep(0);
    variable.set('by inner, later');
  });
  yield* inner();
  assert.equal(variable.get(), 'by inner, later');
});

scenario('a task runs in the context that it is given, and that context only', function* () {
  const variable = new ContextVar<string>('variable', { default: 'unset' });
  const context = copyContext();
  context.run(() => variable.set('given'));
  const task = asyncio.createTask(
    co(function* () {
      const before = variable.get();
      variable.set('changed');
      yield* asyncio.sleep(0);
      return [before, variable.get()];
    })(),
    { context },
  );
  assert.equal(task.getContext(), context);
  assert.deepEqual(yield* task, ['given', 'changed']);
  assert.equal(context.get(variable), 'changed');
  assert.equal(variable.get(), 'unset');
});

scenario('the context of a task that was given none is a copy of its creator', function* () {
  const variable = new ContextVar<string>('variable');
  variable.set('of the creator');
  const me = asyncio.currentTask()?.getContext();
  const work = co(function* () {
    variable.set('of the task');
    return asyncio.currentTask()?.getContext();
  });
  const task = asyncio.createTask(work());
  assert.notEqual(task.getContext(), me);
  assert.equal(task.getContext().get(variable), 'of the creator');
  assert.equal(yield* task, task.getContext());
  assert.equal(task.getContext().get(variable), 'of the task');
  assert.equal(me?.get(variable), 'of the creator');
});

scenario('a callback runs in a copy of the context in which it was scheduled', function* ({ loop }) {
  const variable = new ContextVar<string>('variable', { default: 'unset' });
  const seen: string[] = [];
  const look = (how: string) => {
    seen.push(`${how} ${variable.get()}`);
    variable.set('by a callback');
  };
  variable.set('scheduled');
  loop.callSoon(look, 'soon');
  loop.callLater(1, look, 'later');
  loop.callSoonThreadsafe(look, 'threadsafe');
  const future = loop.createFuture<void>();
  future.addDoneCallback(() => look('done'));
  const context = copyContext();
  context.run(() => variable.set('given'));
  future.addDoneCallback(() => look('done in'), { context });
  variable.set('changed since');
  future.setResult();
  yield* asyncio.sleep(2);
  assert.deepEqual(seen.sort(), [
    'done in given',
    'done scheduled',
    'later scheduled',
    'soon scheduled',
    'threadsafe scheduled',
  ]);
  assert.equal(context.get(variable), 'by a callback');
  assert.equal(variable.get(), 'changed since');
});

scenario('a context cannot be entered while it is entered, nor one that is running', function* () {
  const context = copyContext();
  const refused = /^RuntimeError: cannot enter context: it is already entered/;
  context.run(() => {
    assert.match(
      messageOf(() => context.run(() => {})),
      refused,
    );
    copyContext().run(() =>
      assert.match(
        messageOf(() => context.run(() => {})),
        refused,
      ),
    );
  });
  const enterMine = () =>
    messageOf(() =>
      asyncio
        .currentTask()
        ?.getContext()
        .run(() => {}),
    );
  assert.match(enterMine(), refused, 'before the first wait');
  yield* asyncio.sleep(0);
  assert.match(enterMine(), refused, 'after a wait');
  assert.equal(
    context.run((a: number, b: number) => a + b, 1, 2),
    3,
  );
});

scenario('an error leaves a context as it should be left', function* () {
  const variable = new ContextVar<string>('variable', { default: 'outside' });
  const context = copyContext();
  const fail = () => {
    variable.set('inside');
    throw new asyncio.ValueError('in between');
  };
  assert.equal(
    messageOf(() => context.run(fail)),
    'ValueError: in between',
  );
  assert.equal(variable.get(), 'outside');
  assert.equal(context.get(variable), 'inside');
  context.run(() => {});
});

scenario('a context is a mapping of its variables', function* () {
  const a = new ContextVar<number>('a');
  const b = new ContextVar<string>('b');
  const context = new asyncio.Context();
  context.run(() => {
    a.set(1);
    b.set('two');
  });
  const copy = context.copy();
  context.run(() => a.set(10));
  assert.equal(context.size, 2);
  assert.deepEqual([...context], [a, b]);
  assert.deepEqual([...context.keys()], [a, b]);
  assert.deepEqual([...context.values()], [10, 'two']);
  assert.deepEqual(
    [...context.items()],
    [
      [a, 10],
      [b, 'two'],
    ],
  );
  assert.equal(context.at(a), 10);
  assert.equal(copy.at(a), 1);
  assert.equal(context.has(b), true);
  const missing = new ContextVar<number>('missing');
  assert.equal(context.has(missing), false);
  assert.equal(context.get(missing), undefined);
  assert.equal(context.get(missing, 5), 5);
  assert.equal(
    messageOf(() => context.at(missing)),
    "KeyError: <ContextVar name='missing'>",
  );
});
