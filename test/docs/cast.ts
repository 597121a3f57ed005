/**
 * The cast of the examples: what the documentation calls without saying what it is. An example that declares a name itself uses its own.
 */
import * as asyncio from 'asyncio-ts';
import * as databases from 'asyncio-ts/databases';
import type { ClientSession } from 'asyncio-ts/http';

export interface User {
  readonly id: number;
  readonly name: string;
}

export function* fetchUser(id: number): asyncio.Coroutine<User> {
  yield* asyncio.sleep(0.1);
  return { id, name: `user ${id}` };
}

export function* fetchPosts(id: number): asyncio.Coroutine<string[]> {
  yield* asyncio.sleep(0.2);
  return [`post by ${id}`];
}

/** Takes a second. */
export function* work(result = 1): asyncio.Coroutine<number> {
  yield* asyncio.sleep(1);
  return result;
}

export const f: typeof work = work;
export const g: typeof work = work;
export const first: typeof work = work;
export const second: typeof work = work;
export const ask: typeof work = work;

export function* main(): asyncio.Coroutine<void> {
  yield* asyncio.sleep(0.1);
}

/** Takes an hour. */
export function* longRunning(): asyncio.Coroutine<void> {
  yield* asyncio.sleep(3600);
}

export function* fail(message = 'failed'): asyncio.Coroutine<never> {
  yield* asyncio.sleep(0.1);
  throw new asyncio.ValueError(message);
}

export function* save(_item: unknown): asyncio.Coroutine<string> {
  yield* asyncio.sleep(0.1);
  return 'saved';
}

export function* handle(_item: unknown): asyncio.Coroutine<void> {
  yield* asyncio.sleep(0.1);
}

export async function* generate(): AsyncGenerator<number> {
  yield 1;
  yield 2;
  yield 3;
}

export const order: User = { id: 1, name: 'order' };
export const url = 'data:text/plain,hello';
export class MyTask<T> extends asyncio.Task<T> {}

export declare const session: ClientSession;
export declare const loop: asyncio.EventLoop;
export declare const lock: asyncio.Lock;
export declare const tasks: asyncio.Task<number>[];
export declare const reader: AsyncIterable<Uint8Array>;
export const database: databases.Database = new databases.Database('sqlite://');
export const Database: typeof databases.Database = databases.Database;
export const DatabaseURL: typeof databases.DatabaseURL = databases.DatabaseURL;
export declare const app: {
  get(path: string, handler: (request: unknown, response: { send(text: string): void }) => unknown): void;
};
