/**
 * What `toWeb` and `toNode` have in common: coroutines of a reader or a writer, run for somebody outside of the loop.
 *
 * Who reads or writes such a stream need not be a task; each step is a task of its own, and is cancelled when nobody wants it any more.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { ConnectionAbortedError } from '../core/errors.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { Task } from '../core/task.ts';
import type { StreamReader } from './stream-reader.ts';
import type { StreamWriter } from './stream-writer.ts';

/** How much is read at once. */
export const PIECE: number = 64 * 1024;

/** The steps of one direction: one at a time. */
class Steps {
  readonly #loop: Scheduler;
  #task: Task<unknown> | null = null;

  constructor(loop: Scheduler) {
    this.#loop = loop;
  }

  /** Run `step` as a task. Where that is cancelled the promise is rejected; nobody looks at it any more, but a stream may wait for its being settled. */
  run<T>(step: Coroutine<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const task = this.#loop.createTask(step);
      this.#task = task;
      task.addDoneCallback(() => {
        if (this.#task === task) this.#task = null;
        const error = task.cancelled()
          ? new ConnectionAbortedError('the stream was cancelled')
          : task.exception();
        if (error === null) resolve(task.result());
        else reject(error);
      });
    });
  }

  cancel(): void {
    this.#task?.cancel();
    this.#task = null;
  }
}

/** A reader, read from outside of the loop. */
export class ReaderOutlet {
  readonly #reader: StreamReader;
  readonly #steps: Steps;
  readonly #onEnd: (() => void) | undefined;
  #over = false;

  /** @param onEnd called when everything has been read. */
  constructor(reader: StreamReader, onEnd?: () => void) {
    this.#reader = reader;
    this.#steps = new Steps(reader._loop);
    this.#onEnd = onEnd;
  }

  /** @returns at most `count` bytes; none at the end. */
  async read(count: number): Promise<Uint8Array> {
    const data = await this.#steps.run(readSome(this.#reader, count));
    if (data.length === 0 && !this.#over) {
      this.#over = true;
      this.#onEnd?.();
    }
    return data;
  }

  /** Nobody will read any more: the connection is closed, unless all was read. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#steps.cancel();
    this.#reader._abandon();
  }
}

/** A writer, written to from outside of the loop. */
export class WriterOutlet {
  readonly #writer: StreamWriter;
  readonly #steps: Steps;
  readonly #onEnd: (() => void) | undefined;
  #over = false;

  /**
   * @param lost called with the error where the connection is lost before the writing has ended.
   * @param onEnd called when everything has been written.
   */
  constructor(writer: StreamWriter, lost: (error: Error) => void, onEnd?: () => void) {
    this.#writer = writer;
    this.#steps = new Steps(writer._loop);
    this.#onEnd = onEnd;
    writer._whenLost((error) => {
      if (!this.#over) lost(error);
    });
  }

  /** Write, and wait until it is sensible to write more. */
  write(data: Uint8Array): Promise<void> {
    const writer = this.#writer;
    return this.#steps.run(writeSome(writer, data));
  }

  /** End the writing: half of the connection where that can be, and wait until all has gone. */
  async end(): Promise<void> {
    await this.#steps.run(flushAndEnd(this.#writer));
    this.#over = true;
    this.#onEnd?.();
  }

  /** Nobody will write any more, and what waits need not be sent. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#steps.cancel();
    this.#writer.transport.abort();
  }
}

function* readSome(reader: StreamReader, count: number): Coroutine<Uint8Array> {
  return yield* reader.read(count);
}

function* writeSome(writer: StreamWriter, data: Uint8Array): Coroutine<void> {
  writer.write(data);
  yield* writer.drain();
}

function* flushAndEnd(writer: StreamWriter): Coroutine<void> {
  // From now on draining waits until nothing is left.
  writer.transport.setWriteBufferLimits({ high: 0 });
  yield* writer.drain();
  if (writer.canWriteEof()) writer.writeEof();
  else {
    writer.close();
    yield* writer.waitClosed();
  }
}

/** Close `writer` when both directions have ended. @returns what to call at the end of each. */
export function closeAfterBoth(writer: StreamWriter): () => void {
  let left = 2;
  return () => {
    left--;
    if (left === 0) writer.close();
  };
}
