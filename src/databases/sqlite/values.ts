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
import type { Declared, Rows, Sent, SentTuple } from './messages.ts';

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

/** Rows with what their columns are declared as. They are ours alone: they are changed in place. */
export function fromRows({ columns, declared, rows }: Rows): Row[] {
  for (let at = 0; at < columns.length; at++) {
    const name = columns[at] as string;
    const convert = converterOf(declared[at] as Declared);
    if (convert === toBytes) bytesIn(rows, name);
    else for (const row of rows) row[name] = convert(row[name]);
  }
  return rows as Row[];
}

/** Any column can hold bytes, whatever it was declared as; few do. */
function bytesIn(rows: readonly Record<string, unknown>[], name: string): void {
  for (const row of rows) {
    const value = row[name];
    if (typeof value === 'object' && value !== null) row[name] = toBytes(value);
  }
}

export function fromTuple({ columns, declared, values }: SentTuple): Tuple | null {
  if (values === null) return null;
  return { columns, values: values.map((value, at) => converterOf(declared[at] as Declared)(value)) };
}
