/**
 * gather, wait and their kin, blocks, queues and context variables as the editor shows them; and what must not compile.
 */
import * as asyncio from '../../src/index.ts';
import { same } from './expect.ts';

function* one(): asyncio.Coroutine<1> {
  return 1;
}
const text = asyncio.coroutine(async () => 'text');
declare const task: asyncio.Task<boolean>;
declare const future: asyncio.Future<Date>;
declare const many: asyncio.Task<number>[];

// ---- gather -----------------------------------------------------------------------------------------------------------------------

const tuple = asyncio.gather(one(), text(), task, future, async () => 2, Promise.resolve('p' as const), one);
same<typeof tuple, asyncio.Future<[1, string, boolean, Date, number, 'p', 1]>>();
const outcomes = asyncio.gather(one(), text(), { returnExceptions: true });
same<typeof outcomes, asyncio.Future<[1 | Error, string | Error]>>();
const maybe = asyncio.gather(one(), text(), { returnExceptions: Math.random() > 0.5 });
same<typeof maybe, asyncio.Future<[1 | Error, string | Error]>>();
const spread = asyncio.gather(...many);
same<typeof spread, asyncio.Future<number[]>>();
const spreadOutcomes = asyncio.gather(...many, { returnExceptions: true });
same<typeof spreadOutcomes, asyncio.Future<(number | Error)[]>>();
const nested = asyncio.gather(asyncio.gather(one(), text()), asyncio.sleep(1, 'slept'));
same<typeof nested, asyncio.Future<[[1, string], string]>>();
const none = asyncio.gather();
same<typeof none, asyncio.Future<[]>>();

export function* gathered(): asyncio.Coroutine<void> {
  const [a, b] = yield* asyncio.gather(one(), text());
  same<typeof a, 1>();
  same<typeof b, string>();
}

export async function gatheredAsync(): Promise<void> {
  const [a, b] = await asyncio.gather(one(), text());
  same<typeof a, 1>();
  same<typeof b, string>();
}

// @ts-expect-error a number cannot be awaited
asyncio.gather(one(), 5);
// @ts-expect-error nor a string
asyncio.gather('text');
// @ts-expect-error there is no such option
asyncio.gather(one(), { returnException: true });

// ---- wait, waitFor, shield, asCompleted, ensureFuture -------------------------------------------------------------------------------

export function* waits(): asyncio.Coroutine<void> {
  const [done, pending] = yield* asyncio.wait(many, { timeout: 1, returnWhen: asyncio.FIRST_COMPLETED });
  same<typeof done, Set<asyncio.Task<number>>>();
  same<typeof pending, Set<asyncio.Task<number>>>();
  const [mixed] = yield* asyncio.wait([task, future]);
  same<typeof mixed, Set<asyncio.Task<boolean> | asyncio.Future<Date>>>();
  const [promised] = yield* asyncio.wait([Promise.resolve(1)]);
  same<typeof promised, Set<asyncio.Future<number>>>();
  const limited = yield* asyncio.waitFor(one(), 5);
  same<typeof limited, 1>();
  const limitedAsync = yield* asyncio.waitFor(async () => 'x', null);
  same<typeof limitedAsync, string>();
  const shielded = yield* asyncio.shield(text());
  same<typeof shielded, string>();
  for (const next of asyncio.asCompleted([one(), text()])) {
    const result = yield* next;
    same<typeof result, 1 | string>();
  }
}

export async function completed(): Promise<void> {
  for await (const each of asyncio.asCompleted(many)) {
    const result = each.result();
    same<typeof result, number>();
    const name: string = each.getName();
    void name;
  }
  for await (const each of asyncio.asCompleted([Promise.resolve(1), text()])) {
    const result = each.result();
    same<typeof result, number | string>();
  }
}

const ensured = asyncio.ensureFuture(one());
same<typeof ensured, asyncio.Task<1>>();
const same_ = asyncio.ensureFuture(task);
same<typeof same_, asyncio.Task<boolean>>();
const asFuture = asyncio.ensureFuture(future);
same<typeof asFuture, asyncio.Future<Date>>();
const followed = asyncio.ensureFuture(Promise.resolve(1));
same<typeof followed, asyncio.Future<number>>();
const wrapped = asyncio.wrapFuture(Promise.resolve('x'));
same<typeof wrapped, asyncio.Future<string>>();

// @ts-expect-error a limit is a number of seconds, or null
asyncio.waitFor(one(), '5');
// @ts-expect-error a limit must be given
asyncio.waitFor(one());
// @ts-expect-error wait takes several
asyncio.wait(task);
// @ts-expect-error there is no such condition
asyncio.wait(many, { returnWhen: 'SOON' });
// @ts-expect-error a number cannot be shielded
asyncio.shield(5);
// @ts-expect-error a number cannot be wrapped
asyncio.wrapFuture(5);

// ---- blocks -----------------------------------------------------------------------------------------------------------------------

export function* blocks(): asyncio.Coroutine<void> {
  const result = yield* asyncio.asyncWith(new asyncio.TaskGroup(), function* (group) {
    same<typeof group, asyncio.TaskGroup>();
    const member = group.createTask(one(), { name: 'member' });
    same<typeof member, asyncio.Task<1>>();
    const asyncMember = group.createTask(async () => 'x');
    same<typeof asyncMember, asyncio.Task<string>>();
    return yield* member;
  });
  same<typeof result, 1>();
  const limited = yield* asyncio.asyncWith(asyncio.timeout(1), function* (limit) {
    same<typeof limit, asyncio.Timeout>();
    return 'in time' as const;
  });
  same<typeof limited, 'in time'>();
  yield* asyncio.asyncWith(new asyncio.Barrier(2), function* (index) {
    same<typeof index, number>();
  });
  yield* asyncio.asyncFor(asyncio.asCompleted(many), function* (each) {
    const value = each.result();
    same<typeof value, number>();
  });
  yield* asyncio.asyncFor([1, 2], (item) => {
    same<typeof item, number>();
    return item === 1 ? asyncio.BREAK : undefined;
  });
  using guard = yield* new asyncio.Lock().guard();
  same<typeof guard, asyncio.Guard>();
  const stack = new asyncio.AsyncExitStack();
  const entered = yield* stack.enterAsyncContext(asyncio.timeout(1));
  same<typeof entered, asyncio.Timeout>();
}

export async function blocksAsync(): Promise<void> {
  const result = await asyncio.asyncWith(new asyncio.TaskGroup(), async (group) => {
    const member = group.createTask(one());
    return await member;
  });
  same<typeof result, 1>();
  using guard = await new asyncio.Semaphore(2).guard();
  same<typeof guard, asyncio.Guard>();
}

// @ts-expect-error a number is no manager
asyncio.asyncWith(5, function* () {});
// @ts-expect-error a body is a coroutine function
asyncio.asyncWith(new asyncio.TaskGroup(), () => 5);
// @ts-expect-error a promise has started already
new asyncio.TaskGroup().createTask(Promise.resolve(1));
// @ts-expect-error seconds are a number, or null
asyncio.timeout('1');

// ---- queues, context variables ------------------------------------------------------------------------------------------------------

const queue = new asyncio.Queue<{ id: number }>(10);
export function* queues(): asyncio.Coroutine<void> {
  yield* queue.put({ id: 1 });
  const item = yield* queue.get();
  same<typeof item, { id: number }>();
  const now = new asyncio.PriorityQueue<[number, string]>().getNowait();
  same<typeof now, [number, string]>();
  // @ts-expect-error another kind of item
  yield* queue.put({ id: 'one' });
  // @ts-expect-error no item at all
  yield* queue.put();
}
// @ts-expect-error another kind of item
queue.putNowait(5);
// @ts-expect-error the order compares the items
new asyncio.PriorityQueue<number>(0, (a: string, b: string) => a.length - b.length);

const bare = new asyncio.ContextVar<string>('bare');
const got = bare.get();
same<typeof got, string>();
const fallback = bare.get(null);
same<typeof fallback, string | null>();
const token = bare.set('x');
same<typeof token, asyncio.Token<string>>();
const inContext = asyncio.copyContext().get(bare);
same<typeof inContext, string | undefined>();
const ran = asyncio.copyContext().run((a: number, b: string) => b.repeat(a), 2, 'x');
same<typeof ran, string>();
// @ts-expect-error a value of another type
bare.set(5);
// @ts-expect-error a default of another type
new asyncio.ContextVar<string>('wrong', { default: 5 });
// @ts-expect-error the token of another kind of variable
bare.reset(new asyncio.ContextVar<number>('n').set(1));
// @ts-expect-error arguments are checked
asyncio.copyContext().run((a: number) => a, 'x');

// ---- programs -----------------------------------------------------------------------------------------------------------------------

const ranOnce = asyncio.run(one());
same<typeof ranOnce, Promise<1>>();
const ranAsync = asyncio.run(async () => 'x', { debug: true });
same<typeof ranAsync, Promise<string>>();
const ranTwice = new asyncio.Runner().run(one);
same<typeof ranTwice, Promise<1>>();
const completedLoop = asyncio.newEventLoop().runUntilComplete(text());
same<typeof completedLoop, Promise<string>>();
