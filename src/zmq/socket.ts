/**
 * `Socket`: a socket of ZeroMQ whose operations are futures.
 *
 * Several tasks may receive and send on one socket at once; each message goes to the one who has waited longest. Whoever is cancelled loses nothing:
 * a message that was meant for it goes to the next, and one that still waited to be sent is not sent.
 *
 * Source: pyzmq's documentation, "zmq.asyncio" and "zmq.Socket"; man zmq_socket(3).
 */
import { OverflowError, ValueError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { currentTask } from '../core/task.ts';
import { warn } from '../core/warn.ts';
import { getRunningLoop } from '../loop/loops.ts';
import type { Claim, Watch } from './claim.ts';
import * as zmq from './constants.ts';
import type { Context } from './context.ts';
import type { EngineSocket } from './engine.ts';
import { toZMQError, ZMQBindError, ZMQError } from './errors.ts';
import { KIND_NAMES } from './kinds.ts';
import {
  checkOption,
  type OptionName,
  type OptionValue,
  optionOf,
  properties,
  readOption,
  type SocketOptions,
  writeOption,
} from './options.ts';
import { checkEvents, checkTimeout, type Pollable, pollSocket } from './poll.ts';
import { checkPorts, type RandomPortOptions } from './random-port.ts';
import { Receiving } from './receiving.ts';
import { Sending } from './sending.ts';

/** A frame that can be sent. Text is sent by `sendString`. */
export type Bytes = Uint8Array | ArrayBuffer;

/** How `send` and `sendMultipart` treat what they are given. */
export interface SendOptions {
  /** Is the frame copied, so that it may be changed after the call? With `false` it must stay as it is until it has left. */
  readonly copy?: boolean | undefined;
}

/** Sockets that nobody can close any more. */
const lost = new FinalizationRegistry<{ readonly engine: EngineSocket; readonly name: string }>(
  ({ engine, name }) => {
    warn(`unclosed socket ${name}`, 'ResourceWarning');
    engine.close();
  },
);

/** The options are properties of every socket: see the end of the file. */
const WithOptions = class {} as new () => SocketOptions;

const encoder = new TextEncoder();
/** libzmq counts milliseconds in 32 bits. */
const LONGEST_LINGER = 2_147_483.647;

export class Socket extends WithOptions implements Pollable, Disposable {
  /** The context that made it. */
  readonly context: Context;
  /** What kind it is, such as `zmq.REQ`. */
  readonly socketType: zmq.SocketType;
  readonly #engine: EngineSocket;
  readonly #receiving: Receiving;
  readonly #sending: Sending;
  /** The frames of a message that is not complete. */
  #begun: Uint8Array[] = [];
  #closed = false;

  /** @internal Sockets are made by `Context.socket`. */
  constructor(context: Context, type: zmq.SocketType, engine: EngineSocket) {
    super();
    this.context = context;
    this.socketType = type;
    this.#engine = engine;
    this.#receiving = new Receiving(engine, type, () => this.#sending.changed());
    this.#sending = new Sending(
      engine,
      type,
      () => this.#answersFirst,
      () => this.#receiving.turned(),
    );
    lost.register(this, { engine, name: String(this) }, engine);
  }

  /** Was it closed? */
  get closed(): boolean {
    return this.#closed;
  }

  // ---- where it is --------------------------------------------------------------------------------------------------------------

  /**
   * Listen at an address, such as `tcp://127.0.0.1:5555`, `ipc:///tmp/socket` or `inproc://name`. A port of `*` lets the system choose:
   * `lastEndpoint` tells which.
   * @throws {ZMQError} where it cannot be bound.
   */
  bind(address: string): void {
    this.#address('bind', address, () => this.#engine.bindSync(address));
  }

  /**
   * Listen at a random port of an address that is given without one, such as `tcp://127.0.0.1`.
   * @returns the port.
   * @throws {ValueError} where the address has no ports, or there are none to choose from.
   * @throws {ZMQBindError} where none of those that were tried was free.
   */
  bindToRandomPort(address: string, options: RandomPortOptions = {}): number {
    const { minPort, maxPort, maxTries } = checkPorts(address, options);
    if (options.minPort === undefined && options.maxPort === undefined) {
      this.bind(`${address}:*`);
      return Number(/:(\d+)$/.exec(String(this.lastEndpoint))?.[1]);
    }
    for (let i = 0; i < maxTries; i++) {
      const port = minPort + Math.floor(Math.random() * (maxPort - minPort));
      try {
        this.bind(`${address}:${port}`);
        return port;
      } catch (error) {
        if (!(error instanceof ZMQError) || error.errno !== zmq.EADDRINUSE) throw error;
      }
    }
    const tried = `tried ${maxTries} of ${minPort} to ${maxPort - 1}`;
    throw new ZMQBindError(zmq.EADDRINUSE, `Could not bind socket to random port: ${tried}`);
  }

  /** Listen at this address no longer. */
  unbind(address: string): void {
    // libzmq ends an endpoint in one way, whichever kind it is; the engine's unbindSync() binds.
    this.#address('unbind', address, () => this.#engine.disconnect(address));
  }

  /** Connect to an address. That nobody is there yet is no error: it is tried again and again. */
  connect(address: string): void {
    this.#address('connect', address, () => this.#engine.connect(address));
  }

  /** Be connected to this address no longer. */
  disconnect(address: string): void {
    this.#address('disconnect', address, () => this.#engine.disconnect(address));
  }

  /**
   * Close it. Those who wait for it are cancelled; what was sent and has not left yet may linger.
   * @param linger for how many seconds at most, `Infinity` for ever; by default as the option `LINGER` says, which is for ever unless it was set.
   */
  close(linger?: number): void {
    if (this.closed) return;
    if (linger !== undefined) this.linger = lingerOf(linger);
    this.#closed = true;
    lost.unregister(this.#engine);
    this.#engine.close();
    this.#receiving.close();
    this.#sending.close();
    this.context._forget(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  /**
   * Send one frame. With `zmq.SNDMORE` it is kept until the last frame of its message is sent.
   * @param flags any of `zmq.SNDMORE` and `zmq.DONTWAIT`.
   * @returns a future that is done when libzmq has taken the message; at once, where it can.
   */
  send(data: Bytes, flags = 0, options: SendOptions = {}): Future<void> {
    const loop = this.#loop();
    this.#begun.push(frameOf(data, options.copy !== false, 'send'));
    return this.#sendBegun(loop, flags);
  }

  /** Send a message of several frames. */
  sendMultipart(frames: Iterable<Bytes>, flags = 0, options: SendOptions = {}): Future<void> {
    const loop = this.#loop();
    if (typeof frames !== 'object' || frames === null || !(Symbol.iterator in frames))
      throw new TypeError(`sendMultipart() needs an array of bytes, not ${describe(frames)}`);
    const parts = Array.from(frames, (frame) => frameOf(frame, options.copy !== false, 'sendMultipart'));
    if (parts.length === 0) throw new ValueError('sendMultipart() needs one frame at least, not none');
    this.#begun.push(...parts);
    return this.#sendBegun(loop, flags);
  }

  /** Send text, in UTF-8. */
  sendString(text: string, flags = 0): Future<void> {
    if (typeof text !== 'string') throw new TypeError(`sendString() needs a string, not ${describe(text)}`);
    return this.send(encoder.encode(text), flags, { copy: false });
  }

  /** Send a value as JSON. @throws {TypeError} where it cannot be written as JSON. */
  sendJson(value: unknown, flags = 0): Future<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`sendJson() cannot write ${describe(value)} as JSON`);
    return this.sendString(text, flags);
  }

  /** Send the frames that `serialize` makes of a value. */
  sendSerialized<T>(
    value: T,
    serialize: (value: T) => Iterable<Bytes>,
    flags = 0,
    options: SendOptions = {},
  ): Future<void> {
    return this.sendMultipart(serialize(value), flags, options);
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------------------

  /**
   * Receive one frame. `rcvmore` says whether others of the same message follow: `recvMultipart` is simpler.
   * @param flags `zmq.DONTWAIT`: fail with `Again` where nothing has come.
   */
  recv(flags = 0): Future<Buffer> {
    return this.#receive(false, flags, (frames) => frames[0] as Buffer);
  }

  /** Receive a message, all of its frames. */
  recvMultipart(flags = 0): Future<Buffer[]> {
    return this.#receiveAll(flags);
  }

  /** Receive a frame of text in UTF-8. @throws {TypeError} where it is not. */
  recvString(flags = 0): Future<string> {
    return this.#receive(false, flags, textOf);
  }

  /** Receive a frame of JSON. @throws {SyntaxError} where it is none. */
  recvJson(flags = 0): Future<unknown> {
    return this.#receive(false, flags, (frames) => JSON.parse(textOf(frames)));
  }

  /** Receive a message, and what `deserialize` makes of its frames. */
  recvSerialized<T>(deserialize: (frames: Buffer[]) => T, flags = 0): Future<T> {
    return this.#receive(true, flags, (frames) => deserialize([...frames]));
  }

  /** The messages that come, one after the other, until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer[], void, undefined> {
    while (!this.closed) {
      const claim = this.#receiveAll(0);
      let frames: Buffer[];
      try {
        frames = await claim;
      } catch (error) {
        // Whoever is cancelled itself hears of it, whether or not the socket was closed too.
        if (claim.closed && (currentTask()?.cancelling() ?? 0) === 0) return;
        throw error;
      }
      yield frames;
    }
  }

  /**
   * Wait until something can be received, or what `flags` say.
   * @param timeout in seconds; `null`, or nothing: for ever.
   * @param flags any of `zmq.POLLIN` and `zmq.POLLOUT`.
   * @returns what can be done; 0 where the time was over before.
   */
  poll(timeout: number | null = null, flags: number = zmq.POLLIN): Future<number> {
    const loop = this.#loop();
    if (flags === 0) throw new TypeError('poll() needs zmq.POLLIN, zmq.POLLOUT or both, not 0');
    return pollSocket(loop, this, checkEvents(flags, 'poll()'), checkTimeout(timeout, 'poll()'));
  }

  // ---- options ------------------------------------------------------------------------------------------------------------------

  /** Set an option, by its number: `sock.setsockopt(zmq.LINGER, 0)`. */
  setsockopt(option: number, value: OptionValue): void {
    this._setOption(optionOf(option), value);
  }

  /** The value of an option, by its number. */
  getsockopt(option: number): number | boolean | string | null {
    return this._getOption(optionOf(option));
  }

  /** The same as `setsockopt`. */
  set(option: number, value: OptionValue): void {
    this.setsockopt(option, value);
  }

  /** The same as `getsockopt`. */
  get(option: number): number | boolean | string | null {
    return this.getsockopt(option);
  }

  /** Receive what begins with `topic` (SUB). An empty topic is everything. */
  subscribe(topic: string | Uint8Array): void {
    this._setOption('SUBSCRIBE', topic);
  }

  /** Take back one `subscribe` of the same topic. */
  unsubscribe(topic: string | Uint8Array): void {
    this._setOption('UNSUBSCRIBE', topic);
  }

  /** @internal */
  _setOption(name: OptionName, value: OptionValue): void {
    this.#mustBeOpen();
    // These two are kept here, where the waiting is done.
    if (name === 'RCVTIMEO') this.#receiving.timeout = checkOption(name, value) as number;
    else if (name === 'SNDTIMEO') this.#sending.timeout = checkOption(name, value) as number;
    else writeOption(this.#engine, name, value);
  }

  /** @internal */
  _getOption(name: OptionName): number | boolean | string | null {
    this.#mustBeOpen();
    if (name === 'RCVTIMEO') return this.#receiving.timeout;
    if (name === 'SNDTIMEO') return this.#sending.timeout;
    if (name === 'RCVMORE') return this.#receiving.more;
    return name === 'EVENTS' ? this._events(zmq.POLLIN | zmq.POLLOUT) : readOption(this.#engine, name);
  }

  // ---- for pollers and proxies --------------------------------------------------------------------------------------------------

  /** @internal */
  _events(mask: number): number {
    this.#mustBeOpen();
    const readable = (mask & zmq.POLLIN) !== 0 && this.#receiving.ready;
    const writable = (mask & zmq.POLLOUT) !== 0 && this.#sending.ready;
    return (readable ? zmq.POLLIN : 0) | (writable ? zmq.POLLOUT : 0);
  }

  /** @internal */
  _watch(watch: Watch, mask: number): void {
    if (mask & zmq.POLLIN) this.#receiving.watch(watch);
    if (mask & zmq.POLLOUT) this.#sending.watch(watch);
  }

  /** @internal Put back a message that was received and could not be passed on. */
  _putBack(frames: readonly Buffer[]): void {
    this.#receiving.giveBack(frames, true);
  }

  override toString(): string {
    return `<zmq.Socket ${KIND_NAMES[this.socketType]}${this.closed ? ' closed' : ''}>`;
  }

  /** Has a message come that libzmq believes to be in the hands of the program, so that it would take the next step of the conversation? */
  get #answersFirst(): boolean {
    return (this.socketType === zmq.REQ || this.socketType === zmq.REP) && this.#receiving.holds;
  }

  #sendBegun(loop: Scheduler, flags: number): Future<void> {
    if (flags & zmq.SNDMORE) {
      const kept = loop.createFuture<void>();
      kept.setResult();
      return kept;
    }
    const frames = this.#begun;
    this.#begun = [];
    return this.#sending.send(loop, frames, (flags & zmq.DONTWAIT) !== 0);
  }

  #receive<T>(whole: boolean, flags: number, decode: (frames: readonly Buffer[]) => T): Claim<T> {
    return this.#receiving.receive(this.#loop(), whole, (flags & zmq.DONTWAIT) !== 0, decode);
  }

  #receiveAll(flags: number): Claim<Buffer[]> {
    return this.#receive(true, flags, (frames) => [...frames]);
  }

  #loop(): Scheduler {
    this.#mustBeOpen();
    return getRunningLoop();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new ZMQError(zmq.ENOTSOCK);
  }

  #address(verb: string, address: string, act: () => void): void {
    this.#mustBeOpen();
    if (typeof address !== 'string')
      throw new TypeError(
        `${verb}() needs an address such as 'tcp://127.0.0.1:5555', not ${describe(address)}`,
      );
    try {
      act();
    } catch (error) {
      throw toZMQError(error, address.includes('://') ? undefined : `it must begin as 'tcp://' does`);
    }
  }
}

for (const [property, name] of properties) {
  Object.defineProperty(Socket.prototype, property, {
    configurable: true,
    get(this: Socket) {
      return this._getOption(name);
    },
    set(this: Socket, value: OptionValue) {
      this._setOption(name, value);
    },
  });
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(frames: readonly Buffer[]): string {
  return decoder.decode(frames[0]);
}

/** A frame of the bytes of `data`, which nobody else changes where it is a copy. */
function frameOf(data: Bytes, copy: boolean, where: string): Uint8Array {
  if (typeof data === 'string')
    throw new TypeError(`${where}() needs bytes, not a string: use sendString(), or Buffer.from(text)`);
  if (!(data instanceof Uint8Array || data instanceof ArrayBuffer))
    throw new TypeError(`${where}() needs bytes (Uint8Array or ArrayBuffer), not ${describe(data)}`);
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  if (!copy) return bytes;
  const own = Buffer.allocUnsafe(bytes.length);
  own.set(bytes);
  return own;
}

/** The option `LINGER`, in milliseconds. */
function lingerOf(seconds: number): number {
  if (typeof seconds !== 'number' || Number.isNaN(seconds))
    throw new TypeError(`close() needs a number of seconds to linger, not ${describe(seconds)}`);
  if (seconds < 0 || seconds === Infinity) return -1;
  if (seconds > LONGEST_LINGER)
    throw new OverflowError(`close() can linger for ${LONGEST_LINGER} seconds, or Infinity, not ${seconds}`);
  return Math.round(seconds * 1000);
}
