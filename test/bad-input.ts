/**
 * Tables of bad input: what is done, in a running loop; the class of the error, which is Python's; and what its message says, which is what was given
 * and what to do.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as asyncio from '../src/index.ts';
import { runVirtual } from '../src/testing/index.ts';

export type Row = readonly [
  what: string,
  act: (loop: asyncio.EventLoop) => unknown,
  name: string,
  says: RegExp,
];

/** A value where the types would not have it. */
export function bad(value: unknown): never {
  return value as never;
}

export function* nothing(): asyncio.Coroutine<void> {}

/** Does what is asked, and awaits it where it can be awaited. */
function* perform(outcome: unknown): asyncio.Coroutine<void> {
  if (asyncio.isFuture(outcome) || asyncio.isCoroutine(outcome)) yield* outcome as asyncio.Coroutine<void>;
}

export function refuses(rows: Readonly<Record<string, readonly Row[]>>): void {
  for (const [room, table] of Object.entries(rows)) {
    suite(`bad input: ${room}`, () => {
      for (const [what, act, name, says] of table) {
        test(`${what} is a ${name}`, () =>
          assert.rejects(
            () =>
              runVirtual(function* () {
                yield* perform(act(asyncio.getRunningLoop()));
              }),
            (error: Error) => {
              assert.equal(error.name, name, String(error));
              assert.match(error.message, says);
              return true;
            },
          ));
      }
    });
  }
}
