/**
 * Values on their way into PostgreSQL and out of it, in its text format.
 *
 * Integers come out as numbers, and as bigints where a number would not be exact; `numeric` as text, for it has no limits; times as `Date`, of which those
 * without a zone are in UTC; `json` and arrays as what they hold; `bytea` as `Buffer`. What is not known here comes as PostgreSQL writes it.
 * Source: PostgreSQL docs, "Data Types", "Array Input and Output Syntax".
 */
import { describe } from '../../core/repr.ts';
import { DataError } from '../errors.ts';

/** A value as PostgreSQL reads it. */
export function toWire(value: unknown): string | Buffer | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'object':
      return value === null ? null : objectToWire(value);
    default:
      return String(value);
  }
}

function objectToWire(value: object): string | Buffer {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof Date) return dateToWire(value);
  if (Array.isArray(value)) return arrayToWire(value);
  const text = JSON.stringify(value);
  if (text === undefined) throw new DataError(`${describe(value)} cannot be sent: it has no JSON`);
  return text;
}

/** In UTC; PostgreSQL counts the years before our era from 1 BC. */
function dateToWire(date: Date): string {
  const year = date.getUTCFullYear();
  const rest = date
    .toISOString()
    .replace(/^[+-]?\d+/, '')
    .replace('Z', '+00');
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}${rest}${year > 0 ? '' : ' BC'}`;
}

function arrayToWire(list: readonly unknown[]): string {
  const items = list.map((item) => {
    if (item === null || item === undefined) return 'NULL';
    if (Array.isArray(item)) return arrayToWire(item);
    const text = toWire(item);
    const shown = Buffer.isBuffer(text) ? `\\x${text.toString('hex')}` : String(text);
    return `"${shown.replaceAll(/[\\"]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}

export type Read = (text: string) => unknown;

const asText: Read = (text) => text;
const toInteger: Read = (text) => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};
const toBoolean: Read = (text) => text === 't';
const toBytes: Read = (text) =>
  text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : Buffer.from(unescaped(text), 'latin1');

function unescaped(text: string): string {
  return text.replaceAll(/\\(\\|[0-7]{3})/g, (_, what: string) =>
    what === '\\' ? what : String.fromCharCode(Number.parseInt(what, 8)),
  );
}

const TIME = /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?(:\d\d)?(?::\d\d)?)?( BC)?$/;

const toDate: Read = (text) => {
  const [, year = '', month, day, time = '00:00:00', hours, minutes = ':00', before] = TIME.exec(text) ?? [];
  if (month === undefined) return text;
  const era = before === undefined ? Number(year) : 1 - Number(year);
  const shown =
    era >= 0 && era <= 9999
      ? String(era).padStart(4, '0')
      : `${era < 0 ? '-' : '+'}${String(Math.abs(era)).padStart(6, '0')}`;
  const date = new Date(`${shown}-${month}-${day}T${time}${hours === undefined ? 'Z' : hours + minutes}`);
  return Number.isNaN(date.getTime()) ? text : date;
};

/** By the number of the type. Source: `pg_type.dat`. */
const READERS: ReadonlyMap<number, Read> = new Map([
  [16, toBoolean],
  [17, toBytes],
  [20, toInteger],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, Number],
  [701, Number],
  [114, JSON.parse as Read],
  [3802, JSON.parse as Read],
  [1082, toDate],
  [1114, toDate],
  [1184, toDate],
  ...arrays(),
]);

/** The arrays of types that are known, with those of types that stay text. */
function* arrays(): Generator<[number, Read]> {
  yield [1000, arrayOf(toBoolean)];
  yield [1001, arrayOf(toBytes)];
  yield [1016, arrayOf(toInteger)];
  for (const type of [1005, 1007, 1021, 1022, 1028]) yield [type, arrayOf(Number)];
  for (const type of [1115, 1182, 1185]) yield [type, arrayOf(toDate)];
  for (const type of [199, 3807]) yield [type, arrayOf(JSON.parse as Read)];
  for (const type of [1002, 1003, 1009, 1014, 1015, 1183, 1187, 1231, 1270, 2951, 1041])
    yield [type, arrayOf(asText)];
}

/** How to read a column of the type with this number. */
export function readerOf(type: number): Read {
  return READERS.get(type) ?? asText;
}

function arrayOf(read: Read): Read {
  return (text) => new ArrayReader(text, read).read();
}

/** Reads `{1,NULL,"a b",{...}}`; bounds before it (`[0:1]=`) are left out. */
class ArrayReader {
  readonly #text: string;
  readonly #read: Read;
  #at: number;

  constructor(text: string, read: Read) {
    this.#text = text;
    this.#read = read;
    this.#at = text.indexOf('{');
  }

  read(): unknown[] {
    const items: unknown[] = [];
    this.#at++;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (char === '}') {
        this.#at++;
        break;
      }
      if (char === ',') this.#at++;
      else if (char === '{') items.push(this.read());
      else if (char === '"') items.push(this.#read(this.#quoted()));
      else items.push(this.#plain());
    }
    return items;
  }

  #quoted(): string {
    let text = '';
    for (this.#at++; this.#text[this.#at] !== '"' && this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === '\\') this.#at++;
      text += this.#text[this.#at];
    }
    this.#at++;
    return text;
  }

  #plain(): unknown {
    const start = this.#at;
    while (!',}'.includes(this.#text[this.#at] ?? '}')) this.#at++;
    const text = this.#text.slice(start, this.#at);
    return text === 'NULL' ? null : this.#read(text);
  }
}
