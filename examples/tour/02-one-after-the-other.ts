/**
 * Two coroutines awaited one after the other: nothing happens at once, and the times add up.
 *
 * To await a coroutine is to call it: it runs in the task that awaits it, and what follows waits until it has ended. That is often what is
 * wanted, but the 0.3 s and the 0.2 s make 0.5 s.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'two coroutines awaited in turn take the sum of their times';

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
    yield* task1();
    yield* task2();
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
    await task1();
    await task2();
    const end = performance.now();
    console.log(`time taken: ${((end - start) / 1000).toFixed(2)}`);
  }

  await asyncio.run(main);
}

export const output = [
  'async_task_1 시작',
  'sync_task_1 0.3초 대기',
  'sync_task_1 재시작',
  'async_task_2 시작',
  'sync_task_2 0.2초 대기',
  'sync_task_2 재시작',
  'time taken: {>=0.5}',
];
