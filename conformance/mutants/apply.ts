/** Applies the mutant whose number is in the environment to the sources as they are loaded; the files stay as they are. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutants } from './list.ts';

const number = process.env['ASYNCIO_TS_MUTANT'];
const mutant = number === undefined ? undefined : mutants[Number(number)];
const target = mutant === undefined ? undefined : new URL(`../../src/${mutant.file}`, import.meta.url).href;

/** The source of a module, with the fault in it if it is the one that has one. */
export function sourceOf(url: string): string {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  return mutant !== undefined && url === target ? source.replace(mutant.from, () => mutant.to) : source;
}

if (mutant !== undefined) {
  registerHooks({
    load(url, context, next) {
      if (url !== target) return next(url, context);
      return { format: 'module-typescript', source: sourceOf(url), shortCircuit: true };
    },
  });
}
