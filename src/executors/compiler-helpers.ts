/**
 * The helpers that compilers leave in the text of a function: esbuild, tsx and SWC write `__name(fn, 'fn')`, TypeScript `__awaiter(...)`, and so on, and
 * define them at the top of the file, which does not travel. In a worker the text finds them here, under the same names.
 *
 * What each does is what the language feature it stands for does. Source: ECMAScript; the documentation of TypeScript's `tslib` and of esbuild's
 * `--keep-names` and `--target`.
 */

type Dict = Record<PropertyKey, unknown>;
type Method = (value: unknown) => unknown;

function setName(target: object, value: string): object {
  return Object.defineProperty(target, 'name', { value, configurable: true });
}

/** An async function out of a generator function. */
function runSteps(steps: Iterator<unknown, unknown, unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const step = (go: () => IteratorResult<unknown, unknown>): void => {
      try {
        const result = go();
        if (result.done === true) resolve(result.value);
        else Promise.resolve(result.value).then((value) => step(() => steps.next(value)), fail);
      } catch (error) {
        reject(error);
      }
    };
    const fail = (error: unknown): void => step(() => (steps.throw ?? rethrow).call(steps, error));
    step(() => steps.next());
  });
}

function rethrow(error: unknown): never {
  throw error;
}

type Generator = (...args: unknown[]) => Iterator<unknown, unknown, unknown>;

function assign(target: object, ...sources: object[]): object {
  return Object.assign(target, ...sources);
}

/** The rest of an object: `const { a, ...rest } = source`. */
function rest(source: Dict, without: readonly PropertyKey[]): Dict {
  const names = new Set(without.map((key) => (typeof key === 'symbol' ? key : String(key))));
  return Object.fromEntries(
    Reflect.ownKeys(source)
      .filter((key) => !names.has(key) && Object.prototype.propertyIsEnumerable.call(source, key))
      .map((key) => [key, source[key]]),
  );
}

function asyncValues(source: object): AsyncIterator<unknown> {
  const found = source as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const asynchronous = found[Symbol.asyncIterator];
  if (asynchronous !== undefined) return asynchronous.call(source);
  return (async function* () {
    yield* found as Iterable<unknown>;
  })();
}

// ---- `using` --------------------------------------------------------------------------------------------------------------------

interface Resource {
  readonly value: unknown;
  readonly dispose: Method | undefined;
  readonly awaits: boolean;
}
interface Environment {
  readonly stack: Resource[];
  error: unknown;
  hasError: boolean;
}

function disposerOf(value: unknown, awaits: boolean): Method | undefined {
  if (value === null || value === undefined) return undefined;
  const holder = value as { [key: symbol]: Method | undefined };
  const dispose = (awaits ? holder[Symbol.asyncDispose] : undefined) ?? holder[Symbol.dispose];
  if (typeof dispose !== 'function') throw new TypeError('Object not disposable.');
  return dispose;
}

/** Node 22 has no `SuppressedError`. */
function suppressed(error: unknown, previous: unknown): Error {
  const message = 'An error was suppressed during disposal.';
  const Class = (globalThis as { readonly SuppressedError?: typeof SuppressedError }).SuppressedError;
  return Class === undefined
    ? Object.assign(new Error(message), { name: 'SuppressedError', error, suppressed: previous })
    : new Class(error, previous, message);
}

function disposeAll(environment: Environment): unknown {
  const fail = (error: unknown): void => {
    environment.error = environment.hasError ? suppressed(error, environment.error) : error;
    environment.hasError = true;
  };
  const next = (): unknown => {
    for (let resource = environment.stack.pop(); resource !== undefined; resource = environment.stack.pop()) {
      try {
        const result = resource.dispose?.call(resource.value, undefined);
        if (resource.awaits) return Promise.resolve(result).catch(fail).then(next);
      } catch (error) {
        fail(error);
      }
    }
    if (environment.hasError) throw environment.error;
    return undefined;
  };
  return next();
}

function addResource(environment: Environment, value: unknown, awaits: boolean): unknown {
  const dispose = disposerOf(value, awaits);
  if (dispose !== undefined || awaits) environment.stack.push({ value, dispose, awaits });
  return value;
}

/** The helpers, by the names that compilers give them. */
export const compilerHelpers: Readonly<Record<string, unknown>> = {
  __name: setName,
  __awaiter: (self: unknown, args: unknown, _promise: unknown, fn: Generator) =>
    runSteps(fn.apply(self, (args ?? []) as unknown[])),
  __async: (self: unknown, args: unknown, fn: Generator) =>
    runSteps(fn.apply(self, (args ?? []) as unknown[])),
  __assign: assign,
  __spreadValues: assign,
  __spreadProps: (target: object, source: object) =>
    Object.defineProperties(target, Object.getOwnPropertyDescriptors(source)),
  __rest: rest,
  __objRest: rest,
  __spreadArray: (to: unknown[], from: ArrayLike<unknown>) => [...to, ...Array.from(from)],
  __read: (source: Iterable<unknown>, count?: number) => {
    const items: unknown[] = [];
    if (count === 0) return items;
    for (const item of source) if (items.push(item) === count) break;
    return items;
  },
  __values: (source: Iterable<unknown>) => source[Symbol.iterator](),
  __asyncValues: asyncValues,
  __publicField: (target: object, key: PropertyKey, value: unknown) => {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
    return value;
  },
  __addDisposableResource: addResource,
  __disposeResources: disposeAll,
  __using: (stack: Resource[], value: unknown, awaits?: boolean) =>
    addResource({ stack, error: undefined, hasError: false }, value, awaits === true),
  __callDispose: (stack: Resource[], error: unknown, hasError: boolean) =>
    disposeAll({ stack, error, hasError }),
};
