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

suite('the checks of the examples', { concurrency: true }, () => {
  const made = (code: string, mode: Block['mode'] = 'run'): Block => ({
    file: 'made-up.md',
    line: 5,
    code,
    mode,
  });
  const good = made("yield* asyncio.sleep(1, 'a'); // -> 'a'\nconsole.log('b'); // prints: b");
  const wrongValue = made('1 + 1; // -> 3');
  const wrongError = made('asyncio.sleep(NaN); // throws: ValueError: something else');
  const noError = made('asyncio.sleep(1).close(); // throws: Error: none');
  const wrongType = made('const text: string = 1;');
  const late = made('await asyncio.sleep(5);\nconsole.log(asyncio.getRunningLoop().time()); // prints: 5');
  const programs = new Programs([good, wrongValue, wrongError, noError, wrongType, late], cast);
  after(() => programs.remove());
  const complaints = programs.typecheck();

  test('let pass what is right, in virtual time', async () => {
    assert.deepEqual(await programs.run(good), { code: 0, stdout: 'b\n', stderr: '' });
    assert.equal(printedBy(good), 'b\n');
    assert.equal((await programs.run(late)).stdout, printedBy(late));
  });

  test('see a value, an error and a lack of one that are not as stated', async () => {
    assert.match((await programs.run(wrongValue)).stderr, /says -> 3, and it is 2/);
    assert.match((await programs.run(wrongError)).stderr, /it throws ValueError: Invalid delay/);
    assert.match((await programs.run(noError)).stderr, /it does not throw/);
  });

  test('see what does not compile, at its line in the page', () => {
    assert.deepEqual([...complaints.keys()], [wrongType]);
    assert.match(complaints.get(wrongType)?.[0] ?? '', /^made-up\.md:5:7: error TS2322/);
  });

  test('know the marks of a block, and no others', () => {
    const modes = ['', ' real-time', ' no-run: no network', ' wrong: shows a mistake'].map(
      (mark) => blocksOf('a.md', `\`\`\`ts${mark}\n1;\n\`\`\``)[0]?.mode,
    );
    assert.deepEqual(modes, ['run', 'real-time', 'no-run', 'wrong']);
    assert.throws(() => blocksOf('a.md', '```ts no-run\n```'), /has no reason/);
    assert.throws(() => blocksOf('a.md', '```ts\n'), /a\.md:1: a block of code is not closed/);
  });
});
