/** The list of faults keeps up with the sources. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mutants } from '../../conformance/mutants/list.ts';

test('the text of each fault occurs once in its file', () => {
  const misfits = mutants.flatMap(({ file, from }, number) => {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    const times = source.split(from).length - 1;
    return times === 1 ? [] : [`${number}: ${times} times in ${file}: ${from}`];
  });
  assert.deepEqual(misfits, []);
});
