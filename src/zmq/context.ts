/**
 * `Context`: what sockets are made by, and what ends them all.
 *
 * Source: pyzmq's documentation, "zmq.Context"; man zmq_ctx_new(3), zmq_ctx_term(3).
 */
import { RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { type SocketType, STREAM } from './constants.ts';
import { type EngineContext, engine } from './engine.ts';
import { ContextTerminated, toZMQError, ZMQError } from './errors.ts';
import { checkOption, type OptionName, type OptionValue, optionOf } from './options.ts';
import { Socket } from './socket.ts';

let shared: Context | null = null;

export class Context implements Disposable {
  readonly #engine: EngineContext;
  /** Held weakly: a socket that is forgotten is collected, and told of. */
  readonly #sockets = new Set<WeakRef<Socket>>();
  readonly #defaults = new Map<OptionName, OptionValue>();
  #closed = false;

  /** @param ioThreads how many threads of libzmq's move the messages; one is enough up to a gigabyte a second. */
  constructor(ioThreads = 1) {
    if (!Number.isInteger(ioThreads) || ioThreads < 0)
      throw new TypeError(`Context() needs a number of threads, not ${describe(ioThreads)}`);
    const { Context: EngineContext } = engine();
    this.#engine = new EngineContext({ ioThreads });
  }

  /** The context of the whole process, made on first use. */
  static instance(): Context {
    if (shared === null || shared.closed) shared = new Context();
    return shared;
  }

  /** Was it terminated? */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Make a socket.
   * @param type what kind, such as `zmq.REQ`.
   * @throws {ContextTerminated} where the context was terminated.
   */
  socket(type: SocketType): Socket {
    if (this.#closed) throw new ContextTerminated();
    if (!Number.isInteger(type) || type < 0 || type > STREAM)
      throw new TypeError(`socket() needs a kind of socket such as zmq.REQ, not ${describe(type)}`);
    const { Socket: EngineSocket } = engine();
    let made: Socket;
    try {
      made = new Socket(this, type, new EngineSocket(type, { context: this.#engine }));
    } catch (error) {
      throw toZMQError(error);
    }
    this.#sockets.add(new WeakRef(made));
    for (const [name, value] of this.#defaults) {
      try {
        made._setOption(name, value);
      } catch (error) {
        // Not every kind has every option.
        if (!(error instanceof ZMQError)) throw error;
      }
    }
    return made;
  }

  /** Set an option of every socket that will be made, of those kinds that have it: `context.setsockopt(zmq.LINGER, 0)`. */
  setsockopt(option: number, value: OptionValue): void {
    const name = optionOf(option);
    checkOption(name, value);
    this.#defaults.set(name, value);
  }

  /**
   * End it. Its sockets must be closed: closing them is for who made them to do, and libzmq would wait for that with the whole process.
   * @throws {RuntimeError} where sockets are open.
   */
  term(): void {
    const open = this.#open();
    if (open.length > 0) {
      throw new RuntimeError(
        `${open.length} sockets of the context are open (${open.join(', ')}): close them, or use destroy()`,
      );
    }
    this.#closed = true;
  }

  /** Close all of its sockets, and end it. @param linger as for `Socket.close`, in seconds. */
  destroy(linger?: number): void {
    for (const socket of this.#open()) socket.close(linger);
    this.term();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** @internal */
  _forget(closed: Socket): void {
    for (const reference of this.#sockets) {
      const socket = reference.deref();
      if (socket === undefined || socket === closed) this.#sockets.delete(reference);
    }
  }

  #open(): Socket[] {
    return [...this.#sockets].map((reference) => reference.deref()).filter((socket) => socket !== undefined);
  }
}
