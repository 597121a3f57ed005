/**
 * What executors and workers of a queue are told, checked: who gets it wrong learns at once what was given and what is expected.
 */
import { ValueError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';

/** @throws {TypeError} where `options` is no object or has a key that is not in `known`. */
export function checkKeys(options: unknown, known: readonly string[], who: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      `${who} needs options, an object with some of ${known.join(', ')}; not ${describe(options)}`,
    );
  for (const key of Object.keys(options))
    if (!known.includes(key)) throw new TypeError(`${who} has no option ${key}; it has ${known.join(', ')}`);
}

/** BullMQ keeps the parts of its names apart by colons. */
export function checkQueue(queue: unknown): void {
  if (typeof queue !== 'string' || queue === '' || queue.includes(':'))
    throw new ValueError(`queue must be a name without ':', not ${describe(queue)}`);
}

export function checkPrefix(prefix: unknown): void {
  if (prefix !== undefined && (typeof prefix !== 'string' || prefix === ''))
    throw new ValueError(`prefix must be a name, not ${describe(prefix)}`);
}

/**
 * @param travels it is given to a thread.
 * @throws {TypeError} where `connection` is neither text nor plain options; {ValueError} where it is the address of something else than a Redis.
 */
export function checkConnection(connection: unknown, travels: boolean): void {
  if (connection === undefined) return;
  if (typeof connection === 'string') {
    const scheme = /^([^:/]*):\/\//.exec(connection)?.[1]?.toLowerCase();
    if (connection === '' || (scheme !== undefined && scheme !== 'redis' && scheme !== 'rediss'))
      throw new ValueError(
        `connection must be a URL such as redis://127.0.0.1:6379 (rediss: with TLS), not ${describe(connection)}`,
      );
    return;
  }
  const plain =
    typeof connection === 'object' &&
    connection !== null &&
    Object.getPrototypeOf(connection) === Object.prototype;
  if (!plain)
    throw new TypeError(
      `connection must be a URL or plain options such as { host, port }, not ${describe(connection)}: connections are made from it`,
    );
  if (!travels) return;
  for (const [key, value] of Object.entries(connection)) {
    try {
      structuredClone(value);
    } catch (cause) {
      throw new TypeError(
        `connection.${key} must be data, which can be given to a thread, not ${describe(value)}`,
        { cause },
      );
    }
  }
}

/** @throws {ValueError} where it is given and is no whole number from 1 to `most`. */
export function checkCount(value: unknown, name: string, most: number = Infinity): void {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most))
    return;
  const range = most === Infinity ? ', 1 or more,' : ` from 1 to ${most},`;
  throw new ValueError(`${name} must be a whole number${range} not ${describe(value)}`);
}

/** @throws {ValueError} where it is given and is no number of seconds; or infinite, where it must not be. */
export function checkSeconds(value: unknown, name: string, mayBeInfinite: boolean): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= 0 && (mayBeInfinite || value !== Infinity)) return;
  const finite = mayBeInfinite ? '' : ' and finite';
  throw new ValueError(`${name} must be a number of seconds, 0 or more${finite}, not ${describe(value)}`);
}
