/**
 * A connection over a socket of `node:net`.
 *
 * Reading goes around Node's stream: all channels of a reactor read into one large buffer (`onread`), and what came is copied out at its true
 * size. A read is handled at once, on the stack of the event, so one buffer is enough; it saves an allocation of 64 KiB for each packet, and
 * large messages come in fewer pieces. Hosts that do not know `onread` are read through `'data'` events.
 *
 * A sink that pauses while it is told of bytes stops the reading only if it has not resumed when whoever it woke has run: see `_settle`.
 *
 * Writing goes through Node's stream. What the kernel takes at once costs nothing more; when something is left, an empty write behind it
 * tells when it has gone. Until then the channel takes nothing, so that what waits stays in its owner's hands.
 */
import type { Socket } from 'node:net';
import type { Address, Channel, ChannelOptions, ChannelSink, SocketAddress } from '../../core/channel.ts';
import { ConnectionAbortedError } from '../../core/errors.ts';
import { optionsOf } from './options.ts';

const NOTHING: Uint8Array = Buffer.alloc(0);

/** A channel as its owner sees it. */
export interface OwnedChannel {
  readonly sink: ChannelSink | null;
  close(reason?: Error | null): void;
  /** Close it without its sink having asked for that. */
  abandon(error: Error): void;
}

/** Who keeps count of the open channels. */
export interface ChannelOwner {
  readonly receiveBuffer: Uint8Array;
  /** Let whoever was given something go on before more is read, then call the channel's `_settle`, in this same tick. */
  settleSoon(channel: SocketChannel): void;
  channelOpened(channel: OwnedChannel): void;
  channelClosed(channel: OwnedChannel): void;
}

/** A channel whose socket can go on as another's. */
export interface Yielding extends Channel, OwnedChannel {
  /** Give up the socket, which is paused and has sent everything. Facts are still told. */
  yieldSocket(): Socket;
}

/** The `onread` option of a socket that a channel will read. It is needed before the channel, which needs the socket. */
export class Receiver {
  readonly buffer: Uint8Array;
  channel: SocketChannel | null = null;
  readonly callback: (count: number, buffer: Uint8Array) => boolean;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
    this.callback = (count, bytes) => {
      this.channel?._received(count, bytes);
      return true;
    };
  }
}

/** The addresses of a connection, where Node does not know them: it tells those of TCP alone. */
export interface Names {
  readonly sockname: string;
  readonly peername: string;
}

export class SocketChannel implements Yielding {
  readonly halfCloses = true;
  readonly #socket: Socket;
  readonly #owner: ChannelOwner;
  readonly #receiver: Receiver | null;
  readonly #sockname: Address | null;
  readonly #peername: Address | null;
  #sink: ChannelSink | null = null;
  #stalled = false;
  #paused = true;
  /** Its sink is being told of what came. */
  #telling = false;
  #closed = false;
  /** The socket's end had been seen before it was given; its sink is to be told. */
  #endedBefore = false;
  #shutdown = false;
  #options: ChannelOptions | null = null;

  /** @param receiver the `onread` option that `socket` was made with, or `null` if it is to be read through `'data'` events. */
  constructor(socket: Socket, owner: ChannelOwner, receiver: Receiver | null, names?: Names) {
    this.#socket = socket;
    this.#owner = owner;
    // They cannot be asked for any more when the connection is gone.
    this.#sockname = names?.sockname ?? toAddress(socket.localFamily, socket.localAddress, socket.localPort);
    this.#peername =
      names?.peername ?? toAddress(socket.remoteFamily, socket.remoteAddress, socket.remotePort);
    this.#receiver = receiver;
    if (receiver === null) socket.on('data', this.#came).pause();
    else receiver.channel = this;
    socket.on('end', this.#ended);
    socket.on('error', this.abandon);
    owner.channelOpened(this);
  }

  /** Somebody else has made the socket, and may still hold it: what they do and have done to it is heard of. */
  fromHolder(): this {
    this.#endedBefore = this.#socket.readableEnded;
    this.#socket.on('close', this.#gone);
    return this;
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
  }

  get sink(): ChannelSink | null {
    return this.#sink;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get options(): ChannelOptions {
    this.#options ??= optionsOf(this.#socket, this.#socket.localAddress !== undefined);
    return this.#options;
  }

  info(name: string): unknown {
    switch (name) {
      case 'sockname':
        return this.#sockname;
      case 'peername':
        return this.#peername;
      case 'fileno':
        return this.#closed ? -1 : descriptorOf(this.#socket);
      default:
        return undefined;
    }
  }

  resume(): void {
    if (this.#closed) return;
    this.#paused = false;
    this.#socket.resume();
    if (this.#endedBefore) process.nextTick(this.#tellEndedBefore);
  }

  pause(): void {
    if (this.#closed || this.#paused) return;
    this.#paused = true;
    if (this.#telling) {
      this.#owner.settleSoon(this);
      return;
    }
    this.#socket.pause();
    // A resume() of this same tick has yet to begin reading, in the next one, whatever came after it.
    process.nextTick(this.#stayPaused);
  }

  readonly #stayPaused = (): void => {
    if (this.#paused && !this.#closed) this.#socket.pause();
  };

  /** @internal Whoever was given something has had their chance to take it. */
  _settle(): void {
    this.#stayPaused();
  }

  write(data: Uint8Array): number {
    if (this.#stalled) return 0;
    const socket = this.#socket;
    socket.write(data);
    if (socket.writableLength !== 0) this.#stall();
    return data.length;
  }

  writev(list: readonly Uint8Array[]): number {
    if (this.#stalled) return 0;
    const socket = this.#socket;
    let count = 0;
    socket.cork();
    for (const data of list) {
      socket.write(data);
      count += data.length;
    }
    socket.uncork();
    if (socket.writableLength !== 0) this.#stall();
    return count;
  }

  shutdown(): void {
    if (this.#closed) return;
    this.#shutdown = true;
    this.#socket.end();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink = null;
    this.#socket.destroy();
    this.#owner.channelClosed(this);
  }

  yieldSocket(): Socket {
    const socket = this.#socket;
    this.#sink = null;
    // What a pause has left to do must not be done to the new owner.
    this.#paused = false;
    if (this.#receiver !== null) this.#receiver.channel = null;
    socket.removeListener('data', this.#came);
    socket.removeListener('end', this.#ended);
    socket.removeListener('error', this.abandon);
    socket.removeListener('close', this.#gone);
    this.#owner.channelClosed(this);
    return socket;
  }

  #stall(): void {
    this.#stalled = true;
    this.#socket.write(NOTHING, this.#flushed);
  }

  /** Runs in a tick of Node's own, never within a write. */
  readonly #flushed = (error?: Error | null): void => {
    if (error) return;
    this.#stalled = false;
    this.#sink?.channelWritable();
  };

  /** @internal */
  _received(count: number, buffer: Uint8Array): void {
    this.#telling = true;
    try {
      this.#tell(count, buffer);
    } finally {
      this.#telling = false;
    }
  }

  #tell(count: number, buffer: Uint8Array): void {
    let start = 0;
    while (start < count) {
      const sink = this.#sink;
      if (sink === null) return;
      const own = sink.channelBuffer(count - start);
      if (own === null) {
        sink.channelData(copyOf(buffer, start, count));
        return;
      }
      const taken = Math.min(own.length, count - start);
      own.set(buffer.subarray(start, start + taken));
      start += taken;
      sink.channelFilled(taken);
    }
  }

  readonly #came = (data: Uint8Array): void => {
    this.#sink?.channelData(data);
  };

  readonly #ended = (): void => {
    this.#sink?.channelEof();
  };

  readonly #tellEndedBefore = (): void => {
    if (this.#paused || !this.#endedBefore) return;
    this.#endedBefore = false;
    this.#ended();
  };

  /** Node destroys a socket of which both directions have ended. Otherwise its holder has. */
  readonly #gone = (): void => {
    const { readableEnded, allowHalfOpen } = this.#socket;
    if (this.#closed || (readableEnded && (this.#shutdown || !allowHalfOpen))) return;
    this.abandon(new ConnectionAbortedError('the socket was destroyed by whoever gave it'));
  };

  readonly abandon = (error: Error): void => {
    const sink = this.#sink;
    this.close();
    sink?.channelFailed(error);
  };
}

function copyOf(buffer: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start);
  copy.set(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end));
  return copy;
}

export function toAddress(
  family: string | undefined,
  host: string | undefined,
  port: number | undefined,
): SocketAddress | null {
  if (host === undefined || port === undefined) return null;
  return family === 'IPv6' ? [host, port, 0, 0] : [host, port];
}

/** The descriptor, which Node does not show, where it can be seen; else -1. */
export function descriptorOf(holder: object): number {
  const handle = (holder as { readonly _handle?: { readonly fd?: unknown } | null })._handle;
  return typeof handle?.fd === 'number' ? handle.fd : -1;
}
