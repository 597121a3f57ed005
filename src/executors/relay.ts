/**
 * The program of the thread that speaks with child processes.
 *
 * Whoever blocks cannot read pipes or learn that a child has ended, because Node tells of both through its event loop. So this thread does, whose loop
 * always turns: it starts the children, passes frames on unread, and rings the bell. One serves all pools of an isolate.
 * Source: Node docs, "Child process", "Worker threads".
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { descriptorOf } from '../reactors/libuv/channel.ts';
import { ring } from './bell.ts';
import { FrameReader, FrameWriter } from './frames.ts';

/** Start a child, and speak with it through `port`. */
export interface StartChild {
  readonly port: MessagePort;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** To a child's port: a frame for it, the number of a job that should end, a signal, or the end. */
export type ToChild = Uint8Array | { readonly abort: number } | { readonly signal: NodeJS.Signals } | 'close';
/** From a child's port: a frame of it, its process number, or how it ended. */
export type FromChild = Uint8Array | { readonly pid: number } | { readonly gone: string };

/** Frames longer than this are moved between threads; copying shorter ones is cheaper. */
const MOVED = 8192;

const { bell } = workerData as { readonly bell: Int32Array };

parentPort?.on('message', (request: StartChild) => {
  const { port } = request;
  const tell = (message: FromChild): void => {
    if (message instanceof Uint8Array && message.length > MOVED)
      port.postMessage(message, [message.buffer as ArrayBuffer]);
    else port.postMessage(message);
    ring(bell);
  };
  try {
    new Child(spawnChild(request), port, tell);
  } catch (error) {
    tell({ gone: `could not be started: ${String(error)}` });
  }
});

function spawnChild({ file, args, env }: StartChild): ChildProcess {
  return spawn(file, args, {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

class Child {
  constructor(child: ChildProcess, port: MessagePort, tell: (message: FromChild) => void) {
    const frames = child.stdio[3] as Duplex;
    const control = child.stdio[4] as Duplex;
    const reader = new FrameReader(tell);
    const writer = new FrameWriter(frames, descriptorOf(frames));
    let failure: Error | null = null;
    frames.on('data', (data: Buffer) => reader.push(data));
    // A child that ends breaks its pipes; how it ended says more than that.
    frames.on('error', () => {});
    control.on('error', () => {});
    if (child.pid !== undefined) tell({ pid: child.pid });
    child.on('error', (error) => {
      failure = error;
      if (child.pid === undefined) tell({ gone: `could not be started: ${error.message}` });
    });
    child.on('close', (code, signal) => {
      if (child.pid === undefined) return;
      const reason = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      tell({ gone: failure === null ? reason : `${reason}: ${failure.message}` });
      port.close();
    });
    port.on('message', (message: ToChild) => {
      if (message instanceof Uint8Array) writer.write(message);
      else if (message === 'close') {
        frames.end();
        control.end();
      } else if ('abort' in message) control.write(Uint8Array.of(message.abort & 0xff));
      else child.kill(message.signal);
    });
    port.on('close', () => {
      frames.destroy();
      control.destroy();
    });
  }
}
