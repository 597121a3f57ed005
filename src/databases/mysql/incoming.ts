/**
 * `Incoming`: the rows of a query as the server sends them, held back while nobody asks for them.
 *
 * MySQL sends all rows of a query one after the other, and listens to nothing else until it has. What holds them back is the connection: it is not read while
 * enough of them wait.
 */
import type { Done } from '../../core/channel.ts';
import type { Row } from '../session.ts';
import type { Client, Options } from './driver.ts';
import { toDatabaseError } from './errors.ts';
import { wideColumns, widen } from './values.ts';

/** How many rows wait before the connection is paused. */
const HIGH = 256;

export class Incoming {
  readonly #client: Client;
  #rows: Row[] = [];
  #wide: readonly string[] = [];
  #taker: Done<readonly Row[]> | null = null;
  /** What the query ended with. */
  error: Error | null = null;
  #ended = false;
  #paused = false;
  /** Does nobody want the rows any more? */
  dropped = false;
  #whenEnded: (() => void) | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Has the server sent everything? */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ask. `over` is called when the server has answered to the end. */
  begin(options: Options, over: () => void): void {
    const command = this.#client.execute(options);
    const finish = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      over();
      this.#give();
      const callback = this.#whenEnded;
      this.#whenEnded = null;
      callback?.();
    };
    command.on('fields', (columns) => {
      this.#wide = wideColumns(columns);
    });
    command.on('result', (row: Row) => this.#take(row));
    command.on('error', (error) => {
      this.error ??= error;
      finish();
    });
    command.on('end', finish);
  }

  #take(row: Row): void {
    // A statement that gives no rows is answered with a header.
    if (this.dropped || row.constructor?.name === 'ResultSetHeader') return;
    this.#rows.push(widen(row, this.#wide));
    if (this.#rows.length >= HIGH && !this.#paused) {
      this.#paused = true;
      this.#client.pause();
    }
    if (this.#taker !== null) this.#give();
  }

  /** Hand out what is there, at the latest when some is. */
  take(done: Done<readonly Row[]>): void {
    this.#taker = done;
    if (this.#rows.length > 0 || this.#ended) this.#give();
  }

  #give(): void {
    const taker = this.#taker;
    if (taker === null) return;
    this.#taker = null;
    if (this.#rows.length === 0 && this.error !== null) {
      taker({ error: toDatabaseError(this.error) });
      return;
    }
    const rows = this.#rows;
    this.#rows = [];
    taker({ value: rows });
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#client.resume();
  }

  /** Let pass what still comes. */
  abandon(): void {
    this.dropped = true;
    this.#rows = [];
    this.#resume();
  }

  /** Have it stopped by `stop`, and call `done` when that and the answer are over. */
  drop(done: () => void, stop: (done: () => void) => void): void {
    let open = 2;
    const over = (): void => {
      open--;
      if (open === 0) done();
    };
    this.#whenEnded = over;
    stop(over);
  }
}
