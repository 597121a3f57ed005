/**
 * The program of a child process: jobs come through descriptor 3, requests to end one through descriptor 4.
 *
 * When the other end is closed, because the pool is or because its process has ended, however, this process ends too. Ctrl-C at a terminal
 * goes to all processes there; what it means for jobs is for the one with the pool to say.
 */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { FrameReader, FrameWriter, fromPayload, toFrame } from './frames.ts';
import { ABORT, CHUNK, type FromWorker, JOB, type ToWorker } from './messages.ts';
import { WorkerProgram } from './worker-program.ts';

const FRAMES = 3;
const CONTROL = 4;
/** How long a job that looks at its signal again and again is told what was known at the last look, in milliseconds. */
const LOOK_EVERY = 2;

const received = Buffer.allocUnsafeSlow(256 * 1024);
const frames = new Socket({
  fd: FRAMES,
  readable: true,
  writable: true,
  // One buffer for all that comes: what is in it is copied out at once.
  onread: {
    buffer: received,
    callback(count) {
      reader.push(received.subarray(0, count));
      return true;
    },
  },
} as ConstructorParameters<typeof Socket>[0]);
const writer = new FrameWriter(frames, FRAMES);
const control = new Socket({ fd: CONTROL, readable: true, writable: true });
let aborted = -1;
let lookedAt = 0;
const seen = Buffer.alloc(1);

const program = new WorkerProgram({
  send: (message: FromWorker) => {
    writer.write(toFrame(message));
  },
  clone: toFrame,
  isAborted(job) {
    const now = performance.now();
    if (now - lookedAt >= LOOK_EVERY) {
      lookedAt = now;
      readControl();
    }
    return aborted === (job & 0xff);
  },
  close: () => process.exit(),
});

/** A job that only computes lets no event come: look for oneself. */
function readControl(): void {
  try {
    while (readSync(CONTROL, seen) === 1) aborted = seen[0] as number;
  } catch {
    // Nothing is there.
  }
}

let current = -1;
const reader = new FrameReader((payload) => {
  const message = fromPayload(payload) as ToWorker;
  if (message[0] === JOB || message[0] === CHUNK) {
    current = message[1];
    aborted = -1;
  }
  void program.handle(message);
});

control.on('data', (data: Buffer) => {
  aborted = data[data.length - 1] as number;
  if (aborted === (current & 0xff)) void program.handle([ABORT, current]);
});
frames.resume();
for (const socket of [frames, control]) {
  socket.on('error', () => process.exit());
  socket.on('end', () => process.exit());
}
for (const signal of ['SIGINT'] as const) process.on(signal, () => {});
