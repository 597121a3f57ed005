/**
 * Many values as few: columns of numbers and of texts travel between threads as one array and a few long texts, at a tenth of the cost.
 *
 * In a packed column of numbers NaN stands for NULL, which SQLite itself has in place of NaN. Texts are joined by some rows at a time, because what is cut
 * out of a long text keeps all of it in memory. Packing and unpacking are linear.
 */

/** A column as it travels: as it is, or packed. */
export type Packed = readonly unknown[] | Float64Array | PackedTexts;

export interface PackedTexts {
  readonly texts: readonly string[];
  /** How long each value is; `NULL` where it is none. */
  readonly lengths: Uint32Array;
}

const NULL = 0xffff_ffff;
/** Fewer than these are not worth it. */
const FEW = 8;
/** How many texts are joined. */
const JOINED = 256;

/** The columns of rows that are lists of `width` values, each as `convert` makes it. */
export function packColumns(
  rows: readonly (readonly unknown[])[],
  width: number,
  convert: (value: unknown) => unknown = same,
): Packed[] {
  return Array.from({ length: width }, (_, at) => {
    const column: unknown[] = new Array(rows.length);
    for (let row = 0; row < rows.length; row++) column[row] = convert((rows[row] as readonly unknown[])[at]);
    return rows.length < FEW ? column : pack(column);
  });
}

const same = (value: unknown): unknown => value;

function pack(column: readonly unknown[]): Packed {
  return packNumbers(column) ?? packTexts(column) ?? column;
}

function packNumbers(column: readonly unknown[]): Float64Array | null {
  const numbers = new Float64Array(column.length);
  for (let at = 0; at < column.length; at++) {
    const value = column[at];
    if (typeof value === 'number') numbers[at] = value;
    else if (value === null) numbers[at] = Number.NaN;
    else return null;
  }
  return numbers;
}

function packTexts(column: readonly unknown[]): PackedTexts | null {
  const lengths = new Uint32Array(column.length);
  const texts: string[] = [];
  let joined: string[] = [];
  for (let at = 0; at < column.length; at++) {
    const value = column[at];
    if (typeof value === 'string') {
      lengths[at] = value.length;
      joined.push(value);
    } else if (value === null) {
      lengths[at] = NULL;
      joined.push('');
    } else return null;
    if (joined.length === JOINED) {
      texts.push(joined.join(''));
      joined = [];
    }
  }
  if (joined.length > 0) texts.push(joined.join(''));
  return { texts, lengths };
}

/** The values of a column. The list is the caller's. */
export function unpack(packed: Packed): unknown[] {
  if (packed instanceof Float64Array)
    return Array.from(packed, (value) => (Number.isNaN(value) ? null : value));
  return 'lengths' in packed ? unpackTexts(packed) : (packed as unknown[]);
}

function unpackTexts({ texts, lengths }: PackedTexts): unknown[] {
  const values: unknown[] = new Array(lengths.length);
  let start = 0;
  for (let at = 0; at < lengths.length; at++) {
    if (at % JOINED === 0) start = 0;
    const length = lengths[at] as number;
    if (length === NULL) {
      values[at] = null;
      continue;
    }
    values[at] = (texts[(at / JOINED) | 0] as string).slice(start, start + length);
    start += length;
  }
  return values;
}
