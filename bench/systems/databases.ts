/**
 * The work of `bench/databases.ts`: SQLite beside Python's sqlite3 in a thread, PostgreSQL beside the bare driver. The two take turns, repetition by
 * repetition, so that what slows the machine for a while slows both; medians are compared.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asyncio from 'asyncio-ts';
import { Database } from 'asyncio-ts/databases';
import { postgresPrograms } from '../../scripts/programs.ts';
import { startPostgres } from '../../test/databases/servers.ts';

const SINGLES = 3000;
const BULK = 10_000;
const READS = 100;
const INSERT = 'INSERT INTO scores(name, score) VALUES (:name, :score)';

/** Seconds of the clock and of the processor for one operation, by its name. */
type Figures = Record<string, [clock: number, processor: number]>;

/** The tables, in Markdown. */
export async function compare(repetitions: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-bench-'));
  const tables: string[] = [];
  try {
    tables.push(await compareSqlite(folder, repetitions));
    if (postgresPrograms() === undefined) console.error('Not measured: PostgreSQL is not installed.');
    else tables.push(await comparePostgres(repetitions));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tables.join('\n\n');
}

function* measure(
  into: Figures,
  name: string,
  count: number,
  work: (i: number) => asyncio.Awaitable<unknown>,
): asyncio.Coroutine<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < count; i++) yield* work(i);
  const clock = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  into[name] = [clock / count, (user + system) / 1e6 / count];
}

/** The same as `databases.py`. */
function* ours(file: string): asyncio.Coroutine<Figures> {
  const figures: Figures = {};
  const database = new Database(`sqlite:///${file}?synchronous=normal`);
  yield* database.connect();
  yield* database.execute('CREATE TABLE scores (id INTEGER PRIMARY KEY, name TEXT, score INTEGER)');
  const insert = (i: number) => database.execute(INSERT, { name: `name ${i}`, score: i });
  yield* measure(figures, 'insert', SINGLES, insert);
  const transaction = yield* database.transaction();
  yield* measure(figures, 'insertInTransaction', SINGLES, insert);
  yield* transaction.commit();
  yield* measure(figures, 'read', SINGLES, (i) =>
    database.fetchOne('SELECT * FROM scores WHERE id = :id', { id: i + 1 }),
  );
  yield* measure(figures, 'readMany', READS, () => database.fetchAll('SELECT * FROM scores LIMIT 1000'));
  yield* measure(figures, 'insertMany', 3, () =>
    database.executeMany(
      INSERT,
      Array.from({ length: BULK }, (_, n) => ({ name: `name ${n}`, score: n })),
    ),
  );
  yield* database.disconnect();
  return figures;
}

function python(file: string): Figures {
  const script = fileURLToPath(new URL('./databases.py', import.meta.url));
  const args = [script, file, ...[SINGLES, BULK, READS].map(String)];
  const { stdout, stderr, status } = spawnSync('python3', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Figures;
}

async function compareSqlite(folder: string, repetitions: number): Promise<string> {
  const [mine, theirs]: [Figures[], Figures[]] = [[], []];
  for (let n = 0; n < repetitions; n++) {
    mine.push(await asyncio.run(() => ours(join(folder, `ours-${n}.db`))));
    theirs.push(python(join(folder, `python-${n}.db`)));
  }
  return table('`sqlite3` in a thread, Python', mine, theirs, {
    insert: 'insert a row',
    insertInTransaction: 'insert a row, in a transaction',
    read: 'read a row by its key',
    readMany: 'read 1,000 rows',
    insertMany: `insert ${BULK.toLocaleString('en')} rows at once`,
  });
}

async function comparePostgres(repetitions: number): Promise<string> {
  const { default: pg } = await import('pg');
  const server = await startPostgres();
  const [mine, theirs]: [Figures[], Figures[]] = [[], []];
  try {
    await asyncio.run(function* () {
      const database = new Database(server.url);
      yield* database.connect();
      yield* database.execute('CREATE TABLE scores (id SERIAL PRIMARY KEY, name TEXT, score INTEGER)');
      yield* database.executeMany(
        INSERT,
        Array.from({ length: SINGLES }, (_, n) => ({ name: `name ${n}`, score: n })),
      );
      const client = new pg.Client({ connectionString: server.url });
      yield* asyncio.wrapFuture(client.connect());
      const bare = (count: number, work: (i: number) => Promise<unknown>) => async () => {
        for (let i = 0; i < count; i++) await work(i);
      };
      // The driver's own loop is an async function, as its users write it.
      const driver = function* (
        into: Figures,
        name: string,
        count: number,
        work: (i: number) => Promise<unknown>,
      ) {
        yield* measure(into, name, 1, () => asyncio.wrapFuture(bare(count, work)()));
        into[name] = (into[name] as [number, number]).map((figure) => figure / count) as [number, number];
      };
      for (let n = 0; n <= repetitions; n++) {
        const [own, other]: [Figures, Figures] = [{}, {}];
        const [row, rows, add] = [
          'SELECT * FROM scores WHERE id = :id',
          'SELECT * FROM scores LIMIT 1000',
          INSERT,
        ];
        yield* measure(own, 'read', SINGLES, (i) => database.fetchAll(row, { id: i + 1 }));
        yield* driver(other, 'read', SINGLES, (i) => client.query(row.replace(':id', '$1'), [i + 1]));
        yield* measure(own, 'readMany', READS, () => database.fetchAll(rows));
        yield* driver(other, 'readMany', READS, () => client.query(rows));
        yield* measure(own, 'insert', SINGLES, (i) => database.execute(add, { name: `name ${i}`, score: i }));
        yield* driver(other, 'insert', SINGLES, (i) =>
          client.query(add.replace(':name', '$1').replace(':score', '$2'), [`name ${i}`, i]),
        );
        // The first one warms up.
        if (n === 0) continue;
        mine.push(own);
        theirs.push(other);
      }
      yield* asyncio.wrapFuture(client.end());
      yield* database.disconnect();
    });
  } finally {
    await server.stop();
  }
  return table('bare `pg`', mine, theirs, {
    read: 'read a row by its key',
    readMany: 'read 1,000 rows',
    insert: 'insert a row',
  });
}

function table(
  peer: string,
  mine: readonly Figures[],
  theirs: readonly Figures[],
  titles: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(titles).map(([name, title]) => {
    const figure = (list: readonly Figures[], which: 0 | 1) =>
      median(list.map((figures) => (figures[name] as [number, number])[which]));
    const speed = figure(theirs, 0) / figure(mine, 0);
    const work = figure(theirs, 1) / figure(mine, 1);
    return `| ${title} | ${shown(figure(mine, 0))} | ${shown(figure(theirs, 0))} | ${speed.toFixed(2)}× | ${work.toFixed(2)}× |`;
  });
  const head = `|  | asyncio-ts | ${peer} | times as fast | times less work for the processor |`;
  return [head, '| --- | ---: | ---: | ---: | ---: |', ...lines].join('\n');
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] as number;
}

function shown(seconds: number): string {
  return seconds < 1e-3 ? `${(seconds * 1e6).toFixed(1)} µs` : `${(seconds * 1e3).toFixed(2)} ms`;
}
