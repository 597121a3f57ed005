/**
 * The same two coroutines as tasks: both run at once, and the longer one alone counts.
 *
 * `createTask` hands a coroutine to the event loop, which starts it as soon as the current task waits for something. It takes an async function
 * itself, not the promise that calling it gives: that one would be running already, and no task could own it.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'two tasks at once take the time of the longer one';

export async function generators() {
  function* task1(): asyncio.Coroutine<void> {
    console.log('async_task_1 시작');
    console.log('sync_task_1 0.3초 대기');
    yield* asyncio.sleep(0.3);
    console.log('sync_task_1 재시작');
  }

  function* task2(): asyncio.Coroutine<void> {
    console.log('async_task_2 시작');
    console.log('sync_task_2 0.2초 대기');
    yield* asyncio.sleep(0.2);
    console.log('sync_task_2 재시작');
  }

  function* main(): asyncio.Coroutine<void> {
    const start = performance.now();
    const first = asyncio.createTask(task1());
    const second = asyncio.createTask(task2());
    yield* first;
    yield* second;
    const end = performance.now();
    console.log(`time taken: ${((end - start) / 1000).toFixed(2)}`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function task1() {
    console.log('async_task_1 시작');
    console.log('sync_task_1 0.3초 대기');
    await asyncio.sleep(0.3);
    console.log('sync_task_1 재시작');
  }

  async function task2() {
    console.log('async_task_2 시작');
    console.log('sync_task_2 0.2초 대기');
    await asyncio.sleep(0.2);
    console.log('sync_task_2 재시작');
  }

  async function main() {
    const start = performance.now();
    const first = asyncio.createTask(task1);
    const second = asyncio.createTask(task2);
    await first;
    await second;
    const end = performance.now();
    console.log(`time taken: ${((end - start) / 1000).toFixed(2)}`);
  }

  await asyncio.run(main);
}

// The second one ends first: they did run at once.
export const output = [
  'async_task_1 시작',
  'sync_task_1 0.3초 대기',
  'async_task_2 시작',
  'sync_task_2 0.2초 대기',
  'sync_task_2 재시작',
  'sync_task_1 재시작',
  'time taken: {>=0.3}',
];
