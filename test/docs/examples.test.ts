/**
 * The examples of the documentation, in the README, in `docs/` and in the comments of the sources, compile and do what they say.
 *
 * How to write one that is checked: see `blocks.ts` for the marks of a block, `programs.ts` for what it may state, `cast.ts` for what it may use.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Block, blocksOf, docstringBlocks } from './blocks.ts';
import { Programs, printedBy } from './programs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];
const sources = globSync('src/**/*.ts', { cwd: root }).sort();
const blocks: Block[] = [
  ...pages.flatMap((page) => blocksOf(page, read(page))),
  ...sources.flatMap((file) => docstringBlocks(file, read(file))),
];

/** What `cast.ts` offers. */
const cast = [
  ...read('test/docs/cast.ts').matchAll(
    /^export (?:declare )?(?:async )?(?:const|class|function)\*? (\w+)/gm,
  ),
].map(([, name]) => name as string);

suite('the examples of the documentation', { concurrency: true }, () => {
  const programs = new Programs(blocks, cast);
  after(() => programs.remove());
  const complaints = programs.typecheck();

  test('were found', () => {
    assert.ok(blocks.filter(({ mode }) => mode === 'run').length > 40);
    assert.ok(blocks.some(({ file }) => file.startsWith('src/')));
  });

  for (const block of blocks) {
    const runs = block.mode === 'run' || block.mode === 'real-time';
    const title = block.mode === 'wrong' ? 'does not compile' : runs ? 'does what it says' : 'compiles';
    test(`${block.file}:${block.line} ${title}`, async () => {
      const said = complaints.get(block) ?? [];
      if (block.mode === 'wrong') assert.notDeepEqual(said, []);
      else assert.deepEqual(said, []);
      if (!runs) return;
      const { code, stdout, stderr } = await programs.run(block);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      const printed = printedBy(block);
      if (printed !== null) assert.equal(stdout, printed);
    });
  }
});
