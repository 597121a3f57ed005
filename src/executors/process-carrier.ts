/**
 * Workers that are child processes.
 *
 * They are started and spoken with by a thread (see `relay.ts`), so that a thread which blocks for a result gets it. The thread is started with the
 * first process and ends with the last one.
 */

import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { bell } from './bell.ts';
import { fromPayload, toFrame } from './frames.ts';
import type { Carrier, Link, LinkSink } from './link.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { PROCESS_PROGRAM, processFlags, RELAY_PROGRAM, threadFlags } from './programs.ts';
import type { FromChild, StartChild, ToChild } from './relay.ts';

/** How processes are made. */
export interface ProcessOptions {
  readonly execArgv: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

/** What belongs to this process's own start, and would confuse a child. */
const OWN_VARIABLES = [
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_TEST_CONTEXT',
  'NODE_UNIQUE_ID',
];

let relay: Worker | null = null;
const links = new Set<ProcessLink>();

function startChild(request: StartChild): void {
  if (relay === null) {
    const execArgv = threadFlags();
    const started = new Worker(RELAY_PROGRAM, {
      name: 'asyncio-relay',
      workerData: { bell },
      ...(execArgv === undefined ? {} : { execArgv }),
    });
    let failure = '';
    started.on('error', (error) => {
      failure = `: ${String(error)}`;
    });
    started.on('exit', () => {
      if (relay === started) relay = null;
      for (const link of [...links])
        if (link.relay === started) link.lost(`lost the thread that speaks with it${failure}`);
    });
    started.unref();
    relay = started;
    process.once('exit', killAll);
  }
  relay.postMessage(request, [request.port]);
}

function endRelay(): void {
  void relay?.terminate();
  relay = null;
  process.removeListener('exit', killAll);
}

/** A child that computes does not see that this process ends. */
function killAll(): void {
  for (const link of links) link.killNow();
}

export class ProcessCarrier implements Carrier<Buffer> {
  readonly kind = 'process';
  readonly #options: ProcessOptions;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  pack(message: ToWorker): Buffer {
    return toFrame(message);
  }

  clone(value: unknown): unknown {
    return toFrame(value);
  }

  start(sink: LinkSink): Link<Buffer> {
    return new ProcessLink(sink, this.#options);
  }
}

class ProcessLink implements Link<Buffer> {
  readonly relay: Worker;
  readonly #sink: LinkSink;
  readonly #port: MessagePort;
  #pid: number | null = null;
  #gone = false;

  constructor(sink: LinkSink, { execArgv, env }: ProcessOptions) {
    this.#sink = sink;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const own = { ...(env ?? process.env) };
    for (const name of OWN_VARIABLES) delete own[name];
    startChild({
      port: port2,
      file: process.execPath,
      args: [...(execArgv ?? processFlags()), fileURLToPath(PROCESS_PROGRAM)],
      env: own,
    });
    this.relay = relay as Worker;
    links.add(this);
    port1.on('message', this.#heard);
  }

  get name(): string {
    return this.#pid === null ? 'worker process' : `worker process ${this.#pid}`;
  }

  readonly #heard = (message: FromChild): void => {
    if (this.#gone) return;
    if (message instanceof Uint8Array) this.#sink.linkMessage(fromPayload(message) as FromWorker);
    else if ('pid' in message) this.#pid = message.pid;
    else this.lost(message.gone);
  };

  send(frame: Buffer): void {
    // The memory is the frame's own: it moves.
    this.#port.postMessage(frame, [frame.buffer as ArrayBuffer]);
  }

  abort(job: number): void {
    this.#tell({ abort: job });
  }

  close(): void {
    this.#tell('close');
  }

  kill(gently: boolean): void {
    this.#tell({ signal: gently ? 'SIGTERM' : 'SIGKILL' });
  }

  /** On the way out of this process. */
  killNow(): void {
    try {
      if (this.#pid !== null) process.kill(this.#pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }

  drain(): boolean {
    let any = false;
    for (;;) {
      const found = receiveMessageOnPort(this.#port) as { readonly message: FromChild } | undefined;
      if (found === undefined) return any;
      any = true;
      this.#heard(found.message);
    }
  }

  isAlive(): boolean {
    this.drain();
    return !this.#gone;
  }

  ref(): void {
    this.#port.ref();
  }

  unref(): void {
    this.#port.unref();
  }

  rest(): void {}

  /** The process has ended, or cannot be reached any more. */
  lost(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    links.delete(this);
    this.#port.close();
    if (links.size === 0) endRelay();
    this.#sink.linkGone(reason);
  }

  #tell(message: ToChild): void {
    this.#port.postMessage(message);
  }
}
