/**
 * One worker of a pool, as the pool keeps it: what it runs, what it knows, and when it is to be ended.
 */
import type { Carrier, Link, LinkSink } from './link.ts';
import type { FromWorker } from './messages.ts';
import type { PoolJob } from './pool.ts';

/** How long to wait between two looks whether it lives, in milliseconds: at first, and at most. Each look sends a message, which a busy worker keeps. */
const FIRST_LOOK = 20;
const LAST_LOOK = 1000;

export class PoolWorker implements LinkSink {
  readonly link: Link;
  /** The functions that it has learned. */
  readonly known: Set<number> = new Set();
  /** It has said that it takes jobs. */
  isReady = false;
  /** What it runs. */
  job: PoolJob | null = null;
  /** How many jobs it has run. */
  jobs = 0;
  /** The job looks at its signal. */
  listens = false;
  readonly #hear: (worker: PoolWorker, message: FromWorker) => void;
  readonly #gone: (worker: PoolWorker, reason: string, cause: unknown) => void;
  #endAt = Infinity;
  #endIt: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lookAt = 0;
  #look: number = FIRST_LOOK;

  constructor(
    carrier: Carrier,
    number: number,
    hear: (worker: PoolWorker, message: FromWorker) => void,
    gone: (worker: PoolWorker, reason: string, cause: unknown) => void,
  ) {
    this.#hear = hear;
    this.#gone = gone;
    this.link = carrier.start(this, number);
  }

  linkMessage(message: FromWorker): void {
    this.#hear(this, message);
  }

  linkGone(reason: string, cause?: unknown): void {
    this.#gone(this, reason, cause);
  }

  /** It was given a job. */
  begin(job: PoolJob): void {
    if (this.job === null) this.link.ref();
    this.job = job;
    this.listens = false;
    this.#look = FIRST_LOOK;
    this.#lookAt = 0;
  }

  /** The job is over. */
  end(): void {
    if (this.job !== null) this.jobs++;
    this.job = null;
    if (this.#endIt === null) return;
    clearTimeout(this.#timer);
    this.#endIt = null;
    this.#endAt = Infinity;
  }

  /** Call `endIt` in `seconds`, unless the job is over by then. */
  endIn(seconds: number, endIt: () => void): void {
    if (this.#endIt !== null || seconds === Infinity) return;
    this.#endIt = endIt;
    this.#endAt = performance.now() + seconds * 1000;
    this.#timer = setTimeout(endIt, Math.min(seconds * 1000, 2 ** 31 - 1));
  }

  /** While the thread blocks: do what is due. @returns when there is something to do next. */
  tend(now: number): number {
    if (this.job === null) this.link.rest();
    if (now >= this.#endAt) {
      this.#endIt?.();
      return now;
    }
    if (this.#lookAt === 0) this.#lookAt = now + this.#look;
    else if (now >= this.#lookAt) {
      if (!this.link.isAlive()) return now;
      this.#look = Math.min(this.#look * 2, LAST_LOOK);
      this.#lookAt = now + this.#look;
    }
    return Math.min(this.#endAt, this.#lookAt);
  }
}
