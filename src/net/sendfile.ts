/**
 * `sendfile`: a file over a connection, without it ever being in memory as a whole.
 *
 * Where the system cannot send a file by itself, which is so wherever the host is Node, it is read and written in pieces. Meanwhile the transport
 * reads nothing, and its protocol is another one, which feels the backpressure: no more than a piece and the transport's limits are in memory.
 * The protocol comes back whatever happens, and is told of a pause or a loss that it missed.
 * Source: Python docs, "Event Loop", "Transferring files"; asyncio/base_events.py, `sendfile`, `_SendfileFallbackProtocol` (3.14).
 */
import { read as readDescriptor } from 'node:fs';
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import {
  ConnectionError,
  OSError,
  OverflowError,
  RuntimeError,
  SendfileNotAvailableError,
  ValueError,
} from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkOptions } from './address.ts';
import { operate } from './operation.ts';
import { toOSError } from './os-error.ts';
import { Protocol, type StreamProtocol } from './protocols.ts';
import { StreamTransport } from './stream-transport.ts';
import { TlsTransport } from './tls-transport.ts';
import type { WriteTransport } from './transports.ts';

/** How much is read at once. */
const PIECE = 64 * 1024;

/** Descriptors are numbers of 32 bits. */
const DESCRIPTORS_END = 0x7fff_ffff;

/** A file as `node:fs/promises` opens it. */
interface HandleLike {
  readonly fd: number;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): PromiseLike<{ readonly bytesRead: number }>;
}

/** A file that is open for reading: a `FileHandle` of `node:fs/promises`, or its descriptor. */
export type OpenFile =
  | HandleLike
  | {
      readonly fd: number;
      /** Where the file stands, as `file.tell()` in Python: `sendfile` sets it, also where it fails. */
      position?: number;
    };

/** What to send of a file, and how. */
export interface SendfileOptions {
  /** Where to begin, in bytes from the beginning of the file; 0 by default. */
  readonly offset?: number | undefined;
  /** How many bytes to send; `null`, the default: all up to the end. A file that is shorter is sent up to its end. */
  readonly count?: number | null | undefined;
  /** May it be read and written in pieces where the system cannot send files? By default it may. */
  readonly fallback?: boolean | undefined;
}

const METHOD = 'sendfile';
const WHERE = `${METHOD}()`;
const OPTIONS = ['offset', 'count', 'fallback'] as const;

/**
 * Send a file over a transport.
 * @returns how many bytes were sent.
 * @throws {SendfileNotAvailableError} where the system cannot, and `fallback` is false; {ConnectionError} where the connection is closed meanwhile;
 * {RuntimeError} where it is closed already, or another file is being sent over it; {ValueError} where the `FileHandle` is closed.
 */
export function sendfile(
  loop: Scheduler,
  transport: WriteTransport,
  file: OpenFile,
  options: SendfileOptions = {},
): CoroutineObject<number> {
  return new LazyCoroutine<number>(send, undefined, [loop, transport, file, options]);
}

Object.defineProperty(send, 'name', { value: METHOD });

function* send(
  loop: Scheduler,
  transport: WriteTransport,
  file: OpenFile,
  options: SendfileOptions,
): Coroutine<number> {
  checkOptions(options, OPTIONS, WHERE);
  if (typeof transport?.isClosing !== 'function') {
    throw new TypeError(`${WHERE}: transport must be a transport of this loop, not ${describe(transport)}`);
  }
  const { offset = 0, count = null, fallback = true } = options;
  checkFile(file);
  checkOffset(offset);
  checkCount(count);
  if (transport.isClosing()) throw new RuntimeError('Transport is closing');
  if (!(transport instanceof StreamTransport) || !transport._sendsFiles) {
    throw new RuntimeError(`sendfile is not supported for transport ${transport}`);
  }
  if (transport.getProtocol() instanceof FileSender) {
    throw new RuntimeError(`${WHERE}: another file is being sent over ${transport}: wait for that first`);
  }
  if (!fallback && transport instanceof TlsTransport) {
    throw new RuntimeError(
      `fallback is disabled and native sendfile is not supported for transport ${transport}`,
    );
  }
  if (!fallback) {
    throw new SendfileNotAvailableError(
      `the ${loop._reactor.name} reactor has no sendfile system call: leave out { fallback: false } to read and write the file instead`,
    );
  }
  return yield* inPieces(loop, transport, file, offset, count ?? Infinity);
}

function* inPieces(
  loop: Scheduler,
  transport: StreamTransport,
  file: OpenFile,
  offset: number,
  count: number,
): Coroutine<number> {
  const sender = new FileSender(loop, transport);
  let sent = 0;
  try {
    while (sent < count) {
      // Not used again: it may wait in the transport.
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, count - sent));
      const length = yield* readAt(loop, file, buffer, offset + sent);
      if (length === 0) break;
      yield* sender.drain();
      transport.write(buffer.subarray(0, length));
      sent += length;
    }
    // What was sent may be a pause's worth too much: the next to write should not find that out.
    yield* sender.drain();
    return sent;
  } finally {
    if ('position' in file) file.position = offset + sent;
    sender.restore();
  }
}

/** @returns how many bytes were read; 0 at the end of the file. */
function* readAt(loop: Scheduler, file: OpenFile, buffer: Buffer, position: number): Coroutine<number> {
  try {
    return yield* operate<number>(
      loop,
      (done) => {
        if ('read' in file) {
          // Through the handle: its descriptor may be another file's by the time that it is read from.
          file.read(buffer, 0, buffer.length, position).then(
            ({ bytesRead }) => done({ value: bytesRead }),
            (error: unknown) => done({ error }),
          );
        } else {
          readDescriptor(file.fd, buffer, 0, buffer.length, position, (error, bytesRead) =>
            done(error === null ? { value: bytesRead } : { error }),
          );
        }
        // A reading cannot be stopped; nobody waits for it any more, and the buffer is nobody else's.
        return { cancel: ignore };
      },
      ignore,
    );
  } catch (error) {
    if (isClosed(file)) throw closedFile({ cause: error });
    throw toOSError(error);
  }
}

/** Handles have no descriptor when they are closed. */
function isClosed(file: OpenFile): boolean {
  return 'read' in file && file.fd === -1;
}

function closedFile(cause?: unknown): ValueError {
  return new ValueError(`I/O operation on closed file: ${WHERE} needs a FileHandle that stays open`, {
    cause,
  });
}

/** The protocol of a transport while a file is sent over it. */
class FileSender extends Protocol {
  readonly #loop: Scheduler;
  readonly #transport: StreamTransport;
  readonly #protocol: StreamProtocol | null;
  readonly #wasReading: boolean;
  readonly #wasPaused: boolean;
  #paused: boolean;
  #lost: Error | null = null;
  #waiter: Future<void> | null = null;

  constructor(loop: Scheduler, transport: StreamTransport) {
    super();
    this.#loop = loop;
    this.#transport = transport;
    this.#protocol = transport.getProtocol();
    this.#wasReading = transport.isReading();
    this.#wasPaused = transport._isWritingPaused;
    this.#paused = this.#wasPaused;
    transport.pauseReading();
    transport.setProtocol(this);
  }

  /** Wait until more can be written. */
  *drain(): Coroutine<void> {
    if (this.#paused && this.#lost === null && !this.#transport.isClosing()) {
      this.#waiter = this.#loop.createFuture<void>();
      yield* this.#waiter;
    }
    if (this.#lost !== null) throw this.#lost;
    if (this.#transport.isClosing()) throw new ConnectionError('Connection closed by peer');
  }

  restore(): void {
    const transport = this.#transport;
    // A transport that is lost has no protocol any more.
    if (transport.getProtocol() !== this) return;
    transport.setProtocol(this.#protocol as StreamProtocol);
    if (this.#wasReading) transport.resumeReading();
    if (this.#paused !== this.#wasPaused) transport._tellFlow(this.#paused ? 'pause' : 'resume');
  }

  override connectionLost(exc: Error | null): void {
    this.#lost = exc ?? new ConnectionError('Connection is closed by peer');
    this.#wake();
    this.#protocol?.connectionLost(exc);
  }

  override pauseWriting(): void {
    this.#paused = true;
  }

  override resumeWriting(): void {
    this.#paused = false;
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null && !waiter.done()) waiter.setResult(undefined);
  }
}

function checkFile(file: OpenFile): void {
  const fd: unknown = (file as OpenFile | null | undefined)?.fd;
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw new TypeError(
      `${WHERE}: file must be a FileHandle of node:fs/promises or { fd } of a file that is open for reading, not ${describe(file)}`,
    );
  }
  if (isClosed(file)) throw closedFile();
  if (fd >= 0 && fd <= DESCRIPTORS_END) return;
  const fields = { code: 'EBADF', errno: 9, syscall: 'read' };
  throw new OSError(`[Errno 9] Bad file descriptor: ${WHERE} was given { fd: ${fd} }`, fields);
}

function checkOffset(offset: unknown): void {
  if (typeof offset !== 'number') {
    throw new TypeError(`offset must be a non-negative integer (got ${describe(offset)})`);
  }
  if (!Number.isInteger(offset) || offset < 0) {
    throw new ValueError(`offset must be a non-negative integer (got ${describe(offset)})`);
  }
  if (offset <= Number.MAX_SAFE_INTEGER) return;
  throw new OverflowError(`offset must be at most ${Number.MAX_SAFE_INTEGER} (got ${offset})`);
}

function checkCount(count: unknown): void {
  if (count === null) return;
  if (typeof count !== 'number') {
    throw new TypeError(`count must be a positive integer (got ${describe(count)})`);
  }
  if (Number.isInteger(count) && count > 0) return;
  throw new ValueError(`count must be a positive integer (got ${describe(count)})`);
}

function ignore(): void {}
