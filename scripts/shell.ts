/**
 * What the scripts of this folder share: where the repository is, and how to run one of its tools.
 *
 * Every tool runs on the Node that runs the script, never on the machine's own.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the repository with the terminal handed over; true when it ended well. */
export function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** Runs the program `name` of the npm package `packageName`. */
export function runTool(packageName: string, name: string, args: readonly string[]): boolean {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === 'string' ? bin : bin[name];
  if (file === undefined) throw new Error(`the package ${packageName} has no program ${name}`);
  return run(process.execPath, [join(folder, file), ...args]);
}

/** True when the module at `url` is the program that was started, and not an import of it. */
export function isMain(url: string): boolean {
  return process.argv[1] === fileURLToPath(url);
}
