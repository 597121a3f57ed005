/**
 * The libuv reactor: a loop inside Node's own, or Bun's or Deno's, through `setImmediate` and one timer.
 *
 * Turns run in the check phase, after Node has polled for input and output. Waiting holds one timer at most (see
 * `Alarm`). Without any deadline nothing is held, so that Node ends the process when nothing else keeps it: that moment
 * (`beforeExit`) is when a program that waits in vain is found out.
 * Source: Node docs, "The Node.js Event Loop", "process", event `beforeExit`.
 */
import { AGAIN, type Driven, HOP, type Next, type Reactor, STOPPED } from '../../core/reactor.ts';
import { Alarm } from '../alarm.ts';
import type { SocketChannel } from './channel.ts';
import { LibuvNetwork } from './network.ts';
import { LibuvProcesses } from './process.ts';

/** How many turns there may be in ticks before what else the host has to tell gets its chance. */
const TICKS = 8;

type Done = (failure?: { readonly error: unknown }) => void;

export class LibuvReactor implements Reactor {
  readonly name = 'libuv';
  readonly network: LibuvNetwork = new LibuvNetwork((channel) => this.#settleSoon(channel));
  readonly processes: LibuvProcesses = new LibuvProcesses(this.network);
  #driven: Driven | null = null;
  #done: Done | null = null;
  #scheduled = false;
  /** Channels that stop reading unless their sinks change their minds in this tick. */
  readonly #unsettled: SocketChannel[] = [];
  /** How many turns there were in ticks since the last one in the check phase. */
  #ticks = 0;
  /** The last turn used up its time. */
  #busy = false;
  #referenced = true;
  readonly #alarm = new Alarm(() => {
    if (!this.#scheduled) this.#turn();
  });

  time(): number {
    return performance.now() / 1000;
  }

  start(driven: Driven, done: Done): void {
    this.#driven = driven;
    this.#done = done;
    process.on('beforeExit', this.#nothingLeft);
    this.#soon();
  }

  wake(): void {
    if (this.#driven !== null) this.#soon();
  }

  setRef(ref: boolean): void {
    this.#referenced = ref;
  }

  close(): void {
    this.#alarm.disarm();
    this.processes.close();
    this.network.close();
  }

  #soon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#check);
  }

  readonly #check = (): void => {
    this.#scheduled = false;
    this.#ticks = 0;
    this.#turn();
  };

  readonly #turn = (): void => {
    const driven = this.#driven;
    if (driven === null) return;
    let next: Next;
    try {
      next = driven.turn();
    } catch (error) {
      this.#settle();
      this.#finish({ error });
      return;
    }
    this.#busy = next === AGAIN;
    if (next === HOP) this.#hop();
    else {
      this.#settle();
      if (next === AGAIN) this.#soon();
      else if (next === STOPPED) this.#finish();
      else this.#alarm.arm(next, this.time());
    }
  };

  /** Drain the microtasks, then turn: a tick that a microtask asks for comes after all of them. */
  #hop(): void {
    queueMicrotask(this.#tick);
  }

  readonly #tick = (): void => process.nextTick(this.#turn);

  /**
   * A sink that was given bytes wants no more for now. Mostly that is a stream whose reader has only to be woken: so turn at once, in a tick, which
   * Node runs before it reads on. If it wants more after that, the system need not be told to stop watching and to watch again, which would
   * cost as much as the reading does.
   */
  #settleSoon(channel: SocketChannel): void {
    if (this.#unsettled.push(channel) > 1) return;
    if (this.#driven === null || this.#busy || this.#ticks === TICKS) process.nextTick(this.#settle);
    else {
      this.#ticks++;
      process.nextTick(this.#turn);
    }
  }

  readonly #settle = (): void => {
    if (this.#unsettled.length > 0) for (const channel of this.#unsettled.splice(0)) channel._settle();
  };

  /** Node has nothing left to do. */
  readonly #nothingLeft = (): void => {
    if (this.#driven === null || this.#scheduled || !this.#referenced) return;
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
    this.#alarm.disarm();
    process.removeListener('beforeExit', this.#nothingLeft);
    done?.(failure);
  }
}
