/**
 * `Connection`: what a task has of a database. It takes a session from the pool when it is entered, and gives it back when it is left as often as
 * it was entered; one query at a time goes through it, in the order in which they were asked for.
 *
 * Source: encode/databases, "Connections and Transactions", `Connection`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { KeyError, LookupError, RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { Lock } from '../sync/lock.ts';
import type { TransactionOptions } from './engine.ts';
import { ProgrammingError } from './errors.ts';
import type { Pool } from './pool.ts';
import { RowStream } from './row-stream.ts';
import type { Row, Session, Tuple } from './session.ts';
import { type Compiler, type Values, valuesFor } from './sql.ts';
import { newTransaction, type StartedTransaction, type Transaction } from './transaction.ts';

/** What connections share. */
export interface Surroundings {
  readonly compiler: Compiler;
  readonly begin: (options: TransactionOptions) => readonly string[];
  /** The pool. @throws {InterfaceError} where the database is not connected. */
  pool(): Pool;
}

/**
 * ```ts
 * yield* asyncio.asyncWith(database.connection(), function* (connection) {
 *   yield* connection.execute('CREATE TEMPORARY TABLE seen (id INTEGER)');
 *   return yield* connection.fetchAll('SELECT * FROM seen');
 * });
 * ```
 */
export class Connection {
  /** @internal */
  readonly _shared: Surroundings;
  #session: Session | null = null;
  #pool: Pool | null = null;
  #uses = 0;
  readonly #entering = new Lock();
  readonly #asking = new Lock();
  /** @internal Held while a transaction begins or ends. */
  readonly _changing: Lock = new Lock();
  /** @internal The transactions that are open, the innermost last. */
  readonly _transactions: StartedTransaction[] = [];

  /** @internal Get one from `Database.connection()`. */
  constructor(shared: Surroundings) {
    this._shared = shared;
  }

  /** Enter `asyncWith`: take a session from the pool. */
  aenter(): CoroutineObject<this> {
    return new LazyCoroutine<this>(this.#aenter as never, this);
  }

  *#aenter(): Coroutine<this> {
    yield* this._enter();
    return this;
  }

  /** Leave `asyncWith`: give the session back. */
  *aexit(): Coroutine<void> {
    this._leave();
  }

  /** All rows of a query. */
  fetchAll<R extends object = Row>(query: string, values?: Values | null): CoroutineObject<R[]> {
    return new LazyCoroutine<R[]>(this._fetchAll as never, this, [query, values]);
  }

  /** The first row of a query; `null` where there is none. */
  fetchOne<R extends object = Row>(query: string, values?: Values | null): CoroutineObject<R | null> {
    return new LazyCoroutine<R | null>(this._fetchOne as never, this, [query, values]);
  }

  /** One value of the first row: of the column with this number, from 0, or this name. `null` where there is no row. */
  fetchVal<T = unknown>(
    query: string,
    values?: Values | null,
    column: number | string = 0,
  ): CoroutineObject<T | null> {
    return new LazyCoroutine<T | null>(this._fetchVal as never, this, [query, values, column]);
  }

  /** Run a statement: see `Database.execute`. */
  execute<T = unknown>(query: string, values?: Values | null): CoroutineObject<T> {
    return new LazyCoroutine<T>(this._execute as never, this, [query, values]);
  }

  /** Run a statement once for each of several values: all of them, or none. */
  executeMany(query: string, values: Iterable<Values>): CoroutineObject<void> {
    return new LazyCoroutine<void>(this._executeMany as never, this, [query, values]);
  }

  /** The rows of a query as they are asked for: see `Database.iterate`. */
  iterate<R extends object = Row>(query: string, values?: Values | null): RowStream<R> {
    return new RowStream<R>(() => this, query, values);
  }

  /** A transaction on this connection: see `Database.transaction`. */
  transaction(options: TransactionOptions = {}): Transaction {
    return newTransaction(() => this, options);
  }

  /** @internal */
  *_fetchAll(query: string, values?: Values | null): Coroutine<Row[]> {
    const bound = this._shared.compiler.bind(query, values);
    const session = yield* this._begin();
    try {
      return yield* session.rows(bound);
    } finally {
      this._end();
    }
  }

  /** @internal */
  *_fetchOne(query: string, values?: Values | null): Coroutine<Row | null> {
    const bound = this._shared.compiler.bind(query, values);
    const session = yield* this._begin();
    try {
      return yield* session.row(bound);
    } finally {
      this._end();
    }
  }

  /** @internal */
  *_fetchVal(query: string, values?: Values | null, column: number | string = 0): Coroutine<unknown> {
    const bound = this._shared.compiler.bind(query, values);
    const session = yield* this._begin();
    let tuple: Tuple | null;
    try {
      tuple = yield* session.tuple(bound);
    } finally {
      this._end();
    }
    return tuple === null ? null : valueIn(tuple, column);
  }

  /** @internal */
  *_execute(query: string, values?: Values | null): Coroutine<unknown> {
    const bound = this._shared.compiler.bind(query, values);
    const session = yield* this._begin();
    try {
      return yield* session.execute(bound);
    } finally {
      this._end();
    }
  }

  /** @internal */
  *_executeMany(query: string, values: Iterable<Values>): Coroutine<void> {
    const compiled = this._shared.compiler.compile(query);
    const iterable = values as Partial<Iterable<Values>> | null | undefined;
    if (typeof iterable?.[Symbol.iterator] !== 'function')
      throw new TypeError(`executeMany() needs a list of values, not ${describe(values)}`);
    const lists = Array.from(values, (one) => valuesFor(compiled, one, query));
    if (lists.length === 0) return;
    const session = yield* this._begin();
    try {
      yield* session.executeMany(compiled, lists);
    } finally {
      this._end();
    }
  }

  /** @internal Enter, and wait for our turn to ask. `again`: the stream that is open asks for its next rows. */
  *_begin(again = false): Coroutine<Session> {
    const session = this._enterNowait() ?? (yield* this._enter());
    try {
      if (session.streaming && !again) {
        throw new ProgrammingError(
          'this connection is sending the rows of iterate(), and nothing can come between on this engine: finish the iteration, fetchAll() instead, or ask in another task',
        );
      }
      yield* this.#asking.acquire();
    } catch (error) {
      this._leave();
      throw error;
    }
    return session;
  }

  /** @internal The opposite of `_begin`. */
  _end(): void {
    this.#asking.release();
    this._leave();
  }

  /** @internal Enter where no wait is needed for it. */
  _enterNowait(): Session | null {
    if (this.#entering.locked()) return null;
    if (this.#uses > 0) {
      this.#uses++;
      return this.#session;
    }
    const pool = this._shared.pool();
    const session = pool.take();
    if (session === null) return null;
    this.#pool = pool;
    this.#session = session;
    this.#uses = 1;
    return session;
  }

  /** @internal */
  *_enter(): Coroutine<Session> {
    const session = this._enterNowait();
    if (session !== null) return session;
    yield* this.#entering.acquire();
    try {
      if (this.#uses === 0) {
        this.#pool = this._shared.pool();
        this.#session = yield* this.#pool.acquire();
      }
      this.#uses++;
    } finally {
      this.#entering.release();
    }
    return this.#session as Session;
  }

  /** @internal */
  _leave(): void {
    if (this.#uses === 0) throw new RuntimeError('the connection was left more often than entered');
    this.#uses--;
    if (this.#uses > 0) return;
    const [session, pool] = [this.#session as Session, this.#pool as Pool];
    this.#session = null;
    this.#pool = null;
    pool.release(session);
  }

  /** @internal Does it have a session now? */
  get _inUse(): boolean {
    return this.#uses > 0;
  }

  toString(): string {
    return `<Connection ${this.#uses > 0 ? 'in use' : 'idle'}${this._transactions.length > 0 ? ` transactions:${this._transactions.length}` : ''}>`;
  }
}

function valueIn({ columns, values }: Tuple, column: number | string): unknown {
  if (typeof column === 'number') {
    if (column in values) return values[column];
    throw new LookupError(`there is no column ${column}: the row has ${columns.length}, counted from 0`);
  }
  const at = columns.lastIndexOf(column);
  if (at >= 0) return values[at];
  throw new KeyError(`there is no column ${describe(column)}; there are ${columns.join(', ')}`);
}
