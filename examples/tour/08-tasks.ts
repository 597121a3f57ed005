/**
 * Tasks: a coroutine that runs beside the one that made it.
 *
 * `createTask` schedules the coroutine, and goes on. Awaiting the task gives its result, however long ago it ended.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a task is scheduled at once and awaited later';

export async function generators() {
  function* nested(): asyncio.Coroutine<number> {
    console.log('nested runs');
    return 42;
  }

  function* main(): asyncio.Coroutine<void> {
    const task = asyncio.createTask(nested(), { name: 'answer' });
    console.log(`${task.getName()} is done: ${task.done()}`);
    yield* asyncio.sleep(0); // give way: the task runs
    console.log(`${task.getName()} is done: ${task.done()}`);
    console.log(yield* task);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function nested() {
    console.log('nested runs');
    return 42;
  }

  async function main() {
    const task = asyncio.createTask(nested, { name: 'answer' });
    console.log(`${task.getName()} is done: ${task.done()}`);
    await asyncio.sleep(0); // give way: the task runs
    console.log(`${task.getName()} is done: ${task.done()}`);
    console.log(await task);
  }

  await asyncio.run(main);
}

export const output = ['answer is done: false', 'nested runs', 'answer is done: true', '42'];
