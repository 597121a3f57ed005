/**
 * `asyncio-ts/databases`: encode/databases for TypeScript, on SQLite, PostgreSQL and MySQL.
 *
 *     Database ── Connection (one a task) ── Transaction, RowStream
 *        │             │
 *        │           Pool ── Session (one connection: asked, answered, cancelled)
 *        │                      └── sqlite/ (worker threads)   postgresql/ (pg)   mysql/ (mysql2)
 *        └── DatabaseURL, Compiler (named parameters)
 */
export { Connection } from './connection.ts';
export { Database } from './database.ts';
export type { DatabaseOptions, Isolation, TransactionOptions } from './engine.ts';
export {
  DatabaseError,
  type DatabaseErrorFields,
  DataError,
  IntegrityError,
  InterfaceError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from './errors.ts';
export type { PoolStatistics } from './pool.ts';
export { RowStream } from './row-stream.ts';
export type { Row } from './session.ts';
export type { Values } from './sql.ts';
export { type Decorated, StartedTransaction, type Transaction } from './transaction.ts';
export { DatabaseURL, type URLParts } from './url.ts';
