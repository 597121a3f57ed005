/**
 * The virtual reactor: a clock that jumps to the next deadline when nothing is ready, so that tests of hours take no time.
 *
 * Before it jumps, everything that is under way is let finish: the microtasks, and where someone waits for promises of the host, whole turns of
 * the host's loop. When nothing is ready and no deadline is left, nothing will ever happen, and the run fails with a `DeadlockError` at once.
 * Source: the idea of an automatically jumping clock is trio's (`MockClock`, `autojump_threshold`).
 */

import { RuntimeError, ValueError } from '../../core/errors.ts';
import { AGAIN, type Driven, HOP, type Next, type Reactor, STOPPED } from '../../core/reactor.ts';

/** How often the host's loop is let turn for promises of the host, before the clock jumps. */
const HOST_TURNS = 3;

type Done = (failure?: { readonly error: unknown }) => void;

/** A clock that stands still until it is moved. Seconds. */
export class VirtualClock {
  #now: number;
  /** How often it jumped. */
  jumps = 0;

  /** @param start where it starts, in seconds. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** The time, in seconds. */
  now(): number {
    return this.#now;
  }

  /** Move on by `seconds`. */
  advance(seconds: number): void {
    if (!(seconds >= 0)) throw new ValueError(`a clock goes forward only, not by ${seconds} seconds`);
    this.#now += seconds;
  }

  /** @internal */
  _jumpTo(when: number): void {
    if (when > this.#now) this.#now = when;
    this.jumps++;
  }
}

export class VirtualReactor implements Reactor {
  readonly name = 'virtual';
  readonly clock: VirtualClock;
  #driven: Driven | null = null;
  #done: Done | null = null;
  #scheduled = false;
  #idleTurns = 0;

  constructor(clock: VirtualClock = new VirtualClock()) {
    this.clock = clock;
  }

  time(): number {
    return this.clock.now();
  }

  start(driven: Driven, done: Done): void {
    this.#driven = driven;
    this.#done = done;
    this.#hop();
  }

  wake(): void {
    if (this.#driven === null) return;
    this.#idleTurns = 0;
    if (!this.#scheduled) this.#hop();
  }

  setRef(_ref: boolean): void {}

  close(): void {}

  /** Turn on the caller's stack, jumping over all waits. */
  block(driven: Driven): void {
    for (;;) {
      const next = driven.turn();
      if (next === STOPPED) return;
      if (next === AGAIN) continue;
      if (next === HOP || driven.waitsOutside) {
        throw new RuntimeError(
          'async functions and promises cannot run while the loop blocks: use generator coroutines, or run()',
        );
      }
      if (next === Infinity) throw this.#deadlocked(driven);
      this.clock._jumpTo(next);
    }
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    const driven = this.#driven;
    if (driven === null) return;
    try {
      this.#turns(driven);
    } catch (error) {
      this.#finish({ error });
    }
  };

  #turns(driven: Driven): void {
    for (;;) {
      const next: Next = driven.turn();
      if (next === STOPPED) {
        this.#finish();
        return;
      }
      if (next === HOP) {
        this.#hop();
        return;
      }
      if (next === AGAIN) {
        this.#later();
        return;
      }
      if (driven.waitsOutside && this.#idleTurns < HOST_TURNS) {
        this.#idleTurns++;
        this.#later();
        return;
      }
      this.#idleTurns = 0;
      // The clock stands still while a job runs elsewhere: how long that takes is no part of the program.
      if (driven.worksOutside) return;
      if (next === Infinity) {
        // Promises of the host may take real time: the host itself knows when nothing is left that could settle them.
        if (!driven.dependsOnHost()) throw this.#deadlocked(driven);
        process.removeListener('beforeExit', this.#nothingLeft).once('beforeExit', this.#nothingLeft);
        return;
      }
      this.clock._jumpTo(next);
    }
  }

  #deadlocked(driven: Driven): unknown {
    return (
      driven.deadlock() ??
      new RuntimeError('the loop waits, and nothing could ever wake it: stop() it from a callback')
    );
  }

  #later(): void {
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  #hop(): void {
    this.#scheduled = true;
    queueMicrotask(this.#tick);
  }

  readonly #tick = (): void => process.nextTick(this.#turn);

  readonly #nothingLeft = (): void => {
    if (this.#driven !== null && !this.#scheduled) this.#finish({ error: this.#deadlocked(this.#driven) });
  };

  #finish(failure?: { readonly error: unknown }): void {
    const done = this.#done;
    this.#driven = null;
    this.#done = null;
    process.removeListener('beforeExit', this.#nothingLeft);
    done?.(failure);
  }
}
