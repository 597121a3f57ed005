/**
 * `npm run lint` checks rules and layout with Biome; `npm run format` (`--write`) puts right what can be put right safely.
 */
import { isMain, runTool } from './shell.ts';

export function lint({ write = false }: { write?: boolean } = {}): boolean {
  return runTool('@biomejs/biome', 'biome', [
    'check',
    '--error-on-warnings',
    '--max-diagnostics=50',
    ...(write ? ['--write'] : []),
  ]);
}

if (isMain(import.meta.url)) process.exit(lint({ write: process.argv.includes('--write') }) ? 0 : 1);
