/**
 * Child processes, pipes and signals as Node gives them.
 *
 * Node reaps its children by itself, so none is ever left as a zombie; it knows every child that runs, so that closing the loop leaves none behind.
 * Source: Node docs, "Child process", "Process", "Signal events".
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel, Done, Operation } from '../../core/channel.ts';
import type { Child, ChildDescriptor, ChildSink, Processes, SpawnRequest } from '../../core/process.ts';
import type { ChannelOwner } from './channel.ts';
import { openReadEnd, openWriteEnd, takeOver } from './pipe.ts';

export class LibuvProcesses implements Processes {
  readonly #owner: ChannelOwner;
  readonly #children = new Set<LibuvChild>();
  readonly #watches = new Set<() => void>();

  constructor(owner: ChannelOwner) {
    this.#owner = owner;
  }

  /** Could a signal still wake the loop? Node does not stay alive for that. */
  get watchesSignals(): boolean {
    return this.#watches.size > 0;
  }

  spawn(request: SpawnRequest, done: Done<Child>): Operation {
    return new Spawning(request, done, this.#owner, this.#children);
  }

  openReadPipe(pipe: number | object): Channel {
    return openReadEnd(pipe, this.#owner);
  }

  openWritePipe(pipe: number | object): Channel {
    return openWriteEnd(pipe, this.#owner);
  }

  watchSignal(signal: number, listener: () => void): () => void {
    const name = nameOf(signal);
    if (name === undefined) throw new Error(`signal ${signal} is not known to the host`);
    process.on(name, listener);
    const end = () => {
      if (this.#watches.delete(end)) process.removeListener(name, listener);
    };
    this.#watches.add(end);
    return end;
  }

  /** The loop has been closed. */
  close(): void {
    for (const end of [...this.#watches]) end();
    for (const child of [...this.#children]) child.abandon();
  }
}

function nameOf(signal: number): NodeJS.Signals | undefined {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  return entry?.[0] as NodeJS.Signals | undefined;
}

/** The start of a program. */
class Spawning implements Operation {
  readonly #request: SpawnRequest;
  readonly #owner: ChannelOwner;
  readonly #children: Set<LibuvChild>;
  #done: Done<Child> | null;

  constructor(request: SpawnRequest, done: Done<Child>, owner: ChannelOwner, children: Set<LibuvChild>) {
    this.#request = request;
    this.#done = done;
    this.#owner = owner;
    this.#children = children;
    const [, stdout, stderr] = request.stdio;
    if (stdout === 'pipe' && stderr === 'stdout') {
      connectedPair((error, near, far) => {
        if (near === null || far === null) this.#failed(error);
        else this.#spawn(near, far);
      });
    } else this.#spawn(null, null);
  }

  cancel(): void {
    this.#done = null;
  }

  /** @param near what is read, and `far` what the child writes to, where its output and its error output are one pipe. */
  #spawn(near: Socket | null, far: Socket | null): void {
    if (this.#done === null) {
      near?.destroy();
      far?.destroy();
      return;
    }
    let host: ChildProcess;
    try {
      host = start(this.#request, far);
    } catch (error) {
      near?.destroy();
      process.nextTick(() => this.#failed(error));
      return;
    } finally {
      far?.destroy();
    }
    host.on('error', (error) => this.#failed(error));
    if (host.pid === undefined) {
      for (const stream of host.stdio ?? []) stream?.destroy();
      near?.destroy();
      return;
    }
    const child = new LibuvChild(host, near, this.#owner, this.#children);
    process.nextTick(() => {
      const done = this.#done;
      this.#done = null;
      if (done === null) child.discard();
      else done({ value: child });
    });
  }

  #failed(error: unknown): void {
    const done = this.#done;
    this.#done = null;
    done?.({ error });
  }
}

function start(request: SpawnRequest, merged: Socket | null): ChildProcess {
  const { file, args, argv0, cwd, env, newSession, user, group, passFds } = request;
  const stdio: Exclude<StdioOptions, string> =
    merged === null
      ? request.stdio.map((descriptor) =>
          descriptor === 'stdout' ? asGiven(request.stdio[1]) : asGiven(descriptor),
        )
      : [asGiven(request.stdio[0]), merged, merged];
  for (const fd of passFds) {
    if (fd < 3) continue;
    while (stdio.length <= fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  return spawn(file, args, {
    argv0,
    stdio,
    detached: newSession,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(user === undefined ? {} : { uid: user }),
    ...(group === undefined ? {} : { gid: group }),
  });
}

function asGiven(descriptor: ChildDescriptor): 'pipe' | 'ignore' | number {
  return descriptor === 'null' ? 'ignore' : (descriptor as 'pipe' | number);
}

/**
 * Two sockets that are connected to each other. Node has no `socketpair`, and gives a child's pipe to one of its descriptors only. The way there is
 * a directory that nobody else can enter.
 */
function connectedPair(done: (error: unknown, near: Socket | null, far: Socket | null) => void): void {
  const server = createServer({ pauseOnConnect: true });
  let directory: string | null = null;
  let near: Socket | null = null;
  let far: Socket | null = null;
  let connected = false;
  const finish = (error: unknown) => {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
    directory = null;
    server.close();
    if (error === null) {
      done(null, near, far);
      return;
    }
    near?.destroy();
    far?.destroy();
    done(error, null, null);
  };
  const ready = () => {
    if (near !== null && connected) finish(null);
  };
  server.once('error', finish);
  server.once('connection', (socket) => {
    near = socket;
    ready();
  });
  try {
    directory = mkdtempSync(join(tmpdir(), 'asyncio-'));
  } catch (error) {
    process.nextTick(done, error, null, null);
    return;
  }
  const path = join(directory, 'pipe');
  server.listen(path, () => {
    far = connect({ path }, () => {
      connected = true;
      ready();
    });
    far.once('error', finish);
  });
}

class LibuvChild implements Child {
  readonly pid: number;
  readonly host: ChildProcess;
  readonly pipes: readonly [Channel | null, Channel | null, Channel | null];
  readonly #children: Set<LibuvChild>;
  #sink: ChildSink | null = null;
  #returncode: number | null = null;
  #discarded = false;

  constructor(host: ChildProcess, merged: Socket | null, owner: ChannelOwner, children: Set<LibuvChild>) {
    this.pid = host.pid as number;
    this.host = host;
    const [stdin, stdout, stderr] = [host.stdin, merged ?? host.stdout, host.stderr].map((stream) =>
      stream === null ? null : takeOver(stream as Socket, owner),
    );
    this.pipes = [stdin ?? null, stdout ?? null, stderr ?? null];
    this.#children = children;
    children.add(this);
    host.once('exit', this.#exited);
  }

  attach(sink: ChildSink): void {
    this.#sink = sink;
    // It may have ended meanwhile.
    if (this.#returncode !== null) setImmediate(this.#tell);
  }

  kill(signal: number): void {
    // The number of one that has ended may be another's by now.
    if (this.#returncode === null) process.kill(this.pid, signal);
  }

  discard(): void {
    this.#discarded = true;
    for (const pipe of this.pipes) pipe?.close();
    this.#end();
  }

  /** The loop was closed. */
  abandon(): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#children.delete(this);
    if (sink === null) this.discard();
    else sink.childAbandoned();
    // It has been told to end. It is reaped, but not waited for.
    if (this.#returncode === null) this.host.unref();
  }

  #end(): void {
    try {
      this.kill(constants.signals.SIGKILL);
    } catch {
      // It cannot be killed, or is gone: nothing more can be done.
    }
  }

  readonly #exited = (status: number | null, signal: NodeJS.Signals | null): void => {
    this.#returncode = signal === null ? (status ?? 0) : -constants.signals[signal];
    // What its pipes brought before is told first.
    if (this.#sink !== null || this.#discarded) setImmediate(this.#tell);
  };

  readonly #tell = (): void => {
    this.#children.delete(this);
    this.#sink?.childExited(this.#returncode as number);
  };
}
