/**
 * One socket's messages on their way out: what libzmq takes at once goes at once, the rest waits in line.
 *
 * A message in the line can still be cancelled, and is then not sent. One that the engine has can not: what became of it is known a moment later.
 * libzmq does not tell when it takes messages again, so it is asked: soon at first, then every few milliseconds, and only while someone waits.
 * What waits on a loop that was closed is not sent any more.
 */
import { Future, PENDING } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { Watch } from './claim.ts';
import { EAGAIN, EFSM, REP, REQ, ROUTER, type SocketType, STREAM, XPUB } from './constants.ts';
import type { EngineSocket } from './engine.ts';
import { Again, toZMQError, ZMQError } from './errors.ts';
import { READ_ONLY } from './kinds.ts';

/** Between the questions, in seconds: the first time, and at most. */
const SHORTEST = 0.0005;
const LONGEST = 0.01;
const SNDTIMEO = 28;

/** A message that is to be sent. */
class Dispatch extends Future<void> {
  readonly frames: readonly Uint8Array[];
  readonly #office: Sending;
  timer: TimerHandle | null = null;
  /** Has the engine got it, and not said yet whether libzmq took it? */
  underWay = false;
  /** Was it to be cancelled meanwhile, and with what words? */
  revoked: { readonly message: unknown } | null = null;

  constructor(loop: Scheduler, office: Sending, frames: readonly Uint8Array[]) {
    super({ loop });
    this.#office = office;
    this.frames = frames;
  }

  /** @returns false where it was sent; and where that is not known yet: it is then cancelled in a moment, unless it was. */
  override cancel(message?: unknown): boolean {
    if (this.underWay) {
      this.revoked = { message };
      return false;
    }
    this.timer?.cancel();
    this.#office.forget(this);
    return super.cancel(message);
  }
}

export class Sending {
  /** For how long a message waits, in milliseconds; -1: for ever. */
  timeout = -1;
  readonly #engine: EngineSocket;
  /** Is a message that libzmq can take sure to be sent? ROUTER and its like find out by its address. */
  readonly #certain: boolean;
  /** Is it of a kind that only receives? */
  readonly #cannot: boolean;
  /** Is there a message that has to be received first, though libzmq has handed it out already? */
  readonly #receivesFirst: () => boolean;
  /** Told of each message that was sent, where that changes what can be received. */
  readonly #sent: () => void;
  /** Does sending change that? */
  readonly #turns: boolean;
  readonly #line = new Set<Dispatch | Watch>();
  /** How many messages were given to the engine whose fate is not known. */
  #underWay = 0;
  #question: TimerHandle | null = null;
  #delay = SHORTEST;
  #closed = false;

  constructor(engine: EngineSocket, type: SocketType, receivesFirst: () => boolean, sent: () => void) {
    this.#engine = engine;
    this.#certain = type !== ROUTER && type !== STREAM && type !== XPUB;
    this.#cannot = READ_ONLY.has(type);
    this.#receivesFirst = receivesFirst;
    this.#sent = sent;
    this.#turns = type === REQ || type === REP;
    // At once or not at all: what has to wait does so here.
    engine.setInt32Option(SNDTIMEO, 0);
  }

  /** Can something be sent at once? */
  get ready(): boolean {
    return !this.#cannot && !this.#receivesFirst() && this.#engine.writable;
  }

  /** @param now not later. */
  send(loop: Scheduler, frames: readonly Uint8Array[], now: boolean): Future<void> {
    const dispatch = new Dispatch(loop, this, frames);
    if (this.#line.size > 0) this.#forgetDead();
    if (this.#receivesFirst()) {
      dispatch.setException(new ZMQError(EFSM));
    } else if (this.#line.size === 0 && this.#underWay === 0) {
      this.#give(dispatch, now);
    } else if (now) {
      dispatch.setException(new Again());
    } else {
      this.#wait(dispatch);
    }
    return dispatch;
  }

  /** End `watch` when something can be sent. */
  watch(watch: Watch): void {
    if (this.#cannot) return;
    watch.watches(this);
    this.#line.add(watch);
    this.#askSoon(watch._loop);
  }

  forget(waiter: Dispatch | Watch): void {
    this.#line.delete(waiter);
    if (this.#line.size === 0) this.#question?.cancel();
  }

  /** The state of the socket has changed: look again. */
  changed(): void {
    if (this.#line.size > 0) this.#serve();
  }

  /** The socket was closed: nothing is sent any more. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#line]) {
      if (waiter._loop.isClosed()) this.#line.delete(waiter);
      else waiter.cancel();
    }
  }

  /** Those at the head of the line whose loops were closed are in nobody's way. */
  #forgetDead(): void {
    for (const waiter of this.#line) {
      if (!waiter._loop.isClosed()) return;
      this.#line.delete(waiter);
    }
  }

  #wait(dispatch: Dispatch): void {
    this.#line.add(dispatch);
    this.#limit(dispatch);
    this.#askSoon(dispatch._loop);
  }

  #limit(dispatch: Dispatch): void {
    const { timeout } = this;
    if (timeout < 0 || dispatch.timer !== null) return;
    dispatch.timer = dispatch._loop.callLater(timeout / 1000, this.#late, dispatch);
  }

  readonly #late = (dispatch: Dispatch): void => {
    if (dispatch.done()) return;
    this.forget(dispatch);
    dispatch.setException(new Again());
  };

  /** Give a message to the engine. Where it is sure to be taken, that is as good as sent. */
  #give(dispatch: Dispatch, now: boolean): void {
    const { frames } = dispatch;
    const sure = this.#certain && !this.#cannot && this.#engine.writable;
    let sent: Promise<void>;
    try {
      sent = this.#engine.send(frames.length === 1 ? (frames[0] as Uint8Array) : frames);
    } catch (error) {
      dispatch.setException(toZMQError(error));
      return;
    }
    if (sure) {
      this.#delay = SHORTEST;
      dispatch.timer?.cancel();
      dispatch.setResult(undefined);
      if (this.#turns) this.#sent();
      sent.then(undefined, () => this.#again(dispatch.frames, dispatch._loop));
      return;
    }
    this.#underWay++;
    dispatch.underWay = true;
    sent.then(
      () => this.#settle(dispatch, null, now),
      (error: unknown) => this.#settle(dispatch, error, now),
    );
  }

  #settle(dispatch: Dispatch, error: unknown, now: boolean): void {
    this.#underWay--;
    dispatch.underWay = false;
    if (error === null && this.#turns) this.#sent();
    const again = (error as { errno?: number } | null)?.errno === EAGAIN && !now;
    if (!dispatch._loop.isClosed() && dispatch._state === PENDING) {
      if (again && !this.#closed && dispatch.revoked === null) {
        this.#first(dispatch);
        return;
      }
      dispatch.timer?.cancel();
      if (error === null) dispatch.setResult(undefined);
      else if (again || dispatch.revoked !== null) dispatch.cancel(dispatch.revoked?.message);
      else dispatch.setException(toZMQError(error));
    }
    // Those behind one that could not go cannot either: they are asked for.
    if (!again) this.changed();
  }

  /** libzmq could have taken it a moment ago and then could not, because its peer went: it waits like any other. */
  #again(frames: readonly Uint8Array[], loop: Scheduler): void {
    if (!this.#closed && !loop.isClosed()) this.#first(new Dispatch(loop, this, frames));
  }

  #first(dispatch: Dispatch): void {
    const behind = [...this.#line];
    this.#line.clear();
    for (const waiter of [dispatch, ...behind]) this.#line.add(waiter);
    this.#limit(dispatch);
    this.#askSoon(dispatch._loop);
  }

  #serve(): void {
    for (const waiter of this.#line) {
      // A message is tried, not asked for: that the engine looked whether it can send must not cost it the wake-up of one who receives.
      if (this.#underWay > 0 || (waiter instanceof Watch && !this.ready)) break;
      this.#line.delete(waiter);
      if (waiter._loop.isClosed()) continue;
      if (waiter instanceof Watch) waiter.end();
      else this.#give(waiter, false);
    }
    if (this.#line.size === 0) this.#question?.cancel();
  }

  #askSoon(loop: Scheduler): void {
    const question = this.#question;
    if (question !== null && !question.cancelled() && question._loop === loop) return;
    // One of another loop may never come.
    question?.cancel();
    this.#question = loop.callLater(this.#delay, this.#ask, loop);
    // The next time later, until something has been sent.
    this.#delay = Math.min(this.#delay * 2, LONGEST);
  }

  readonly #ask = (loop: Scheduler): void => {
    this.#question = null;
    if (this.#closed) return;
    this.#serve();
    const [next] = this.#line;
    if (next !== undefined) this.#askSoon(loop);
  };
}
