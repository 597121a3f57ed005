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
  type Description,
  END_STREAM,
  EXECUTE,
  EXECUTE_MANY,
  FETCH,
  type OneRow,
  type Request,
  ROW,
  ROWS,
  type Rows,
  type Sent,
  type SentError,
  STREAM,
  type WorkerData,
} from './messages.ts';
import { type Packed, packColumns, unpack } from './packing.ts';

/** How many prepared statements are kept. */
const KEPT = 200;
/** A statement with one of these may change what the columns of others are. */
const CHANGES_SCHEMA = /^(?:CREATE|ALTER|DROP|ATTACH|DETACH|PRAGMA|VACUUM|REINDEX|ROLLBACK)$/;

interface Statement {
  readonly raw: StatementSync;
  description: Description;
  /** Are integers read as bigints? */
  wide: boolean;
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
  readonly #streams = new Map<number, Stream>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  answer(request: Request): unknown {
    switch (request[0]) {
      case ROWS:
        return this.#rows(request[1], request[2], request[3], request[4]);
      case ROW:
        return this.#row(request[1], request[2], request[3], request[4]);
      case EXECUTE:
        return this.#execute(request[1], request[2], request[3], request[4]);
      case EXECUTE_MANY:
        return this.#executeMany(request[1], request[2], request[3], request[4]);
      case STREAM:
        return this.#stream(request[1], request[2], request[3], request[4], request[5]);
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
    raw.setReturnArrays(true);
    const wide = verb !== 'SELECT' && verb !== 'VALUES';
    if (wide) raw.setReadBigInts(true);
    return { raw, description: descriptionOf(raw), wide };
  }

  /** Read with integers as numbers if they fit. */
  #read<T>(statement: Statement, read: (raw: StatementSync) => T): T {
    const { raw } = statement;
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

  #finish(statement: Statement, known: number, rows: List[]): Rows {
    if (rows[0] !== undefined) this.#check(statement, rows[0]);
    if (statement.wide) for (const row of rows) narrow(row);
    const { description } = statement;
    const columns = packColumns(rows, description.columns.length);
    return [description.number === known ? null : description, rows.length, columns];
  }

  #rows(sql: string, verb: string, values: readonly Sent[], known: number): Rows {
    const statement = this.#prepare(sql, verb);
    const bound = values.map(toSqlite);
    const rows = this.#read(statement, (raw) => raw.all(...bound) as unknown as List[]);
    this.#changed(verb);
    return this.#finish(statement, known, rows);
  }

  #row(sql: string, verb: string, values: readonly Sent[], known: number): OneRow {
    const statement = this.#prepare(sql, verb);
    const bound = values.map(toSqlite);
    const row = this.#read(statement, (raw) => raw.get(...bound) as List | undefined);
    this.#changed(verb);
    if (row !== undefined) this.#check(statement, row);
    const { description } = statement;
    return [description.number === known ? null : description, row ?? null];
  }

  /** See that a row is as described, and its integers are numbers if they fit. */
  #check(statement: Statement, row: List): void {
    // Another connection may have changed the table.
    if (row.length !== statement.description.columns.length)
      statement.description = descriptionOf(statement.raw);
    if (statement.wide) narrow(row);
  }

  #execute(sql: string, verb: string, values: readonly Sent[], known: number): unknown {
    const statement = this.#prepare(sql, verb);
    if (statement.description.columns.length > 0) return this.#row(sql, verb, values, known);
    const { changes, lastInsertRowid } = statement.raw.run(...values.map(toSqlite));
    this.#changed(verb);
    if (verb === 'INSERT' || verb === 'REPLACE') return Number(changes) === 0 ? 0 : narrowed(lastInsertRowid);
    return verb === 'UPDATE' || verb === 'DELETE' ? narrowed(changes) : 0;
  }

  /** All or none. */
  #executeMany(sql: string, verb: string, count: number, packed: readonly Packed[]): null {
    const { raw } = this.#prepare(sql, verb);
    const columns = packed.map((column) => unpack(column).map((value) => toSqlite(value as Sent)));
    const within = this.#database.isTransaction;
    this.#database.exec(within ? 'SAVEPOINT asyncio_many' : 'BEGIN');
    let done = false;
    try {
      const values: SQLInputValue[] = columns.map(() => null);
      for (let row = 0; row < count; row++) {
        for (let at = 0; at < columns.length; at++) values[at] = columns[at]?.[row] as SQLInputValue;
        raw.run(...values);
      }
      this.#database.exec(within ? 'RELEASE asyncio_many' : 'COMMIT');
      done = true;
    } finally {
      if (!done && this.#database.isTransaction)
        this.#database.exec(within ? 'ROLLBACK TO asyncio_many; RELEASE asyncio_many' : 'ROLLBACK');
    }
    return null;
  }

  #stream(stream: number, sql: string, verb: string, values: readonly Sent[], known: number): null {
    // A statement of its own: it stands in the middle of its rows while others run.
    const statement = this.#fresh(sql, verb);
    if (!statement.wide) statement.raw.setReadBigInts(true);
    statement.wide = true;
    const rows = statement.raw.iterate(...values.map(toSqlite)) as unknown as Iterator<List>;
    this.#streams.set(stream, { statement, rows, known });
    return null;
  }

  #fetch(number: number, count: number): Rows {
    const stream = this.#streams.get(number);
    if (stream === undefined) throw new Error('there is no such stream');
    const rows: List[] = [];
    while (rows.length < count) {
      const { done, value } = stream.rows.next();
      if (done === true) {
        this.#streams.delete(number);
        break;
      }
      rows.push(value);
    }
    const finished = this.#finish(stream.statement, stream.known, rows);
    stream.known = stream.statement.description.number;
    return finished;
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

type List = unknown[];

interface Stream {
  readonly statement: Statement;
  readonly rows: Iterator<List>;
  known: number;
}

let descriptions = 0;

function descriptionOf(raw: StatementSync): Description {
  const columns = raw.columns();
  return {
    number: ++descriptions,
    columns: columns.map(({ name }) => name),
    declared: columns.map(({ type }) => type?.toUpperCase() ?? null),
  };
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

function narrow(row: List): void {
  for (let at = 0; at < row.length; at++) if (typeof row[at] === 'bigint') row[at] = narrowed(row[at]);
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
