/**
 * What each engine is made of: how it writes SQL, and how a session with it begins. A new engine is one folder with the same files, and one line in
 * `engines.ts`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Session } from './session.ts';
import type { Syntax } from './sql.ts';
import type { DatabaseURL } from './url.ts';

/** How isolated a transaction is from others. */
export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

/** Options of a transaction. */
export interface TransactionOptions {
  /** Roll back at the end in any case: for tests. */
  readonly forceRollback?: boolean | undefined;
  /** PostgreSQL and MySQL; SQLite's transactions are always serializable. */
  readonly isolation?: Isolation | undefined;
  /** PostgreSQL and MySQL: may it only read? */
  readonly readOnly?: boolean | undefined;
  /** PostgreSQL: wait until a serializable, read-only transaction cannot fail. */
  readonly deferrable?: boolean | undefined;
  /** SQLite: when the database is locked for writing; `'deferred'`, at the first write, by default. */
  readonly mode?: 'deferred' | 'immediate' | 'exclusive' | undefined;
}

/** Options of a database, which its URL can hold as well, under the names in brackets. */
export interface DatabaseOptions {
  /** Use one connection for all tasks, in a transaction that is rolled back when the database is disconnected: for tests. */
  readonly forceRollback?: boolean | undefined;
  /** How many connections are opened at once [`min_size`]; 1 by default. */
  readonly minSize?: number | undefined;
  /** How many there can be [`max_size`]; 10 by default. */
  readonly maxSize?: number | undefined;
  /** Encrypt, and check who the server is; or the options of `tls.connect` [`ssl=true`, `ssl=false`]. */
  readonly ssl?: boolean | object | undefined;
  /** How long connecting may take, in seconds [`connect_timeout`]; 60 by default. */
  readonly connectTimeout?: number | undefined;
  /** PostgreSQL: how many statements a connection has the server keep [`statement_cache_size`]; 100 by default, 0 behind a pooler of transactions. */
  readonly statementCacheSize?: number | undefined;
  /** SQLite: how long to wait for a lock, in seconds [`timeout`]; 5 by default. */
  readonly timeout?: number | undefined;
  /** SQLite: check foreign keys [`foreign_keys`]; true by default. */
  readonly foreignKeys?: boolean | undefined;
  /** SQLite: `'off'`, `'normal'`, `'full'` or `'extra'` [`synchronous`]; `'full'` by default. */
  readonly synchronous?: 'off' | 'normal' | 'full' | 'extra' | undefined;
  /** SQLite: open the file for reading only [`read_only`]. */
  readonly readOnly?: boolean | undefined;
}

/** A database of some kind that sessions can be opened with. */
export interface Engine {
  readonly syntax: Syntax;
  /** Begin a session. */
  open(loop: Scheduler): Coroutine<Session>;
  /** The statements that begin a transaction. @throws {NotSupportedError} where it has no such transactions. */
  begin(options: TransactionOptions): readonly string[];
  /** All sessions have ended. */
  close(): void;
}

/** Makes an engine for a URL. @throws {ValueError} where an option is wrong. */
export type EngineFactory = (url: DatabaseURL, options: DatabaseOptions) => Engine;
