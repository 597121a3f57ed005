/**
 * The program of a worker thread.
 *
 * After a job it stays by for a moment, asleep on the word that counts what is sent to it, because the next job often follows at once, and waking so
 * takes half the time of waking through the event loop. The event loop gets its turn every few milliseconds all the same.
 * Source: Node docs, "Worker threads".
 */
import { type MessagePort, receiveMessageOnPort, type Transferable, workerData } from 'node:worker_threads';
import { ring } from './bell.ts';
import { ABORTED, EXITED, type FromWorker, POSTED, type ToWorker } from './messages.ts';
import { WorkerProgram } from './worker-program.ts';

/** What a thread is given at its start. */
export interface ThreadData {
  readonly port: MessagePort;
  /** The bell of the thread that has the pool. */
  readonly bell: Int32Array;
  /** `POSTED`, `ABORTED` and `EXITED`. */
  readonly words: Int32Array;
}

/** How long to stay by for the next job, in milliseconds. */
const STAY = 1;
/** How long the event loop may be kept waiting, in milliseconds. */
const LONGEST_WITHOUT_TURN = 5;

const { port, bell, words } = workerData as ThreadData;
let busy = false;

const program = new WorkerProgram({
  send(message: FromWorker, list?: readonly unknown[]): void {
    if (list === undefined || list.length === 0) port.postMessage(message);
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
port.on('message', serve);

function serve(first: ToWorker): void {
  const turnedAt = performance.now();
  let message: ToWorker | undefined = first;
  while (message !== undefined) {
    const pending = program.handle(message);
    if (pending !== undefined) {
      busy = true;
      pending.finally(() => {
        busy = false;
      });
    }
    message = busy || performance.now() - turnedAt > LONGEST_WITHOUT_TURN ? undefined : next();
  }
}

function next(): ToWorker | undefined {
  const posted = Atomics.load(words, POSTED);
  const there = receiveMessageOnPort(port) as { readonly message: ToWorker } | undefined;
  if (there !== undefined) return there.message;
  Atomics.wait(words, POSTED, posted, STAY);
  return (receiveMessageOnPort(port) as { readonly message: ToWorker } | undefined)?.message;
}
