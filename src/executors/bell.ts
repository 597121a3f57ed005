/**
 * Waiting for workers on the caller's stack: what makes `result()` block.
 *
 * While a thread blocks, its event loop does not turn and delivers nothing. So the workers of an isolate ring one bell, a shared counter, behind each
 * message they send; who blocks sleeps on the counter (`Atomics.wait`), and when it moves takes the messages out of the ports by hand. The same
 * messages would otherwise have come as events: each comes once, whichever way is faster. Callbacks of futures that are completed meanwhile run
 * on the blocked stack, as in Python they run on the thread of a worker.
 *
 * A worker that dies cannot ring; sources are therefore asked now and then whether theirs still live.
 * Source: ECMAScript, `Atomics.wait`; Node docs, "Worker threads", `receiveMessageOnPort`.
 */
import { DeadlockError } from '../core/errors.ts';

/** Where completions come from: a pool, or whatever else completes futures by messages. */
export interface Source {
  /** Could a message come that completes a future? */
  readonly isActive: boolean;
  /** Handle the messages that are there. @returns whether there were any. */
  drain(): boolean;
  /** Do what is due: workers to be ended, workers that have died. @returns when there is something to do next, in ms of `performance.now()`. */
  tend(now: number): number;
}

/** How long a blocked thread sleeps between two looks at its workers, in milliseconds: at first, and at most. */
const SHORTEST_LOOK = 1;
const LONGEST_LOOK = 50;

const RINGS = 0;
const SLEEPERS = 1;

/** The bell of this isolate. */
export const bell: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(8));
const sources = new Set<Source>();

/** Let `source` be asked while this thread blocks. */
export function addSource(source: Source): void {
  sources.add(source);
}

export function removeSource(source: Source): void {
  sources.delete(source);
}

/** In a worker, after a message was sent: wake who sleeps on the bell of the other side. */
export function ring(bell: Int32Array): void {
  Atomics.add(bell, RINGS, 1);
  if (Atomics.load(bell, SLEEPERS) !== 0) Atomics.notify(bell, RINGS);
}

/**
 * Block this thread until `done()`, for `seconds` at most. @returns whether it is done.
 * @throws {DeadlockError} where nothing could bring it about while the thread blocks.
 */
export function blockUntil(done: () => boolean, seconds: number | null, what: string): boolean {
  if (done()) return true;
  const end = seconds === null ? Infinity : performance.now() + seconds * 1000;
  let look = SHORTEST_LOOK;
  Atomics.add(bell, SLEEPERS, 1);
  try {
    for (;;) {
      const rings = Atomics.load(bell, RINGS);
      const news = drainAll();
      if (done()) return true;
      const now = performance.now();
      const next = tendAll(now);
      if (done()) return true;
      if (news) {
        look = SHORTEST_LOOK;
        continue;
      }
      if (end - now <= 0) return false;
      if (end === Infinity && !anyActive()) {
        throw new DeadlockError(
          `deadlock: ${what} blocks this thread, and only this thread could bring it about; await it instead`,
        );
      }
      Atomics.wait(bell, RINGS, rings, Math.min(look, end - now, Math.max(next - now, 0)));
      look = Math.min(look * 2, LONGEST_LOOK);
    }
  } finally {
    Atomics.sub(bell, SLEEPERS, 1);
  }
}

function drainAll(): boolean {
  let news = false;
  for (const source of [...sources]) news = source.drain() || news;
  return news;
}

function tendAll(now: number): number {
  let next = Infinity;
  for (const source of [...sources]) next = Math.min(next, source.tend(now));
  return next;
}

function anyActive(): boolean {
  for (const source of sources) if (source.isActive) return true;
  return false;
}
