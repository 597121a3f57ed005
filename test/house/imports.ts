/**
 * Reads which modules a source file asks for, and how.
 *
 * It reads statements as Biome lays them out (at the start of a line, single quotes), which the lint step enforces, so
 * that a look at the text is enough and no parser is needed.
 */

export interface Import {
  /** As written: `./lock.ts`, `node:net`, `koffi`. */
  readonly specifier: string;
  /**
   * - `value`: loads the module along with this one;
   * - `type`: is gone after compilation;
   * - `lazy`: `import('...')`, as an expression or in a type.
   */
  readonly kind: 'value' | 'type' | 'lazy';
}

const STATEMENT =
  /^(?:import|export)( type)?\s+(?:[\w$]+|(?:[\w$]+,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?))\s+from\s+'([^']+)'/gm;
const BARE = /^import '([^']+)'/gm;
const LAZY = /^(?!\s*(?:\*|\/\/|\/\*)).*?\bimport\(\s*'([^']+)'/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, type, specifier = ''] of source.matchAll(STATEMENT)) {
    found.push({ specifier, kind: type === undefined ? 'value' : 'type' });
  }
  for (const [, specifier = ''] of source.matchAll(BARE)) found.push({ specifier, kind: 'value' });
  for (const [, specifier = ''] of source.matchAll(LAZY)) found.push({ specifier, kind: 'lazy' });
  return found;
}

/** What is left of a file when its comments and its `export ... from` statements are taken away. */
export function besidesReexports(source: string): string {
  return source
    .replaceAll(COMMENT, '')
    .replaceAll(STATEMENT, (statement) => (statement.startsWith('export') ? '' : statement))
    .replaceAll(/^;$/gm, '')
    .trim();
}
