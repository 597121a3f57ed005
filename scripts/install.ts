/**
 * Installs the dependencies of a folder that has a package of its own, so that they burden nobody who does not run it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shell.ts';

/** Makes `node_modules` of the folder what its lock file says; does nothing when it is that already. */
export function install(folder: string): void {
  const cwd = join(root, folder);
  const lock = readFileSync(join(cwd, 'package-lock.json'), 'utf8');
  const stamp = join(cwd, 'node_modules', '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;

  const command = 'npm ci --no-audit --no-fund --loglevel=error';
  const { status, stdout, stderr } = spawnSync(command, { cwd, shell: true, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} in ${folder} failed:\n${stdout}${stderr}`);
  writeFileSync(stamp, lock);
}
