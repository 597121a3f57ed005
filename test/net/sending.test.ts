/** What is to be sent over a channel that takes as much as the test wants: buffers, limits, and the end of one way. */
import assert from 'node:assert/strict';
import { suite } from 'node:test';
import { scene } from './fake-channel.ts';
import { bytes } from './kit.ts';

suite('sending', () => {
  scene('goes out at once where it can', function* ({ channel, transport }) {
    transport.write(bytes('a'));
    transport.write(Buffer.from('b'));
    transport.write(new Uint8Array(0));
    assert.equal(channel.sent, 'ab');
    assert.equal(transport.getWriteBufferSize(), 0);
  });

  scene('keeps what does not go out, and its order', function* ({ channel, transport }) {
    channel.room = 3;
    for (const piece of ['ab', 'cd', 'ef']) transport.write(bytes(piece));
    assert.equal(channel.sent, 'abc');
    assert.equal(transport.getWriteBufferSize(), 3);
    channel.drain(2);
    assert.deepEqual([channel.sent, transport.getWriteBufferSize()], ['abcde', 1]);
    transport.write(bytes('g'));
    channel.drain();
    assert.deepEqual([channel.sent, transport.getWriteBufferSize()], ['abcdefg', 0]);
  });

  scene('counts what the channel has taken and the system has not', function* ({ channel, transport }) {
    channel.unsent = 5;
    transport.write(bytes('abcde'));
    assert.equal(transport.getWriteBufferSize(), 5);
    transport.write(bytes('fg'));
    assert.deepEqual([channel.sent, transport.getWriteBufferSize()], ['abcde', 7]);
    channel.drain();
    assert.deepEqual([channel.sent, transport.getWriteBufferSize()], ['abcdefg', 0]);
  });

  scene('sends several arrays with one call', function* ({ channel, transport }) {
    transport.writelines([Buffer.alloc(2000, 'a'), Buffer.alloc(2000, 'b'), Buffer.alloc(0)]);
    transport.writelines([]);
    transport.writelines([bytes('c')]);
    assert.deepEqual(channel.calls, ['writev 2']);
    assert.equal(channel.sent, `${'a'.repeat(2000)}${'b'.repeat(2000)}c`);
  });

  scene('refuses what is no bytes, and says what to do', function* ({ transport }) {
    const write = (data: unknown) => () => transport.write(data as Uint8Array);
    assert.throws(write('text'), { name: 'TypeError', message: /^write\(\) needs a Uint8Array .*encode it/ });
    assert.throws(write([1, 2]), { name: 'TypeError', message: /not <array of 2>$/ });
    assert.throws(write(new Float64Array(1)), { name: 'TypeError', message: /look at its bytes/ });
    assert.throws(() => transport.writelines(['text' as never]), { name: 'TypeError', message: /encode it/ });
  });

  scene(
    'pauses the protocol above the high-water mark, and lets it go on at the low one',
    function* ({ channel, protocol, transport }) {
      assert.deepEqual(transport.getWriteBufferLimits(), [16 * 1024, 64 * 1024]);
      transport.setWriteBufferLimits({ high: 8, low: 2 });
      channel.room = 0;
      transport.write(Buffer.alloc(8));
      assert.deepEqual(protocol.events, []);
      transport.write(Buffer.alloc(1));
      transport.write(Buffer.alloc(1));
      assert.deepEqual(protocol.events, ['pause']);
      channel.drain(7);
      assert.deepEqual(protocol.events, ['pause']);
      channel.drain(1);
      assert.deepEqual(protocol.events, ['pause', 'resume']);
    },
  );

  scene(
    'pauses at once where the limits fall below what waits',
    function* ({ channel, protocol, transport }) {
      channel.room = 0;
      transport.write(Buffer.alloc(100));
      transport.setWriteBufferLimits({ high: 0 });
      assert.deepEqual(transport.getWriteBufferLimits(), [0, 0]);
      assert.deepEqual(protocol.events, ['pause']);
      channel.drain();
      assert.deepEqual(protocol.events, ['pause', 'resume']);
    },
  );

  scene('has limits with each other as default, and none that make no sense', function* ({ transport }) {
    transport.setWriteBufferLimits({ low: 10 });
    assert.deepEqual(transport.getWriteBufferLimits(), [10, 40]);
    transport.setWriteBufferLimits({ high: 30 });
    assert.deepEqual(transport.getWriteBufferLimits(), [7, 30]);
    transport.setWriteBufferLimits();
    assert.deepEqual(transport.getWriteBufferLimits(), [16 * 1024, 64 * 1024]);
    const message = 'high (1) must be >= low (2) must be >= 0';
    assert.throws(() => transport.setWriteBufferLimits({ high: 1, low: 2 }), { name: 'ValueError', message });
    assert.throws(() => transport.setWriteBufferLimits({ high: -1 }), { name: 'ValueError' });
    assert.throws(() => transport.setWriteBufferLimits({ high: Number.NaN }), { name: 'ValueError' });
  });

  scene(
    'goes on after a protocol that fails to pause, which is reported',
    function* ({ channel, protocol, transport }, { reports }) {
      protocol.pauseWriting = () => {
        throw new Error('no pause');
      };
      protocol.resumeWriting = () => {
        throw new Error('no resume');
      };
      transport.setWriteBufferLimits({ high: 0 });
      channel.room = 0;
      transport.write(bytes('abc'));
      channel.drain();
      assert.equal(channel.sent, 'abc');
      assert.deepEqual(
        reports().map(({ message }) => message),
        ['protocol.pauseWriting() failed', 'protocol.resumeWriting() failed'],
      );
    },
  );

  scene('ends one way after what waits, and takes no more', function* ({ channel, transport }) {
    assert.equal(transport.canWriteEof(), true);
    channel.room = 0;
    transport.write(bytes('last'));
    transport.writeEof();
    transport.writeEof();
    assert.deepEqual(channel.calls, []);
    assert.throws(() => transport.write(bytes('x')), {
      name: 'RuntimeError',
      message: 'Cannot call write() after writeEof()',
    });
    channel.drain();
    assert.deepEqual([channel.sent, channel.calls], ['last', ['shutdown']]);
    assert.equal(transport.isClosing(), false);
    assert.equal(transport.isReading(), true);
  });
});
