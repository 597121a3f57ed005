/**
 * Exception groups: what split, subgroup and derive keep.
 *
 * The twin of exception-groups.py.
 */
import * as asyncio from '../../../src/index.ts';
import { co, kind, only, print, program, show } from '../kit.ts';

/** Prints a group with its members, indented. */
function tree(error: unknown, depth = 0): void {
  print('  '.repeat(depth) + show(error));
  if (!(error instanceof asyncio.BaseExceptionGroup)) return;
  for (const member of error.exceptions) tree(member, depth + 1);
}

function sample(): asyncio.ExceptionGroup {
  return new asyncio.ExceptionGroup('top', [
    new asyncio.ValueError('one'),
    new asyncio.ExceptionGroup('middle', [
      new asyncio.TimeoutError('two'),
      new asyncio.ExceptionGroup('low', [new asyncio.ValueError('three')]),
    ]),
    new asyncio.RuntimeError('four'),
  ]);
}

program('an exception group tells its message and how many it holds', function* () {
  tree(sample());
  const error = sample();
  print(error.message, error.exceptions.length, error instanceof asyncio.BaseExceptionGroup);
  print(show(new asyncio.ExceptionGroup('single', [new asyncio.ValueError('x')])));
});

program('split parts a group in two, both with its shape', function* () {
  for (const part of sample().split(asyncio.ValueError)) {
    tree(part);
  }
});

program('split that finds all or nothing', function* () {
  const error = sample();
  let [match, rest] = error.split(Error);
  print(match === error, rest === null);
  [match, rest] = error.split(asyncio.LookupError);
  print(match === null, rest === error);
  [match, rest] = error.split(asyncio.ExceptionGroup);
  print(match === error, rest === null);
});

program('split and subgroup by a function', function* () {
  const error = sample();
  tree(
    error.subgroup(
      (member) => (member as Error).message.includes('t') && !(member instanceof asyncio.ExceptionGroup),
    ),
  );
  print(error.subgroup(() => false) === null);
  const [match, rest] = error.split((member) => (member as Error).message === 'four');
  tree(match);
  tree(rest);
});

program('subgroup by several classes', function* () {
  tree(sample().subgroup([asyncio.TimeoutError, asyncio.RuntimeError]));
});

program('derive makes a group of the same kind', function* () {
  const derived = sample().derive([new asyncio.ValueError('other')]);
  tree(derived);

  class Special extends asyncio.ExceptionGroup {
    override get name(): string {
      return 'Special';
    }

    override derive(errors: readonly unknown[]): Special {
      return new Special(this.message, errors);
    }
  }

  const special = new Special('special', [new asyncio.ValueError('one'), new asyncio.KeyError()]);
  const [match, rest] = special.split(asyncio.ValueError);
  print(kind(match), kind(rest), rest?.exceptions.length);
});

program('a group with a CancelledError in it is a BaseExceptionGroup', function* () {
  const error = new asyncio.BaseExceptionGroup('base', [
    new asyncio.CancelledError(),
    new asyncio.ValueError('one'),
  ]);
  print(kind(error), error instanceof asyncio.ExceptionGroup);
  try {
    new asyncio.ExceptionGroup('no', [new asyncio.CancelledError()]);
  } catch (failure) {
    only(failure, TypeError);
    print(show(failure).startsWith('TypeError: Cannot nest BaseExceptions in an ExceptionGroup'));
  }
  const [match, rest] = error.split(asyncio.CancelledError);
  print(kind(match), kind(rest));
});

program('a group needs members', function* () {
  try {
    new asyncio.ExceptionGroup('no', []);
  } catch (failure) {
    only(failure, asyncio.ValueError);
    print(kind(failure));
  }
});

program('a group raised by a task group, split by who catches it', function* () {
  const bad = co(function* (Kind: new () => Error) {
    yield* asyncio.sleep(0);
    throw new Kind();
  });

  const group = new asyncio.TaskGroup();
  try {
    yield* asyncio.asyncWith(group, function* () {
      for (const Kind of [asyncio.ValueError, asyncio.RuntimeError, asyncio.OSError])
        group.createTask(bad(Kind));
    });
  } catch (error) {
    only(error, asyncio.ExceptionGroup);
    const [first, rest] = error.split(asyncio.ValueError);
    print('first', show(first), first?.exceptions.length);
    const second = rest?.subgroup([asyncio.RuntimeError, asyncio.OSError]);
    print('second', show(second), second?.exceptions.length);
  }
});
