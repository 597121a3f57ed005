/**
 * `Database`: a database behind a URL, with a pool of connections; each task has its own connection while it uses one.
 *
 * Source: encode/databases, "Database Queries", "Connections and Transactions", "Tests and Migrations".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import { running } from '../core/running.ts';
import { currentTask, type Task } from '../core/task.ts';
import { warn } from '../core/warn.ts';
import { Connection, type Surroundings } from './connection.ts';
import type { DatabaseOptions, Engine, EngineFactory, TransactionOptions } from './engine.ts';
import { engineFor } from './engines.ts';
import { InterfaceError } from './errors.ts';
import { Pool, type PoolStatistics } from './pool.ts';
import { RowStream } from './row-stream.ts';
import type { Row } from './session.ts';
import { settingsOf } from './settings.ts';
import { Compiler, type Values } from './sql.ts';
import { newTransaction, type StartedTransaction, type Transaction } from './transaction.ts';
import { DatabaseURL } from './url.ts';

/** What outlives a database that nobody holds any more. */
interface State {
  pool: Pool | null;
  readonly url: string;
}

const forgotten = new FinalizationRegistry<State>((state) => {
  if (state.pool === null) return;
  warn(`unclosed database ${state.url}: disconnect() it, or use it through asyncWith()`, 'ResourceWarning');
  state.pool.abandon();
});

/**
 * ```ts
 * yield* asyncio.asyncWith(new Database('sqlite:///scores.db'), function* (database) {
 *   yield* database.execute('INSERT INTO scores(name, score) VALUES (:name, :score)', { name: 'Daisy', score: 92 });
 *   return yield* database.fetchAll('SELECT * FROM scores WHERE score > :least', { least: 50 });
 * });
 * ```
 */
export class Database {
  /** Where it is. */
  readonly url: DatabaseURL;
  /** The options of the constructor and of the URL together. */
  readonly options: DatabaseOptions;
  readonly #factory: EngineFactory;
  #engine: Engine;
  readonly #state: State;
  readonly #shared: Surroundings;
  #connecting = false;
  #connections = new WeakMap<Task<unknown>, Connection>();
  /** Of `forceRollback`: the one connection of all tasks, and its transaction. */
  #global: { readonly connection: Connection; readonly transaction: StartedTransaction } | null = null;

  /** @throws {ValueError} where the URL or an option is wrong. */
  constructor(url: string | DatabaseURL, options: DatabaseOptions = {}) {
    this.url = new DatabaseURL(url);
    this.options = Object.freeze(settingsOf(this.url, options));
    this.#factory = engineFor(this.url);
    this.#engine = this.#factory(this.url, this.options);
    this.#state = { pool: null, url: this.url.safe };
    const { url: safe } = this.#state;
    const state = this.#state;
    this.#shared = {
      compiler: new Compiler(this.#engine.syntax),
      begin: (transaction) => this.#engine.begin(transaction),
      pool: () => {
        if (state.pool !== null) return state.pool;
        throw new InterfaceError(
          `the database ${safe} is not connected: await connect(), or use it through asyncWith()`,
        );
      },
    };
    forgotten.register(this, this.#state);
  }

  /** Is it connected? */
  get isConnected(): boolean {
    return this.#state.pool !== null && !this.#connecting;
  }

  /** Open the first connections. Has no effect where it is connected. @throws {OperationalError} where that fails. */
  connect(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#connect, this);
  }

  *#connect(): Coroutine<void> {
    if (this.#connecting) throw new InterfaceError('the database is being connected already');
    if (this.#state.pool !== null) return;
    const { maxSize = Math.max(10, this.options.minSize ?? 1), minSize = Math.min(1, maxSize) } =
      this.options;
    const loop = running.loop;
    if (loop === null) throw new RuntimeError('no running event loop');
    this.#engine = this.#factory(this.url, this.options);
    const pool = new Pool(this.#engine, loop, maxSize);
    this.#connecting = true;
    let connected = false;
    try {
      yield* pool.fill(minSize);
      this.#state.pool = pool;
      this.#connections = new WeakMap();
      if (this.options.forceRollback === true) {
        const connection = new Connection(this.#shared);
        const transaction = yield* connection.transaction().start();
        this.#global = { connection, transaction };
      }
      connected = true;
    } finally {
      this.#connecting = false;
      if (!connected && this.#state.pool !== null) {
        this.#state.pool = null;
        yield* pool.close();
      }
    }
  }

  /**
   * Close all connections; waits for those that other tasks still use. Has no effect where it is not connected.
   * @throws {RuntimeError} where the current task uses one itself: it would wait for itself.
   */
  disconnect(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#disconnect, this);
  }

  *#disconnect(): Coroutine<void> {
    const { pool } = this.#state;
    if (pool === null) return;
    const task = currentTask();
    if (task !== null && this.#connections.get(task)?._inUse === true) {
      throw new RuntimeError(
        'disconnect() inside of a connection() or transaction() of the same task would wait for its own end',
      );
    }
    const global = this.#global;
    this.#global = null;
    try {
      if (global !== null) yield* global.transaction.rollback();
    } finally {
      this.#state.pool = null;
      yield* pool.close();
    }
  }

  /** Enter `asyncWith`: connect. */
  aenter(): CoroutineObject<this> {
    return new LazyCoroutine<this>(this.#aenter as never, this);
  }

  *#aenter(): Coroutine<this> {
    yield* this.#connect();
    return this;
  }

  /** Leave `asyncWith`: disconnect. */
  *aexit(): Coroutine<void> {
    yield* this.#disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /** All rows of a query, as objects. */
  fetchAll<R extends object = Row>(query: string, values?: Values | null): CoroutineObject<R[]> {
    return new LazyCoroutine<R[]>(this.#fetchAll as never, this, [query, values]);
  }

  *#fetchAll(query: string, values?: Values | null): Coroutine<Row[]> {
    return yield* this.connection()._fetchAll(query, values);
  }

  /** The first row of a query; `null` where there is none. */
  fetchOne<R extends object = Row>(query: string, values?: Values | null): CoroutineObject<R | null> {
    return new LazyCoroutine<R | null>(this.#fetchOne as never, this, [query, values]);
  }

  *#fetchOne(query: string, values?: Values | null): Coroutine<Row | null> {
    return yield* this.connection()._fetchOne(query, values);
  }

  /** One value of the first row: of the column with this number, from 0, or this name. `null` where there is no row. */
  fetchVal<T = unknown>(
    query: string,
    values?: Values | null,
    column: number | string = 0,
  ): CoroutineObject<T | null> {
    return new LazyCoroutine<T | null>(this.#fetchVal as never, this, [query, values, column]);
  }

  *#fetchVal(query: string, values: Values | null | undefined, column: number | string): Coroutine<unknown> {
    return yield* this.connection()._fetchVal(query, values, column);
  }

  /**
   * Run a statement.
   * @returns where it gives rows (`RETURNING`), the first value of the first one. Else, of PostgreSQL, `null`; of SQLite and MySQL the id of
   * the row that was inserted, and where there is none how many rows were changed.
   */
  execute<T = unknown>(query: string, values?: Values | null): CoroutineObject<T> {
    return new LazyCoroutine<T>(this.#execute as never, this, [query, values]);
  }

  *#execute(query: string, values?: Values | null): Coroutine<unknown> {
    return yield* this.connection()._execute(query, values);
  }

  /** Run a statement once for each of several values: all of them, or none. */
  executeMany(query: string, values: Iterable<Values>): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#executeMany as never, this, [query, values]);
  }

  *#executeMany(query: string, values: Iterable<Values>): Coroutine<void> {
    yield* this.connection()._executeMany(query, values);
  }

  /**
   * The rows of a query, fetched as they are asked for: never all of them are in memory. They are read in a transaction.
   *
   * ```ts
   * yield* asyncio.asyncFor(database.iterate('SELECT * FROM scores'), function* (row) {});
   * for await (const row of database.iterate('SELECT * FROM scores')) {}
   * ```
   */
  iterate<R extends object = Row>(query: string, values?: Values | null): RowStream<R> {
    return new RowStream<R>(() => this.connection(), query, values);
  }

  /**
   * The connection of the current task.
   * @throws {RuntimeError} outside of any task.
   */
  connection(): Connection {
    if (this.#global !== null) return this.#global.connection;
    const task = currentTask();
    if (task === null)
      throw new RuntimeError(
        'a connection belongs to a task, and none is running: use createTask() or run()',
      );
    let connection = this.#connections.get(task);
    if (connection === undefined) {
      connection = new Connection(this.#shared);
      this.#connections.set(task, connection);
    }
    return connection;
  }

  /** A transaction on the connection of the task that begins it; within another one, a savepoint. */
  transaction(options: TransactionOptions = {}): Transaction {
    return newTransaction(() => this.connection(), options);
  }

  /** A frozen snapshot: how many connections there are, how many of them are idle, and how many callers wait for one. */
  statistics(): PoolStatistics {
    return this.#state.pool?.statistics() ?? Object.freeze({ size: 0, idle: 0, waiting: 0 });
  }

  toString(): string {
    return `<Database ${this.url.safe} ${this.isConnected ? 'connected' : 'not connected'}>`;
  }
}
