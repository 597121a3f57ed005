/**
 * `concurrent.futures` by itself, without a loop: `submit` gives a future at once, and its `result()` blocks until the result is there.
 *
 * With generators there is nothing to write differently: no coroutine is involved. In an async function, `await` waits for the same future without
 * blocking.
 */
import { ThreadPoolExecutor, wait } from 'asyncio-ts/futures';

export const title = 'submit(pow, 323, 1235)';

const pow = (base: bigint, exponent: bigint) => base ** exponent;

function show(power: bigint) {
  const digits = String(power);
  console.log(`${digits.slice(0, 20)}...${digits.slice(-10)}, ${digits.length} digits`);
}

export async function generators() {
  using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = executor.submit(pow, 323n, 1235n);
  console.log(future.done());
  show(future.result());
  console.log(future.done());

  const failing = executor.submit(pow, 2n, -1n);
  console.log(failing.exception() instanceof RangeError);

  const { done, notDone } = wait([1n, 2n, 3n].map((n) => executor.submit(pow, 10n, n)));
  console.log(
    [...done].map((future) => String(future.result())),
    notDone.size,
  );
}

export async function asyncFunctions() {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = executor.submit(pow, 323n, 1235n);
  console.log(future.done());
  show(await future);
  console.log(future.done());

  const failing = executor.submit(pow, 2n, -1n);
  console.log((await failing.catch((error: unknown) => error)) instanceof RangeError);

  const powers = await Promise.all([1n, 2n, 3n].map((n) => executor.submit(pow, 10n, n)));
  console.log(powers.map(String), 0);
}

export const output = [
  'false',
  '73301874197116625252...3630500507, 3099 digits',
  'true',
  'true',
  "[ '10', '100', '1000' ] 0",
];
