/**
 * The systems that are measured: how each is started, and whether this machine has it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { install } from '../scripts/install.ts';

export interface SystemSpec {
  readonly id: string;
  readonly title: string;
  /** The program and its first arguments; those of `worker.ts` follow. */
  readonly command: readonly string[];
  /** What its environment has besides ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** What exactly is measured. */
  readonly version: string;
}

export interface Missing {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

const here = fileURLToPath(new URL('.', import.meta.url));

/** Sleeping tasks by the million need more than the heap that Node allows itself. */
const NODE = [process.execPath, '--max-old-space-size=8192', `${here}worker.ts`];

/** Every system, in the order of the table, each as found or with the reason why it is not measured. */
export function findSystems(): Array<SystemSpec | Missing> {
  const installed = installPeers();
  linkOurselves();
  const python = findPython('--version');
  const uvloop = findPython('--uvloop', '--version');
  const ours = `asyncio-ts ${version('../package.json')}`;
  return [
    { id: 'asyncio_ts', title: 'asyncio-ts', command: [...NODE, 'asyncio_ts.ts'], version: ours },
    {
      id: 'asyncio_ts_async',
      title: 'asyncio-ts (async fn)',
      command: [...NODE, 'asyncio_ts_async.ts'],
      version: ours,
    },
    // The same interpreter for both, so that the two differ by the loop alone.
    pythonSystem('cpython', 'CPython asyncio', uvloop ?? python, []),
    pythonSystem('uvloop', 'uvloop', uvloop, ['--uvloop']),
    {
      id: 'native',
      title: 'native promises',
      command: [...NODE, 'native.ts'],
      version: `Node ${process.version}`,
    },
    peer('effect', 'Effect', installed),
    peer('effection', 'Effection', installed),
  ];
}

/** The systems of the I/O part, in the order of its table. */
export function findIoSystems(): Array<SystemSpec | Missing> {
  linkOurselves();
  const python = findPython('--uvloop', '--version') ?? findPython('--version');
  const ours = `asyncio-ts ${version('../package.json')}`;
  const server = (file: string, ...flags: string[]): string[] => [
    process.execPath,
    `${here}io/servers/${file}`,
    ...flags,
  ];
  const served = (system: SystemSpec | Missing): SystemSpec | Missing =>
    isMissing(system)
      ? system
      : { ...system, command: system.command.with(1, `${here}io/servers/cpython.py`) };
  return [
    { id: 'asyncio_ts', title: 'asyncio-ts', command: server('asyncio_ts.ts'), version: ours },
    {
      id: 'asyncio_ts_async',
      title: 'asyncio-ts (async fn)',
      command: server('asyncio_ts.ts', '--async'),
      version: ours,
    },
    { id: 'node', title: 'bare Node', command: server('node.ts'), version: `Node ${process.version}` },
    served(pythonSystem('cpython', 'CPython asyncio', python, [])),
    served(pythonSystem('uvloop', 'uvloop', python, ['--uvloop'])),
  ];
}

export function isMissing(system: SystemSpec | Missing): system is Missing {
  return 'reason' in system;
}

/** Undefined when the peers are there, else why they are not. */
function installPeers(): string | undefined {
  try {
    install('bench');
    return undefined;
  } catch (error) {
    return `npm could not install it: ${(error as Error).message.split('\n').slice(1).join(' ').trim()}`;
  }
}

/** Lets the files of this folder import the built package by its name, as its users do. */
export function linkOurselves(): void {
  const link = `${here}node_modules/asyncio-ts`;
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  mkdirSync(`${here}node_modules`, { recursive: true });
  symlinkSync('../..', link, 'junction');
}

function peer(name: string, title: string, notInstalled: string | undefined): SystemSpec | Missing {
  const manifest = `node_modules/${name}/package.json`;
  if (!existsSync(here + manifest)) {
    return { id: name, title, reason: notInstalled ?? 'not among the installed packages' };
  }
  return { id: name, title, command: [...NODE, `${name}.ts`], version: `${title} ${version(manifest)}` };
}

function pythonSystem(
  id: string,
  title: string,
  python: string | undefined,
  flags: readonly string[],
): SystemSpec | Missing {
  const found = python === undefined ? undefined : tryPython(python, [...flags, '--version']);
  if (python === undefined || found === undefined) {
    return { id, title, reason: `no Python 3.11 or later${id === 'uvloop' ? ' that has it' : ''} was found` };
  }
  return { id, title, command: [python, CPYTHON, ...flags], version: found };
}

const CPYTHON = `${here}systems/cpython.py`;

/** The first interpreter that can do what the flags ask for. The distribution's own often has packages that others lack. */
function findPython(...flags: string[]): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => tryPython(python, flags) !== undefined);
}

function tryPython(python: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(python, [CPYTHON, ...args], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function version(manifest: string): string {
  return (JSON.parse(readFileSync(here + manifest, 'utf8')) as { version: string }).version;
}
