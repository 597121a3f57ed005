/**
 * asyncio-ts with native async functions as coroutines, in the rows where the style matters most.
 */
import * as asyncio from 'asyncio-ts';
import { now, type Sample, type Scenario, SWITCHERS, type System } from '../work.ts';

function scenario(main: (size: number) => Promise<Sample>): Scenario {
  return (size) => asyncio.run(() => main(size));
}

async function identity(i: number): Promise<number> {
  return i;
}

async function taskSwitch(rounds: number): Promise<Sample> {
  let switches = 0;
  async function switcher(): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      await asyncio.sleep(0);
      switches++;
    }
  }
  const start = now();
  await asyncio.gather(...Array.from({ length: SWITCHERS }, () => () => switcher()));
  return { seconds: now() - start, count: switches };
}

async function spawn(size: number): Promise<Sample> {
  const start = now();
  const tasks: asyncio.Task<number>[] = [];
  for (let i = 0; i < size; i++) tasks.push(asyncio.createTask(() => identity(1)));
  let count = 0;
  for (const task of tasks) count += await task;
  return { seconds: now() - start, count };
}

async function gather(size: number): Promise<Sample> {
  const start = now();
  const functions: Array<() => Promise<number>> = [];
  for (let i = 0; i < size; i++) functions.push(() => identity(i));
  const results = await asyncio.gather(...functions);
  return { seconds: now() - start, count: results.length };
}

async function queue(trips: number): Promise<Sample> {
  const there = new asyncio.Queue<number>();
  const back = new asyncio.Queue<number>();
  let count = 0;
  async function ping(): Promise<void> {
    for (let i = 0; i < trips; i++) {
      await there.put(i);
      if ((await back.get()) === i) count++;
    }
  }
  async function pong(): Promise<void> {
    for (let i = 0; i < trips; i++) {
      await back.put(await there.get());
      count++;
    }
  }
  const start = now();
  await asyncio.gather(ping, pong);
  return { seconds: now() - start, count };
}

export const system: System = {
  taskSwitch: scenario(taskSwitch),
  spawn: scenario(spawn),
  gather: scenario(gather),
  queue: scenario(queue),
};
