/**
 * How values, callbacks, futures and tasks are written in messages: short, on one line, after the manner of Python's `repr`.
 */

/** The longest text of one value. */
const LONGEST = 80;

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** A value in a few words. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return cut(JSON.stringify(value));
    case 'bigint':
      return `${value}n`;
    case 'function':
      return `<function ${value.name || 'anonymous'}>`;
    case 'object':
      return describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (value instanceof Promise) return '<Promise>';
  if (value instanceof Error)
    return cut(`${value.name}(${value.message === '' ? '' : JSON.stringify(value.message)})`);
  if (Array.isArray(value)) return `<array of ${value.length}>`;
  const own: unknown = Reflect.get(value, 'toString');
  if (typeof own === 'function' && own !== Object.prototype.toString) {
    try {
      return cut(String(value));
    } catch {
      // A broken toString must not hide what is being reported.
    }
  }
  const name = value.constructor?.name;
  return typeof (value as { next?: unknown }).next === 'function' &&
    (name === undefined || name === '' || name === 'GeneratorFunction')
    ? '<generator>'
    : `<${name === undefined || name === '' ? 'object' : name}>`;
}

/** A callback with its arguments, as a call. */
export function describeCallback(
  callback: (...args: never[]) => unknown,
  args: readonly unknown[] = [],
): string {
  return `${callback.name || '<anonymous>'}(${args.map(describe).join(', ')})`;
}
