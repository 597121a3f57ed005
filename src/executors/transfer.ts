/**
 * `transfer`: memory that moves to the other side instead of being copied.
 *
 * Whoever gives it away has it no more: an `ArrayBuffer` is detached. Between threads that takes no time, whatever the size; processes have no
 * memory in common, so there the bytes are copied and the original stays as it is. Source: HTML, "Transferable objects".
 */
import type { Transferable } from 'node:worker_threads';

/** A value that moves: see `transfer`. */
export class Transfer<T> {
  readonly value: T;
  readonly list: readonly Transferable[];

  constructor(value: T, list: readonly Transferable[]) {
    this.value = value;
    this.list = list;
  }
}

/**
 * Mark an argument, or the result of a job, to be moved.
 *
 * ```ts
 * const pool = new ThreadPoolExecutor();
 * pool.submit((numbers: Float64Array) => Math.max(...numbers), transfer(new Float64Array(1024)));
 * ```
 * @param list what moves; by default the value itself, or the buffer of a typed array.
 */
export function transfer<T>(value: T, list?: readonly Transferable[]): Transfer<T> {
  if (list !== undefined) return new Transfer(value, list);
  if (ArrayBuffer.isView(value)) {
    if (!(value.buffer instanceof ArrayBuffer))
      throw new TypeError('shared memory is not moved: it is there on both sides');
    return new Transfer(value, [value.buffer]);
  }
  return new Transfer(value, [value as Transferable]);
}

/** `values` without their marks, and what moves. */
export function unwrapAll(values: readonly unknown[]): {
  readonly values: readonly unknown[];
  readonly list: Transferable[];
} {
  if (!values.some((value) => value instanceof Transfer)) return { values, list: [] };
  const list = new Set<Transferable>();
  const bare = values.map((value) => {
    if (!(value instanceof Transfer)) return value;
    for (const one of value.list) list.add(one);
    return value.value;
  });
  return { values: bare, list: [...list] };
}
