/**
 * Fetches CPython's own tests: `node conformance/fetch-suite.ts`.
 *
 * They come in Debian's packages libpythonX.Y-testsuite (the tests) and libpythonX.Y-stdlib (single modules that the Python in WebAssembly leaves out),
 * from Debian unstable, through a temporary configuration of apt whose mirror is the machine's own. Nothing is installed: the packages are
 * downloaded, unpacked into `.suite/`, which git ignores, and their versions and sha256 are printed. apt checks the signatures.
 * Where there is no apt, the tests of a Python on this machine are taken, if it has them.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Python whose tests are wanted: the one that runs them. */
export const PYTHON = '3.14';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const home: string = fileURLToPath(new URL('.suite', import.meta.url));

/** Where the tests are and which they are. */
export interface Suite {
  /** Such as `3.14`. */
  readonly python: string;
  /** The folder that holds `test/` and `lib/`. */
  readonly folder: string;
  /** What was taken, with version and sha256. */
  readonly origin: readonly string[];
}

function run(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.at(-1)} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

/** The mirror that this machine's apt uses for Debian itself. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((f) => join(folder, f)) : []),
  ];
  for (const file of files.filter((one) => existsSync(one))) {
    const found = /(?:^URIs:|^deb(?: \[.*?\])?) *(https?:\S+\/debian)\/?(?=\s|$)/m.exec(
      readFileSync(file, 'utf8'),
    );
    if (found !== null) return found[1] as string;
  }
  throw new Error('the sources of apt name no mirror of Debian');
}

function fromDebian(target: string): string[] {
  const temporary = mkdtempSync(join(tmpdir(), 'asyncio-ts-suite-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'packages', 'unpacked'])
      mkdirSync(join(temporary, folder), { recursive: true });
    const list = join(temporary, 'sources.list');
    writeFileSync(list, `deb [signed-by=${KEYRING}] ${mirror()} unstable main\n`);
    const settings = {
      'Dir::Etc::SourceList': list,
      'Dir::Etc::SourceParts': '-',
      'Dir::State': join(temporary, 'state'),
      'Dir::State::Lists': join(temporary, 'lists'),
      'Dir::Cache': join(temporary, 'cache'),
      'Acquire::Languages': 'none',
      'APT::Sandbox::User': process.env['USER'] ?? 'root',
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    run('apt-get', [...options, '-q', 'update']);
    const packages = join(temporary, 'packages');
    const names = [`libpython${PYTHON}-testsuite`, `libpython${PYTHON}-stdlib`];
    run('apt-get', [...options, '-q', 'download', ...names], packages);
    const unpacked = join(temporary, 'unpacked');
    const origin = readdirSync(packages)
      .sort()
      .map((file) => {
        const path = join(packages, file);
        run('dpkg-deb', ['-x', path, unpacked]);
        return `${file} sha256 ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
      });
    take(join(unpacked, 'usr', 'lib', `python${PYTHON}`), target);
    return origin;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What the tests of asyncio need, out of a standard library. */
function take(library: string, target: string): void {
  mkdirSync(join(target, 'lib'), { recursive: true });
  for (const part of ['__init__.py', 'support', 'test_asyncio', 'certdata']) {
    const from = join(library, 'test', part);
    if (existsSync(from)) cpSync(from, join(target, 'test', part), { recursive: true });
  }
  for (const module of ['_pydecimal.py']) cpSync(join(library, module), join(target, 'lib', module));
}

function fromLocalPython(target: string): string[] {
  const code =
    'import os, sys, test.test_asyncio; print(sys.version.split()[0]); print(os.path.dirname(os.__file__))';
  const [version = '', library = ''] = run('python3', ['-c', code]).trim().split('\n');
  take(library, target);
  return [`the tests of Python ${version} on this machine`];
}

/** The suite, fetched when it is not there yet. */
export function fetchSuite(): Suite {
  const known = join(home, 'suite.json');
  if (existsSync(known)) return JSON.parse(readFileSync(known, 'utf8')) as Suite;

  const folder = join(home, PYTHON);
  rmSync(folder, { recursive: true, force: true });
  let origin: string[];
  let python = PYTHON;
  try {
    origin = fromDebian(folder);
  } catch (error) {
    console.error(
      `Debian's packages cannot be had (${(error as Error).message}); looking for a Python here ...`,
    );
    origin = fromLocalPython(folder);
    python = (/\d+\.\d+/.exec(origin[0] as string) as RegExpExecArray)[0];
  }
  const suite: Suite = { python, folder, origin };
  writeFileSync(known, `${JSON.stringify(suite, null, 2)}\n`);
  return suite;
}

if (import.meta.main) for (const line of fetchSuite().origin) console.log(line);
