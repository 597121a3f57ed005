/**
 * Cancellation at every point of every kind of wait: before the task has started, while it waits, in the moment in which the wait ends, and
 * when all is over. At each point the task hears of it once, nothing stays behind, and the count of requests is right.
 */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, type Scene, thrownBy } from '../both-styles.ts';

const { scenario, co } = await inBothStyles(import.meta.url);

/** A wait, and what ends it. */
interface Wait {
  readonly wait: () => asyncio.Awaitable<unknown>;
  readonly end: () => unknown;
}

const WAITS: Readonly<Record<string, (scene: Scene) => Wait>> = {
  'a future': ({ loop }) => {
    const future = loop.createFuture<number>();
    return { wait: () => future, end: () => future.done() || future.setResult(1) };
  },
  'a future that will fail': ({ loop }) => {
    const future = loop.createFuture<number>();
    const fail = () => {
      future.setException(new asyncio.ValueError('late'));
      future.exception();
    };
    return { wait: () => future, end: () => future.done() || fail() };
  },
  'an event': () => {
    const event = new asyncio.Event();
    return { wait: () => event.wait(), end: () => event.set() };
  },
  'an item of a queue': () => {
    const queue = new asyncio.Queue<number>();
    return { wait: () => queue.get(), end: () => queue.putNowait(1) };
  },
  'a free place in a queue': () => {
    const queue = new asyncio.Queue<number>(1);
    queue.putNowait(0);
    return { wait: () => queue.put(1), end: () => queue.getNowait() };
  },
  'a semaphore': () => {
    const semaphore = new asyncio.Semaphore(0);
    return { wait: () => semaphore.acquire(), end: () => semaphore.release() };
  },
  'another task': ({ loop }) => {
    const future = loop.createFuture<number>();
    const task = loop.createTask(
      co(function* () {
        return yield* future;
      })(),
    );
    return { wait: () => task, end: () => future.done() || future.setResult(1) };
  },
  'a coroutine, two calls deep': ({ loop }) => {
    const future = loop.createFuture<number>();
    const inner = asyncio.coroutine(function* () {
      return yield* future;
    });
    const outer = asyncio.coroutine(function* () {
      return yield* inner();
    });
    return { wait: () => outer(), end: () => future.done() || future.setResult(1) };
  },
  gather: ({ loop }) => {
    const futures = [loop.createFuture<number>(), loop.createFuture<number>()];
    return {
      wait: () => asyncio.gather(...futures),
      end: () => {
        for (const future of futures) if (!future.done()) future.setResult(1);
      },
    };
  },
  'the first of several': ({ loop }) => {
    const future = loop.createFuture<number>();
    return { wait: () => asyncio.wait([future]), end: () => future.done() || future.setResult(1) };
  },
  'a future with a time limit': ({ loop }) => {
    const future = loop.createFuture<number>();
    return { wait: () => asyncio.waitFor(future, 60), end: () => future.done() || future.setResult(1) };
  },
};

/** What became of a task that waited, in words. */
function waiter(wait: () => asyncio.Awaitable<unknown>, heard: string[]): () => asyncio.Coroutine<string> {
  return co(function* () {
    heard.push('began');
    try {
      yield* wait();
      heard.push('got it');
      return 'done';
    } catch (error) {
      heard.push(error instanceof asyncio.CancelledError ? `cancelled by ${error.message}` : String(error));
      throw error;
    }
  });
}

for (const [name, make] of Object.entries(WAITS)) {
  const fails = name.includes('fail');

  scenario(`a task that is cancelled before it starts never waits for ${name}`, function* (scene) {
    const { wait, end } = make(scene);
    const heard: string[] = [];
    const task = asyncio.createTask(waiter(wait, heard)());
    assert.equal(task.cancel('me'), true);
    assert.ok((yield* thrownBy(task)) instanceof asyncio.CancelledError);
    assert.deepEqual(heard, []);
    assert.equal(task.cancelled(), true);
    end();
    yield* settle();
  });

  scenario(`a task that is cancelled while it waits for ${name} hears of it at once`, function* (scene) {
    const { wait, end } = make(scene);
    const heard: string[] = [];
    const task = asyncio.createTask(waiter(wait, heard)());
    yield* settle();
    task.cancel('me');
    const error = yield* thrownBy(task);
    assert.ok(error instanceof asyncio.CancelledError);
    assert.deepEqual(heard, ['began', 'cancelled by me']);
    assert.equal(error.message, 'me');
    assert.equal(task.cancelling(), 1);
    end();
    yield* settle();
  });

  scenario(`a task that is cancelled as its wait for ${name} ends is cancelled once`, function* (scene) {
    const { wait, end } = make(scene);
    const heard: string[] = [];
    const task = asyncio.createTask(waiter(wait, heard)());
    yield* settle();
    end();
    task.cancel('me');
    yield* asyncio.wait([task]);
    assert.equal(heard.length, 2, String(heard));
    assert.equal(task.cancelling(), 1);
    assert.equal(heard[1], 'cancelled by me');
    assert.equal(task.cancelled(), true);
  });

  scenario(`a task that has had its wait for ${name} cannot be cancelled any more`, function* (scene) {
    const { wait, end } = make(scene);
    const heard: string[] = [];
    const task = asyncio.createTask(waiter(wait, heard)());
    yield* settle();
    end();
    yield* asyncio.wait([task]);
    assert.equal(task.cancel('me'), false);
    assert.equal(task.cancelling(), 0);
    assert.deepEqual(heard, ['began', fails ? 'ValueError: late' : 'got it']);
    assert.equal(task.cancelled(), false);
    assert.equal(task.exception() === null, !fails);
  });

  scenario(`a task that swallows its cancellation waits for ${name} anew`, function* (scene) {
    if (name === 'another task' || name.startsWith('a future')) return; // cancelled with the one who waited
    const { wait, end } = make(scene);
    const stubborn = co(function* () {
      try {
        yield* wait();
      } catch (error) {
        assert.ok(error instanceof asyncio.CancelledError);
        assert.equal(asyncio.currentTask()?.uncancel(), 0);
      }
      return yield* asyncio.sleep(0, 'went on');
    });
    const task = asyncio.createTask(stubborn());
    yield* settle();
    task.cancel();
    yield* settle();
    end();
    assert.equal(yield* task, 'went on');
    assert.equal(task.cancelling(), 0);
  });
}

/** More iterations than any wait here takes to begin or to end. */
function* settle(): asyncio.Coroutine<void> {
  for (let i = 0; i < 6; i++) yield* asyncio.sleep(0);
}
