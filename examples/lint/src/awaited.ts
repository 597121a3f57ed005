/** Everything is waited for, started or set aside on purpose: ESLint has nothing to say. */
import {
  asyncWith,
  type Coroutine,
  coroutine,
  createTask,
  gather,
  Lock,
  Queue,
  run,
  sleep,
  TaskGroup,
} from 'asyncio-ts';

const lock = new Lock();
const queue = new Queue<number>();

function* work(): Coroutine<number> {
  yield* sleep(1);
  yield* lock.acquire();
  lock.release();
  return 1;
}

const greet = coroutine(function* (name: string): Coroutine<string> {
  yield* queue.put(1);
  return `hello ${name}`;
});

function* inGenerators(): Coroutine<void> {
  yield* work();
  yield* greet('world');
  yield* gather(work(), work());
  const task = createTask(work());
  yield* task;
  yield* asyncWith(new TaskGroup(), function* (group) {
    // Tasks run without being waited for; these, the group waits for.
    group.createTask(work());
    group.createTask(greet('world'));
  });
}

async function inAsyncFunctions(): Promise<void> {
  await sleep(1);
  await queue.put(1);
  await greet('world');
  await createTask(work());
}

await run(inGenerators());
await run(inAsyncFunctions);
