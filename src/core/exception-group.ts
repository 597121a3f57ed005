/**
 * Several errors that happened at once, as one: Python's `ExceptionGroup` and `BaseExceptionGroup`.
 *
 * `BaseExceptionGroup` is what a group becomes when one of its members is a `BaseException` (a cancellation, an interrupt).
 * `split` and `subgroup` keep the nesting; `derive` is what they make new groups with, so a subclass overrides that.
 * Source: PEP 654; Python docs, "Built-in Exceptions", "Exception groups".
 */
import { BaseException, ValueError } from './errors.ts';

/** A class of errors, several classes, or a predicate: what a group is split by. */
export type ErrorCondition =
  | (abstract new (
      ...args: never[]
    ) => Error)
  | readonly (abstract new (
      ...args: never[]
    ) => Error)[]
  | ((error: unknown) => boolean);

function matcher(condition: ErrorCondition): (error: unknown) => boolean {
  if (typeof condition === 'function') {
    const candidate: unknown = condition.prototype;
    if (condition === Error || candidate instanceof Error) {
      const type = condition as abstract new (...args: never[]) => Error;
      return (error) => error instanceof type;
    }
    return condition as (error: unknown) => boolean;
  }
  if (Array.isArray(condition)) {
    const types = condition as readonly (abstract new (...args: never[]) => Error)[];
    return (error) => types.some((type) => error instanceof type);
  }
  throw new TypeError(
    'expected a class of errors, an array of such classes, or a function that tells whether an error belongs',
  );
}

/** A group of errors of any kind, cancellations and interrupts among them. */
export class BaseExceptionGroup extends AggregateError {
  override get name(): string {
    return 'BaseExceptionGroup';
  }

  /** The errors of this group, in order; groups among them keep their nesting. The same array as `errors`. */
  readonly exceptions: readonly unknown[];

  constructor(message: string, exceptions: Iterable<unknown>) {
    const list = [...exceptions];
    if (list.length === 0) {
      throw new ValueError('second argument (exceptions) must be a non-empty sequence');
    }
    super(list, message);
    this.exceptions = Object.freeze(list);
  }

  /** As Python prints it: the message, and how many errors there are. */
  override toString(): string {
    const count = this.exceptions.length;
    return `${this.name}: ${this.message} (${count} sub-exception${count === 1 ? '' : 's'})`;
  }

  /** A group like this one, with other errors in it. Subclasses override it to keep their own type and fields. */
  derive(exceptions: readonly unknown[]): BaseExceptionGroup {
    return makeGroup(this.message, exceptions);
  }

  /** The part of this group whose errors match, with the same nesting, or `null` where none does. */
  subgroup(condition: ErrorCondition): BaseExceptionGroup | null {
    return this.split(condition)[0];
  }

  /** Two groups, of the errors that match and of the rest; `null` for one that would be empty. */
  split(condition: ErrorCondition): [matching: BaseExceptionGroup | null, rest: BaseExceptionGroup | null] {
    return this.#split(matcher(condition));
  }

  #split(matches: (error: unknown) => boolean): [BaseExceptionGroup | null, BaseExceptionGroup | null] {
    if (matches(this)) return [this, null];
    const inside: unknown[] = [];
    const outside: unknown[] = [];
    for (const error of this.exceptions) {
      if (error instanceof BaseExceptionGroup) {
        const [matching, rest] = error.#split(matches);
        if (matching !== null) inside.push(matching);
        if (rest !== null) outside.push(rest);
      } else {
        (matches(error) ? inside : outside).push(error);
      }
    }
    return [this.#derived(inside), this.#derived(outside)];
  }

  #derived(errors: readonly unknown[]): BaseExceptionGroup | null {
    if (errors.length === 0) return null;
    const group = this.derive(errors);
    group.cause = this.cause;
    if (this.stack !== undefined) group.stack = this.stack;
    return group;
  }
}

/** A group of ordinary errors. */
export class ExceptionGroup extends BaseExceptionGroup {
  override get name(): string {
    return 'ExceptionGroup';
  }

  constructor(message: string, exceptions: Iterable<unknown>) {
    const list = [...exceptions];
    if (list.some(isBase)) {
      throw new TypeError('Cannot nest BaseExceptions in an ExceptionGroup: use BaseExceptionGroup');
    }
    super(message, list);
  }
}

function isBase(error: unknown): boolean {
  return (
    error instanceof BaseException ||
    (error instanceof BaseExceptionGroup && !(error instanceof ExceptionGroup))
  );
}

/** An `ExceptionGroup` where all errors are ordinary, else a `BaseExceptionGroup`: what calling the latter does in Python. */
export function makeGroup(message: string, exceptions: readonly unknown[]): BaseExceptionGroup {
  return exceptions.some(isBase)
    ? new BaseExceptionGroup(message, exceptions)
    : new ExceptionGroup(message, exceptions);
}
