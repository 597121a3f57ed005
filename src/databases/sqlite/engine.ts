/**
 * SQLite: a file, or a database in memory that lives as long as the `Database` is connected and is shared by its connections.
 *
 * Files are in WAL mode, where readers and the writer do not wait for each other.
 * Source: SQLite docs, "Write-Ahead Logging", "URI Filenames"; Node docs, "SQLite".
 */
import { isAbsolute, resolve } from 'node:path';
import type { Coroutine } from '../../core/awaitable.ts';
import { ValueError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { DatabaseOptions, Engine, TransactionOptions } from '../engine.ts';
import { NotSupportedError } from '../errors.ts';
import type { Syntax } from '../sql.ts';
import type { DatabaseURL } from '../url.ts';
import { type Opening, SqliteSession } from './session.ts';

const SYNTAX: Syntax = {
  placeholder: () => '?',
  numbered: false,
  backslash: 'never',
  nestedComments: false,
  hashComments: false,
  dollarQuotes: false,
  quotes: '`[',
  foreign: /\?\d*|[@$#][\p{ID_Continue}]+/uy,
};

let memories = 0;

/** @throws {ValueError} where the URL has a host. */
export function sqliteEngine(url: DatabaseURL, options: DatabaseOptions): Engine {
  if (url.hostname !== null || url.username !== null || url.port !== null) {
    throw new ValueError(
      `the URL ${url.safe} names a host, and SQLite has none: a relative path stands behind three slashes, an absolute one behind four`,
    );
  }
  if (options.ssl !== undefined && options.ssl !== false)
    throw new ValueError('the option ssl is for databases behind a network, and SQLite is none');
  return new SqliteEngine(url.database, options);
}

class SqliteEngine implements Engine {
  readonly syntax = SYNTAX;
  readonly #opening: Opening;
  /** Keeps a database in memory there while no other connection is. */
  #keeper: SqliteSession | null = null;
  readonly #inMemory: boolean;

  constructor(database: string, options: DatabaseOptions) {
    const { readOnly = false, foreignKeys = true, timeout = 5, synchronous = 'full' } = options;
    this.#inMemory = database === '' || database === ':memory:';
    const pragmas = [`PRAGMA synchronous = ${synchronous}`];
    if (!this.#inMemory && !readOnly) pragmas.unshift('PRAGMA journal_mode = WAL');
    this.#opening = {
      // The file system in memory is SQLite's own, and shares what has the same name.
      location: this.#inMemory
        ? `file:/asyncio-${process.pid}-${++memories}?vfs=memdb`
        : isAbsolute(database)
          ? database
          : resolve(database),
      readOnly: readOnly && !this.#inMemory,
      foreignKeys,
      timeout: Math.round(timeout * 1000),
      pragmas,
    };
  }

  *open(loop: Scheduler): Coroutine<SqliteSession> {
    if (this.#inMemory && this.#keeper === null) {
      this.#keeper = yield* begun(loop, this.#opening);
      this.#keeper.setRef(false);
    }
    return yield* begun(loop, this.#opening);
  }

  begin({ isolation, readOnly, deferrable, mode = 'deferred' }: TransactionOptions): readonly string[] {
    if ((isolation ?? 'serializable') !== 'serializable')
      throw new NotSupportedError(`SQLite's transactions are serializable, there is no ${isolation}`);
    if (readOnly === true || deferrable === true) {
      const option = readOnly === true ? 'readOnly' : 'deferrable';
      throw new NotSupportedError(`SQLite has no transactions with the option ${option}`);
    }
    if (!['deferred', 'immediate', 'exclusive'].includes(mode))
      throw new ValueError(
        `mode must be 'deferred', 'immediate' or 'exclusive', not ${JSON.stringify(mode)}`,
      );
    return [`BEGIN ${mode.toUpperCase()}`];
  }

  close(): void {
    this.#keeper?.lose(new NotSupportedError('the database is disconnected'));
    this.#keeper = null;
  }
}

function* begun(loop: Scheduler, opening: Opening): Coroutine<SqliteSession> {
  const session = new SqliteSession(loop, opening);
  let opened = false;
  try {
    yield* session.opened();
    opened = true;
    return session;
  } finally {
    if (!opened) session.lose(new NotSupportedError('the database was not opened'));
  }
}
