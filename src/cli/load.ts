/**
 * From a FILE on the command line to the coroutine function that it exports.
 *
 * What can go wrong on the way is told as a `Complaint`; what the file itself throws while it is loaded is passed on as it is.
 * Source: Node docs, "Modules: ECMAScript modules", "Modules: TypeScript", "Errors" (the codes).
 */
import { realpathSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Complaint } from './complaint.ts';
import { locateSyntaxError } from './syntax.ts';

/** A function that may be a coroutine function: what it returns decides. */
export type Main = (...args: readonly string[]) => unknown;

/** The real path of `file`, which is where Node will load it from. */
export function findFile(file: string): string {
  const path = resolve(file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Complaint(`there is no file ${file}`);
  if (found.isDirectory()) throw new Complaint(`${file} is a folder: name the file in it`);
  return realpathSync(path);
}

/** Load the file, and find its main function. */
export async function loadMain(path: string, file: string): Promise<Main> {
  return mainOf(await load(path, file), file);
}

async function load(path: string, file: string): Promise<object> {
  const standstill = watchForStandstill(file);
  try {
    return (await Promise.race([import(pathToFileURL(path).href), standstill.promise])) as object;
  } catch (error) {
    throw complaintOf(error, path, file) ?? error;
  } finally {
    standstill.stop();
  }
}

function complaintOf(error: unknown, path: string, file: string): Complaint | null {
  const { code, message, stack } = error as { code?: unknown; message?: unknown; stack?: unknown };
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return new Complaint(unknownExtension(path, file, String(message)));
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return new Complaint(`cannot load ${file}: ${message}`);
  }
  if (!(error instanceof SyntaxError)) return null;
  const where = head(String(stack), error) || locateSyntaxError(path);
  // A syntax error that the running file met (JSON.parse) is a failure like any other.
  if (where === '' && !/\n {4}at compileSourceTextModule/.test(String(stack))) return null;
  return new Complaint(
    `cannot load ${file}\n${where === '' ? '' : `${where}\n`}SyntaxError: ${error.message}`,
  );
}

/** What Node puts before the error itself: the file, the line, and a mark under it. */
function head(stack: string, error: Error): string {
  const end = stack.search(/^SyntaxError/m);
  const before = end > 0 ? stack.slice(0, end).trimEnd() : '';
  return before.includes(error.message) ? '' : before;
}

function unknownExtension(path: string, file: string, message: string): string {
  if (!/^\.[mc]?tsx?$/.test(extname(path))) return `cannot load ${file}: ${message}`;
  if (path.endsWith('x')) return `cannot load ${file}: Node does not run .tsx files; compile it first`;
  return (
    `cannot load ${file}: this Node (${process.version}) does not run TypeScript. ` +
    'Use Node 22.18 or later without --no-experimental-strip-types, or compile the file first'
  );
}

/** A file whose top-level await never ends would let Node exit without a word. */
function watchForStandstill(file: string): { readonly promise: Promise<never>; stop(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  let before = false;
  const listener = (): void => {
    // Others who listen (a loop that runs in the file) may still bring it on: only the second time nothing is left.
    if (before)
      reject(new Complaint(`${file} never finishes loading: its top-level await waits for nothing`));
    before = true;
    setImmediate(() => {});
  };
  process.on('beforeExit', listener);
  return { promise, stop: () => process.removeListener('beforeExit', listener) };
}

function mainOf(module: object, file: string): Main {
  const { main, default: fallback } = module as { readonly main?: unknown; readonly default?: unknown };
  // A CommonJS file's exports are its default.
  const nested = (fallback as { readonly main?: unknown } | null | undefined)?.main;
  const [name, found] =
    main !== undefined
      ? ['main', main]
      : typeof fallback === 'object' && nested !== undefined
        ? ['main', nested]
        : ['default', fallback];
  if (typeof found === 'function') return found as Main;
  if (found === undefined || isEmptyExports(found)) {
    throw new Complaint(
      `${file} has no main: export a function* or async function named main, or one as its default`,
    );
  }
  throw new Complaint(
    `the ${name} export of ${file} is no function: export the coroutine function itself, without calling it`,
  );
}

function isEmptyExports(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
