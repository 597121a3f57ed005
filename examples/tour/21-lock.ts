/**
 * `Lock`: one task at a time between reading something and writing it.
 *
 * There is one thread, yet others run whenever a task waits: without the lock all three would read 100. `asyncWith` is Python's `async with`:
 * it acquires the lock, runs the block, and releases the lock whatever happened. Who waits gets it in the order of arrival.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'Lock: three withdrawals, none of them lost';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const lock = new asyncio.Lock();
    let balance = 100;

    function* withdraw(name: string, amount: number): asyncio.Coroutine<void> {
      yield* asyncio.asyncWith(lock, function* () {
        const before = balance;
        yield* asyncio.sleep(0.05); // the bank thinks
        balance = before - amount;
        console.log(`${name}: ${before} - ${amount} = ${balance}`);
      });
    }

    yield* asyncio.gather(withdraw('A', 10), withdraw('B', 20), withdraw('C', 30));
    console.log(`balance: ${balance}`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const lock = new asyncio.Lock();
    let balance = 100;

    const withdraw = asyncio.coroutine(async (name: string, amount: number) => {
      await asyncio.asyncWith(lock, async () => {
        const before = balance;
        await asyncio.sleep(0.05); // the bank thinks
        balance = before - amount;
        console.log(`${name}: ${before} - ${amount} = ${balance}`);
      });
    });

    await asyncio.gather(withdraw('A', 10), withdraw('B', 20), withdraw('C', 30));
    console.log(`balance: ${balance}`);
  }

  await asyncio.run(main);
}

export const output = ['A: 100 - 10 = 90', 'B: 90 - 20 = 70', 'C: 70 - 30 = 40', 'balance: 40'];
