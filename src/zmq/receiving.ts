/**
 * One socket's messages on their way in: those who wait for them, in line, and those that came before anyone asked.
 *
 * The engine gives one message at a time to one who asks, and cannot be told to stop. So this asks, for everybody: while someone waits, and a
 * little further while more can be had at once, which saves a turn of the loop for each. What came belongs to the next in line.
 * The engine's question ends by itself after a while, and is only asked again where someone still waits: a socket that nobody uses does not keep
 * the process alive. Who waits on a loop that was closed does not count, and gets nothing.
 *
 * A REQ that has not asked and a REP that has not answered have nothing to receive: whoever waits then waits for the message to be sent, as in pyzmq.
 */
import type { Scheduler } from '../core/scheduler.ts';
import { Claim, type ClaimOffice, Watch } from './claim.ts';
import { EAGAIN, EFSM, ENOTSUP, type SocketType } from './constants.ts';
import type { EngineSocket } from './engine.ts';
import { Again, toZMQError, ZMQError } from './errors.ts';
import { WRITE_ONLY } from './kinds.ts';

/** How many messages may wait here besides those in libzmq's own queue. */
const AHEAD = 32;
/**
 * How long the engine waits before it is asked again, in milliseconds. It is also the longest that a message is late where someone asks whether the same
 * socket can be written to: libzmq wakes up once for each change, and who asks takes the wake-up.
 */
const PATIENCE_MS = 50;
const RCVTIMEO = 27;

/** Told when a message has been taken to its last frame. */
type Taken = () => void;

export class Receiving implements ClaimOffice {
  /** For how long one who receives waits, in milliseconds; -1: for ever. */
  timeout = -1;
  /** Did the last frame that was taken have others behind it? */
  more = false;
  readonly #engine: EngineSocket;
  readonly #taken: Taken;
  readonly #came: Buffer[][] = [];
  readonly #waiters = new Set<Claim<unknown> | Watch>();
  /** Is it of a kind that only sends? */
  readonly #cannot: boolean;
  #asking = false;
  #closed = false;

  constructor(engine: EngineSocket, type: SocketType, taken: Taken) {
    this.#cannot = WRITE_ONLY.has(type);
    this.#engine = engine;
    this.#taken = taken;
    engine.setInt32Option(RCVTIMEO, PATIENCE_MS);
  }

  /** Has a message come that was not taken to its end? */
  get holds(): boolean {
    return this.#came.length > 0;
  }

  /** Can something be received at once? Looking takes the engine's wake-up away, so it is not looked at while the engine waits for one. */
  get ready(): boolean {
    return this.holds || (!this.#asking && !this.#cannot && this.#engine.readable);
  }

  /** A frame, or with `whole` all that are left of a message. @param now not later. */
  receive<T>(
    loop: Scheduler,
    whole: boolean,
    now: boolean,
    decode: (frames: readonly Buffer[]) => T,
  ): Claim<T> {
    const claim = new Claim<T>(loop, this, whole, decode);
    if (this.holds) this.#hand(claim as Claim<unknown>);
    else if (this.#cannot) claim.refuse(new ZMQError(ENOTSUP));
    else if (now && !this.ready) claim.refuse(new Again());
    else {
      // What can be received now comes with the engine's answer, before anything else.
      if (!now && this.timeout >= 0)
        claim.timer = loop.callLater(this.timeout / 1000, this.#late, claim as Claim<unknown>);
      this.#wait(claim as Claim<unknown>);
    }
    return claim;
  }

  /** End `watch` when something can be received. */
  watch(watch: Watch): void {
    if (this.#cannot) return;
    watch.watches(this);
    this.#wait(watch);
  }

  /** Put back what was taken and not used. */
  putBack(frames: readonly Buffer[]): void {
    this.giveBack(frames, true);
  }

  forget(waiter: Claim<unknown> | Watch): void {
    this.#waiters.delete(waiter);
  }

  giveBack(frames: readonly Buffer[], whole: boolean): void {
    if (this.#closed) return;
    const [first] = this.#came;
    if (!whole && this.more && first !== undefined) first.unshift(...frames);
    // A message that was begun is to be taken to its end first.
    else if (this.more) this.#came.splice(1, 0, [...frames]);
    else this.#came.unshift([...frames]);
    this.#serve();
  }

  /** A message was sent, after which this socket may receive. */
  turned(): void {
    if (this.#waiters.size > 0 && !this.holds) this.#ask();
  }

  /** The socket was closed: nothing comes any more. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#living()) waiter.close();
    this.#came.length = 0;
  }

  #wait(waiter: Claim<unknown> | Watch): void {
    this.#waiters.add(waiter);
    if (this.holds) this.#serve();
    else this.#ask();
  }

  readonly #late = (claim: Claim<unknown>): void => {
    if (claim.done()) return;
    this.#waiters.delete(claim);
    claim.refuse(new Again());
  };

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (!this.holds) return;
      this.#waiters.delete(waiter);
      if (waiter._loop.isClosed()) continue;
      if (waiter instanceof Watch) waiter.end();
      else this.#hand(waiter);
    }
  }

  /** Those who wait; the others are forgotten, as their loops are closed. */
  #living(): (Claim<unknown> | Watch)[] {
    for (const waiter of this.#waiters) if (waiter._loop.isClosed()) this.#waiters.delete(waiter);
    return [...this.#waiters];
  }

  #hand(claim: Claim<unknown>): void {
    const [message = []] = this.#came;
    const frames = claim.whole ? message.splice(0) : message.splice(0, 1);
    this.more = message.length > 0;
    if (!this.more) {
      this.#came.shift();
      this.#taken();
    }
    claim.give(frames);
  }

  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#engine.receive().then(this.#arrived, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #arrived = (frames: Buffer[]): void => {
    this.#asking = false;
    if (this.#closed) return;
    this.#came.push(frames);
    this.#serve();
    if (this.#came.length < AHEAD) this.#ask();
  };

  readonly #failed = (error: unknown): void => {
    this.#asking = false;
    if (this.#closed) return;
    const { errno } = error as { errno?: number };
    // They wait until `turned()` tells that there can be something.
    if (errno === EFSM) return;
    const living = this.#living();
    if (errno === EAGAIN) {
      if (living.length > 0) this.#ask();
      return;
    }
    const failure = toZMQError(error);
    for (const waiter of living) {
      this.#waiters.delete(waiter);
      waiter.refuse(failure);
    }
  };
}
