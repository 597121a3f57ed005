/** The queue of bytes below readers and transports: it is a byte string cut anywhere, and says so whatever the cuts are. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../src/net/byte-queue.ts';
import { check } from '../both-styles.ts';

function queueOf(...chunks: readonly string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const chunk of chunks) queue.push(Buffer.from(chunk));
  return queue;
}

suite('a byte queue', () => {
  test('gives a whole chunk out as it is, and a piece of one without copying', () => {
    const queue = new ByteQueue();
    const chunk = Buffer.alloc(4096, 'x');
    queue.push(chunk);
    assert.equal(queue.take(4096), chunk);
    queue.push(chunk);
    const piece = queue.take(100);
    assert.equal(piece.buffer, chunk.buffer);
    assert.equal(piece.byteOffset, chunk.byteOffset);
    assert.equal(queue.take(3996).byteOffset, chunk.byteOffset + 100);
    assert.equal(queue.size, 0);
  });

  test('joins what spans chunks', () => {
    const queue = queueOf('abc', 'def', 'ghi');
    assert.equal(queue.take(1).toString(), 'a');
    assert.equal(queue.take(6).toString(), 'bcdefg');
    assert.equal(queue.take(2).toString(), 'hi');
    assert.equal(queue.take(0).toString(), '');
  });

  test('finds what begins in one chunk and ends in another, and what repeats itself', () => {
    assert.equal(queueOf('ab', 'cd', 'ef').find(Buffer.from('bcde'), 0), 1);
    assert.equal(queueOf('aaab').find(Buffer.from('aab'), 0), 1);
    assert.equal(queueOf('a', 'a', 'a', 'b').find(Buffer.from('aab'), 0), 1);
    assert.equal(queueOf('aa', 'ab').find(Buffer.from('aaa'), 1), -1);
    assert.equal(queueOf('abc').find(Buffer.from('c'), 3), -1);
    assert.equal(queueOf('abc').find(Buffer.from('abcd'), 0), -1);
  });

  test('keeps single bytes in memory of the order of their number', () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 100_000; i++) queue.push(Buffer.from([i & 255]));
    assert.ok(queue.chunks().length <= 20, `${queue.chunks().length} chunks`);
    const all = queue.take(100_000);
    for (let i = 0; i < 100_000; i++) assert.equal(all[i], i & 255);
  });

  test('finds a separator among a hundred thousand single bytes that come one by one, without looking twice', () => {
    const queue = new ByteQueue();
    const end = Buffer.from('\r\n');
    const start = performance.now();
    for (let i = 0; i < 100_000; i++) {
      queue.push(Buffer.from('x'));
      assert.equal(queue.find(end, Math.max(0, queue.size - 2)), -1);
    }
    assert.ok(performance.now() - start < 5000);
  });

  test('takes a million small pieces from the front without moving the rest each time', () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 1000; i++) queue.push(Buffer.alloc(2000, i));
    const start = performance.now();
    for (let i = 0; i < 1_000_000; i++) queue.drop(2);
    assert.equal(queue.size, 0);
    assert.ok(performance.now() - start < 5000);
  });

  test('does not mix up what was given out with what comes later', () => {
    const queue = queueOf('first', 'ab', 'cd');
    assert.equal(queue.take(5).toString(), 'first');
    const given = queue.take(3);
    queue.push(Buffer.from('efgh'));
    assert.equal(given.toString(), 'abc');
    assert.equal(queue.take(5).toString(), 'defgh');
  });

  test('is one string, whatever is pushed, taken, dropped, sought and listed', () =>
    check(
      fc.array(
        fc.oneof(
          fc.record({
            op: fc.constant('push' as const),
            text: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 }),
          }),
          fc.record({
            op: fc.constant('push' as const),
            text: fc.constantFrom('ab'.repeat(700), 'c'.repeat(5000)),
          }),
          fc.record({
            op: fc.constantFrom('take' as const, 'drop' as const),
            part: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          fc.record({
            op: fc.constantFrom('find' as const, 'has' as const),
            text: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }),
            part: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
        ),
        { maxLength: 60 },
      ),
      (steps) => {
        const queue = new ByteQueue();
        let model = '';
        for (const step of steps) {
          if (step.op === 'push') {
            queue.push(Buffer.from(step.text));
            model += step.text;
            continue;
          }
          const count = Math.floor(step.part * model.length);
          if (step.op === 'find') {
            assert.equal(queue.find(Buffer.from(step.text), count), model.indexOf(step.text, count));
          } else if (step.op === 'has') {
            assert.equal(queue.has(Buffer.from(step.text), count), model.startsWith(step.text, count));
          } else {
            if (step.op === 'take') assert.equal(queue.take(count).toString(), model.slice(0, count));
            else queue.drop(count);
            model = model.slice(count);
          }
          assert.equal(queue.size, model.length);
          assert.equal(Buffer.concat(queue.chunks()).toString(), model);
        }
      },
      300,
    ));
});
