/**
 * Exception groups after PEP 654, as properties: splitting loses nothing and keeps the shape; and what makes them errors of JavaScript.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import * as asyncio from '../../src/index.ts';
import { check } from '../both-styles.ts';

const { ExceptionGroup, BaseExceptionGroup, ValueError, LookupError, KeyError, CancelledError } = asyncio;

const leaf = fc
  .nat(9)
  .map((n) => [new ValueError(`${n}`), new KeyError(`${n}`), new LookupError(`${n}`)][n % 3] as Error);
const { group } = fc.letrec<{ group: asyncio.ExceptionGroup; member: Error }>((tie) => ({
  member: fc.oneof({ depthSize: 'small', maxDepth: 4 }, leaf, tie('group')),
  group: fc
    .tuple(fc.constantFrom('a', 'b'), fc.array(tie('member'), { minLength: 1, maxLength: 4 }))
    .map(([message, members]) => new ExceptionGroup(message, members)),
}));

/** A group as nested arrays of its leaves and messages. */
function shape(error: unknown): unknown {
  if (error === null) return null;
  return error instanceof BaseExceptionGroup ? [error.message, ...error.exceptions.map(shape)] : error;
}

function leaves(error: unknown): unknown[] {
  if (error === null) return [];
  return error instanceof BaseExceptionGroup ? error.exceptions.flatMap(leaves) : [error];
}

/** The shape that is left when the leaves that do not match are taken away. */
function prune(error: unknown, matches: (error: unknown) => boolean): unknown {
  if (!(error instanceof BaseExceptionGroup)) return matches(error) ? error : null;
  const members = error.exceptions.map((each) => prune(each, matches)).filter((each) => each !== null);
  return members.length === 0 ? null : [error.message, ...members];
}

suite('split', () => {
  test('parts the leaves in two, each part in the shape of the whole', () =>
    check(group, (whole) => {
      const isLookup = (error: unknown) => error instanceof LookupError;
      const [matching, rest] = whole.split(LookupError);
      assert.deepEqual(shape(matching), prune(whole, isLookup));
      assert.deepEqual(
        shape(rest),
        prune(whole, (error) => !isLookup(error)),
      );
      assert.deepEqual(new Set([...leaves(matching), ...leaves(rest)]), new Set(leaves(whole)));
      assert.deepEqual(shape(whole.subgroup(LookupError)), shape(matching));
    }));

  test('takes classes, arrays of classes and functions', () =>
    check(group, (whole) => {
      const byClasses = whole.split([LookupError, ValueError]);
      assert.deepEqual([shape(byClasses[0]), byClasses[1]], [shape(whole), null]);
      const byFunction = whole.split((error) => error instanceof KeyError);
      assert.deepEqual(byFunction.map(shape), whole.split(KeyError).map(shape));
      assert.deepEqual(whole.split(ExceptionGroup), [whole, null], 'the group itself matches');
      assert.deepEqual(whole.split(Error), [whole, null]);
    }));

  test('keeps the cause and the stack, and leaves the whole alone', () => {
    const cause = new Error('why');
    const whole = new ExceptionGroup('whole', [new ValueError('v'), new KeyError('k')]);
    whole.cause = cause;
    const before = shape(whole);
    for (const part of whole.split(KeyError)) {
      assert.equal(part?.cause, cause);
      assert.equal(part?.stack, whole.stack);
    }
    assert.deepEqual(shape(whole), before);
  });

  test('makes the parts by derive, so that a subclass keeps its kind and its fields', () => {
    class Tagged extends ExceptionGroup {
      readonly tag: string;
      constructor(message: string, exceptions: Iterable<unknown>, tag: string) {
        super(message, exceptions);
        this.tag = tag;
      }
      override derive(exceptions: readonly unknown[]): Tagged {
        return new Tagged(this.message, exceptions, this.tag);
      }
    }
    const [matching, rest] = new Tagged('t', [new ValueError('v'), new KeyError('k')], 'red').split(KeyError);
    for (const part of [matching, rest]) {
      assert.ok(part instanceof Tagged);
      assert.equal(part.tag, 'red');
    }
  });
});

suite('a group', () => {
  test('is an AggregateError, with its members in both places', () => {
    const members = [new ValueError('v'), new KeyError('k')];
    const group = new ExceptionGroup('several', members);
    assert.ok(
      group instanceof AggregateError && group instanceof BaseExceptionGroup && group instanceof Error,
    );
    assert.deepEqual(group.exceptions, members);
    assert.deepEqual(group.errors, members);
    assert.ok(Object.isFrozen(group.exceptions));
    assert.equal(group.name, 'ExceptionGroup');
    assert.equal(String(group), 'ExceptionGroup: several (2 sub-exceptions)');
    assert.equal(String(new ExceptionGroup('one', [members[0]])), 'ExceptionGroup: one (1 sub-exception)');
    assert.match(group.stack ?? '', /^ExceptionGroup: several/);
  });

  test('does not change when the array does that it was made of', () => {
    const members = [new ValueError('v')];
    const group = new ExceptionGroup('g', members);
    members.push(new ValueError('w'));
    assert.equal(group.exceptions.length, 1);
  });

  test('with a cancellation or an exit in it is a base group, and splits into both kinds', () => {
    const mixed = new BaseExceptionGroup('mixed', [new ValueError('v'), new CancelledError()]);
    assert.equal(mixed.name, 'BaseExceptionGroup');
    assert.ok(!(mixed instanceof ExceptionGroup));
    const [ordinary, base] = mixed.split(ValueError);
    assert.ok(ordinary instanceof ExceptionGroup);
    assert.ok(base !== null && !(base instanceof ExceptionGroup));
    assert.throws(() => new ExceptionGroup('no', [mixed]), { name: 'TypeError' });
  });

  test('of anything thrown keeps what it is given', () => {
    const group = new BaseExceptionGroup('odd', ['a string', undefined, 5]);
    assert.deepEqual([...group.exceptions], ['a string', undefined, 5]);
    assert.equal(group.subgroup((error) => error === 5)?.exceptions.length, 1);
  });
});

suite('errors', () => {
  const NAMES = Object.entries(asyncio).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof Error,
  ) as [string, new (...args: never[]) => Error][];

  test('have their Python names, which no minifier changes', () => {
    assert.ok(NAMES.length > 25, String(NAMES.length));
    for (const [name, type] of NAMES) {
      const error: Error = Object.create(type.prototype);
      assert.equal(error.name, name);
      assert.ok(!Object.hasOwn(error, 'name'));
    }
  });

  test('of the base kind carry their arguments', () => {
    const error = new CancelledError('why', 2);
    assert.deepEqual([error.message, error.args], ['why', ['why', 2]]);
    assert.equal(new CancelledError().message, '');
    assert.equal(new asyncio.SystemExit(3).code, 3);
    assert.equal(new asyncio.SystemExit().code, undefined);
    assert.equal(new asyncio.KeyboardInterrupt().name, 'KeyboardInterrupt');
  });

  test('of the system carry what the system said', () => {
    const cause = new Error('below');
    const error = new asyncio.ConnectionRefusedError('refused', {
      code: 'ECONNREFUSED',
      errno: 111,
      syscall: 'connect',
      cause,
    });
    assert.ok(error instanceof asyncio.ConnectionError && error instanceof asyncio.OSError);
    assert.deepEqual(
      [error.code, error.errno, error.syscall, error.cause],
      ['ECONNREFUSED', 111, 'connect', cause],
    );
    assert.ok(new asyncio.TimeoutError() instanceof asyncio.OSError);
    assert.ok(new asyncio.IncompleteReadError(new Uint8Array(2), 5) instanceof asyncio.EOFError);
    assert.equal(
      new asyncio.IncompleteReadError(new Uint8Array(2), 5).message,
      '2 bytes read on a total of 5 expected bytes',
    );
  });
});
