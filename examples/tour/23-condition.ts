/**
 * `Condition`: tasks wait under a lock until another one has changed something, and says so.
 *
 * `waitFor` gives the lock back while it waits, and has it again when the predicate is true. `notify` wakes one of those who wait.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'Condition: two consumers wait for a producer';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const condition = new asyncio.Condition();
    const items: string[] = [];

    function* consumer(name: string): asyncio.Coroutine<void> {
      yield* asyncio.asyncWith(condition, function* () {
        console.log(`${name} waits for an item`);
        yield* condition.waitFor(() => items.length > 0);
        console.log(`${name} takes the ${items.shift()}`);
      });
    }

    function* producer(): asyncio.Coroutine<void> {
      for (const item of ['apple', 'pear']) {
        yield* asyncio.sleep(0.05);
        yield* asyncio.asyncWith(condition, function* () {
          items.push(item);
          console.log(`new item: ${item}`);
          condition.notify();
        });
      }
    }

    yield* asyncio.gather(consumer('A'), consumer('B'), producer());
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const condition = new asyncio.Condition();
    const items: string[] = [];

    const consumer = asyncio.coroutine(async (name: string) => {
      await asyncio.asyncWith(condition, async () => {
        console.log(`${name} waits for an item`);
        await condition.waitFor(() => items.length > 0);
        console.log(`${name} takes the ${items.shift()}`);
      });
    });

    const producer = asyncio.coroutine(async () => {
      for (const item of ['apple', 'pear']) {
        await asyncio.sleep(0.05);
        await asyncio.asyncWith(condition, async () => {
          items.push(item);
          console.log(`new item: ${item}`);
          condition.notify();
        });
      }
    });

    await asyncio.gather(consumer('A'), consumer('B'), producer());
  }

  await asyncio.run(main);
}

export const output = [
  'A waits for an item',
  'B waits for an item',
  'new item: apple',
  'A takes the apple',
  'new item: pear',
  'B takes the pear',
];
