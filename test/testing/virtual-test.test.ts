/** `virtualTest`: tests of node:test whose bodies are coroutine functions, each on a clock of its own that jumps. */
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { virtualTest } from '../../src/testing/index.ts';

const now = () => asyncio.getRunningLoop().time();

suite('virtualTest', () => {
  const ran: [string, number][] = [];
  const vtest = virtualTest<TestContext>(test);
  const debugTest = virtualTest(test, { debug: true });

  vtest('runs a generator body in virtual time', function* (t) {
    yield* asyncio.sleep(3600);
    ran.push([t.name, now()]);
  });
  vtest('runs an async body in virtual time', async (t) => {
    await asyncio.sleep(3600);
    ran.push([t.name, now()]);
  });
  debugTest('runs in debug mode where it is asked to', function* () {
    assert.equal(asyncio.getRunningLoop().getDebug(), true);
  });
  test('has run both, each from zero', () => {
    assert.deepEqual(ran, [
      ['runs a generator body in virtual time', 3600],
      ['runs an async body in virtual time', 3600],
    ]);
  });

  test('fails as its body does', async () => {
    const bodies: (() => Promise<void>)[] = [];
    const collectTest = virtualTest<undefined>((_name, body) => bodies.push(() => body(undefined)));
    collectTest('fails', function* () {
      throw new asyncio.ValueError('in the body');
    });
    collectTest('waits in vain', function* () {
      yield* new asyncio.Event().wait();
    });
    await assert.rejects(() => (bodies[0] as () => Promise<void>)(), { name: 'ValueError' });
    await assert.rejects(() => (bodies[1] as () => Promise<void>)(), { name: 'DeadlockError' });
  });
});
