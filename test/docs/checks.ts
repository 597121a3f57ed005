/** What the checks in the examples become when they are run: see `programs.ts`. */
import { inspect } from 'node:util';

/** `value; // -> text` */
export function $check<T>(value: T, text: string): T {
  const shown = inspect(value, { breakLength: Infinity });
  if (shown !== text) throw new Error(`the example says -> ${text}, and it is ${shown}`);
  return value;
}

/** `call(); // throws: text` */
export function $thrown(error: unknown, text: string): void {
  const shown = String(error);
  if (shown !== text) throw new Error(`the example says that it throws ${text}, and it throws ${shown}`);
}

export function $notThrown(text: string): never {
  throw new Error(`the example says that it throws ${text}, and it does not throw`);
}
