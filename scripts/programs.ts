/**
 * The programs of the machine that tests use, and how to get them. Tests that find theirs missing are skipped by name.
 *
 * On Debian and its kin, as root, what is missing is installed; elsewhere the command to do so is printed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program, and the Debian package that holds it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  python3: 'python3',
};

/** Installs what is missing where it may; true, whatever came of it: the tests say what they miss. */
export function installPrograms(): boolean {
  const missing = Object.keys(PROGRAMS).filter((program) => !isOnPath(program));
  if (missing.length === 0) {
    console.log(`present: ${Object.keys(PROGRAMS).join(', ')}`);
    return true;
  }
  const packages = missing.map((program) => PROGRAMS[program] ?? program);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    console.log(
      `missing: ${missing.join(', ')}. The tests that use them are skipped; on Debian, this enables them:\n  sudo ${command}`,
    );
    return true;
  }
  console.log(`installing ${packages.join(', ')} ...`);
  if (!quietly(command) && !(quietly('apt-get update') && quietly(command)))
    console.log(`${command} did not succeed`);
  return true;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function quietly(command: string): boolean {
  const [program = '', ...args] = command.split(' ');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) console.log(stderr);
  return status === 0;
}
