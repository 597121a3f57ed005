/**
 * Workers that are threads of this process: `node:worker_threads`.
 *
 * Each has a channel of its own, which can be read while this thread blocks. Source: Node docs, "Worker threads".
 */
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  type Transferable,
  Worker,
} from 'node:worker_threads';
import { bell } from './bell.ts';
import { type Brief, briefToWorker, fullFromWorker } from './brief.ts';
import type { Carrier, Link, LinkSink } from './link.ts';
import {
  ABORT,
  ABORTED,
  CLOSE,
  EXITED,
  type FromWorker,
  PING,
  POSTED,
  REST,
  type ToWorker,
  WORDS,
} from './messages.ts';
import { THREAD_PROGRAM, threadFlags } from './programs.ts';
import type { ThreadData } from './thread-worker.ts';

/** How threads are made. */
export interface ThreadOptions {
  readonly namePrefix: string;
  readonly resourceLimits: ResourceLimits | undefined;
}

interface Packed {
  readonly message: Brief<ToWorker>;
  readonly list: readonly Transferable[];
}

const NOTHING: readonly Transferable[] = [];

export class ThreadCarrier implements Carrier<Packed> {
  readonly kind = 'thread';
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  pack(message: ToWorker, list: readonly Transferable[], atOnce: boolean): Packed {
    const brief = briefToWorker(message);
    if (atOnce || typeof brief !== 'object')
      return { message: brief, list: list.length === 0 ? NOTHING : list };
    // What the caller does with its values while the job waits must not matter.
    return structuredClone({ message, list }, { transfer: [...list] as never[] });
  }

  clone(value: unknown): unknown {
    return structuredClone(value);
  }

  start(sink: LinkSink, number: number): Link<Packed> {
    return new ThreadLink(sink, this.#options, number);
  }
}

class ThreadLink implements Link<Packed> {
  readonly name: string;
  readonly #sink: LinkSink;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  #error: { readonly error: unknown } | null = null;
  #killed = false;
  /** A worker is made referenced. */
  #referenced = true;
  #wanted = true;
  #unrefTimer: NodeJS.Timeout | null = null;
  #gone = false;

  constructor(sink: LinkSink, options: ThreadOptions, number: number) {
    this.#sink = sink;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const data: ThreadData = { port: port2, bell, words: this.#words };
    const execArgv = threadFlags();
    this.#worker = new Worker(THREAD_PROGRAM, {
      name: `${options.namePrefix}_${number}`,
      workerData: data,
      transferList: [port2],
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    this.name = `worker thread ${this.#worker.threadId}`;
    this.#worker.on('error', (error: unknown) => {
      this.#error = { error };
    });
    this.#worker.on('exit', (code) => this.#exited(code));
    port1.on('message', this.#heard);
    port1.unref();
  }

  readonly #heard = (brief: Brief<FromWorker>): void => {
    if (!this.#gone) this.#sink.linkMessage(fullFromWorker(brief));
  };

  send({ message, list }: Packed): void {
    if (list.length === 0) this.#port.postMessage(message);
    else this.#port.postMessage(message, list);
    this.#wake();
  }

  abort(job: number): void {
    Atomics.store(this.#words, ABORTED, job);
    this.send({ message: [ABORT, job], list: NOTHING });
  }

  close(): void {
    this.send({ message: [CLOSE], list: NOTHING });
  }

  kill(): void {
    this.#killed = true;
    void this.#worker.terminate();
  }

  drain(): boolean {
    let any = false;
    for (;;) {
      const found = receiveMessageOnPort(this.#port) as { readonly message: Brief<FromWorker> } | undefined;
      if (found === undefined) return any;
      any = true;
      this.#heard(found.message);
    }
  }

  isAlive(): boolean {
    if (this.#gone) return false;
    // The end of a thread closes its port; ours learns of that when it is read, and then takes nothing more.
    this.drain();
    if ((this.#port.postMessage([PING]) as unknown) === true) return true;
    const exit = Atomics.load(this.#words, EXITED);
    if (this.#killed) this.#leave('was terminated');
    else if (exit > 0) this.#leave(`ended with exit code ${exit - 1}`);
    else this.#leave('ended without a word, as one does that runs out of memory');
    return false;
  }

  // Of the thread, not of its port: the port is closed before it is told that the thread has ended. Jobs come and go faster than this pays, so a
  // thread that has become idle keeps the process alive, and stays by, for a moment longer.
  ref(): void {
    this.#wanted = true;
    if (this.#referenced) return;
    this.#referenced = true;
    this.#worker.ref();
  }

  unref(): void {
    this.#wanted = false;
    if (this.#referenced) this.#unrefTimer ??= setTimeout(this.#unrefIfIdle, 1);
  }

  readonly #unrefIfIdle = (): void => {
    this.#unrefTimer = null;
    if (this.#wanted || this.#gone) return;
    this.#referenced = false;
    this.#worker.unref();
    this.send({ message: [REST], list: NOTHING });
  };

  rest(): void {
    if (this.#unrefTimer === null || this.#wanted) return;
    clearTimeout(this.#unrefTimer);
    this.#unrefIfIdle();
  }

  #wake(): void {
    Atomics.add(this.#words, POSTED, 1);
    Atomics.notify(this.#words, POSTED);
  }

  #exited(code: number): void {
    if (this.#gone) return;
    this.drain();
    const { error } = this.#error ?? {};
    if (this.#killed) this.#leave('was terminated');
    else if (this.#error === null) this.#leave(`ended with exit code ${code}`);
    else if ((error as { readonly code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY')
      this.#leave('ran out of memory', error);
    else this.#leave(`failed outside of the job: ${String(error)}`, error);
  }

  #leave(reason: string, cause?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#port.close();
    this.#sink.linkGone(reason, cause);
  }
}
