/**
 * Where a syntax error is.
 *
 * Node tells it only when the error ends the process, and keeps it from those who catch the error. So Node itself is asked once more, with
 * `--check`, about the file and then about the files that it imports.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** How many files are asked about; each costs the start of a process. */
const MOST = 100;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** The place, the line and a mark under it, as Node prints them; empty where it is not found. */
export function locateSyntaxError(path: string): string {
  const files = new Set([path]);
  for (const file of files) {
    if (files.size > MOST) return '';
    if (!existsSync(file)) continue;
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    const end = stderr.search(/^\w*SyntaxError/m);
    if (status !== 0 && end > 0) return stderr.slice(0, end).trimEnd();
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(IMPORT))
      files.add(resolve(dirname(file), specifier as string));
  }
  return '';
}
