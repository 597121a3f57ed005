/**
 * `gather`: several coroutines at once, and their results in the order in which they were given.
 *
 * In the generator style the results have the types of the coroutines, place by place. `asyncio.coroutine` does the same for async functions: calling
 * what it makes runs nothing yet, so that the call can be given to `gather` or `createTask` with its arguments.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'three factorials at once, with gather';

export async function generators() {
  function* factorial(name: string, number: number): asyncio.Coroutine<number> {
    let f = 1;
    for (let i = 2; i <= number; i++) {
      console.log(`Task ${name}: Compute factorial(${i})...`);
      yield* asyncio.sleep(0.1);
      f *= i;
    }
    console.log(`Task ${name}: factorial(${number}) = ${f}`);
    return f;
  }

  function* main(): asyncio.Coroutine<void> {
    const [a, b, c] = yield* asyncio.gather(factorial('A', 2), factorial('B', 3), factorial('C', 4));
    console.log(`[${a}, ${b}, ${c}]`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const factorial = asyncio.coroutine(async (name: string, number: number) => {
    let f = 1;
    for (let i = 2; i <= number; i++) {
      console.log(`Task ${name}: Compute factorial(${i})...`);
      await asyncio.sleep(0.1);
      f *= i;
    }
    console.log(`Task ${name}: factorial(${number}) = ${f}`);
    return f;
  });

  async function main() {
    // A list of coroutines, whose number is not known beforehand.
    const jobs = Object.entries({ A: 2, B: 3, C: 4 }).map(([name, number]) => factorial(name, number));
    const results = await asyncio.gather(...jobs);
    console.log(`[${results.join(', ')}]`);
  }

  await asyncio.run(main);
}

export const output = [
  'Task A: Compute factorial(2)...',
  'Task B: Compute factorial(2)...',
  'Task C: Compute factorial(2)...',
  'Task A: factorial(2) = 2',
  'Task B: Compute factorial(3)...',
  'Task C: Compute factorial(3)...',
  'Task B: factorial(3) = 6',
  'Task C: Compute factorial(4)...',
  'Task C: factorial(4) = 24',
  '[2, 6, 24]',
];
