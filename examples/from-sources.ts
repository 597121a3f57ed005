/**
 * Lets the examples run on the sources, where `dist/` has not been built: the package's own names lead to `src/`.
 *
 *     node --import ./examples/from-sources.ts examples/tour/main.ts
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('../', import.meta.url);
const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  name: string;
  exports: Record<string, string | { readonly default: string }>;
};

const sources = new Map<string, string>();
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue;
  const source = target.default.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
  sources.set(subpath.replace('.', name), new URL(source, root).href);
}

registerHooks({
  resolve: (specifier, context, next) => next(sources.get(specifier) ?? specifier, context),
});
