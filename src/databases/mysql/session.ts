/**
 * A connection to MySQL or MariaDB, through the package `mysql2`.
 *
 * A query that is cancelled is killed on the server (`KILL QUERY`), through another connection. What is killed may just have ended: then the server may keep
 * the killing for what comes next. So when both have been answered, statements that do nothing are sent until one of them is not killed.
 * Source: MySQL docs, "KILL Statement"; MariaDB docs, "KILL".
 */
import type { Coroutine } from '../../core/awaitable.ts';
import type { Done } from '../../core/channel.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { OperationalError } from '../errors.ts';
import { type Row, type RowSource, Session, type Tuple } from '../session.ts';
import type { Compiled, Query } from '../sql.ts';
import type { Client, Column, Driver, Header } from './driver.ts';
import { INTERRUPTED, toDatabaseError } from './errors.ts';
import { Incoming } from './incoming.ts';
import { toInteger, toWireWith, wideColumns, widen } from './values.ts';

/** What the server says of itself when a transaction is open. */
const IN_TRANSACTION = 1;
const WRITES_ROW = /^(?:INSERT|REPLACE)$/;
/** These are not prepared: some servers cannot, and they have no values. */
const PLAIN = /^(?:BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)$/;

/** A result as the driver gives it. */
interface Result {
  readonly rows: readonly unknown[] | null;
  readonly header: Header | null;
  readonly columns: readonly Column[];
}

export class MysqlSession extends Session {
  protected readonly patience = 5;
  readonly transactionFailed = false;
  readonly #client: Client;
  readonly #shown: string;
  readonly #toWire: (value: unknown) => unknown;
  /** Kills the query of the connection with this number; then calls back. */
  readonly #kill: (thread: number, done: () => void) => void;
  #incoming: Incoming | null = null;
  /** What is known of a transaction: the server tells with what gives no rows. */
  inTransaction = false;
  #asked = false;
  #whenAnswered: (() => void) | null = null;
  #ending = false;
  #connected = false;

  constructor(
    loop: Scheduler,
    driver: Driver,
    client: Client,
    shown: string,
    kill: (thread: number, done: () => void) => void,
  ) {
    super(loop);
    this.#client = client;
    this.#toWire = toWireWith(driver.TypedParameter);
    this.#shown = shown;
    this.#kill = kill;
    client.on('error', (error) => this.#gone(error));
    client.on('end', () => this.#gone(null));
  }

  get streaming(): boolean {
    return this.#incoming !== null && !this.#incoming.dropped;
  }

  *connected(): Coroutine<void> {
    yield* this.perform<void>((done) => {
      this.#client.on('connect', () => done({ value: undefined }));
    });
    this.#connected = true;
    // Times are in UTC, whatever the server's zone is.
    yield* this.#ask("SET time_zone = '+00:00'", []);
  }

  *rows({ compiled, values }: Query): Coroutine<Row[]> {
    return rowsOf(yield* this.#ask(compiled.text, values));
  }

  *row({ compiled, values }: Query): Coroutine<Row | null> {
    return rowsOf(yield* this.#ask(compiled.text, values))[0] ?? null;
  }

  *tuple({ compiled, values }: Query): Coroutine<Tuple | null> {
    return tupleOf(yield* this.#ask(compiled.text, values, true));
  }

  *execute({ compiled, values }: Query): Coroutine<unknown> {
    const { text, verb } = compiled;
    const result = yield* this.#ask(text, values, true, PLAIN.test(verb));
    const { header } = result;
    if (header === null) return tupleOf(result)?.values[0] ?? null;
    const id = WRITES_ROW.test(verb) ? toInteger(header.insertId) : 0;
    return id === 0 ? header.affectedRows : id;
  }

  /** All or none. */
  *executeMany({ text }: Compiled, lists: readonly (readonly unknown[])[]): Coroutine<void> {
    const within = this.inTransaction;
    yield* this.#plain(within ? 'SAVEPOINT asyncio_many' : 'START TRANSACTION');
    let done = false;
    try {
      for (const values of lists) yield* this.#ask(text, values);
      yield* this.#plain(within ? 'RELEASE SAVEPOINT asyncio_many' : 'COMMIT');
      done = true;
    } finally {
      if (!done && !this.lost) yield* this.#plain(within ? 'ROLLBACK TO SAVEPOINT asyncio_many' : 'ROLLBACK');
    }
  }

  *#plain(sql: string): Coroutine<void> {
    yield* this.#ask(sql, [], false, true);
  }

  stream({ compiled, values }: Query): RowSource {
    const session = this;
    const sent = values.map(this.#toWire);
    let incoming: Incoming | null = null;
    return {
      *next() {
        if (incoming === null) {
          incoming = new Incoming(session.#client);
          session.#incoming = incoming;
          session.#asked = true;
          const own = incoming;
          incoming.begin({ sql: compiled.text, values: sent }, () => session.#streamEnded(own));
        }
        const current = incoming;
        return yield* session.perform<readonly Row[]>((done) => current.take(done));
      },
      *close() {
        if (incoming === null || incoming.ended || session.lost) return;
        // The rest is not wanted: have it killed, and let pass what is on its way.
        const current = incoming;
        yield* session.perform<void>((done) => {
          const dropped = (): void => done({ value: undefined });
          // It may have ended while what was cancelled was being settled.
          if (current.ended) dropped();
          else current.drop(dropped, session.#stop);
        });
      },
    };
  }

  /** Kill what runs, and see that it hits nothing else. */
  readonly #stop = (done: () => void): void => this.interrupt(done);

  #streamEnded(incoming: Incoming): void {
    if (this.#incoming === incoming) this.#incoming = null;
    if (isFatal(incoming.error)) this.#gone(incoming.error);
    this.#answeredNow();
  }

  *close(): Coroutine<void> {
    this.#ending = true;
    yield* this.perform<void>((done) => this.#client.end(() => done({ value: undefined })));
  }

  setRef(ref: boolean): void {
    if (ref) this.#client.stream.ref();
    else this.#client.stream.unref();
  }

  *#ask(sql: string, values: readonly unknown[], lists = false, plain = false): Coroutine<Result> {
    const sent = values.map(this.#toWire);
    return yield* this.perform<Result>((done) => this.#send(sql, sent, lists, plain, done));
  }

  #send(
    sql: string,
    values: readonly unknown[],
    rowsAsArray: boolean,
    plain: boolean,
    done: Done<Result>,
  ): void {
    this.#asked = true;
    const answered = (error: Error | null, result?: unknown, columns?: readonly Column[]): void => {
      // The driver tells who waits for an answer, and then nobody else.
      if (isFatal(error)) this.#gone(error);
      else if (error !== null) done({ error: toDatabaseError(error) });
      else done({ value: this.#result(result, columns) });
      this.#answeredNow();
    };
    if (plain) this.#client.query({ sql, rowsAsArray }, answered);
    else this.#client.execute({ sql, values, rowsAsArray }, answered);
  }

  #result(result: unknown, columns: readonly Column[] | undefined): Result {
    // A procedure gives several results, its own header the last.
    const several = Array.isArray(result) && Array.isArray(columns) && isResults(result, columns);
    const first: unknown = several ? result[0] : result;
    const own = (several ? columns[0] : columns) as readonly Column[] | undefined;
    if (Array.isArray(first)) return { rows: first as unknown[], header: null, columns: own ?? [] };
    const header = first as Header;
    if (header.serverStatus !== undefined) this.inTransaction = (header.serverStatus & IN_TRANSACTION) !== 0;
    return { rows: null, header, columns: [] };
  }

  #answeredNow(): void {
    this.#asked = false;
    const callback = this.#whenAnswered;
    this.#whenAnswered = null;
    callback?.();
  }

  protected interrupt(done: () => void): void {
    const thread = this.#client.threadId;
    if (!this.#connected || thread === null) {
      this.lose(new OperationalError('connecting was interrupted'));
      return;
    }
    this.#incoming?.abandon();
    this.#kill(thread, () => {
      if (this.#asked) this.#whenAnswered = () => this.#clear(done);
      else this.#clear(done);
    });
  }

  /** Send what does nothing, until it is not killed. */
  #clear(done: () => void): void {
    if (this.lost) return;
    this.#client.query({ sql: 'DO 0' }, (error) => {
      if ((error as { readonly errno?: number } | null)?.errno === INTERRUPTED) this.#clear(done);
      else if (error === null) this.#askStatus(done);
      else if (isFatal(error)) this.#gone(error);
    });
  }

  /** What was cancelled may have begun or ended a transaction. */
  #askStatus(done: () => void): void {
    this.#client.query({ sql: 'DO 0' }, (error, result) => {
      if (isFatal(error)) this.#gone(error);
      if (error !== null) return;
      this.#result(result, undefined);
      done();
    });
  }

  protected destroy(): void {
    this.#ending = true;
    this.#incoming?.abandon();
    this.#client.destroy();
    this.#client.stream.destroy();
  }

  #gone(error: Error | null): void {
    if (this.#ending && error === null) return;
    const known = error === null ? new Error('the server closed the connection') : error;
    const { message, code } = toDatabaseError(known);
    const what = this.#connected
      ? `the connection to ${this.#shown} was lost`
      : `cannot connect to ${this.#shown}`;
    this.lose(new OperationalError(`${what}: ${message}`, { code, cause: known }));
  }
}

/** Is the connection gone with it? */
function isFatal(error: Error | null): error is Error {
  return (error as { readonly fatal?: unknown } | null)?.fatal === true;
}

function isResults(result: readonly unknown[], columns: readonly unknown[]): boolean {
  return columns.length === result.length && columns.some((one) => one === undefined || Array.isArray(one));
}

function rowsOf({ rows, columns }: Result): Row[] {
  if (rows === null) return [];
  const wide = wideColumns(columns);
  if (wide.length > 0) for (const row of rows as Row[]) widen(row, wide);
  return rows as Row[];
}

function tupleOf({ rows, columns }: Result): Tuple | null {
  const values = rows?.[0] as unknown[] | undefined;
  if (values === undefined) return null;
  const wide = new Set(wideColumns(columns));
  return {
    columns: columns.map(({ name }) => name),
    values: values.map((value, at) =>
      typeof value === 'string' && wide.has(columns[at]?.name ?? '') ? BigInt(value) : value,
    ),
  };
}
