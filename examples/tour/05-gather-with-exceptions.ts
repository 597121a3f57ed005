/**
 * `gather` with `returnExceptions`: an error takes the place of the result, and the others go on.
 *
 * Without it the first error is thrown where the results are awaited. With it nothing is thrown: look at each result.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'gather with returnExceptions gives errors in the places of results';

export async function generators() {
  function* factorial(name: string, number: number): asyncio.Coroutine<number> {
    let f = 1;
    if (number === 4) throw new asyncio.ValueError('에러');
    for (let i = 2; i <= number; i++) {
      console.log(`Task ${name}: Compute factorial(${i})...`);
      yield* asyncio.sleep(0.1);
      f *= i;
    }
    console.log(`Task ${name}: factorial(${number}) = ${f}`);
    return f;
  }

  function* main(): asyncio.Coroutine<void> {
    const results = yield* asyncio.gather(factorial('A', 2), factorial('B', 3), factorial('C', 4), {
      returnExceptions: true,
    });
    const shown = results.map((result) =>
      result instanceof Error ? `${result.name}('${result.message}')` : result,
    );
    console.log(`[${shown.join(', ')}]`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  const factorial = asyncio.coroutine(async (name: string, number: number) => {
    let f = 1;
    if (number === 4) throw new asyncio.ValueError('에러');
    for (let i = 2; i <= number; i++) {
      console.log(`Task ${name}: Compute factorial(${i})...`);
      await asyncio.sleep(0.1);
      f *= i;
    }
    console.log(`Task ${name}: factorial(${number}) = ${f}`);
    return f;
  });

  async function main() {
    const results = await asyncio.gather(factorial('A', 2), factorial('B', 3), factorial('C', 4), {
      returnExceptions: true,
    });
    const shown = results.map((result) =>
      result instanceof Error ? `${result.name}('${result.message}')` : result,
    );
    console.log(`[${shown.join(', ')}]`);
  }

  await asyncio.run(main);
}

export const output = [
  'Task A: Compute factorial(2)...',
  'Task B: Compute factorial(2)...',
  'Task A: factorial(2) = 2',
  'Task B: Compute factorial(3)...',
  'Task B: factorial(3) = 6',
  "[2, 6, ValueError('에러')]",
];
