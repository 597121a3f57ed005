/**
 * The heap of timers against a sorted list: order by deadline, then by setting; cancelled timers never come out and do not pile up.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { TimerHandle } from '../../src/core/handle.ts';
import type { Scheduler } from '../../src/core/scheduler.ts';
import { TimerHeap } from '../../src/core/timers.ts';
import { check } from '../both-styles.ts';

/** A loop, as far as a timer handle knows it. */
function loopOf(heap: TimerHeap): Scheduler {
  return { _debug: false, _timerCancelled: () => heap.noteCancelled() } as unknown as Scheduler;
}

class Timer extends TimerHandle {
  readonly name: string;

  constructor(heap: TimerHeap, when: number, name: string) {
    super(when, () => {}, [], loopOf(heap), null);
    this.name = name;
  }
}

/** What the heap should hold, in the order in which it should come out. */
function sorted(timers: readonly Timer[]): Timer[] {
  return timers.filter((timer) => !timer.cancelled()).toSorted((a, b) => a._when - b._when);
}

function drain(heap: TimerHeap, end: number): Timer[] {
  const out: Timer[] = [];
  for (let timer = heap.shiftDue(end); timer !== null; timer = heap.shiftDue(end)) out.push(timer as Timer);
  return out;
}

suite('the heap of timers', () => {
  test('gives what a sorted list would give, cancellations and equal deadlines included', () => {
    const when = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(-1, 0.5, 1e9, Infinity, -Infinity));
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ set: fc.array(when, { minLength: 20, maxLength: 80 }) }) },
        { weight: 4, arbitrary: fc.record({ cancel: fc.array(fc.nat(), { minLength: 20, maxLength: 80 }) }) },
        { weight: 2, arbitrary: fc.record({ due: when }) },
        { weight: 1, arbitrary: fc.constant({ clear: true } as const) },
      ),
      { maxLength: 20 },
    );
    return check(steps, (all) => {
      const heap = new TimerHeap();
      let held: Timer[] = [];
      let made = 0;
      for (const step of all) {
        if ('set' in step) {
          for (const deadline of step.set) {
            const timer = new Timer(heap, deadline, `${made++} at ${deadline}`);
            heap.push(timer);
            held.push(timer);
          }
        } else if ('cancel' in step) {
          for (const index of step.cancel) held[index % held.length]?.cancel();
        } else if ('clear' in step) {
          heap.clear();
          assert.ok(held.every((timer) => timer.cancelled() || !timer._scheduled));
          held = [];
        } else {
          const expected = sorted(held).filter((timer) => timer._when < step.due);
          assert.deepEqual(
            drain(heap, step.due).map((timer) => timer.name),
            expected.map((timer) => timer.name),
          );
          held = sorted(held).filter((timer) => timer._when >= step.due);
        }
        assert.equal(heap.live, sorted(held).length);
        assert.equal(heap.deadline(), sorted(held)[0]?._when ?? Infinity);
        assert.ok(heap.size <= Math.max(100, 2 * heap.live), `${heap.size} held for ${heap.live}`);
      }
    });
  });

  test('lets timers of one deadline fire in the order they were set', () => {
    const heap = new TimerHeap();
    const timers = Array.from({ length: 1000 }, (_, i) => new Timer(heap, 7, String(i)));
    for (const timer of timers) heap.push(timer);
    for (const [index, timer] of timers.entries()) if (index % 3 !== 0) timer.cancel();
    const expected = timers.filter((timer) => !timer.cancelled());
    assert.deepEqual(drain(heap, 8), expected);
  });

  test('leaves the order of the rest alone when it is rebuilt without the cancelled ones', () => {
    const heap = new TimerHeap();
    const timers = Array.from({ length: 300 }, (_, i) => new Timer(heap, (i * 7919) % 10, String(i)));
    for (const timer of timers) heap.push(timer);
    for (const timer of timers.slice(0, 151)) timer.cancel();
    assert.equal(heap.size, 149, 'more than half was cancelled: it was rebuilt');
    assert.equal(heap.live, 149);
    assert.deepEqual(drain(heap, Infinity), sorted(timers));
  });

  test('is not rebuilt while it is small', () => {
    const heap = new TimerHeap();
    const timers = Array.from({ length: 100 }, (_, i) => new Timer(heap, i, String(i)));
    for (const timer of timers) heap.push(timer);
    for (const timer of timers.slice(1)) timer.cancel();
    assert.equal(heap.size, 100);
    assert.equal(heap.live, 1);
    assert.equal(heap.deadline(), 0);
  });

  test('costs at most a few steps of the heap for each timer that is set and cancelled', () => {
    const heap = new TimerHeap();
    let largest = 0;
    for (let i = 0; i < 20_000; i++) {
      const timer = new Timer(heap, 1e6 - i, String(i));
      heap.push(timer);
      timer.cancel();
      largest = Math.max(largest, heap.size);
    }
    assert.ok(largest <= 101, `${largest} timers were held though none was live`);
  });
});
