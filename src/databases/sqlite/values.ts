/**
 * Values on their way into SQLite and out of it.
 *
 * SQLite keeps numbers, texts and bytes. What else goes in is written as one of these: a `Date` as the text that SQLite's own functions understand, in UTC;
 * a boolean as 0 or 1; an object or list as JSON. It comes out as what the column was declared to be.
 * Source: SQLite docs, "Datatypes In SQLite", "Date And Time Functions"; Python docs, "sqlite3", "Default adapters and converters".
 */
import { describe } from '../../core/repr.ts';
import { DataError } from '../errors.ts';
import type { Row, Tuple } from '../session.ts';
import type { Declared, Description, Sent } from './messages.ts';
import { type Packed, unpack } from './packing.ts';

/** A value as SQLite keeps it. @throws {DataError} where it cannot be kept. */
export function toSent(value: unknown): Sent {
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) throw new DataError('SQLite has no NaN: it would be kept as NULL');
      return value;
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value)
        throw new DataError(`${describe(value)} is out of range: SQLite keeps integers of 64 bits`);
      return value;
    case 'string':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    default:
      return value === null ? null : objectToSent(value as object);
  }
}

function objectToSent(value: object): Sent {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  const text = JSON.stringify(value);
  if (text === undefined) throw new DataError(`${describe(value)} cannot be kept: it has no JSON`);
  return text;
}

type Convert = (value: unknown) => unknown;

/** How to read a column that was declared so. */
function converterOf(declared: Declared): Convert {
  if (declared === null) return toBytes;
  if (/^(?:DATE|TIMESTAMP)/.test(declared)) return toDate;
  if (declared.startsWith('BOOL')) return toBoolean;
  return declared.startsWith('JSON') ? toJson : toBytes;
}

const toBytes: Convert = (value) =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;

const toBoolean: Convert = (value) => (value === 0 ? false : value === 1 ? true : toBytes(value));

const toJson: Convert = (value) => {
  if (typeof value !== 'string') return toBytes(value);
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/;

const toDate: Convert = (value) => {
  const [, day, time = '00:00', zone = 'Z'] = typeof value === 'string' ? (TIME.exec(value) ?? []) : [];
  if (day === undefined) return toBytes(value);
  const date = new Date(`${day}T${time}${zone}`);
  return Number.isNaN(date.getTime()) ? value : date;
};

/** What a session keeps of a description: how to read each column, and the rows of it. */
export class RowReader {
  readonly number: number;
  readonly columns: readonly string[];
  readonly #converters: readonly Convert[];
  /** Has one of the columns a name that an object cannot simply be given? */
  readonly #odd: boolean;

  constructor({ number, columns, declared }: Description) {
    this.number = number;
    this.columns = columns;
    this.#converters = declared.map(converterOf);
    this.#odd = columns.includes('__proto__');
  }

  rows(count: number, packed: readonly Packed[]): Row[] {
    const { columns } = this;
    const values = packed.map((column, at) => this.#column(column, at));
    const rows: Row[] = new Array(count);
    for (let at = 0; at < count; at++) {
      const row: Row = {};
      for (let column = 0; column < columns.length; column++) {
        const name = columns[column] as string;
        const value = values[column]?.[at];
        if (this.#odd)
          Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
        else row[name] = value;
      }
      rows[at] = row;
    }
    return rows;
  }

  /** One row of a list. */
  row(list: readonly unknown[] | null): Row | null {
    if (list === null) return null;
    if (this.#odd)
      return this.rows(
        1,
        list.map((value) => [value]),
      )[0] as Row;
    const row: Row = {};
    for (let at = 0; at < list.length; at++)
      row[this.columns[at] as string] = (this.#converters[at] as Convert)(list[at]);
    return row;
  }

  tuple(list: readonly unknown[] | null): Tuple | null {
    if (list === null) return null;
    return {
      columns: this.columns,
      values: list.map((value, at) => (this.#converters[at] as Convert)(value)),
    };
  }

  #column(packed: Packed, at: number): readonly unknown[] {
    const values = unpack(packed);
    const convert = this.#converters[at] as Convert;
    // What is packed as numbers holds no bytes and no texts, what is packed as texts no bytes.
    const isPlain = Array.isArray(packed);
    if (!isPlain && convert === toBytes) return values;
    for (let row = 0; row < values.length; row++) values[row] = convert(values[row]);
    return values;
  }
}
