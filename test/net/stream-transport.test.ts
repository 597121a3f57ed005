/** How a connection begins and ends, over a channel that does what the test wants. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { StreamTransport } from '../../src/net/stream-transport.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';
import { play } from '../both-styles.ts';
import { connect, FakeChannel, scene, warningsOf } from './fake-channel.ts';
import { bytes, Recorder } from './kit.ts';

suite('a connection begins', () => {
  test('with connectionMade, then reading, then whoever waits for it, in one iteration', () =>
    play(function* ({ loop }) {
      const channel = new FakeChannel();
      const protocol = new Recorder(loop);
      const waiter = loop.createFuture<void>();
      waiter.addDoneCallback(() => protocol.events.push('waiter'));
      new StreamTransport(loop, channel, protocol, { waiter });
      assert.deepEqual([protocol.events, channel.calls], [[], []]);
      yield* asyncio.sleep(0);
      assert.deepEqual([protocol.events, channel.calls, waiter.done()], [['made'], ['resume'], true]);
      yield* asyncio.sleep(0);
      assert.deepEqual(protocol.events, ['made', 'waiter']);
    }));

  test('without reading where connectionMade pauses it', () =>
    play(function* ({ loop }) {
      class Pausing extends Recorder {
        override connectionMade(transport: asyncio.Transport): void {
          super.connectionMade(transport);
          transport.pauseReading();
        }
      }
      const { channel, protocol, transport } = connect(loop, new Pausing(loop));
      yield* protocol.made;
      assert.deepEqual(channel.calls, ['pause']);
      assert.equal(transport.isReading(), false);
      transport.resumeReading();
      assert.deepEqual(channel.calls, ['pause', 'resume']);
    }));

  test('and reading that was not paused is not begun again', () =>
    play(function* ({ loop }) {
      const { channel, protocol, transport } = connect(loop, new Recorder(loop));
      yield* protocol.made;
      yield* asyncio.sleep(0);
      transport.resumeReading();
      assert.deepEqual(channel.calls, ['resume']);
      transport.pauseReading();
      transport.pauseReading();
      transport.resumeReading();
      transport.resumeReading();
      assert.deepEqual(channel.calls, ['resume', 'pause', 'resume']);
    }));

  test('and goes on though connectionMade fails, which is reported', () =>
    play(function* ({ loop, reports }) {
      class Failing extends Recorder {
        override connectionMade(): void {
          throw new Error('no');
        }
      }
      const { channel } = connect(loop, new Failing(loop));
      yield* asyncio.sleep(0);
      const [report] = reports();
      assert.match(
        report?.message ?? '',
        /^Exception in callback connectionMade\(<Failing>, <StreamTransport/,
      );
      assert.deepEqual(channel.calls, ['resume']);
    }));
});

suite('a connection ends', () => {
  scene('in the next iteration where nothing waits', function* ({ channel, protocol, transport }) {
    transport.close();
    transport.close();
    assert.deepEqual([protocol.events, transport.isClosing(), transport.isReading()], [[], true, false]);
    yield* asyncio.sleep(0);
    assert.deepEqual(protocol.events, ['lost null']);
    assert.deepEqual(channel.calls, ['pause', 'close']);
    assert.equal(transport.getProtocol(), null);
    assert.equal(String(transport), '<StreamTransport closed fd=-1 read=idle write=<idle, bufsize=0>>');
  });

  scene('when what waits has gone, and not before', function* ({ channel, protocol, transport }) {
    channel.room = 0;
    transport.write(bytes('abc'));
    transport.close();
    transport.write(bytes('d'));
    yield* asyncio.sleep(1);
    assert.deepEqual(protocol.events, []);
    channel.drain(3);
    assert.deepEqual(protocol.events, []);
    channel.drain();
    assert.deepEqual([channel.sent, protocol.events, channel.isClosed], ['abcd', ['lost null'], true]);
  });

  scene('at once when it is aborted, and what waits is lost', function* ({ channel, protocol, transport }) {
    channel.room = 1;
    transport.write(bytes('abc'));
    transport.close();
    transport.abort();
    transport.abort();
    yield* asyncio.sleep(0);
    assert.deepEqual([channel.sent, protocol.events], ['a', ['lost null']]);
    assert.equal(transport.getWriteBufferSize(), 0);
  });

  scene('once, with the first reason', function* ({ channel, protocol, transport }) {
    const error = Object.assign(new Error('read ECONNRESET'), {
      code: 'ECONNRESET',
      errno: -104,
      syscall: 'read',
    });
    channel.sink.channelFailed(error);
    transport.abort();
    const lost = yield* protocol.lost;
    assert.ok(lost instanceof asyncio.ConnectionResetError);
    assert.equal(lost.message, '[Errno 104] Connection reset by peer');
    assert.deepEqual([lost.code, lost.errno, lost.syscall, lost.cause], ['ECONNRESET', 104, 'read', error]);
    assert.deepEqual(protocol.events, ['lost ConnectionResetError']);
  });

  scene(
    'with what broke it, which is reported if it is not of the system',
    function* ({ channel, protocol }, { reports }) {
      channel.sink.channelFailed(new Error('strange'));
      assert.equal(String(yield* protocol.lost), 'Error: strange');
      assert.equal(reports()[0]?.message, 'Fatal error on transport');
    },
  );

  for (const method of ['dataReceived', 'eofReceived'] as const) {
    scene(`when ${method} fails`, function* ({ channel, protocol, transport }, { reports }) {
      const error = new Error('broken protocol');
      protocol[method] = () => {
        throw error;
      };
      if (method === 'dataReceived') channel.sink.channelData(bytes('x'));
      else channel.sink.channelEof();
      assert.equal(transport.isClosing(), true);
      assert.equal(yield* protocol.lost, error);
      const [report] = reports();
      assert.equal(report?.message, `Fatal error: protocol.${method}() call failed.`);
      assert.deepEqual(
        [report?.exception, report?.['transport'], report?.['protocol']],
        [error, transport, protocol],
      );
    });
  }

  scene(
    'though connectionLost fails, which is reported',
    function* ({ channel, protocol, transport }, { reports }) {
      protocol.connectionLost = () => {
        throw new Error('broken');
      };
      transport.close();
      yield* asyncio.sleep(0);
      assert.match(reports()[0]?.message ?? '', /^Exception in callback connectionLost/);
      assert.equal(channel.isClosed, true);
    },
  );

  scene(
    'though connectionLost fails after a flush',
    function* ({ channel, protocol, transport }, { reports }) {
      protocol.connectionLost = () => {
        throw new Error('broken');
      };
      channel.room = 0;
      transport.write(bytes('x'));
      transport.close();
      channel.drain();
      assert.equal(reports()[0]?.message, 'Fatal error: protocol.connectionLost() call failed.');
      assert.equal(channel.isClosed, true);
    },
  );

  scene(
    'and what is written afterwards is dropped, with one warning after five writes',
    function* ({ channel, protocol, transport }) {
      transport.close();
      yield* protocol.lost;
      const few = yield* warningsOf(function* () {
        for (let i = 0; i < 4; i++) transport.write(bytes('x'));
      });
      assert.deepEqual(few, []);
      const warnings = yield* warningsOf(function* () {
        for (let i = 0; i < 100; i++) transport.write(bytes('x'));
      });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^RuntimeWarning: 5 writes to a closed connection were dropped/);
      assert.equal(channel.sent, '');
    },
  );

  scene('by `using` too', function* ({ protocol, transport }) {
    {
      using _transport = transport;
    }
    assert.equal(yield* protocol.lost, null);
  });
});

suite('a request to leave the program', () => {
  for (const Exit of [asyncio.KeyboardInterrupt, asyncio.SystemExit]) {
    test(`${Exit.name} in a protocol ends the run, not the connection`, async () => {
      const loop = newVirtualLoop();
      const { channel, protocol } = connect(loop, new Recorder(loop));
      const exit = new Exit();
      protocol.dataReceived = () => {
        throw exit;
      };
      loop.callSoon(() => setImmediate(() => channel.sink.channelData(bytes('x'))));
      const forever = loop.runUntilComplete(asyncio.wrapFuture(new Promise<void>(() => {}), { loop }));
      await assert.rejects(forever, (error) => error === exit);
      loop.close();
    });
  }
});

suite('a loop that does not run', () => {
  test('lets events wait, in order, and reads nothing meanwhile', async () => {
    const loop = newVirtualLoop();
    const { channel, protocol } = connect(loop, new Recorder(loop));
    await loop.runUntilComplete(protocol.made);
    channel.calls.length = 0;
    channel.sink.channelData(bytes('1'));
    channel.sink.channelData(bytes('2'));
    channel.sink.channelEof();
    assert.deepEqual(protocol.events, ['made']);
    assert.deepEqual(channel.calls, ['pause', 'pause', 'pause']);
    await loop.runUntilComplete(protocol.lost);
    assert.deepEqual(protocol.events, ['made', 'data 1', 'data 2', 'eof', 'lost null']);
    loop.close();
  });

  test('and is closed has its transports closed without a call', async () => {
    const loop = newVirtualLoop();
    const { channel, protocol, transport } = connect(loop, new Recorder(loop));
    await loop.runUntilComplete(protocol.made);
    loop.close();
    channel.sink.channelData(bytes('late'));
    channel.sink.channelFailed(new asyncio.ConnectionAbortedError('the event loop was closed'));
    assert.deepEqual(protocol.events, ['made']);
    assert.equal(transport.isClosing(), true);
    assert.equal(channel.isClosed, true);
  });
});

suite('what is known of a connection', () => {
  scene('is told by name', function* ({ transport }) {
    assert.deepEqual(transport.getExtraInfo('peername'), ['192.0.2.1', 1]);
    assert.equal(transport.getExtraInfo('cipher'), null);
    assert.equal(transport.getExtraInfo('cipher', 'none'), 'none');
    assert.deepEqual(transport.getExtraInfo('socket')?.getpeername(), ['192.0.2.1', 1]);
  });

  scene('in debug mode, how long a protocol takes', function* ({ channel, protocol }, { loop }) {
    loop.setDebug(true);
    loop.slowCallbackDuration = 0;
    const warnings = yield* warningsOf(function* () {
      channel.sink.channelData(bytes('x'));
    });
    loop.slowCallbackDuration = 1;
    loop.setDebug(false);
    assert.ok(
      warnings.some((warning) =>
        /Executing dataReceived\(\) of <Recorder> took 0\.\d+ seconds/.test(warning),
      ),
      warnings.join(),
    );
    assert.deepEqual(protocol.events, ['data x']);
  });
});
