/** What counts as bytes: `Uint8Array`, and so `Buffer`. */
import { describe } from '../core/repr.ts';

/** @throws {TypeError} where `data` is not bytes, with what to do about it. */
export function checkBytes(data: unknown, method: string): asserts data is Uint8Array {
  if (data instanceof Uint8Array) return;
  throw new TypeError(`${method}() needs a Uint8Array (or Buffer), not ${describe(data)}${adviceFor(data)}`);
}

function adviceFor(data: unknown): string {
  if (typeof data === 'string') {
    return ': encode it, as in Buffer.from(text) or new TextEncoder().encode(text)';
  }
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) {
    return ': look at its bytes through a new Uint8Array(...)';
  }
  return '';
}

/** The same bytes as a `Buffer`, which can be searched. */
export function toBuffer(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
