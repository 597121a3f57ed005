/**
 * Telling a trailing options object from one more argument: it is a plain object, and has no other keys than the options.
 */

export function isOptions<K extends string>(
  value: unknown,
  keys: readonly K[],
): value is { readonly [P in K]?: never } {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  const own = Object.keys(value);
  return own.every((key) => (keys as readonly string[]).includes(key));
}
