/**
 * The two ends of a pipe as transports. A pipe has one direction, so an end lives as long as that: the reading end until the pipe has ended, the
 * writing end until all is written, or nobody reads any more.
 *
 * Source: Python docs, "Transports and Protocols"; asyncio/unix_events.py, `_UnixReadPipeTransport`, `_UnixWritePipeTransport` (3.14).
 */
import type { Channel } from '../core/channel.ts';
import { BrokenPipeError, NotImplementedError } from '../core/errors.ts';
import type { Future } from '../core/future.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { checkBytes } from '../net/bytes.ts';
import type { BaseProtocol, StreamProtocol } from '../net/protocols.ts';
import { StreamTransport } from '../net/stream-transport.ts';
import type { ExtraInfo } from '../net/transports.ts';

/** What both ends have. */
class PipeTransport extends StreamTransport {
  readonly #pipe: unknown;
  /** @internal */
  readonly _loop: Scheduler;
  /** @internal A pipe has one direction. */
  override readonly _startsTls: boolean = false;

  /**
   * @param pipe what `getExtraInfo('pipe')` gives.
   * @param waiter completed when the protocol knows of the pipe.
   */
  constructor(
    loop: Scheduler,
    channel: Channel,
    protocol: BaseProtocol,
    pipe: unknown,
    waiter: Future<void>,
  ) {
    super(loop, channel, protocol as StreamProtocol, { waiter });
    this.#pipe = pipe;
    this._loop = loop;
  }

  override get _sendsFiles(): boolean {
    return false;
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    if (name === 'pipe') return this.#pipe;
    // As in Python: nothing else is known of a pipe, also where it is a socket below.
    return fallback;
  }
}

/** The reading end of a pipe. */
export class ReadPipeTransport extends PipeTransport {
  /** For the channel. Whatever the protocol answers, nothing more can come. */
  override channelEof(): void {
    super.channelEof();
    if (running.loop === this._loop) this.close();
  }

  override write(_data: Uint8Array): void {
    throw notWritable();
  }

  override writelines(_list: Iterable<Uint8Array>): void {
    throw notWritable();
  }

  override writeEof(): void {
    throw notWritable();
  }

  override canWriteEof(): boolean {
    return false;
  }
}

function notWritable(): NotImplementedError {
  return new NotImplementedError('this is the reading end of a pipe: nothing can be written to it');
}

/** The writing end of a pipe. */
export class WritePipeTransport extends PipeTransport {
  override write(data: Uint8Array): void {
    if (this.isClosing()) checkBytes(data, 'write');
    else super.write(data);
  }

  override writelines(list: Iterable<Uint8Array>): void {
    const chunks = [...list];
    for (const data of chunks) checkBytes(data, 'writelines');
    if (!this.isClosing()) super.writelines(chunks);
  }

  /** The same as `close()`: there is no other way. */
  override writeEof(): void {
    this.close();
  }

  override canWriteEof(): boolean {
    return true;
  }

  /** For the channel. */
  override channelBuffer(): Uint8Array | null {
    return null;
  }

  /** For the channel. What a reader writes back means nothing. */
  override channelData(_data: Uint8Array): void {}

  /** For the channel. Nobody reads any more. */
  override channelEof(): void {
    if (!this.isClosing()) this.#readerGone();
  }

  /** For the channel. */
  override channelFailed(error: unknown): void {
    // A reader that goes away without having read all resets a socket; of a pipe it would just be gone.
    if ((error as { readonly syscall?: unknown } | null)?.syscall === 'read') this.#readerGone();
    else super.channelFailed(error);
  }

  #readerGone(): void {
    if (this.getWriteBufferSize() === 0) this.abort();
    else {
      const fields = { code: 'EPIPE', errno: 32, syscall: 'write' };
      this._protocolFailed(new BrokenPipeError('[Errno 32] Broken pipe', fields), 'Broken pipe');
    }
  }
}
