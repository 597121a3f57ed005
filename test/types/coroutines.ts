/**
 * Coroutines as the editor shows them: results through `yield*` and `await`, tasks, `coroutine()`, recursion; and what must not compile.
 */
import * as asyncio from '../../src/index.ts';
import { same } from './expect.ts';

function* answer(): asyncio.Coroutine<number> {
  yield* asyncio.sleep(0);
  return 42;
}

/** Without an annotation the compiler finds the result by itself. */
function* inferred(name: string) {
  const value = yield* answer();
  yield* asyncio.sleep(value);
  return { name, value };
}

async function native(): Promise<'native'> {
  return 'native';
}

export function* throughYield(): asyncio.Coroutine<void> {
  const number = yield* answer();
  same<typeof number, number>();
  const object = yield* inferred('x');
  same<typeof object, { name: string; value: number }>();
  const slept = yield* asyncio.sleep(1);
  same<typeof slept, void>();
  const given = yield* asyncio.sleep(1, 'late' as const);
  same<typeof given, 'late'>();
  const fromTask = yield* asyncio.createTask(answer());
  same<typeof fromTask, number>();
  const fromFuture = yield* asyncio.getRunningLoop().createFuture<boolean>();
  same<typeof fromFuture, boolean>();
  const fromPromise = yield* asyncio.wrapFuture(native());
  same<typeof fromPromise, 'native'>();
}

export async function throughAwait(): Promise<void> {
  const slept = await asyncio.sleep(1, 5);
  same<typeof slept, number>();
  const fromTask = await asyncio.createTask(inferred('x'));
  same<typeof fromTask, { name: string; value: number }>();
  const made = await asyncio.coroutine(inferred)('x');
  same<typeof made, { name: string; value: number }>();
  const future = new asyncio.Future<string>();
  same<Awaited<typeof future>, string>();
  same<ReturnType<typeof future.result>, string>();
}

// ---- tasks ------------------------------------------------------------------------------------------------------------------------

const ofGenerator = asyncio.createTask(answer());
same<typeof ofGenerator, asyncio.Task<number>>();
const ofInferred = asyncio.createTask(inferred('x'), { name: 'named' });
same<typeof ofInferred, asyncio.Task<{ name: string; value: number }>>();
const ofFunction = asyncio.createTask(answer);
same<typeof ofFunction, asyncio.Task<number>>();
const ofAsync = asyncio.createTask(async () => 'text');
same<typeof ofAsync, asyncio.Task<string>>();
const ofNative = asyncio.createTask(native);
same<typeof ofNative, asyncio.Task<'native'>>();
const ofObject = asyncio.createTask(asyncio.sleep(1, true));
same<typeof ofObject, asyncio.Task<boolean>>();
const ofInline = asyncio.createTask(function* () {
  yield* asyncio.sleep(1);
  return [1, 2];
});
same<typeof ofInline, asyncio.Task<number[]>>();
same<ReturnType<typeof ofInline.getCoro>, asyncio.Coroutine<number[]> | asyncio.CoroutineObject<number[]>>();
same<ReturnType<typeof asyncio.currentTask>, asyncio.Task<unknown> | null>();

// ---- coroutine() ------------------------------------------------------------------------------------------------------------------

const greet = asyncio.coroutine(function* greet(name: string, times = 1) {
  yield* asyncio.sleep(times);
  return `${name} ${times}`;
});
same<Parameters<typeof greet>, [name: string, times?: number | undefined]>();
same<ReturnType<typeof greet>, asyncio.CoroutineObject<string>>();
const greetAsync = asyncio.coroutine(async (name: string, ...more: readonly number[]) => {
  await asyncio.sleep(more.length);
  return name.length;
});
same<Parameters<typeof greetAsync>, [name: string, ...more: readonly number[]]>();
same<ReturnType<typeof greetAsync>, asyncio.CoroutineObject<number>>();
const bare = asyncio.coroutine(function* () {});
same<ReturnType<typeof bare>, asyncio.CoroutineObject<void>>();
const generic = asyncio.coroutine(function* <T>(value: T) {
  yield* asyncio.sleep(0);
  return value;
});
/** What is generic does not stay so: the compiler infers either that or default values, not both. */
const lost = generic(5);
same<typeof lost, asyncio.CoroutineObject<unknown>>();

export function* calls(): asyncio.Coroutine<void> {
  const text = yield* greet('a');
  same<typeof text, string>();
  const number = yield* greetAsync('a', 1, 2);
  same<typeof number, number>();
}

// ---- recursion --------------------------------------------------------------------------------------------------------------------

/** A function that awaits itself needs its return type, as all functions whose result depends on their own; nothing else. */
function* factorial(n: number): asyncio.Coroutine<number> {
  if (n === 0) return 1;
  yield* asyncio.sleep(0);
  return n * (yield* factorial(n - 1));
}
const ofRecursive = asyncio.createTask(factorial(5));
same<typeof ofRecursive, asyncio.Task<number>>();

/** Calls of itself that go through the library are the same. */
function* tree(depth: number): asyncio.Coroutine<number> {
  if (depth === 0) return 1;
  const [left, right] = yield* asyncio.gather(tree(depth - 1), tree(depth - 1));
  same<typeof left, number>();
  return left + right;
}
const ofTree = asyncio.createTask(tree(3));
same<typeof ofTree, asyncio.Task<number>>();

const fibonacci = asyncio.coroutine(async function fibonacci(n: number): Promise<number> {
  return n < 2 ? n : (await fibonacci(n - 1)) + (await fibonacci(n - 2));
});
same<ReturnType<typeof fibonacci>, asyncio.CoroutineObject<number>>();

/** Only a call that is not awaited needs no annotation. */
function* chain(n: number) {
  if (n > 0) asyncio.createTask(chain(n - 1));
  yield* asyncio.sleep(0);
  return n;
}
const ofChain = asyncio.createTask(chain(3));
same<typeof ofChain, asyncio.Task<number>>();

// @ts-expect-error without the annotation the compiler gives up
export function* unannotated(n: number) {
  if (n > 0) yield* unannotated(n - 1);
}

// @ts-expect-error as it does for async functions whose result depends on themselves
export async function unannotatedAsync(n: number) {
  return n === 0 ? 1 : n * (await unannotatedAsync(n - 1));
}

// ---- what must not compile --------------------------------------------------------------------------------------------------------

export function* wrong(): asyncio.Coroutine<void> {
  // @ts-expect-error a number cannot be awaited
  yield* 5;
  // @ts-expect-error a promise cannot be awaited with yield*: wrapFuture() it
  yield* Promise.resolve(5);
  // @ts-expect-error an async function must be called through coroutine() or made a task
  yield* native();
  // @ts-expect-error the function was not called
  yield* answer;
  // @ts-expect-error a coroutine yields futures only
  yield 5;
  // @ts-expect-error the result is a number
  const text: string = yield* answer();
  void text;
}

// @ts-expect-error a promise has started already: no task can own it
asyncio.createTask(native());
// @ts-expect-error a number is no coroutine
asyncio.createTask(5);
// @ts-expect-error a coroutine function with parameters must be called
asyncio.createTask(inferred);
// @ts-expect-error a future is no coroutine: ensureFuture() takes both
asyncio.createTask(new asyncio.Future<number>());
// @ts-expect-error the name is a string
asyncio.createTask(answer(), { name: 5 });
// @ts-expect-error there is no such option
asyncio.createTask(answer(), { nmae: 'x' });
// @ts-expect-error the parameter is missing
greet();
// @ts-expect-error the parameter is a string
greet(5);
// @ts-expect-error plain functions are no coroutine functions
asyncio.coroutine(() => 5);
// @ts-expect-error a generator of other things is no coroutine function
asyncio.coroutine(function* () {
  yield 5;
});
// @ts-expect-error a delay is a number of seconds
asyncio.sleep('1');
// @ts-expect-error the result is fixed by the type of the future
new asyncio.Future<number>().setResult('text');
// @ts-expect-error an exception is an error
new asyncio.Future<number>().setException('text');
// @ts-expect-error arguments of a callback are checked
asyncio.getRunningLoop().callSoon((text: string) => text, 5);
// @ts-expect-error and counted
asyncio.getRunningLoop().callLater(1, (text: string) => text);
// @ts-expect-error run takes coroutines and coroutine functions
asyncio.run(5);
