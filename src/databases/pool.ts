/**
 * `Pool`: the sessions of one database. Who comes first is served first.
 *
 * A session is idle (nobody has it, and all it was asked is answered), in use, or coming back: what was cancelled is being settled, and a transaction
 * that was left open is being rolled back, before the next one gets it. A lost session makes place for a new one. Taking and giving
 * back cost O(1).
 */
import type { Coroutine } from '../core/awaitable.ts';
import { CancelledError, RuntimeError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { WaiterQueue } from '../sync/waiters.ts';
import type { Engine } from './engine.ts';
import { InterfaceError, OperationalError } from './errors.ts';
import type { Session } from './session.ts';
import type { Query } from './sql.ts';

const ROLLBACK: Query = {
  compiled: { text: 'ROLLBACK', names: [], verb: 'ROLLBACK', several: false },
  values: [],
};

/** What is known of a pool at one moment. */
export interface PoolStatistics {
  /** How many connections there are. */
  readonly size: number;
  /** How many of them nobody uses. */
  readonly idle: number;
  /** How many callers wait for one. */
  readonly waiting: number;
}

export class Pool {
  readonly #engine: Engine;
  readonly #loop: Scheduler;
  readonly #maxSize: number;
  /** Those that nobody uses; the one that was used last is at the end. */
  readonly #idle: Session[] = [];
  readonly #all = new Set<Session>();
  /** How many are being opened. */
  #opening = 0;
  readonly #waiters = new WaiterQueue();
  #closing = false;
  #emptied: Future<void> | null = null;

  constructor(engine: Engine, loop: Scheduler, maxSize: number) {
    this.#engine = engine;
    this.#loop = loop;
    this.#maxSize = maxSize;
  }

  /** Open `count` sessions. */
  *fill(count: number): Coroutine<void> {
    try {
      while (this.#all.size < count) this.release(yield* this.#open());
    } catch (error) {
      yield* this.close();
      throw error;
    }
  }

  /** A session that is ready, where there is one and nobody waits. */
  take(): Session | null {
    this.#check();
    if (this.#waiters.size > 0) return null;
    const session = this.#idle.pop();
    if (session === undefined) return null;
    session.setRef(true);
    return session;
  }

  /** A session; waits for one where there are as many as there can be. */
  *acquire(): Coroutine<Session> {
    this.#check();
    for (;;) {
      const session = this.take();
      if (session !== null) return session;
      if (this.#waiters.size === 0 && this.#all.size + this.#opening < this.#maxSize)
        return yield* this.#open();
      yield* this.#turn();
      this.#check();
      // It is our turn: there is a session that is idle, or place for a new one.
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        idle.setRef(true);
        this.#next();
        return idle;
      }
      if (this.#all.size + this.#opening < this.#maxSize) return yield* this.#open();
    }
  }

  /** Wait until it is our turn. */
  *#turn(): Coroutine<void> {
    const waiter = this.#waiters.join(this.#loop);
    let woken = false;
    try {
      yield* waiter;
      woken = true;
    } finally {
      this.#waiters.leave(waiter);
      if (!woken) this.#next();
    }
  }

  /** Wake the first of those who wait, if there is something for it. */
  #next(): void {
    const first = this.#waiters.first;
    if (first === null || first.done()) return;
    if (this.#closing || this.#idle.length > 0 || this.#all.size + this.#opening < this.#maxSize)
      first.setResult(true);
  }

  /** Give a session back. */
  release(session: Session): void {
    if (session.lost) {
      this.#remove(session);
    } else if (session.settled && !session.inTransaction) {
      if (this.#closing) this.#end(session);
      else {
        session.setRef(false);
        this.#idle.push(session);
        this.#next();
      }
    } else if (!session.settled) {
      session.whenSettled(() => this.release(session));
    } else if (this.#loop.isClosed()) {
      session.lose(new OperationalError('its event loop was closed in the middle of a transaction'));
      this.#remove(session);
    } else {
      this.#loop.createTask(this.#rollBack(session), { name: 'databases: roll back what was left open' });
    }
  }

  *#rollBack(session: Session): Coroutine<void> {
    try {
      yield* session.execute(ROLLBACK);
    } catch (error) {
      session.lose(
        new OperationalError('a transaction that was left open could not be rolled back', { cause: error }),
      );
    }
    if (!session.lost && session.inTransaction)
      session.lose(new OperationalError('a transaction that was left open could not be rolled back'));
    this.release(session);
  }

  *#open(): Coroutine<Session> {
    this.#opening++;
    let session: Session;
    try {
      session = yield* this.#engine.open(this.#loop);
    } finally {
      this.#opening--;
      this.#next();
      this.#finish();
    }
    this.#all.add(session);
    session.onLost = () => {
      const at = this.#idle.indexOf(session);
      if (at === -1) return;
      this.#idle.splice(at, 1);
      this.#remove(session);
    };
    if (session.lost) {
      this.#remove(session);
      throw new OperationalError('the connection was lost as soon as it was there');
    }
    return session;
  }

  #remove(session: Session): void {
    if (!this.#all.delete(session)) return;
    this.#next();
    this.#finish();
  }

  /** Let those who have sessions give them back, and end them all. Those who wait for one get an error. */
  *close(): Coroutine<void> {
    this.#closing = true;
    for (const waiter of this.#waiters) if (!waiter.done()) waiter.setResult(true);
    for (const session of this.#idle.splice(0)) this.#end(session);
    while (this.#all.size + this.#opening > 0) {
      this.#emptied ??= this.#loop.createFuture<void>();
      const waiter = this.#loop.createFuture<void>();
      this.#emptied.addDoneCallback(() => {
        if (!waiter.done()) waiter.setResult();
      });
      yield* waiter;
    }
    this.#engine.close();
  }

  /** Say goodbye to a session that nobody uses. */
  #end(session: Session): void {
    session.setRef(true);
    if (this.#loop.isClosed()) session.lose(new OperationalError('its event loop is closed'));
    if (session.lost) this.#remove(session);
    else this.#loop.createTask(this.#goodbye(session), { name: 'databases: close a connection' });
  }

  *#goodbye(session: Session): Coroutine<void> {
    try {
      yield* session.close();
    } catch (error) {
      // Who is not answered to a goodbye is gone as well.
      if (error instanceof CancelledError) throw error;
    } finally {
      session.lose(new InterfaceError('the connection is closed'));
      this.#remove(session);
    }
  }

  #finish(): void {
    if (this.#all.size + this.#opening > 0 || this.#emptied === null) return;
    const emptied = this.#emptied;
    this.#emptied = null;
    if (!this.#loop.isClosed()) emptied.setResult();
  }

  /** A frozen snapshot. */
  statistics(): PoolStatistics {
    return Object.freeze({ size: this.#all.size, idle: this.#idle.length, waiting: this.#waiters.size });
  }

  /** Nobody will come any more: end what is idle, without a word. */
  abandon(): void {
    for (const session of this.#all) session.lose(new InterfaceError('the database was never disconnected'));
  }

  #check(): void {
    if (running.loop !== this.#loop) {
      throw new RuntimeError(
        'this database was connected in a different event loop: disconnect() and connect() it in this one',
      );
    }
    if (this.#closing) throw new InterfaceError('the database is being disconnected');
  }
}
