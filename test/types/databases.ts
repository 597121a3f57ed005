/**
 * Databases as the editor shows them; and what must not compile.
 */

import { Database, type Row, type RowStream, type StartedTransaction } from '../../src/databases/index.ts';
import * as asyncio from '../../src/index.ts';
import { same } from './expect.ts';

const database = new Database('sqlite://', { minSize: 1, ssl: false });

interface Score {
  readonly id: number;
  readonly name: string;
}

export function* queries(): asyncio.Coroutine<void> {
  const rows = yield* database.fetchAll('SELECT 1', { a: 1, b: null, c: new Date(), d: 5n });
  same<typeof rows, Row[]>();
  same<Row[string], unknown>();
  const typed = yield* database.fetchAll<Score>('SELECT 1');
  same<typeof typed, Score[]>();
  const one = yield* database.fetchOne<Score>('SELECT 1', null);
  same<typeof one, Score | null>();
  const value = yield* database.fetchVal('SELECT 1', {}, 'name');
  same<typeof value, unknown>();
  const number = yield* database.fetchVal<number>('SELECT 1');
  same<typeof number, number | null>();
  const id = yield* database.execute<number>('INSERT');
  same<typeof id, number>();
  const stream = database.iterate<Score>('SELECT 1');
  same<typeof stream, RowStream<Score>>();
  yield* asyncio.asyncFor(stream, (row) => same<typeof row, Score>());
  const transaction = yield* database.transaction({ isolation: 'serializable', readOnly: true });
  same<typeof transaction, StartedTransaction>();
  const inside = yield* asyncio.asyncWith(database.transaction(), function* (started) {
    same<typeof started, StartedTransaction>();
    return 5 as const;
  });
  same<typeof inside, 5>();
  yield* asyncio.asyncWith(database, function* (connected) {
    same<typeof connected, Database>();
  });
}

export async function inAsyncFunctions(): Promise<void> {
  await using own = new Database('sqlite://');
  await own.connect();
  const rows = await own.fetchAll<Score>('SELECT 1');
  same<typeof rows, Score[]>();
  for await (const row of own.iterate<Score>('SELECT 1')) same<typeof row, Score>();
  await using transaction = await own.transaction();
  same<typeof transaction, StartedTransaction>();
  const value = await asyncio.asyncWith(own.connection(), async (connection) =>
    connection.fetchVal<string>('SELECT 1'),
  );
  same<typeof value, string | null>();
}

const generator = database.transaction()(function* (name: string, age = 5) {
  return [name, age] as const;
});
same<typeof generator, (name: string, age?: number) => asyncio.CoroutineObject<readonly [string, number]>>();
const asyncFunction = database.transaction()(async (name: string) => name.length);
same<typeof asyncFunction, (name: string) => asyncio.CoroutineObject<number>>();

// @ts-expect-error there is no such option
new Database('sqlite://', { size: 5 });
// @ts-expect-error nor such an isolation
database.transaction({ isolation: 'none' });
// @ts-expect-error values are given by name
database.fetchAll('SELECT :a', 5);
// @ts-expect-error a list of values is needed
database.executeMany('SELECT :a', { a: 1 });
// @ts-expect-error a row is an object
database.fetchAll<number>('SELECT 1');
