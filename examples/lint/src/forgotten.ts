/** Each line that forgets an `await` or a `yield*` names the rule that sees it; no other line is reported. */
import { type Coroutine, coroutine, gather, Lock, Queue, run, sleep } from 'asyncio-ts';

const lock = new Lock();
const queue = new Queue<number>();

function* work(): Coroutine<number> {
  sleep(1); // forgotten: @typescript-eslint/no-floating-promises
  lock.acquire(); // forgotten: @typescript-eslint/no-floating-promises
  lock.release();
  return 1;
}

const greet = coroutine(function* (name: string): Coroutine<string> {
  queue.put(1); // forgotten: @typescript-eslint/no-floating-promises
  return `hello ${name}`;
});

function* inGenerators(): Coroutine<void> {
  work(); // forgotten: local/no-floating-coroutine
  greet('world'); // forgotten: @typescript-eslint/no-floating-promises
  gather(work(), work()); // forgotten: @typescript-eslint/no-floating-promises
  yield* sleep(1);
}

async function inAsyncFunctions(): Promise<void> {
  sleep(1); // forgotten: @typescript-eslint/no-floating-promises
  queue.put(1); // forgotten: @typescript-eslint/no-floating-promises
  greet('world'); // forgotten: @typescript-eslint/no-floating-promises
  work(); // forgotten: local/no-floating-coroutine
}

run(inGenerators()); // forgotten: @typescript-eslint/no-floating-promises
run(inAsyncFunctions); // forgotten: @typescript-eslint/no-floating-promises
