/**
 * How long a request may take: as a whole, until it has a connection, until its socket is connected, and between two arrivals of bytes.
 *
 * A timer of a request fails whatever the request waits for at that moment. Nothing is cancelled for that, so that a request which is one of several
 * that an async function awaits at once does not take the others with it. Source: aiohttp docs, "Client Reference", `ClientTimeout`.
 */
import { TimeoutError, ValueError } from '../core/errors.ts';
import type { TimerHandle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';

/** Limits of time, in seconds each; `null` or 0: none. */
export interface ClientTimeoutOptions {
  /** The whole request, from the wait for a connection to the end of the body. 300 by default. */
  readonly total?: number | null | undefined;
  /** Until there is a connection: the wait for a free one, and making one. */
  readonly connect?: number | null | undefined;
  /** Making one. 30 by default. */
  readonly sockConnect?: number | null | undefined;
  /** Between two arrivals of bytes, and before the first one. */
  readonly sockRead?: number | null | undefined;
}

export class ClientTimeout implements ClientTimeoutOptions {
  readonly total: number | null;
  readonly connect: number | null;
  readonly sockConnect: number | null;
  readonly sockRead: number | null;

  /** @throws {ValueError} where a limit is negative or not a number. */
  constructor(options: ClientTimeoutOptions = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(
        `a timeout must be a ClientTimeout, or an object such as { total: 30 }, not ${describe(options)}`,
      );
    }
    const { total = null, connect = null, sockConnect = null, sockRead = null } = options;
    this.total = limit(total, 'total');
    this.connect = limit(connect, 'connect');
    this.sockConnect = limit(sockConnect, 'sockConnect');
    this.sockRead = limit(sockRead, 'sockRead');
  }

  toString(): string {
    const parts = Object.entries(this).map(([name, value]) => `${name}=${value}`);
    return `ClientTimeout(${parts.join(', ')})`;
  }
}

function limit(seconds: unknown, name: string): number | null {
  if (seconds === null || seconds === 0) return null;
  if (typeof seconds !== 'number')
    throw new TypeError(`the timeout ${name} must be a number of seconds, or null, not ${describe(seconds)}`);
  if (!(seconds > 0)) throw new ValueError(`the timeout ${name} must be positive, or null, not ${seconds}`);
  return seconds === Infinity ? null : seconds;
}

/** What a request is limited to unless it is said otherwise. */
export const DEFAULT_TIMEOUT: ClientTimeout = new ClientTimeout({ total: 300, sockConnect: 30 });

/** What waits, and can be told that it has waited too long. */
export type Victim = (error: Error) => void;

/** The clock of one request. */
export class RequestClock {
  readonly loop: Scheduler;
  /** What the request waits for now. */
  victim: Victim | null = null;
  #total: TimerHandle | null = null;
  #expired: Error | null = null;

  constructor(loop: Scheduler, total: number | null) {
    this.loop = loop;
    if (total !== null) this.#total = loop.callLater(total, this.#expire);
  }

  readonly #expire = (): void => {
    this.#total = null;
    this.#expired = new TimeoutError('');
    this.victim?.(this.#expired);
  };

  /** @throws {TimeoutError} where the time is up. */
  check(): void {
    if (this.#expired !== null) throw this.#expired;
  }

  /** The request is over. */
  stop(): void {
    this.#total?.cancel();
    this.#total = null;
    this.victim = null;
  }

  /** Call `victim` with what `makeError` gives when `seconds` have passed. @returns what ends that. */
  limit(seconds: number | null, makeError: () => Error): TimerHandle | null {
    return seconds === null ? null : this.loop.callLater(seconds, () => this.victim?.(makeError()));
  }
}
