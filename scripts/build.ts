/**
 * `npm run build`: compiles `src/` to `dist/`; with `--if-stale`, only when a source has changed since the last build.
 *
 * The output is made beside `dist/` and takes its place in one rename, so a program that runs meanwhile never sees half a
 * build, and the output of a deleted source does not stay behind.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isMain, root, runTool } from './shell.ts';

const dist = join(root, 'dist');
const stamp = join(root, 'node_modules', '.cache', 'asyncio-ts', 'build');

/** True when `dist/` holds the present sources afterwards. */
export function build({ ifStale = false }: { ifStale?: boolean } = {}): boolean {
  const wanted = fingerprint();
  if (ifStale && existsSync(dist) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;

  const fresh = join(root, `.dist-${process.pid}`);
  try {
    if (!runTool('typescript', 'tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh])) return false;
    const program = join(fresh, 'cli', 'main.js');
    if (existsSync(program)) chmodSync(program, 0o755);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

/** Changes whenever a source file or the compiler's settings do. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of globSync(
    ['src/**/*.ts', 'tsconfig.base.json', 'tsconfig.build.json', 'package-lock.json'],
    { cwd: root },
  ).sort()) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

if (isMain(import.meta.url)) process.exit(build({ ifStale: process.argv.includes('--if-stale') }) ? 0 : 1);
