/**
 * Proves the settings of `examples/lint`: ESLint sees every forgotten `await` and `yield*`, and nothing that is right.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, suite, test } from 'node:test';
import { install } from '../../scripts/install.ts';
import { root } from '../../scripts/shell.ts';

const project = join(root, 'examples', 'lint');

interface FileResult {
  readonly filePath: string;
  readonly messages: readonly {
    readonly line: number;
    readonly ruleId: string | null;
    readonly message: string;
  }[];
}

/** `line rule` for all that ESLint says about each file. */
function lint(): Map<string, string[]> {
  const eslint = join(project, 'node_modules', 'eslint', 'bin', 'eslint.js');
  const { stdout, stderr } = spawnSync(process.execPath, [eslint, '--format', 'json', 'src'], {
    cwd: project,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  const results = JSON.parse(stdout) as FileResult[];
  return new Map(
    results.map(({ filePath, messages }) => [
      basename(filePath),
      messages.map(({ line, ruleId, message }) => `${line} ${ruleId ?? message}`),
    ]),
  );
}

/** What the comments of the file say that ESLint will say. */
function expected(file: string): string[] {
  const lines = readFileSync(join(project, 'src', file), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const rule = /\/\/ forgotten: (\S+)$/.exec(line)?.[1];
    return rule === undefined ? [] : [`${index + 1} ${rule}`];
  });
}

suite('ESLint with the settings of examples/lint', () => {
  let found = new Map<string, string[]>();

  before(() => {
    assert.ok(existsSync(join(root, 'dist', 'index.d.ts')), 'dist/ is missing: npm run build');
    install('examples/lint');
    found = lint();
  });

  test('reports every forgotten await and yield*, at its line and by its rule', () => {
    assert.ok(expected('forgotten.ts').length >= 10);
    assert.deepEqual(found.get('forgotten.ts'), expected('forgotten.ts'));
  });

  test('has nothing to say where everything is waited for', () => {
    assert.deepEqual(found.get('awaited.ts'), []);
  });

  test('sees the types of asyncio-ts, so that the silence means something', () => {
    const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    assert.equal(stdout, '');
    assert.equal(status, 0);
  });
});
