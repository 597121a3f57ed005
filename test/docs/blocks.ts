/**
 * The TypeScript examples of the documentation: every block of code between "```ts" and "```" in Markdown, and in the comments of the sources.
 */

/**
 * What is done with a block, by what stands behind "```ts":
 * - nothing: it is type-checked, and run in virtual time;
 * - `real-time`: it is type-checked, and run as it is, because it uses the network;
 * - `no-run: REASON`: it is only type-checked;
 * - `wrong: REASON`: it shows a mistake that the compiler finds, and it must not compile.
 */
export type Mode = 'run' | 'real-time' | 'no-run' | 'wrong';

export interface Block {
  /** The file, relative to the repository. */
  readonly file: string;
  /** The line of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  readonly mode: Mode;
}

const OPEN = /^```ts\s*(.*)$/;

/** The blocks of a Markdown text. */
export function blocksOf(file: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly line: number; readonly mode: Mode; readonly lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (open !== null) {
      if (line.startsWith('```')) {
        blocks.push({ file, line: open.line, code: open.lines.join('\n'), mode: open.mode });
        open = null;
      } else {
        open.lines.push(line);
      }
      continue;
    }
    const mark = OPEN.exec(line)?.[1];
    if (mark !== undefined) open = { line: index + 2, mode: modeOf(mark, `${file}:${index + 1}`), lines: [] };
  }
  if (open !== null) throw new Error(`${file}:${open.line - 1}: a block of code is not closed`);
  return blocks;
}

function modeOf(mark: string, where: string): Mode {
  if (mark === '') return 'run';
  if (mark === 'real-time') return mark;
  const match = /^(no-run|wrong): \S/.exec(mark);
  if (match === null)
    throw new Error(`${where}: "${mark}" is no mark, or has no reason: see test/docs/blocks.ts`);
  return match[1] as Mode;
}

/** The blocks in the `/** ... *\/` comments of a source. They show how a thing is called, and are only type-checked. */
export function docstringBlocks(file: string, source: string): Block[] {
  const lines = source.split('\n').map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? '');
  return blocksOf(file, lines.join('\n')).map((block) => ({
    ...block,
    mode: block.mode === 'run' ? 'no-run' : block.mode,
    code: block.code.replaceAll('{ ... }', '{}').replaceAll(' ... }', ' }'),
  }));
}
