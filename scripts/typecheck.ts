/**
 * `npm run typecheck`: checks the types of everything: sources, tests, type tests, examples, benchmarks and these scripts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.ts';
import { isMain, root, runTool } from './shell.ts';

export function typecheck(): boolean {
  const rest = runTool('typescript', 'tsc', ['-p', 'tsconfig.json']);
  if (!existsSync(join(root, 'bench', 'package-lock.json'))) return rest;
  install('bench');
  return runTool('typescript', 'tsc', ['-p', 'bench/tsconfig.json']) && rest;
}

if (isMain(import.meta.url)) process.exit(typecheck() ? 0 : 1);
