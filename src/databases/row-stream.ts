/**
 * `RowStream`: the rows of a query, fetched as they are asked for, a few at a time; never all of them at once.
 *
 * The first row that is asked for begins a transaction on the task's connection, the last one commits it; an iteration that is left before its end, fails
 * or is cancelled rolls it back. Source: encode/databases, `Connection.iterate`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import type { Row, RowSource } from './session.ts';
import type { Values } from './sql.ts';
import { newTransaction, type StartedTransaction } from './transaction.ts';

/** An async iterable: `asyncFor(stream, ...)`, or `for await (const row of stream)`. It can be iterated once. */
export class RowStream<R extends object = Row> implements AsyncIterable<R> {
  readonly #connectionOf: () => Connection;
  readonly #query: string;
  readonly #values: Values | null | undefined;
  #stage: 'new' | 'open' | 'ended' = 'new';
  #busy = false;
  #source: RowSource | null = null;
  #connection: Connection | null = null;
  #transaction: StartedTransaction | null = null;
  #rows: readonly Row[] = [];
  #at = 0;

  /** @internal */
  constructor(connectionOf: () => Connection, query: string, values: Values | null | undefined) {
    this.#connectionOf = connectionOf;
    this.#query = query;
    this.#values = values;
  }

  [Symbol.asyncIterator](): AsyncIterator<R> & AsyncDisposable {
    return this as never;
  }

  /** The next row. */
  next(): CoroutineObject<IteratorResult<R, undefined>> {
    return new LazyCoroutine<IteratorResult<R, undefined>>(this.#next as never, this);
  }

  /** End it: what is left is not fetched. */
  return(): CoroutineObject<IteratorResult<R, undefined>> {
    return new LazyCoroutine<IteratorResult<R, undefined>>(this.#return as never, this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  *#next(): Coroutine<IteratorResult<R, undefined>> {
    if (this.#at < this.#rows.length) return { done: false, value: this.#rows[this.#at++] as R };
    if (this.#stage === 'ended') return { done: true, value: undefined };
    if (this.#busy) throw new RuntimeError('next() of iterate() was called before the last row was there');
    this.#busy = true;
    let fetched = false;
    try {
      if (this.#stage === 'new') yield* this.#open();
      this.#rows = yield* this.#fetch();
      this.#at = 0;
      fetched = true;
    } finally {
      this.#busy = false;
      if (!fetched) yield* this.#close(true);
    }
    if (this.#rows.length > 0) return { done: false, value: this.#rows[this.#at++] as R };
    yield* this.#close(false);
    return { done: true, value: undefined };
  }

  *#open(): Coroutine<void> {
    const connection = this.#connectionOf();
    const bound = connection._shared.compiler.bind(this.#query, this.#values);
    this.#stage = 'open';
    this.#connection = connection;
    this.#transaction = yield* newTransaction(() => connection, {}).start();
    const session = yield* connection._begin();
    try {
      this.#source = session.stream(bound);
    } finally {
      connection._end();
    }
  }

  *#fetch(): Coroutine<readonly Row[]> {
    const connection = this.#connection as Connection;
    yield* connection._begin(true);
    try {
      return yield* (this.#source as RowSource).next();
    } finally {
      connection._end();
    }
  }

  *#return(): Coroutine<IteratorResult<R, undefined>> {
    yield* this.#close(true);
    return { done: true, value: undefined };
  }

  *#close(failed: boolean): Coroutine<void> {
    if (this.#stage !== 'open') {
      this.#stage = 'ended';
      return;
    }
    this.#stage = 'ended';
    this.#rows = [];
    const connection = this.#connection as Connection;
    try {
      if (this.#source !== null) {
        yield* connection._begin(true);
        try {
          yield* this.#source.close();
        } finally {
          connection._end();
        }
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      if (this.#transaction !== null) yield* this.#transaction._leave(failed ? LEFT : undefined);
    }
  }
}

const LEFT = new RuntimeError('left before its end');
