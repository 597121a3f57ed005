/**
 * Values on their way into MySQL and out of it. They travel beside the statement, in the binary protocol, never as a part of it.
 *
 * Integers come out as numbers, and as bigints where a number would not be exact; `DECIMAL` as text; times as `Date`, in UTC, which the session is told to
 * use; `JSON` as what it holds; bytes as `Buffer`. Source: MySQL docs, "Data Types", "Prepared Statements"; mysql2 docs, "Data Types".
 */
import { describe } from '../../core/repr.ts';
import { DataError } from '../errors.ts';
import type { Row } from '../session.ts';
import type { Column, Driver } from './driver.ts';

const LONGLONG = 8;
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 64n - 1n;

/** Makes values as the driver sends them: of integers, with `Typed`, which older versions of the driver do not have. */
export function toWireWith(Typed: Driver['TypedParameter']): (value: unknown) => unknown {
  const integer = (value: bigint): unknown => {
    if (value > LARGEST || value < SMALLEST)
      throw new DataError(`${describe(value)} is out of range: MySQL keeps integers of 64 bits`);
    // Without its type it would be a text, and a number a floating one, which LIMIT and the like do not take.
    return Typed === undefined ? value : Typed.LONGLONG(value, value >= 2n ** 63n);
  };
  return (value) => {
    switch (typeof value) {
      case 'number':
        if (!Number.isFinite(value)) throw new DataError(`MySQL has no ${value}`);
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(BigInt(value)) : value;
      case 'bigint':
        return integer(value);
      case 'object':
        return value === null ? null : objectToWire(value);
      default:
        return value;
    }
  };
}

function objectToWire(value: object): unknown {
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  const text = JSON.stringify(value);
  if (text === undefined) throw new DataError(`${describe(value)} cannot be sent: it has no JSON`);
  return text;
}

/** The columns whose integers may be too large for a number: the driver gives such ones as text. */
export function wideColumns(columns: readonly Column[] | undefined): readonly string[] {
  return (columns ?? []).filter(({ columnType }) => columnType === LONGLONG).map(({ name }) => name);
}

/** The integers of a row as what they are. It is ours alone: it is changed in place. */
export function widen(row: Row, wide: readonly string[]): Row {
  for (const name of wide) {
    const value = row[name];
    if (typeof value === 'string') row[name] = BigInt(value);
  }
  return row;
}

/** An id or count as the driver gives it. */
export function toInteger(value: number | string): number | bigint {
  if (typeof value === 'number') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
