/**
 * Eager tasks: started where they are made, finished without ever being scheduled if they do not wait.
 *
 * The twin of eager.py.
 */
import * as asyncio from '../../../src/index.ts';
import { at, co, me, only, print, program, show, state } from '../kit.ts';
import { failAfter, outcome, spin, ticker, valueAfter } from './common.ts';

const level = new asyncio.ContextVar('eager level', { default: 0 });

/** The promise of an async function settles in a microtask, and an `await` in it begins in one: after the code that made the task. */
const notAsync =
  'an async function neither ends nor begins to wait before the code that called it has gone on';

/** From here on, the loop's tasks are eager. */
function eager(): void {
  asyncio.getRunningLoop().setTaskFactory(asyncio.eagerTaskFactory);
}

program('an eager task runs to its first wait at once', function* () {
  eager();

  const work = co(function* (name: string) {
    print(name, 'starts');
    yield* asyncio.sleep(0);
    print(name, 'ends');
    return name;
  });

  const first = asyncio.createTask(work('first'));
  print('created', state(first));
  const second = asyncio.createTask(work('second'));
  print(yield* second, yield* first);
});

program(
  'an eager task that does not wait is done at once',
  function* () {
    eager();

    const work = co(function* () {
      return 'value';
    });

    const task = asyncio.createTask(work());
    print(task.done(), state(task));
    task.addDoneCallback(() => print('callback'));
    print(yield* task);
    yield* ticker(2);
  },
  { notAsync },
);

program(
  'an eager task that fails at once',
  function* () {
    eager();

    const bad = co(function* () {
      throw new asyncio.ValueError('boom');
    });

    const task = asyncio.createTask(bad());
    print('created', task.done());
    print(yield* outcome(task));
  },
  { notAsync },
);

program('the current task while an eager one runs', function* () {
  eager();
  me().setName('main');

  const inner = co(function* () {
    print('inner', me().getName());
    yield* asyncio.sleep(0);
    print('inner later', me().getName());
  });

  const outer = co(function* () {
    const task = asyncio.createTask(inner(), { name: 'inner' });
    print('outer', me().getName());
    yield* task;
  });

  const task = asyncio.createTask(outer(), { name: 'outer' });
  print('main', me().getName());
  yield* task;
});

program(
  'all_tasks and an eager task',
  function* () {
    eager();
    me().setName('main');

    const work = co(function* () {
      print([...asyncio.allTasks()].map((task) => task.getName()).sort());
    });

    asyncio.createTask(work(), { name: 'at once' });
    const task = asyncio.createTask(valueAfter(1, 1), { name: 'waiting' });
    print([...asyncio.allTasks()].map((each) => each.getName()).sort());
    yield* task;
  },
  { notAsync },
);

program('cancel of an eager task in its first wait', function* () {
  eager();

  const work = co(function* () {
    try {
      yield* asyncio.sleep(10);
    } catch (error) {
      only(error, asyncio.CancelledError);
      print('work', show(error));
      throw error;
    }
  });

  const task = asyncio.createTask(work());
  print(task.cancel('early'));
  print(yield* outcome(task));
});

program('an eager task has a context of its own', function* () {
  eager();

  const work = co(function* () {
    level.set(level.get() + 1);
    print('work', level.get());
    yield* asyncio.sleep(0);
    print('work', level.get());
  });

  level.set(1);
  const task = asyncio.createTask(work());
  print('main', level.get());
  yield* task;
  print('main', level.get());
});

program(
  'gather and groups of eager tasks',
  function* () {
    eager();

    const atOnce = co(function* (number: number) {
      print('at once', number);
      return number;
    });

    print(yield* asyncio.gather(atOnce(1), atOnce(2), valueAfter(1, 3)), at());
    const group = new asyncio.TaskGroup();
    const tasks: asyncio.Task<number>[] = [];
    yield* asyncio.asyncWith(group, function* () {
      tasks.push(group.createTask(atOnce(4)), group.createTask(valueAfter(1, 5)));
      print(...tasks.map(state));
    });
    print(...tasks.map(state), at());
  },
  { notAsync },
);

program(
  'an eager child of a group fails at once',
  function* () {
    eager();

    const bad = co(function* () {
      throw new asyncio.ValueError('boom');
    });

    const group = new asyncio.TaskGroup();
    try {
      yield* asyncio.asyncWith(group, function* () {
        const task = group.createTask(bad());
        print('created', task.done());
        yield* asyncio.sleep(10);
        print('never');
      });
    } catch (error) {
      only(error, asyncio.ExceptionGroup);
      print(show(error), at());
    }
  },
  { notAsync },
);

program(
  'eager tasks make eager tasks, depth first',
  function* () {
    eager();

    const grow: (name: string) => asyncio.Coroutine<void> = co(function* (name: string) {
      print(name);
      if (name.length < 3) {
        const children = [...'lr'].map((side) => asyncio.createTask(grow(name + side)));
        for (const child of children) {
          yield* child;
        }
      }
      print('end of', name);
    });

    yield* asyncio.createTask(grow('x'));
  },
  { notAsync },
);

program(
  'a task made with eager_start, and one without',
  function* () {
    const work = co(function* (name: string) {
      print(name, 'starts');
      yield* asyncio.sleep(0);
      print(name, 'ends');
    });

    const first = asyncio.createTask(work('eager'), { eagerStart: true });
    print('created one');
    const second = asyncio.createTask(work('lazy'), { eagerStart: false });
    print('created two');
    yield* asyncio.gather(first, second);
    eager();
    const third = asyncio.createTask(work('lazy in spite of the factory'), { eagerStart: false });
    print('created three');
    yield* third;
  },
  { notAsync },
);

program('timeouts in an eager task', function* () {
  eager();

  const work = co(function* () {
    yield* asyncio.asyncWith(asyncio.timeout(1), function* () {
      yield* asyncio.sleep(5);
    });
  });

  const task = asyncio.createTask(work());
  print(yield* outcome(task), at());
  print(yield* outcome(asyncio.createTask(failAfter(0, 'boom'))));
  yield* spin(2);
});
