/**
 * Lets the examples run on the sources, where `dist/` has not been built: the package's own name leads to `src/`.
 *
 *     node --import ./examples/from-sources.ts examples/tour/main.ts
 */
import { registerHooks } from 'node:module';

const sources = new Map([
  ['asyncio-ts', new URL('../src/index.ts', import.meta.url).href],
  ['asyncio-ts/testing', new URL('../src/testing/index.ts', import.meta.url).href],
]);

registerHooks({
  resolve: (specifier, context, next) => next(sources.get(specifier) ?? specifier, context),
});
