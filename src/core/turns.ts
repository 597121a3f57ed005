/**
 * The turns of a loop: the ready queue, the timers, and running them; what goes on between `runForever()` and `stop()`.
 *
 * One iteration, which `turn` runs and which is CPython's: the timers that are due join the ready queue; what is in the queue at that
 * moment runs; what is added meanwhile waits for the next iteration.
 *
 *     turn ──> [ due timers -> ready ] ──> run the entries that were ready ──> stopped? ──> more ready? ──┐
 *               ^                            │ an entry resumed an async function:                         │
 *               │                            └─> leave the stack, so that its continuations run (HOP)      │
 *               └───────────────────────────────────────────── within the budget of time ─────────────────┘
 *
 * An iteration can be left in the middle and taken up again. That is how the order of effects is the same for async functions, which go on in
 * microtasks, as for generators: after each entry that resumed an async function the microtasks are drained before the next entry
 * runs. Source: Python docs, "Event Loop", "Running and stopping the loop".
 */
import { type AsyncScope, captureScope } from './async-scope.ts';
import { RuntimeError } from './errors.ts';
import type { Entry } from './handle.ts';
import { AGAIN, type Driven, HOP, type Next, type Reactor, STOPPED } from './reactor.ts';
import { ReadyQueue } from './ready.ts';
import { running } from './running.ts';
import type { Scheduler } from './scheduler.ts';
import { sourceOf } from './sources.ts';
import { type Timed, TimerHeap } from './timers.ts';
import { warn } from './warn.ts';

/** Timers due within this many seconds from now count as due: the resolution of the clock. */
const CLOCK_RESOLUTION = 1e-9;
/** How long one turn may take, in milliseconds, before the host's own events get their chance. */
const BUDGET = 1;
/** How many entries run between two looks at the clock; a power of two. */
const ENTRIES_PER_LOOK = 64;

export const debugByDefault: boolean =
  ((globalThis as { process?: { env?: Record<string, string> } }).process?.env?.['ASYNCIO_DEBUG'] ?? '') !==
  '';

export abstract class Turns implements Driven {
  /** In debug mode, callbacks and steps that take at least this long, in seconds, are reported. */
  slowCallbackDuration = 0.1;
  /** @internal */
  readonly _reactor: Reactor;
  /** @internal */
  _debug: boolean = debugByDefault;
  /** @internal An entry resumed an async function: drain the microtasks before the next entry. */
  _hop = false;
  /** @internal How many native async functions run as parts of tasks. */
  _asyncCalls = 0;
  /** @internal How many wrapped promises are waited for. */
  _foreign = 0;
  /** @internal How many jobs of executors are waited for. */
  _jobs = 0;
  /** @internal The async context that turns run in. */
  _home: AsyncScope | null = null;

  readonly #ready = new ReadyQueue();
  readonly #timers = new TimerHeap();
  /** How many entries are left of this iteration. */
  #left = 0;
  #iterating = false;
  /** When the host's own events must get their chance, in milliseconds of its clock. */
  #budgetEnd = 0;
  #hopped = false;
  #parked = false;
  #stopping = false;
  #closed = false;
  #runs = false;
  #fatal: { readonly error: unknown } | null = null;

  constructor(reactor: Reactor) {
    this._reactor = reactor;
  }

  /** For the reactor: nothing can become ready any more. */
  abstract deadlock(): unknown;

  /** For the reactor: is there an async function or a promise of the host that could still wake the loop? Looks at every task. */
  abstract dependsOnHost(): boolean;

  /** @internal The loop has nothing to do for the moment. */
  abstract _idle(): void;

  /** Is the loop running? */
  isRunning(): boolean {
    return this.#runs;
  }

  /** Was the loop closed? */
  isClosed(): boolean {
    return this.#closed;
  }

  /** Stop the loop at the end of this iteration. */
  stop(): void {
    this.#stopping = true;
    this.#unpark();
  }

  /** @internal */
  _begin(): void {
    this._checkClosed();
    this._checkNotRunning();
    this.#runs = true;
    this.#iterating = false;
    this._hop = false;
    running.loop = this as unknown as Scheduler;
    this._home = captureScope();
  }

  /** @internal */
  _end(): void {
    this.#runs = false;
    this.#parked = false;
    this.#stopping = false;
    this.#fatal = null;
    running.loop = null;
    this._idle();
  }

  /** @internal */
  _checkNotRunning(): void {
    if (this.#runs) throw new RuntimeError('This event loop is already running');
    if (running.loop !== null)
      throw new RuntimeError('Cannot run the event loop while another loop is running');
  }

  /** @internal */
  _checkClosed(): void {
    if (this.#closed) throw new RuntimeError('Event loop is closed');
  }

  /** @internal How many entries are ready, and how many timers are set. */
  get _scheduled(): { readonly ready: number; readonly timers: number } {
    return { ready: this.#ready.size, timers: this.#timers.live };
  }

  /** @internal Drop what is scheduled. */
  _closeTurns(): void {
    this.#closed = true;
    this.#ready.clear();
    this.#timers.clear();
    this._reactor.close();
  }

  /** The loop's clock, in seconds. It has nothing to do with the time of day. */
  time(): number {
    return this._reactor.time();
  }

  // ---- a turn -------------------------------------------------------------------------------------------------------------------

  /** For the reactor: run what is ready. */
  turn(): Next {
    const home = this._home;
    return home === null ? this.#turn() : home.runInAsyncScope(this.#turn, this);
  }

  #turn(): Next {
    this.#parked = false;
    const ready = this.#ready;
    const start = performance.now();
    // A turn that goes on after the microtasks shares the budget of the one before: no host event came between.
    if (!this.#hopped) this.#budgetEnd = start + BUDGET;
    this.#hopped = false;
    let untilLook = ENTRIES_PER_LOOK;
    for (;;) {
      if (this.#fatal !== null) throw this.#fatal.error;
      if (!this.#iterating) {
        if (this.#timers.size > 0) this.#collectDue();
        if (ready.size === 0 && !this.#stopping) return this.#park();
        this.#left = ready.size;
        this.#iterating = true;
      }
      while (this.#left > 0) {
        this.#left--;
        const entry = ready.shift();
        if (this._debug) this.#runTimed(entry);
        else entry._run();
        if (this._hop) {
          this._hop = false;
          return this.#leave(start);
        }
        if (--untilLook === 0) {
          untilLook = ENTRIES_PER_LOOK;
          if (performance.now() > this.#budgetEnd) return AGAIN;
        }
      }
      this.#iterating = false;
      if (this.#stopping) return STOPPED;
      // Continuations that this iteration made ready through promises of the user's own belong to it as well.
      if (this._asyncCalls > 0 && ready.size > 0) return this.#leave(start);
    }
  }

  /** Let the microtasks run; and when the budget is used up, all of the host. */
  #leave(now: number): Next {
    if (now > this.#budgetEnd) return AGAIN;
    this.#hopped = true;
    return HOP;
  }

  #park(): Next {
    this._idle();
    this.#parked = true;
    return this.#timers.deadline();
  }

  #unpark(): void {
    if (!this.#parked) return;
    this.#parked = false;
    this._reactor.wake();
  }

  #collectDue(): void {
    const now = this._reactor.time();
    // At a time so late that the resolution is lost in rounding, the next number after it.
    const end = now + Math.max(CLOCK_RESOLUTION, now * Number.EPSILON);
    for (let timer = this.#timers.shiftDue(end); timer !== null; timer = this.#timers.shiftDue(end))
      this.#ready.push(timer);
  }

  #runTimed(entry: Entry): void {
    const start = performance.now();
    entry._run();
    const seconds = (performance.now() - start) / 1000;
    if (seconds < this.slowCallbackDuration) return;
    const origin = sourceOf(entry);
    const source = origin === undefined ? '' : `\n  created at\n${origin}`;
    warn(`Executing ${entry} took ${seconds.toFixed(3)} seconds${source}`, 'RuntimeWarning');
  }

  /** @internal Run an entry now, outside of the ready queue; what it throws ends the run. */
  _runNow(entry: Entry): void {
    try {
      entry._run();
    } catch (error) {
      this.#fatal = { error };
      this.#unpark();
    }
  }

  /** @internal Put an entry into the ready queue. */
  _enqueue(entry: Entry): void {
    this.#ready.push(entry);
    if (this.#parked) this.#unpark();
  }

  /** @internal The same, where the loop may be closed. */
  _enqueueChecked(entry: Entry): void {
    if (this.#closed) this._checkClosed();
    this.#ready.push(entry);
    if (this.#parked) this.#unpark();
  }

  /** For the reactor: does anyone wait for work that is done outside of the loop? */
  get waitsOutside(): boolean {
    return this._asyncCalls > 0 || this._foreign > 0;
  }

  /** For the reactor: does anyone wait for a job of an executor? */
  get worksOutside(): boolean {
    return this._jobs > 0;
  }

  /** @internal */
  _addTimer(timer: Timed): void {
    this.#timers.push(timer);
    // A loop that waits for a later deadline must be told of this one.
    if (this.#parked) this.#unpark();
  }

  /** @internal */
  _timerCancelled(): void {
    this.#timers.noteCancelled();
  }
}
