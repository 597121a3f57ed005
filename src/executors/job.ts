/**
 * Which function a worker is to run: how it is named or written down on this side.
 *
 * A function travels in one of four ways, and what can travel in none is refused here, in the caller:
 * - `export`: declared with `job(import.meta.url, 'name', fn)`; the worker imports the module and calls its export;
 * - `global`: a function of JavaScript, such as `Math.pow`, by its path from the global object;
 * - `node`: a function of one of Node's modules, such as `readFileSync`, by module and name;
 * - `source`: any other, as its text. It sees its arguments and the globals of the worker, nothing of what stood around it.
 *
 * Descriptions are plain data that JSON can carry, so that they may also travel over a network.
 */
import { describe } from '../core/repr.ts';

/** A function, as data. */
export type JobDescription =
  | { readonly kind: 'export'; readonly module: string; readonly name: string }
  | { readonly kind: 'global'; readonly path: readonly string[]; readonly name: string }
  | { readonly kind: 'node'; readonly module: string; readonly name: string }
  | { readonly kind: 'source'; readonly text: string; readonly name: string };

type AnyFunction = (...args: never[]) => unknown;

const descriptions = new WeakMap<AnyFunction, JobDescription>();

/** Node's modules whose functions are worth a job: what blocks, and what computes. */
const NODE_MODULES: readonly string[] = [
  'fs',
  'child_process',
  'crypto',
  'zlib',
  'os',
  'path',
  'util',
  'url',
  'v8',
  'dns',
];
const NATIVE = /\{\s*\[native code\]\s*\}$/;
const CLASS = /^class[\s{]/;

let builtinsKnown = false;

/**
 * Declare `fn` as a job that workers find by itself: the export `name` of the module at `url`. It may use whatever its module has. The worker imports
 * that module, so a module with jobs should do nothing else when it is loaded.
 *
 * ```ts
 * const measure = job(import.meta.url, 'measure', (image: Uint8Array) => image.length);   // export it
 * ```
 * @param url `import.meta.url`.
 * @returns `fn` itself.
 */
export function job<F extends AnyFunction>(url: string, name: string, fn: F): F {
  if (typeof fn !== 'function') throw new TypeError(`job() needs a function, not ${describe(fn)}`);
  if (typeof url !== 'string' || !/^[a-z][a-z\d+.-]*:/i.test(url))
    throw new TypeError(`job() needs the URL of the module, import.meta.url, not ${describe(url)}`);
  if (typeof name !== 'string' || name === '')
    throw new TypeError(
      `job() needs the name under which the module exports the function, not ${describe(name)}`,
    );
  descriptions.set(fn, { kind: 'export', module: url, name });
  if (fn.name === '') Object.defineProperty(fn, 'name', { value: name, configurable: true });
  return fn;
}

/** Was `fn` declared by `job`? */
export function isDeclared(fn: unknown): fn is AnyFunction {
  return typeof fn === 'function' && descriptions.get(fn as AnyFunction)?.kind === 'export';
}

/**
 * How `fn` travels; the same object for the same function.
 * @throws {TypeError} where it cannot.
 */
export function describeJob(fn: AnyFunction): JobDescription {
  const known = descriptions.get(fn);
  if (known !== undefined) return known;
  if (typeof fn !== 'function') throw new TypeError(`a job is a function, not ${describe(fn)}`);
  if (!builtinsKnown) learnBuiltins();
  const description = descriptions.get(fn) ?? describeSource(fn);
  descriptions.set(fn, description);
  return description;
}

function describeSource(fn: AnyFunction): JobDescription {
  const text = Function.prototype.toString.call(fn);
  const advice = "give a function that workers can find: job(import.meta.url, 'name', fn)";
  if (CLASS.test(text)) throw new TypeError(`a class cannot be a job (${describe(fn)}): ${advice}`);
  if (NATIVE.test(text)) {
    const what = fn.name.startsWith('bound ') ? 'a bound function' : 'a native function';
    throw new TypeError(`${what} cannot travel to a worker (${describe(fn)}): ${advice}`);
  }
  return { kind: 'source', text, name: fn.name || 'anonymous' };
}

/** Learn the functions of JavaScript and Node by their names, when the first function that is not declared comes. */
function learnBuiltins(): void {
  builtinsKnown = true;
  for (const key of Object.getOwnPropertyNames(globalThis)) {
    const found = Object.getOwnPropertyDescriptor(globalThis, key)?.value as unknown;
    learnGlobal(found, [key]);
    if ((typeof found !== 'object' && typeof found !== 'function') || found === null || found === globalThis)
      continue;
    for (const inner of Object.getOwnPropertyNames(found))
      learnGlobal(Object.getOwnPropertyDescriptor(found, inner)?.value as unknown, [key, inner]);
  }
  for (const module of NODE_MODULES) {
    const exported = process.getBuiltinModule(`node:${module}`) as Readonly<Record<string, unknown>>;
    for (const [name, found] of Object.entries(exported))
      if (typeof found === 'function' && !descriptions.has(found as AnyFunction))
        descriptions.set(found as AnyFunction, { kind: 'node', module: `node:${module}`, name });
  }
}

function learnGlobal(found: unknown, path: readonly string[]): void {
  if (typeof found !== 'function' || descriptions.has(found as AnyFunction)) return;
  if (!NATIVE.test(Function.prototype.toString.call(found))) return;
  descriptions.set(found as AnyFunction, { kind: 'global', path, name: path.at(-1) as string });
}
