/**
 * Task groups past what the oracle has: `cancel()` at every moment, errors beside a KeyboardInterrupt, eager members, and groups used wrongly.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, thrownBy } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);
const { TaskGroup, asyncWith } = asyncio;

const work = co(function* (heard: unknown[], seconds: number) {
  try {
    yield* asyncio.sleep(seconds);
    heard.push(`slept ${seconds}`);
  } catch (error) {
    heard.push(String(error));
    throw error;
  }
});

function me(): asyncio.Task<unknown> {
  return asyncio.currentTask() as asyncio.Task<unknown>;
}

scenario('cancel() ends the tasks and the body, and the block ends without an error', function* ({ loop }) {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  yield* asyncWith(group, function* () {
    group.createTask(work(heard, 60));
    group.createTask(work(heard, 1));
    loop.callLater(2, () => group.cancel());
    yield* work(heard, 60);
  });
  assert.deepEqual(heard, ['slept 1', 'CancelledError', 'CancelledError']);
  assert.equal(loop.time(), 2);
  assert.equal(me().cancelling(), 0);
  yield* asyncio.sleep(1);
});

scenario('cancel() by the body lets it run to its next wait', function* () {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  yield* asyncWith(group, function* () {
    group.createTask(work(heard, 60));
    yield* asyncio.sleep(0);
    group.cancel();
    heard.push('the body runs on');
    yield* asyncio.sleep(0);
    heard.push('never');
  });
  assert.deepEqual(heard, ['the body runs on', 'CancelledError']);
  assert.equal(me().cancelling(), 0);
});

scenario('cancel() by a task of the group', function* () {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  const canceller = co(function* () {
    yield* asyncio.sleep(1);
    group.cancel();
    heard.push('asked');
    yield* asyncio.sleep(1);
    heard.push('never');
  });
  yield* asyncWith(group, function* () {
    group.createTask(canceller());
    group.createTask(work(heard, 60));
  });
  assert.deepEqual(heard, ['asked', 'CancelledError']);
  assert.equal(me().cancelling(), 0);
});

scenario('cancel() before the block cancels it at its beginning', function* ({ loop }) {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  group.cancel();
  group.cancel();
  yield* asyncWith(group, function* () {
    heard.push('the body begins');
    assert.throws(() => group.createTask(work(heard, 1)), {
      name: 'RuntimeError',
      message: /is shutting down$/,
    });
    yield* asyncio.sleep(60);
    heard.push('never');
  });
  assert.deepEqual(heard, ['the body begins']);
  assert.equal(loop.time(), 0);
  assert.equal(me().cancelling(), 0);
});

scenario('cancel() while the block is left, and after it', function* ({ loop }) {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  loop.callLater(1, () => group.cancel());
  yield* asyncWith(group, function* () {
    group.createTask(work(heard, 60));
  });
  assert.deepEqual(heard, ['CancelledError']);
  for (let i = 0; i < 2; i++) group.cancel();
  yield* asyncio.sleep(1);
  assert.equal(me().cancelling(), 0);
  assert.equal(loop.time(), 2);
});

scenario('cancel() twice is as once', function* ({ loop }) {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  const tidy = co(function* () {
    try {
      yield* asyncio.sleep(60);
    } finally {
      yield* asyncio.sleep(2);
      heard.push('tidied up');
    }
  });
  loop.callLater(1, () => group.cancel());
  loop.callLater(2, () => group.cancel());
  yield* asyncWith(group, function* () {
    group.createTask(tidy());
    try {
      yield* asyncio.sleep(60);
    } finally {
      yield* asyncio.sleep(2);
      heard.push('the body too');
    }
  });
  assert.deepEqual(heard, ['tidied up', 'the body too']);
  assert.equal(loop.time(), 3);
  assert.equal(me().cancelling(), 0);
});

scenario('cancel() after a failure does not disturb the clean-up of the body', function* ({ loop }) {
  const heard: unknown[] = [];
  const group = new TaskGroup();
  const fail = co(function* () {
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError('failed');
  });
  loop.callLater(2, () => group.cancel());
  const block = asyncWith(group, function* () {
    group.createTask(fail());
    try {
      yield* asyncio.sleep(60);
    } finally {
      yield* asyncio.sleep(2);
      heard.push('cleaned up');
    }
  });
  const error = yield* thrownBy(block);
  assert.ok(error instanceof asyncio.ExceptionGroup);
  assert.deepEqual(error.exceptions.map(String), ['ValueError: failed']);
  assert.deepEqual(heard, ['cleaned up']);
  assert.equal(me().cancelling(), 0);
});

scenario('cancel() does not hide an error', function* () {
  const group = new TaskGroup();
  const fail = co(function* () {
    try {
      yield* asyncio.sleep(60);
    } catch {
      throw new asyncio.ValueError('while cancelled');
    }
  });
  const block = asyncWith(group, function* () {
    group.createTask(fail());
    yield* asyncio.sleep(1);
    group.cancel();
  });
  const error = yield* thrownBy(block);
  assert.ok(error instanceof asyncio.ExceptionGroup);
  assert.deepEqual(error.exceptions.map(String), ['ValueError: while cancelled']);
  assert.equal(me().cancelling(), 0);
});

for (const [when, seconds] of [
  ['before', 1],
  ['in the moment of', 2],
  ['after', 3],
] as const) {
  scenario(`cancel() does not hide a cancellation from outside, ${when} it`, function* ({ loop }) {
    const tidy = co(function* () {
      try {
        yield* asyncio.sleep(60);
      } finally {
        yield* asyncio.sleep(5);
      }
    });
    const outer = co(function* () {
      const group = new TaskGroup();
      loop.callAt(2, () => group.cancel());
      yield* asyncWith(group, function* () {
        group.createTask(tidy());
      });
      return 'nobody was told';
    });
    const task = asyncio.createTask(outer());
    loop.callAt(seconds, () => task.cancel('from outside'));
    assert.equal(String(yield* thrownBy(task)), 'CancelledError: from outside');
    assert.equal(task.cancelling(), 1);
  });
}

scenario('a timeout around a cancelled group is not hidden', function* () {
  const group = new TaskGroup();
  const slow = co(function* () {
    try {
      yield* asyncio.sleep(60);
    } finally {
      yield* asyncio.sleep(3);
    }
  });
  const block = asyncWith(asyncio.timeout(2), function* () {
    yield* asyncWith(group, function* () {
      group.createTask(slow());
      yield* asyncio.sleep(1);
      group.cancel();
    });
  });
  assert.ok((yield* thrownBy(block)) instanceof asyncio.TimeoutError);
  assert.equal(me().cancelling(), 0);
});

scenario('an exit of the program takes precedence, and the errors beside it are reported', function* (scene) {
  const fail = co(function* () {
    throw new asyncio.ValueError('beside');
  });
  const block = asyncWith(new TaskGroup(), function* (group) {
    group.createTask(fail());
    yield* asyncio.sleep(0);
    throw new asyncio.SystemExit(3);
  });
  assert.ok((yield* thrownBy(block)) instanceof asyncio.SystemExit);
  const reports = scene.reports();
  assert.deepEqual(
    reports.map(({ exception }) => String(exception)),
    ['ValueError: beside'],
  );
  assert.match(reports[0]?.message ?? '', /^TaskGroup task exception was not propagated/);
});

scenario('an eager member that cancels its group is cancelled with it', function* ({ loop }) {
  loop.setTaskFactory(asyncio.eagerTaskFactory);
  const group = new TaskGroup();
  const heard: unknown[] = [];
  const eager = co(function* () {
    group.cancel();
    yield* work(heard, 60);
  });
  yield* asyncWith(group, function* () {
    group.createTask(eager());
  });
  assert.deepEqual(heard, ['CancelledError']);
  assert.equal(loop.time(), 0);
});

scenario('members are made with names and contexts, and by coroutine functions of both styles', function* () {
  const context = asyncio.copyContext();
  const variable = new asyncio.ContextVar<string>('variable', { default: 'outside' });
  context.run(() => variable.set('inside'));
  yield* asyncWith(new TaskGroup(), function* (group) {
    const task = group.createTask(async () => variable.get(), { name: 'named', context });
    const other = group.createTask(
      co(function* () {
        return variable.get();
      }),
    );
    assert.equal(task.getName(), 'named');
    assert.equal(yield* task, 'inside');
    assert.equal(yield* other, 'outside');
  });
});

scenario('a group shows its state, and can be entered once', function* () {
  const group = new TaskGroup();
  const states = [String(group)];
  yield* asyncWith(group, function* () {
    states.push(String(group));
    group.createTask(asyncio.sleep(0));
    states.push(String(group));
    group.cancel();
    states.push(String(group));
  });
  assert.deepEqual(
    states.map((state) => /^<TaskGroup ?(.*)>$/.exec(state)?.[1]),
    ['', 'entered', 'tasks=1 entered', 'tasks=1 cancelling'],
  );
  const again = yield* thrownBy(asyncWith(group, function* () {}));
  assert.match(String(again), /^RuntimeError: .*<TaskGroup.*> has already been entered$/);
  assert.throws(() => group.createTask(asyncio.sleep(0)), { message: /is finished$/ });
});
