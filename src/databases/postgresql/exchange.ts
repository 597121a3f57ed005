/**
 * `Exchange`: one question to PostgreSQL and its answer, up to the moment at which the server is ready for the next.
 *
 * Each is a whole of the extended protocol, ended by its own Sync, so that nothing of it is left on the connection. What the server may send is counted out:
 * one row is asked for where one is wanted, and a stream is a portal of which a few rows are fetched at a time.
 * Source: PostgreSQL docs, "Message Flow", "Extended Query".
 */
import type { Done } from '../../core/channel.ts';
import type { Row, Tuple } from '../session.ts';
import type { Field, Submittable, Wire } from './driver.ts';
import { toDatabaseError } from './errors.ts';
import { type Read, readerOf } from './values.ts';

/** What rows are made of. */
export interface Shape {
  readonly columns: readonly string[];
  readonly readers: readonly Read[];
  /** Has one of the columns a name that an object cannot simply be given? */
  readonly odd: boolean;
}

/** A statement that the server keeps under a name, once it has read it, and what rows of it are made of, once that is known. */
export interface Prepared {
  readonly name: string;
  parsed: boolean;
  shape: Shape | null;
}

const NO_SHAPE: Shape = { columns: [], readers: [], odd: false };

export abstract class Exchange<T> implements Submittable {
  readonly #done: Done<T>;
  #error: Error | null = null;
  protected shape: Shape = NO_SHAPE;

  constructor(done: Done<T>) {
    this.#done = done;
  }

  /** Send the question. */
  protected abstract send(wire: Wire): void;
  /** What was answered. */
  protected abstract result(): T;
  abstract handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;

  submit(wire: Wire): Error | null {
    // In one piece.
    wire.stream.cork();
    try {
      this.send(wire);
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  /** The server is ready for the next: tell what came. */
  finish(): void {
    if (this.#error !== null) {
      this.#done({ error: toDatabaseError(this.#error) });
      return;
    }
    let value: T;
    try {
      value = this.result();
    } catch (error) {
      this.#done({ error });
      return;
    }
    this.#done({ value });
  }

  /** The server has read the statement. */
  handleParsed(): void {}

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.shape = {
      columns: fields.map(({ name }) => name),
      readers: fields.map(({ dataTypeID }) => readerOf(dataTypeID)),
      odd: fields.some(({ name }) => name === '__proto__'),
    };
  }

  handleCommandComplete(_message: { readonly text: string }): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleReadyForQuery(): void {}
  handleCopyData(): void {}

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('COPY FROM STDIN has nothing to read here: use executeMany()');
  }

  handleError(error: Error): void {
    this.#error ??= error;
  }
}

function rowOf({ columns, readers, odd }: Shape, fields: readonly (string | null)[]): Row {
  const row: Row = {};
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as string | null;
    const value = field === null ? null : (readers[at] as Read)(field);
    const name = columns[at] as string;
    if (odd)
      Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
    else row[name] = value;
  }
  return row;
}

/** A query with its values. `limit` is the most rows that are wanted, or 0 for all. */
abstract class Asking<T> extends Exchange<T> {
  readonly #text: string;
  readonly #values: readonly unknown[];
  readonly #limit: number;
  readonly #prepared: Prepared | null;

  constructor(
    text: string,
    values: readonly unknown[],
    limit: number,
    prepared: Prepared | null,
    done: Done<T>,
  ) {
    super(done);
    this.#text = text;
    this.#values = values;
    this.#limit = limit;
    this.#prepared = prepared;
  }

  protected send(wire: Wire): void {
    const prepared = this.#prepared;
    const statement = prepared?.name ?? '';
    if (prepared?.parsed !== true) wire.parse({ text: this.#text, name: statement });
    wire.bind({ statement, values: this.#values });
    const shape = prepared?.shape ?? null;
    if (shape === null) wire.describe({ type: 'P' });
    else this.shape = shape;
    wire.execute({ rows: this.#limit });
    wire.sync();
  }

  override handleParsed(): void {
    if (this.#prepared !== null) this.#prepared.parsed = true;
  }

  override handleRowDescription(message: { readonly fields: readonly Field[] }): void {
    super.handleRowDescription(message);
    if (this.#prepared !== null) this.#prepared.shape = this.shape;
  }
}

/** All rows, or as many as are wanted. */
export class Ask extends Asking<Row[]> {
  readonly #rows: Row[] = [];
  #broken: { readonly error: unknown } | null = null;

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    try {
      this.#rows.push(rowOf(this.shape, fields));
    } catch (error) {
      this.#broken ??= { error };
    }
  }

  protected result(): Row[] {
    if (this.#broken !== null) throw this.#broken.error;
    return this.#rows;
  }
}

/** The first row, as a list. */
export class AskTuple extends Asking<Tuple | null> {
  #fields: readonly (string | null)[] | null = null;

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#fields ??= fields;
  }

  protected result(): Tuple | null {
    const { columns, readers } = this.shape;
    const values = this.#fields?.map((field, at) => (field === null ? null : (readers[at] as Read)(field)));
    return values === undefined ? null : { columns, values };
  }
}

/** A statement, once for each list of values. It is one transaction by itself, where none is open. */
export class Repeat extends Exchange<void> {
  readonly #text: string;
  readonly #lists: readonly (readonly unknown[])[];

  constructor(text: string, lists: readonly (readonly unknown[])[], done: Done<void>) {
    super(done);
    this.#text = text;
    this.#lists = lists;
  }

  protected send(wire: Wire): void {
    wire.parse({ text: this.#text });
    for (const values of this.#lists) {
      wire.bind({ values });
      wire.execute({ rows: 0 });
    }
    wire.sync();
  }

  handleDataRow(): void {}

  protected result(): void {}
}

/** The rows of a portal: a part of them, and what rows are made of, for the next part. */
export interface Part {
  readonly shape: Shape;
  readonly rows: readonly Row[];
  /** Are there more? */
  readonly more: boolean;
}

/** Some rows of a portal, which lasts as long as the transaction. With a query it is opened. */
export class FetchPart extends Exchange<Part> {
  readonly #portal: string;
  readonly #count: number;
  readonly #query: { readonly text: string; readonly values: readonly unknown[] } | null;
  readonly #rows: Row[] = [];
  #more = false;

  constructor(
    portal: string,
    count: number,
    from: Shape | { readonly text: string; readonly values: readonly unknown[] },
    done: Done<Part>,
  ) {
    super(done);
    this.#portal = portal;
    this.#count = count;
    this.#query = 'text' in from ? from : null;
    if ('columns' in from) this.shape = from;
  }

  protected send(wire: Wire): void {
    const portal = this.#portal;
    if (this.#query !== null) {
      wire.parse({ text: this.#query.text });
      wire.bind({ portal, values: this.#query.values });
      wire.describe({ type: 'P', name: portal });
    }
    wire.execute({ portal, rows: this.#count });
    wire.sync();
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(rowOf(this.shape, fields));
  }

  override handlePortalSuspended(): void {
    this.#more = true;
  }

  protected result(): Part {
    return { shape: this.shape, rows: this.#rows, more: this.#more };
  }
}

/** The end of a portal. */
export class ClosePortal extends Exchange<void> {
  readonly #portal: string;

  constructor(portal: string, done: Done<void>) {
    super(done);
    this.#portal = portal;
  }

  protected send(wire: Wire): void {
    wire.close({ type: 'P', name: this.#portal });
    wire.sync();
  }

  handleDataRow(): void {}

  protected result(): void {}
}
