/**
 * The oracle: each program prints here, line by line, what its twin prints in CPython.
 *
 * The programs stand in programs/, a Python file and a TypeScript file for each topic; the names are equal. Both sides run in virtual time.
 * Where the machine's Python is older than a behaviour, the lines recorded from a newer one (recorded.json) are what counts. Without
 * python3 only the recorded programs can be compared, and the others are skipped.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { obstacleToEpoll } from '../../src/loop/choose-reactor.ts';
import { askPython, loadPrograms, recorded, runProgram } from './harness.ts';
import { programsOf, STYLES } from './kit.ts';

const python = askPython();
const record = recorded();
const topics = await loadPrograms();
const noRawSockets = obstacleToEpoll();

describe('the oracle', () => {
  test('has the same programs on both sides', { skip: python.missing && python.python }, () => {
    const theirs = [...Object.keys(python.lines), ...Object.keys(python.skipped)].sort();
    for (const style of STYLES) assert.deepEqual([...programsOf(style).keys()].sort(), theirs);
  });

  test('has recorded lines for what this Python is too old for', () => {
    const missing = Object.keys(python.skipped).filter((name) => record.lines[name] === undefined);
    assert.deepEqual(missing, []);
  });

  test('has recorded lines that this Python prints too', { skip: python.missing && python.python }, () => {
    const live = Object.keys(record.lines).filter((name) => python.lines[name] !== undefined);
    for (const name of live) assert.deepEqual(python.lines[name], record.lines[name], name);
  });
});

for (const [topic, names] of topics) {
  describe(`as in CPython: ${topic}`, () => {
    for (const name of names) {
      const expected = python.lines[name] ?? record.lines[name];
      for (const style of STYLES) {
        // An async function cannot be done at once: a program about eager tasks is none for it.
        if (style === 'async' && programsOf(style).get(name)?.notAsync) continue;
        const unfit = programsOf(style).get(name)?.needsRawSockets === true && noRawSockets;
        const options = { skip: expected === undefined ? python.python : unfit || false, timeout: 20_000 };
        test(`${name} (${style})`, options, async () => {
          const { lines, complaints } = await runProgram(name, style);
          const said =
            complaints.length === 0
              ? ''
              : `\nmeanwhile on the standard error output:\n${complaints.join('\n')}`;
          assert.equal(lines.join('\n'), expected?.join('\n'), diff(lines, expected ?? []) + said);
        });
      }
    }
  });
}

/** Both sides line by line, where they differ marked by what each has. */
function diff(ours: readonly string[], theirs: readonly string[]): string {
  const rows = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => {
    const [our, their] = [ours[index], theirs[index]];
    if (our === their) return `    ${our}`;
    return [their === undefined ? [] : `  - ${their}`, our === undefined ? [] : `  + ${our}`]
      .flat()
      .join('\n');
  });
  return `other lines than CPython's (- what it prints, + what we print)\n${rows.join('\n')}`;
}
