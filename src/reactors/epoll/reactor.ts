/**
 * The epoll reactor: raw non-blocking sockets and an epoll set of our own, inside Node's own loop.
 *
 *     Node's loop:   timers ─> poll ───────────────────────────────> check (immediates) ─> ...
 *                               │  libuv sleeps here, and watches      │
 *                               │  our epoll set among its own         └─> tick
 *
 *     tick:  epoll_wait(0) ─> tell the watchers ─> what was put off ─> a turn of the loop ──┐
 *              ^                                                                          │ nothing more, or the budget is used
 *              └──────────────────────── while something happened ─────────────────────────┴──> park, or come back after Node's own events
 *
 * Parked, the reactor has an unref'd immediate waiting: it does not keep libuv from sleeping, and runs whenever libuv wakes, for us or for any other reason.
 * libuv never calls JavaScript for our set (see `uv.ts`). As long as a descriptor is watched, libuv watches the set, and that keeps the process alive; nothing
 * else of ours does but the alarm for the next deadline. Names, child processes, pipes and signals are those of the libuv reactor.
 *
 * The other way to run, `block`, stays on the caller's stack and sleeps in `epoll_wait` itself.
 * Source: epoll(7); libuv docs, "uv_poll_t", "The I/O loop"; Node docs, "The Node.js Event Loop".
 */
import { type AsyncScope, captureScope } from '../../core/async-scope.ts';
import { RuntimeError } from '../../core/errors.ts';
import { AGAIN, type Driven, HOP, type Next, type Reactor, STOPPED } from '../../core/reactor.ts';
import { loadLibc } from '../../host/libc.ts';
import { UvWatch } from '../../host/uv.ts';
import { Alarm } from '../alarm.ts';
import { LibuvProcesses } from '../libuv/process.ts';
import { EpollDescriptors } from './descriptors.ts';
import { EpollNetwork } from './network.ts';
import { Poller } from './poller.ts';

/** How long a tick may take, in milliseconds, before Node's own events get their chance. */
const BUDGET = 1;
/** The longest time that `epoll_wait` can be told, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

type Done = (failure?: { readonly error: unknown }) => void;

export class EpollReactor implements Reactor {
  readonly name = 'epoll';
  readonly network: EpollNetwork;
  readonly descriptors: EpollDescriptors;
  readonly processes: LibuvProcesses;
  readonly #poller: Poller;
  readonly #watch: UvWatch;
  readonly #alarm = new Alarm(() => this.#fired());
  #driven: Driven | null = null;
  #done: Done | null = null;
  #scope: AsyncScope | null = null;
  #referenced = true;
  /** The loop has something to run. */
  #woken = false;
  #deferred: (() => void)[] = [];
  #immediate: NodeJS.Immediate | null = null;
  /** The tick goes on when the microtasks have run. */
  #hopping = false;
  #hopped = false;
  #inTick = false;
  #blocking = false;

  /** @throws where there is no koffi, or no epoll. */
  constructor() {
    this.#poller = new Poller(loadLibc());
    try {
      this.#watch = new UvWatch(this.#poller.fd);
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    this.#poller.onChange = () => this.#watchWhileNeeded();
    this.network = new EpollNetwork(this.#poller, this);
    this.descriptors = new EpollDescriptors(this.#poller);
    this.processes = new LibuvProcesses(this.network.host);
  }

  time(): number {
    return performance.now() / 1000;
  }

  start(driven: Driven, done: Done): void {
    this.#driven = driven;
    this.#done = done;
    this.#scope = captureScope();
    process.on('beforeExit', this.#nothingLeft);
    this.#watchWhileNeeded();
    this.wake();
  }

  wake(): void {
    this.#woken = true;
    if (this.#driven !== null) this.#soon();
  }

  /** Do `action` soon, on no caller's stack; while the loop runs. */
  later(action: () => void): void {
    this.#deferred.push(action);
    if (this.#driven !== null) this.#soon();
  }

  setRef(ref: boolean): void {
    this.#referenced = ref;
  }

  close(): void {
    this.#alarm.disarm();
    this.#unschedule();
    this.#deferred = [];
    this.processes.close();
    this.network.close();
    this.descriptors.close();
    this.#watch.close();
    this.#poller.close();
  }

  // ---- inside Node's loop -------------------------------------------------------------------------------------------------------

  #watchWhileNeeded(): void {
    if (this.#poller.watched > 0 && this.#driven !== null && !this.#blocking) {
      this.#watch.start();
      // Without this, libuv would wake for us, and nobody would look.
      if (!this.#inTick && !this.#hopping) this.#immediate ??= setImmediate(this.#onImmediate).unref();
    } else this.#watch.stop();
  }

  /** Tick after the present events of Node's, without waiting for more. */
  #soon(): void {
    if (this.#inTick || this.#hopping || this.#blocking) return;
    if (this.#immediate === null) this.#immediate = setImmediate(this.#onImmediate);
    else this.#immediate.ref();
  }

  #unschedule(): void {
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
  }

  readonly #onImmediate = (): void => {
    this.#immediate = null;
    this.#tick();
  };

  #tick(): void {
    if (this.#driven === null || this.#hopping) return;
    this.#inTick = true;
    let again = true;
    try {
      // What watchers and sinks change of the async context stays with them.
      again = this.#scope!.runInAsyncScope(this.#work, this);
    } finally {
      this.#inTick = false;
      // Also after an exception, which is Node's to tell.
      if (this.#driven !== null && !this.#hopping) this.#park(again);
    }
  }

  /** @returns whether there is more to do, but not now. */
  #work(): boolean {
    const poller = this.#poller;
    const end = performance.now() + BUDGET;
    for (;;) {
      // A turn that goes on after the microtasks is not to be interrupted; it minds the time by itself.
      const count = this.#hopped || poller.watched === 0 ? 0 : poller.wait(0);
      this.#hopped = false;
      if (this.#deferred.length > 0) this.#doDeferred();
      if (this.#woken) {
        if (this.#turn()) return true;
        if (this.#driven === null || this.#hopping) return false;
      }
      // One event is mostly all there is; libuv looks again anyway.
      if (count <= 1 && !this.#woken) return false;
      if (performance.now() > end) return true;
    }
  }

  #doDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (let i = 0; i < deferred.length; i++) {
      try {
        deferred[i]!();
      } catch (error) {
        this.#deferred = [...deferred.slice(i + 1), ...this.#deferred];
        throw error;
      }
    }
  }

  /** @returns whether Node's own events must get their chance now. */
  #turn(): boolean {
    const driven = this.#driven as Driven;
    this.#woken = false;
    let next: Next;
    try {
      next = driven.turn();
    } catch (error) {
      this.#finish({ error });
      return false;
    }
    if (next === HOP) this.#hop();
    else if (next === AGAIN) {
      this.#woken = true;
      return true;
    } else if (next === STOPPED) this.#finish();
    else this.#alarm.arm(next, this.time());
    return false;
  }

  #park(again: boolean): void {
    if (again || this.#woken || this.#deferred.length > 0) this.#soon();
    else if (this.#poller.watched > 0) this.#immediate ??= setImmediate(this.#onImmediate).unref();
  }

  /** Drain the microtasks, then go on: a tick that a microtask asks for comes after all of them. */
  #hop(): void {
    this.#woken = true;
    this.#hopping = true;
    queueMicrotask(this.#afterMicrotasks);
  }

  readonly #afterMicrotasks = (): void => process.nextTick(this.#goOn);

  readonly #goOn = (): void => {
    this.#hopping = false;
    this.#hopped = true;
    this.#tick();
  };

  #fired(): void {
    this.#woken = true;
    if (this.#driven === null || this.#hopping || this.#inTick) return;
    this.#tick();
  }

  /** Node has nothing left to do. */
  readonly #nothingLeft = (): void => {
    if (this.#driven === null || this.#woken || this.#hopping || !this.#referenced) return;
    // Node does not wait for signals; a program may.
    const error = this.processes.watchesSignals ? null : this.#driven.deadlock();
    if (error !== null) this.#finish({ error });
    // A loop that was told to run forever does, until a signal or another thread stops it.
    else this.#alarm.hold();
  };

  #finish(failure?: { readonly error: unknown }): void {
    const done = this.#done;
    this.#driven = null;
    this.#done = null;
    this.#scope = null;
    this.#alarm.disarm();
    this.#unschedule();
    this.#watch.stop();
    process.removeListener('beforeExit', this.#nothingLeft);
    done?.(failure);
  }

  /** Is it in `block`? */
  get isBlocking(): boolean {
    return this.#blocking;
  }

  // ---- on the caller's stack ----------------------------------------------------------------------------------------------------

  block(driven: Driven): void {
    if (this.#driven !== null) throw new RuntimeError('the epoll reactor is running already');
    this.#driven = driven;
    this.#blocking = true;
    this.#watch.stop();
    try {
      this.#blockUntilStopped(driven);
    } finally {
      this.#blocking = false;
      this.#driven = null;
      this.#woken = false;
    }
  }

  #blockUntilStopped(driven: Driven): void {
    let timeout = 0;
    for (;;) {
      if (this.#poller.watched > 0 || timeout !== 0) this.#poller.wait(timeout);
      if (this.#deferred.length > 0) this.#doDeferred();
      this.#woken = false;
      const next = driven.turn();
      if (next === STOPPED) return;
      if (next < 0 || this.#woken || this.#deferred.length > 0) timeout = 0;
      else if (next === Infinity) {
        const error = this.#poller.watched > 0 ? null : driven.deadlock();
        if (error !== null) throw error;
        timeout = -1;
      } else timeout = Math.min(Math.max(Math.ceil((next - this.time()) * 1000), 0), LONGEST);
    }
  }
}
