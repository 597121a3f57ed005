/**
 * Streams of Node as a channel: a `Readable`, a `Writable`, or a `Duplex`, which is both.
 *
 * Bytes are taken as they are asked for, and stay in the stream while the channel is paused; one write at a time is under way. A stream that is destroyed
 * before its end breaks the channel; closing the channel destroys what has not ended.
 * Source: Node docs, "Stream".
 */
import type { Readable, Writable } from 'node:stream';
import { type AsyncScope, captureScope } from '../core/async-scope.ts';
import type { ChannelSink } from '../core/channel.ts';
import { ConnectionAbortedError } from '../core/errors.ts';
import { type AdaptedChannel, asError } from './adapted-transport.ts';
import { checkBytes } from './bytes.ts';

export class NodeChannel implements AdaptedChannel {
  readonly halfCloses = true;
  readonly readable: boolean;
  readonly writable: boolean;
  onClose: (() => void) | null = null;
  readonly #scope: AsyncScope = captureScope();
  readonly #source: Readable | null;
  readonly #target: Writable | null;
  #sink: ChannelSink | null = null;
  #unsent = 0;
  #paused = true;
  #eofTold = false;
  #ending = false;
  #closed = false;

  constructor(source: Readable | null, target: Writable | null) {
    this.#source = source;
    this.#target = target;
    this.readable = source !== null;
    this.writable = target !== null;
    for (const stream of new Set([source, target])) {
      stream?.on('error', this.#failed);
      stream?.on('close', this.#gone);
      // It tells of it once, and may have done so already.
      if (stream?.destroyed) process.nextTick(this.#gone);
    }
    source?.on('end', this.#ended);
    if (source?.readableEnded) process.nextTick(this.#ended);
    source?.on('readable', this.#handOut);
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
  }

  get unsent(): number {
    return this.#unsent;
  }

  info(): undefined {
    return undefined;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // Not on the caller's stack, and not in the caller's context.
    if (this.#source !== null) this.#scope.runInAsyncScope(() => process.nextTick(this.#handOut));
  }

  pause(): void {
    this.#paused = true;
  }

  readonly #handOut = (): void => {
    while (!this.#paused && !this.#closed) {
      const chunk: unknown = this.#source?.read() ?? null;
      if (chunk === null) return;
      try {
        checkBytes(chunk, 'Readable.read');
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#sink?.channelData(chunk);
    }
  };

  readonly #ended = (): void => {
    if (this.#eofTold) return;
    this.#eofTold = true;
    this.#sink?.channelEof();
  };

  write(data: Uint8Array): number {
    return this.writev([data]);
  }

  writev(list: readonly Uint8Array[]): number {
    const target = this.#target;
    if (target === null || this.#unsent > 0) return 0;
    const count = list.reduce((sum, { length }) => sum + length, 0);
    this.#unsent = count;
    this.#scope.runInAsyncScope(() => {
      target.cork();
      list.forEach((data, index) => {
        if (index === list.length - 1) target.write(data, this.#flushed);
        else target.write(data);
      });
      target.uncork();
    });
    return count;
  }

  readonly #flushed = (error?: Error | null): void => {
    // The stream says so itself.
    if (error) return;
    // Some call back on the stack of the write.
    process.nextTick(() => {
      this.#unsent = 0;
      this.#sink?.channelWritable();
    });
  };

  shutdown(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#scope.runInAsyncScope(() => this.#target?.end());
  }

  farewell(done: () => void): void {
    const target = this.#target;
    const end = () => {
      if (!this.#closed) done();
    };
    if (target === null || target.writableFinished) process.nextTick(end);
    else {
      target.once('finish', end);
      this.shutdown();
    }
  }

  close(reason: Error | null = null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink = null;
    const error = reason ?? undefined;
    if (this.#source !== null && !this.#source.readableEnded) this.#source.destroy(error);
    if (this.#target !== null && !this.#target.writableFinished) this.#target.destroy(error);
    this.onClose?.();
  }

  /** Has everything ended that could? Then its being gone is no surprise. */
  get #isOver(): boolean {
    return (this.#source?.readableEnded ?? true) && (this.#target?.writableFinished ?? true);
  }

  readonly #gone = (): void => {
    if (!this.#isOver) {
      const error = this.#source?.errored ?? this.#target?.errored;
      this.#failed(error ?? new ConnectionAbortedError('the stream was destroyed before its end'));
    }
  };

  readonly #failed = (reason: unknown): void => {
    const sink = this.#sink;
    const error = asError(reason);
    this.close(error);
    sink?.channelFailed(error);
  };
}
