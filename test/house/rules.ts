/**
 * The rules of the house, as functions from a tree of sources to the complaints about it. An empty list means all is well.
 *
 * The rooms and their order are the architecture: what is low in the list may lean on what is above it, never the other
 * way round, so that each room can be read, tested and replaced without those that come after it.
 */
import { posix } from 'node:path';
import { besidesReexports, type Import, importsOf } from './imports.ts';

/** Sources by path, relative to `src/`. */
export type Tree = ReadonlyMap<string, string>;

/** From the ground up. Rooms on one line stand side by side and do not see each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['core'],
  ['sync'],
  ['structured'],
  ['host'],
  ['reactors'],
  ['net'],
  ['process'],
  ['executors'],
  ['loop'],
  ['http', 'databases', 'zmq'],
  ['inspect', 'testing'],
  ['cli'],
  ['index.ts'],
];

/** The only modules of Node that the core may use: it runs where there is no Node. */
const CORE_MAY_USE: readonly string[] = ['node:async_hooks'];

const MAX_LINES = 500;

/** Files that may be longer, each with the reason why it is still one thing. */
const LONG: Readonly<Record<string, string>> = {};

export function checkHouse(tree: Tree, long: Readonly<Record<string, string>> = LONG): string[] {
  return [
    ...checkRooms(tree),
    ...checkCycles(tree),
    ...checkModulesFromOutside(tree),
    ...checkFace(tree),
    ...checkHeaders(tree),
    ...checkLengths(tree, long),
  ];
}

/** Each file stands in a known room and imports, types included, only from its own room and from those above it. */
export function checkRooms(tree: Tree): string[] {
  const complaints: string[] = [];
  for (const [file, source] of tree) {
    const floor = floorOf(file);
    if (floor === -1) complaints.push(`${file}: stands in no room of the house`);
    for (const { specifier } of importsOf(source).filter(isRelative)) {
      const target = resolve(file, specifier);
      const above = floorOf(target);
      if (!tree.has(target)) complaints.push(`${file}: imports ${target}, which does not exist`);
      else if (roomOf(target) !== roomOf(file) && above >= floor && above !== -1 && floor !== -1) {
        complaints.push(`${file}: imports ${target}, but ${roomOf(file)} may not see ${roomOf(target)}`);
      }
    }
  }
  return complaints;
}

/** No file needs itself to be loaded first. Imports of types alone are gone by then and do not count. */
export function checkCycles(tree: Tree): string[] {
  const complaints: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];

  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      complaints.push(`import cycle: ${[...path.slice(start), file].join(' -> ')}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const one of importsOf(tree.get(file) ?? '')) {
      if (one.kind === 'value' && isRelative(one)) visit(resolve(file, one.specifier));
    }
    path.pop();
    done.add(file);
  };

  for (const file of tree.keys()) visit(file);
  return complaints;
}

/** The core keeps to itself, and no package is needed to load any room: what is optional is loaded when it is used. */
export function checkModulesFromOutside(tree: Tree): string[] {
  const complaints: string[] = [];
  for (const [file, source] of tree) {
    for (const one of importsOf(source)) {
      if (isRelative(one)) continue;
      const { specifier, kind } = one;
      if (roomOf(file) === 'core' && !CORE_MAY_USE.includes(specifier)) {
        complaints.push(`${file}: the core may not use ${specifier}`);
      } else if (kind === 'value' && !specifier.startsWith('node:')) {
        complaints.push(`${file}: needs the package ${specifier} to be loaded at all`);
      }
    }
  }
  return complaints;
}

/** `index.ts` is a map of the house: re-exports and comments, nothing that does anything. */
export function checkFace(tree: Tree): string[] {
  const rest = besidesReexports(tree.get('index.ts') ?? '');
  return rest === '' ? [] : [`index.ts: holds more than re-exports: ${rest.split('\n')[0]}`];
}

/** Each file opens with what it is for. */
export function checkHeaders(tree: Tree): string[] {
  const hasHeader = (source: string): boolean => /^(#!.*\n)?\/\*\*\s/.test(source);
  return [...tree]
    .filter(([, source]) => !hasHeader(source))
    .map(([file]) => `${file}: opens without a /** header`);
}

/** Past 500 lines a second thing usually lives in the file. */
export function checkLengths(tree: Tree, long: Readonly<Record<string, string>>): string[] {
  const complaints: string[] = [];
  for (const [file, source] of tree) {
    const lines = source.trimEnd().split('\n').length;
    if (lines > MAX_LINES && long[file] === undefined)
      complaints.push(`${file}: has ${lines} lines, and no reason`);
    if (lines <= MAX_LINES && long[file] !== undefined)
      complaints.push(`${file}: is listed as long, and is not`);
  }
  for (const file of Object.keys(long))
    if (!tree.has(file)) complaints.push(`${file}: is listed as long, and is gone`);
  return complaints;
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

function isRelative({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}
