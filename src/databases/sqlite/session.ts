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
import { fromRows, fromTuple, toSent } from './values.ts';

/** How many rows a stream fetches at first, and at most. */
const FIRST_BATCH = 16;
const LARGEST_BATCH = 1024;

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

  constructor(loop: Scheduler, opening: Opening) {
    super(loop);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ask.WorkerData = {
      ...opening,
      port: port2,
      bell: this.#bell.buffer as SharedArrayBuffer,
    };
    this.#worker = new Worker(WORKER, { workerData, transferList: [port2], name: 'asyncio-ts: SQLite' });
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
    return fromRows((yield* this.#ask([ask.ROWS, ...parts(query)])) as ask.Rows);
  }

  *row(query: Query): Coroutine<Row | null> {
    return fromRows((yield* this.#ask([ask.ROW, ...parts(query)])) as ask.Rows)[0] ?? null;
  }

  *tuple(query: Query): Coroutine<Tuple | null> {
    return fromTuple((yield* this.#ask([ask.TUPLE, ...parts(query)])) as ask.SentTuple);
  }

  *execute(query: Query): Coroutine<unknown> {
    const result = yield* this.#ask([ask.EXECUTE, ...parts(query)]);
    if (typeof result !== 'object' || result === null) return result;
    return fromTuple(result as ask.SentTuple)?.values[0] ?? null;
  }

  *executeMany(compiled: Compiled, lists: readonly (readonly unknown[])[]): Coroutine<void> {
    checkSingle(compiled);
    const sent = lists.map((values) => values.map(toSent));
    yield* this.#ask([ask.EXECUTE_MANY, compiled.text, compiled.verb, sent]);
  }

  stream(query: Query): RowSource {
    const number = ++this.#streams;
    const session = this;
    let count = 0;
    let open = false;
    return {
      *next() {
        if (count === 0) {
          open = true;
          yield* session.#ask([ask.STREAM, ...parts(query), number]);
          count = FIRST_BATCH;
        }
        const rows = fromRows((yield* session.#ask([ask.FETCH, number, count])) as ask.Rows);
        if (rows.length < count) open = false;
        count = Math.min(count * 4, LARGEST_BATCH);
        return rows;
      },
      *close() {
        if (open && !session.lost) yield* session.#ask([ask.END_STREAM, number]);
        open = false;
      },
    };
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

type Parts = readonly [sql: string, verb: string, values: readonly ask.Sent[]];

function parts({ compiled, values }: Query): Parts {
  checkSingle(compiled);
  return [compiled.text, compiled.verb, values.map(toSent)];
}

function checkSingle({ several, text }: Compiled): void {
  if (!several) return;
  throw new ProgrammingError(
    `one statement at a time: there are several in ${JSON.stringify(text.slice(0, 80))}`,
  );
}
