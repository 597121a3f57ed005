/**
 * The door of every npm script: `node bootstrap.mjs [--build] SCRIPT [args]` makes a fresh clone ready and runs SCRIPT on Node 24.
 *
 * It is the one file that the machine's own Node has to understand (18 or later), so it is plain JavaScript with no dependency.
 * It installs the dependencies when they are missing or the lock file has changed, finds the Node that came with them,
 * builds `dist/` first when `--build` is given, and hands over the terminal, the signals and the exit code.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.cache', 'asyncio-ts', 'lock');
const windows = process.platform === 'win32';
const ownNode = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** Runs `work` while no other bootstrap of this clone does, so that two terminals do not install over each other. */
function alone(work) {
  const lock = join(tmpdir(), `asyncio-ts-${sha256(root).slice(0, 16)}.lock`);
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  for (let told = false; !tryLink(mine, lock); ) {
    if (!isAlive(lock)) rmSync(lock, { force: true });
    else if (!told) {
      told = true;
      console.error(`Waiting for another set-up of this clone to end (${lock}) ...`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  rmSync(mine);
  const release = () => rmSync(lock, { force: true });
  process.once('exit', release);
  const result = work();
  process.off('exit', release);
  release();
  return result;
}

function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Installs what the lock file names, unless `node_modules` already is that. */
function install() {
  const wanted = sha256(readFileSync(join(root, 'package-lock.json')));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(ownNode)) return;

  console.error('Installing dependencies (npm ci) ...');
  // Under `npm run` the PATH begins with node_modules/.bin, whose `node` is about to be replaced.
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(modules));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const run = (command) =>
    spawnSync(command, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });

  const installed = run('npm ci --no-audit --no-fund --loglevel=error');
  if (installed.status !== 0) {
    fail(
      `npm ci failed:\n${installed.stdout}${installed.stderr}\nThe registry must be reachable; then run the same command again.`,
    );
  }
  // The package `node` fetches its binary in an install script, which some machines are set up to skip.
  if (!existsSync(ownNode)) {
    spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: join(modules, 'node'),
      env,
      stdio: 'ignore',
    });
  }
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** The Node to run on: the one from npm; where npm has none for this machine, the present one if it is new enough. */
function findNode() {
  if (existsSync(ownNode) && spawnSync(ownNode, ['--version']).status === 0) return ownNode;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  return fail(
    `Node 24 did not install from npm, and this is Node ${process.versions.node}: install Node 22.19 or later.`,
  );
}

const args = process.argv.slice(2);
const build = args[0] === '--build' && args.shift() !== undefined;
const script = args[0];
if (script === undefined) fail('usage: node scripts/bootstrap.mjs [--build] SCRIPT [args]');

const node = alone(() => {
  install();
  const found = findNode();
  if (build) {
    const built = spawnSync(found, [join(root, 'scripts', 'build.ts'), '--if-stale'], { stdio: 'inherit' });
    if (built.status !== 0) process.exit(built.status ?? 1);
  }
  return found;
});
if (!existsSync(join(root, script))) fail(`${script} does not exist.`);

const child = spawn(node, [join(root, script), ...args.slice(1)], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends Ctrl-C to the whole group: the child has it already, and a second one would mean "at once".
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
}
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
