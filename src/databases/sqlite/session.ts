/**
 * A connection to SQLite: a worker thread that holds it, and answers one question after the other.
 *
 * SQLite runs inside of the process, and Node has no way to interrupt a statement that runs. One that is cancelled runs to its end on its thread, and its
 * answer is dropped; nothing else is asked of the connection before. If that takes longer than a second the connection is given up: its thread ends with
 * the statement, and another one takes its place.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Coroutine } from '../../core/awaitable.ts';
import type { Done } from '../../core/channel.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { OperationalError, ProgrammingError } from '../errors.ts';
import { type Row, type RowSource, Session, type Tuple } from '../session.ts';
import type { Compiled, Query } from '../sql.ts';
import { toDatabaseError } from './errors.ts';
import * as ask from './messages.ts';
import { packColumns } from './packing.ts';
import { RowReader, toSent } from './values.ts';

/** How many rows a stream fetches at first, and at most. */
const FIRST_BATCH = 16;
const LARGEST_BATCH = 1024;
/** How many descriptions of columns are kept. */
const KEPT = 500;

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** How the thread begins; the rest of `WorkerData` is made here. */
export type Opening = Omit<ask.WorkerData, 'port' | 'bell'>;

export class SqliteSession extends Session {
  protected readonly patience = 1;
  readonly streaming = false;
  readonly transactionFailed = false;
  inTransaction = false;

  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  /** Those who wait for answers, in the order of the questions. */
  readonly #asked: Done<unknown>[] = [];
  #interrupted: (() => void) | null = null;
  #streams = 0;
  readonly #readers = new Map<string, RowReader>();

  constructor(loop: Scheduler, opening: Opening) {
    super(loop);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ask.WorkerData = {
      ...opening,
      port: port2,
      bell: this.#bell.buffer as SharedArrayBuffer,
    };
    this.#worker = new Worker(WORKER, {
      workerData,
      transferList: [port2],
      name: 'asyncio-ts: SQLite',
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on('error', (error: unknown) => this.#ended(error));
    this.#worker.on('exit', () => this.#ended(undefined));
    port1.on('message', (answered: ask.Answered) => this.#answered(answered));
  }

  /** Wait until the file is open. */
  *opened(): Coroutine<void> {
    yield* this.perform<unknown>((done) => this.#asked.push(done));
  }

  *rows(query: Query): Coroutine<Row[]> {
    const asked = this.#asking(query);
    const rows = (yield* this.#ask([ask.ROWS, ...asked])) as ask.Rows;
    return this.#reader(asked[0], rows[0]).rows(rows[1], rows[2]);
  }

  *row(query: Query): Coroutine<Row | null> {
    const asked = this.#asking(query);
    const [description, values] = (yield* this.#ask([ask.ROW, ...asked])) as ask.OneRow;
    return this.#reader(asked[0], description).row(values);
  }

  *tuple(query: Query): Coroutine<Tuple | null> {
    const asked = this.#asking(query);
    const [description, values] = (yield* this.#ask([ask.ROW, ...asked])) as ask.OneRow;
    return this.#reader(asked[0], description).tuple(values);
  }

  *execute(query: Query): Coroutine<unknown> {
    const asked = this.#asking(query);
    const result = yield* this.#ask([ask.EXECUTE, ...asked]);
    if (!Array.isArray(result)) return result;
    const [description, values] = result as unknown as ask.OneRow;
    return this.#reader(asked[0], description).tuple(values)?.values[0] ?? null;
  }

  *executeMany(compiled: Compiled, lists: readonly (readonly unknown[])[]): Coroutine<void> {
    checkSingle(compiled);
    const columns = packColumns(lists, compiled.names.length, toSent);
    yield* this.#ask([ask.EXECUTE_MANY, compiled.text, compiled.verb, lists.length, columns]);
  }

  stream(query: Query): RowSource {
    const number = ++this.#streams;
    const session = this;
    let count = 0;
    let open = false;
    let reader: RowReader | undefined;
    return {
      *next() {
        if (count === 0) {
          open = true;
          const asked = session.#asking(query);
          reader = session.#readers.get(asked[0]);
          yield* session.#ask([ask.STREAM, number, ...asked]);
          count = FIRST_BATCH;
        } else if (!open) return [];
        const rows = (yield* session.#ask([ask.FETCH, number, count])) as ask.Rows;
        if (rows[1] < count) open = false;
        count = Math.min(count * 4, LARGEST_BATCH);
        if (rows[0] !== null) reader = new RowReader(rows[0]);
        return (reader as RowReader).rows(rows[1], rows[2]);
      },
      *close() {
        if (open && !session.lost) yield* session.#ask([ask.END_STREAM, number]);
        open = false;
      },
    };
  }

  #asking({ compiled, values }: Query): ask.Asked {
    checkSingle(compiled);
    const { text, verb } = compiled;
    return [text, verb, values.map(toSent), this.#readers.get(text)?.number ?? 0];
  }

  /** How to read these rows: as was told before, or is told with them. */
  #reader(sql: string, description: ask.Description | null): RowReader {
    if (description === null) return this.#readers.get(sql) as RowReader;
    const reader = new RowReader(description);
    if (this.#readers.size >= KEPT) this.#readers.clear();
    this.#readers.set(sql, reader);
    return reader;
  }

  *close(): Coroutine<void> {
    yield* this.#ask([ask.CLOSE]);
  }

  setRef(ref: boolean): void {
    if (ref) this.#port.ref();
    else this.#port.unref();
  }

  protected interrupt(done: () => void): void {
    this.#interrupted = done;
    if (this.#asked.length === 0) this.#interruptionOver();
  }

  protected destroy(): void {
    this.#port.close();
    void this.#worker.terminate();
  }

  *#ask(request: ask.Request): Coroutine<unknown> {
    return yield* this.perform<unknown>((done) => {
      this.#port.postMessage(request);
      this.#asked.push(done);
      Atomics.add(this.#bell, 0, 1);
      Atomics.notify(this.#bell, 0);
    });
  }

  #answered([inTransaction, result, error]: ask.Answered): void {
    this.inTransaction = inTransaction;
    const done = this.#asked.shift();
    done?.(error === undefined ? { value: result } : { error: toDatabaseError(error) });
    this.#interruptionOver();
  }

  /** The thread does one thing at a time: when it has answered, nothing is being done. */
  #interruptionOver(): void {
    const interrupted = this.#interrupted;
    this.#interrupted = null;
    interrupted?.();
  }

  #ended(cause: unknown): void {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    this.lose(new OperationalError(`the thread of a connection to SQLite has ended${why}`, { cause }));
  }
}

function checkSingle({ several, text }: Compiled): void {
  if (!several) return;
  throw new ProgrammingError(
    `one statement at a time: there are several in ${JSON.stringify(text.slice(0, 80))}`,
  );
}
