/**
 * `ClientWebSocketResponse`: a WebSocket that is open.
 *
 * Messages wait in a queue until they are received; when too many bytes wait, the socket is paused. A frame is given to the socket as a whole, so a
 * send that is cancelled while it waits for room never breaks the stream of frames. Source: aiohttp docs, "Client Reference",
 * `ClientWebSocketResponse`; RFC 6455.
 */
import type net from 'node:net';
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { RuntimeError, TimeoutError, ValueError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import type { TimerHandle } from '../core/handle.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkBytes } from '../net/bytes.ts';
import { ClientConnectionResetError, ServerTimeoutError } from './errors.ts';
import type { ClientResponse } from './response.ts';
import type { WebSocketOptions } from './session-options.ts';
import { encodeClose, encodeFrame, FrameReader } from './ws-frames.ts';
import type { Upgraded } from './ws-handshake.ts';
import { WebSocketError, WSCloseCode, type WSMessage, WSMsgType } from './ws-messages.ts';

const DEFAULT_MAX_SIZE = 4 * 1024 * 1024;
const DEFAULT_CLOSE_TIMEOUT = 10;
/** How many bytes of messages may wait before the socket is paused. */
const LIMIT = 64 * 1024;
/** What a message costs besides its bytes. */
const OVERHEAD = 64;
const EMPTY: Uint8Array = new Uint8Array(0);

const CLOSED: WSMessage = Object.freeze({ type: WSMsgType.CLOSED, data: null, extra: null });
const CLOSING: WSMessage = Object.freeze({ type: WSMsgType.CLOSING, data: null, extra: null });

export class ClientWebSocketResponse implements AsyncIterable<WSMessage> {
  /** The protocol that the server has chosen, or `null`. */
  readonly protocol: string | null;
  readonly #response: ClientResponse;
  readonly #socket: net.Socket;
  readonly #destroy: () => void;
  readonly #loop: Scheduler;
  readonly #options: WebSocketOptions;
  readonly #frames: FrameReader;
  readonly #queue: WSMessage[] = [];
  #queued = 0;
  #waiter: Future<void> | null = null;
  #receiving = false;
  readonly #drains = new Set<Future<void>>();
  #closing = false;
  #closed = false;
  #ended = false;
  #closeCode: number | null = null;
  #exception: Error | null = null;
  #beat: TimerHandle | null = null;

  /** @internal */
  constructor(
    response: ClientResponse,
    upgraded: Upgraded,
    protocol: string | null,
    loop: Scheduler,
    options: WebSocketOptions,
  ) {
    this.#response = response;
    this.#socket = upgraded.socket;
    this.#destroy = upgraded.destroy;
    this.#loop = loop;
    this.#options = options;
    this.protocol = protocol;
    this.#frames = new FrameReader(options.maxMsgSize ?? DEFAULT_MAX_SIZE);
    upgraded.socket
      .on('data', (data: Buffer) => this.#received(data))
      .on('end', () => this.#lost())
      .on('close', () => this.#lost())
      .on('error', (error: Error) => {
        this.#exception ??= error;
        this.#lost();
      })
      .on('drain', () => this.#drained())
      .resume();
    this.#restartHeartbeat();
  }

  /** Was it closed, or is it being closed by `close()`? */
  get closed(): boolean {
    return this.#closed;
  }

  /** Why it was closed: what the other side gave, or 1006 where it gave nothing; `null` while it is open. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  /** The response that opened it. */
  get response(): ClientResponse {
    return this.#response;
  }

  /** What it failed with, or `null`. */
  exception(): Error | null {
    return this.#exception;
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  /** Send text; waits while the other side does not take it. */
  sendStr(text: string): CoroutineObject<void> {
    if (typeof text !== 'string') throw new TypeError(`sendStr() needs a string, not ${describe(text)}`);
    return this.#send(WSMsgType.TEXT, Buffer.from(text));
  }

  sendBytes(data: Uint8Array): CoroutineObject<void> {
    checkBytes(data, 'sendBytes');
    return this.#send(WSMsgType.BINARY, data);
  }

  /** Send a value as JSON, in a message of text. */
  sendJson(
    value: unknown,
    options: { readonly dumps?: (value: unknown) => string } = {},
  ): CoroutineObject<void> {
    return this.sendStr((options.dumps ?? JSON.stringify)(value));
  }

  ping(message: Uint8Array | string = EMPTY): CoroutineObject<void> {
    return this.#send(WSMsgType.PING, controlPayload(message));
  }

  pong(message: Uint8Array | string = EMPTY): CoroutineObject<void> {
    return this.#send(WSMsgType.PONG, controlPayload(message));
  }

  #send(opcode: number, payload: Uint8Array): CoroutineObject<void> {
    return new LazyCoroutine<void>(this.#sendNow, this, [opcode, payload]);
  }

  *#sendNow(opcode: number, payload: Uint8Array): Coroutine<void> {
    if (this.#closed || this.#closing || this.#ended) {
      throw new ClientConnectionResetError('Cannot write to closing transport');
    }
    if (this.#socket.write(encodeFrame(opcode, payload))) return;
    const future = this.#loop.createFuture<void>();
    this.#drains.add(future);
    try {
      yield* future;
    } finally {
      this.#drains.delete(future);
    }
  }

  #drained(): void {
    for (const future of this.#drains)
      if (!future.done() && !this.#loop.isClosed()) future.setResult(undefined);
    this.#drains.clear();
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------------------

  /**
   * The next message. A closed WebSocket gives one of the type `CLOSED`, and goes on doing so.
   * @param timeout in seconds, in place of `receiveTimeout`.
   * @throws {TimeoutError} where none comes in time; none is lost by that, nor by cancelling.
   */
  receive(timeout?: number): CoroutineObject<WSMessage> {
    return new LazyCoroutine<WSMessage>(this.#receive, this, [timeout]);
  }

  *#receive(timeout: number | undefined): Coroutine<WSMessage> {
    if (this.#receiving) throw new RuntimeError('Concurrent call to receive() is not allowed');
    if (this.#closed && this.#queue.length === 0) return CLOSED;
    this.#receiving = true;
    try {
      const message = yield* this.#read(timeout ?? this.#options.receiveTimeout ?? null);
      if (message.type === WSMsgType.CLOSE) {
        this.#closing = true;
        this.#closeCode = message.data;
        if (this.#options.autoclose !== false) yield* this.#close(WSCloseCode.OK, EMPTY);
      } else if (message.type === WSMsgType.ERROR) {
        const code =
          message.data instanceof WebSocketError ? message.data.code : WSCloseCode.ABNORMAL_CLOSURE;
        this.#closeCode = code;
        yield* this.#close(code, EMPTY);
      }
      return message;
    } finally {
      this.#receiving = false;
    }
  }

  /** The next message of the queue; waits for one. */
  *#read(timeout: number | null): Coroutine<WSMessage> {
    if (this.#queue.length === 0) {
      if (this.#ended) return CLOSED;
      const future = this.#loop.createFuture<void>();
      this.#waiter = future;
      const timer =
        timeout === null
          ? null
          : this.#loop.callLater(timeout, () => {
              if (!future.done()) future.setException(new TimeoutError(''));
            });
      try {
        yield* future;
      } finally {
        timer?.cancel();
        if (this.#waiter === future) this.#waiter = null;
      }
    }
    const message = this.#queue.shift();
    if (message === undefined) return CLOSED;
    this.#queued -= sizeOf(message);
    if (this.#queued <= LIMIT && this.#socket.isPaused()) this.#socket.resume();
    return message;
  }

  /** The next message, which must be text. @throws {TypeError} where it is another. */
  receiveStr(options: { readonly timeout?: number } = {}): CoroutineObject<string> {
    return new LazyCoroutine<string>(this.#receiveStr, this, [options.timeout]);
  }

  *#receiveStr(timeout: number | undefined): Coroutine<string> {
    const message = yield* this.#receive(timeout);
    if (message.type !== WSMsgType.TEXT) throw wrongType(message, 'text');
    return message.data;
  }

  /** The next message, which must be binary. @throws {TypeError} where it is another. */
  receiveBytes(options: { readonly timeout?: number } = {}): CoroutineObject<Uint8Array> {
    return new LazyCoroutine<Uint8Array>(this.#receiveBytes, this, [options.timeout]);
  }

  *#receiveBytes(timeout: number | undefined): Coroutine<Uint8Array> {
    const message = yield* this.#receive(timeout);
    if (message.type !== WSMsgType.BINARY) throw wrongType(message, 'bytes');
    return message.data;
  }

  /** The next message, which must be the text of a JSON value. */
  receiveJson<T = unknown>(
    options: { readonly timeout?: number; readonly loads?: (text: string) => T } = {},
  ): CoroutineObject<T> {
    return new LazyCoroutine<T>(this.#receiveJson as never, this, [options]);
  }

  *#receiveJson<T>(options: {
    readonly timeout?: number;
    readonly loads?: (text: string) => T;
  }): Coroutine<T> {
    const text = yield* this.#receiveStr(options.timeout);
    return options.loads === undefined ? (JSON.parse(text) as T) : options.loads(text);
  }

  /** The messages, up to the close. */
  [Symbol.asyncIterator](): AsyncIterator<WSMessage> {
    return { next: () => new LazyCoroutine<IteratorResult<WSMessage>>(this.#next, this) as never };
  }

  *#next(): Coroutine<IteratorResult<WSMessage>> {
    const value = yield* this.#receive(undefined);
    return isEnd(value) ? { done: true, value: undefined } : { done: false, value };
  }

  #received(data: Buffer): void {
    if (this.#ended) return;
    this.#restartHeartbeat();
    this.#frames.push(data);
    try {
      for (let message = this.#frames.next(); message !== null; message = this.#frames.next()) {
        if (this.#options.autoping !== false && message.type === WSMsgType.PONG) continue;
        if (this.#options.autoping !== false && message.type === WSMsgType.PING) {
          if (!this.#closed) this.#socket.write(encodeFrame(WSMsgType.PONG, message.data));
          continue;
        }
        this.#put(message);
        // Nothing may follow.
        if (message.type === WSMsgType.CLOSE) return;
      }
    } catch (error) {
      this.#exception = error as Error;
      this.#put({ type: WSMsgType.ERROR, data: error as Error, extra: null });
      this.#socket.pause();
      return;
    }
    if (this.#queued > LIMIT) this.#socket.pause();
  }

  #put(message: WSMessage): void {
    this.#queue.push(message);
    this.#queued += sizeOf(message);
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (waiter !== null && !waiter.done() && !this.#loop.isClosed()) waiter.setResult(undefined);
  }

  /** The socket is gone. */
  #lost(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#closeCode ??= this.#queue.some(({ type }) => type === WSMsgType.CLOSE)
      ? null
      : WSCloseCode.ABNORMAL_CLOSURE;
    this.#beat?.cancel();
    this.#destroy();
    this.#wake();
    this.#failSends();
  }

  #failSends(): void {
    for (const future of this.#drains) {
      if (!future.done() && !this.#loop.isClosed())
        future.setException(new ClientConnectionResetError('The connection was lost before all was sent'));
    }
    this.#drains.clear();
  }

  // ---- heartbeat ----------------------------------------------------------------------------------------------------------------

  #restartHeartbeat(): void {
    const { heartbeat } = this.#options;
    if (heartbeat === undefined || this.#loop.isClosed()) return;
    this.#beat?.cancel();
    this.#beat = this.#loop.callLater(heartbeat, this.#pingNow, heartbeat);
  }

  readonly #pingNow = (heartbeat: number): void => {
    if (this.#ended || this.#closed) return;
    this.#socket.write(encodeFrame(WSMsgType.PING, EMPTY));
    this.#beat = this.#loop.callLater(heartbeat / 2, this.#noPong);
  };

  readonly #noPong = (): void => {
    if (this.#ended || this.#closed) return;
    this.#exception = new ServerTimeoutError('No PONG received after half of the heartbeat');
    this.#closeCode = WSCloseCode.ABNORMAL_CLOSURE;
    this.#put({ type: WSMsgType.ERROR, data: this.#exception, extra: null });
    this.#lost();
  };

  // ---- the end ------------------------------------------------------------------------------------------------------------------

  /**
   * Close it: tell the other side, and wait for its answer, `closeTimeout` at most.
   * @param message the reason, of 123 bytes at most.
   * @returns false where it was closed already.
   */
  close(
    options: { readonly code?: number; readonly message?: Uint8Array | string } = {},
  ): CoroutineObject<boolean> {
    const { code = WSCloseCode.OK, message = EMPTY } = options;
    const reason = controlPayload(message);
    if (reason.length > 123) throw new ValueError('the reason of a close must not be longer than 123 bytes');
    return new LazyCoroutine<boolean>(this.#closeFromOutside, this, [code, reason]);
  }

  *#closeFromOutside(code: number, reason: Uint8Array): Coroutine<boolean> {
    // Whoever waits for a message is told.
    if (this.#receiving && !this.#closed) this.#put(CLOSING);
    return yield* this.#close(code, reason);
  }

  *#close(code: number, reason: Uint8Array): Coroutine<boolean> {
    if (this.#closed) return false;
    this.#closed = true;
    this.#beat?.cancel();
    try {
      if (!this.#ended) this.#socket.write(encodeFrame(WSMsgType.CLOSE, encodeClose(code, reason)));
      if (this.#closeCode === null) yield* this.#waitForClose();
    } finally {
      const isClean = this.#closeCode !== null;
      this.#closeCode ??= WSCloseCode.ABNORMAL_CLOSURE;
      // What the system has not taken yet is let go out first, if the other side is there.
      if (isClean && !this.#ended && this.#socket.writableLength > 0) {
        this.#socket.once('finish', this.#destroy).once('error', this.#destroy).end();
      } else this.#destroy();
      this.#ended = true;
      this.#failSends();
    }
    return true;
  }

  /** Wait for the other side's close; the messages before it nobody wants any more. */
  *#waitForClose(): Coroutine<void> {
    const deadline = this.#loop.time() + (this.#options.closeTimeout ?? DEFAULT_CLOSE_TIMEOUT);
    const receiver = this.#waiter;
    // The one that receives goes first.
    if (receiver !== null && !receiver.done()) this.#wake();
    try {
      for (;;) {
        const message = yield* this.#read(Math.max(0, deadline - this.#loop.time()));
        if (message.type === WSMsgType.CLOSE) {
          this.#closeCode = message.data;
          return;
        }
        if (message.type === WSMsgType.CLOSED || message.type === WSMsgType.ERROR) return;
      }
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      this.#exception ??= error;
    }
  }

  *aenter(): Coroutine<this> {
    return this;
  }

  *aexit(_error?: unknown): Coroutine<void> {
    yield* this.#closeFromOutside(WSCloseCode.OK, EMPTY);
  }

  [Symbol.asyncDispose](): CoroutineObject<boolean> {
    return this.close();
  }

  toString(): string {
    return `<ClientWebSocketResponse ${this.#response.url.href}${this.#closed ? ' closed' : ''}>`;
  }
}

function sizeOf({ data }: WSMessage): number {
  return OVERHEAD + (typeof data === 'string' || data instanceof Uint8Array ? data.length : 0);
}

function isEnd({ type }: WSMessage): boolean {
  return type === WSMsgType.CLOSE || type === WSMsgType.CLOSING || type === WSMsgType.CLOSED;
}

function controlPayload(message: Uint8Array | string): Uint8Array {
  const payload = typeof message === 'string' ? Buffer.from(message) : message;
  checkBytes(payload, 'a control frame');
  if (payload.length > 125) throw new ValueError('a control frame carries 125 bytes at most');
  return payload;
}

function wrongType({ type, data }: WSMessage, expected: string): TypeError {
  const name = Object.entries(WSMsgType).find(([, value]) => value === type)?.[0];
  return new TypeError(`Received message ${name}:${describe(data)} is not ${expected}`);
}
