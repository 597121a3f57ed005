/**
 * Lets the bridge read private fields of the sources: `#waiters` of lock.ts becomes a field `_lock__waiters`.
 *
 * CPython's tests look at private fields (`lock._waiters`, `reader._buffer`, `loop._ready`), and the bridge gives them ours under those names. The
 * sources keep real private fields; what is loaded here differs from them in these names alone. The name of the file is part of each, so that a
 * subclass does not meet the fields of its base.
 */
import { registerHooks } from 'node:module';
import { basename } from 'node:path';
import { sourceOf } from '../mutants/apply.ts';

const sources = new URL('../../src/', import.meta.url).href;

/** The field `name` of the classes in the file `file`. */
export const fieldOf = (file: string, name: string): string => `_${file.replaceAll('-', '_')}__${name}`;

registerHooks({
  load(url, context, next) {
    if (!url.startsWith(sources) || !url.endsWith('.ts')) return next(url, context);
    const file = basename(url, '.ts');
    const source = sourceOf(url).replace(/(?<![\w'"`&/])#(?=[A-Za-z])(\w+)/g, (_all, name: string) =>
      fieldOf(file, name),
    );
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});
