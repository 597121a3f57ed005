/**
 * A connection secured by `node:tls`, over the socket of another channel.
 *
 * Node's engine sits on the handle of that socket itself, so bytes take no way through streams of JavaScript that they would not take with `node:tls`
 * alone. Node has no user buffers for engines over sockets that exist; each record comes as an array of its own, which belongs to the sink.
 *
 * The engine is told to accept any certificate, and what OpenSSL holds against it is told as a fact; only that a client has none where it must is
 * settled in the handshake. An end of the connection without the farewell of TLS looks like one with it, in Node as in Python's asyncio.
 * Source: Node docs, "TLS (SSL)"; RFC 8446, section 6.1.
 */
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { connect, TLSSocket } from 'node:tls';
import type { Channel, ChannelSink, Done, Operation } from '../../core/channel.ts';
import type { TlsRequest, TlsSession } from '../../core/tls.ts';
import type { ChannelOwner, Yielding } from './channel.ts';
import { Once } from './once.ts';
import { contextOf } from './tls-context.ts';
import { sessionOf } from './tls-session.ts';

/** Make a secured channel of `plain`, whose socket is taken over at once. */
export function secure(
  plain: Yielding,
  request: TlsRequest,
  owner: ChannelOwner,
  done: Done<Channel>,
): Operation {
  const under = plain.yieldSocket();
  const channelClosed = () => channel?.close();
  const operation = new Once(done, channelClosed);
  let channel: TlsChannel | null = null;
  try {
    if (request.received !== null) under.unshift(request.received);
    const socket = request.serverSide ? serverSocket(under, request) : clientSocket(under, request);
    channel = new TlsChannel(socket, plain, owner);
    const agreed = channel;
    socket.once(request.serverSide ? 'secure' : 'secureConnect', () => {
      if (!operation.isOver && agreed.begin()) operation.end({ value: agreed });
    });
    channel.onFailure = (error) => operation.end({ error });
  } catch (error) {
    under.on('error', ignore).destroy();
    process.nextTick(() => operation.end({ error }));
  }
  return operation;
}

function clientSocket(socket: Socket, { settings, serverName }: TlsRequest): TLSSocket {
  return connect({
    socket,
    secureContext: contextOf(settings),
    ...(serverName === null ? {} : { servername: serverName }),
    ...alpn(settings.alpnProtocols),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}

function serverSocket(socket: Socket, { settings, chooseSettings }: TlsRequest): TLSSocket {
  const choose = (name: string, chosen: (error: Error | null, context?: never) => void) => {
    const other = chooseSettings?.(name) ?? null;
    chosen(null, (other === null ? undefined : contextOf(other)) as never);
  };
  return new TLSSocket(socket, {
    isServer: true,
    secureContext: contextOf(settings),
    requestCert: settings.clientCertificate !== 'unasked',
    rejectUnauthorized: settings.clientCertificate === 'required',
    ...alpn(settings.alpnProtocols),
    ...(chooseSettings === null ? {} : { SNICallback: choose }),
  });
}

function alpn(protocols: readonly string[]): { ALPNProtocols?: string[] } {
  return protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
}

export class TlsChannel implements Yielding {
  readonly halfCloses = false;
  readonly #socket: TLSSocket;
  readonly #plain: Yielding;
  readonly #owner: ChannelOwner;
  #session: TlsSession | null = null;
  #sink: ChannelSink | null = null;
  /** Why it broke before it had a sink. */
  #failure: { readonly error: Error } | null = null;
  #paused = true;
  #stalled = false;
  /** The other side has ended; and the sink knows. */
  #ended = false;
  #endTold = false;
  #closed = false;
  /** Told when both sides have said farewell; and this side has. */
  #parting: (() => void) | null = null;
  #said = false;
  /** Told in place of the sink while there is none. */
  onFailure: ((error: Error) => void) | null = null;

  constructor(socket: TLSSocket, plain: Yielding, owner: ChannelOwner) {
    this.#socket = socket;
    this.#plain = plain;
    this.#owner = owner;
    // The engine of a server tells of its errors by an event of its own once the handshake is over.
    socket
      .on('end', this.#onEnd)
      .on('error', this.#broke)
      .on('_tlsError', this.#broke)
      .on('close', this.#gone);
    owner.channelOpened(this);
  }

  /** The handshake is over. @returns whether the connection is still there. */
  begin(): boolean {
    if (this.#closed) return false;
    this.#session = sessionOf(this.#socket);
    this.onFailure = null;
    this.#socket.on('data', this.#came).pause();
    return true;
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
    const failure = this.#failure;
    if (failure !== null) process.nextTick(() => this.#sink?.channelFailed(failure.error));
  }

  get sink(): ChannelSink | null {
    return this.#sink;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  info(name: string): unknown {
    return name === 'tls' ? this.#session : this.#plain.info(name);
  }

  resume(): void {
    if (this.#closed) return;
    this.#paused = false;
    this.#socket.resume();
    if (this.#ended) process.nextTick(this.#tellEnd);
  }

  pause(): void {
    if (this.#closed) return;
    this.#paused = true;
    this.#socket.pause();
  }

  write(data: Uint8Array): number {
    if (this.#stalled) return 0;
    // Node reports each record as sent a turn later, also where the kernel has it already.
    this.#stalled = true;
    this.#socket.write(data, this.#flushed);
    return data.length;
  }

  writev(list: readonly Uint8Array[]): number {
    if (this.#stalled) return 0;
    this.#stalled = true;
    const socket = this.#socket;
    const last = list.length - 1;
    let count = 0;
    socket.cork();
    for (const [index, data] of list.entries()) {
      if (index === last) socket.write(data, this.#flushed);
      else socket.write(data);
      count += data.length;
    }
    socket.uncork();
    return count;
  }

  shutdown(): void {
    if (!this.#closed) this.#socket.end();
  }

  farewell(done: () => void): void {
    if (this.#closed) return;
    this.#parting = done;
    this.#socket.end(() => {
      this.#said = true;
      this.#partIfBoth();
    });
    this.#socket.resume();
  }

  #partIfBoth(): void {
    if (!this.#said || !this.#ended) return;
    const done = this.#parting;
    this.#parting = null;
    if (!this.#closed) done?.();
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
    this.#closed = true;
    this.#sink = null;
    socket.removeListener('data', this.#came).removeListener('end', this.#onEnd);
    socket.removeListener('error', this.#broke).removeListener('_tlsError', this.#broke);
    socket.removeListener('close', this.#gone);
    this.#owner.channelClosed(this);
    return socket;
  }

  readonly #flushed = (error?: Error | null): void => {
    if (error) return;
    this.#stalled = false;
    this.#sink?.channelWritable();
  };

  readonly #came = (data: Uint8Array): void => {
    if (this.#parting === null) this.#sink?.channelData(data);
    else this.abandon(dataAfterFarewell());
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (this.#session === null) this.abandon(cutOff());
    else if (this.#said || this.#parting !== null) this.#partIfBoth();
    else if (!this.#paused) this.#tellEnd();
  };

  readonly #tellEnd = (): void => {
    if (this.#endTold || this.#paused) return;
    this.#endTold = true;
    this.#sink?.channelEof();
  };

  readonly #broke = (error: Error): void => {
    // Nothing was lost: all had been sent, and all had come.
    if (this.#parting !== null && this.#ended) {
      this.#said = true;
      this.#partIfBoth();
    } else this.abandon(error);
  };

  readonly #gone = (): void => {
    if (this.#said && this.#ended) return;
    this.#broke(cutOff());
  };

  abandon(error: Error): void {
    if (this.#closed) return;
    const sink = this.#sink;
    const { onFailure } = this;
    this.close();
    if (sink !== null) sink.channelFailed(error);
    else if (onFailure !== null) onFailure(error);
    else this.#failure = { error };
  }
}

/** The connection ended where TLS had not begun, or without a word. */
function cutOff(): Error {
  const { ECONNRESET } = constants.errno;
  return Object.assign(new Error('read ECONNRESET'), {
    code: 'ECONNRESET',
    errno: -ECONNRESET,
    syscall: 'read',
  });
}

/** What OpenSSL would say, if Node let it. */
function dataAfterFarewell(): Error {
  return Object.assign(new Error('application data after close notify'), {
    code: 'ERR_SSL_APPLICATION_DATA_AFTER_CLOSE_NOTIFY',
    library: 'SSL routines',
    reason: 'application data after close notify',
  });
}

function ignore(): void {}
