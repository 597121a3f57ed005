/**
 * Transactions: a block, a decorator, or begun and ended by hand. The first of a connection is a transaction of the database, those within it are
 * savepoints.
 *
 * A block that fails or is cancelled rolls back; so does one whose query was cancelled, after the connection has settled. If beginning or ending is
 * itself interrupted, nobody knows what the database made of it, and the session is given up: the database rolls back what it has not committed.
 * Source: encode/databases, "Connections and Transactions", `Transaction`.
 */
import type { Awaitable, Coroutine, Suspension } from '../core/awaitable.ts';
import { type CoroutineObject, isAwaitable, LazyCoroutine } from '../core/coroutine.ts';
import { CancelledError, RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { currentTask } from '../core/task.ts';
import { promiseOf } from '../core/thenable.ts';
import { asyncWith, type Eventually } from '../structured/async-with.ts';
import type { Connection } from './connection.ts';
import type { TransactionOptions } from './engine.ts';
import { InternalError, OperationalError, ProgrammingError } from './errors.ts';
import type { Session } from './session.ts';

type Method = (this: never, ...args: never[]) => Eventually<unknown>;

/** What a decorated function becomes: the same parameters, and a coroutine. */
export type Decorated<F extends Method> = F extends (this: infer S, ...args: infer A) => Eventually<infer R>
  ? (this: S, ...args: A) => CoroutineObject<R>
  : never;

/**
 * A transaction that has not begun. Use it in one of three ways:
 *
 * ```ts
 * yield* asyncio.asyncWith(database.transaction(), function* () {});
 * const transaction = yield* database.transaction();       // then commit() or rollback()
 * const createUsers = database.transaction()(function* (names: string[]) {});
 * ```
 */
export interface Transaction extends Awaitable<StartedTransaction> {
  /** As a decorator: `fn`, of either style, in a transaction of its own each time. */
  <F extends Method>(fn: F, context?: ClassMethodDecoratorContext): Decorated<F>;
  /** Begin. */
  start(): CoroutineObject<StartedTransaction>;
  /** Enter `asyncWith`: begin. */
  aenter(): CoroutineObject<StartedTransaction>;
  /** Leave `asyncWith`: commit, or roll back where the block failed. */
  aexit(error?: unknown): Coroutine<void>;
}

/** @internal A transaction on the connection that `connectionOf` gives when it begins. */
export function newTransaction(connectionOf: () => Connection, options: TransactionOptions): Transaction {
  const start = () =>
    new LazyCoroutine<StartedTransaction>(begin as never, undefined, [connectionOf, options]);
  const entered: Entered = new WeakMap();
  const decorate = <F extends Method>(fn: F): Decorated<F> => {
    if (typeof fn !== 'function') {
      throw new TypeError(
        `transaction()(fn) needs a generator function or an async function, not ${describe(fn)}`,
      );
    }
    const decorated = function (this: unknown, ...args: readonly unknown[]): CoroutineObject<unknown> {
      const body = () => fn.apply(this as never, args as never[]);
      return asyncWith(newTransaction(connectionOf, options), () => started(body));
    };
    Object.defineProperty(decorated, 'name', { value: fn.name, configurable: true });
    return decorated as unknown as Decorated<F>;
  };
  return Object.assign(decorate, {
    start,
    aenter: () => new LazyCoroutine<StartedTransaction>(enter as never, undefined, [start, entered]),
    *aexit(error?: unknown): Coroutine<void> {
      const transaction = entered.get(entrant())?.pop();
      if (transaction === undefined) throw new RuntimeError('aexit() of a transaction that was not entered');
      yield* transaction._leave(error);
    },
    [Symbol.iterator]: (): Iterator<Suspension, StartedTransaction, unknown> => start()[Symbol.iterator](),
    then: <A, B>(onFulfilled?: OnFulfilled<A>, onRejected?: OnRejected<B>): Promise<A | B> =>
      promiseOf<StartedTransaction>(start()).then(onFulfilled, onRejected),
  }) as Transaction;
}

type OnFulfilled<A> = ((value: StartedTransaction) => A | PromiseLike<A>) | null;
type OnRejected<B> = ((reason: unknown) => B | PromiseLike<B>) | null;

/** The blocks that each task has entered, the innermost last. */
type Entered = WeakMap<object, StartedTransaction[]>;
const NO_TASK = {};

function entrant(): object {
  return currentTask() ?? NO_TASK;
}

/** Call the body, in a step of the task. */
function started(body: () => Eventually<unknown>): Eventually<unknown> {
  const result = body();
  if (isAwaitable(result) || typeof (result as PromiseLike<unknown> | null)?.then === 'function')
    return result;
  throw new TypeError(`a coroutine was expected, got ${describe(result)}`);
}

function* enter(
  start: () => CoroutineObject<StartedTransaction>,
  entered: Entered,
): Coroutine<StartedTransaction> {
  const transaction = yield* start();
  const own = entered.get(entrant());
  if (own === undefined) entered.set(entrant(), [transaction]);
  else own.push(transaction);
  return transaction;
}

Object.defineProperty(begin, 'name', { value: 'transaction' });

function* begin(connectionOf: () => Connection, options: TransactionOptions): Coroutine<StartedTransaction> {
  const connection = connectionOf();
  yield* connection._changing.acquire();
  try {
    const session = yield* connection._enter();
    let begun = false;
    try {
      const depth = connection._transactions.length;
      const savepoint = depth === 0 ? null : `asyncio_savepoint_${depth}`;
      for (const sql of statements(connection, savepoint, options)) {
        yield* determined(session, connection._execute(sql));
      }
      begun = true;
      const transaction = new StartedTransaction(connection, session, savepoint, options);
      connection._transactions.push(transaction);
      return transaction;
    } finally {
      if (!begun) connection._leave();
    }
  } finally {
    connection._changing.release();
  }
}

function statements(
  connection: Connection,
  savepoint: string | null,
  options: TransactionOptions,
): readonly string[] {
  if (savepoint === null) return connection._shared.begin(options);
  const { isolation, readOnly, deferrable, mode } = options;
  const own = Object.entries({ isolation, readOnly, deferrable, mode }).find(
    ([, value]) => value !== undefined,
  );
  if (own === undefined) return [`SAVEPOINT ${savepoint}`];
  throw new ProgrammingError(
    `the option ${own[0]} is for the outermost transaction; this one is within another`,
  );
}

/** Do what must be known to have been done or not; where it is interrupted, the session is given up. */
function* determined<T>(session: Session, work: Coroutine<T>): Coroutine<T> {
  let ended = false;
  try {
    const result = yield* work;
    ended = true;
    return result;
  } catch (error) {
    ended = session.settled && !(error instanceof CancelledError);
    throw error;
  } finally {
    if (!ended) {
      session.lose(
        new OperationalError(
          'the beginning or end of a transaction was interrupted: its connection was given up',
        ),
      );
    }
  }
}

/** A transaction that has begun. Disposed of before `commit()`, it is rolled back. */
export class StartedTransaction {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #savepoint: string | null;
  readonly #options: TransactionOptions;
  #open = true;

  /** @internal */
  constructor(
    connection: Connection,
    session: Session,
    savepoint: string | null,
    options: TransactionOptions,
  ) {
    this.#connection = connection;
    this.#session = session;
    this.#savepoint = savepoint;
    this.#options = options;
  }

  /** Keep what was done. @throws {InternalError} where a query had failed, so that the database could only roll back. */
  commit(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#commit, this);
  }

  /** Undo what was done. */
  rollback(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#rollback, this);
  }

  /** Is it neither committed nor rolled back? */
  get isActive(): boolean {
    return this.#open;
  }

  /** @internal The end of a block. */
  *_leave(error: unknown): Coroutine<void> {
    if (!this.#open) return;
    if (error === undefined && this.#options.forceRollback !== true) {
      yield* this.#commit();
      return;
    }
    try {
      yield* this.#rollback();
    } catch (problem) {
      // What went wrong first counts, where the rest follows from it.
      if (error === undefined || !(problem instanceof OperationalError)) throw problem;
    }
  }

  *#commit(): Coroutine<void> {
    yield* this.#end(function* (this: StartedTransaction): Coroutine<void> {
      const session = this.#session;
      if (session.transactionFailed) {
        yield* this.#undo();
        throw new InternalError(
          'the transaction had failed and was rolled back: there was nothing to commit',
        );
      }
      const savepoint = this.#savepoint;
      try {
        yield* this.#run(savepoint === null ? 'COMMIT' : `RELEASE SAVEPOINT ${savepoint}`);
      } catch (error) {
        if (savepoint === null && !session.lost && session.settled && session.inTransaction)
          yield* this.#undo();
        throw error;
      }
    });
  }

  *#rollback(): Coroutine<void> {
    yield* this.#end(this.#undo);
  }

  *#undo(): Coroutine<void> {
    // Of a connection that is gone the database rolls back by itself.
    if (this.#session.lost) return;
    yield* this.#run(this.#savepoint === null ? 'ROLLBACK' : `ROLLBACK TO SAVEPOINT ${this.#savepoint}`);
  }

  *#run(sql: string): Coroutine<void> {
    yield* determined(this.#session, this.#connection._execute(sql));
  }

  *#end(work: (this: StartedTransaction) => Coroutine<void>): Coroutine<void> {
    const connection = this.#connection;
    const { _changing: changing, _transactions: open } = connection;
    yield* changing.acquire();
    try {
      if (!this.#open) throw new RuntimeError('the transaction has ended already');
      if (open.at(-1) !== this) {
        throw new RuntimeError('another transaction has begun within this one, and must end before it does');
      }
      this.#open = false;
      open.pop();
      try {
        yield* work.call(this);
      } finally {
        connection._leave();
      }
    } finally {
      changing.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) await this.rollback();
  }

  toString(): string {
    return `<Transaction ${this.#open ? 'open' : 'ended'}${this.#savepoint === null ? '' : ` savepoint=${this.#savepoint}`}>`;
  }
}
