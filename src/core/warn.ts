/** Warnings of the library: through Node's `process.emitWarning`, whose `'warning'` event can be listened to; else on the console. */

interface Warner {
  emitWarning?(message: string, name: string): void;
}

export function warn(
  message: string,
  name: 'RuntimeWarning' | 'ResourceWarning' | 'DeprecationWarning',
): void {
  const host = (globalThis as { readonly process?: Warner }).process;
  if (host?.emitWarning === undefined) console.warn(`${name}: ${message}`);
  else host.emitWarning(message, name);
}
