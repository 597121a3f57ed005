/**
 * The links of the documentation lead somewhere, and every page can be reached.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];

/** The text without blocks of code, in which brackets are no links. */
function prose(file: string): string {
  return readFileSync(join(root, file), 'utf8').replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
}

/** The links to files of the repository, with their anchors. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^https?:/.test(link));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading as string);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a link of `page`, or null. */
function complaint(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
  if (!existsSync(join(root, file))) return `${page}: ${link} leads nowhere`;
  if (anchor === undefined || anchorsOf(prose(file)).has(anchor)) return null;
  return `${page}: ${link} names a heading that is not there`;
}

suite('the links of the documentation', () => {
  for (const page of pages) {
    test(`${page} has only links that lead somewhere`, () => {
      const complaints = linksOf(prose(page)).map((link) => complaint(page, link));
      assert.deepEqual(
        complaints.filter((one) => one !== null),
        [],
      );
    });
  }

  test('lead to every page', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      if (!page.endsWith('.md')) continue;
      for (const link of linksOf(prose(page)))
        reached.add(relative(root, resolve(root, dirname(page), link.split('#')[0] as string)));
    }
    assert.deepEqual(
      pages.filter((page) => !reached.has(page)),
      [],
    );
  });

  test('are seen to be wrong where they are', () => {
    assert.match(complaint('README.md', 'docs/gone.md') ?? '', /leads nowhere/);
    assert.match(complaint('README.md', 'docs/loop.md#gone') ?? '', /not there/);
    assert.equal(complaint('README.md', 'docs/loop.md#debug-mode'), null);
  });
});
