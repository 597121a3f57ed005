/** What Python says to a program, as JSON. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** @param program prints one line of JSON. */
export function pythonAnswer(program: string): unknown {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
