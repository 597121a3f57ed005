/**
 * The door to native functions: the optional package `koffi`, loaded when someone first asks for it, and never at import.
 *
 * Functions are declared with integers alone, pointers among them, wherever the memory is ours: koffi then skips everything that it does for
 * pointers (no look at what was passed, nothing to write back), and a call costs 40 ns beside the work itself. Where the memory is the caller's, the array is
 * passed as it is, so that it cannot be collected or moved while the function runs.
 * Source: koffi docs, "Loading libraries", "Pointers"; its `CanUseFastCall`.
 */
import { createRequire } from 'node:module';

/** A C type, as koffi writes it: an integer, an address as a number, or memory of JavaScript. */
export type CType = 'int' | 'uint32_t' | 'size_t' | 'intptr_t' | 'void *' | 'void';

/** A library whose functions can be called. */
export interface NativeLibrary {
  func(name: string, result: CType, parameters: readonly CType[]): unknown;
  symbol(name: string): unknown;
}

/** What is used of koffi. */
export interface Koffi {
  load(path: null): NativeLibrary;
  address(value: unknown): bigint;
  view(pointer: unknown, length: number): ArrayBuffer;
}

let loaded: Koffi | { readonly error: unknown } | undefined;

/**
 * Load koffi.
 * @throws what came of it where it is not installed, or has nothing for this platform.
 */
export function loadKoffi(): Koffi {
  loaded ??= load();
  if ('error' in loaded) throw loaded.error;
  return loaded;
}

function load(): Koffi | { readonly error: unknown } {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return { error };
  }
}
