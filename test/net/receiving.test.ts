/** What a channel brings, and what becomes of it: the protocol is called on the spot, or gets it in its own buffer. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { play, type Scene } from '../both-styles.ts';
import { type Connection, connect, FakeChannel, scene } from './fake-channel.ts';
import { bytes, Recorder, text } from './kit.ts';

suite('receiving', () => {
  scene(
    'calls the protocol on the spot, with the context of the transport',
    function* ({ channel, transport }) {
      const variable = new asyncio.ContextVar<string>('variable', { default: 'outside' });
      const seen: string[] = [];
      class Seer extends asyncio.Protocol {
        override dataReceived(data: Uint8Array): void {
          seen.push(`${text(data)} ${variable.get()} ${asyncio.currentTask()}`);
          variable.set('inside');
        }
      }
      transport.setProtocol(new Seer());
      yield* asyncio.wrapFuture(
        new Promise<void>((resolve) => {
          setImmediate(() => {
            channel.sink.channelData(bytes('1'));
            channel.sink.channelData(bytes('2'));
            resolve();
          });
        }),
      );
      assert.deepEqual(seen, ['1 outside null', '2 inside null']);
      assert.equal(variable.get(), 'outside');
    },
  );

  scene('stops and goes on, each once', function* ({ channel, transport }) {
    assert.equal(transport.isReading(), true);
    transport.resumeReading();
    transport.pauseReading();
    transport.pauseReading();
    assert.equal(transport.isReading(), false);
    transport.resumeReading();
    transport.resumeReading();
    assert.deepEqual(channel.calls, ['pause', 'resume']);
  });

  scene(
    'gives everything to the protocol that is there',
    function* ({ channel, protocol, transport }, { loop }) {
      channel.sink.channelData(bytes('a'));
      const other = new Recorder(loop);
      transport.setProtocol(other);
      assert.equal(transport.getProtocol(), other);
      channel.sink.channelData(bytes('b'));
      assert.deepEqual([protocol.events, other.events], [['data a'], ['data b']]);
    },
  );

  scene(
    'closes at the end of the stream, unless eofReceived keeps it open',
    function* ({ channel, protocol, transport }) {
      protocol.eofReceived = () => true;
      channel.sink.channelEof();
      assert.equal(transport.isClosing(), false);
      transport.write(bytes('still'));
      assert.equal(channel.sent, 'still');
      transport.close();
      assert.equal(yield* protocol.lost, null);
    },
  );

  scene('ends with the stream', function* ({ channel, protocol, transport }) {
    channel.sink.channelEof();
    assert.equal(transport.isClosing(), true);
    yield* protocol.lost;
    assert.deepEqual(protocol.events, ['eof', 'lost null']);
  });

  test('ends with the stream where its ends cannot be apart', () =>
    play(function* ({ loop }) {
      class Joined extends FakeChannel {
        override readonly halfCloses = false;
      }
      const { channel, protocol, transport } = connect(loop, new Recorder(loop), new Joined());
      protocol.eofReceived = () => true;
      yield* protocol.made;
      assert.equal(transport.canWriteEof(), false);
      channel.sink.channelEof();
      assert.equal(yield* protocol.lost, null);
    }));

  scene('gives nothing after close', function* ({ channel, protocol, transport }) {
    transport.close();
    channel.sink.channelData(bytes('late'));
    channel.sink.channelEof();
    yield* protocol.lost;
    assert.deepEqual(protocol.events, ['lost null']);
  });
});

suite('a protocol with a buffer', () => {
  class Buffered extends asyncio.BufferedProtocol {
    readonly events: string[] = [];
    readonly buffer: Uint8Array;

    constructor(size: number) {
      super();
      this.buffer = Buffer.alloc(size);
    }

    override getBuffer(sizeHint: number): Uint8Array {
      this.events.push(`get ${sizeHint}`);
      return this.buffer;
    }

    override bufferUpdated(count: number): void {
      this.events.push(`got ${text(this.buffer.subarray(0, count))}`);
    }
  }

  function bufferedScene(
    name: string,
    size: number,
    body: (connection: Connection<Buffered>, scene: Scene) => asyncio.Coroutine<unknown>,
  ): void {
    test(name, () =>
      play(function* (of) {
        const connection = connect(of.loop, new Buffered(size));
        yield* asyncio.sleep(0);
        yield* body(connection, of);
      }),
    );
  }

  bufferedScene('is asked for it, and told how much is in it', 8, function* ({ channel, protocol }) {
    const buffer = channel.sink.channelBuffer(-1);
    assert.equal(buffer, protocol.buffer);
    buffer?.set(bytes('abc'));
    channel.sink.channelFilled(3);
    assert.deepEqual(protocol.events, ['get -1', 'got abc']);
  });

  bufferedScene(
    'gets what came in another place copied, in as many pieces as it takes',
    2,
    function* ({ channel, protocol }) {
      channel.sink.channelData(bytes('abcde'));
      assert.deepEqual(protocol.events, ['get 5', 'got ab', 'get 3', 'got cd', 'get 1', 'got e']);
    },
  );

  bufferedScene(
    'that is replaced while it gets a piece leaves the rest to the next one',
    2,
    function* ({ channel, protocol, transport }, { loop }) {
      const next = new Recorder(loop);
      protocol.bufferUpdated = () => transport.setProtocol(next);
      channel.sink.channelData(bytes('abcde'));
      assert.deepEqual(next.events, ['data cde']);
    },
  );

  bufferedScene(
    'that closes the connection while it gets a piece gets no more',
    2,
    function* ({ channel, protocol, transport }) {
      protocol.bufferUpdated = () => transport.abort();
      channel.sink.channelData(bytes('abcde'));
      assert.deepEqual(protocol.events, ['get 5']);
      yield* asyncio.sleep(0);
    },
  );

  for (const [given, message] of [
    [new Uint8Array(0), /getBuffer\(\) returned an empty buffer/],
    ['text', /getBuffer\(\) must return a Uint8Array, got "text"/],
  ] as const) {
    bufferedScene(
      `that gives ${given.length === 0 ? 'an empty one' : 'something else'} loses its connection`,
      1,
      function* ({ channel, protocol, transport }, { reports }) {
        protocol.getBuffer = () => given as Uint8Array;
        channel.sink.channelData(bytes('abc'));
        const [report] = reports();
        assert.equal(report?.message, 'Fatal error: protocol.getBuffer() call failed.');
        assert.match(String(report?.exception), message);
        assert.equal(transport.isClosing(), true);
        yield* asyncio.sleep(0);
        assert.equal(channel.isClosed, true);
      },
    );
  }
});
