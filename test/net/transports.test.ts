/** The base classes of transports and protocols. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { bytes } from './kit.ts';

suite('the base classes', () => {
  test('say what a kind of transport does not have', () => {
    const transport = new asyncio.Transport({ peername: 'x' });
    assert.equal(transport.getExtraInfo('peername'), 'x');
    assert.equal(transport.getExtraInfo('other', 1), 1);
    const calls: (() => unknown)[] = [
      () => transport.close(),
      () => transport.isClosing(),
      () => transport.pauseReading(),
      () => transport.resumeReading(),
      () => transport.isReading(),
      () => transport.write(bytes('x')),
      () => transport.writelines([bytes('x')]),
      () => transport.writeEof(),
      () => transport.canWriteEof(),
      () => transport.abort(),
      () => transport.getWriteBufferSize(),
      () => transport.getWriteBufferLimits(),
      () => transport.setWriteBufferLimits(),
      () => transport.setProtocol(new asyncio.Protocol()),
      () => transport.getProtocol(),
    ];
    for (const call of calls)
      assert.throws(call, { name: 'NotImplementedError', message: /^Transport has no \w+\(\)$/ });
  });

  test('are what they are in Python: a transport reads and writes', () => {
    const transport = new asyncio.Transport();
    assert.ok(transport instanceof asyncio.ReadTransport && transport instanceof asyncio.WriteTransport);
    assert.ok(!((new asyncio.WriteTransport() as unknown) instanceof asyncio.ReadTransport));
    class Mine extends asyncio.ReadTransport {}
    assert.ok(new Mine() instanceof asyncio.ReadTransport);
    assert.ok(!((transport as unknown) instanceof Mine));
  });

  test('of protocols do nothing', () => {
    const protocol = new asyncio.Protocol();
    protocol.connectionMade(new asyncio.Transport());
    protocol.dataReceived(bytes('x'));
    protocol.pauseWriting();
    protocol.resumeWriting();
    protocol.connectionLost(null);
    assert.equal(protocol.eofReceived(), undefined);
  });
});
