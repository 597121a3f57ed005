/**
 * Who may have a connection: the limits of a connector, those who wait, and the connections that are idle.
 *
 * A request holds a slot from the moment it may look for a connection until it gives it back. A slot that becomes free is handed straight to the one
 * that waits longest among those whose host has room, so nobody overtakes. Idle connections hold no slot; the one used last is taken first.
 * Complexity goals: taking and giving back cost O(1), or O(hosts that are waited for) while some wait.
 * Source: aiohttp docs, "Client Reference", `TCPConnector`, `limit` and `limit_per_host`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { FINISHED, type Future } from '../core/future.ts';
import { ClientConnectionError } from './errors.ts';
import type { RequestClock } from './timeouts.ts';

/** A connection that can be kept. */
export interface Poolable {
  /** Can a request be sent on it? */
  readonly isUsable: boolean;
  /** Close it at once. */
  destroy(): void;
  /** Close it, and wait until it is. */
  closed(): Promise<void>;
}

interface Waiter {
  readonly turn: number;
  readonly future: Future<void>;
}

export interface PoolStatistics {
  /** How many requests have a connection, or make one. */
  readonly acquired: number;
  /** How many connections wait for the next request. */
  readonly idle: number;
  /** How many requests wait for a connection. */
  readonly waiting: number;
}

export class Pool<C extends Poolable> {
  readonly #limit: number;
  readonly #limitPerHost: number;
  readonly #idle = new Map<string, C[]>();
  /** The connections that are there, idle or not. */
  readonly #all = new Set<C>();
  readonly #perHost = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiter>>();
  #acquired = 0;
  #turns = 0;
  #closed = false;

  /** @param limit of all together, and @param limitPerHost of each host; 0 for none. */
  constructor(limit: number, limitPerHost: number) {
    this.#limit = limit;
    this.#limitPerHost = limitPerHost;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Is there anything to close? */
  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  statistics(): PoolStatistics {
    const sum = (sizes: Iterable<{ length?: number; size?: number }>): number =>
      [...sizes].reduce((total, { length, size }) => total + (length ?? size ?? 0), 0);
    const idle = sum(this.#idle.values());
    return Object.freeze({ acquired: this.#acquired, idle, waiting: sum(this.#waiting.values()) });
  }

  // ---- slots --------------------------------------------------------------------------------------------------------------------

  /** Wait for a slot. */
  *acquire(key: string, clock: RequestClock): Coroutine<void> {
    if (this.#closed) throw closedError();
    if (this.#hasRoom(key) && !this.#waiting.has(key)) {
      this.#take(key);
      return;
    }
    const future = clock.loop.createFuture<void>();
    const waiter: Waiter = { turn: this.#turns++, future };
    let waiters = this.#waiting.get(key);
    if (waiters === undefined) {
      waiters = new Set();
      this.#waiting.set(key, waiters);
    }
    waiters.add(waiter);
    clock.victim = (error) => {
      if (!future.done()) future.setException(error);
    };
    try {
      yield* future;
    } catch (error) {
      // It was given a slot and cancelled before it knew.
      if (future._state === FINISHED) this.giveBack(key);
      else this.#forget(key, waiter);
      throw error;
    } finally {
      clock.victim = null;
    }
  }

  /** Give a slot back. */
  giveBack(key: string): void {
    this.#acquired--;
    const count = (this.#perHost.get(key) ?? 1) - 1;
    if (count === 0) this.#perHost.delete(key);
    else this.#perHost.set(key, count);
    this.#wakeNext();
  }

  #hasRoom(key: string): boolean {
    if (this.#limit > 0 && this.#acquired >= this.#limit) return false;
    return this.#limitPerHost === 0 || (this.#perHost.get(key) ?? 0) < this.#limitPerHost;
  }

  #take(key: string): void {
    this.#acquired++;
    this.#perHost.set(key, (this.#perHost.get(key) ?? 0) + 1);
  }

  #wakeNext(): void {
    if (this.#waiting.size === 0) return;
    let first: { readonly key: string; readonly waiter: Waiter } | null = null;
    for (const [key, waiters] of this.#waiting) {
      const [waiter] = waiters as Set<Waiter>;
      if (waiter === undefined || !this.#hasRoom(key)) continue;
      if (first === null || waiter.turn < first.waiter.turn) first = { key, waiter };
    }
    if (first === null) return;
    const { key, waiter } = first;
    this.#forget(key, waiter);
    // One whose time ran out, or that was cancelled, is on its way out.
    if (waiter.future.done()) {
      this.#wakeNext();
      return;
    }
    this.#take(key);
    waiter.future.setResult(undefined);
  }

  #forget(key: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(key);
  }

  // ---- connections --------------------------------------------------------------------------------------------------------------

  /** An idle connection, for one who has a slot; `null` where there is none. */
  takeIdle(key: string): C | null {
    const idle = this.#idle.get(key);
    for (let last = idle?.pop(); last !== undefined; last = idle?.pop()) {
      if (idle?.length === 0) this.#idle.delete(key);
      if (last.isUsable) return last;
    }
    return null;
  }

  /** A connection was made. */
  add(connection: C): void {
    this.#all.add(connection);
  }

  /** Keep a connection for the next request. */
  keep(key: string, connection: C): void {
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [connection]);
    else idle.push(connection);
  }

  /** The connection is gone. */
  remove(key: string, connection: C): void {
    this.#all.delete(connection);
    const idle = this.#idle.get(key);
    const at = idle?.indexOf(connection) ?? -1;
    if (at === -1) return;
    idle?.splice(at, 1);
    if (idle?.length === 0) this.#idle.delete(key);
  }

  /** Close everything, and let nobody wait. @returns when all is closed. */
  close(): Promise<unknown> {
    this.#closed = true;
    for (const waiters of [...this.#waiting.values()]) {
      for (const { future } of waiters) if (!future.done()) future.setException(closedError());
    }
    this.#waiting.clear();
    const all = [...this.#all];
    for (const connection of all) connection.destroy();
    return Promise.all(all.map((connection) => connection.closed()));
  }
}

function closedError(): ClientConnectionError {
  return new ClientConnectionError('Connector is closed');
}
