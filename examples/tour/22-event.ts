/**
 * `Event`: tasks wait until something has happened, and all of them are told.
 *
 * An event that is set stays set: who waits for it then goes on at once.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'Event: two tasks wait for a signal';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const event = new asyncio.Event();

    function* waiter(name: string): asyncio.Coroutine<void> {
      console.log(`${name} waits`);
      yield* event.wait();
      console.log(`${name} goes on`);
    }

    const tasks = [asyncio.createTask(waiter('A')), asyncio.createTask(waiter('B'))];
    yield* asyncio.sleep(0.1);
    console.log('the event is set');
    event.set();
    yield* asyncio.gather(...tasks);
    yield* waiter('C');
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const event = new asyncio.Event();

    const waiter = asyncio.coroutine(async (name: string) => {
      console.log(`${name} waits`);
      await event.wait();
      console.log(`${name} goes on`);
    });

    const tasks = [asyncio.createTask(waiter('A')), asyncio.createTask(waiter('B'))];
    await asyncio.sleep(0.1);
    console.log('the event is set');
    event.set();
    await asyncio.gather(...tasks);
    await waiter('C');
  }

  await asyncio.run(main);
}

export const output = [
  'A waits',
  'B waits',
  'the event is set',
  'A goes on',
  'B goes on',
  'C waits',
  'C goes on',
];
