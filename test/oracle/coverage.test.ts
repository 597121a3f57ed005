/**
 * Every public awaitable has a program that runs in CPython and here: what Python defines as a coroutine, by the list of its names, is awaited in a
 * Python program and in its twin, which runs in all styles.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const here = import.meta.dirname;
const read = (pattern: string): string =>
  globSync(pattern, { cwd: here })
    .map((file) => readFileSync(`${here}/${file}`, 'utf8'))
    .join('\n');

interface Entry {
  readonly kind: string;
  readonly members?: Readonly<Record<string, string>>;
}

const api = JSON.parse(readFileSync(`${here}/../docs/asyncio-3.14-api.json`, 'utf8')) as {
  asyncio: Readonly<Record<string, Entry>>;
};

/** What gives futures, which the list does not tell from other functions. */
const FUTURES = ['gather', 'shield', 'as_completed'];
/** Managers and iterators, which are used through statements in Python and through functions here. */
const STATEMENTS: Readonly<Record<string, readonly [python: RegExp, twin: RegExp]>> = {
  __aenter__: [/async with /, /asyncWith\(/],
  __aexit__: [/async with /, /asyncWith\(/],
  __anext__: [/async for /, /asyncFor\(/],
};
function camelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function awaitables(): Set<string> {
  const names = new Set(FUTURES);
  for (const [name, { kind, members = {} }] of Object.entries(api.asyncio)) {
    if (kind === 'coroutine function') names.add(name);
    for (const [member, signature] of Object.entries(members))
      if (signature.startsWith('coroutine')) names.add(member);
  }
  return names;
}

describe('every public awaitable is asked of CPython', () => {
  const python = read('programs/*.py');
  const twins = read('programs/*.ts');
  const has = (name: string): boolean => {
    const [theirs, ours] = STATEMENTS[name] ?? [
      new RegExp(`\\b${name}\\(`),
      new RegExp(`\\b${camelCase(name)}(?:<[^(]*>)?\\(`),
    ];
    return theirs.test(python) && ours.test(twins);
  };

  for (const name of [...awaitables()].sort()) {
    test(name, () => {
      assert.ok(has(name), `${name} in the programs of the oracle`);
    });
  }
});
