/**
 * The engines that tests run on, each as a program meets it: SQLite in a file, PostgreSQL and MariaDB as servers that were started for this file of tests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { skipWithout } from '../../scripts/programs.ts';
import { Database, type DatabaseOptions } from '../../src/databases/index.ts';
import type * as asyncio from '../../src/index.ts';
import { type DatabaseServer, startMariadb, startPostgres } from './servers.ts';

export interface TestEngine {
  readonly name: 'SQLite' | 'PostgreSQL' | 'MariaDB';
  /** Why it cannot be tested here. */
  readonly skip: string | false;
  readonly url: string;
  readonly server: DatabaseServer | null;
  /** The URL of a database that nobody else has: for what may leave a lock behind for a while. */
  readonly own: () => string;
  /** The column of an id that is given by the database. */
  readonly serial: string;
  /** A query that takes for ever, or nearly so, and gives no rows before its end. */
  readonly forever: string;
  /** The type of bytes. */
  readonly bytes: string;
  /** The type of a point of time. */
  readonly time: string;
}

const FOREVER =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) SELECT count(*) FROM n';

let started: Promise<readonly TestEngine[]> | null = null;

/** The engines, started for the first file that asks, and ended with it. */
export function testEngines(): Promise<readonly TestEngine[]> {
  if (started === null) {
    const begun = start();
    started = begun;
    after(async () => {
      for (const { server } of await begun) await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
  }
  return started;
}

const folder = mkdtempSync(join(tmpdir(), 'asyncio-databases-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let files = 0;

async function start(): Promise<readonly TestEngine[]> {
  const [noPostgres, noMariadb] = [skipWithout('postgresql'), skipWithout('mariadb-server')];
  const [postgres, mariadb] = await Promise.all([
    noPostgres === false ? startPostgres() : null,
    noMariadb === false ? startMariadb() : null,
  ]);
  return [
    {
      name: 'SQLite',
      skip: false,
      url: `sqlite:///${join(folder, 'test.db')}?synchronous=off`,
      server: null,
      own: () => `sqlite:///${join(folder, `own-${++files}.db`)}?synchronous=off`,
      serial: 'INTEGER PRIMARY KEY',
      forever: FOREVER,
      bytes: 'BLOB',
      time: 'DATETIME',
    },
    {
      name: 'PostgreSQL',
      skip: noPostgres,
      url: postgres?.url ?? 'postgresql://nowhere',
      server: postgres,
      own: () => postgres?.url ?? '',
      serial: 'SERIAL PRIMARY KEY',
      forever: 'SELECT pg_sleep(600)',
      bytes: 'BYTEA',
      time: 'TIMESTAMP(3)',
    },
    {
      name: 'MariaDB',
      skip: noMariadb,
      url: mariadb?.url ?? 'mysql://nowhere',
      server: mariadb,
      own: () => mariadb?.url ?? '',
      serial: 'INTEGER PRIMARY KEY AUTO_INCREMENT',
      forever: 'SELECT sleep(600)',
      bytes: 'BLOB',
      time: 'DATETIME(3)',
    },
  ];
}

/** A connected database with an empty table `scores`. */
export function* withScores(engine: TestEngine, options: DatabaseOptions = {}): asyncio.Coroutine<Database> {
  const database = new Database(engine.url, options);
  yield* database.connect();
  yield* database.execute('DROP TABLE IF EXISTS scores');
  yield* database.execute(
    `CREATE TABLE scores (id ${engine.serial}, name VARCHAR(100) UNIQUE, score BIGINT NOT NULL DEFAULT 0)`,
  );
  return database;
}

export const INSERT = 'INSERT INTO scores(name, score) VALUES (:name, :score)';
export const DAISY: { readonly name: string; readonly score: number } = { name: 'Daisy', score: 92 };
export const HIGH_SCORES: readonly { readonly name: string; readonly score: number }[] = [
  DAISY,
  { name: 'Neil', score: 87 },
  { name: 'Carol', score: 43 },
];
