/**
 * `Exchange`: one request on one connection, and its answer. All that happens between the two is told here, by undici from below and by the response
 * from above; this file keeps the states.
 *
 *     sent ── head ──> answering ── last byte ──> complete: the connection goes back to the pool
 *       │                  │
 *       └──── failed: an error, a time limit, a cancellation, release() too early; the connection is closed ────
 *
 * The head wakes whoever waits for the response; the body is fed to a reader, which slows the connection down when too much waits in it.
 * Source: undici docs, "Dispatcher", "Dispatch handlers".
 */
import type net from 'node:net';
import type { Dispatcher } from 'undici';
import { OSError, ValueError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { toOSError } from '../net/os-error.ts';
import { BodyReader } from './body-reader.ts';
import type { Connection } from './connection.ts';
import { Decoder, type DecoderSink } from './decoder.ts';
import {
  ClientConnectionResetError,
  ClientError,
  ClientOSError,
  ClientPayloadError,
  ClientResponseError,
  type RequestInfo,
  ServerDisconnectedError,
  SocketTimeoutError,
} from './errors.ts';
import { CIMultiDict } from './multi-dict.ts';
import type { RequestClock } from './timeouts.ts';

/** The head of an answer. */
export interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: CIMultiDict;
  /** The socket, where the server has agreed to speak another protocol on it. */
  readonly socket: net.Socket | null;
}

export interface ExchangeOptions {
  readonly sockRead: number | null;
  readonly autoDecompress: boolean;
  /** How much of the body may wait to be read, in bytes. */
  readonly readBufsize: number;
}

export class Exchange implements DecoderSink, Dispatcher.DispatchHandler {
  readonly content: BodyReader;
  readonly head: Future<Head>;
  readonly connection: Connection;
  /** Has anything of the request been sent? */
  wasSent = false;
  /** Called when it is over. */
  onEnd: (() => void) | null = null;
  readonly #loop: Scheduler;
  readonly #clock: RequestClock;
  readonly #options: ExchangeOptions;
  readonly #info: () => RequestInfo;
  #controller: Dispatcher.DispatchController | null = null;
  #decoder: Decoder | null = null;
  #answering = false;
  /** The last byte has come from the connection, or none will. */
  #over = false;
  /** Is it the last one of its request? Then the time of the request ends with it. */
  #isFinal = false;
  #pump: { cancel(): void } | null = null;
  #paused = false;
  #requestSent = false;
  #idleTimer: TimerHandle | null = null;
  #lastHeard = 0;

  constructor(
    connection: Connection,
    clock: RequestClock,
    options: ExchangeOptions,
    info: () => RequestInfo,
  ) {
    const { loop } = clock;
    this.connection = connection;
    this.#loop = loop;
    this.#clock = clock;
    this.#options = options;
    this.#info = info;
    this.head = loop.createFuture<Head>();
    this.content = new BodyReader({ limit: options.readBufsize, loop });
    this.content.setTransport(this);
    clock.victim = this.abort;
  }

  get loop(): Scheduler {
    return this.#loop;
  }

  /** `pump` brings the rest of the request, as long as it is wanted. */
  attach(pump: { cancel(): void }): void {
    if (this.#over) pump.cancel();
    else this.#pump = pump;
  }

  /** No redirect follows. */
  settle(): void {
    this.#isFinal = true;
    if (this.#over && this.#decoder === null) this.#clock.stop();
  }

  /** Has the last byte of the answer come? */
  get isOver(): boolean {
    return this.#over;
  }

  /** Give up: close the connection, and let whoever waits or reads fail with `error`. */
  readonly abort = (error: Error): void => {
    if (this.#over) {
      // What has come is still being unpacked.
      if (this.#decoder !== null) this.#failContent(error);
      return;
    }
    this.#end();
    this.connection.destroy();
    this.#tell(error);
  };

  #tell(error: Error): void {
    if (this.#answering) this.#failContent(error);
    else if (!this.head.done()) this.head._fail(error);
  }

  #failContent(error: Error): void {
    this.#decoder?.close();
    this.#decoder = null;
    if (this.#isFinal) this.#clock.stop();
    if (this.content.exception() === null && !this.#loop.isClosed()) this.content.setException(error);
  }

  #end(): void {
    this.#over = true;
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
    if (this.#isFinal && this.#decoder === null) this.#clock.stop();
    this.#pump?.cancel();
    this.#pump = null;
    this.onEnd?.();
    this.onEnd = null;
  }

  /** The whole request has been given to the socket: from now on the server is waited for. */
  readonly sent = (): void => {
    this.#requestSent = true;
    const { sockRead } = this.#options;
    if (sockRead === null || this.#over) return;
    this.#lastHeard = this.#loop.time();
    this.#idleTimer ??= this.#loop.callLater(sockRead, this.#checkIdle, sockRead);
  };

  // ---- told by undici -----------------------------------------------------------------------------------------------------------

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) {
      controller.abort(new ServerDisconnectedError());
      return;
    }
    this.wasSent = true;
    this.#controller = controller;
    // A body that comes piece by piece tells itself when it is sent.
    if (this.#pump === null) this.sent();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    parsed: Record<string, string | string[] | undefined>,
    reason?: string,
  ): void {
    if (status < 200 || this.#over) return;
    this.#controller = controller;
    this.#answering = true;
    this.#lastHeard = this.#loop.time();
    const encoding = this.#options.autoDecompress ? parsed['content-encoding'] : undefined;
    if (typeof encoding === 'string') this.#decoder = Decoder.for(encoding, this);
    if (this.head.done() || this.#loop.isClosed()) return;
    this.head.setResult({
      status,
      reason: reason ?? '',
      headers: headersOf(controller, parsed),
      socket: null,
    });
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    parsed: Record<string, string | string[] | undefined>,
    socket: unknown,
  ): void {
    const raw = socket as net.Socket;
    if (this.#over || this.#loop.isClosed()) {
      raw.destroy();
      return;
    }
    this.connection.detach();
    this.#end();
    this.head.setResult({ status, reason: '', headers: headersOf(controller, parsed), socket: raw });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#lastHeard = this.#loop.time();
    if (this.#loop.isClosed()) this.abort(new ServerDisconnectedError());
    else if (this.#decoder === null) this.content.feedData(chunk);
    else if (!this.#decoder.write(chunk)) this.#controller?.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    this.#end();
    this.connection.release();
    if (this.#decoder !== null) this.#decoder.end();
    else if (!this.#loop.isClosed()) this.content.feedEof();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#end();
    this.connection.destroy();
    if (!this.#loop.isClosed())
      this.#tell(this.#answering ? payloadError(error) : this.#connectionError(error));
  }

  /** What becomes of an error of the connection before the head of the answer has come. */
  #connectionError(error: Error): Error {
    if (error instanceof ClientError || error instanceof OSError) return error;
    const { code } = error as { code?: unknown };
    switch (code) {
      case 'UND_ERR_HEADERS_OVERFLOW':
        return new ClientResponseError(this.#info(), [], {
          status: 400,
          reason: 'Got more bytes than maxHeadersSize allows when reading the head of the answer',
          cause: error,
        });
      case 'UND_ERR_INVALID_ARG':
      case 'UND_ERR_NOT_SUPPORTED':
      case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
        return new ValueError(`the request cannot be sent: ${error.message}`, { cause: error });
      case 'UND_ERR_SOCKET':
      case 'UND_ERR_INFO':
      case 'UND_ERR_DESTROYED':
      case 'UND_ERR_CLOSED':
      case 'ECONNRESET':
        return /bad (?:response|upgrade)/.test(error.message)
          ? badAnswer(this.#info(), error)
          : new ServerDisconnectedError(undefined, { cause: error });
    }
    if (error.name === 'HTTPParserError') return badAnswer(this.#info(), error);
    const known = toOSError(error);
    if (known instanceof OSError) {
      const fields = { code: known.code, errno: known.errno, syscall: known.syscall, cause: error };
      if (known.code === 'EPIPE') return new ClientConnectionResetError(known.message, fields);
      return new ClientOSError(known.message, fields);
    }
    return error;
  }

  // ---- told by the reader -------------------------------------------------------------------------------------------------------

  pauseReading(): void {
    this.#paused = true;
    if (this.#decoder === null) this.#controller?.pause();
    else this.#decoder.pause();
  }

  resumeReading(): void {
    this.#paused = false;
    this.#lastHeard = this.#loop.time();
    if (this.#decoder !== null) this.#decoder.resume();
    else if (!this.#over) this.#controller?.resume();
  }

  // ---- told by the decoder ------------------------------------------------------------------------------------------------------

  decoded(data: Buffer): void {
    if (!this.#loop.isClosed() && this.content.exception() === null) this.content.feedData(data);
  }

  decodedAll(): void {
    this.#decoder = null;
    if (this.#isFinal) this.#clock.stop();
    if (!this.#loop.isClosed()) this.content.feedEof();
  }

  decodingFailed(error: Error): void {
    this.#decoder = null;
    if (this.#over) this.#failContent(error);
    else this.abort(error);
  }

  decoderReady(): void {
    if (!this.#over) this.#controller?.resume();
  }

  // ---- time ---------------------------------------------------------------------------------------------------------------------

  /** Bytes put off this limit without touching the timer; it looks when it fires. */
  readonly #checkIdle = (sockRead: number): void => {
    this.#idleTimer = null;
    if (this.#over || !this.#requestSent) return;
    const now = this.#loop.time();
    // A reader that does not read is no fault of the server.
    const due = this.#paused ? now + sockRead : this.#lastHeard + sockRead;
    if (due > now) this.#idleTimer = this.#loop.callAt(due, this.#checkIdle, sockRead);
    else this.abort(new SocketTimeoutError('Timeout on reading data from socket'));
  };
}

function payloadError(error: Error): Error {
  if (error instanceof ClientError) return error;
  return new ClientPayloadError(`Response payload is not completed: ${error.message}`, { cause: error });
}

function badAnswer(info: RequestInfo, error: Error): Error {
  return new ClientResponseError(info, [], { status: 400, reason: error.message, cause: error });
}

/** The headers in the case and order that they came in, where this version of undici tells. */
function headersOf(
  controller: Dispatcher.DispatchController,
  parsed: Record<string, string | string[] | undefined>,
): CIMultiDict {
  const raw = controller.rawHeaders;
  const flat: string[] = [];
  if (Array.isArray(raw)) {
    for (const part of raw) flat.push(typeof part === 'string' ? part : part.toString('latin1'));
    return CIMultiDict._of(flat);
  }
  for (const [name, value] of Object.entries(parsed)) {
    for (const each of Array.isArray(value) ? value : [value ?? '']) flat.push(name, each);
  }
  return CIMultiDict._of(flat);
}
