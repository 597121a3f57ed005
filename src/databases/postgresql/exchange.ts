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

/** A query, and `limit` of its rows, or all where that is 0. */
export class Ask extends Exchange<Row[]> {
  readonly #text: string;
  readonly #values: readonly unknown[];
  readonly #limit: number;
  readonly #rows: Row[] = [];
  #broken: { readonly error: unknown } | null = null;

  constructor(text: string, values: readonly unknown[], limit: number, done: Done<Row[]>) {
    super(done);
    this.#text = text;
    this.#values = values;
    this.#limit = limit;
  }

  protected send(wire: Wire): void {
    wire.parse({ text: this.#text });
    wire.bind({ values: this.#values });
    wire.describe({ type: 'P' });
    wire.execute({ rows: this.#limit });
    wire.sync();
  }

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

/** A query and its first row, as a list. `limit` as in `Ask`. */
export class AskTuple extends Exchange<Tuple | null> {
  readonly #text: string;
  readonly #values: readonly unknown[];
  readonly #limit: number;
  #fields: readonly (string | null)[] | null = null;

  constructor(text: string, values: readonly unknown[], limit: number, done: Done<Tuple | null>) {
    super(done);
    this.#text = text;
    this.#values = values;
    this.#limit = limit;
  }

  protected send(wire: Wire): void {
    wire.parse({ text: this.#text });
    wire.bind({ values: this.#values });
    wire.describe({ type: 'P' });
    wire.execute({ rows: this.#limit });
    wire.sync();
  }

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
