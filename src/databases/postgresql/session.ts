/**
 * A connection to PostgreSQL, through the package `pg`.
 *
 * A query that is cancelled is cancelled on the server, by a cancel request on a connection of its own. The server closes that when the signal is
 * given; only then, and when the cancelled query has been answered, is something else asked, which so cannot be hit in its place.
 * Source: PostgreSQL docs, "Message Flow", "Canceling Requests in Progress".
 */
import type { Coroutine } from '../../core/awaitable.ts';
import type { Done } from '../../core/channel.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { OperationalError } from '../errors.ts';
import { type Row, type RowSource, Session, type Tuple } from '../session.ts';
import type { Compiled, Query } from '../sql.ts';
import type { Client, Driver } from './driver.ts';
import { toDatabaseError } from './errors.ts';
import {
  Ask,
  AskTuple,
  ClosePortal,
  type Exchange,
  FetchPart,
  type Part,
  type Prepared,
  Repeat,
} from './exchange.ts';
import { Statements } from './statements.ts';
import { toWire } from './values.ts';

/** How many rows a stream fetches at first, and at most. */
const FIRST_BATCH = 16;
const LARGEST_BATCH = 1024;

/** Where the server is, for a cancel request. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly shown: string;
}

export class PostgresqlSession extends Session {
  protected readonly patience = 5;
  readonly streaming = false;
  readonly #driver: Driver;
  readonly #client: Client;
  readonly #place: Place;
  /** What the server last said: idle, in a transaction, or in one that has failed. */
  #status = 'I';
  #current: Exchange<unknown> | null = null;
  #portals = 0;
  readonly #statements: Statements;
  #dateStyle = 'ISO';
  #ending = false;

  constructor(loop: Scheduler, driver: Driver, client: Client, place: Place, kept: number) {
    super(loop);
    this.#driver = driver;
    this.#client = client;
    this.#place = place;
    this.#statements = new Statements(kept);
    // Before the client's own, which may go on to the next query at once.
    client.connection.prependListener('readyForQuery', (message: { readonly status: string }) => {
      this.#status = message.status;
      const current = this.#current;
      this.#current = null;
      current?.finish();
    });
    client.connection.on('parseComplete', () => this.#current?.handleParsed());
    client.connection.on('parameterStatus', (message: ParameterStatus) => {
      if (message.parameterName === 'DateStyle') this.#dateStyle = message.parameterValue;
    });
    client.on('error', (error) => this.#gone(error));
    client.on('end', () => this.#gone(null));
  }

  get inTransaction(): boolean {
    return this.#status !== 'I';
  }

  get transactionFailed(): boolean {
    return this.#status === 'E';
  }

  /** Say who we are. `password` and the like are the client's. */
  *connected(): Coroutine<void> {
    yield* this.perform<void>((done) => {
      this.#client.connect((error) => {
        if (error === null || error === undefined) done({ value: undefined });
        else done({ error: this.#connectError(error) });
      });
    });
    if (!this.#dateStyle.startsWith('ISO')) yield* this.execute(ISO_DATES);
  }

  *rows(query: Query): Coroutine<Row[]> {
    return yield* this.#asking(query, (text, values, kept, done) => new Ask(text, values, 0, kept, done));
  }

  *row(query: Query): Coroutine<Row | null> {
    const [first] = yield* this.#asking<Row[]>(
      query,
      (text, values, kept, done) => new Ask(text, values, 1, kept, done),
    );
    return first ?? null;
  }

  *tuple(query: Query): Coroutine<Tuple | null> {
    return yield* this.#asking(
      query,
      (text, values, kept, done) => new AskTuple(text, values, 1, kept, done),
    );
  }

  *execute(query: Query): Coroutine<unknown> {
    // A query is read to its first row; a statement is run to its end, whatever it gives.
    const limit = query.compiled.verb === 'SELECT' ? 1 : 0;
    const tuple = yield* this.#asking<Tuple | null>(
      query,
      (text, values, kept, done) => new AskTuple(text, values, limit, kept, done),
    );
    return tuple?.values[0] ?? null;
  }

  *#asking<T>(
    { compiled, values }: Query,
    make: (text: string, values: readonly unknown[], kept: Prepared | null, done: Done<T>) => Exchange<T>,
  ): Coroutine<T> {
    const { text, verb } = compiled;
    const sent = values.map(toWire);
    const statements = this.#statements;
    const kept = statements.use(text, verb);
    const wasParsed = kept?.parsed === true;
    const began = this.#status;
    try {
      return yield* this.#exchange<T>((done) => make(text, sent, kept, done));
    } catch (error) {
      if (kept === null || this.lost || !this.settled) throw error;
      const isStale = wasParsed && statements.isStale(error);
      if (isStale || !kept.parsed) statements.forget(text);
      // Within a transaction the failure has ended it; outside of one, nothing has been done.
      if (!isStale || began !== 'I') throw error;
    }
    return yield* this.#exchange<T>((done) => make(text, sent, null, done));
  }

  *executeMany({ text }: Compiled, lists: readonly (readonly unknown[])[]): Coroutine<void> {
    const sent = lists.map((values) => values.map(toWire));
    yield* this.#exchange<void>((done) => new Repeat(text, sent, done));
  }

  stream(query: Query): RowSource {
    const session = this;
    const portal = `asyncio_${++this.#portals}`;
    const [text, values] = parts(query);
    let count = FIRST_BATCH;
    let last: Part | null = null;
    return {
      *next() {
        if (last?.more === false) return [];
        const from = last === null ? { text, values } : last.shape;
        last = yield* session.#exchange<Part>((done) => new FetchPart(portal, count, from, done));
        count = Math.min(count * 4, LARGEST_BATCH);
        return last.rows;
      },
      *close() {
        // With a transaction that failed its portals have gone.
        if (last === null || session.lost || session.#status !== 'T') return;
        yield* session.#exchange<void>((done) => new ClosePortal(portal, done));
      },
    };
  }

  *close(): Coroutine<void> {
    this.#ending = true;
    yield* this.perform<void>((done) => this.#client.end(() => done({ value: undefined })));
  }

  setRef(ref: boolean): void {
    if (ref) this.#client.ref();
    else this.#client.unref();
  }

  *#exchange<T>(make: (done: Done<T>) => Exchange<T>): Coroutine<T> {
    return yield* this.perform<T>((done) => {
      const exchange = make(done);
      for (const name of this.#statements.dropped()) this.#client.connection.close({ type: 'S', name });
      this.#current = exchange as Exchange<unknown>;
      this.#client.query(exchange);
    });
  }

  protected interrupt(done: () => void): void {
    const { processID, secretKey } = this.#client;
    if (processID === null || secretKey === null) {
      this.lose(new OperationalError('connecting was interrupted'));
      return;
    }
    const { host, port } = this.#place;
    const wire = new this.#driver.Connection({ ssl: false });
    wire.on('connect', () => wire.cancel(processID, secretKey));
    // Where it cannot be asked to cancel, the answer has to be waited for.
    wire.on('error', () => wire.stream.destroy());
    wire.on('end', done);
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
    else wire.connect(port, host);
  }

  protected destroy(): void {
    this.#ending = true;
    this.#client.connection.stream.destroy();
  }

  #gone(error: Error | null): void {
    if (this.#ending && error === null) return;
    const cause = error ?? new Error('the server closed the connection');
    this.lose(
      new OperationalError(`the connection to ${this.#place.shown} was lost: ${cause.message}`, {
        code: (error as { readonly code?: string } | null)?.code,
        cause,
      }),
    );
  }

  #connectError(error: Error): Error {
    const known = toDatabaseError(error);
    const { code, cause } = known;
    const message = known.message || String((error as { readonly code?: unknown }).code ?? error);
    return new OperationalError(`cannot connect to ${this.#place.shown}: ${message}`, { code, cause });
  }
}

/** What the server says of a setting. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

const ISO_DATES: Query = {
  compiled: { text: 'SET DateStyle = ISO', names: [], verb: 'SET', several: false },
  values: [],
};

function parts({ compiled, values }: Query): [text: string, values: readonly unknown[]] {
  return [compiled.text, values.map(toWire)];
}
