/**
 * Errors on their way back from a worker: class, message, stack, cause and own fields, as data.
 *
 * The class is looked up by its name on this side: those of JavaScript and of this library are known, others once they are registered. An error of
 * a class that is not known is an `Error` with that class's name. What is thrown and is no error travels as it is.
 */
import * as errors from '../core/errors.ts';
import { BaseExceptionGroup, ExceptionGroup, makeGroup } from '../core/exception-group.ts';
import { describe } from '../core/repr.ts';
import * as broken from './errors.ts';
import { isPlain } from './travel.ts';

/** Something thrown, as data. */
export type Thrown =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      /** The class, then those it is derived from. */
      readonly classes: readonly string[];
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: Thrown | undefined;
      /** The errors of an `AggregateError` or of a group. */
      readonly errors: readonly Thrown[] | undefined;
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** How many causes of causes travel. */
const DEEPEST = 8;
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors', 'exceptions']);

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => Error;

const known = new Map<string, ErrorClass>();
for (const found of [
  ...Object.values(errors),
  ...Object.values(broken),
  BaseExceptionGroup,
  ExceptionGroup,
]) {
  if (typeof found === 'function' && found.prototype instanceof Error)
    known.set(found.name, found as ErrorClass);
}
for (const found of [
  Error,
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
])
  known.set(found.name, found);

/**
 * Let errors of these classes come back from workers as what they are. They are found by name; no constructor is called.
 *
 * ```ts
 * class PaymentRefused extends Error {}
 * registerErrors(PaymentRefused);
 * ```
 */
export function registerErrors(...classes: readonly ErrorClass[]): void {
  for (const one of classes) {
    if (typeof one !== 'function' || !(one.prototype instanceof Error))
      throw new TypeError(`registerErrors() needs classes of errors, not ${describe(one)}`);
    known.set(one.name, one);
  }
}

/** `thrown` as data. */
export function encodeThrown(thrown: unknown, clone: (value: unknown) => unknown, depth = 0): Thrown {
  if (!(thrown instanceof Error)) return { kind: 'value', value: cloneable(thrown, clone) };
  const { cause } = thrown;
  const group = (thrown as { readonly errors?: unknown }).errors;
  const deeper = depth < DEEPEST;
  return {
    kind: 'error',
    classes: classesOf(thrown),
    name: String(thrown.name),
    message: String(thrown.message),
    stack: typeof thrown.stack === 'string' ? thrown.stack : undefined,
    cause: cause !== undefined && deeper ? encodeThrown(cause, clone, depth + 1) : undefined,
    errors:
      Array.isArray(group) && deeper ? group.map((one) => encodeThrown(one, clone, depth + 1)) : undefined,
    fields: Object.fromEntries(
      Object.entries(thrown)
        .filter(([key]) => !OWN.has(key))
        .map(([key, value]) => [key, cloneable(value, clone)]),
    ),
  };
}

/** What was thrown, from data. */
export function decodeThrown(thrown: Thrown): unknown {
  if (thrown.kind === 'value') return thrown.value;
  const error = bare(thrown);
  define(error, 'message', thrown.message);
  define(error, 'stack', thrown.stack);
  if (thrown.cause !== undefined) define(error, 'cause', decodeThrown(thrown.cause));
  if (thrown.errors !== undefined && !(error instanceof BaseExceptionGroup))
    define(error, 'errors', thrown.errors.map(decodeThrown));
  Object.assign(error, thrown.fields);
  const { name } = error;
  if (name !== thrown.name) define(error, 'name', thrown.name);
  return error;
}

function bare(thrown: Thrown & { readonly kind: 'error' }): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error();
  Error.stackTraceLimit = limit;
  const found = thrown.classes.map((name) => known.get(name)).find((one) => one !== undefined);
  // Groups have private parts, which only their constructor makes.
  if (found === ExceptionGroup || found === BaseExceptionGroup)
    return makeGroup(thrown.message, (thrown.errors ?? []).map(decodeThrown));
  if (found !== undefined) Object.setPrototypeOf(error, found.prototype as object);
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function classesOf(error: Error): string[] {
  const names: string[] = [];
  for (let proto: unknown = Object.getPrototypeOf(error); proto instanceof Error; ) {
    names.push(proto.constructor.name);
    proto = Object.getPrototypeOf(proto);
  }
  return [...names, 'Error'];
}

/** The value, or what can be said of it where it cannot travel. */
function cloneable(value: unknown, clone: (value: unknown) => unknown): unknown {
  if (isPlain(value)) return value;
  try {
    clone(value);
    return value;
  } catch {
    return describe(value);
  }
}
