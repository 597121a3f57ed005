/**
 * `Barrier`: a number of tasks wait until all of them are there, then go on together; then it can be used again.
 *
 *     filling ──(the last one comes)──> draining ──(the last one has left)──> filling
 *     filling ──reset──> resetting ──(the last one has left)──> filling            any ──abort──> broken ──reset──> ...
 *
 * Source: Python docs, "Synchronization Primitives", "Barrier".
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { BrokenBarrierError, ValueError } from '../core/errors.ts';
import { Condition } from './condition.ts';
import { LoopBound } from './loop-bound.ts';

type State = 'filling' | 'draining' | 'resetting' | 'broken';

export class Barrier extends LoopBound {
  readonly #condition = new Condition();
  readonly #parties: number;
  #state: State = 'filling';
  #count = 0;

  /**
   * @param parties how many tasks it holds together.
   * @throws {ValueError} where that is less than one.
   */
  constructor(parties: number) {
    super();
    if (!(Number.isInteger(parties) && parties >= 1)) throw new ValueError('parties must be >= 1');
    this.#parties = parties;
  }

  /** How many tasks it holds together. */
  get parties(): number {
    return this.#parties;
  }

  /** How many wait now. */
  get nWaiting(): number {
    return this.#state === 'filling' ? this.#count : 0;
  }

  /** Is it broken? */
  get broken(): boolean {
    return this.#state === 'broken';
  }

  /**
   * Wait until all are there.
   * @returns a number from 0 to parties - 1, a different one for each task.
   * @throws {BrokenBarrierError} where the barrier is broken, or is reset or aborted meanwhile.
   */
  wait(): CoroutineObject<number> {
    return new LazyCoroutine<number>(this.#wait, this);
  }

  *#wait(): Coroutine<number> {
    using _lock = yield* this.#condition.guard();
    yield* this.#block();
    try {
      const index = this.#count++;
      if (index + 1 === this.#parties) this.#release();
      else yield* this.#waitForOthers();
      return index;
    } finally {
      this.#count--;
      this.#exit();
    }
  }

  /** Those of the last round must have left before a new round begins. */
  *#block(): Coroutine<void> {
    yield* this.#condition.waitFor(() => this.#state !== 'draining' && this.#state !== 'resetting');
    if (this.#state === 'broken') throw new BrokenBarrierError('Barrier aborted');
  }

  #release(): void {
    this.#state = 'draining';
    this.#condition.notifyAll();
  }

  *#waitForOthers(): Coroutine<void> {
    yield* this.#condition.waitFor(() => this.#state !== 'filling');
    if (this.#state === 'broken' || this.#state === 'resetting')
      throw new BrokenBarrierError('Abort or reset of barrier');
  }

  #exit(): void {
    if (this.#count > 0) return;
    if (this.#state === 'resetting' || this.#state === 'draining') this.#state = 'filling';
    this.#condition.notifyAll();
  }

  /** Empty the barrier: those who wait get a `BrokenBarrierError`, and it can be used again. */
  reset(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#reset, this);
  }

  *#reset(): Coroutine<void> {
    using _lock = yield* this.#condition.guard();
    if (this.#count > 0) {
      if (this.#state !== 'resetting') this.#state = 'resetting';
    } else {
      this.#state = 'filling';
    }
    this.#condition.notifyAll();
  }

  /** Break the barrier: everyone who waits, now or later, gets a `BrokenBarrierError`. */
  abort(): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#abort, this);
  }

  *#abort(): Coroutine<void> {
    using _lock = yield* this.#condition.guard();
    this.#state = 'broken';
    this.#condition.notifyAll();
  }

  /** Enter `asyncWith`: the value is the number of this task. */
  aenter(): CoroutineObject<number> {
    return this.wait();
  }

  /** Leave `asyncWith`. */
  *aexit(): Coroutine<void> {}

  /** A frozen snapshot. */
  statistics(): { readonly parties: number; readonly waiting: number; readonly broken: boolean } {
    return Object.freeze({ parties: this.#parties, waiting: this.nWaiting, broken: this.broken });
  }

  override toString(): string {
    const waiting = this.broken ? '' : ` waiters:${this.nWaiting}/${this.#parties}`;
    return `<Barrier ${this.#state}${waiting}>`;
  }
}
