/**
 * The way by which what happens on a connection reaches its protocol.
 *
 * Channels tell what happens on a stack of the host's. The protocol is called right there, in the context that the transport was made in; in debug
 * mode it is told when it takes long. What it throws breaks its connection, unless it asks for the end of the program: that ends the run.
 */
import { type Context, callInContext, currentContext } from '../core/context.ts';
import { isExit, RuntimeError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import type { FlowChange } from './flow-control.ts';
import {
  type BaseProtocol,
  type BufferedProtocol,
  isBuffered,
  type Protocol,
  type StreamProtocol,
} from './protocols.ts';

/** Whose protocol it is. */
export interface Callee {
  /** @internal The protocol failed: the connection breaks. */
  _protocolFailed(error: unknown, message: string): void;
  /** @internal The protocol failed, and that is all. */
  _report(error: unknown, message: string): void;
}

export class ProtocolCaller<P extends BaseProtocol = StreamProtocol> {
  readonly #loop: Scheduler;
  readonly #owner: Callee;
  readonly #context: Context;
  #protocol: P | null = null;
  #buffered = false;

  constructor(loop: Scheduler, owner: Callee, protocol: P) {
    this.#loop = loop;
    this.#owner = owner;
    this.#context = currentContext().copy();
    this.protocol = protocol;
  }

  get protocol(): P | null {
    return this.#protocol;
  }

  set protocol(protocol: P | null) {
    this.#protocol = protocol;
    this.#buffered = protocol !== null && isBuffered(protocol);
  }

  /** Does it receive into a buffer of its own? */
  get isBuffered(): boolean {
    return this.#buffered;
  }

  /** The protocol's buffer; `null` where it failed to give one. */
  getBuffer(sizeHint: number): Uint8Array | null {
    return this.#call(getBuffer, sizeHint, 'getBuffer') ?? null;
  }

  bufferUpdated(count: number): void {
    this.#call(bufferUpdated, count, 'bufferUpdated');
  }

  dataReceived(data: Uint8Array): void {
    this.#call(dataReceived, data, 'dataReceived');
  }

  /** @returns whether the protocol wants to go on writing. */
  eofReceived(): boolean {
    return Boolean(this.#call(eofReceived, undefined, 'eofReceived'));
  }

  /** Call `event`, which is the transport's own and calls the protocol by itself. */
  run(event: () => void, name: string): void {
    this.#call(runEvent, event, name);
  }

  /** On the stack of whoever changed what waits to be sent, so in their context. */
  flowChanged(change: FlowChange): void {
    const protocol = this.#protocol;
    if (change === null || protocol === null) return;
    const method = change === 'pause' ? 'pauseWriting' : 'resumeWriting';
    try {
      protocol[method]();
    } catch (error) {
      if (isExit(error)) throw error;
      this.#owner._report(error, `protocol.${method}() failed`);
    }
  }

  /** Do `event` when the loop runs: channels tell things at any time, protocols are called only then. */
  later(event: () => void): void {
    this.#loop._soon(event, [], this.#context.copy());
  }

  #call<A, R>(method: (protocol: never, argument: A) => R, argument: A, name: string): R | undefined {
    const start = this.#loop._debug ? performance.now() : 0;
    try {
      return callInContext(this.#context, method, this.#protocol as never, argument);
    } catch (error) {
      if (isExit(error)) this.#endRun(error);
      else this.#owner._protocolFailed(error, `Fatal error: protocol.${name}() call failed.`);
      return undefined;
    } finally {
      if (start > 0) this.#tellIfSlow(start, name);
    }
  }

  #tellIfSlow(start: number, name: string): void {
    const seconds = (performance.now() - start) / 1000;
    if (seconds < this.#loop.slowCallbackDuration) return;
    const what = `Executing ${name}() of ${describe(this.#protocol)}`;
    warn(`${what} took ${seconds.toFixed(3)} seconds`, 'RuntimeWarning');
  }

  #endRun(error: unknown): void {
    this.#loop._runNow({
      _run() {
        throw error;
      },
    });
  }
}

function dataReceived(protocol: Protocol, data: Uint8Array): void {
  protocol.dataReceived(data);
}

function bufferUpdated(protocol: BufferedProtocol, count: number): void {
  protocol.bufferUpdated(count);
}

function eofReceived(protocol: StreamProtocol): unknown {
  return protocol.eofReceived();
}

function runEvent(_protocol: StreamProtocol, event: () => void): void {
  event();
}

function getBuffer(protocol: BufferedProtocol, sizeHint: number): Uint8Array {
  const buffer = protocol.getBuffer(sizeHint);
  if (!(buffer instanceof Uint8Array)) {
    throw new TypeError(`getBuffer() must return a Uint8Array, got ${describe(buffer)}`);
  }
  if (buffer.length === 0) throw new RuntimeError('getBuffer() returned an empty buffer');
  return buffer;
}
