/**
 * Context variables: what a task copies, what a callback sees, and what a token undoes.
 *
 * The twin of context.py.
 */
import * as asyncio from '../../../src/index.ts';
import { co, kind, only, print, program } from '../kit.ts';
import { outcome } from './common.ts';

const level = new asyncio.ContextVar('level', { default: 0 });

program('a task sees the values of its creation, and keeps its own', function* () {
  const work = co(function* (name: string) {
    print(name, 'starts with', level.get());
    level.set(level.get() + 10);
    yield* asyncio.sleep(0);
    print(name, 'has', level.get());
  });

  level.set(1);
  const first = asyncio.createTask(work('first'));
  level.set(2);
  const second = asyncio.createTask(work('second'));
  level.set(3);
  yield* asyncio.gather(first, second);
  print('main has', level.get());
});

program('an awaited coroutine shares the context of its caller', function* () {
  const work = co(function* () {
    level.set(level.get() + 1);
    yield* asyncio.sleep(0);
    level.set(level.get() + 1);
  });

  level.set(5);
  yield* work();
  print('after await', level.get());
  yield* asyncio.createTask(work());
  print('after a task', level.get());
  yield* asyncio.gather(work(), work());
  print('after gather', level.get());
  yield* asyncio.waitFor(asyncio.createTask(work()), 5);
  print('after wait_for', level.get());
});

program('callbacks run in the context of their scheduling', function* () {
  const loop = asyncio.getRunningLoop();

  function callback(name: string) {
    print(name, level.get());
    level.set(level.get() + 100);
  }

  level.set(1);
  loop.callSoon(callback, 'soon');
  loop.callLater(1, callback, 'later');
  level.set(2);
  loop.callSoon(callback, 'soon again');
  yield* asyncio.sleep(2);
  print('main', level.get());
});

program('done callbacks run in the context of their adding', function* () {
  const future = asyncio.getRunningLoop().createFuture();

  function callback() {
    print('callback sees', level.get());
  }

  level.set(1);
  future.addDoneCallback(callback);
  level.set(2);
  future.addDoneCallback(callback);
  const other = asyncio.copyContext();
  other.run(() => level.set(42));
  future.addDoneCallback(callback, { context: other });
  level.set(3);
  future.setResult(null);
  yield* asyncio.sleep(0);
  print('main', level.get());
});

program('a token takes the value back', function* () {
  const token = level.set(1);
  const inner = level.set(2);
  print(level.get(), inner.oldValue);
  level.reset(inner);
  print(level.get());
  level.reset(token);
  print(level.get(), token.oldValue === asyncio.Token.MISSING);
  for (const used of [token, inner]) {
    try {
      level.reset(used);
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(kind(error), error.message.includes('has already been used once'));
    }
  }
});

program('a token of another context, or of another variable, is refused', function* () {
  const other = new asyncio.ContextVar<number | string>('other');
  const token = level.set(1);

  const work = co(function* () {
    level.reset(token);
  });

  print((yield* outcome(asyncio.createTask(work()))).split(':')[0]);
  try {
    other.reset(token as never);
  } catch (error) {
    only(error, asyncio.ValueError);
    print(kind(error));
  }
  try {
    other.get();
  } catch (error) {
    only(error, asyncio.LookupError);
    print(kind(error), other.get('a default'));
  }
});

program('run in a copy of the context', function* () {
  level.set(1);
  const copy = asyncio.copyContext();

  function change(value: number) {
    const before = level.get();
    level.set(value);
    return before;
  }

  print(
    copy.run(change, 7),
    copy.run(() => level.get()),
    level.get(),
  );
  print(copy.at(level), copy.has(level), copy.size >= 1);
  try {
    copy.run(() => copy.run(print, 'never'));
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(kind(error), error.message.includes('is already entered'));
  }
});

program('a task in a context that is given', function* () {
  const work = co(function* () {
    level.set(level.get() + 1);
    yield* asyncio.sleep(0);
    level.set(level.get() + 1);
  });

  level.set(1);
  const context = asyncio.copyContext();
  yield* asyncio.createTask(work(), { context });
  yield* asyncio.createTask(work(), { context });
  print(context.at(level), level.get());
  const group = new asyncio.TaskGroup();
  yield* asyncio.asyncWith(group, function* () {
    group.createTask(work(), { context });
  });
  print(
    context.run(() => level.get()),
    level.get(),
  );
});

program('a timeout and an exception leave the context as it is', function* () {
  level.set(1);
  try {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      level.set(2);
      yield* asyncio.sleep(5);
    });
  } catch (error) {
    only(error, asyncio.TimeoutError);
    print(level.get());
  }

  const bad = co(function* () {
    level.set(9);
    throw new asyncio.ValueError('boom');
  });

  print(yield* outcome(bad()), level.get());
});
