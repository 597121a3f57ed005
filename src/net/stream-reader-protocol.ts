/**
 * `StreamReaderProtocol`: the protocol between a transport and a `StreamReader`.
 *
 * It does not keep its reader alive: a stream that the program has let go of is collected, closed and reported (see `stream-writer.ts`).
 * Source: Python docs, "Streams"; asyncio/streams.py, `StreamReaderProtocol`.
 */

import type { Coroutine } from '../core/awaitable.ts';
import {
  type CoroutineObject,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
  isPromiseLike,
} from '../core/coroutine.ts';
import { ensureFutureOn } from '../core/ensure-future.ts';
import { isExit, RuntimeError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { FlowControlMixin } from './flow-control-mixin.ts';
import type { StreamReader } from './stream-reader.ts';
import { StreamWriter } from './stream-writer.ts';
import type { Transport } from './transports.ts';

/** Called for each connection that came: a plain function, a generator function or an async function; the latter two run as tasks. */
export type ClientConnected = (reader: StreamReader, writer: StreamWriter) => unknown;

export class StreamReaderProtocol extends FlowControlMixin {
  readonly #reader: WeakRef<StreamReader>;
  readonly #clientConnected: ClientConnected | null;
  readonly #closed: Future<void>;
  #overTls = false;
  /** @internal Keeps the reader alive, from the making of a server's protocol until its callback has it. */
  _heldReader: StreamReader | null;
  /** @internal Where the server keeps the handlers that run. */
  _handlers: Set<Future<unknown>> | null = null;

  /** @param loop by default the running loop. */
  constructor(reader: StreamReader, clientConnected: ClientConnected | null = null, loop?: Scheduler) {
    super(loop ?? loopOfNow());
    if (clientConnected !== null && typeof clientConnected !== 'function') {
      throw new TypeError(`clientConnected must be a function, not ${describe(clientConnected)}`);
    }
    this.#reader = new WeakRef(reader);
    this._heldReader = clientConnected === null ? null : reader;
    this.#clientConnected = clientConnected;
    this.#closed = this._loop.createFuture<void>();
  }

  override connectionMade(transport: Transport): void {
    const reader = this.#reader.deref();
    reader?.setTransport(transport);
    this.#overTls = isTls(transport);
    this._heldReader = null;
    if (this.#clientConnected === null || reader === undefined) return;
    this.#welcome(this.#clientConnected, transport, reader);
  }

  #welcome(callback: ClientConnected, transport: Transport, reader: StreamReader): void {
    const writer = new StreamWriter(transport, this, reader, this._loop);
    let result: unknown;
    try {
      result = isCoroutineFunction(callback)
        ? coroutine(callback as () => Coroutine<unknown>)(...([reader, writer] as unknown as []))
        : callback(reader, writer);
    } catch (exception) {
      if (isExit(exception)) throw exception;
      this.#failed(exception, transport);
      return;
    }
    if (!isCoroutine(result) && !isPromiseLike(result)) return;
    const work = isCoroutine(result)
      ? this._loop.createTask(result as CoroutineObject<unknown>)
      : ensureFutureOn(this._loop, result);
    const handlers = this._handlers;
    handlers?.add(work);
    work.addDoneCallback((done) => {
      handlers?.delete(work);
      const exception = done.cancelled() ? null : done.exception();
      if (exception !== null) this.#failed(exception, transport);
      else if (done.cancelled()) transport.close();
    });
  }

  #failed(exception: unknown, transport: Transport): void {
    const message = 'Unhandled exception in client_connected_cb';
    this._loop.callExceptionHandler({ message, exception, transport });
    transport.close();
  }

  override dataReceived(data: Uint8Array): void {
    this.#reader.deref()?.feedData(data);
  }

  override eofReceived(): boolean {
    this.#reader.deref()?.feedEof();
    // With TLS a connection ends both ways at once.
    return !this.#overTls;
  }

  /** @internal Was it made for connections that came? */
  get _isServerSide(): boolean {
    return this.#clientConnected !== null;
  }

  /** @internal What has come and was not read. */
  _takeUnread(): Uint8Array | null {
    return this.#reader.deref()?._takeAll() ?? null;
  }

  /** @internal The connection goes on under another transport. */
  _replaceTransport(transport: Transport): void {
    this.#reader.deref()?._replaceTransport(transport);
    this.#overTls = isTls(transport);
  }

  override connectionLost(exc: Error | null): void {
    const reader = this.#reader.deref();
    if (exc === null) reader?.feedEof();
    else reader?.setException(exc);
    const closed = this.#closed;
    if (!closed.done()) {
      if (exc === null) closed.setResult(undefined);
      else {
        closed.setException(exc);
        // Whoever waits is told; that nobody does is no mistake.
        closed.exception();
      }
    }
    super.connectionLost(exc);
  }

  /** @internal Done when the connection is lost. */
  get _closed(): Future<void> {
    return this.#closed;
  }
}

function isTls(transport: Transport): boolean {
  return transport.getExtraInfo('sslcontext') !== null;
}

function loopOfNow(): Scheduler {
  const loop = running.loop ?? running.chosen;
  if (loop === null)
    throw new RuntimeError('no running event loop: make protocols inside a coroutine, or give a loop');
  return loop;
}
