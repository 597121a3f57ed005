/**
 * The program of a worker thread.
 *
 * After a job it stays by, asleep on the word that counts what is sent to it, because the next job often follows at once, and waking so costs half of
 * waking through the event loop. The other side ends that after a millisecond (`REST`), and where jobs keep coming the event loop gets its turn every
 * few milliseconds all the same. A sleep with a limit of its own would need no such message, and costs twice as much.
 * Source: Node docs, "Worker threads".
 */
import { type MessagePort, receiveMessageOnPort, type Transferable, workerData } from 'node:worker_threads';
import { ring } from './bell.ts';
import { type Brief, briefFromWorker, fullToWorker } from './brief.ts';
import { ABORTED, EXITED, type FromWorker, PING, POSTED, REST, type ToWorker } from './messages.ts';
import { WorkerProgram } from './worker-program.ts';

/** What a thread is given at its start. */
export interface ThreadData {
  readonly port: MessagePort;
  /** The bell of the thread that has the pool. */
  readonly bell: Int32Array;
  /** `POSTED`, `ABORTED` and `EXITED`. */
  readonly words: Int32Array;
}

/** How long the event loop may be kept waiting, in milliseconds. */
const LONGEST_WITHOUT_TURN = 5;

const { port, bell, words } = workerData as ThreadData;
/** How many of the messages that were counted have come. */
let taken = 0;
/** When the event loop last had its turn. */
let turnedAt = 0;

const program = new WorkerProgram({
  send(message: FromWorker, list?: readonly unknown[]): void {
    if (list === undefined || list.length === 0) port.postMessage(briefFromWorker(message));
    else port.postMessage(message, list as readonly Transferable[]);
    ring(bell);
  },
  clone: structuredClone,
  isAborted: (job) => Atomics.load(words, ABORTED) === job,
  close: () => process.exit(),
});

process.on('exit', (code) => {
  Atomics.store(words, EXITED, code + 1);
  ring(bell);
});
port.on('message', (brief: Brief<ToWorker>) => {
  turnedAt = performance.now();
  serve(brief);
});

function serve(brief: Brief<ToWorker>): void {
  const message = fullToWorker(brief);
  if (message[0] !== PING) taken = (taken + 1) | 0;
  void program.handle(message);
  // Behind what the job has left to the microtasks.
  if (message[0] !== REST && !program.isBusy) queueMicrotask(stay);
}

function stay(): void {
  if (performance.now() - turnedAt > LONGEST_WITHOUT_TURN) return;
  if (Atomics.load(words, POSTED) === taken) Atomics.wait(words, POSTED, taken);
  const next = receiveMessageOnPort(port) as { readonly message: Brief<ToWorker> } | undefined;
  if (next !== undefined) serve(next.message);
}
