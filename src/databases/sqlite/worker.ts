/**
 * The thread behind one connection to SQLite: sleeps until it is asked for something, does it, answers.
 *
 * It sleeps on a word of shared memory and not in Node's loop, which halves the time of a question. Statements are prepared once and kept. Integers that
 * a number cannot hold become bigints: of a `SELECT`, by asking again in that way; what writes is asked in that way at once, for it must not be asked twice.
 * Source: Node docs, "SQLite", "Worker threads".
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  type Answered,
  CLOSE,
  type Declared,
  END_STREAM,
  EXECUTE,
  EXECUTE_MANY,
  FETCH,
  type Request,
  ROW,
  ROWS,
  type Rows,
  type Sent,
  type SentError,
  STREAM,
  TUPLE,
  type WorkerData,
} from './messages.ts';

/** How many prepared statements are kept. */
const KEPT = 200;
/** A statement with one of these may change what the columns of others are. */
const CHANGES_SCHEMA = /^(?:CREATE|ALTER|DROP|ATTACH|DETACH|PRAGMA|VACUUM|REINDEX|ROLLBACK)$/;

interface Statement {
  readonly raw: StatementSync;
  columns: readonly string[];
  declared: readonly Declared[];
  /** Are integers read as bigints? */
  wide: boolean;
  lists: boolean;
}

/** Node 22 says of this module that it is experimental, which its users cannot do anything about. That warning, and no other, is not passed on. */
async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if ((rest[0] as unknown) === 'ExperimentalWarning' && String(warning).includes('SQLite')) return;
    emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

class Thread {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();
  readonly #streams = new Map<number, { readonly statement: Statement; readonly rows: Iterator<unknown> }>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  answer(request: Request): unknown {
    switch (request[0]) {
      case ROWS:
        return this.#rows(request[1], request[2], request[3]);
      case ROW:
        return this.#row(request[1], request[2], request[3]);
      case TUPLE:
        return this.#tuple(request[1], request[2], request[3]);
      case EXECUTE:
        return this.#execute(request[1], request[2], request[3]);
      case EXECUTE_MANY:
        return this.#executeMany(request[1], request[2], request[3]);
      case STREAM:
        return this.#stream(request[1], request[2], request[3], request[4]);
      case FETCH:
        return this.#fetch(request[1], request[2]);
      case END_STREAM:
        return this.#endStream(request[1]);
      case CLOSE:
        for (const stream of this.#streams.keys()) this.#endStream(stream);
        this.#database.close();
        return null;
    }
  }

  #prepare(sql: string, verb: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#fresh(sql, verb);
    if (this.#statements.size >= KEPT)
      this.#statements.delete(this.#statements.keys().next().value as string);
    this.#statements.set(sql, statement);
    return statement;
  }

  #fresh(sql: string, verb: string): Statement {
    const raw = this.#database.prepare(sql);
    const wide = verb !== 'SELECT' && verb !== 'VALUES';
    if (wide) raw.setReadBigInts(true);
    const statement: Statement = { raw, columns: [], declared: [], wide, lists: false };
    describeColumns(statement);
    return statement;
  }

  /** Read with integers as numbers if they fit. */
  #read<T>(statement: Statement, lists: boolean, read: (raw: StatementSync) => T): T {
    const { raw } = statement;
    if (statement.lists !== lists) {
      raw.setReturnArrays(lists);
      statement.lists = lists;
    }
    if (!statement.wide) {
      try {
        return read(raw);
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
        statement.wide = true;
        raw.setReadBigInts(true);
      }
    }
    return read(raw);
  }

  #finish(statement: Statement, rows: readonly unknown[]): Rows {
    const first = rows[0] as object | undefined;
    if (first !== undefined && Object.keys(first).length !== statement.columns.length)
      describeColumns(statement);
    if (statement.wide) for (const row of rows) narrow(row as Record<string, unknown>);
    return { columns: statement.columns, declared: statement.declared, rows: rows as Rows['rows'] };
  }

  #rows(sql: string, verb: string, values: readonly Sent[]): Rows {
    const statement = this.#prepare(sql, verb);
    const bound = values.map(toSqlite);
    const rows = this.#read(statement, false, (raw) => raw.all(...bound));
    this.#changed(verb);
    return this.#finish(statement, rows);
  }

  #row(sql: string, verb: string, values: readonly Sent[]): Rows {
    const statement = this.#prepare(sql, verb);
    const bound = values.map(toSqlite);
    const row = this.#read(statement, false, (raw) => raw.get(...bound));
    this.#changed(verb);
    return this.#finish(statement, row === undefined ? [] : [row]);
  }

  #tuple(sql: string, verb: string, values: readonly Sent[]) {
    const statement = this.#prepare(sql, verb);
    const bound = values.map(toSqlite);
    const list = this.#read(statement, true, (raw) => raw.get(...bound) as unknown[] | undefined);
    this.#changed(verb);
    if (list !== undefined && list.length !== statement.columns.length) describeColumns(statement);
    if (list !== undefined && statement.wide) narrow(list as unknown as Record<string, unknown>);
    return { columns: statement.columns, declared: statement.declared, values: list ?? null };
  }

  #execute(sql: string, verb: string, values: readonly Sent[]): unknown {
    const statement = this.#prepare(sql, verb);
    if (statement.columns.length > 0) return this.#tuple(sql, verb, values);
    const { changes, lastInsertRowid } = statement.raw.run(...values.map(toSqlite));
    this.#changed(verb);
    if (verb === 'INSERT' || verb === 'REPLACE') return Number(changes) === 0 ? 0 : narrowed(lastInsertRowid);
    return verb === 'UPDATE' || verb === 'DELETE' ? narrowed(changes) : 0;
  }

  /** All or none. */
  #executeMany(sql: string, verb: string, lists: readonly (readonly Sent[])[]): null {
    const { raw } = this.#prepare(sql, verb);
    const within = this.#database.isTransaction;
    this.#database.exec(within ? 'SAVEPOINT asyncio_many' : 'BEGIN');
    let done = false;
    try {
      for (const values of lists) raw.run(...values.map(toSqlite));
      this.#database.exec(within ? 'RELEASE asyncio_many' : 'COMMIT');
      done = true;
    } finally {
      if (!done && this.#database.isTransaction)
        this.#database.exec(within ? 'ROLLBACK TO asyncio_many; RELEASE asyncio_many' : 'ROLLBACK');
    }
    return null;
  }

  #stream(sql: string, verb: string, values: readonly Sent[], stream: number): null {
    // A statement of its own: it stands in the middle of its rows while others run.
    const statement = this.#fresh(sql, verb);
    if (!statement.wide) statement.raw.setReadBigInts(true);
    statement.wide = true;
    this.#streams.set(stream, { statement, rows: statement.raw.iterate(...values.map(toSqlite)) });
    return null;
  }

  #fetch(number: number, count: number): Rows {
    const stream = this.#streams.get(number);
    if (stream === undefined) return { columns: [], declared: [], rows: [] };
    const rows: unknown[] = [];
    while (rows.length < count) {
      const { done, value } = stream.rows.next();
      if (done === true) {
        this.#streams.delete(number);
        break;
      }
      rows.push(value);
    }
    return this.#finish(stream.statement, rows);
  }

  #endStream(number: number): null {
    const stream = this.#streams.get(number);
    this.#streams.delete(number);
    stream?.rows.return?.();
    return null;
  }

  #changed(verb: string): void {
    if (CHANGES_SCHEMA.test(verb)) this.#statements.clear();
  }
}

function describeColumns(statement: Statement): void {
  const columns = statement.raw.columns();
  statement.columns = columns.map(({ name }) => name);
  statement.declared = columns.map(({ type }) => type?.toUpperCase() ?? null);
}

/** A whole number is an integer to SQLite too. */
function toSqlite(value: Sent): SQLInputValue {
  return typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)
    ? BigInt(value)
    : (value as SQLInputValue);
}

function narrowed(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

function narrow(row: Record<string, unknown>): void {
  for (const key in row) if (typeof row[key] === 'bigint') row[key] = narrowed(row[key]);
}

function toSent(error: unknown): SentError {
  const { message, errcode, code } = error as { message?: unknown; errcode?: unknown; code?: unknown };
  return {
    message: String(message ?? error),
    errcode: typeof errcode === 'number' ? errcode : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}

const data = workerData as WorkerData;
const port = data.port as MessagePort;
const bell = new Int32Array(data.bell);
let heard = 0;

/** Sleep until something is asked. */
function nextRequest(): Request {
  for (;;) {
    const message = receiveMessageOnPort(port);
    if (message !== undefined) return message.message as Request;
    Atomics.wait(bell, 0, heard);
    heard = Atomics.load(bell, 0);
  }
}

function serve(thread: Thread): void {
  for (;;) {
    const request = nextRequest();
    let answered: Answered;
    try {
      const result = thread.answer(request);
      answered = [request[0] !== CLOSE && thread.inTransaction, result];
    } catch (error) {
      answered = [request[0] !== CLOSE && thread.inTransaction, null, toSent(error)];
    }
    port.postMessage(answered);
    if (request[0] === CLOSE) return;
  }
}

const { DatabaseSync: Sqlite } = await loadSqlite();
let database: DatabaseSync | null = null;
try {
  database = new Sqlite(data.location, {
    readOnly: data.readOnly,
    enableForeignKeyConstraints: data.foreignKeys,
    timeout: data.timeout,
  });
  for (const pragma of data.pragmas) database.exec(pragma);
  port.postMessage([false, null]);
} catch (error) {
  database?.close();
  database = null;
  port.postMessage([false, null, toSent(error)]);
}
if (database !== null) serve(new Thread(database));
port.close();
