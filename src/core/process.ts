/**
 * What a reactor offers for child processes, pipes and signals: the thin part, without any policy.
 *
 * The rules are those of `channel.ts`: nothing is called on the stack of whoever asked for it, nothing is called after `close()` or `cancel()`, and
 * errors are handed on as the host gave them. Signals are numbers here; the room above knows their names.
 */
import type { Channel, Done, Operation } from './channel.ts';

/** What one of a child's descriptors is: a new pipe, nothing (`/dev/null`), the same as its output, or a descriptor of this process. */
export type ChildDescriptor = 'pipe' | 'null' | 'stdout' | number;

/** What is to be run. */
export interface SpawnRequest {
  /** The program; without a slash it is looked for in the `PATH` of `env`. */
  readonly file: string;
  /** What the program is told that it is called. */
  readonly argv0: string;
  readonly args: readonly string[];
  /** The directory to run in; `undefined`: that of this process. */
  readonly cwd: string | undefined;
  /** The environment; `undefined`: that of this process. */
  readonly env: Readonly<Record<string, string>> | undefined;
  /** Its input, output and error output; only the last one can be `'stdout'`. */
  readonly stdio: readonly [ChildDescriptor, ChildDescriptor, ChildDescriptor];
  /** Descriptors of this process that the child has too, under the same numbers. */
  readonly passFds: readonly number[];
  /** Does it lead a session of its own? */
  readonly newSession: boolean;
  readonly user: number | undefined;
  readonly group: number | undefined;
}

/** Who is told what becomes of a child. */
export interface ChildSink {
  /** It has ended: with a status, or by a signal, which is a negative number then. Called once. */
  childExited(returncode: number): void;
  /** The loop was closed while the child was there. Nothing more will be told. */
  childAbandoned(): void;
}

/** A child process. Its pipes are paused. */
export interface Child {
  readonly pid: number;
  /** What the host knows the process as. */
  readonly host: object;
  /** The other ends of those of its three descriptors that are pipes. */
  readonly pipes: readonly [Channel | null, Channel | null, Channel | null];
  /** Name who is told what happens. */
  attach(sink: ChildSink): void;
  /** Send a signal to it; it has not ended, as far as is known. */
  kill(signal: number): void;
  /** Give up a child that nobody attached to: kill it, and close its pipes. */
  discard(): void;
}

/** What a reactor can do with processes. */
export interface Processes {
  /** Start a program. */
  spawn(request: SpawnRequest, done: Done<Child>): Operation;
  /**
   * The reading end of a pipe, by its descriptor or the host's object for it, which the channel owns from now on.
   * @throws {ValueError} where it is nothing that can be waited for.
   */
  openReadPipe(pipe: number | object): Channel;
  /** The writing end. */
  openWritePipe(pipe: number | object): Channel;
  /**
   * Call `listener` whenever the signal comes, in place of what it does to a process otherwise. @returns a function that ends that.
   * @throws what the host throws where the signal cannot be caught.
   */
  watchSignal(signal: number, listener: () => void): () => void;
}
