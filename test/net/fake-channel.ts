/** A channel in the hands of the test: it takes as much as it is told to, and tells what it is told to tell. And scenarios over it. */
import { test } from 'node:test';
import type { Channel, ChannelSink } from '../../src/core/channel.ts';
import * as asyncio from '../../src/index.ts';
import { StreamTransport } from '../../src/net/stream-transport.ts';
import { play, type Scene } from '../both-styles.ts';
import { Recorder, text } from './kit.ts';

export class FakeChannel implements Channel {
  readonly halfCloses: boolean = true;
  /** What was asked of the channel, in order. */
  readonly calls: string[] = [];
  /** How many more bytes it takes before `drain`. */
  room = Infinity;
  /** How many of the bytes it takes the system does not take yet. */
  unsent = 0;
  sent = '';
  #sink: ChannelSink | null = null;
  #closed = false;

  get sink(): ChannelSink {
    if (this.#sink === null) throw new Error('no transport has this channel');
    return this.#sink;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  attach(sink: ChannelSink): void {
    this.#sink = sink;
  }

  info(name: string): unknown {
    return name === 'peername' ? ['192.0.2.1', 1] : undefined;
  }

  resume(): void {
    this.calls.push('resume');
  }

  pause(): void {
    this.calls.push('pause');
  }

  write(data: Uint8Array): number {
    const taken = Math.min(this.room, data.length);
    this.room -= taken;
    this.sent += text(data.subarray(0, taken));
    return taken;
  }

  writev(list: readonly Uint8Array[]): number {
    this.calls.push(`writev ${list.length}`);
    return list.reduce((taken, data) => taken + this.write(data), 0);
  }

  shutdown(): void {
    this.calls.push('shutdown');
  }

  close(): void {
    this.calls.push('close');
    this.#closed = true;
  }

  /** The system took what was unsent, and has room for so many bytes more. */
  drain(room: number = Infinity): void {
    this.unsent = 0;
    this.room = room;
    this.sink.channelWritable();
  }
}

/** A connection that a scenario plays with. */
export interface Connection<P extends asyncio.StreamProtocol> {
  readonly channel: FakeChannel;
  readonly transport: StreamTransport;
  readonly protocol: P;
}

export function connect<P extends asyncio.StreamProtocol>(
  loop: asyncio.EventLoop,
  protocol: P,
  channel = new FakeChannel(),
): Connection<P> {
  return { channel, protocol, transport: new StreamTransport(loop, channel, protocol) };
}

/** A scenario with a connection that is made already. */
export function scene(
  name: string,
  body: (connection: Connection<Recorder>, scene: Scene) => asyncio.Coroutine<unknown>,
): void {
  test(name, () =>
    play(function* (of) {
      const connection = connect(of.loop, new Recorder(of.loop));
      yield* connection.protocol.made;
      connection.protocol.events.length = 0;
      connection.channel.calls.length = 0;
      yield* body(connection, of);
    }),
  );
}

/** The warnings that `work` gives rise to. */
export function* warningsOf(work: () => asyncio.Coroutine<unknown>): asyncio.Coroutine<string[]> {
  const warnings: string[] = [];
  const hear = (warning: Error) => warnings.push(String(warning));
  process.on('warning', hear);
  yield* work();
  yield* asyncio.wrapFuture(new Promise((resolve) => setImmediate(resolve)));
  process.removeListener('warning', hear);
  return warnings;
}
