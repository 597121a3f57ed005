/**
 * `AdaptedTransport`: a transport over a stream of somebody else's, a Web stream or one of Node's, instead of a socket.
 *
 * An error of such a stream is its owner's, and reaches whoever reads or writes here; it is not reported besides. One that can only be read is closed
 * when it has ended, since nobody else could.
 */
import type { Address, Channel } from '../core/channel.ts';
import { ConnectionAbortedError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { StreamProtocol } from './protocols.ts';
import { StreamTransport } from './stream-transport.ts';
import type { ExtraInfo } from './transports.ts';

/** A channel over a stream of somebody else's. */
export interface AdaptedChannel extends Channel {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Called when it has been closed. */
  onClose: (() => void) | null;
}

/** How an adapted stream is ended from outside. */
export interface AdaptOptions {
  /** When it aborts, so does the stream, and reading fails with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws {TypeError} where the options, or the signal among them, are none: before any stream is locked. */
export function checkAdaptOptions(options: unknown, where: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${where}: options must be an object, such as { signal }, not ${describe(options)}`);
  }
  const { signal } = options as { readonly signal?: Partial<AbortSignal> | null };
  if (signal === undefined) return;
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function') return;
  throw new TypeError(
    `${where}: signal must be an AbortSignal, such as that of new AbortController(), not ${describe(signal)}`,
  );
}

export class AdaptedTransport extends StreamTransport {
  readonly #readOnly: boolean;
  #failure: unknown = null;
  /** @internal TLS needs a socket below. */
  override readonly _startsTls: boolean = false;

  constructor(
    loop: Scheduler,
    channel: AdaptedChannel,
    protocol: StreamProtocol,
    { signal }: AdaptOptions = {},
  ) {
    super(loop, channel, protocol);
    this.#readOnly = !channel.writable;
    if (signal === undefined) return;
    const abort = () => this.channelFailed(asError(signal.reason));
    channel.onClose = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo<Address>[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(_name: string, fallback: unknown = null): unknown {
    return fallback;
  }

  /** For the channel. */
  override channelEof(): void {
    super.channelEof();
    if (this.#readOnly) this.close();
  }

  /** For the channel. */
  override channelFailed(error: unknown): void {
    this.#failure = error;
    super.channelFailed(error);
  }

  /** @internal */
  override _report(exception: unknown, message: string): void {
    if (exception !== this.#failure) super._report(exception, message);
  }
}

/** Streams may fail with anything. */
export function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new ConnectionAbortedError(
    reason === undefined ? 'the stream was aborted' : `the stream was aborted: ${describe(reason)}`,
    { cause: reason },
  );
}
