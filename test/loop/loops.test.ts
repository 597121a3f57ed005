/** Which loop: the one that runs, the one that was set, a new one; and what each of them is. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { LibuvReactor } from '../../src/reactors/libuv/reactor.ts';
import { newVirtualLoop } from '../../src/testing/index.ts';

suite('loops', () => {
  test('are made, set, and got', () => {
    const loop = asyncio.newEventLoop();
    assert.ok(loop instanceof asyncio.EventLoop && loop instanceof asyncio.BaseEventLoop);
    asyncio.setEventLoop(loop);
    assert.equal(asyncio.getEventLoop(), loop);
    assert.throws(() => asyncio.getRunningLoop(), { name: 'RuntimeError', message: 'no running event loop' });
    asyncio.setEventLoop(null);
    assert.throws(() => asyncio.getEventLoop(), { name: 'RuntimeError' });
    loop.close();
  });

  test('that run come before one that was set', async () => {
    const other = newVirtualLoop();
    asyncio.setEventLoop(other);
    await asyncio.run(
      async () => {
        assert.notEqual(asyncio.getEventLoop(), other);
        assert.equal(asyncio.getEventLoop(), asyncio.getRunningLoop());
      },
      { loopFactory: newVirtualLoop },
    );
    assert.equal(asyncio.getEventLoop(), other);
    asyncio.setEventLoop(null);
    other.close();
  });

  test('show what they are', async () => {
    const loop = newVirtualLoop();
    assert.equal(String(loop), '<EventLoop virtual running=false closed=false debug=false>');
    loop.close();
    assert.equal(String(loop), '<EventLoop virtual running=false closed=true debug=false>');
  });

  test('of the host cannot block, and say so', () => {
    const loop = new asyncio.EventLoop({ reactor: new LibuvReactor() });
    assert.throws(() => loop.runUntilCompleteSync(asyncio.sleep(1)), {
      name: 'NotImplementedError',
      message: 'the libuv reactor cannot block: use runUntilComplete(), which gives a promise',
    });
    loop.close();
  });
});
