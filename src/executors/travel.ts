/**
 * What can travel to a worker and back, and what to say of what cannot.
 *
 * Values are structured-cloned: plain data, `Map`, `Set`, `Date`, `RegExp`, errors, buffers, cycles. Functions, symbols, promises and the like cannot
 * travel; instances of classes arrive as plain objects. What is refused is refused in the caller, with the place where it was found.
 * Source: HTML, "Safe passing of structured data".
 */
import { describe } from '../core/repr.ts';

/** How deep a place is described. */
const DEEPEST = 12;

/** Can one value be cloned? Throws where not. */
export type CloneTest = (value: unknown) => unknown;

/** Whatever needs no look: it is copied as it is. */
export function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value === null;
    case 'function':
    case 'symbol':
      return false;
    default:
      return true;
  }
}

/** Why the arguments of one or several calls, of which cloning threw `cause`, cannot travel. */
export function refusedArguments(
  calls: readonly (readonly unknown[])[],
  job: string,
  cause: unknown,
  test: CloneTest,
): TypeError {
  for (const args of calls) {
    const index = args.findIndex((value) => !passes(value, test));
    if (index === -1) continue;
    const why = `argument ${index + 1} of '${job}' cannot travel to a worker: ${culprit(args[index], test)}`;
    return new TypeError(why, { cause });
  }
  return new TypeError(`the arguments of '${job}' cannot travel to a worker: ${String(cause)}`, { cause });
}

/** Why the result of a job cannot travel. */
export function refusedResult(value: unknown, job: string, cause: unknown, test: CloneTest): TypeError {
  return new TypeError(`the result of '${job}' cannot travel back: ${culprit(value, test)}`, { cause });
}

function passes(value: unknown, test: CloneTest): boolean {
  if (isPlain(value)) return true;
  try {
    test(value);
    return true;
  } catch {
    return false;
  }
}

/** `it is a function`, or `.user.callback is a function`. */
function culprit(value: unknown, test: CloneTest): string {
  let path = '';
  let found = value;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const inner = entriesOf(found).find(([, part]) => !passes(part, test));
    if (inner === undefined) break;
    path += inner[0];
    found = inner[1];
  }
  return `${path === '' ? 'it' : path} is ${kindOf(found)}`;
}

function entriesOf(value: unknown): [path: string, part: unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((part, index) => [`[${index}]`, part]);
  if (value instanceof Map) {
    return [...value].flatMap(([key, part]): [string, unknown][] => [
      [`.keys(${describe(key)})`, key],
      [`.get(${describe(key)})`, part],
    ]);
  }
  if (value instanceof Set) return [...value].map((part, index) => [`[item ${index}]`, part]);
  return Object.entries(value).map(([key, part]) => [
    /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    part,
  ]);
}

function kindOf(value: unknown): string {
  if (typeof value === 'function')
    return `a function (${describe(value)}); send data, and let the job make its functions`;
  if (typeof value === 'symbol') return `a symbol (${String(value)})`;
  if (value instanceof Promise) return 'a promise; await it before';
  if (value instanceof SharedArrayBuffer) return 'shared memory, which another process cannot see';
  return `of a kind that cannot be cloned (${describe(value)})`;
}
