/** What is told of the conformance tests is what is expected of them: the README and the page say the numbers of conformance/expect. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Expected, readExpectations, TWIN, UNEXPLAINED } from '../../conformance/expectations.ts';
import { PYTHON } from '../../conformance/fetch-suite.ts';
import { suiteFiles } from '../../conformance/files.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const expected = suiteFiles.map(({ name }) => ({
  name,
  tests: [...readExpectations(PYTHON, name).values()],
}));
const count = (tests: readonly Expected[], outcome: Expected['outcome']) =>
  tests.filter((one) => one.outcome === outcome).length;

describe('the numbers of the conformance tests', () => {
  test('stand in the README', () => {
    const all = expected.flatMap(({ tests }) => tests);
    const [passes, failures] = [count(all, 'pass'), count(all, 'fail')];
    const claims = read('README.md').match(/\d+ of the \d+ applicable tests/g);
    assert.deepEqual(claims, [`${passes} of the ${passes + failures} applicable tests`]);
  });

  test('stand in the table, file by file', () => {
    const page = read('docs/conformance.md');
    for (const { name, tests } of expected) {
      const twins = tests.filter(({ reason }) => reason === TWIN).length;
      const cells = [
        tests.length,
        twins,
        count(tests, 'na') - twins,
        count(tests, 'fail'),
        count(tests, 'pass'),
      ];
      assert.ok(page.includes(`| ${name} | ${cells.join(' | ')} |`), `${name}: ${cells.join(' | ')}`);
    }
  });

  test('are of files that are run', () => {
    const files = readdirSync(new URL(`conformance/expect/${PYTHON}`, root)).sort();
    assert.deepEqual(files, suiteFiles.map(({ name }) => `${name}.json`).sort());
  });

  test('each failure and each test that does not apply has its reason', () => {
    for (const { name, tests } of expected)
      for (const { outcome, reason } of tests)
        assert.ok(outcome === 'pass' || (reason !== '' && reason !== UNEXPLAINED), name);
  });
});
