/**
 * run and Runner: what is closed, cancelled and raised when the main task ends.
 *
 * The twin of run.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, discard, me, only, print, program, run, script, show, state, virtualLoop } from '../kit.ts';
import { cleaning, forever, stubborn, valueAfter } from './common.ts';

script('run gives the result of main, and closes its loop', async () => {
  const loops: asyncio.EventLoop[] = [];

  const main = co(function* () {
    loops.push(asyncio.getRunningLoop());
    yield* asyncio.sleep(1);
    return at();
  });

  print(await run(main()), loops[0]?.isClosed(), loops[0]?.isRunning());
  print(await run(main()), loops[0] === loops[1]);
});

script('run raises what main raises', async () => {
  const bad = co(function* () {
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError('boom');
  });

  const cancelled = co(function* () {
    throw new asyncio.CancelledError('by hand');
  });

  const leaving = co(function* () {
    throw new asyncio.SystemExit('leaving');
  });

  for (const main of [bad, cancelled, leaving]) {
    try {
      await run(main());
    } catch (error) {
      print(show(error));
    }
  }
});

script('run cancels the tasks that are left, and waits for them', async () => {
  const main = co(function* () {
    asyncio.createTask(cleaning('cleaner', 1));
    yield* asyncio.sleep(0);
    asyncio.createTask(valueAfter(1, 'never started'));
    print('main ends', at());
    return 'result';
  });

  print(await run(main()));
});

script('run cancels what is left when main fails, too', async () => {
  const main = co(function* () {
    asyncio.createTask(forever('other'));
    yield* asyncio.sleep(1);
    throw new asyncio.ValueError('boom');
  });

  try {
    await run(main());
  } catch (error) {
    only(error, asyncio.ValueError);
    print(show(error));
  }
});

script('run reports a task that fails while it is being cancelled', async () => {
  const badLoser = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: what the program is about
      throw new asyncio.ValueError('in the clean-up');
    }
  });

  const main = co(function* () {
    asyncio
      .getRunningLoop()
      .setExceptionHandler((_, context) =>
        print(context.message, show(context.exception), Object.keys(context).sort()),
      );
    asyncio.createTask(badLoser());
    asyncio.createTask(stubborn('stubborn', 1, 'kept'));
    yield* asyncio.sleep(1);
  });

  await run(main());
  print('end');
});

script('a task made while the others are being cancelled is left alone', async () => {
  const starter = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } finally {
      asyncio.createTask(forever('late'));
      print('started another');
    }
  });

  const main = co(function* () {
    asyncio.createTask(starter());
    yield* asyncio.sleep(1);
  });

  await run(main());
  print('end');
});

script('main is cancelled from inside', async () => {
  const main = co(function* () {
    const task = me();
    asyncio.getRunningLoop().callLater(1, () => task.cancel('enough'));
    try {
      yield* asyncio.sleep(10);
    } finally {
      print('main left', at());
    }
  });

  try {
    await run(main());
  } catch (error) {
    only(error, asyncio.CancelledError);
    print(show(error));
  }
});

program('run in a running loop is refused', function* () {
  const coroutine = valueAfter(0, 1);
  try {
    yield* asyncio.ensureFuture(asyncio.run(coroutine));
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  } finally {
    discard(coroutine);
  }
});

script('without a running loop', async () => {
  for (const refused of [
    () => asyncio.getRunningLoop(),
    () => asyncio.currentTask(),
    () => asyncio.allTasks(),
  ]) {
    try {
      refused();
    } catch (error) {
      only(error, asyncio.RuntimeError);
      print(show(error));
    }
  }
});

script('a runner runs several times on one loop', async () => {
  const main = co(function* (number: number) {
    yield* asyncio.sleep(1);
    return [number, Math.round(asyncio.getRunningLoop().time())] as const;
  });

  const runner = new asyncio.Runner({ loopFactory: virtualLoop });
  for (const number of [1, 2]) {
    const [result, time] = await runner.run(main(number));
    print(result, time);
  }
  const loop = runner.getLoop();
  print(loop.isClosed());
  await runner.close();
  print(loop.isClosed());
  const coroutine = main(3);
  try {
    await runner.run(coroutine);
  } catch (error) {
    only(error, asyncio.RuntimeError);
    print(show(error));
  } finally {
    discard(coroutine);
  }
});

script('tasks live on between the runs of a runner, until it closes', async () => {
  const main = co(function* (delay: number) {
    yield* asyncio.sleep(delay);
    print('main ends', at());
  });

  const tasks: asyncio.Task<unknown>[] = [];

  const start = co(function* () {
    tasks.push(asyncio.createTask(ticking()));
    yield* asyncio.sleep(1.5);
  });

  const ticking = co(function* () {
    try {
      while (true) {
        yield* asyncio.sleep(1);
        print('second', at());
      }
    } finally {
      print('ticking left', at());
    }
  });

  const runner = new asyncio.Runner({ loopFactory: virtualLoop });
  await runner.run(start());
  print('between', tasks.map(state));
  await runner.run(main(2));
  print('closing');
  await runner.close();
  print(tasks.map(state));
});

script('a runner has a context of its own, for all its runs', async () => {
  const level = new asyncio.ContextVar('level', { default: 0 });

  const main = co(function* () {
    level.set(level.get() + 1);
    return level.get();
  });

  level.set(10);
  const runner = new asyncio.Runner({ loopFactory: virtualLoop });
  print(await runner.run(main()), await runner.run(main()), level.get());
  const context = asyncio.copyContext();
  print(await runner.run(main(), { context }), context.at(level), level.get());
  await runner.close();
  level.set(0);
});
