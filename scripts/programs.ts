/**
 * The programs of the machine that tests use, and how to get them. Tests that find theirs missing are skipped by name.
 *
 * On Debian and its kin, as root, what is missing is installed; elsewhere the command to do so is printed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's own Python: its packages of modules are for that one alone. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

/** A thing that tests use. */
interface Need {
  /** The Debian package that holds it. */
  readonly debian: string;
  readonly present: () => boolean;
}

const NEEDS: readonly Need[] = [
  program('python3', 'python3'),
  program('openssl', 'openssl'),
  program('socat', 'socat'),
  program('curl', 'curl'),
  program('redis-server', 'redis-server'),
  program('mariadbd', 'mariadb-server'),
  { debian: 'postgresql', present: () => postgresPrograms() !== undefined },
  pythonModule('uvloop', 'python3-uvloop'),
  pythonModule('aiohttp', 'python3-aiohttp'),
  pythonModule('zmq', 'python3-zmq'),
];

/** Installs what is missing where it may; true, whatever came of it: the tests say what they miss. */
export function installPrograms(): boolean {
  const missing = NEEDS.filter((need) => !need.present()).map((need) => need.debian);
  if (missing.length === 0) {
    console.log(`present: ${NEEDS.map((need) => need.debian).join(', ')}`);
    return true;
  }
  const command = installation(missing);
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    console.log(
      `missing: ${missing.join(', ')}. The tests that use them are skipped; on Debian, this enables them:\n  sudo ${command}`,
    );
    return true;
  }
  console.log(`installing ${missing.join(', ')} ...`);
  if (!quietly(command) && !(quietly('apt-get update') && quietly(command)))
    console.log(`${command} did not succeed`);
  return true;
}

/** The `skip` of a test that needs these Debian packages: why, and the line that enables it; `false` where they are there. */
export function skipWithout(...packages: readonly string[]): string | false {
  const missing = NEEDS.filter((need) => packages.includes(need.debian) && !need.present());
  if (missing.length === 0) return false;
  const names = missing.map((need) => need.debian);
  return `needs ${names.join(', ')}; on Debian: sudo ${installation(names)}`;
}

/** Where a program is, on the PATH or where Debian keeps what is for administrators; `undefined`: nowhere. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** The folder of PostgreSQL's server programs, which Debian keeps off the PATH. */
export function postgresPrograms(): string | undefined {
  const onPath = findProgram('initdb');
  if (onPath !== undefined) return join(onPath, '..');
  const found = globSync('/usr/lib/postgresql/*/bin').sort();
  return found.findLast((folder) => isExecutable(join(folder, 'initdb')));
}

function program(name: string, debian: string): Need {
  return { debian, present: () => findProgram(name) !== undefined };
}

function pythonModule(name: string, debian: string): Need {
  const seen = () => globSync(`/usr/lib/python3/dist-packages/${name}/__init__.py`).length > 0;
  return { debian, present: () => isExecutable(DEBIAN_PYTHON) && seen() };
}

function installation(packages: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
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
